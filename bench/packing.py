"""Instruction tuning on rows of several examples, none seeing another, against padded batches.

All ways train the same small NF4 LLaMA with adapters by the project's own updates, on examples as long as Canarim's; rates are
tokens of text, without padding, per processor second, on one thread. The baseline is the thesis's: padded batches of 2, eight
accumulated; an update of the packed ways has as many positions as hold 16 examples on average. In long rows this small model's
time goes into attention, which is computed over whole rows and then masked: in the 8B model that is a small part, and on a GPU
all may be otherwise.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, cast

import numpy as np
import torch

from bench.measure import Result, entry, in_turn
from bench.post_training import Update, canarim, recipe, setup_of, tokenizer_of, tuned_llama, updates
from stages.training.setup import Setup
from stages.training_parameters import LlamaArchitecture, Packing
from stages.tuning.rows import Rows, example_rows

ROUNDS = 4
UPDATES = 3
"""A round, of each way."""
SHAPE = LlamaArchitecture(family="llama", model_size=128, layers=4, heads=4, key_value_heads=2, feed_forward_size=384)
LENGTH = 2048


class Way(NamedTuple):
    packing: Packing
    length: int
    batch_size: int
    accumulation: int


PADDED = {"padded_2x8": Way("padded", LENGTH, 2, 8), "padded_16x1": Way("padded", LENGTH, 16, 1)}
ISOLATED = {f"isolated_{length}": Way("isolated", length, LENGTH // length, 1) for length in (512, 1024, 2048)}
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


def rate(stream: Iterator[Update]) -> float:
    """Tokens of text a second of a round's updates."""
    found = list(islice(stream, UPDATES))
    return sum(each.tokens for each in found) / sum(each.seconds for each in found)


def result() -> Result:
    made, described = setups()
    calls: dict[str, Callable[[], float]] = {name: partial(rate, updates(setup)) for name, setup in made.items()}
    found = in_turn(calls, ROUNDS)
    baseline, *_ = PADDED
    entries = {baseline: entry(label_of(baseline), "tokens/s", found[baseline])}
    for name in list(WAYS)[1:]:
        entries[name] = entry(label_of(name), "tokens/s", found[name], baseline, found[baseline])
    lengths = np.diff(cast(Any, cast(Rows, made[baseline].data.train)).offsets)
    setting: dict[str, float | str] = {
        "rounds": ROUNDS,
        "updates a round": UPDATES,
        "tuned on": described,
        "tokens an example": float(lengths.mean()),
    }
    return Result(entries, setting, ("torch", "transformers", "peft", "bitsandbytes"))


def label_of(name: str) -> str:
    """What a way is called."""
    way = WAYS[name]
    return f"Tuning, {way.packing} rows of {way.length}, {way.batch_size} × {way.accumulation}"
