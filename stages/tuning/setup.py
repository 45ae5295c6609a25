"""What a training of track 2 works with: a small LLaMA of its own, or adapters on a quantised base, and what rows of tokens cost."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from stages.errors import UserError
from stages.training.device import Device
from stages.training.objective import Losses
from stages.training.processes import Processes
from stages.training.setup import Compute, Indices, Setup, set_up
from stages.training_parameters import LlamaArchitecture, Training
from stages.tuning.chat import end_of_turn, pad_id
from stages.tuning.data import TuneRows
from stages.tuning.models import add_adapter, check_base, llama, load_adapter, load_base
from stages.tuning.objective import label_losses
from stages.tuning.parameters import TuneParameters
from stages.tuning.rows import Rows

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

CONTEXTS = 4
"""Context of a model that is trained here, in rows: what it is asked later may be longer than what it learnt from."""


def make_setup(run: str, parameters: TuneParameters, data: TuneRows, device: Device, processes: Processes, model: nn.Module) -> Setup:
    """What trains ``model``, which is on the device; an update takes ``gradient_accumulation`` batches."""
    training = parameters.training
    compute = row_losses(model, device, training)
    return set_up(run, parameters, data, device, processes, model, compute, training.batch_size * training.gradient_accumulation)


def row_losses(model: nn.Module, device: Device, training: Training) -> Compute:
    """:func:`stages.tuning.objective.label_losses` of rows by number."""

    def compute(part: Rows, indices: Indices, smoothed: bool) -> Losses:
        batch = {name: torch.from_numpy(array).to(device.device) for name, array in part.batch(indices).items()}
        with device.autocast():
            return label_losses(model, batch, training.label_smoothing if smoothed else 0.0)

    return compute


def base_to_train(parameters: TuneParameters, tokenizer: "PreTrainedTokenizerFast", device: Device) -> "LlamaForCausalLM":
    """A LLaMA with random weights, whose settings say how texts and turns of ``tokenizer`` end."""
    architecture = parameters.architecture
    assert isinstance(architecture, LlamaArchitecture)
    model = llama(architecture, len(tokenizer), CONTEXTS * parameters.data.sequence_length, parameters.seed)
    ends = sorted({end_of_turn(tokenizer), tokenizer.eos_token_id} - {None})
    for settings in (model.config, model.generation_config):
        settings.bos_token_id, settings.eos_token_id, settings.pad_token_id = tokenizer.bos_token_id, ends, pad_id(tokenizer)
    _save_memory(model, parameters.training)
    placed: Any = model
    placed.to(device.device)
    return model


def adapter_to_train(
    parameters: TuneParameters, folder: Path, first: Path | None, tokenizer: "PreTrainedTokenizerFast", device: Device
) -> "PeftModel":
    """The base model of ``folder``, quantised, with new adapters, or with those of the folder ``first`` to go on from."""
    architecture = parameters.architecture
    assert not isinstance(architecture, LlamaArchitecture)
    model = load_base(folder, architecture, device.device)
    check_fit(model, tokenizer, parameters.data.sequence_length, folder)
    _save_memory(model, parameters.training)
    if first is None:
        return add_adapter(model, architecture, parameters.seed)
    check_base(first, folder)
    adapted = load_adapter(model, first, trainable=True)
    found: Any = adapted.peft_config["default"]
    targets = sorted(found.target_modules or [])
    for field, has, expected in (
        ("lora_rank", found.r, architecture.lora_rank),
        ("lora_alpha", found.lora_alpha, architecture.lora_alpha),
        ("lora_dropout", found.lora_dropout, architecture.lora_dropout),
        ("lora_targets", targets, sorted(architecture.lora_targets)),
    ):
        if has != expected:
            raise UserError(first, field, has, f"{expected}, as architecture.{field} of the run that goes on from it")
    return adapted


def check_fit(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerFast", length: int, folder: Path) -> None:
    """:class:`UserError` where rows are longer than the model's context, or its tokenizer has ids that it lacks."""
    context = getattr(model.config, "max_position_embeddings", None)
    if context is not None and length > context:
        raise UserError("--parameters", "data.sequence_length", length, f"at most {context}, the context of {folder}")
    embeddings: Any = model.get_input_embeddings()
    entries = embeddings.weight.shape[0]
    if len(tokenizer) > entries:
        raise UserError(folder, "tokenizer", f"{len(tokenizer)} tokens", f"at most the {entries} that the model has embeddings for")


def _save_memory(model: "PreTrainedModel", training: Training) -> None:
    """Let the backward pass compute each layer anew, where the run says so."""
    if training.gradient_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
