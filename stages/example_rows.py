"""Files of instructions with their answers, one JSON object a line."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stages.errors import UserError
from stages.files import open_atomic, parse_json_lines, read_text

ROWS = "rows.jsonl"
"""All of a campaign's instructions, in their folder."""
PARTS = ("train", "validation", "test")
"""Of a split."""
EXAMPLES = "examples.jsonl"
"""Of a draw."""


class Row(NamedTuple):
    """An instruction with its answer; each text is stripped, and may be empty."""

    instruction: str
    input: str
    output: str


def part_file(part: str) -> str:
    """Name of a part's file in the folder of its split."""
    return f"{part}.jsonl"


def read_rows(path: Path) -> list[Row]:
    """Rows of a file whose objects have the fields of :class:`Row`; :class:`UserError` names the line of one that has not."""
    return [_row(content, f"{path}: line {line}") for line, content in parse_json_lines(read_text(path), path)]


def _row(content: Any, place: str) -> Row:
    if not isinstance(content, dict):
        raise UserError(place, "", f"a {type(content).__name__}", "an object")
    for name in Row._fields:
        if not isinstance(content.get(name), str):
            raise UserError(place, name, repr(content[name])[:80] if name in content else "nothing", "text")
    return Row(*(content[name] for name in Row._fields))


def write_objects(path: Path, objects: Iterable[Mapping[str, str]]) -> None:
    """Write each object as a line of ``path``."""
    with open_atomic(path) as file:
        for each in objects:
            file.write(json.dumps(each, ensure_ascii=False).encode() + b"\n")
