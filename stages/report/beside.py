"""Side by side: what the thesis prints, what its evidence gives, what the audit corrects, and what other campaigns gave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from stages.compare import cells_of, compare
from stages.errors import UserError
from stages.report.names import Words, cell_anchor, row_labels, title_of
from stages.report.tables import has_number

REFERENCE = "published"
"""The campaign that is imported from the thesis's own evidence."""

FIRST = ("tab13", "tab09", "tab08", "tab07", "tab02")
"""The thesis's main results, which stand open, in this order; its other tables follow closed."""

Tables = Mapping[str, Mapping[str, Any]]
"""Tables' JSON by name."""

NO_CELL: Mapping[str, Any] = {"parts": []}


@dataclass(frozen=True)
class Correction:
    """Where a corrected table holds the cells of another."""

    table: str
    row: str
    """Row of the corrected table, with the other's in braces."""
    columns: tuple[str, ...]
    """Columns that are corrected; the last one is what the table concludes."""


CORRECTIONS = {
    "tab10": Correction("tab10_corrected", "{row}", ("short", "passes")),
    "tab13": Correction("tab13_corrected", "{row}.answer", ("base", "sft", "gain")),
}


def by_cell(verdicts: Sequence[Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Verdicts by cell, as ``tab13 sft.qa.em``."""
    return {f"{each['table']} {each['column']}.{each['row']}": each for each in verdicts}


def by_campaign(tables: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Tables by campaign and name; :class:`UserError` where a campaign gives one twice."""
    sorted_out: dict[str, dict[str, Mapping[str, Any]]] = {}
    for table in tables:
        own = sorted_out.setdefault(table["campaign"], {})
        if table["table"] in own:
            raise UserError("tables", table["table"], f"two of campaign {table['campaign']}", "one table of a name")
        own[table["table"]] = table
    return sorted_out


def side_by_side(
    campaigns: Mapping[str, Tables], printed: Sequence[Mapping[str, str]], marks: Mapping[str, list[str]]
) -> list[dict[str, Any]]:
    """The thesis's tables whose cells the reference campaign has, the main results first.

    A cell is shown where it holds a number, or where the thesis prints another text; ``marks`` are by cell.
    """
    reference = campaigns.get(REFERENCE, {})
    verdicts = compare(reference, printed)
    names = dict.fromkeys(each["table"] for each in verdicts)
    order = sorted(names, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    views = [_table(name, campaigns, [each for each in verdicts if each["table"] == name], marks) for name in order]
    return [view for view in views if view["rows"]]


def _table(
    name: str, campaigns: Mapping[str, Tables], verdicts: Sequence[Mapping[str, str]], marks: Mapping[str, list[str]]
) -> dict[str, Any]:
    table = campaigns[REFERENCE][name]
    cells = cells_of(table)
    labels = row_labels(table) | {"caption": {"pt": "Legenda", "en": "Caption"}}
    headers = {column["id"]: column["header"] for column in table["columns"]}
    lines = [
        {
            "row": labels.get(each["row"], {"pt": each["row"], "en": each["row"]}),
            "column": headers.get(each["column"], {"pt": each["column"], "en": each["column"]}),
            "thesis": each["thesis"],
            "verdict": each["verdict"],
            "corrected": _corrected(campaigns[REFERENCE], each),
            "campaigns": {campaign: _cell(tables, each) for campaign, tables in campaigns.items()},
            "anchor": cell_anchor(name, each["column"], each["row"]),
            "concludes": name in CORRECTIONS and each["column"] == CORRECTIONS[name].columns[-1],
            "moved": each["verdict"] != "equal" or _corrected(campaigns[REFERENCE], each) is not None,
            "kind": "n" if has_number(cells.get((each["row"], each["column"]), NO_CELL)) else "long",
            "marks": marks.get(f"{name} {each['column']}.{each['row']}", []),
        }
        for each in verdicts
        if each["verdict"] == "different" or has_number(cells.get((each["row"], each["column"]), NO_CELL))
    ]
    return {
        "name": name,
        "title": title_of(name),
        "caption": table["caption"],
        "main": name in FIRST,
        "corrected": any(line["corrected"] for line in lines),
        "campaigns": [campaign for campaign in campaigns if any(line["campaigns"][campaign] for line in lines)],
        "rows": _grouped(lines),
        "cells": len(lines),
        "moved": sum(line["moved"] for line in lines),
        "left_out": len(verdicts) - len(lines),
    }


def _grouped(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lines that follow one another under one row's label."""
    groups = [(label, list(group)) for label, group in groupby(lines, key=lambda line: line["row"])]
    return [{"label": label, "lines": group, "moved": any(line["moved"] for line in group)} for label, group in groups]


def _cell(tables: Tables, place: Mapping[str, str]) -> Words | None:
    """Printed form of the cell at ``place``; none where the campaign has no such cell."""
    cell = cells_of(tables[place["table"]]).get((place["row"], place["column"])) if place["table"] in tables else None
    printed: Words | None = cell["printed"] if cell else None
    return printed


def changes(comparisons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What corrected tables conclude in numbers, beside what the thesis prints: the last corrected column of each table."""
    return [
        {"table": view["title"], "row": row["label"], "column": line["column"], "thesis": line["thesis"]} | line["corrected"]
        for view in comparisons
        for row in view["rows"]
        for line in row["lines"]
        if line["corrected"] and line["concludes"] and line["kind"] == "n"
    ]


def corrections(tables: Tables) -> dict[str, dict[str, Any]]:
    """Corrected cells, printed form and anchor, by the anchor of the cell that each corrects."""
    return {
        cell_anchor(name, column, row): corrected
        for name in CORRECTIONS
        if name in tables
        for row, column in cells_of(tables[name])
        if (corrected := _corrected(tables, {"table": name, "row": row, "column": column}))
    }


def _corrected(tables: Tables, place: Mapping[str, str]) -> dict[str, Any] | None:
    """The corrected cell, with its anchor; none where no table corrects it."""
    correction = CORRECTIONS.get(place["table"])
    if correction is None or place["column"] not in correction.columns:
        return None
    there = {"table": correction.table, "row": correction.row.format(row=place["row"]), "column": place["column"]}
    printed = _cell(tables, there)
    return {"printed": printed, "anchor": cell_anchor(there["table"], there["column"], there["row"])} if printed else None
