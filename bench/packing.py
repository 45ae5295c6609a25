"""Instruction tuning on rows of several examples, none seeing another, against padded batches: tokens of text a second, one thread.

    python -m bench.packing         prints a page, writes bench/results/<date>_packing.json

All ways train the same small NF4 LLaMA with adapters by the project's own updates, on examples as long as Canarim's, in turn. An
update has 16 examples where they are padded (the thesis's: two a batch, eight batches accumulated), and where they are packed
2,048 positions, which hold 16 on average. Ratios are of the same round, of processor seconds. In long rows this small model's time
goes into attention, which is computed over whole rows and then masked: in the 8B model that is a small part.
"""

import statistics
from typing import Any, NamedTuple, cast

import numpy as np
import torch

from bench.measure import machine, report
from bench.post_training import Update, canarim, recipe, setup_of, tokenizer_of, tuned_llama, updates
from stages.training.setup import Setup
from stages.training_parameters import LlamaArchitecture, Packing
from stages.tuning.rows import Rows, example_rows

ROUNDS = 7
UPDATES = 3
"""A round, of each way."""
SHAPE = LlamaArchitecture(family="llama", model_size=128, layers=4, heads=4, key_value_heads=2, feed_forward_size=384)
LENGTH = 2048


class Way(NamedTuple):
    packing: Packing
    length: int
    batch_size: int
    accumulation: int


PADDED = {"padded, 2 x 8": Way("padded", LENGTH, 2, 8), "padded, 16 x 1": Way("padded", LENGTH, 16, 1)}
ISOLATED = {f"isolated, rows of {length}": Way("isolated", length, LENGTH // length, 1) for length in (512, 1024, 2048)}
WAYS = PADDED | ISOLATED


def setups() -> tuple[dict[str, Setup], str]:
    """What each way trains with: rows and steps of its own, and one model for all. And what the rows are made of."""
    examples, described = canarim()
    tokenizer, device = tokenizer_of(examples), torch.device("cpu")
    training = {"gradient_checkpointing": False}
    model = tuned_llama(SHAPE, len(tokenizer), LENGTH, recipe("sft", LENGTH, "padded", **training), device)
    kinds = {(way.packing, way.length) for way in WAYS.values()}
    rows = {(packing, length): example_rows(tokenizer, examples, length, packing) for packing, length in kinds}
    found = {}
    for name, way in WAYS.items():
        settings = {"batch_size": way.batch_size, "gradient_accumulation": way.accumulation, **training}
        parameters = recipe("sft", way.length, way.packing, **settings)
        found[name] = setup_of(parameters, rows[way.packing, way.length], model, device, threads=1)
    return found, described


def measure(setups: dict[str, Setup]) -> dict[str, list[Update]]:
    """Sums of every round of each way, the ways in turn and the first round not counted."""
    streams = {name: updates(setup) for name, setup in setups.items()}
    rounds = [
        {name: Update(*map(sum, zip(*(next(stream) for _ in range(UPDATES)), strict=True))) for name, stream in streams.items()}
        for _ in range(ROUNDS + 1)
    ][1:]
    return {name: [each[name] for each in rounds] for name in streams}


def rate(update: Update) -> float:
    """Tokens of text a second."""
    return update.tokens / update.seconds


def main() -> None:
    made, described = setups()
    measured = measure(made)
    summary: dict[str, float] = {}
    for name, rounds in measured.items():
        summary[f"thousand tokens of text a processor second, {name}"] = statistics.median(map(rate, rounds)) / 1000
    for padded in PADDED:
        for isolated in ISOLATED:
            ratios = [rate(own) / rate(other) for own, other in zip(measured[isolated], measured[padded], strict=True)]
            label = f"times as fast, {isolated} against {padded} ({min(ratios):.2f} to {max(ratios):.2f})"
            summary[label] = statistics.median(ratios)
    rows = {name: cast(Rows, setup.data.train) for name, setup in made.items()}
    first: Any = next(iter(rows.values()))
    lengths = np.diff(first.offsets)
    result = {
        "machine": machine("torch", "transformers", "peft", "bitsandbytes"),
        "rounds": ROUNDS,
        "updates a round": UPDATES,
        "examples": described,
        "tokens an example": {"mean": float(lengths.mean()), "quantiles": np.quantile(lengths, [0, 0.25, 0.5, 0.75, 0.95, 1]).tolist()},
        "model": SHAPE.model_dump(),
        "summary": summary,
        "positions a token": {
            name: sum(each.positions for each in rounds) / sum(each.tokens for each in rounds) for name, rounds in measured.items()
        },
        "facts of the rows": {name: part.facts for name, part in rows.items()},
        "tokens, positions, seconds": measured,
    }
    report("packing", result, summary)
    print(f"{described}; {lengths.mean():.0f} tokens each on average")


if __name__ == "__main__":
    main()
