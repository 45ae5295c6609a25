"""A language model that is ready to answer prompts, by either engine."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from stages.generation.answer import Answer
from stages.generation.parameters import GenerateParameters
from stages.generation.transformers_engine import Ids, answer_batch, ids_of, read_out
from stages.generation.vllm_engine import load_vllm
from stages.memory import enough_memory
from stages.threads import use_threads
from stages.training.device import Device, be_deterministic
from stages.training_parameters import QuantisedBase
from stages.tuning.models import LIBRARIES, compute_dtype, load_adapter, load_base, load_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PRECISIONS = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}


class Engine(NamedTuple):
    tokenizer: "PreTrainedTokenizerFast"
    context: int
    """Tokens of prompt and answer together that the model takes."""
    ids: Ids
    answer: Callable[[Sequence[list[int]], int], list[Answer]]
    """Of a batch of prompts, each of so many tokens at most."""
    environment: dict[str, Any]
    """What the answers depend on beside model, prompts and parameters."""


def load_engine(parameters: GenerateParameters, model: Path, adapter: Path | None, device: torch.device, threads: int | None) -> Engine:
    """The model of the folder ``model``, with an adapter or without; :class:`UserError` where it cannot be had here."""
    from transformers import AutoConfig, GenerationConfig

    tokenizer = load_tokenizer(model)
    if parameters.generation.engine == "vllm":
        place = Path(tokenizer.name_or_path)
        ids = ids_of(tokenizer, GenerationConfig.from_pretrained(place))
        answer = load_vllm(parameters, place, adapter, device, ids.stops)
        context = AutoConfig.from_pretrained(place, trust_remote_code=False).max_position_embeddings
        return Engine(tokenizer, context, ids, answer, environment_of(parameters.architecture, device, ("vllm",)))
    network = load_system(parameters.architecture, model, adapter, device, threads)
    ids = ids_of(tokenizer, network.generation_config)
    environment = environment_of(parameters.architecture, device, LIBRARIES)
    return Engine(tokenizer, network.config.max_position_embeddings, ids, partial(answer_batch, network, ids), environment)


def load_system(architecture: QuantisedBase, model: Path, adapter: Path | None, device: torch.device, threads: int | None) -> Any:
    """Base model with its adapter, unmerged, or without one, as the reference engine takes it."""
    use_threads(threads)
    be_deterministic()
    with enough_memory(f"model {model}", "Take a device with more memory, or a smaller model.", expected="room for its weights"):
        network: Any = load_base(model, architecture, device)
        if adapter:
            network = load_adapter(network, adapter)
        read_out(network)
    return network.eval()


def environment_of(architecture: QuantisedBase, device: torch.device, libraries: Sequence[str]) -> dict[str, Any]:
    """Device, threads, precision and libraries."""
    precision = PRECISIONS[compute_dtype(architecture, device)]
    return Device(device, precision, compiled=False, libraries=tuple(libraries)).environment(processes=1)
