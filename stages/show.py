"""A table on the terminal: what its cells print, aligned.

python -m stages.show comparable --campaign demo
"""

import argparse
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from stages.errors import UserError, report_errors
from stages.number import LANGUAGES
from stages.table_file import read_table_file


def read_table(campaign: str, name: str) -> dict[str, Any]:
    """Data of a table; :class:`UserError` lists the tables where there is none such."""
    path = Path("reports", campaign, "tables", f"{name}.json")
    if not path.exists():
        there = ", ".join(sorted(other.stem for other in path.parent.glob("*.json")))
        raise UserError(path, "", "no such table", f"one of: {there}" if there else "tables made by 'snakemake -c2 tables'")
    return read_table_file(path)


def lines_of(table: Mapping[str, Any], language: str) -> Iterator[str]:
    """Header and rows of a table's JSON, numbers to the right."""
    columns = [column for column in table["columns"] if column["show"]]
    rows = [[column["header"][language] for column in columns]]
    rows += [[row["cells"][column["id"]]["printed"][language] for column in columns] for row in table["rows"]]
    widths = [max(len(row[index]) for row in rows) for index in range(len(columns))]
    for row in rows:
        yield "  ".join([row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]).rstrip()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.show", description="Print a table of a campaign.")
    parser.add_argument("table", help="such as comparable")
    parser.add_argument("--campaign", default="published")
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Print the table under its caption."""
    table = read_table(arguments.campaign, arguments.table)
    print(f"{table['table']}, campaign {table['campaign']}: {table['caption'][arguments.language]}")
    print("\n".join(lines_of(table, arguments.language)))


if __name__ == "__main__":
    main()
