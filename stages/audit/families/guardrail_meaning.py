"""Rules on what a guardrail's ratios mean: whether they can be anything but zero, tell text from noise, and compare runs."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

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
    excess,
    label,
    limits_of,
    measure,
    number,
    printed_reports,
    report_refs,
    set_of,
    tokenizer_name,
    tokenizer_of,
    told,
)
from stages.audit.rules import rule

REFERENCE_CHARACTERS = 5_000_000
"""Reference text that is encoded at most, a few seconds of work. Texts differ in kind, so that draws of 40,000 characters give ratios
that stray by 0.02; at this size by 0.002."""
NOISE_TEXTS, NOISE_IDS = 1_000, 200
"""Uniform draws that are encoded, in texts of a sample's length: 200,000 ids, so that their ratio strays by 0.001."""
AS_WELL = 1.1
"""Noise does as well as text if it is over its limits by at most a tenth more: less is no difference to rank single runs by."""
CLEAR = 3.0
"""Times over a limit at which reference text fails clearly. How many short pieces good text has depends on its kind and on the size of
the vocabulary: where nothing is wrong, and noise fails by more, it may have twice what a limit allows, not thrice."""
APART = 2.0
"""Standard errors by which two rows must differ to stand in an order: chance alone gives as much in one of twenty pairs.
Two runs of a thousand tokens each, a tenth of them short, must differ by 0.027."""


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
    proves="Under the guardrail's tokenizer and limits, uniformly drawn tokens are within both limits, or well-formed reference text is "
    "over one and noise does about as well, or text is over it by far: the verdict does not tell good text from bad. Noise is told by "
    "another check where a report measures the distance from uniform draws.",
    cannot="Reference text that passes and noise that fails do not show that the text between them is ranked by quality. Reference text "
    "that is a little over a limit, with noise far over, is not reported.",
)
def metamorphic(campaign: Campaign) -> Iterator[Finding]:
    reference = _reference(campaign)
    for model, reports in _by_tokenizer(campaign).values():
        limits = limits_of(reports[0])
        noise = measure(model, _noise(model), limits)
        text = measure(model, reference, limits) if reference else None
        noise_passes = excess(noise, limits) <= 1 and not all(map(_tells_noise, reports))
        if noise_passes or (text and (excess(text, limits) > CLEAR or _inverted(text, noise, limits))):
            yield _metamorphic_finding(campaign, model, reports, text, noise)


def _tells_noise(report: GuardrailReport) -> bool:
    """Whether the report fails samples that their own model finds hardly more probable than uniform draws, whatever their ratios are."""
    return "min_distance_from_uniform" in report.document.content["thresholds"]


def _inverted(text: Measured, noise: Measured, limits: Limits) -> bool:
    """Whether text fails and noise does about as well or better."""
    return excess(text, limits) > 1 and excess(noise, limits) <= AS_WELL * excess(text, limits)


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
    inverted = text is not None and _inverted(text, noise, limits)
    better = text is not None and inverted and excess(noise, limits) < excess(text, limits)
    message = f"With {label(model)} and limits of {limits.fallback:g} and {limits.short:g}, "
    if text is not None:
        message += f"the campaign's own reference texts have {_ratios(text, limits)}, and "
    message += f"uniformly drawn tokens have {_ratios(noise, limits)}."
    if inverted:
        message += f" Noise does {'better than' if better else 'about as well as'} text: a lower ratio is no sign of better text."
    message += f" Rows: {_rows(printed)}." if printed else ""
    refs = (model.ref, *(ref for report in reports for ref in report_refs(report, "short", "passes")))
    refs += tuple(examples.ref for _, examples in sorted(campaign.examples.items()))[:3] if text else ()
    recomputed = f"text {text.short:.4f}, noise {noise.short:.4f}" if text else f"noise {noise.short:.4f}"
    severity: Severity = "error" if better and printed else "warning"
    return Finding(model.file, severity, "protocol fault", message, f"limit {limits.short:g}", recomputed, "", refs)


def _ratios(measured: Measured, limits: Limits) -> str:
    """Short-piece ratio and verdict of texts taken together; the fallback ratio too where it is over its limit."""
    fallback = f", a fallback ratio of {measured.fallback:.3f}" if measured.fallback > limits.fallback else ""
    return f"a short-piece ratio of {measured.short:.3f}{fallback} and {'pass' if excess(measured, limits) <= 1 else 'fail'}"


@dataclass(frozen=True)
class _Row:
    """A row that a table compares, with its samples."""

    printed: Printed
    samples: SampleSet
    limits: Limits

    @property
    def stated(self) -> Measured:
        report = self.printed.report
        tokens, fallback, short = (number(report.stated(key)) or 0.0 for key in ("total_tokens", "fallback_ratio", "short_alpha_ratio"))
        return Measured(int(tokens), fallback, short, report.document.content.get("passes") is True)


@rule(
    "metrics.ranking",
    "Guardrail verdicts that depend on the tokenizer or on the prompt",
    proves="Encoding what each run itself wrote with one tokenizer for all gives another verdict or order of the runs than the table.",
    cannot="Runs that keep their order under every tokenizer that is here might lose it under one that is not. Rows whose ratios are "
    "within two standard errors have no order, nor have rows over the limit on fallback: bytes are no short pieces.",
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
    cross = {label(model): [measure(model, map(continuation, row.samples.samples), row.limits) for row in rows] for model in models}
    stated = [row.stated for row in rows]
    turned = {row.printed.row: [key for key, each in cross.items() if each[at].passes != stated[at].passes] for at, row in enumerate(rows)}
    reordered = [key for key, each in cross.items() if _other_order(rows, stated, each)]
    if not reordered and not any(turned.values()):
        return
    refs = tuple(ref for row in rows for ref in (row.samples.ref, *report_refs(row.printed.report, "short", "passes")))
    message = _ranking_message(table, rows, turned, reordered, named, len(cross))
    recomputed = "; ".join(f"{key}: {_row_by_row(rows, each)}" for key, each in cross.items())
    effect = "; ".join(f"verdict on {name} turns under {len(keys)} of {len(cross)} tokenizers" for name, keys in turned.items() if keys)
    severity: Severity = "error" if any(len(keys) == len(cross) for keys in turned.values()) else "warning"
    places = (*refs, *(model.ref for model in models))
    yield Finding(table, severity, "protocol fault", message, _row_by_row(rows, stated), recomputed, effect, places)


def _other_order(rows: Sequence[_Row], stated: Sequence[Measured], given: Sequence[Measured]) -> bool:
    """Whether two rows change places by short pieces, clearly apart both times; only those whose fallback is tolerated both times."""
    places = [at for at, row in enumerate(rows) if max(stated[at].fallback, given[at].fallback) <= row.limits.fallback]
    return any(_below(stated[one], stated[two]) and _below(given[two], given[one]) for one, two in permutations(places, 2))


def _below(one: Measured, two: Measured) -> bool:
    """Whether the first ratio of short pieces is lower than the second by more than chance."""
    return two.short - one.short > APART * math.sqrt(_variance(one) + _variance(two))


def _variance(measured: Measured) -> float:
    """Variance of a ratio of short pieces, as of independent tokens; 0 for a ratio that cannot be one."""
    return max(measured.short * (1 - measured.short), 0.0) / max(measured.tokens, 1)


def _row_by_row(rows: Sequence[_Row], values: Sequence[Measured]) -> str:
    return ", ".join(f"{row.printed.row} {told(each, row.limits)}" for row, each in zip(rows, values, strict=True))


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
