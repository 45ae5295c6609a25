"""Completeness rules: what is cited is there, what is quoted was said, what was run is counted."""

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterator

from stages.audit.artifacts import Series
from stages.audit.campaign import Campaign
from stages.audit.claims import Quotation, agreeing_characters
from stages.audit.finding import Finding, Severity
from stages.audit.rules import rule
from stages.traced import Ref

SHOWN = 8
"""Names that one finding spells out."""
_PATH = re.compile(r"[\w.*-]+(?:/[\w.*-]+)+\.(?:csv|json|jsonl|log|model|out|parquet|py|txt|vocab|yaml|yml)\b")
"""A path in a printed cell; names of models and pairs of numbers have slashes, too, but not such an end."""


@rule(
    "identity.cited",
    "Cited files that are not in the evidence",
    proves="The text gives a file as the source of a number or statement, and the evidence has no file under that path.",
    cannot="Whether the file ever existed, and whether a file that is there says what it is cited for.",
)
def cited(campaign: Campaign) -> Iterator[Finding]:
    files = list(campaign.evidence.registry.files)
    for path, wheres in _cited_paths(campaign).items():
        if any(file == path or file.startswith(f"{path.rstrip('/')}/") or fnmatch.fnmatchcase(file, path) for file in files):
            continue
        name = path.rpartition("/")[2]
        moved = [file for file in files if fnmatch.fnmatchcase(file.rpartition("/")[2], name)] if name else []
        cells = tuple(where for where in wheres if where.startswith(tuple(f"{table} " for table in campaign.tables)))
        claims = tuple(where for where in wheres if where not in cells)
        if moved:
            refs = tuple(Ref(file, "", campaign.evidence.registry.files[file].sha256) for file in moved[:SHOWN])
            message = f"{path} is cited; the evidence has it elsewhere: {', '.join(moved[:SHOWN])}."
            yield Finding(path, "note", "mismatch", message, path, moved[0], "", refs, claims, cells)
        else:
            message = f"{path} is cited, and the evidence has no such file: what rests on it cannot be checked."
            yield Finding(path, "warning", "not verifiable", message, path, "no file", "", (), claims, cells)


def _cited_paths(campaign: Campaign) -> dict[str, list[str]]:
    """Where each path is cited: in the text, or in a printed cell."""
    found: dict[str, list[str]] = defaultdict(list)
    for citation in campaign.claims.cited_files:
        found[citation.path].append(citation.where)
    for fact in campaign.printed:
        for path in _PATH.findall(fact["printed"]):
            found[path].append(f"{fact['table']} {fact['column']}.{fact['row']}")
    return found


@rule(
    "identity.quotations",
    "Quotations that are not the beginning of the cited output",
    proves="A text quoted as a model's output is not how that output begins in the cited file, letters and digits compared.",
    cannot="Signs, accents and spaces are not compared: a page may have changed them. A change behind the quoted part is not seen.",
)
def quotations(campaign: Campaign) -> Iterator[Finding]:
    by_file: dict[str, list[Quotation]] = defaultdict(list)
    for quotation in campaign.claims.quotations:
        by_file[quotation.file].append(quotation)
    for file, quoted in by_file.items():
        agreed = {quotation.where: _agreed(campaign, quotation) for quotation in quoted}
        other = [quotation for quotation in quoted if agreed[quotation.where] < quotation.characters]
        if other:
            yield _quotation_finding(campaign, file, quoted, other, agreed)


def _agreed(campaign: Campaign, quotation: Quotation) -> int:
    """Letters of the quotation that begin the cited output; -1 where there is no such output."""
    for sample_set in campaign.sample_sets:
        if (sample_set.file, sample_set.model) == (quotation.file, quotation.model) and quotation.number < len(sample_set.samples):
            return agreeing_characters(quotation, sample_set.samples[quotation.number].output)
    return -1


def _quotation_finding(campaign: Campaign, file: str, quoted: list[Quotation], other: list[Quotation], agreed: dict[str, int]) -> Finding:
    elsewhere = {place for quotation in other if (place := _where_whole(campaign, quotation))}
    instead = f" The quoted texts stand in {', '.join(sorted(elsewhere))}." if elsewhere else ""
    shown = "; ".join(f"{q.where}: {max(agreed[q.where], 0)} of {q.characters} letters" for q in other[:SHOWN])
    message = f"{len(other)} of {len(quoted)} texts quoted from {file} are not how its outputs begin ({shown}).{instead}"
    here = file in campaign.evidence.names()
    refs = (Ref(file, "", campaign.evidence.sha256(file)),) if here else ()
    claims = tuple(quotation.where for quotation in other)
    return Finding(file, "warning", "mismatch", message, f"{len(quoted)} quotations", f"{len(other)} differ", "", refs, claims)


def _where_whole(campaign: Campaign, quotation: Quotation) -> str:
    """Another file whose output of that model begins with the whole quotation; empty where there is none."""
    for sample_set in campaign.sample_sets:
        whole = any(agreeing_characters(quotation, sample.output) == quotation.characters for sample in sample_set.samples)
        if whole and sample_set.model == quotation.model:
            return sample_set.file
    return ""


@rule(
    "identity.names",
    "Measurements of two runs that are one file",
    proves="Files whose names claim different runs, settings or stages hold the same measurements, byte for byte: one name is wrong.",
    cannot="Which name is right. Settings may well be equal and are not compared; a copy with one changed byte is not found here.",
)
def names(campaign: Campaign) -> Iterator[Finding]:
    groups: dict[str, list[str]] = defaultdict(list)
    for file in _measurements(campaign):
        groups[campaign.evidence.sha256(file)].append(file)
    counted = {file for record in campaign.records.values() for file in record.files}
    for sha256, files in groups.items():
        if len(files) > 1:
            used = [file for file in files if file in counted or campaign.claims_resting_on([Ref(file, "", sha256)])]
            severity: Severity = "warning" if used else "note"
            message = f"{len(files)} files are one file under different names: {', '.join(files[:SHOWN])}."
            refs = tuple(Ref(file, "", sha256) for file in files)
            yield Finding(files[0], severity, "protocol fault", message, f"{len(files)} names", "one file", "", refs)


def _measurements(campaign: Campaign) -> list[str]:
    """Files that hold what was measured or generated."""
    files = {ref.file for series in campaign.series for ref in series.refs} | {sample_set.file for sample_set in campaign.sample_sets}
    files |= {report.file for report in campaign.guardrails} | {outputs.file for outputs in campaign.outputs}
    files |= {file for file, document in campaign.documents.items() if isinstance(document.content, dict) and "results" in document.content}
    return sorted(files)


@rule(
    "identity.uncounted",
    "Training runs that no table counts",
    proves="The evidence holds histories of trainings that no record uses: the reported hours and costs are not all that was spent.",
    cannot="Runs that left no file are not seen. A re-started run may appear as two.",
)
def uncounted(campaign: Campaign) -> Iterator[Finding]:
    used = {file for record in campaign.records.values() for file in record.files}
    known = [series for series in campaign.series if series.file in used or any(ref.file in used for ref in series.refs)]
    groups: list[list[Series]] = []
    for series in campaign.series:
        if series in known or any(_same_training(series, other) for other in known):
            continue
        group = next((group for group in groups if any(_same_training(series, other) for other in group)), None)
        groups.append([series]) if group is None else group.append(series)
    if groups:
        yield _uncounted_finding(campaign, groups)
    yield from _unused_results(campaign, used)


def _same_training(first: Series, second: Series) -> bool:
    """Whether two histories begin with the same first epoch's loss, to its last digit: copies, or a run and its longer version."""
    losses = [series.epochs[0].get("val_loss", series.epochs[0].get("loss")) for series in (first, second)]
    return losses[0] == losses[1]


def _uncounted_finding(campaign: Campaign, groups: list[list[Series]]) -> Finding:
    longest = [max(group, key=_seconds) for group in groups]
    timed = [series for series in longest if _seconds(series)]
    hours = sum(map(_seconds, timed)) / 3600
    usd = sum(_seconds(series) / 3600 * price for series in timed if (price := _price_near(campaign, series.file)))
    logged = {series.file: f"{_seconds(series) / 3600:.2f} h" for series in timed}
    listed = "; ".join(f"{series.file} ({logged.get(series.file, 'no time logged')})" for series in longest)
    message = (
        f"{len(groups)} trainings in the evidence are in no table: {listed}. Together {hours:.2f} hours, about {usd:.2f} USD at the"
        " prices of the runs nearest to them."
    )
    refs = tuple(_time_ref(series) for series in longest)
    effect = f"{hours:.2f} h, {usd:.2f} USD"
    cells = _totals(campaign, {run for series in timed if (run := _run_near(campaign, series.file))})
    return Finding("trainings", "warning", "protocol fault", message, "0 h", f"{hours:.2f} h", effect, refs, cells=cells)


def _totals(campaign: Campaign, near: set[str]) -> tuple[str, ...]:
    """Cells that sum the time of several runs, one of those near to the trainings among them."""
    runs: dict[str, set[str]] = defaultdict(set)
    for cell, place in campaign.lineage:
        if place.get("field", "").startswith("time."):
            runs[cell].add(place["record"])
    return tuple(sorted(cell for cell, timed in runs.items() if len(timed) > 1 and timed & near))


def _seconds(series: Series) -> float:
    """Time that a history logs: its total, or the sum of its epochs; 0 where it logs none."""
    return max(series.total_seconds or 0.0, sum(series.column("epoch_time_sec")))


def _time_ref(series: Series) -> Ref:
    """Place of that time: the total, or the last of the epochs."""
    last = series.refs[-1]
    return Ref(series.file, "$.total_time_sec", last.sha256) if series.total_seconds else last


def _run_near(campaign: Campaign, file: str) -> str | None:
    """The first run that has a record and a file in the same folder, or in the first one above it where any run has."""
    folder = file
    while folder := folder.rpartition("/")[0]:
        for run in campaign.records:
            evidence = campaign.runs[run].evidence
            if evidence and any(name.startswith(f"{folder}/") for name in evidence.files.values()):
                return run
    return None


def _price_near(campaign: Campaign, file: str) -> float | None:
    """Price of the device of the nearest run; none where there is no such run or price."""
    run = _run_near(campaign, file)
    price = campaign.prices.get(campaign.records[run].environment.device or "") if run else None
    return price.usd_per_hour if price else None


def _unused_results(campaign: Campaign, used: set[str]) -> Iterator[Finding]:
    """Evaluation results and reports that no record uses."""
    results = [
        document
        for file, document in campaign.documents.items()
        if file not in used
        and isinstance(document.content, dict)
        and ({"perplexity", "loss"} == document.content.keys() - {"accuracy"} or "evaluations" in document.content)
    ]
    reports = [report.document for report in campaign.guardrails if report.file not in used]
    if results or reports:
        listed = [document.file for document in [*results, *reports]]
        shown = ", ".join(listed[:SHOWN])
        message = (
            f"{len(results)} evaluation results and {len(reports)} guardrail reports in the evidence are in no table, among them {shown}."
        )
        refs = tuple(document.ref("$") for document in [*results, *reports][:SHOWN])
        yield Finding("results", "note", "protocol fault", message, "", f"{len(listed)} files", "", refs, cells=())
