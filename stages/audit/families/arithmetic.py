"""Arithmetic that must hold inside a log: counts, sums and rates that it states beside the numbers they follow from."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.objects import SHOWN, Deviation, Nested, effect_of, entries, figure, number, objects, step
from stages.audit.rules import rule
from stages.errors import UserError
from stages.expression import ParameterNode, evaluate_number
from stages.traced import Ref, Traced, compute, join_refs

TOLERANCE = 1e-9
"""Relative. A few operations on 64-bit floats in another order differ by 1e-15; a change that a table could show is above 1e-6."""


class Identity(NamedTuple):
    """A field of a log and what it must be, wherever all the fields that take part are there."""

    field: str
    expected: tuple[str, ...]
    """Expressions of other fields (:mod:`stages.expression`); one must hold, where formats count in more than one way."""
    decimals: int | None = None
    """To which the log rounds the field."""
    limit: bool = False
    """Whether the field may exceed what is expected, but not be less; one that is not positive stands for no limit."""


def _is(field: str, *expected: str, decimals: int | None = None) -> Identity:
    return Identity(field, expected, decimals)


def _limit(field: str, *most: str) -> tuple[Identity, ...]:
    return tuple(Identity(field, (expression,), limit=True) for expression in most)


def _windows(part: str) -> tuple[Identity, ...]:
    """A window each stride, and perhaps one whose target ends the stream; characters with what stands between documents, or without."""
    characters = [f"dataset.{part}_chars", *(f"dataset.{part}_chars + {n} * dataset.{part}_docs" for n in (1, 2))]
    ends = (("", ""), (" - 1", " + 1"))
    stride, length = "train_config.stride", "train_config.tamanho_sequencia"
    counts = [
        f"floor(({n} - {length}{less}) / {stride}){more} if {n} > {length} else 0"
        for n in (f"dataset.{part}_tokens", *characters)
        for less, more in ends
    ]
    return _is(f"model.{part}_windows", *counts), _is(f"model.{part}_windows_est", *counts)


IDENTITIES: tuple[Identity, ...] = (
    # Keras logs
    *(
        identity
        for part in ("train", "val")
        for identity in (
            *_windows(part),
            _is(f"model.{part}_batches", *(f"{f}(model.{part}_windows / train_config.batch_size)" for f in ("ceil", "floor"))),
            _is(f"model.{part}_tokens", f"dataset.{part}_tokens"),
            _is(f"performance.{part}_tokens_total", f"dataset.{part}_tokens"),
            _is(f"dataset.avg_{part}_chars_per_doc", f"dataset.{part}_chars / dataset.{part}_docs"),
            _is(f"dataset.avg_{part}_tokens_per_doc", f"dataset.{part}_tokens / dataset.{part}_docs"),
        )
    ),
    *(_is(f"model.{name}", f"train_config.{name}") for name in ("tamanho_sequencia", "batch_size", "stride")),
    _is("model.sequence_length", "train_config.tamanho_sequencia"),
    _is("model.vocab_size", "train_config.vocab_size_expected"),
    _is("model.tokens_per_epoch_est", "model.train_windows_est * train_config.tamanho_sequencia"),
    _is("performance.elapsed_sec", "timestamps.elapsed_sec"),
    _is("performance.elapsed_per_epoch_sec", "performance.elapsed_sec / train_config.epocas"),
    _is("performance.train_windows_total", "model.train_windows * train_config.epocas"),
    _is("performance.tokens_per_epoch_est", "model.tokens_per_epoch_est"),
    _is("performance.tokens_total_est", "performance.tokens_per_epoch_est * train_config.epocas"),
    _is("performance.windows_per_sec", "performance.train_windows_total / performance.elapsed_sec"),
    _is("performance.tokens_per_sec", "performance.tokens_total_est / performance.elapsed_sec"),
    _is("performance.approx_total_flops_train", "performance.approx_flops_per_token_train * performance.tokens_total_est"),
    _is("performance.approx_total_tflops_train", "performance.approx_total_flops_train / 1e12"),
    # adapter logs
    _is("training.train_tokens_per_epoch", "training.train_samples * data.seq_len"),
    _is("training.tokens_seen", "training.train_tokens_per_epoch * training.trainer_metrics.epoch"),
    _is("training.tokens_per_sec", "training.tokens_seen / timers.duration_sec"),
    _is(
        "training.trainer_metrics.train_samples_per_second",
        "training.train_samples * training.trainer_metrics.epoch / training.trainer_metrics.train_runtime",
        decimals=3,
    ),
    _is("cost.total_cost_usd", "timers.duration_sec / 3600 * cost.cost_usd_per_hour"),
    # trainings that are made here
    *_limit("counts.processed_positions", "counts.predicted_tokens"),
    # evaluations
    _is("adapter.label_tokens", "base.label_tokens"),
    _is("delta.eval_loss", "base.eval_loss - adapter.eval_loss", "adapter.eval_loss - base.eval_loss"),
    _is("delta.perplexity", "base.perplexity - adapter.perplexity", "adapter.perplexity - base.perplexity"),
    _is("delta.perplexity_reduction_ratio", "1 - adapter.perplexity / base.perplexity"),
    _is("accuracy", "round(accuracy * windows) / windows", decimals=7),
    _is("timers.total_sec", "timers.base_sec + timers.sft_sec"),
    _is("cost.total_duration_sec", "sum(each(tasks, 'timers.total_sec'))"),
    _is("total_cost_usd", "total_duration_sec / 3600 * cost_usd_per_hour"),
    _is("aggregate.cost.total_duration_sec_sum", "sum(each(runs, 'cost.total_duration_sec'))"),
    _is("aggregate.cost.total_duration_sec_mean", "mean(each(runs, 'cost.total_duration_sec'))"),
    _is("aggregate.cost.total_cost_usd_sum", "sum(each(runs, 'cost.total_cost_usd'))"),
    _is("aggregate.cost.total_cost_usd_mean", "mean(each(runs, 'cost.total_cost_usd'))"),
    *_limit("dataset_windows", "windows"),
    *_limit("config.max_windows", "largest(each(results, 'windows'))", "largest(each(results, 'dataset_windows'))"),
    # data sets and tokenizers
    *_limit("requested_docs", "kept_docs"),
    *_limit("raw_docs_scanned", "kept_docs"),
    *_limit("requested_samples", "total_samples", "sum(each(splits, ''))"),
    _is("total_samples", "sum(each(splits, ''))"),
    _is("avg_tokens_per_doc", "total_tokens / docs", "tokens / docs"),
    _is("avg_chars_per_doc", "total_chars / docs"),
    _is("tokens_per_char_ratio", "total_tokens / total_chars"),
    _is("tokens_per_char_ratio", "total_tokens / round(total_tokens / tokens_per_char_ratio)"),
    _is("byte_fallback_ratio", "byte_fallback_tokens / total_tokens"),
    _is("short_alpha_ratio", "short_alpha_pieces / total_tokens"),
)
"""Of the formats that training and evaluation scripts write; the others' fields stand beside others and are not met."""


@rule(
    "recompute.identities",
    "Figures of a log that do not follow from its other figures",
    proves="A count, sum, average, rate or cost in a file differs from what the same file's other numbers give.",
    cannot="Numbers that were changed together, so that they still agree, and numbers that nothing else in their file depends on.",
)
def identities(campaign: Campaign) -> Iterator[Finding]:
    right: Counter[str] = Counter()
    for document in campaign.documents.values():
        for nested in objects(document):
            verdicts = [verdict for identity in IDENTITIES if (verdict := _check(identity, nested))]
            right[document.file] += sum(verdict.holds for verdict in verdicts)
            if broken := [verdict for verdict in verdicts if not verdict.holds]:
                yield _finding(nested, broken, len(verdicts))
    if total := right.total():
        message = "Sums, products and rates that logs state beside their terms were computed anew."
        files = sum(count > 0 for count in right.values())
        yield Finding("all logs", "note", "confirmed", message, recomputed=f"{total} figures in {files} files follow from the others")


class _Verdict(NamedTuple):
    identity: Identity
    stated: Traced
    expected: Traced
    formula: str
    holds: bool

    @property
    def deviation(self) -> Deviation:
        return Deviation(self.stated.refs[0], self.stated.value, self.expected.value)

    @property
    def text(self) -> str:
        relation = "less than" if self.identity.limit else "but"
        return f"{self.identity.field} is {figure(self.stated.value)}, {relation} {self.formula} gives {figure(self.expected.value)}"


def _check(identity: Identity, nested: Nested) -> _Verdict | None:
    """What an identity gives on an object; none where a field that takes part is not there."""
    if (here := number(nested.content, identity.field)) is None or (identity.limit and here <= 0):
        return None
    scope: dict[str, Any] = {key: ParameterNode(value, nested.ref(key)) for key, value in nested.content.items()}
    stated = evaluate_number(identity.field, scope, nested.name)
    found = [(value, text) for text in identity.expected if (value := _value(text, scope | _FUNCTIONS, nested.name)) is not None]
    if not found:
        return None
    nearest, formula = min(found, key=lambda pair: abs(pair[0].value - stated.value))
    slack = TOLERANCE * abs(nearest.value) if identity.decimals is None else 0.5001 * 10**-identity.decimals
    over = nearest.value - stated.value
    return _Verdict(identity, stated, nearest, formula, (over if identity.limit else abs(over)) <= slack)


def _value(text: str, scope: Mapping[str, Any], place: str) -> Traced | None:
    try:
        return evaluate_number(text, scope, place)
    except UserError:
        return None


def _finding(nested: Nested, broken: list[_Verdict], checked: int) -> Finding:
    first = max(broken, key=lambda verdict: abs(verdict.stated.value - verdict.expected.value) / (abs(verdict.expected.value) or 1))
    lines = [verdict.text for verdict in broken]
    more = f"; and {len(lines) - 3} more" if len(lines) > 3 else ""
    message = f"{len(broken)} of {checked} figures do not follow from the others: {'; '.join(lines[:3])}{more}.{_common(broken)}"
    refs = join_refs([part for v in broken for part in (v.stated, v.expected)])[:SHOWN]
    sides = figure(first.stated.value), figure(first.expected.value)
    change = effect_of(first.deviation, [verdict.deviation for verdict in broken])
    return Finding(nested.name, "error", "mismatch", message, *sides, change, refs)


def _common(broken: list[_Verdict]) -> str:
    """The one place that every broken figure has to do with, where there are several figures and one such place."""
    shared = set.intersection(*(set(join_refs([v.stated, v.expected])) for v in broken))
    return f" All of them rest on {next(iter(shared)).path}." if len(broken) > 1 and len(shared) == 1 else ""


def _each(node: ParameterNode, key: Traced) -> list[Traced]:
    """Number at a dotted key of each entry of an object or list; an error where one lacks it."""
    ref, below = node.ref, "".join(f".{name}" for name in str(key.value).split(".") if name)
    found = [(step(ref.path, name) + below, number({"": entry}, below)) for name, entry in entries(node.value)]
    if not found or any(value is None for _, value in found):
        raise UserError(ref.file, ref.path, repr(key.value), "a number in every entry")
    return [Traced(value, (Ref(ref.file, path, ref.sha256),)) for path, value in found]


def _whole(function: Callable[[float], int]) -> Callable[[Any], Traced]:
    return lambda value: compute(function, evaluate_number("value", {"value": value}, ""), formula=function.__name__)


def _largest(values: list[Traced]) -> Traced:
    return max(values, key=lambda traced: traced.value)


_ROUND: dict[str, Any] = {"floor": _whole(math.floor), "ceil": _whole(math.ceil), "round": _whole(round)}
_FUNCTIONS: dict[str, Any] = _ROUND | {"each": _each, "largest": _largest}
