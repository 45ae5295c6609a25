"""Rules on what a guardrail's ratios mean: whether they can be anything but zero, tell text from noise, and compare runs."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stages.audit.artifacts import GuardrailReport, SampleSet, TokenizerModel
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding, Severity
from stages.audit.reencode import (
    Limits,
    Measured,
    Printed,
    begins_with_prompt,
    by_table,
    continuation,
    label,
    limits_of,
    measure,
    printed_reports,
    report_refs,
    set_of,
    tokenizer_name,
    tokenizer_of,
    within,
)
from stages.audit.rules import rule

REFERENCE_CHARACTERS = 40_000
"""Reference text that is encoded: some ten thousand tokens, so that its ratio is known to about 0.01."""
NOISE_TEXTS, NOISE_IDS = 50, 200
"""Uniform draws that are encoded: as many tokens, in texts of a sample's length."""


def _by_tokenizer(campaign: Campaign) -> dict[str, tuple[TokenizerModel, list[GuardrailReport]]]:
    """Reports by the tokenizer that they name, those that a table prints first; only tokenizers that are here."""
    printed = {each.report.file for each in printed_reports(campaign)}
    found: dict[str, tuple[TokenizerModel, list[GuardrailReport]]] = {}
    for report in sorted(campaign.guardrails, key=lambda report: (report.file not in printed, report.file)):
        if model := tokenizer_of(report, campaign):
            found.setdefault(model.file, (model, []))[1].append(report)
    return found


def _printed_of(campaign: Campaign, reports: Sequence[GuardrailReport]) -> list[Printed]:
    files = {report.file for report in reports}
    return [each for each in printed_reports(campaign) if each.report.file in files]


def _rows(printed: Sequence[Printed]) -> str:
    """Table rows, for a reader."""
    return "; ".join(f"{table}: {', '.join(each.row for each in rows)}" for table, rows in by_table(printed).items())


@rule(
    "metrics.zero_by_construction",
    "A ratio that can only be zero",
    proves="The tokenizer has no byte pieces, so that its fallback ratio is 0 for every text: the figure says nothing about the samples.",
    cannot="That a ratio can be other than zero does not make it a measure of quality.",
)
def zero_by_construction(campaign: Campaign) -> Iterator[Finding]:
    for model, reports in _by_tokenizer(campaign).values():
        if model.byte_pieces:
            continue
        printed = _printed_of(campaign, reports)
        message = (
            f"{label(model)} has no byte pieces: whatever the text, no token falls back to bytes and the ratio is 0. "
            f"What it cannot write becomes an unknown piece (printed ⁇), which no ratio counts.{_unknown(campaign, printed)}"
        )
        message += f" Rows: {_rows(printed)}." if printed else " No table prints it."
        severity: Severity = "warning" if printed else "note"
        refs = (model.ref, *(ref for report in reports for ref in report_refs(report, "fallback")))
        yield Finding(model.file, severity, "protocol fault", message, "a ratio of 0", "0 for any text", "", refs)


def _unknown(campaign: Campaign, printed: Sequence[Printed]) -> str:
    """Unknown pieces that the samples of the printed rows show."""
    counts = {each.row: _marks(set_of(each.report, campaign.sample_sets)) for each in printed}
    told = ", ".join(f"{count} in {row}" for row, count in counts.items() if count)
    return f" The samples show such marks: {told}." if told else ""


def _marks(each: SampleSet | None) -> int:
    return sum(sample.output.count("⁇") for sample in each.samples) if each else 0


@rule(
    "metrics.metamorphic",
    "A guardrail that reference text fails or noise passes",
    proves="Under the guardrail's tokenizer and limits, well-formed reference text is over a limit, or uniformly drawn tokens are within "
    "both: the verdict does not tell good text from bad.",
    cannot="Reference text that passes and noise that fails do not show that the text between them is ranked by quality.",
)
def metamorphic(campaign: Campaign) -> Iterator[Finding]:
    reference = _reference(campaign)
    for model, reports in _by_tokenizer(campaign).values():
        limits = limits_of(reports[0])
        noise = measure(model, _noise(model), limits)
        text = measure(model, reference, limits) if reference else None
        fails = text is not None and not within(text.fallback, text.short, limits)
        if fails or within(noise.fallback, noise.short, limits):
            yield _metamorphic_finding(campaign, model, reports, text, noise)


def _reference(campaign: Campaign) -> list[str]:
    """Questions and reference answers of the example sets, drawn at random but always the same."""
    rows = [row for file in sorted(campaign.examples) for row in campaign.examples[file].rows]
    texts, characters = [], 0
    for row in random.Random(0).sample(rows, len(rows)):
        if characters >= REFERENCE_CHARACTERS:
            break
        texts.append(f"{row.prompt}\n{row.answer}")
        characters += len(texts[-1])
    return texts


def _noise(model: TokenizerModel) -> list[str]:
    """Texts of ids drawn uniformly from the tokenizer's pieces."""
    import numpy

    draws = numpy.random.default_rng(0).integers(0, len(model.pieces), (NOISE_TEXTS, NOISE_IDS))
    return [model.processor.decode([int(id) for id in ids]) for ids in draws]


def _metamorphic_finding(
    campaign: Campaign, model: TokenizerModel, reports: Sequence[GuardrailReport], text: Measured | None, noise: Measured
) -> Finding:
    limits, printed = limits_of(reports[0]), _printed_of(campaign, reports)
    inverted = text is not None and not within(text.fallback, text.short, limits) and noise.short < text.short
    message = f"With {label(model)} and limits of {limits.fallback:g} and {limits.short:g}, "
    if text is not None:
        message += f"the campaign's own reference texts have a short-piece ratio of {text.short:.3f} and {_verdict(text, limits)}, and "
    message += f"uniformly drawn tokens have {noise.short:.3f} and {_verdict(noise, limits)}."
    if inverted:
        message += " Noise does better than text: a lower ratio is no sign of better text."
    message += f" Rows: {_rows(printed)}." if printed else ""
    refs = (model.ref, *(ref for report in reports for ref in report_refs(report, "short", "passes")))
    refs += tuple(examples.ref for _, examples in sorted(campaign.examples.items()))[:3] if text else ()
    recomputed = f"text {text.short:.4f}, noise {noise.short:.4f}" if text else f"noise {noise.short:.4f}"
    severity: Severity = "error" if inverted and printed else "warning"
    return Finding(model.file, severity, "protocol fault", message, f"limit {limits.short:g}", recomputed, "", refs)


def _verdict(measured: Measured, limits: Limits) -> str:
    return "pass" if within(measured.fallback, measured.short, limits) else "fail"


@dataclass(frozen=True)
class _Row:
    """A row that a table compares, with its samples."""

    printed: Printed
    samples: SampleSet
    limits: Limits

    @property
    def stated(self) -> tuple[float, bool]:
        short = self.printed.report.stated("short_alpha_ratio")
        return (float(short) if isinstance(short, int | float) else 0.0, self.printed.report.document.content.get("passes") is True)


@rule(
    "metrics.ranking",
    "Guardrail verdicts that depend on the tokenizer or on the prompt",
    proves="Encoding what each run itself wrote with one tokenizer for all gives another verdict or order of the runs than the table.",
    cannot="Runs that keep their order under every tokenizer that is here might lose it under one that is not.",
)
def ranking(campaign: Campaign) -> Iterator[Finding]:
    for table, printed in by_table(printed_reports(campaign)).items():
        rows = [_Row(each, found, limits_of(each.report)) for each in printed if (found := set_of(each.report, campaign.sample_sets))]
        named = {tokenizer_name(each.report, campaign) for each in printed}
        # Runs that share a tokenizer are compared under it; only where they do not is any other a fair common one.
        common = [model for model in campaign.tokenizers.values() if len(named) > 1 or model.file in named]
        if len(rows) > 1 and common:
            yield from _ranking_finding(table, rows, common, len(named))


def _ranking_finding(table: str, rows: Sequence[_Row], models: Sequence[TokenizerModel], named: int) -> Iterator[Finding]:
    names = [row.printed.row for row in rows]
    cross = {label(model): [measure(model, map(continuation, row.samples.samples), row.limits) for row in rows] for model in models}
    stated = [row.stated for row in rows]
    orders = {name: sorted(names, key=lambda row: each[names.index(row)].short) for name, each in cross.items()}
    as_stated = sorted(names, key=lambda row: stated[names.index(row)][0])
    turned = {name: [key for key, each in cross.items() if each[at].passes != stated[at][1]] for at, name in enumerate(names)}
    reordered = [name for name, order in orders.items() if order != as_stated]
    if not reordered and not any(turned.values()):
        return
    refs = tuple(ref for row in rows for ref in (row.samples.ref, *report_refs(row.printed.report, "short", "passes")))
    never = [name for name, keys in turned.items() if len(keys) == len(cross)]
    message = _ranking_message(table, rows, turned, reordered, named, len(cross))
    told = [f"{name}: {_told(names, [(each.short, each.passes) for each in cells])}" for name, cells in cross.items()]
    effect = "; ".join(f"verdict on {name} turns under {len(keys)} of {len(cross)} tokenizers" for name, keys in turned.items() if keys)
    severity: Severity = "error" if never else "warning"
    places = (*refs, *(model.ref for model in models))
    yield Finding(table, severity, "protocol fault", message, _told(names, stated), "; ".join(told), effect, places)


def _told(names: Sequence[str], values: Sequence[tuple[float, bool]]) -> str:
    """Short-piece ratio and verdict of each row."""
    told = zip(names, values, strict=True)
    return ", ".join(f"{name} {short:.3f} {'passes' if passes else 'fails'}" for name, (short, passes) in told)


def _ranking_message(
    table: str, rows: Sequence[_Row], turned: Mapping[str, Sequence[str]], reordered: Sequence[str], named: int, count: int
) -> str:
    prompted = [row.printed.row for row in rows if any(map(begins_with_prompt, row.samples.samples))]
    message = f"{table} compares rows encoded with {named} tokenizer{'s' if named > 1 else ''}"
    message += f", the prompt counted for {', '.join(prompted)}." if prompted else "."
    changes = [f"the verdict on {row} turns under {len(keys)} of the {count} that are here" for row, keys in turned.items() if keys]
    if reordered:
        changes.append(f"the order of the rows changes under {', '.join(reordered)}")
    return f"{message} With one tokenizer for all and without prompts, {'; '.join(changes)}."
