"""The samples behind a guardrails table under every tokenizer of the campaign, each output without the prompt that it may begin with.

A row is a run's samples as its report counted them. Where the report is not by the tokenizer that the run trained with, the reports
that are, of a model of the run's name, are rows too. What needs a tokenizer that is not in the evidence is null.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from stages.audit.artifacts import GuardrailReport, SampleSet, TokenizerModel, read_guardrails, read_sample_sets
from stages.audit.campaign import find_file
from stages.audit.reencode import Limits, begins_with_prompt, continuation, limits_of, measure, own_tokenizer, set_of
from stages.errors import UserError, report_errors
from stages.files import to_json, write_atomic
from stages.record import Record, load_record, trace
from stages.registry import Evidence

MEASURES = ("tokens", "fallback", "short", "passes")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.guardrail_cross", description="Samples of runs under every tokenizer.")
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--records", type=Path, nargs="+", required=True, help="record.json of every run to compare")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read verified samples, reports and tokenizers; write the cross table."""
    evidence = Evidence(arguments.campaign)
    records = [load_record(path) for path in arguments.records]
    analysis = cross_table(evidence, [record for record in records if record.results.guardrails])
    write_atomic(arguments.output, to_json(analysis))
    print(f"{len(analysis['rows'])} sets of samples under {len(analysis['tokenizers'])} tokenizers")


def cross_table(evidence: Evidence, records: Sequence[Record]) -> dict[str, Any]:
    """The analysis of the runs that ``records`` are of."""
    files = evidence.registry.files
    documents = {file: evidence.json(file) for file in files if file.endswith(".json")}
    tokenizers = {file: TokenizerModel.parse(file, evidence.read(file)) for file in files if file.endswith(".model")}
    sets, reports = read_sample_sets(documents), {report.file: report for report in read_guardrails(documents)}
    rows: dict[str, Any] = {}
    sources = set(tokenizers)
    for record in records:
        for name, report in _reports_of(record, reports, tokenizers):
            samples = set_of(report, sets)
            if samples is None:
                raise UserError(report.file, "$.per_sample", "texts of other lengths", "a set of samples that it is on")
            named = find_file(tokenizers, report.tokenizer)
            rows[name] = _row(report, samples, named, tokenizers)
            sources |= {report.file, samples.file}
    return {
        "schema_version": 1,
        "campaign": evidence.registry.campaign,
        "tokenizers": {file: _described(model) for file, model in tokenizers.items()},
        "sources": [{"file": file, "sha256": evidence.sha256(file)} for file in sorted(sources)],
        "rows": rows,
    }


def _described(model: TokenizerModel) -> dict[str, Any]:
    return {"kind": model.kind, "vocabulary": len(model.pieces), "byte_pieces": model.byte_pieces}


def _reports_of(
    record: Record, reports: Mapping[str, GuardrailReport], tokenizers: Mapping[str, TokenizerModel]
) -> Iterator[tuple[str, GuardrailReport]]:
    """The report of a run's record, and those by the run's own tokenizer where that one is not; with names for the rows."""
    name = record.identity.run
    file = trace(record, "results.guardrails.tokens").refs[0].file
    if file not in reports:
        raise UserError(file, "", "no guardrail report", f"the report of {name}")
    yield name, reports[file]
    own = own_tokenizer(record, tokenizers.values())
    if own is None or find_file(tokenizers, reports[file].tokenizer) == own.file:
        return
    others = [reports[other] for other in sorted(reports) if find_file(tokenizers, reports[other].tokenizer) == own.file]
    for number, report in enumerate((report for report in others if f"_{report.model}".endswith(f"_{name}")), start=1):
        yield f"{name}_own_{number}", report


def _row(report: GuardrailReport, samples: SampleSet, named: str | None, tokenizers: Mapping[str, TokenizerModel]) -> dict[str, Any]:
    """One set under every tokenizer; ``own`` is the one that its report names."""
    limits, texts = limits_of(report), [continuation(sample) for sample in samples.samples]
    cross = {file: _measured(model, texts, limits) for file, model in tokenizers.items()}
    return {
        "samples": samples.file,
        "report": report.file,
        "model": report.model,
        "prompt_included": any(map(begins_with_prompt, samples.samples)),
        "limits": report.document.content["thresholds"],
        "stated": {"short": report.stated("short_alpha_ratio"), "passes": report.document.content.get("passes")},
        "own_tokenizer": named,
        "own": cross[named] if named else dict.fromkeys(MEASURES),
        "cross": cross,
    }


def _measured(model: TokenizerModel, texts: Sequence[str], limits: Limits) -> dict[str, Any]:
    measured = measure(model, texts, limits)
    return {name: getattr(measured, name) for name in MEASURES}


if __name__ == "__main__":
    main()
