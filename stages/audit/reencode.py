"""Samples under any tokenizer: which samples a guardrail report is on, which table prints it, and what each tokenizer makes of them."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.audit.artifacts import GuardrailReport, Sample, SampleSet, TokenizerModel
from stages.audit.campaign import Campaign
from stages.record import Record
from stages.traced import Ref


@dataclass(frozen=True)
class Limits:
    """What a guardrail tolerates."""

    fallback: float
    short: float


@dataclass(frozen=True)
class Measured:
    """Token shapes of some texts under one tokenizer."""

    tokens: int
    fallback: float
    short: float
    passes: bool
    """No limit exceeded, neither by all texts together nor by any one."""

    def __str__(self) -> str:
        return f"{self.tokens:,} tokens, fallback {self.fallback:.4f}, short {self.short:.4f}, {'passes' if self.passes else 'fails'}"


def number(value: Any) -> float | None:
    """``value`` if it is a number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def measure(model: TokenizerModel, texts: Iterable[str], limits: Limits) -> Measured:
    """Shapes of ``texts`` as ``model`` encodes them, and the guardrail's verdict on them."""
    each = [model.shapes(text) for text in texts]
    total = sum(each, Counter[str]())
    return Measured(total["tokens"], *_shares(total), all(within(*_shares(shapes), limits) for shapes in [total, *each]))


def within(fallback: float, short: float, limits: Limits) -> bool:
    """Whether neither ratio is above its limit."""
    return fallback <= limits.fallback and short <= limits.short


def excess(measured: Measured, limits: Limits) -> float:
    """The worse of the two ratios, in units of its limit: above 1, the texts together fail."""
    pairs = (measured.fallback, limits.fallback), (measured.short, limits.short)
    return max(ratio / limit if limit else math.inf if ratio else 0.0 for ratio, limit in pairs)


def told(measured: Measured, limits: Limits) -> str:
    """Short-piece ratio and verdict, with whatever else decides the verdict: too much fallback, or one text alone."""
    why = f" (fallback {measured.fallback:.4f}, limit {limits.fallback:g})" if measured.fallback > limits.fallback else ""
    if not measured.passes and within(measured.fallback, measured.short, limits):
        why = " (a single text over a limit)"
    return f"{measured.short:.4f}{why} {'passes' if measured.passes else 'fails'}"


def _shares(shapes: Mapping[str, int]) -> tuple[float, float]:
    tokens = shapes["tokens"] or 1
    return shapes["fallback"] / tokens, shapes["short"] / tokens


def limits_of(report: GuardrailReport) -> Limits:
    """Thresholds of a report; none where it states none."""
    stated = report.document.content["thresholds"]
    values = [number(stated.get(key)) if isinstance(stated, dict) else None for key in ("max_fallback_ratio", "max_short_piece_ratio")]
    return Limits(*(math.inf if value is None else value for value in values))


def begins_with_prompt(sample: Sample) -> bool:
    """Whether the output repeats its prompt before it continues it."""
    return bool(sample.prompt.strip()) and sample.output.lstrip().startswith(sample.prompt.strip())


def continuation(sample: Sample) -> str:
    """The output without the prompt that it begins with."""
    return sample.output.lstrip()[len(sample.prompt.strip()) :] if begins_with_prompt(sample) else sample.output


def per_sample(report: GuardrailReport) -> list[Mapping[str, Any]]:
    """A report's figures of each sample."""
    rows = report.document.content["per_sample"]
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def sets_of(report: GuardrailReport, sample_sets: Sequence[SampleSet]) -> list[SampleSet]:
    """Sets that a report is on, told by the lengths of their texts: those of which most agree, of the report's model name first."""
    lengths = Counter(number(row.get("char_count")) for row in per_sample(report))
    agreeing = [sum(min(lengths[length], count) for length, count in _lengths(each).items()) for each in sample_sets]
    most = max(agreeing, default=0)
    found = [each for each, count in zip(sample_sets, agreeing, strict=True) if count == most and 2 * count > lengths.total()]
    return sorted(found, key=lambda each: (each.model != report.model, each.file))


def _lengths(each: SampleSet) -> Counter[int]:
    return Counter(len(sample.output) for sample in each.samples)


def set_of(report: GuardrailReport, sample_sets: Sequence[SampleSet]) -> SampleSet | None:
    """The set that a report is most likely on."""
    return next(iter(sets_of(report, sample_sets)), None)


def tokenizer_of(report: GuardrailReport, campaign: Campaign) -> TokenizerModel | None:
    """The tokenizer that a report names, if it is here."""
    return campaign.tokenizers.get(tokenizer_name(report, campaign))


def tokenizer_name(report: GuardrailReport, campaign: Campaign) -> str:
    """File of the tokenizer that a report names, or its path as stated where it is not here."""
    return campaign.find(report.tokenizer) or report.tokenizer.replace("\\", "/")


def own_tokenizer(record: Record, tokenizers: Iterable[TokenizerModel]) -> TokenizerModel | None:
    """The tokenizer that a run trained with, told by kind, number of pieces and byte pieces; none where none or several fit."""
    asked = record.configuration.tokenizer
    if asked is None:
        return None
    fitting = [
        model
        for model in tokenizers
        if (model.kind, len(model.pieces), bool(model.byte_pieces)) == (asked.kind, asked.vocabulary, asked.byte_fallback)
    ]
    return fitting[0] if len(fitting) == 1 else None


@dataclass(frozen=True)
class Printed:
    """A row of a table that prints a guardrail report."""

    table: str
    row: str
    report: GuardrailReport


def printed_reports(campaign: Campaign) -> list[Printed]:
    """Every row of every table that rests on a guardrail report, each once."""
    reports = {report.file: report for report in campaign.guardrails}
    found: dict[tuple[str, str, str], Printed] = {}
    for name, table in campaign.tables.items():
        for row in table["rows"]:
            for place in (place for cell in row["cells"].values() for part in cell["parts"] for place in part["lineage"]):
                if report := reports.get(place["file"]):
                    found.setdefault((name, row["id"], report.file), Printed(name, row["id"], report))
    return list(found.values())


def by_table(printed: Iterable[Printed]) -> dict[str, list[Printed]]:
    """Rows by table."""
    tables: dict[str, list[Printed]] = {}
    for each in printed:
        tables.setdefault(each.table, []).append(each)
    return tables


def label(model: TokenizerModel) -> str:
    """Name of a tokenizer for a reader: kind and size, with its folder, since sizes may coincide."""
    return f"{model.kind} {len(model.pieces):,} ({'/'.join(model.file.split('/')[-2:])})"


def report_refs(report: GuardrailReport, *keys: str) -> tuple[Ref, ...]:
    """Places of a report's printed figures."""
    paths = {"fallback": "$.aggregate.fallback_ratio", "short": "$.aggregate.short_alpha_ratio", "passes": "$.passes"}
    return tuple(report.document.ref(paths[key]) for key in keys or paths)
