"""Integrity rules: bytes against the registry, records against the evidence, tables against the records.

What they have in common: the thing is made again, in memory, from what it should have been made from, and must come out the same.
A file whose ledger names parameters that never made it (as ``snakemake --touch`` leaves it) is found that way, too.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.remake import remake_record
from stages.audit.rules import rule
from stages.compare import cells_of
from stages.errors import UserError
from stages.expression import Scope
from stages.files import decode_text, read_bytes, sha256_of_file
from stages.latex import latex_table
from stages.number import LANGUAGES
from stages.record import Record
from stages.table import Built, as_csv, as_json, build_table, load_spec, parameter_names
from stages.table_spec import TableSpec
from stages.traced import Ref

SHOWN = 5
"""Differences that one finding spells out; the rest is counted."""


@rule(
    "integrity.bytes",
    "Files that are not the registered ones",
    proves="The file on this machine is not, byte for byte, the one that was registered, or it is not here at all.",
    cannot="Bytes that are the registered ones may have been wrong from the start.",
)
def registered_bytes(campaign: Campaign) -> Iterator[Finding]:
    evidence = campaign.evidence
    for file, entry in evidence.registry.files.items():
        if not (evidence.root / file).is_file():
            ref = Ref(file, "", entry.sha256)
            yield Finding(file, "error", "mismatch", "A registered file is not here.", entry.sha256, "no file", "", (ref,))
        elif (found := evidence.sha256(file)) != entry.sha256:
            size = len(evidence.read(file))
            message = f"The file is not the registered one: it was altered, cut or replaced ({size} bytes, registered {entry.bytes})."
            yield Finding(
                file, "error", "mismatch", message, entry.sha256, found, f"{size - entry.bytes:+d} bytes", (Ref(file, "", found),)
            )


@rule(
    "integrity.readable",
    "Files that cannot be read as what they are",
    proves="A file of the evidence is no valid JSON, JSONL, CSV, text or tokenizer model, so nothing in it can be checked.",
    cannot="A readable file may still hold wrong values.",
)
def readable(campaign: Campaign) -> Iterator[Finding]:
    _ = (campaign.documents, campaign.rows, campaign.texts, campaign.series, campaign.tokenizers)
    for file, error in campaign.unreadable.items():
        ref = Ref(file, error.field, campaign.evidence.sha256(file))
        yield Finding(file, "error", "not verifiable", f"The file cannot be read: {error}", "", str(error.found), "", (ref,))


@rule(
    "integrity.records",
    "Records that are not what their evidence and parameters give",
    proves="Importing the run again gives other values than its record holds: the record, its parameters or the evidence was changed.",
    cannot="Whether the importer reads the right field of a file; the lineage of each cell shows which one it reads.",
)
def records(campaign: Campaign) -> Iterator[Finding]:
    for run, parameters in campaign.runs.items():
        if parameters.evidence is None:
            continue
        try:
            again = remake_record(campaign.evidence, parameters)
        except UserError as error:
            file = error.file if error.file in campaign.evidence.registry.files else campaign.record_file(run).as_posix()
            message = f"The run cannot be imported again from its evidence: {error}"
            yield Finding(run, "error", "not verifiable", message, "", str(error.found), "", (_file_ref(campaign, file),))
            continue
        if run not in campaign.records:
            path = campaign.record_file(run)
            yield Finding(run, "error", "mismatch", f"There is no record {path}, though its evidence gives one.", "no record", "a record")
        elif differing := _differences(campaign.records[run], again):
            yield _record_finding(campaign, run, differing)


def _differences(record: Record, again: Record) -> list[tuple[str, Any, Any]]:
    """Fields whose values differ: field, in the record, made again."""
    fields = dict.fromkeys([*record.values, *again.values])
    return [
        (field, record.values.get(field), again.values.get(field))
        for field in fields
        if record.values.get(field) != again.values.get(field)
    ]


def _record_finding(campaign: Campaign, run: str, differing: list[tuple[str, Any, Any]]) -> Finding:
    shown = differing[:SHOWN]
    names = ", ".join(field for field, _, _ in shown) + (f" and {len(differing) - SHOWN} more" if len(differing) > SHOWN else "")
    refs = [ref for field, _, _ in shown for ref in campaign.refs(run, field) if ref.origin == "evidence"]
    message = f"The record of {run} does not hold what its evidence gives under its parameters, in {names}."
    stated, found = ("; ".join(str(entry[index]) for entry in shown) for index in (1, 2))
    record = Ref(campaign.record_file(run).as_posix(), "$", sha256_of_file(campaign.record_file(run)), "project")
    return Finding(run, "error", "mismatch", message, stated, found, f"{len(differing)} fields", (record, *dict.fromkeys(refs)))


def _file_ref(campaign: Campaign, file: str) -> Ref:
    if file in campaign.evidence.registry.files:
        here = (campaign.evidence.root / file).is_file()
        return Ref(file, "", campaign.evidence.sha256(file) if here else campaign.evidence.registry.files[file].sha256)
    return Ref(file, "", sha256_of_file(Path(file)), "project")


@rule(
    "integrity.sources",
    "Records that cite other bytes than those here",
    proves="A record names the hash of a file that is not the hash of the file here: it was made from other bytes.",
    cannot="Whether those other bytes were better.",
)
def sources(campaign: Campaign) -> Iterator[Finding]:
    here = set(campaign.evidence.names())
    for run, record in campaign.records.items():
        cited = {file: entry.sha256 for file, entry in record.files.items() if entry.origin == "evidence"}
        other = [file for file, sha256 in cited.items() if file not in here or campaign.evidence.sha256(file) != sha256]
        if other:
            refs = tuple(_file_ref(campaign, file) for file in other if file in campaign.evidence.registry.files)
            shown, effect = ", ".join(other[:SHOWN]), f"{len(other)} of {len(cited)} files"
            message = f"The record of {run} was made from other bytes than those here, in {effect}: {shown}."
            yield Finding(run, "error", "mismatch", message, ", ".join(cited[file][:12] for file in other[:SHOWN]), "", effect, refs)


@rule(
    "integrity.tables",
    "Tables that are not what their records give",
    proves="Building the table again from its records gives other cells, or its LaTeX or CSV holds something else than its data.",
    cannot="Whether the table's specification takes the right field of the record.",
)
def tables(campaign: Campaign) -> Iterator[Finding]:
    for name, table in campaign.tables.items():
        path = Path("params/tables", f"{name}.yaml")
        if not path.exists():
            yield Finding(name, "error", "not verifiable", f"There is no specification {path} that the table could be made from.")
            continue
        spec = load_spec(path).restricted_to(campaign.runs, campaign.parameters.source) or load_spec(path)
        try:
            built = build_again(campaign, spec, parameter_names(spec, campaign.used_prices))
        except UserError as error:
            yield Finding(
                name, "error", "not verifiable", f"The table cannot be made again from its records: {error}", "", str(error.found)
            )
            continue
        yield from differences_of(campaign, name, table, spec, built)


def build_again(campaign: Campaign, spec: TableSpec, names: Scope) -> dict[str, Built]:
    """The table in every language, from the campaign's records and ``names``; :class:`UserError` where it cannot be made."""
    return {language: build_table(spec, campaign.records, names, language) for language in LANGUAGES}


def differences_of(
    campaign: Campaign, name: str, table: Mapping[str, Any], spec: TableSpec, built: Mapping[str, Built]
) -> Iterator[Finding]:
    """What a table's files hold and ``built`` does not; where the data differs, so does the text, which is then not told again."""
    again = json.loads(json.dumps(as_json(spec, campaign.name, built)))
    yield from list(table_findings(name, table, again)) or text_findings(campaign, name, spec, built)


def table_findings(name: str, table: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[Finding]:
    """Cells that are not what the records give."""
    cells, expected = cells_of(table), cells_of(again)
    differing = [key for key in dict.fromkeys([*cells, *expected]) if cells.get(key) != expected.get(key)]
    if differing:
        stated, found = ([_printed(side.get(key)) for key in differing[:SHOWN]] for side in (cells, expected))
        names = tuple(f"{name} {column}.{row}" for row, column in differing)
        message = f"{len(differing)} cells of the table do not hold what its records give: {', '.join(names[:SHOWN])}."
        yield Finding(name, "error", "mismatch", message, "; ".join(stated), "; ".join(found), f"{len(differing)} cells", cells=names)


def _printed(cell: Mapping[str, Any] | None) -> str:
    return "no cell" if cell is None else str(cell["printed"]["en"])


def text_findings(campaign: Campaign, name: str, spec: TableSpec, built: Mapping[str, Built]) -> Iterator[Finding]:
    """LaTeX and CSV that say something else than the data; the LaTeX may be in either language."""
    tex = {latex_table(spec, built[language].caption, built[language].rows, language) for language in LANGUAGES}
    csv = {as_csv(spec, built[language].rows) for language in LANGUAGES}
    for kind, expected in (("tex", tex), ("csv", csv)):
        path = Path("reports", campaign.name, "tables", f"{name}.{kind}")
        if not path.exists() or decode_text(read_bytes(path), path) not in expected:
            found = "other text" if path.exists() else "no file"
            message = f"{path} is not what the table's records give."
            yield Finding(
                f"{name}.{kind}", "error", "mismatch", message, found, "the text made from the records", cells=(f"{name} {kind}",)
            )
