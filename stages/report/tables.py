"""Tables as the page shows them: rows and columns with their marks, from the tables' JSON alone."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from stages.audit.finding import SEVERITIES
from stages.report.lineage import findings_by_cell
from stages.report.names import GROUPS, Words, cell_anchor, group_of, row_labels, title_of

TEXT = re.compile(r"[^\W\d_]{4}")
"""A word in a printed form: such a column is no column of numbers."""


def grouped_tables(
    tables: Sequence[Mapping[str, Any]], verdicts: Mapping[str, Mapping[str, str]], findings: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Groups that have a table, each with its tables in the order of their names."""
    marks = cell_marks(verdicts, findings)
    shown = [table_view(table, marks) for table in sorted(tables, key=lambda each: str(each["table"]))]
    groups = [{"id": id, "name": name, "tables": [each for each in shown if each["group"] == id]} for id, name in GROUPS.items()]
    return [group for group in groups if group["tables"]]


def cell_marks(verdicts: Mapping[str, Mapping[str, str]], findings: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Marks by cell: the worst severity that reaches it (``error`` or ``warning``), ``different``, ``habit``."""
    marks: dict[str, list[str]] = {}
    for cell, reaching in findings_by_cell(findings).items():
        worst = min((findings[number]["severity"] for number in reaching), key=SEVERITIES.index)
        if worst != "note":
            marks.setdefault(cell, []).append(worst)
    for cell, verdict in verdicts.items():
        if mark := {"different": "different", "equal under habit": "habit"}.get(verdict["verdict"]):
            marks.setdefault(cell, []).append(mark)
    return marks


def table_view(table: Mapping[str, Any], marks: Mapping[str, list[str]]) -> dict[str, Any]:
    """One table: columns that the printed table leaves out are marked so, columns of numbers go to the right."""
    labels = row_labels(table)
    blank = any(not _first(table, row)["pt"] for row in table["rows"])
    return {
        "name": table["table"],
        "group": group_of(table["table"]),
        "title": title_of(table["table"]),
        "label": table["label"],
        "caption": table["caption"],
        "columns": [column | {"numeric": is_numeric(table, column["id"])} for column in table["columns"]],
        "rows": [
            {
                "label": labels[row["id"]],
                "above": blank and number > 0 and bool(_first(table, row)["pt"]),
                "cells": [_cell(table, column["id"], row["id"], row["cells"][column["id"]], marks) for column in table["columns"]],
            }
            for number, row in enumerate(table["rows"])
        ],
        "caption_cells": [
            {"name": name} | _cell(table, name, "caption", cell, marks) for name, cell in sorted(table["caption_values"].items())
        ],
    }


def _first(table: Mapping[str, Any], row: Mapping[str, Any]) -> Words:
    printed: Words = row["cells"][table["columns"][0]["id"]]["printed"]
    return printed


def _cell(table: Mapping[str, Any], column: str, row: str, cell: Mapping[str, Any], marks: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        "anchor": cell_anchor(table["table"], column, row),
        "printed": cell["printed"],
        "missing": any("missing" in part for part in cell["parts"]),
        "marks": marks.get(f"{table['table']} {column}.{row}", []),
    }


def is_numeric(table: Mapping[str, Any], column: str) -> bool:
    """Whether the cells of a column are numbers or nothing, so that they are set to the right."""
    cells = [row["cells"][column] for row in table["rows"]]
    return any(map(has_number, cells)) and all(
        (has_number(cell) and not TEXT.search(cell["printed"]["en"])) or is_empty(cell) for cell in cells
    )


def has_number(cell: Mapping[str, Any]) -> bool:
    """Whether any value of the cell is a number."""
    return any(isinstance(part["value"], int | float) and not isinstance(part["value"], bool) for part in cell["parts"])


def is_empty(cell: Mapping[str, Any]) -> bool:
    """Whether the cell holds no value, or prints a dash in its place."""
    return all(part["value"] in (None, "", "–", "-", "—") for part in cell["parts"])
