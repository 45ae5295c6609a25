"""Rule on guardrail reports: are the counted token shapes those of the samples, and do ratios, violations and verdict follow from them?"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.audit.artifacts import GuardrailReport, SampleSet, TokenizerModel
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.reencode import (
    Measured,
    label,
    limits_of,
    measure,
    number,
    per_sample,
    printed_reports,
    report_refs,
    set_of,
    tokenizer_of,
)
from stages.audit.rules import rule

TOLERANCE = 1e-9
"""Largest difference between a stated ratio and the quotient of its counts, or between a violation's figures and those it is of."""
LISTED = 4
"""Differences that a message tells one by one."""

_COUNTS = {
    "tokens": ("total_tokens", "token_count"),
    "fallback": ("fallback_tokens", "fallback_tokens"),
    "short": ("short_alpha_tokens", "short_alpha_tokens"),
    "characters": ("total_chars", "char_count"),
}
"""Names of the counts, in the aggregate and of each sample."""
_RATIOS = {"fallback": "fallback_ratio", "short": "short_alpha_ratio"}


@rule(
    "recompute.guardrails",
    "Guardrail reports against their samples",
    proves="Encoding the samples again with the named tokenizer gives other counts, or the report contradicts its own counts.",
    cannot="A report whose tokenizer or samples are not here can be held against its own counts only.",
)
def guardrails(campaign: Campaign) -> Iterator[Finding]:
    printed = {each.report.file for each in printed_reports(campaign)}
    right = []
    for report in campaign.guardrails:
        if contradictions := list(_contradictions(report)):
            yield _contradicting(report, contradictions)
        each, named = set_of(report, campaign.sample_sets), tokenizer_of(report, campaign)
        if each is None or (named is None and not _fitting(report, each, campaign)):
            yield _unverifiable(report, each, report.file in printed)
        elif named is None or _differences(report, each, named):
            yield _differing(campaign, report, each, named)
        else:
            right.append(report)
    if right:
        message = f"{len(right)} reports re-encoded with the tokenizer that they name: every count of every sample is as stated."
        refs = tuple(ref for report in right[:10] for ref in report_refs(report, "short"))
        yield Finding("reports", "note", "confirmed", message, effect=f"{len(right)} of {len(campaign.guardrails)} reports", evidence=refs)


def _parts(report: GuardrailReport) -> list[tuple[str, Mapping[str, Any], dict[str, float | None]]]:
    """The aggregate and each sample: what it is, its entry, and the counts that it states."""
    entries = [("all samples", report.document.content["aggregate"])]
    entries += [(f"sample {index + 1}", row) for index, row in enumerate(per_sample(report))]
    return [
        (name, entry, {count: number(entry.get(keys[place > 0])) for count, keys in _COUNTS.items()})
        for place, (name, entry) in enumerate(entries)
    ]


def _differences(report: GuardrailReport, each: SampleSet, model: TokenizerModel) -> list[str]:
    """What a report states of its samples and ``model`` does not give."""
    stated = _parts(report)[1:]
    if len(stated) != len(each.samples):
        return [f"{len(each.samples)} samples, not {len(stated)}"]
    found = []
    for (name, _, counts), sample in zip(stated, each.samples, strict=True):
        given = {**model.shapes(sample.output), "characters": len(sample.output)}
        found += [f"{name}: {given.get(count, 0)} {count}, not {value}" for count, value in counts.items() if given.get(count, 0) != value]
    return found


def _fitting(report: GuardrailReport, each: SampleSet, campaign: Campaign) -> list[TokenizerModel]:
    """Tokenizers that give every count of the report."""
    return [model for model in campaign.tokenizers.values() if not _differences(report, each, model)]


def _listed(items: Sequence[str]) -> str:
    rest = f"; and {len(items) - LISTED} more" if len(items) > LISTED else ""
    return "; ".join(items[:LISTED]) + rest


def _summary(report: GuardrailReport) -> str:
    """What a report states, as :class:`Measured` prints it."""
    _, entry, counts = _parts(report)[0]
    tokens, fallback, short = counts["tokens"], *(number(entry.get(key)) for key in _RATIOS.values())
    if tokens is None or fallback is None or short is None:
        return "an incomplete report"
    return str(Measured(int(tokens), fallback, short, report.document.content.get("passes") is True))


def _unverifiable(report: GuardrailReport, each: SampleSet | None, printed: bool) -> Finding:
    if each is None:
        message = "The report cannot be recomputed: no set of samples here has texts of these lengths."
    else:
        message = f"The report cannot be recomputed: its tokenizer {report.tokenizer} is not here, and none that is gives its counts."
    refs = (*report_refs(report), *((each.ref,) if each else ()))
    return Finding(report.file, "warning" if printed else "note", "not verifiable", message, _summary(report), evidence=refs)


def _differing(campaign: Campaign, report: GuardrailReport, each: SampleSet, named: TokenizerModel | None) -> Finding:
    others = _fitting(report, each, campaign)
    models = [named] if named else others
    differences = _differences(report, each, models[0])
    if others:
        message = f"The report names the tokenizer {report.tokenizer}, but its counts are those of {' and of '.join(map(label, others))}."
    else:
        message = f"Encoding the samples ({each.name}) again gives other counts: {_listed(differences)}."
    recomputed = f"{measure(models[0], [sample.output for sample in each.samples], limits_of(report))} ({label(models[0])})"
    refs = dict.fromkeys((*report_refs(report), each.ref, *(model.ref for model in (*models, *others))))
    return Finding(
        report.file,
        "error",
        "mismatch",
        message,
        _summary(report),
        recomputed,
        f"counts that differ: {len(differences)}",
        evidence=tuple(refs),
    )


def _contradictions(report: GuardrailReport) -> Iterator[str]:
    """What of a report does not follow from the rest of it."""
    parts = _parts(report)
    (_, whole, totals), *samples = parts
    if "samples_count" in whole and whole["samples_count"] != len(samples):
        yield f"{whole['samples_count']} samples stated, {len(samples)} listed"
    for count, value in totals.items():
        total = sum(counts[count] or 0 for _, _, counts in samples)
        if value is not None and value != total:
            yield f"{value:g} {count} in all, but the samples' add up to {total:g}"
    for name, entry, counts in parts:
        for count, key in _RATIOS.items():
            stated, of, all_tokens = number(entry.get(key)), counts[count], counts["tokens"]
            if stated is not None and of is not None and all_tokens and abs(stated - of / all_tokens) > TOLERANCE:
                yield f"{key} of {name} is {stated:.5f}, but {of:g} of {all_tokens:g} tokens is {of / all_tokens:.5f}"
    violations = _violations(report)
    passes = report.document.content.get("passes")
    if isinstance(passes, bool) and passes == bool(violations):
        yield f"it {'passes' if passes else 'fails'}, but by its ratios and limits it {'fails' if passes else 'passes'}"
    yield from _misreported(report.document.content.get("violations"), violations)


@dataclass(frozen=True)
class _Violation:
    """A ratio above its limit, or a distance from uniform draws below it, of all samples or of one."""

    kind: str
    seed: int | float | None
    value: float
    threshold: float

    def __str__(self) -> str:
        of = f" of seed {self.seed}" if self.seed is not None else ""
        return f"{self.kind}{of} at {self.value:.5f} (limit {self.threshold:g})"

    def equals(self, other: "_Violation") -> bool:
        """Whether both say the same, to the last digits of a float."""
        figures = (self.value, other.value), (self.threshold, other.threshold)
        return (self.kind, self.seed) == (other.kind, other.seed) and all(abs(one - two) <= TOLERANCE for one, two in figures)


def _violations(report: GuardrailReport) -> list[_Violation]:
    """Violations by a report's own figures and limits."""
    limits = limits_of(report)
    named = ("fallback_ratio", _RATIOS["fallback"], limits.fallback), ("short_piece_ratio", _RATIOS["short"], limits.short)
    found = []
    for place, (_, entry, _) in enumerate(_parts(report)):
        kind, seed = ("sample", _seed(entry)) if place else ("aggregate", None)
        ratios = [(f"{kind}_{name}", number(entry.get(key)) or 0.0, limit) for name, key, limit in named]
        found += [_Violation(name, seed, value, limit) for name, value, limit in ratios if not value <= limit]
        found += _degenerate(report, entry, seed)
    return found


def _degenerate(report: GuardrailReport, entry: Mapping[str, Any], seed: int | float | None) -> list[_Violation]:
    """A sample that its own model finds hardly more probable than uniform draws, in reports that measure it."""
    thresholds = report.document.content.get("thresholds")
    limit = number(thresholds.get("min_distance_from_uniform")) if isinstance(thresholds, dict) else None
    value = number(entry.get("distance_from_uniform"))
    return [_Violation("degenerate", seed, value, limit)] if value is not None and limit is not None and value < limit else []


def _seed(entry: Mapping[str, Any]) -> int | float | None:
    """Seed of an entry; reports write -1 where none was set."""
    seed = number(entry.get("seed"))
    return None if seed == -1 else seed


def _misreported(stated: Any, violations: Sequence[_Violation]) -> Iterator[str]:
    """Violations that a report lists and its figures do not give, and those that they give and it does not list."""
    if not isinstance(stated, list) or not all(isinstance(entry, dict) for entry in stated):
        return
    missing = list(violations)
    for entry in stated:
        value, threshold = (math.nan if (of := number(entry.get(key))) is None else of for key in ("value", "threshold"))
        told = _Violation(str(entry.get("type")), _seed(entry), value, threshold)
        if match := next((each for each in missing if told.equals(each)), None):
            missing.remove(match)
        else:
            yield f"it lists {told}, which its ratios and limits do not give"
    yield from (f"it does not list {each}" for each in missing)


def _contradicting(report: GuardrailReport, contradictions: Sequence[str]) -> Finding:
    message = f"The report contradicts itself: {_listed(contradictions)}."
    effect = f"contradictions: {len(contradictions)}"
    listed = (report.document.ref("$.violations"),) if "violations" in report.document.content else ()
    refs = (*report_refs(report), *listed)
    return Finding(f"{report.file}, sums", "error", "mismatch", message, _summary(report), effect=effect, evidence=refs)
