"""What the page tells of each cell when it is asked: values, formulas and places, with every text kept once."""

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from stages.compare import cells_of
from stages.report.names import Words, cell_anchor, finding_anchor, row_labels, title_of

CAPTION: Words = {"pt": "na legenda", "en": "in the caption"}

Pool = dict[Hashable, int]
"""Distinct items by their number."""


def lineage_data(
    tables: Sequence[Mapping[str, Any]], verdicts: Mapping[str, Mapping[str, str]], findings: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Every cell of ``tables`` with its lineage, for the page's script.

    ``verdicts`` are what the thesis prints, by cell (``tab13 sft.qa.em``). Cells name formulas, places and findings by their number;
    places name files by theirs.
    """
    files: Pool = {}
    places: Pool = {}
    formulas: Pool = {}
    reaching = findings_by_cell(findings)

    def number(place: Mapping[str, str]) -> int:
        file = files.setdefault((place["file"], place["sha256"], place["origin"]), len(files))
        return places.setdefault((file, place["path"], place.get("record", ""), place.get("field", "")), len(places))

    def value(traced: Mapping[str, Any]) -> dict[str, Any]:
        formula = formulas.setdefault(traced["formula"], len(formulas))
        return {"value": full_precision(traced["value"]), "formula": formula, "places": [number(place) for place in traced["lineage"]]}

    def part(each: Mapping[str, Any]) -> dict[str, Any]:
        told = value(each) | ({"name": each["name"]} if each["name"] else {})
        told |= {"also": value(each["also"])} if "also" in each else {}
        return told | {key: each[key] for key in ("missing", "thesis") if key in each}

    def told_of(cell: str) -> dict[str, Any]:
        found = {"findings": reaching[cell]} if cell in reaching else {}
        return found | ({"thesis": {key: verdicts[cell][key] for key in ("thesis", "verdict")}} if cell in verdicts else {})

    cells = [
        {
            "table": table["table"],
            "cell": f"{column}.{row}",
            "anchor": cell_anchor(table["table"], column, row),
            "printed": cell["printed"],
            "parts": [part(each) for each in cell["parts"]],
        }
        | told_of(f"{table['table']} {column}.{row}")
        for table, row, column, cell in all_cells(tables)
    ]
    return {
        "tables": {table["table"]: _names(table) for table in tables},
        "cells": cells,
        "files": [list(each) for each in _items(files)],
        "places": [list(each) for each in _items(places)],
        "formulas": _items(formulas),
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
    columns |= {name: dict.fromkeys(("pt", "en"), name) for name in table["caption_values"]}
    return {"title": title_of(table["table"]), "columns": columns, "rows": row_labels(table) | {"caption": CAPTION}}


def _items(pool: Pool) -> list[Any]:
    """Items in the order of their numbers."""
    return list(pool)
