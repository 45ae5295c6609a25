"""Where does this number come from, and is it right? The lineage of one cell, down to files and their hashes.

    python -m stages.why tab13 sft.qa.em [--campaign NAME]

A cell is named ``<column>.<row>``. For each of its values: the formula, the record fields, the places in the files with their
sha256 (checked against the bytes where the evidence is on this machine); then the data that its runs were made with, what the audit
found that reaches the cell, and every job behind the table, with its command, code hash, parameters and inputs.
"""

import argparse
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from stages.compare import cells_of
from stages.document import Document
from stages.errors import UserError, report_errors
from stages.files import read_json, sha256_of_file
from stages.ledger import METADATA, entry_of
from stages.record import load_record
from stages.registry import evidence_root, load_registry, read_verified, registry_file
from stages.report.shapes import FindingsFile, read_as
from stages.show import read_table
from stages.table import load_spec


def explain(table: Mapping[str, Any], name: str, campaign: str) -> Iterator[str]:
    """Lines that explain cell ``name`` of a table's JSON; :class:`UserError` lists the cells where there is none such."""
    cells = {f"{column}.{row}": cell for (row, column), cell in cells_of(table).items()}
    if name not in cells:
        raise UserError(table["table"], "cell", repr(name), "one of: " + ", ".join(cells))
    yield f"{table['table']} {name} prints {cells[name]['printed']['en']}"
    for part in cells[name]["parts"]:
        yield ""
        if "missing" in part:
            yield f"{part['name'] or 'value'}: not measured: {part['missing']}"
            continue
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
    if place["origin"] == "project":
        yield from (f"  {line}" for line in _sources(Path(place["file"]), campaign))


def _sources(analysis: Path, campaign: str) -> Iterator[str]:
    """What an analysis says it was made from."""
    for source in _made_from(analysis):
        yield f"from {source['file']}"
        yield f"  sha256 {source['sha256']}  ({_state(source | {'origin': 'evidence'}, campaign)})"


def _made_from(analysis: Path) -> list[dict[str, str]]:
    """Files that an analysis was made from, with their hashes; none where it is not here, or says nothing of it."""
    content = read_json(analysis) if analysis.exists() else {}
    if not isinstance(content, dict) or content.get("sources", []) == []:
        return []
    document = Document(analysis.as_posix(), "", content)
    count = len(document.sequence("$.sources"))
    return [{name: document.text(f"$.sources[{place}].{name}").value for name in ("file", "sha256")} for place in range(count)]


def _state(place: Mapping[str, str], campaign: str) -> str:
    """Whether the bytes behind a place are here and are the ones that were read."""
    if place["origin"] == "parameters":
        return "parameters: hash of their canonical JSON; stated, not measured"
    if place["origin"] == "project":
        here = Path(place["file"])
        return "the file here has it" if here.exists() and sha256_of_file(here) == place["sha256"] else "NOT the file here"
    registry = load_registry(campaign)
    if place["file"] not in registry.files or registry.files[place["file"]].sha256 != place["sha256"]:
        return f"NOT the hash in {registry_file(campaign)}"
    try:
        read_verified(registry, evidence_root(registry), place["file"])
    except UserError as error:
        return f"registered; not checked here: {error.found}"
    return "the bytes here have it"


def data_of(table: Mapping[str, Any], name: str, campaign: str) -> Iterator[str]:
    """Data that the runs behind a cell were made with, and the revision of the evidence they are known from."""
    runs = dict.fromkeys(place["record"] for place in _places(table, name) if "record" in place)
    if not runs and table.get("analyses"):  # made from an analysis, which has the runs that the table names
        spec = load_spec(Path("params/tables", f"{table['table']}.yaml"))
        runs = dict.fromkeys(spec.runs())
    for run in runs:
        configuration = load_record(_record_file(campaign, run)).configuration
        for used in (configuration.data, configuration.extrinsic):
            if used and used.dataset:
                yield f"run {run} used the dataset {used.dataset} (its revision is not recorded)"
    if runs and registry_file(campaign).exists():
        registry = load_registry(campaign)
        yield f"evidence: {registry.repository or 'a local folder'}, revision {registry.commit or 'none'}"


def _places(table: Mapping[str, Any], name: str) -> list[dict[str, str]]:
    """Places behind a cell."""
    cell = next(cell for (row, column), cell in cells_of(table).items() if f"{column}.{row}" == name)
    return [place for part in cell["parts"] for place in part["lineage"]]


def _record_file(campaign: str, run: str) -> Path:
    return next(Path("versions", campaign).glob(f"*/{run}/record.json"))


def findings_on(table: Mapping[str, Any], name: str, campaign: str) -> Iterator[str]:
    """What the last audit found that reaches the cell, or, for a cell made from an analysis, one of the files that this was made from."""
    path = Path("analysis", campaign, "audit", "findings.json")
    if not path.exists():
        yield f"not audited: make audit campaign={campaign}"
        return
    analyses = {Path(place["file"]) for place in _places(table, name) if place["origin"] == "project"}
    files = {source["file"] for analysis in analyses for source in _made_from(analysis)}
    findings = read_as(FindingsFile, path)["findings"]
    reaching = [f for f in findings if f"{table['table']} {name}" in f["cells"]]
    others = [f for f in findings if f not in reaching and f["severity"] != "note"]
    behind = [f for f in others if files & {place.get("file") for place in f["evidence"]}]
    for title, found in (("the audit found:", reaching), ("the audit found, in the files behind it:", behind)):
        if found:
            yield title
            yield from (line for finding in found for line in (f"  {finding['severity']} {finding['id']}", f"    {finding['message']}"))
    if not reaching and not behind:
        yield "the audit found nothing that reaches it"


def jobs_behind(output: Path) -> Iterator[str]:
    """The job that wrote ``output``, and the jobs that wrote its inputs, as the ledger has them."""
    waiting, told = [output], set[Path]()
    while waiting:
        path = waiting.pop(0)
        if path not in told and (path == output or (METADATA / entry_of(path.as_posix())).exists()):
            told.add(path)
            yield from job_of(path)
            waiting += [Path(name) for name in _entry(path).get("input") or []]


def _entry(output: Path) -> dict[str, Any]:
    """The ledger's entry of ``output``; empty where it has none."""
    entry = METADATA / entry_of(output.as_posix())
    return Document(entry.as_posix(), "", read_json(entry)).mapping("$") if entry.exists() else {}


def job_of(output: Path) -> Iterator[str]:
    """The job that wrote ``output``, as the ledger has it."""
    record = _entry(output)
    if not record:
        yield f"{output}: no entry in the ledger"
        return
    yield f"{output}: written by rule {record['rule']} from:"
    yield from (f"  {name}  {checksum}" for name, checksum in sorted(record["input_checksums"].items()))
    yield "with code hash and parameters:"
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
    table = read_table(arguments.campaign, arguments.table)
    blocks = (
        explain(table, arguments.cell, arguments.campaign),
        data_of(table, arguments.cell, arguments.campaign),
        findings_on(table, arguments.cell, arguments.campaign),
        jobs_behind(Path("reports", arguments.campaign, "tables", f"{arguments.table}.json")),
    )
    print("\n\n".join(filter(None, ("\n".join(block) for block in blocks))))


if __name__ == "__main__":
    main()
