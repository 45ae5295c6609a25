"""Rules that compute a campaign's stated values anew: perplexities, running sums of histories, best epochs, prices."""

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from stages.audit.artifacts import Series
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.objects import SHOWN, Deviation, Nested, effect, effect_of, figure, is_number, objects
from stages.audit.rules import rule
from stages.record import Record
from stages.run_files import files_of
from stages.traced import Ref

SAME = 1e-6
"""Relative. A perplexity made of a 32-bit loss differs from ours by less; a change in the digits that tables print by more."""
WORSE = 0.05
"""Relative. Two evaluations of one model may weigh batches differently, but not make the last weights better than the best by more."""
LARGEST_LOSS = 700.0
"""Nats beyond which the exponential leaves 64-bit floats; no loss comes near."""


# --- perplexity ----------------------------------------------------------------------------------------------------------

_LOSSES = ("loss", "avg_loss", "eval_loss", "mean_loss")
_DIFFERENCES = ("delta", "difference", "change")
"""Objects whose values are differences: the exponential of one is no difference of perplexities."""


class _Pair(NamedTuple):
    loss: float
    perplexity: float
    refs: tuple[Ref, ...]

    @property
    def off(self) -> float:
        """Relative difference from the exponential of the loss."""
        return abs(self.perplexity / self.expected - 1)

    @property
    def expected(self) -> float:
        return math.exp(min(max(self.loss, -LARGEST_LOSS), LARGEST_LOSS))

    @property
    def deviation(self) -> Deviation:
        return Deviation(self.refs[1], self.perplexity, self.expected)


@rule(
    "recompute.perplexity",
    "Perplexities that are not the exponential of their loss",
    proves="A loss and the perplexity beside it do not belong together: one of them was changed, rounded, or computed of something else.",
    cannot="Whether the loss is a cross-entropy, so that its exponential is a perplexity at all.",
)
def perplexity(campaign: Campaign) -> Iterator[Finding]:
    by_file: dict[str, list[_Pair]] = defaultdict(list)
    for document in campaign.documents.values():
        for nested in objects(document):
            by_file[document.file] += _pairs(nested)
    for series in campaign.series:
        if series.file.endswith(".csv"):
            by_file[series.file] += [pair for index in range(len(series.epochs)) for pair in _row_pairs(series, index)]
    for file, pairs in by_file.items():
        if off := [pair for pair in pairs if pair.off > SAME]:
            yield _perplexity_finding(file, off, len(pairs))
    if right := sum(pair.off <= SAME for pairs in by_file.values() for pair in pairs):
        message = "Perplexities that stand beside their loss were computed anew."
        yield Finding("all perplexities", "note", "confirmed", message, recomputed=f"{right} are the exponential of their loss")


def _pairs(nested: Nested) -> Iterator[_Pair]:
    if nested.path.endswith(_DIFFERENCES):
        return
    for key, loss in _loss_keys(nested.content):
        yield _Pair(nested.content[loss], nested.content[key], (nested.ref(loss), nested.ref(key)))


def _row_pairs(series: Series, index: int) -> Iterator[_Pair]:
    row = series.epochs[index]
    for key, loss in _loss_keys(row):
        yield _Pair(row[loss], row[key], (series.value_ref(index, loss), series.value_ref(index, key)))


def _loss_keys(content: object) -> Iterator[tuple[str, str]]:
    """Keys of perplexities, each with that of its loss."""
    numbers = {key for key, value in content.items() if is_number(value)} if isinstance(content, dict) else set[str]()
    for key in sorted(numbers):
        prefix = key.removesuffix("perplexity")
        if key != prefix and (loss := next((prefix + name for name in _LOSSES if prefix + name in numbers), None)):
            yield key, loss


def _perplexity_finding(file: str, off: list[_Pair], checked: int) -> Finding:
    worst = max(off, key=lambda pair: pair.off)
    message = (
        f"{len(off)} of {checked} perplexities are not the exponential of the loss beside them; the one farthest off is "
        f"{figure(worst.perplexity)} at a loss of {figure(worst.loss)}, of which the exponential is {figure(worst.expected)}."
    )
    refs = worst.refs + tuple(ref for pair in off if pair is not worst for ref in pair.refs)
    sides = figure(worst.perplexity), figure(worst.expected)
    change = effect_of(worst.deviation, [pair.deviation for pair in off])
    return Finding(file, "error", "mismatch", message, *sides, change, refs[:SHOWN])


# --- order of epochs -----------------------------------------------------------------------------------------------------


@rule(
    "recompute.order",
    "Histories whose epochs or running sums are out of order",
    proves="Epochs are missing, repeated or shifted, or the tokens seen so far are not the sum of the epochs'.",
    cannot="Epochs that were exchanged whole and renumbered, in the only file that holds them.",
)
def order(campaign: Campaign) -> Iterator[Finding]:
    found = {series.file: [*_epochs(series), *_running_sum(series)] for series in campaign.series}
    yield from (finding for findings in found.values() for finding in findings)
    yield from _roles(campaign)
    if right := sum(not findings for findings in found.values()):
        message = "Histories count their epochs from one, without a gap, and their tokens are the sum of their epochs'."
        yield Finding("all histories", "note", "confirmed", message, recomputed=f"{right} histories")


def _epochs(series: Series) -> Iterator[Finding]:
    numbers = [epoch.get("epoch") for epoch in series.epochs]
    expected = list(range(1, len(numbers) + 1))
    if numbers != expected:
        shown = ", ".join("?" if number is None else f"{number:g}" for number in numbers)
        index = next(i for i, pair in enumerate(zip(numbers, expected, strict=True)) if pair[0] != pair[1])
        message = f"The epochs of this history are {shown}; from entry {index + 1} on they are not 1, 2, 3 and so on."
        stated, recomputed = shown if len(shown) < 80 else f"{shown[:80]}…", f"1 to {len(numbers)}"
        yield Finding(
            f"{series.file}, epochs", "error", "mismatch", message, stated, recomputed, evidence=series.refs[index : index + SHOWN]
        )


def _running_sum(series: Series) -> Iterator[Finding]:
    """Tokens so far against the sum of the epochs' tokens."""
    total, off = 0.0, dict[int, Deviation]()
    for index, epoch in enumerate(series.epochs):
        if "tokens_epoch" not in epoch or "tokens_seen_total" not in epoch:
            return
        total += epoch["tokens_epoch"]
        if epoch["tokens_seen_total"] != total:
            off[index] = Deviation(series.value_ref(index, "tokens_seen_total"), epoch["tokens_seen_total"], total)
    if off:
        index, first_off = next(iter(off.items()))
        first = f"first at epoch {series.epochs[index].get('epoch', index + 1):g}"
        message = f"At {len(off)} of {len(series.epochs)} epochs the tokens seen are not the sum of the epochs' tokens, {first}."
        sizes = [figure(size) for size in dict.fromkeys(series.column("tokens_epoch"))]
        if len(sizes) > 1:
            message += f" Its epochs have {' or '.join(sizes[:3])} tokens: they may belong to more than one training."
        refs = tuple(series.value_ref(number, name) for number in [*off][:5] for name in ("tokens_seen_total", "tokens_epoch"))
        sides = figure(first_off.stated), figure(first_off.recomputed)
        change = effect_of(first_off, [*off.values()])
        yield Finding(f"{series.file}, tokens", "error", "mismatch", message, *sides, change, refs)


def _roles(campaign: Campaign) -> Iterator[Finding]:
    """Files that the parameters name as an epoch and that hold another."""
    for run, parameters in campaign.runs.items():
        files = files_of(parameters)
        for role, file in files.items():
            document, _, epoch = campaign.documents.get(file), *role.partition("epoch_")[1:]
            if not (epoch.isdigit() and document and isinstance(document.content, dict) and is_number(document.content.get("epoch"))):
                continue
            if (found := document.content["epoch"]) != int(epoch):
                message = f"{file} is the file of epoch {int(epoch)} of {run}, but holds epoch {found}."
                yield Finding(f"{run}, {file}", "error", "mismatch", message, epoch, f"{found}", evidence=(document.ref("$.epoch"),))


# --- best epoch ----------------------------------------------------------------------------------------------------------


@rule(
    "recompute.best",
    "Best losses that are not the smallest of their history",
    proves="What is given as the best validation loss, or its epoch, is not the minimum over the run's epochs.",
    cannot="Whether the weights of that epoch are the ones that were kept and evaluated: see counting.weights.",
)
def best(campaign: Campaign) -> Iterator[Finding]:
    right = 0
    for run, record in campaign.records.items():
        found = list(_best_of_history(campaign, run, record))
        right += bool(record.history and record.results.validation and not found)
        yield from found
        yield from _best_and_last(campaign, run, record)
    if right:
        message = "The best validation loss is the smallest of the run's epochs."
        yield Finding("all runs", "note", "confirmed", message, recomputed=f"{right} runs with a history", cells=())


def _best_of_history(campaign: Campaign, run: str, record: Record) -> Iterator[Finding]:
    losses = {entry.epoch: entry.validation_loss_nats for entry in record.history if entry.validation_loss_nats is not None}
    stated = record.results.validation
    if not losses or stated is None:
        return
    last = stated.weights == "last"  # then it is to be the last epoch's, whichever is the best
    epoch = max(losses) if last else min(losses, key=lambda number: losses[number])
    refs = campaign.refs(run, "results.validation.loss_nats") + campaign.refs(run, f"history[{epoch - 1}].validation_loss_nats")
    if stated.loss_nats != losses[epoch] or (stated.epoch is not None and losses.get(stated.epoch) != losses[epoch]):
        kind, extreme = ("last", "that of the last epoch") if last else ("best", "the smallest")
        message = (
            f"{run} gives {stated.loss_nats:.5f} of epoch {stated.epoch} as its {kind} loss; {extreme} is {losses[epoch]:.5f} of {epoch}."
        )
        sides = f"{stated.loss_nats:.5f}", f"{losses[epoch]:.5f}"
        yield Finding(run, "error", "mismatch", message, *sides, effect(stated.loss_nats, losses[epoch]), refs)


def _best_and_last(campaign: Campaign, run: str, record: Record) -> Iterator[Finding]:
    """A best loss cannot be worse than that of the last weights on the same text."""
    stated, last = record.results.validation, record.results.intrinsic.adapter if record.results.intrinsic else None
    if stated and last and stated.weights == "best" and last.loss_nats * (1 + WORSE) < stated.loss_nats:
        refs = campaign.refs(run, "results.validation.loss_nats") + campaign.refs(run, "results.intrinsic.adapter.loss_nats")
        sides = f"{stated.loss_nats:.4f}", f"{last.loss_nats:.4f}"
        message = f"The best validation loss of {run} is {sides[0]}, but its last weights reach {sides[1]} on the same text."
        yield Finding(f"{run}, last weights", "warning", "mismatch", message, *sides, effect(stated.loss_nats, last.loss_nats), refs)


# --- prices --------------------------------------------------------------------------------------------------------------


@rule(
    "recompute.prices",
    "Prices and costs that the logs state otherwise",
    proves="A run states another price for its device than the tables use, or a cost that is not its hours times its price.",
    cannot="What was really paid, and prices that no log states: see identity.prices.",
)
def prices(campaign: Campaign) -> Iterator[Finding]:
    for run, record in campaign.records.items():
        device, stated = record.environment.device, record.cost.usd_per_hour
        price = campaign.prices.get(device or "")
        if stated is None:
            continue
        if price and price.usd_per_hour is not None and abs(stated - price.usd_per_hour) > SAME * stated:
            message = f"The log of {run} states {stated:.2f} USD per hour of {device}; the tables compute with {price.usd_per_hour:.2f}."
            sides = f"{price.usd_per_hour:.2f} USD/h", f"{stated:.2f} USD/h"
            refs = campaign.refs(run, "cost.usd_per_hour") + campaign.refs(run, "environment.device")
            yield Finding(f"{run}, price", "error", "mismatch", message, *sides, effect(price.usd_per_hour, stated), refs)
        yield from _cost(campaign, run, record, stated)


def _cost(campaign: Campaign, run: str, record: Record, price: float) -> Iterator[Finding]:
    stated, hours = record.cost.usd, record.time.hours
    if stated is not None and hours is not None and abs(stated - hours * price) > SAME * stated:
        refs = campaign.refs(run, "cost.usd") + campaign.refs(run, "time.hours")
        message = f"{run} states a cost of {stated:.4f} USD; {hours:.4f} h at {price:.2f} USD are {hours * price:.4f} USD."
        sides = f"{stated:.4f} USD", f"{hours * price:.4f} USD"
        yield Finding(f"{run}, cost", "error", "mismatch", message, *sides, effect(stated, hours * price), refs)
