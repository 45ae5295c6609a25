"""Rules on what a metric is: the normaliser behind scores, losses that are no plain cross-entropy, and losses that do not compare."""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from stages.audit.artifacts import Outputs
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding, Severity
from stages.audit.rules import rule
from stages.normalise import NORMALISERS
from stages.record import Record
from stages.score import METRICS, TOLERANCE
from stages.traced import Ref

PROBE = 60
"""Scores on which the normalisers that nobody states are tried first: only the one that gives most of them is tried on all."""
MARGIN = 0.005
"""Share by which bits per character must differ before they order two runs. With another vocabulary, as many windows hold a few per cent
more or less of a text; where that rest is a fifth easier or harder than the text before it, the mean moves by half a per cent."""

# --- normaliser ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Score:
    """A stored score of one output."""

    kind: str
    """Task, metric and system."""
    metric: str
    output: str
    reference: str
    stored: float

    def under(self, normalise: Callable[[str], str]) -> float:
        return METRICS[self.metric](self.output, self.reference, normalise)


@rule(
    "metrics.normaliser",
    "Scores under another normaliser than the text describes",
    proves="The normaliser that the text describes does not give the stored scores of the outputs, and another one does.",
    cannot="Only the normalisers that are known here are tried; a score may be right under one and still be of the wrong text.",
)
def normaliser(campaign: Campaign) -> Iterator[Finding]:
    evaluations: dict[str, list[Outputs]] = defaultdict(list)
    for each in campaign.outputs:
        evaluations[each.run].append(each)
    for run, outputs in evaluations.items():
        stated = campaign.claims.normaliser or outputs[0].evaluation.normaliser
        if stated in NORMALISERS and (scores := _stored(outputs)):
            yield from _normaliser_findings(campaign, run, outputs, stated, scores)


def _stored(outputs: Sequence[Outputs]) -> list[_Score]:
    """Every stored score of a metric that can be computed here."""
    found = []
    for each in outputs:
        for content in (row.content for row in each.rows):
            for system, values in _mapping(content.get("metrics")).items():
                texts = str(content.get(f"{system}_output", "")), str(content.get("reference", ""))
                for metric, value in _mapping(values).items():
                    if metric in METRICS and isinstance(value, int | float):
                        found.append(_Score(f"{content.get('task')} {metric} {system}", metric, *texts, value))
    return found


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _under(scores: Sequence[_Score], name: str) -> list[float]:
    return [score.under(NORMALISERS[name]) for score in scores]


def _reproduced(scores: Sequence[_Score], given: Sequence[float]) -> int:
    return sum(abs(score.stored - value) <= TOLERANCE for score, value in zip(scores, given, strict=True))


def _normaliser_findings(
    campaign: Campaign, run: str, outputs: Sequence[Outputs], stated: str, scores: Sequence[_Score]
) -> Iterator[Finding]:
    given = _under(scores, stated)
    counts, probe = {stated: _reproduced(scores, given)}, scores[:: max(1, len(scores) // PROBE)]
    likely = max((name for name in NORMALISERS if name != stated), key=lambda name: _reproduced(probe, _under(probe, name)))
    if counts[stated] < len(scores):
        counts[likely] = _reproduced(scores, _under(scores, likely))
    best = max(counts, key=lambda name: (counts[name], name == stated))
    refs, cells = tuple(each.ref for each in outputs), _score_cells(campaign, run)
    if counts[stated] == len(scores):
        message = f"All {len(scores):,} stored scores are those that the normaliser {stated} gives."
        yield Finding(run, "note", "confirmed", message, stated, stated, evidence=refs, cells=cells)
    elif best != stated:
        where = campaign.claims.normaliser_where if campaign.claims.normaliser else ""
        message = (
            f"The normaliser {stated}, as {'the text describes it' if where else 'the parameters say'}, gives {counts[stated]:,} of the "
            f"{len(scores):,} stored scores; {best} gives {counts[best]:,}. The scores were made under that one."
        )
        claims = (where,) if where else ()
        effect = f"means under {stated}: {_changes(scores, given)}"
        yield Finding(run, "error", "mismatch", message, stated, best, effect, refs, claims, cells)


def _score_cells(campaign: Campaign, run: str) -> tuple[str, ...]:
    """Cells that print scores of an evaluation; how many outputs there are does not depend on a normaliser."""
    fields = ((cell, place.get("field", "")) for cell, place in campaign.lineage if place.get("record") == run)
    return tuple(sorted({cell for cell, field in fields if field.startswith("results.extrinsic.") and ".metrics." in field}))


def _changes(scores: Sequence[_Score], given: Sequence[float]) -> str:
    """Mean of each kind of score as stored and as given."""
    kinds: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for score, value in zip(scores, given, strict=True):
        kinds[score.kind].append((score.stored, value))
    means = {kind: (fmean(pair[0] for pair in pairs), fmean(pair[1] for pair in pairs)) for kind, pairs in kinds.items()}
    return ", ".join(f"{kind} {value:.4f} instead of {stored:.4f}" for kind, (stored, value) in means.items())


# --- losses -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Loss:
    """A cell that prints a loss or perplexity of a run."""

    table: str
    row: str
    column: str
    run: str
    result: str
    """Which of the run's results: ``validation``, ``windowed``."""
    quantity: str
    value: float


_Row = tuple[_Loss, float]  # a printed loss and its bits per character
_Two = tuple[_Row, _Row]

_LOSS = re.compile(r"results\.(.+)\.(loss_nats|perplexity)")


def _printed_losses(campaign: Campaign) -> Iterator[_Loss]:
    """Every printed loss and perplexity of a run that has a record."""
    for name, table in campaign.tables.items():
        for row in table["rows"]:
            for column, part in ((column, part) for column, cell in row["cells"].items() for part in cell["parts"]):
                fields = dict.fromkeys((place.get("record", ""), place.get("field", "")) for place in part["lineage"])
                for run, match in ((run, _LOSS.fullmatch(field)) for run, field in fields if run in campaign.records):
                    if match and isinstance(part["value"], int | float):
                        yield _Loss(name, row["id"], column, run, match[1], match[2], part["value"])


@rule(
    "metrics.smoothed_loss",
    "Perplexities of a loss that is no plain cross-entropy",
    proves="The validation loss holds label smoothing, so that its exponential is no perplexity; the true one is at most the one given.",
    cannot="The bound is rigorous but wide: the cross-entropy itself needs the model. Terms that no log or parameter names are not seen.",
)
def smoothed_loss(campaign: Campaign) -> Iterator[Finding]:
    printed: dict[str, list[_Loss]] = defaultdict(list)
    for each in _printed_losses(campaign):
        if each.result == "validation":
            printed[each.run].append(each)
    for run, cells in printed.items():
        record = campaign.records[run]
        if (training := record.configuration.training) and not (record.results.validation and record.results.validation.plain):
            if training.label_smoothing > 0:
                yield from _smoothed(campaign, record, cells)
            elif told := _untold(record):
                refs = campaign.refs(run, "results.validation.loss_nats")
                message = f"Whether the validation loss is plain cross-entropy is not known. {told}"
                yield Finding(run, "note", "not verifiable", message, evidence=refs)


def _untold(record: Record) -> str:
    """What is not known of the terms of a run's loss; empty where all is."""
    training = record.configuration.training
    assert training
    notes = {name: record.notes.get(f"training.{name}", "") for name in ("label_smoothing", "tail_penalty")}
    told = [f"Label smoothing of 0: {notes['label_smoothing']}."] if notes["label_smoothing"] else []
    if training.tail_penalty is None or training.tail_penalty > 0:
        told.append(
            f"Penalty on the last ids of {'unknown' if training.tail_penalty is None else f'{training.tail_penalty:g}'} weight"
            f"{': ' + notes['tail_penalty'] if notes['tail_penalty'] else ''}."
        )
    return " ".join(told)


def _smoothed(campaign: Campaign, record: Record, cells: Sequence[_Loss]) -> Iterator[Finding]:
    """The bound: loss = (1 - e) cross-entropy + e mean over the vocabulary of -ln p, and that mean is at least ln V."""
    loss, tokenizer, training = record.results.validation, record.configuration.tokenizer, record.configuration.training
    assert loss and training
    smoothing, perplexity = training.label_smoothing, math.exp(loss.loss_nats)
    message = f"The loss of {record.identity.title} holds label smoothing of {smoothing:g}; its exponential is no perplexity."
    recomputed = ""
    if tokenizer and tokenizer.vocabulary and smoothing < 1:
        bound = (loss.loss_nats - smoothing * math.log(tokenizer.vocabulary)) / (1 - smoothing)
        message += (
            f" With {tokenizer.vocabulary:,} pieces, the cross-entropy is at most {bound:.3f} nats and the perplexity at most "
            f"{math.exp(bound):.1f}; beside runs without smoothing this one looks worse than it is."
        )
        recomputed = f"at most {bound:.3f} nats, perplexity {math.exp(bound):.1f}"
    stated = f"{loss.loss_nats:.4f} nats, perplexity {perplexity:.2f}"
    names = tuple(sorted({f"{each.table} {each.column}.{each.row}" for each in cells}))
    refs = campaign.refs(record.identity.run, "results.validation.loss_nats")
    refs += campaign.refs(record.identity.run, "configuration.training.label_smoothing")
    severity: Severity = "error" if any(each.quantity == "perplexity" for each in cells) else "warning"
    yield Finding(record.identity.run, severity, "protocol fault", message, stated, recomputed, "", refs, cells=names)


@rule(
    "metrics.bits_per_character",
    "Losses compared across vocabularies",
    proves="Two runs of a table stand in one order by loss or perplexity per token, and bits per character, which do not depend on how the "
    "text is cut into tokens, do not bear it out: they are the same to half a per cent, or the other way round.",
    cannot="Where a log does not give the characters of the evaluated text, the order by bits per character is not known.",
)
def bits_per_character(campaign: Campaign) -> Iterator[Finding]:
    compared: dict[tuple[str, str], dict[str, _Loss]] = defaultdict(dict)
    for each in _printed_losses(campaign):
        if _vocabulary(campaign.records[each.run]):
            compared[each.table, each.result].setdefault(each.row, each)
    for (table, result), rows in compared.items():
        if campaign.compares_on_one_text([each.run for each in rows.values()]):
            continue
        if len({_vocabulary(campaign.records[each.run]) for each in rows.values()}) > 1:
            yield from _compared(campaign, table, result, list(rows.values()))


def _vocabulary(record: Record) -> tuple[str, int] | None:
    """Tokenizer and size of its vocabulary; none where the size is not known."""
    tokenizer = record.configuration.tokenizer
    return (tokenizer.name, tokenizer.vocabulary) if tokenizer and tokenizer.vocabulary else None


def _bits(campaign: Campaign, loss: _Loss) -> float | None:
    value = campaign.records[loss.run].values.get(f"results.{loss.result}.bits_per_character")
    return value if isinstance(value, int | float) else None


def _compared(campaign: Campaign, table: str, result: str, rows: Sequence[_Loss]) -> Iterator[Finding]:
    known = [(each, value) for each in rows if (value := _bits(campaign, each)) is not None]
    vocabulary = {each.row: _vocabulary(campaign.records[each.run]) for each in rows}
    pairs = [(first, second) for first, second in combinations(known, 2) if vocabulary[first[0].row] != vocabulary[second[0].row]]
    level, turned = [pair for pair in pairs if _level(*pair)], [pair for pair in pairs if _turned(*pair)]
    refs = tuple(ref for each in rows for ref in campaign.refs(each.run, f"results.{result}.{each.quantity}"))
    if level or turned:
        yield _unsupported(table, known, level, turned, refs)
    unknown = [each.row for each in rows if each not in (loss for loss, _ in known)]
    if unknown:
        message = (
            f"{table} sets losses per token of different vocabularies side by side; without the characters of the evaluated text of "
            f"{', '.join(unknown)} they cannot be made comparable."
        )
        yield Finding(f"{table}, not known", "note", "not verifiable", message, effect=f"{len(unknown)} rows", evidence=refs)


def _apart(first: float, second: float) -> bool:
    return abs(first - second) > MARGIN * max(abs(first), abs(second))


def _level(first: _Row, second: _Row) -> bool:
    """Whether the table tells two rows apart and bits per character do not."""
    nats = [math.log(loss.value) if loss.quantity == "perplexity" else loss.value for loss, _ in (first, second)]
    return _apart(*nats) and not _apart(first[1], second[1])


def _turned(first: _Row, second: _Row) -> bool:
    """Whether bits per character put two rows clearly in the other order."""
    return (first[0].value - second[0].value) * (first[1] - second[1]) < 0 and _apart(first[1], second[1])


def _unsupported(table: str, known: Sequence[_Row], level: Sequence[_Two], turned: Sequence[_Two], refs: tuple[Ref, ...]) -> Finding:
    quantity = "perplexity" if known[0][0].quantity == "perplexity" else "loss"
    stated, recomputed = (
        " < ".join(f"{row} {numbers[row]:{form}}" for row in sorted(numbers, key=lambda row: numbers[row]))
        for numbers, form in (({each.row: each.value for each, _ in known}, ".2f"), ({each.row: value for each, value in known}, ".3f"))
    )
    message = f"{table} compares the {quantity} per token of runs with different vocabularies."
    if level:
        message += (
            f" Bits per character, which the vocabulary does not change, do not tell {_names(level, 'from')}: they differ by at most "
            f"{MARGIN:.1%}, as much as not quite the same text may make. That order by {quantity} is not borne out."
        )
    if turned:
        message += f" By bits per character, the order of {_names(turned, 'and')} is the other way round."
    effect = "; ".join(
        f"{first.row} to {second.row} {second.value / first.value - 1:+.1%} by {quantity}, {b2 / b1 - 1:+.1%} by bits per character"
        for (first, b1), (second, b2) in (*level, *turned)
    )
    given = f"bits per character: {recomputed}"
    return Finding(table, "warning", "protocol fault", message, f"{quantity}: {stated}", given, effect, refs)


def _names(pairs: Sequence[_Two], between: str) -> str:
    return ", ".join(f"{first.row} {between} {second.row}" for (first, _), (second, _) in pairs)
