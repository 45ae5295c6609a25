"""What a training of track 2 reads: rows of documents, or of instructions with their answers, to learn from and to validate on."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stages.errors import UserError
from stages.example_rows import part_file, read_rows
from stages.manifest import read_manifest
from stages.text_store import TextStore
from stages.training.parameters import refuse
from stages.tuning.parameters import TuneParameters
from stages.tuning.rows import Rows, document_rows, example_rows

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True)
class TuneSources:
    """Folders of a text, of one to validate on unless a part of the former is, or of a split of instructions."""

    texts: Path | None
    validation: Path | None
    examples: Path | None

    def folders(self) -> dict[str, Path]:
        """Those that there are, by the name that a manifest of what is made from them gives them."""
        named = {"text": self.texts, "validation": self.validation, "examples": self.examples}
        return {name: folder for name, folder in named.items() if folder}


@dataclass(frozen=True)
class TuneRows:
    train: Rows
    validation: Rows
    facts: dict[str, Any]
    """Of ``train`` and ``validation``; where they are instructions, the files of these too."""


def load_rows(parameters: TuneParameters, sources: TuneSources, tokenizer: "PreTrainedTokenizerFast") -> TuneRows:
    """Rows of what the run is trained on; :class:`UserError` where that is not what its objective takes, or too little."""
    objective = parameters.training.objective
    if sources.examples:
        refuse("training.objective", objective, objective == "answer_tokens", "answer_tokens, for --examples")
        return _example_rows(parameters, sources.examples, tokenizer)
    if not sources.texts:
        raise UserError("--texts", "", "nothing", "a text, or --examples: instructions")
    refuse("training.objective", objective, objective == "all_positions", "all_positions, for --texts")
    parts = _documents(parameters, sources.texts, sources.validation)
    length, packing, added = parameters.data.sequence_length, parameters.data.packing, parameters.tokenizer
    train, validation = (document_rows(tokenizer, part, length, packing, added.add_bos, added.add_eos) for part in parts)
    return TuneRows(train, validation, {"train": train.facts, "validation": validation.facts})


def _documents(parameters: TuneParameters, texts: Path, validation: Path | None) -> tuple[Sequence[str], Sequence[str]]:
    """Documents of both parts. Without a text of its own, the validation takes the first of a permutation (``train_test_split``)."""
    read_manifest(texts, "text")
    store = TextStore(texts)
    if validation:
        read_manifest(validation, "text")
        return list(store), list(TextStore(validation))
    held = parameters.data.documents_validation
    if len(store) <= held:
        raise UserError(texts, "documents", len(store), f"more than the {held} that validate", "Lower data.documents_validation.")
    order = np.random.default_rng(parameters.seed).permutation(len(store))
    return [store[int(row)] for row in order[held:]], [store[int(row)] for row in order[:held]]


def _example_rows(parameters: TuneParameters, folder: Path, tokenizer: "PreTrainedTokenizerFast") -> TuneRows:
    read_manifest(folder, "examples")
    files = {"train_jsonl": folder / part_file("train"), "val_jsonl": folder / part_file("validation")}
    parts = ([row._asdict() for row in read_rows(path)] for path in files.values())
    length, packing = parameters.data.sequence_length, parameters.data.packing
    train, validation = (example_rows(tokenizer, part, length, packing) for part in parts)
    named = {name: Path(os.path.relpath(path)).as_posix() for name, path in files.items()}
    return TuneRows(train, validation, {"train": train.facts, "validation": validation.facts, **named})
