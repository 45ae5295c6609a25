"""Instructions from the user's own files: JSONL (gzipped or not) and Parquet, one example a row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stages.corpora.files import files_in, rows_in, whole_characters
from stages.errors import UserError
from stages.files import sha256_of_file
from stages.instruction_parameters import LocalInstructions
from stages.instruction_sources import Instructions

SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet")
NAMES = {"instruction": ("instruction", "prompt"), "input": ("input", "context"), "output": ("output", "response")}
"""Fields of a row, in the order in which they are looked for."""


def source(instructions: LocalInstructions) -> Instructions:
    """The rows of a file or folder; a file is known by its name in there and its hash."""
    found = files_in(Path(instructions.path), SUFFIXES)
    return Instructions(rows(found.values()), instructions.licence, {"source": instructions.source, "files": hashes(found)})


def hashes(files: Mapping[str, Path]) -> dict[str, str]:
    """SHA-256 of each file."""
    return {name: sha256_of_file(path) for name, path in files.items()}


def rows(paths: Iterable[Path]) -> Iterator[tuple[str, str, str]]:
    """Instruction, input and output of each row of each file in turn; :class:`UserError` names the row that has none of them."""
    known = [name for names in NAMES.values() for name in names]
    for path in paths:
        for place, row in rows_in(path, known):
            instruction, output = (_text(row, NAMES[field], path, place) for field in ("instruction", "output"))
            if instruction is None or output is None:
                lacking = NAMES["instruction" if instruction is None else "output"]
                raise UserError(path, place, f"fields {', '.join(row) or 'none'}", "one of: " + ", ".join(lacking))
            yield instruction, _text(row, NAMES["input"], path, place) or "", output


def _text(row: Mapping[str, Any], names: Sequence[str], path: Path, place: str) -> str | None:
    """Text of the first of the fields that holds any, empty where all there are hold none; ``None`` where none is there."""
    present = [name for name in names if name in row]
    for name in present:
        if row[name] is not None and not isinstance(row[name], str):
            raise UserError(path, f"{place}, {name}", type(row[name]).__name__, "text")
    return whole_characters(next((row[name] for name in present if row[name]), "")) if present else None
