"""What figures show: values with the place each was read from, as they stand in a figure's JSON."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from stages.errors import UserError
from stages.record import MissingValue, Record, trace

Value = dict[str, Any]
"""``value``, and ``file`` with ``field`` (a record's), or ``row``, ``column`` and ``part`` (a table's), or ``path`` (an analysis's);
of what is computed ``formula`` and ``from``. A value of ``None`` says why in ``missing``."""
Words = dict[str, str]
"""Text by language."""


@dataclass(frozen=True)
class RunRecord:
    """A record with the file it was read from."""

    file: str
    record: Record

    @property
    def run(self) -> str:
        return self.record.identity.run


@dataclass(frozen=True)
class Inputs:
    """All that a figure may show."""

    campaign: str
    records: list[RunRecord]
    data: dict[str, tuple[str, Any]] = field(default_factory=dict)
    """File and content of tables, analyses and the rule graph, by name."""


@dataclass(frozen=True)
class Described:
    """A figure before it is drawn: texts by language, and the data that it is drawn from, nothing else."""

    caption: Words
    alt: Words
    data: dict[str, Any]


def recorded(run: RunRecord, name: str) -> Value:
    """The value of a record's field, or why there is none."""
    place = {"file": run.file, "field": name}
    try:
        return {"value": trace(run.record, name).value, **place}
    except MissingValue as missing:
        return {"value": None, **place, "missing": str(missing.found).removeprefix("null (").removesuffix(")")}


def series(run: RunRecord, name: str) -> Value:
    """The values of one field over the history; ``None`` where an epoch has none."""
    values = [getattr(epoch, name) for epoch in run.record.history]
    return {"values": values, "file": run.file, "field": f"history[*].{name}"}


def cell(inputs: Inputs, table: str, row: str, column: str, part: str = "") -> Value | None:
    """One part of a table's cell; ``None`` where the campaign has no such table, or the table no such row."""
    if table not in inputs.data:
        return None
    file, content = inputs.data[table]
    rows = {entry["id"]: entry["cells"] for entry in content["rows"]}
    if row not in rows:
        return None
    parts = {entry["name"]: entry for entry in rows[row][column]["parts"]}
    place = {"file": file, "row": row, "column": column, **({"part": part} if part else {})}
    found = parts[part]
    return {"value": found["value"], **place, **({"missing": found["missing"]} if "missing" in found else {})}


def looked_up(inputs: Inputs, name: str, *keys: str) -> Value:
    """A value of an analysis, by the keys that lead to it."""
    file, content = inputs.data[name]
    for key in keys:
        if key not in content:
            raise UserError(file, ".".join(keys), f"no {key!r}", "the result of the same version of Lastro", "Make it again.")
        content = content[key]
    return {"value": content, "file": file, "path": "$." + ".".join(keys)}


def computed(function: Callable[..., float], formula: str, *operands: Value) -> Value:
    """What follows from values; nothing where one of them is missing."""
    places = [{key: operand[key] for key in operand if key != "value"} for operand in operands]
    missing = next((operand.get("missing", "not measured") for operand in operands if operand["value"] is None), None)
    if missing is not None:
        return {"value": None, "formula": formula, "from": places, "missing": missing}
    return {"value": function(*(operand["value"] for operand in operands)), "formula": formula, "from": places}


def listed(names: Sequence[str]) -> str:
    """Names in a sentence, or a dash."""
    return ", ".join(names) or "–"


def fill(words: Words, **given: str | int | Words) -> Words:
    """A text with its braces filled, in both languages: with the same, or with what is given by language."""

    def told(value: str | int | Words, language: str) -> str | int:
        return value[language] if isinstance(value, dict) else value

    return {language: text.format(**{name: told(value, language) for name, value in given.items()}) for language, text in words.items()}
