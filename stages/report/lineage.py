"""What the page tells of each cell when it is asked: values, formulas and places, with every text kept once."""

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stages.compare import cells_of
from stages.report.names import Words, both, cell_anchor, finding_anchor, row_labels, title_of

CAPTION: Words = {"pt": "na legenda", "en": "in the caption"}

Pool = dict[Hashable, int]
"""Distinct items by their number, in its order."""


@dataclass(frozen=True)
class _Pools:
    """Texts that many cells share, each once: cells name formulas and places by their number, places name files by theirs."""

    files: Pool = field(default_factory=dict)
    places: Pool = field(default_factory=dict)
    formulas: Pool = field(default_factory=dict)

    def part(self, part: Mapping[str, Any]) -> dict[str, Any]:
        """A part of a cell, with its second source."""
        told = self._value(part) | ({"name": part["name"]} if part["name"] else {})
        told |= {"also": self._value(part["also"])} if "also" in part else {}
        return told | {key: part[key] for key in ("missing", "thesis") if key in part}

    def _value(self, traced: Mapping[str, Any]) -> dict[str, Any]:
        formula = _number(self.formulas, traced["formula"])
        return {"value": full_precision(traced["value"]), "formula": formula, "places": [self._place(place) for place in traced["lineage"]]}

    def _place(self, place: Mapping[str, str]) -> int:
        file = _number(self.files, (place["file"], place["sha256"], place["origin"]))
        return _number(self.places, (file, place["path"], place.get("record", ""), place.get("field", "")))


def _number(pool: Pool, item: Hashable) -> int:
    return pool.setdefault(item, len(pool))


def lineage_data(
    tables: Sequence[Mapping[str, Any]], verdicts: Mapping[str, Mapping[str, str]], findings: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Every cell of ``tables`` with its lineage, for the page's script.

    ``verdicts`` are what the thesis prints, by cell (``tab13 sft.qa.em``). Findings are named by their number, as formulas and places.
    """
    pools, reaching = _Pools(), findings_by_cell(findings)

    def told_of(cell: str) -> dict[str, Any]:
        found = {"findings": reaching[cell]} if cell in reaching else {}
        return found | ({"thesis": {key: verdicts[cell][key] for key in ("thesis", "verdict")}} if cell in verdicts else {})

    cells = [
        {
            "table": table["table"],
            "cell": f"{column}.{row}",
            "anchor": cell_anchor(table["table"], column, row),
            "printed": cell["printed"],
            "parts": [pools.part(part) for part in cell["parts"]],
        }
        | told_of(f"{table['table']} {column}.{row}")
        for table, row, column, cell in all_cells(tables)
    ]
    return {
        "tables": {table["table"]: _names(table) for table in tables},
        "cells": cells,
        "files": list(pools.files),
        "places": list(pools.places),
        "formulas": list(pools.formulas),
        "findings": [{"severity": finding["severity"], "anchor": finding_anchor(finding["id"])} for finding in findings],
    }


def all_cells(tables: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str, str, Mapping[str, Any]]]:
    """Table, row, column and cell of every cell, those of captions included."""
    for table in tables:
        for (row, column), cell in cells_of(table).items():
            yield table, row, column, cell


def findings_by_cell(findings: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Numbers of the findings that reach each cell."""
    reaching: dict[str, list[int]] = {}
    for number, finding in enumerate(findings):
        for cell in finding["cells"]:
            reaching.setdefault(cell, []).append(number)
    return reaching


def full_precision(value: Any) -> str:
    """A value as the table's JSON has it, text without quotes; empty where there is none."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _names(table: Mapping[str, Any]) -> dict[str, Any]:
    """What a table, its columns and its rows are called."""
    columns = {column["id"]: column["header"] for column in table["columns"]}
    columns |= {name: both(name) for name in table["caption_values"]}
    return {"title": title_of(table["table"]), "columns": columns, "rows": row_labels(table) | {"caption": CAPTION}}
