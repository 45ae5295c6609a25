"""What the benchmarks of track 2's training share: examples as long as Canarim's, a quantised LLaMA of any shape, timed updates.

The weights are random and made on the spot, a layer at a time: no more than one is ever there unquantised. LLaMA-3.1's tokenizer is
gated: a byte-level BPE stands in for it, of a size at which the published validation answers have as many tokens as the thesis counts.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import torch
from torch import nn

from stages.base_tokenizer import BEGIN, END, PAD, TEMPLATE, train_byte_bpe
from stages.corpora import demo
from stages.corpora.parameters import DemoCorpus
from stages.errors import UserError
from stages.files import parse_json_lines
from stages.parameters import load_run
from stages.registry import Evidence
from stages.tasks import user_message
from stages.training.device import choose_device
from stages.training.loop import step
from stages.training.order import batches, epoch_order
from stages.training.processes import Processes
from stages.training.setup import Indices, Setup
from stages.training.state import State
from stages.training_parameters import AdapterArchitecture, LlamaArchitecture, Packing
from stages.tuning.data import TuneRows
from stages.tuning.models import LIBRARIES, add_adapter, compute_dtype, llama
from stages.tuning.parameters import TuneParameters
from stages.tuning.rows import Rows
from stages.tuning.setup import make_setup

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

SEED = 42
CANARIM = "versions/trilha2-lora/datasets/canarim_sft_10k_train.jsonl"
VOCABULARY = 4300
"""Of the stand-in for the tokenizer: the 1,000 validation answers have 46,807 tokens with their ends, by LLaMA-3.1's 46,765."""
SYSTEM = "<|start_header_id|>system<|end_header_id|>\n\nData de 26 de julho de 2024.\n\n<|eot_id|>"
"""In place of the header that LLaMA-3.1's template puts first: so long that what a prompt has beside its message is 35 tokens, as there."""
CHARACTERS = {"instruction": (4.57, 1.08), "output": (4.39, 1.19)}
"""Mean and deviation of the logarithm: the log-normals with the mean and median of Canarim's messages and answers."""
DOCUMENT_CHARACTERS = (7.20, 1.0)
"""Of documents: a mean of 2,210 characters, which BrWaC's that the thesis kept have (facts, section 6.1)."""

Example = Mapping[str, str]


def canarim() -> tuple[list[Example], str]:
    """The published training examples; without the evidence, as many whose lengths alone are like theirs. And which they are."""
    try:
        evidence = Evidence("published")
    except UserError:
        return invented(8000), f"no evidence here: invented examples, characters log-normal {CHARACTERS}"
    return [row for _, row in parse_json_lines(evidence.text(CANARIM), CANARIM)], f"examples of {CANARIM}"


def invented(count: int) -> list[Example]:
    """Pieces of the demo corpus as messages and answers."""
    text = "\n".join(demo.documents(DemoCorpus(source="demo", documents=2 * count // 5, seed=SEED)))
    columns = {name: pieces(text, count, *shape) for name, shape in CHARACTERS.items()}
    return [{"instruction": message, "input": "", "output": answer} for message, answer in zip(*columns.values(), strict=True)]


def pieces(text: str, count: int, mean: float, deviation: float) -> list[str]:
    """So many stretches of a text, whose numbers of characters are log-normal; it is begun anew where it ends."""
    lengths = np.random.default_rng(SEED).lognormal(mean, deviation, count).astype(int) + 1
    ends = np.cumsum([0, *lengths])
    repeated = text * (int(ends[-1]) // len(text) + 1)
    return [repeated[start:end].strip() for start, end in pairwise(ends.tolist())]


def documents(examples: Sequence[Example], count: int) -> list[str]:
    """Texts of the lengths of BrWaC's, from what the examples say."""
    return pieces("\n".join(texts_of(examples)), count, *DOCUMENT_CHARACTERS)


def texts_of(examples: Sequence[Example]) -> list[str]:
    """Messages, then answers."""
    return [user_message(row["instruction"], row["input"]) for row in examples] + [row["output"] for row in examples]


def tokenizer_of(examples: Sequence[Example]) -> "PreTrainedTokenizerFast":
    """The stand-in for LLaMA-3.1's, trained on the examples; chats are as long as by its template."""
    from transformers import PreTrainedTokenizerFast

    trained = train_byte_bpe(texts_of(examples), VOCABULARY)
    template = TEMPLATE.replace("{{- bos_token }}\n", "{{- bos_token + '" + SYSTEM.replace("\n", "\\n") + "' }}\n")
    named = {"bos_token": BEGIN, "eos_token": END, "pad_token": PAD, "chat_template": template}
    tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast(tokenizer_object=trained, **named)  # type: ignore[no-untyped-call]
    return tokenizer


def recipe(run: str, length: int, packing: Packing, **training: Any) -> TuneParameters:
    """The thesis's settings of a run, but for the length of rows, what they hold, and what of ``training`` is given."""
    given = load_run("published", run)
    assert given.architecture and given.data and given.training
    data = {"documents_train": given.data.documents_train, "documents_validation": given.data.documents_validation}
    described = {
        "architecture": given.architecture.model_dump(),
        "data": data | {"sequence_length": length, "packing": packing},
        "tokenizer": {"add_bos": True, "add_eos": False},
        "training": given.training.model_dump() | training,
        "seed": SEED,
    }
    return TuneParameters.model_validate(described)


def tuned_llama(shape: LlamaArchitecture, vocabulary: int, context: int, parameters: TuneParameters, device: torch.device) -> "PeftModel":
    """What :func:`stages.tuning.setup.adapter_to_train` makes of a base model of this shape."""
    architecture = cast(AdapterArchitecture, parameters.architecture)
    model = quantised_llama(shape, vocabulary, context, architecture, device)
    if parameters.training.gradient_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
    return add_adapter(model, architecture, SEED)


def quantised_llama(
    shape: LlamaArchitecture, vocabulary: int, context: int, adapter: AdapterArchitecture, device: torch.device
) -> "PreTrainedModel":
    """What :func:`stages.tuning.models.load_base` makes of random weights; each layer is quantised before the next one is made."""
    from transformers.models.llama.modeling_llama import LlamaDecoderLayer

    dtype = compute_dtype(adapter, device)
    with device:
        model: Any = llama(shape.model_copy(update={"layers": 0}), vocabulary, context, SEED).to(dtype)  # type: ignore[arg-type]
    for number in range(shape.layers):
        with device:
            layer = LlamaDecoderLayer(model.config, number).to(dtype)
        for name, linear in list(layer.named_modules()):
            if isinstance(linear, nn.Linear):
                layer.set_submodule(name, quantised(linear, adapter, dtype))
        model.model.layers.append(layer)
    model.config.num_hidden_layers = shape.layers
    model.config.use_cache = False
    model.is_loaded_in_4bit = True  # by which PEFT knows what its adapters are put beside
    frozen: PreTrainedModel = model.requires_grad_(False).eval()
    return frozen


def quantised(linear: nn.Linear, adapter: AdapterArchitecture, dtype: torch.dtype) -> nn.Module:
    """The layer in NF4, where it lies."""
    from bitsandbytes.nn.modules import Linear4bit, Params4bit

    settings: dict[str, Any] = {"compress_statistics": adapter.double_quantisation, "quant_type": adapter.quantisation}
    sizes = linear.in_features, linear.out_features
    layer: Linear4bit = Linear4bit(*sizes, bias=False, compute_dtype=dtype, device="meta", **settings)  # type: ignore[no-untyped-call]
    weight: Any = Params4bit(linear.weight.data, requires_grad=False, module=layer, **settings)
    layer.weight = weight.to(linear.weight.device)
    return layer


def setup_of(parameters: TuneParameters, rows: Rows, model: nn.Module, device: torch.device, threads: int | None) -> Setup:
    """All that the project's loop takes to train ``model`` on ``rows``."""
    chosen = choose_device(device, parameters.training.precision, parameters.architecture, threads, LIBRARIES)
    setup = make_setup("bench", parameters, TuneRows(rows, rows, {}), chosen, Processes(), model)
    model.train()
    return setup


class Update(NamedTuple):
    """Of one update, or of several together."""

    tokens: int
    """Of texts."""
    positions: int
    """With what pads them."""
    seconds: float


def updates(setup: Setup) -> Iterator[Update]:
    """Updates of the loop's on the rows of an epoch, in a run's order, each timed."""
    rows: Any = setup.data.train
    state = State(setup.parameters.training.learning_rate, "")
    for indices in batches(epoch_order(rows.count, SEED, 1), setup.batch_size, setup.steps_per_epoch):
        before, start = state.positions, clock(setup.device.device)
        step(setup, state, indices)
        yield Update(tokens_of(rows, indices), state.positions - before, clock(setup.device.device) - start)


def tokens_of(rows: Rows, indices: Indices) -> int:
    """Tokens of these rows, padding left out."""
    return int((rows.offsets[indices + 1] - rows.offsets[indices]).sum())


def clock(device: torch.device) -> float:
    """Seconds: of the processor, which other work on the machine disturbs less, or once the GPU has done all it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        return time.perf_counter()
    return time.process_time()
