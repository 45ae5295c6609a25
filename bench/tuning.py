"""Track 2 at the thesis's size on a GPU, where there is one: an 8B-shaped LLaMA in NF4, its training and its answers.

    python -m bench.tuning              prints what is measured; without a GPU it says so
    python -m bench.tuning --small      the same code on a small shape, on whatever there is

Weights are random; speed and memory do not depend on what they are. The process may take no more memory than a card of 24 GB
leaves it: what does not fit is named. The baseline of continued pre-training is the thesis's own rate, the only one here that was
not measured in this run: its positions a second are of its whole training (validation and checkpoints included, on an RTX 4090),
ours of updates alone.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from bench.measure import Result, entry, not_measured
from bench.post_training import Example, canarim, clock, documents, recipe, setup_of, tokenizer_of, tuned_llama, updates
from bench.results import Entry
from stages.errors import UserError
from stages.generation.transformers_engine import Ids, answer_batch
from stages.tasks import user_message
from stages.training.trainable import parameter_count
from stages.training_parameters import LlamaArchitecture, Packing
from stages.tuning.chat import end_of_turn, pad_id, prompts
from stages.tuning.rows import Rows, document_rows, example_rows

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedTokenizerFast

ROUNDS = 3
"""Timed, of each way, after one that is not."""
THESIS_TOKENS_PER_SECOND = 1584.452251498434
GIBIBYTE = 2**30
CARD = 23 * GIBIBYTE
"""What a card of 24 GB leaves a process: CUDA itself takes some hundreds of MiB."""
PACKINGS: dict[str, tuple[Packing, ...]] = {"cpt": ("blocks", "isolated"), "sft": ("padded", "isolated")}


class Scale(NamedTuple):
    shape: LlamaArchitecture
    vocabulary: int
    length: int
    accumulation: int
    new_tokens: int
    batch_sizes: tuple[int, ...]
    """Of generation."""


LLAMA_8B = LlamaArchitecture(
    family="llama",
    model_size=4096,
    layers=32,
    heads=32,
    key_value_heads=8,
    feed_forward_size=14336,
    rope_theta=500000.0,
    tied_output=False,
)
FULL = Scale(LLAMA_8B, 128256, 2048, 8, 160, (4, 16))
SMALL_SHAPE = LLAMA_8B.model_copy(update={"model_size": 64, "layers": 2, "heads": 4, "key_value_heads": 2, "feed_forward_size": 128})
SMALL = Scale(SMALL_SHAPE, 4400, 256, 2, 8, (2, 4))


def measure(scale: Scale, device: torch.device) -> dict[str, Any]:
    """All figures of a scale, on a device."""
    examples, described = canarim()
    tokenizer = tokenizer_of(examples)
    model = tuned_llama(scale.shape, scale.vocabulary, scale.length, recipe("cpt", scale.length, "blocks"), device)
    weights = torch.cuda.memory_allocated() / GIBIBYTE if device.type == "cuda" else None
    training = {
        f"{run}, {packing}": measured(device, partial(train, scale, run, packing, model, examples, tokenizer, device))
        for run, packings in PACKINGS.items()
        for packing in packings
    }
    model.eval()
    asked = prompts(tokenizer, [user_message(row["instruction"], row["input"]) for row in examples[: max(scale.batch_sizes)]])
    ids = Ids(pad_id(tokenizer), [end_of_turn(tokenizer)])
    generation = {
        f"batches of {size}": measured(device, partial(generate, model, ids, asked, size, scale.new_tokens, device))
        for size in scale.batch_sizes
    }
    return {
        "examples": described,
        "model": scale.shape.model_dump() | {"vocabulary": scale.vocabulary},
        "trainable parameters": parameter_count(model),
        "GiB of weights": weights,
        "training": training,
        "generation": generation,
    }


def measured(device: torch.device, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the call finds, with the peak of the GPU's memory; or that this is too little."""
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        found = call()
    except (torch.OutOfMemoryError, UserError) as error:
        if not isinstance(error.__cause__ or error, torch.OutOfMemoryError):
            raise
        return {"out of memory": f"more than {CARD / GIBIBYTE:.0f} GiB"}
    if not cuda:
        return found
    peaks = {"GiB allocated": torch.cuda.max_memory_allocated(), "GiB reserved": torch.cuda.max_memory_reserved()}
    return found | {name: peak / GIBIBYTE for name, peak in peaks.items()}


def train(
    scale: Scale,
    run: str,
    packing: Packing,
    model: "PeftModel",
    examples: Sequence[Example],
    tokenizer: "PreTrainedTokenizerFast",
    device: torch.device,
) -> dict[str, Any]:
    """Tokens of text and positions a second of each of a run's updates."""
    parameters = recipe(run, scale.length, packing, gradient_accumulation=scale.accumulation)
    rows = rows_of(run, packing, scale, examples, tokenizer)
    setup = setup_of(parameters, rows, model, device, None)
    found = list(islice(updates(setup), ROUNDS + 1))[1:]
    return {
        "rounds": [each.tokens / each.seconds for each in found],
        "positions": [each.positions / each.seconds for each in found],
    }


def rows_of(run: str, packing: Packing, scale: Scale, examples: Sequence[Example], tokenizer: "PreTrainedTokenizerFast") -> Rows:
    """Enough rows of examples, or of documents as long as BrWaC's."""
    if run == "sft":
        return example_rows(tokenizer, examples, scale.length, packing)
    return document_rows(tokenizer, documents(examples, 1000), scale.length, packing, add_bos=True, add_eos=False)


def generate(model: "PeftModel", ids: Ids, asked: Sequence[list[int]], size: int, new_tokens: int, device: torch.device) -> dict[str, Any]:
    """Generated tokens a second of greedy answers to all prompts, in batches of ``size``, in each round."""
    rates = []
    for _ in range(ROUNDS + 1):
        start = clock(device)
        batches = [answer_batch(model, ids, asked[first : first + size], new_tokens) for first in range(0, len(asked), size)]
        rates.append(sum(answer.tokens for batch in batches for answer in batch) / (clock(device) - start))
    return {"rounds": rates[1:]}


def entries_of(measured: dict[str, Any]) -> dict[str, Entry]:
    """Rates, peaks, and how they stand to one another and to the thesis's."""
    thesis = [THESIS_TOKENS_PER_SECOND] * ROUNDS
    found = {"thesis": entry("The thesis's whole continued pre-training, as its evidence gives it", "positions/s", thesis)}
    for name, each in (measured["training"] | measured["generation"]).items():
        if "out of memory" in each:
            found[name] = not_measured(name, "tokens/s", f"does not fit, {each['out of memory']}")
            continue
        found[name] = entry(name, "tokens/s", each["rounds"])
        found[f"{name}, memory"] = entry(f"{name}, most reserved", "GiB", [each["GiB reserved"]])
        if name == "cpt, blocks":
            found["cpt"] = entry("Continued pre-training, blocks", "positions/s", each["positions"], "thesis", thesis)
    for run, (first, second) in PACKINGS.items():
        ours, other = (measured["training"][f"{run}, {packing}"].get("rounds") for packing in (second, first))
        if ours and other:
            found[f"{run}, {second}"] = entry(f"{run}, {second}", "tokens/s", ours, f"{run}, {first}", other)
    return found


def on_the_gpu() -> dict[str, Any]:
    """All figures at the thesis's size, within the memory of a card of 24 GB."""
    device = torch.device("cuda")
    torch.cuda.set_per_process_memory_fraction(min(1.0, CARD / torch.cuda.get_device_properties(device).total_memory))
    return measure(FULL, device)


def result() -> Result:
    setting: dict[str, float | str] = {"rounds": ROUNDS, "positions a row": FULL.length}
    libraries = ("torch", "transformers", "peft", "bitsandbytes")
    if torch.cuda.is_available():
        measured = on_the_gpu()
        return Result(entries_of(measured), setting | {"examples": measured["examples"]}, libraries)
    labels = [f"{run}, {packing}" for run, packings in PACKINGS.items() for packing in packings]
    labels += [f"batches of {size}" for size in FULL.batch_sizes]
    return Result({label: not_measured(f"At LLaMA-3.1-8B's shape: {label}", "tokens/s") for label in labels}, setting, libraries)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.tuning", description="Track 2 at the thesis's size, on a GPU.")
    parser.add_argument("--small", action="store_true", help="the same code on a small shape, with or without a GPU")
    small, cuda = parser.parse_args().small, torch.cuda.is_available()
    if not cuda and not small:
        print("not measured: no GPU that PyTorch can use")
        return
    print(json.dumps(measure(SMALL, torch.device("cuda" if cuda else "cpu")) if small else on_the_gpu(), indent=1))


if __name__ == "__main__":
    main()
