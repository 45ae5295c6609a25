"""Where does this number come from? The lineage of one cell, down to files and their hashes.

    python -m stages.why tab13 sft.qa.em [--campaign NAME]

A cell is named ``<column>.<row>``. For each of its values: the formula, the record fields, the places in the files with their
sha256 (checked against the bytes where the evidence is on this machine), and the job that wrote the table.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from stages.compare import cells_of
from stages.errors import UserError, report_errors
from stages.files import read_json
from stages.ledger import METADATA, entry_of
from stages.registry import evidence_root, load_registry, read_verified, registry_file


def explain(table: Mapping[str, Any], name: str, campaign: str) -> Iterator[str]:
    """Lines that explain cell ``name`` of a table's JSON; :class:`UserError` lists the cells where there is none such."""
    cells = {f"{column}.{row}": cell for (row, column), cell in cells_of(table).items()}
    if name not in cells:
        raise UserError(table["table"], "cell", repr(name), "one of: " + ", ".join(cells))
    yield f"{table['table']} {name} prints {cells[name]['printed']['en']}"
    for part in cells[name]["parts"]:
        yield ""
        yield f"{part['name'] or 'value'}: {part['value']!r} = {part['formula'] or 'as read'}"
        yield from (f"  {line}" for place in part["lineage"] for line in _place(place, campaign))
        if "also" in part:
            yield f"  second source: {part['also']['value']!r} = {part['also']['formula'] or 'as read'}"
            yield from (f"    {line}" for place in part["also"]["lineage"] for line in _place(place, campaign))
        if "thesis" in part:
            yield f"  under the thesis's habit {part['thesis']['habit']}: {part['thesis']['value']!r}, printed {part['thesis']['printed']}"


def _place(place: Mapping[str, str], campaign: str) -> Iterator[str]:
    yield f"{place['file']}  {place['path']}"
    if "field" in place:
        yield f"  by the record of {place['record']}, field {place['field']}"
    yield f"  sha256 {place['sha256']}  ({_state(place, campaign)})"


def _state(place: Mapping[str, str], campaign: str) -> str:
    """Whether the bytes behind a place are here and are the ones that were read."""
    if place["origin"] == "parameters":
        return "parameters: hash of their canonical JSON; stated, not measured"
    registry = load_registry(campaign)
    if place["file"] not in registry.files or registry.files[place["file"]].sha256 != place["sha256"]:
        return f"NOT the hash in {registry_file(campaign)}"
    try:
        read_verified(registry, evidence_root(registry), place["file"])
    except UserError as error:
        return f"registered; not checked here: {error.found}"
    return "the bytes here have it"


def job_of(output: Path) -> Iterator[str]:
    """The job that wrote ``output``, as the ledger has it."""
    entry = METADATA / entry_of(output.as_posix())
    if not entry.exists():
        yield f"{output}: no entry in the ledger"
        return
    record = json.loads(entry.read_text())
    yield f"written by rule {record['rule']} from:"
    yield from (f"  {name}  {checksum}" for name, checksum in sorted(record["input_checksums"].items()))
    yield "with parameters:"
    yield from (f"  {parameter}" for parameter in record["params"])
    yield f"as: {record['shellcmd']}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.why", description="Explain where a cell of a table comes from.")
    parser.add_argument("table", help="such as tab13")
    parser.add_argument("cell", help="COLUMN.ROW, such as sft.qa.em")
    parser.add_argument("--campaign", default="published")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Print the explanation."""
    path = Path("reports", arguments.campaign, "tables", f"{arguments.table}.json")
    if not path.exists():
        there = ", ".join(sorted(other.stem for other in path.parent.glob("*.json")))
        raise UserError(path, "", "no such table", f"one of: {there}" if there else "tables made by 'snakemake -c2 tables'")
    print("\n".join([*explain(read_json(path), arguments.cell, arguments.campaign), "", *job_of(path)]))


if __name__ == "__main__":
    main()
