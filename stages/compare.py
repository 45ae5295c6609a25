"""Does each cell print what the thesis prints? Equal, equal only under a named rounding habit of the thesis, or different.

The thesis's printed cells are kept as facts in ``data/thesis_cells.csv``; memory is in the units of our table. The
habits are the ways in which the thesis rounds other than once, at the end:

- ``rounded-hours``: costs are the printed hours times the price;
- ``sum-of-rounded``: totals add printed values;
- ``exp-of-rounded-loss``: a perplexity is the exponential of the printed loss.
"""

import argparse
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from stages.errors import UserError, report_errors
from stages.files import read_csv, to_csv, to_json, write_atomic
from stages.table_file import read_table_file

COLUMNS = ("table", "row", "column", "thesis", "ours", "under_habit", "habit", "verdict", "second_source")
TOLERANCE = 1e-9
"""Largest difference between a value and the same value from its second source."""


def same_print(first: str, second: str) -> bool:
    """Whether two printed forms are the same but for the decimal sign and the kind of dash."""
    return _plain(first) == _plain(second)


def _plain(text: str) -> str:
    dashes = re.sub("[\u2010-\u2015\u2212]", "-", text)
    return re.sub(r"(?<=\d),(?=\d)", ".", " ".join(dashes.split()))


def compare_cell(cell: Mapping[str, Any], printed: str) -> dict[str, str]:
    """Verdict on one cell of ours (as in a table's JSON) against what the thesis prints there."""
    habits = sorted({part["thesis"]["habit"] for part in cell["parts"] if "thesis" in part})
    under_habit = "".join(part.get("thesis", part)["printed"] for part in cell["parts"])
    ours = cell["printed"]["pt"]
    if same_print(ours, printed):
        verdict = "equal"
    elif habits and same_print(under_habit, printed):
        verdict = "equal under habit"
    else:
        verdict = "different"
    return {
        "thesis": printed,
        "ours": ours,
        "under_habit": under_habit if habits else "",
        "habit": ";".join(habits),
        "verdict": verdict,
        "second_source": second_source(cell),
    }


def second_source(cell: Mapping[str, Any]) -> str:
    """Whether the cell's values agree with their second source: ``agrees``, ``disagrees``, or empty where there is none."""
    pairs = [(part["value"], part["also"]["value"]) for part in cell["parts"] if "also" in part]
    if not pairs:
        return ""
    agree = all(math.isclose(value, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for value, other in pairs)
    return "agrees" if agree else "disagrees"


def cells_of(table: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Cells of a table's JSON by row and column; the caption's values are the row ``caption``."""
    cells = {(row["id"], column): cell for row in table["rows"] for column, cell in row["cells"].items()}
    return cells | {("caption", name): cell for name, cell in table["caption_values"].items()}


def compare(tables: Mapping[str, Mapping[str, Any]], thesis: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """One verdict for each thesis cell of the tables that this campaign has, in the thesis's order."""
    verdicts = []
    cells = {name: cells_of(table) for name, table in tables.items()}
    for fact in thesis:
        place = {key: fact[key] for key in ("table", "row", "column")}
        if fact["table"] not in cells:
            continue
        cell = cells[fact["table"]].get((fact["row"], fact["column"]))
        if cell is None:
            verdicts.append({**place, "thesis": fact["printed"], "verdict": "no such cell"})
        else:
            verdicts.append(place | compare_cell(cell, fact["printed"]))
    return verdicts


def summarise(verdicts: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Counts by verdict, by table and by agreement with a second source."""
    tables = sorted({verdict["table"] for verdict in verdicts})
    return {
        "cells": len(verdicts),
        "verdicts": dict(sorted(Counter(verdict["verdict"] for verdict in verdicts).items())),
        "second_source": dict(sorted(Counter(verdict.get("second_source") or "none" for verdict in verdicts).items())),
        "tables": {name: dict(sorted(Counter(v["verdict"] for v in verdicts if v["table"] == name).items())) for name in tables},
    }


def report(verdicts: Sequence[Mapping[str, str]]) -> str:
    """Counts, then every cell that does not print the same, in lines to read."""
    summary = summarise(verdicts)
    lines = [f"{summary['cells']} cells compared with the thesis: " + ", ".join(f"{n} {name}" for name, n in summary["verdicts"].items())]
    for verdict in verdicts:
        if verdict.get("second_source") == "disagrees":
            lines.append(f"  second source disagrees: {verdict['table']} {verdict['column']}.{verdict['row']}: see its JSON")
        if verdict["verdict"] != "equal":
            habit = f" ({verdict['habit']}: {verdict['under_habit']})" if verdict.get("habit") else ""
            place = f"{verdict['table']} {verdict['column']}.{verdict['row']}"
            lines.append(f"  {verdict['verdict']}: {place}: thesis {verdict['thesis']}, ours {verdict.get('ours', 'none')}{habit}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m stages.compare", description="Compare a campaign's tables with what the thesis prints."
    )
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="JSON of each table")
    parser.add_argument("--cells", type=Path, required=True, help="CSV of what the thesis prints")
    parser.add_argument("--verdicts", type=Path, required=True, help="CSV to write, one row a cell")
    parser.add_argument("--summary", type=Path, required=True, help="JSON to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read tables and thesis cells, write verdicts and their summary."""
    tables = {table["table"]: table for table in map(read_table_file, arguments.tables)}
    thesis = read_csv(arguments.cells)
    if not thesis or not {"table", "row", "column", "printed"} <= thesis[0].keys():
        raise UserError(arguments.cells, "", "no such rows", "rows with table, row, column and printed")
    verdicts = compare(tables, thesis)
    write_atomic(arguments.verdicts, to_csv(COLUMNS, verdicts))
    write_atomic(arguments.summary, to_json(summarise(verdicts)))
    print(report(verdicts))


if __name__ == "__main__":
    main()
