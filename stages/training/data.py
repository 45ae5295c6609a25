"""What a training reads: the windows that it learns from and those that validate it."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stages.document import Document
from stages.errors import UserError
from stages.files import sha256_of_file
from stages.manifest import NAME, stated
from stages.token_store import read_tokens
from stages.training.parameters import TrainParameters
from stages.windows_of import Windows

VALIDATION_SHARE = 0.1
"""Part of the windows, at the end, that validates a run without validation text (v1), as Keras's ``validation_split``."""


@dataclass(frozen=True)
class Part:
    """Consecutive windows of a token stream, ``first`` and the ``count - 1`` after it."""

    windows: Windows
    first: int
    count: int
    sequence_length: int
    last_only: bool
    """Whether the token after each window alone is predicted."""

    def batch(self, indices: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Inputs and targets, (B, T) each, of windows numbered from 0 within the part."""
        return self.windows.batch(indices + self.first)

    def predictions(self, indices: NDArray[np.integer]) -> int:
        """Tokens of these windows that are in the loss."""
        return len(indices) if self.last_only else self.positions(indices)

    def positions(self, indices: NDArray[np.integer]) -> int:
        """Tokens of these windows that the model reads."""
        return len(indices) * self.sequence_length


@dataclass(frozen=True)
class TrainingData:
    train: Part
    validation: Part
    vocabulary: int
    facts: dict[str, dict[str, int]]
    """Documents, characters, unique tokens and windows of ``train`` and ``validation``."""


def load_data(parameters: TrainParameters, train: Path, validation: Path | None, tokenizer: Path) -> TrainingData:
    """Windows of the tokens in folders ``train`` and ``validation``; without the latter, the last tenth of the former's validates.

    :class:`UserError` where there are too few tokens for one batch and one validation window, or the vocabularies differ.
    """
    windows, manifest = _windows(train, tokenizer, parameters)
    part_of = partial(Part, sequence_length=parameters.data.sequence_length, last_only=parameters.training.objective == "many_to_one")
    if validation is None:
        split = int(len(windows) * (1 - VALIDATION_SHARE))
        parts = part_of(windows, 0, split), part_of(windows, split, len(windows) - split)
        facts = {"train": _facts(manifest), "validation": {"documents": 0, "characters": 0, "unique_tokens": 0}}
    else:
        held_windows, held = _windows(validation, tokenizer, parameters)
        parts = part_of(windows, 0, len(windows)), part_of(held_windows, 0, len(held_windows))
        facts = {"train": _facts(manifest), "validation": _facts(held)}
    _check_enough(parts[0], parameters.training.batch_size if parameters.training.drop_partial_batch else 1, train, parameters)
    _check_enough(parts[1], 1, validation or train, parameters)
    for name, part in zip(facts, parts, strict=True):
        facts[name]["windows"] = part.count
    return TrainingData(*parts, manifest.integer("$.facts.vocabulary").value, facts)


def unique_tokens(windows: int, sequence_length: int, stride: int) -> int:
    """Number of different positions of the stream that ``windows`` in a row cover, each with the token after it."""
    length = sequence_length + 1
    step = min(stride, length)
    return windows * step + length - step if windows else 0


def _windows(folder: Path, tokenizer: Path, parameters: TrainParameters) -> tuple[Windows, Document]:
    """Windows of the tokens in ``folder``, which the tokenizer in the other one must have made, and their manifest."""
    tokens, _ = read_tokens(folder, sha256_of_file(tokenizer / NAME))
    return Windows(tokens, parameters.data.sequence_length, parameters.data.stride), stated(folder)


def _facts(manifest: Document) -> dict[str, int]:
    names = {"documents": "documents", "characters": "characters", "unique_tokens": "tokens"}
    return {name: manifest.integer(f"$.facts.{fact}").value for name, fact in names.items()}


def _check_enough(part: Part, needed: int, folder: Path, parameters: TrainParameters) -> None:
    if part.count >= needed:
        return
    length, stride = parameters.data.sequence_length, parameters.data.stride
    tokens = length + 1 + (needed - 1) * stride
    raise UserError(
        folder,
        "",
        f"{part.count} windows of {length} tokens",
        f"at least {needed}, that is {tokens} tokens",
        "Take more documents, a shorter data.sequence_length or a smaller training.batch_size.",
    )
