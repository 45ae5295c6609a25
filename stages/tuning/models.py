"""The models of track 2: a base quantised to NF4, LoRA adapters on it (Dettmers et al., 2023), and a small LLaMA to train from nothing.

A folder of kind ``model`` holds a base's weights, or names a commit of a hub repository whose files lie in the hub's cache.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from stages.errors import UserError
from stages.files import sha256_of_file, to_json, write_atomic
from stages.manifest import NAME, File, Manifest, difference, load_manifest, read_manifest
from stages.memory import ran_out
from stages.training_parameters import AdapterArchitecture, LlamaArchitecture, QuantisedBase
from stages.validation import validate

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

LIBRARIES = ("transformers", "tokenizers", "peft", "bitsandbytes")
"""That decide, beside PyTorch, what a model computes."""
WEIGHTS = ".safetensors"
ADAPTER_WEIGHTS, ADAPTER_CONFIGURATION = "adapter_model.safetensors", "adapter_config.json"


def load_base(folder: Path, architecture: QuantisedBase, device: torch.device) -> "PreTrainedModel":
    """The model of ``folder``, its linear layers but the output quantised to NF4, on ``device``; frozen, in evaluation mode.

    What is not quantised, and the products, are of :func:`compute_dtype`. :class:`UserError` where files are missing or not what the
    manifest says, or are no causal language model.
    """
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    hide_bars()
    place, dtype = _source(folder), compute_dtype(architecture, device)
    quantisation = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type=architecture.quantisation,
        bnb_4bit_use_double_quant=architecture.double_quantisation,
        bnb_4bit_compute_dtype=dtype,
    )
    try:
        with _readable(folder, "a causal language model that transformers can read"):
            model: Any = AutoModelForCausalLM.from_pretrained(
                place,
                quantization_config=quantisation,
                dtype=dtype,
                device_map={"": device},
                attn_implementation="sdpa",
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
            )
    except ImportError as error:
        raise UserError("bitsandbytes", "", "no such library here", "it, for NF4", "Install the project's dependencies.") from error
    model.config.use_cache = False
    _compute_alike(model)
    frozen: PreTrainedModel = model.requires_grad_(False).eval()
    return frozen


@contextmanager
def _readable(folder: Path, expected: str) -> Iterator[None]:
    """What the libraries raise at a file of ``folder`` that is damaged, for which they have no common error, as a :class:`UserError`."""
    try:
        yield
    except Exception as error:
        if isinstance(error, ImportError) or ran_out(error):
            raise
        reason = str(error).partition("\n")[0]
        raise UserError(folder, "", f"{reason} ({type(error).__name__})", expected) from error


def _compute_alike(model: "PreTrainedModel") -> None:
    """Let the 4-bit layers compute on every processor as on this one.

    Where a processor has AVX512-BF16, bitsandbytes packs their weights at the first evaluation, with constants rounded to bf16, for
    products in bf16 that pass no gradient on: a training would go on wrongly after it, and no loss would be the one in fp32.
    """
    from bitsandbytes.nn.modules import Linear4bit

    for layer in model.modules():
        if isinstance(layer, Linear4bit):
            layer.support_avx512bf16_for_cpu = False


def load_tokenizer(folder: Path) -> "PreTrainedTokenizerFast":
    """The tokenizer of a folder of kind ``model`` or ``tokenizer``, as its files say; :class:`UserError` where there is none."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    place = folder
    if load_manifest(folder / NAME).kind == "model":
        place = _source(folder, weights=False)
    else:
        read_manifest(folder, "tokenizer")
    with _readable(folder, "a tokenizer that transformers can read"):
        tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True, trust_remote_code=False)
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise UserError(folder, "", "a slow tokenizer", "one with a tokenizer.json")
    return tokenizer


def hide_bars() -> None:
    """Keep the progress bars of ``transformers`` out of logs."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def compute_dtype(architecture: QuantisedBase, device: torch.device) -> torch.dtype:
    """Type of the products: the architecture's on a GPU; fp32 on a processor, which emulates narrower ones, 9 to 25 times slower."""
    dtype = getattr(torch, architecture.compute_dtype, None)
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise UserError("--parameters", "architecture.compute_dtype", repr(architecture.compute_dtype), "bfloat16, float16 or float32")
    return dtype if device.type == "cuda" else torch.float32


def add_adapter(model: "PreTrainedModel", architecture: AdapterArchitecture, seed: int) -> "PeftModel":
    """The model with new adapters in fp32, the only trainable weights, which ``seed`` decides; it computes what it did without them.

    :class:`UserError` where no layer has the name of a target.
    """
    from peft import LoraConfig, get_peft_model

    names = {name.rpartition(".")[2] for name, _ in model.named_modules()}
    for target in architecture.lora_targets:
        if target not in names:
            raise UserError("--parameters", "architecture.lora_targets", target, "the name of a layer of the model")
    settings = LoraConfig(
        task_type="CAUSAL_LM",
        r=architecture.lora_rank,
        lora_alpha=architecture.lora_alpha,
        lora_dropout=architecture.lora_dropout,
        target_modules=architecture.lora_targets,
        bias="none",
    )
    with torch.random.fork_rng(), _without_old_names():
        torch.manual_seed(seed)
        return get_peft_model(model, settings)


def load_adapter(model: "PreTrainedModel", folder: Path, trainable: bool = False) -> "PeftModel":
    """The model with the adapter of ``folder`` beside its weights, not merged into them; :class:`UserError` where it does not fit."""
    from peft import PeftModel

    if ADAPTER_WEIGHTS not in read_manifest(folder, "adapter").files:  # PEFT would take a pickle in their place
        raise UserError(folder / NAME, "files", f"no {ADAPTER_WEIGHTS}", "the adapter's weights in safetensors")
    with _readable(folder, "an adapter of a model of these dimensions"), _without_old_names():
        return PeftModel.from_pretrained(model, folder, is_trainable=trainable)


def check_base(adapter: Path, model: Path) -> None:
    """:class:`UserError` unless the adapter of one folder was trained on the model of the other."""
    if load_manifest(adapter / NAME).inputs.get("model") != sha256_of_file(model / NAME):
        raise UserError(adapter / NAME, "inputs.model", "another model", f"{model / NAME}, which the adapter is loaded on")


@contextmanager
def _without_old_names() -> Iterator[None]:
    """PEFT asks the model by a name that transformers warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def save_adapter(model: "PeftModel", folder: Path, architecture: AdapterArchitecture) -> None:
    """Write the adapter as PEFT does, but the same bytes for the same weights, and no path of this machine."""
    from peft import get_peft_model_state_dict
    from safetensors.torch import save

    tensors = get_peft_model_state_dict(model, save_embedding_layers=False)
    plain = {name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)}
    write_atomic(folder / ADAPTER_WEIGHTS, save(plain, {"format": "pt"}))
    settings = model.peft_config["default"].to_dict() | {"base_model_name_or_path": architecture.base_model, "inference_mode": True}
    ordered = {name: sorted(value) if isinstance(value, set) else value for name, value in sorted(settings.items())}
    write_atomic(folder / ADAPTER_CONFIGURATION, to_json(ordered))


def llama(architecture: LlamaArchitecture, vocabulary: int, context: int, seed: int) -> "LlamaForCausalLM":
    """A LLaMA in fp32 on the CPU, in training mode, whose weights ``seed`` alone decides; which ids begin and end a text it does not say.

    :class:`UserError` where the dimensions fit no model. ``context`` is the number of positions it is meant for.
    """
    from transformers import LlamaConfig, LlamaForCausalLM

    width, heads, shared = architecture.model_size, architecture.heads, architecture.key_value_heads
    if width % heads or (width // heads) % 2:
        raise UserError("--parameters", "architecture.heads", heads, f"so many that each has an even share of the model size {width}")
    if heads % shared:
        raise UserError("--parameters", "architecture.key_value_heads", shared, f"a divisor of the {heads} heads")
    configuration = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=architecture.feed_forward_size,
        num_hidden_layers=architecture.layers,
        num_attention_heads=heads,
        num_key_value_heads=shared,
        max_position_embeddings=context,
        rope_parameters={"rope_type": "default", "rope_theta": architecture.rope_theta},
        tie_word_embeddings=architecture.tied_output,
        bos_token_id=None,
        eos_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: LlamaForCausalLM = LlamaForCausalLM(configuration).train()
    return model


def _source(folder: Path, weights: bool = True) -> Path:
    """Where the files of a folder of kind ``model`` lie: there, or in the hub's cache, where the weights are checked only if asked."""
    manifest = read_manifest(folder, "model")
    if "commit" not in manifest.parameters:
        return folder
    place = _snapshot(manifest, folder)
    for name, said in manifest.parameters["files"].items():
        if weights or not name.endswith(WEIGHTS):
            file = validate(File, said, folder / NAME)
            if (found := difference(place / name, file)) is not None:
                do = f"Delete it and fetch it again: python -m stages.hub_model --name {manifest.parameters['name']} --folder {folder}"
                raise UserError(place / name, "sha256", found, f"{file.sha256}, as {folder / NAME} says", do)
    return place


def _snapshot(manifest: Manifest, folder: Path) -> Path:
    """Of the manifest's commit in the hub's cache, without a look at the hub."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    name, commit = manifest.parameters["name"], manifest.parameters["commit"]
    try:
        return Path(snapshot_download(name, revision=commit, local_files_only=True, allow_patterns=list(manifest.parameters["files"])))
    except LocalEntryNotFoundError as error:
        do = f"Fetch it: python -m stages.hub_model --name {name} --revision {commit} --folder {folder}"
        raise UserError(folder, "", f"{name} is not in the hub's cache", f"its commit {commit} there", do) from error
