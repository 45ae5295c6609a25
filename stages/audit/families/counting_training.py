"""Rules on trainings: epochs that were not run, splits that were not made, losses that diverged, weights that are not the best."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stages.audit.campaign import Campaign
from stages.audit.claims import Split
from stages.audit.finding import Finding
from stages.audit.objects import effect, field
from stages.audit.rules import rule
from stages.record import Record
from stages.record_results import Loss
from stages.traced import Ref

SPLIT_TOLERANCE = 0.01
"""Shares of a split may differ by as much: a hundredth is the precision of a text that says 80/10/10."""
DIVERGED = 0.3
"""Nats above its best from which on a validation loss shows no usual overfitting: perplexity is a third higher, whatever the loss."""
MINIMUM_DELTA = 1e-3
"""Nats below which early stopping may take a better loss for none: trainers commonly ask for as much, and runs seldom log what they ask."""
SAME_WEIGHTS = 1e-3
"""Relative difference of two losses up to which they may be of the same weights, evaluated in batches of another size."""


@rule(
    "counting.epochs",
    "Fewer epochs than planned",
    proves="A training ended before the planned epochs although its early stopping had no cause: it was broken off.",
    cannot="Why it ended, and a plan that nobody wrote down.",
)
def epochs(campaign: Campaign) -> Iterator[Finding]:
    for run, record in campaign.records.items():
        training, ran = record.configuration.training, record.data.epochs_run
        if not training or ran is None or ran == training.epochs or _stopped_early(record):
            continue
        note = record.notes.get("training.epochs")
        message = f"{training.epochs} epochs were planned for {run}{f' ({note})' if note else ''}, {ran} were run."
        losses = [entry.validation_loss_nats for entry in record.history if entry.validation_loss_nats is not None]
        if len(losses) > 1 and losses[-1] == min(losses):
            message += f" The validation loss was still falling: {losses[-2]:.4f}, then {losses[-1]:.4f}."
        if training.schedule == "cosine" and training.schedule_steps:
            message += " Its learning rate, a cosine over the whole plan, had not come down."
        refs = campaign.refs(run, "data.epochs_run")
        cells = sorted({*campaign.cells_resting_on(refs), *campaign.cells_printing(run, "results.validation")})
        sides = f"{training.epochs} epochs", f"{ran} epochs"
        yield Finding(run, "warning", "protocol fault", message, *sides, effect(ran, training.epochs), refs, cells=tuple(cells))


def _stopped_early(record: Record) -> bool:
    """Whether as many epochs as early stopping waits for went by without a better value at the end."""
    stopping = record.configuration.training.early_stopping if record.configuration.training else None
    if stopping is None:
        return False
    of_training = stopping.monitor == "train_loss"
    values = [entry.train_loss_nats if of_training else entry.validation_loss_nats for entry in record.history]
    best, waited = math.inf, 0
    for loss in (value for value in values if value is not None):
        best, waited = (loss, 0) if loss < best - MINIMUM_DELTA else (best, waited + 1)
    return waited >= stopping.patience > 0


# --- splits --------------------------------------------------------------------------------------------------------------


@rule(
    "counting.split",
    "Splits that are not the stated ones",
    proves="The shares of training, validation and test that the text states are not those that the run's files and settings give.",
    cannot="Whether the parts were drawn at random and kept apart.",
)
def split(campaign: Campaign) -> Iterator[Finding]:
    for claim in campaign.claims.splits:
        record = campaign.records.get(claim.run)
        used = _used(campaign, claim.run, record) if record else None
        if used and any(abs(a - b) > SPLIT_TOLERANCE for a, b in zip(_padded(claim.fractions), used.shares, strict=True)):
            yield _split_finding(claim, used)


class _Used(NamedTuple):
    """Shares of training, validation and test as they were."""

    shares: tuple[float, float, float]
    how: str
    refs: tuple[Ref, ...]


def _padded(fractions: Sequence[float]) -> tuple[float, float, float]:
    first, second, third = (*fractions, 0.0, 0.0, 0.0)[:3]
    return first, second, third


def _used(campaign: Campaign, run: str, record: Record) -> _Used | None:
    """By the setting that made the split, else by the numbers of examples."""
    evidence, data = campaign.runs[run].evidence, record.configuration.data
    document = campaign.documents.get(evidence.files.get("configuration", "")) if evidence else None
    share = field(document.content, "data.valid_split") if document else None
    train, validation = record.data.windows_train, record.data.windows_validation
    refs = campaign.refs(run, "data.windows_train") + campaign.refs(run, "data.windows_validation")
    counted = f"the log counts {train:,} and {validation:,} examples or blocks" if train and validation else ""
    if document and isinstance(share, float):
        how = f"the configuration sets valid_split to {share:g}" + (f", and {counted}" if counted else "")
        return _Used((1 - share, share, 0.0), how, (document.ref("$.data.valid_split"), *refs))
    if not train or not validation:
        return None
    test = data.documents_test or 0 if data else 0
    total = train + validation + test
    return _Used((train / total, validation / total, test / total), counted, refs)


def _split_finding(claim: Split, used: _Used) -> Finding:
    stated, found = ("/".join(f"{100 * share:.3g}" for share in shares) for shares in (_padded(claim.fractions), used.shares))
    message = f"The text states {stated} for training, validation and test of {claim.run}; {used.how}: {found}."
    change = f"{100 * (used.shares[0] - claim.fractions[0]):+.0f} points of training data"
    return Finding(claim.run, "error", "mismatch", message, stated, found, change, used.refs, claims=(claim.where,), cells=())


# --- losses and weights --------------------------------------------------------------------------------------------------


@rule(
    "counting.divergence",
    "Trainings whose loss rose again",
    proves="The validation loss of a run ended or passed far above its best: the training diverged, and its last weights are not its best.",
    cannot="Divergence between two evaluations, and of runs without a history.",
)
def divergence(campaign: Campaign) -> Iterator[Finding]:
    for run, record in campaign.records.items():
        losses = {entry.epoch: entry.validation_loss_nats for entry in record.history if entry.validation_loss_nats is not None}
        if not losses:
            continue
        best = min(losses, key=lambda epoch: losses[epoch])
        worst = max((epoch for epoch in losses if epoch >= best), key=lambda epoch: losses[epoch])
        if losses[worst] > losses[best] + DIVERGED:
            message = (
                f"The validation loss of {run} rises from {losses[best]:.4f} in epoch {best} to {losses[worst]:.4f} in epoch {worst}, and "
                f"ends at {list(losses.values())[-1]:.4f}. What rests on it holds for the weights of epoch {best} only, if those were kept."
            )
            refs = tuple(ref for epoch in (best, worst) for ref in campaign.refs(run, f"history[{epoch - 1}].validation_loss_nats"))
            sides = f"{losses[best]:.4f} (epoch {best})", f"{losses[worst]:.4f} (epoch {worst})"
            cells = tuple(campaign.cells_printing(run, "results"))
            yield Finding(run, "warning", "protocol fault", message, *sides, effect(losses[worst], losses[best]), refs, cells=cells)


@rule(
    "counting.weights",
    "Best weights in one table, last weights in another",
    proves="A table prints the loss of a run's best checkpoint while its other results are of the last weights, which are worse.",
    cannot="How much of a difference is due to the weights, where two evaluations average in other ways. Unknown weights are listed.",
)
def weights(campaign: Campaign) -> Iterator[Finding]:
    for run, record in campaign.records.items():
        best = record.results.validation
        last = record.results.intrinsic.adapter if record.results.intrinsic else None
        printed = campaign.cells_printing(run, "results.validation")
        if best and last and printed and best.weights == "best" and last.weights == "last" and _apart(best, last):
            yield _weights_finding(campaign, run, best, last)
    yield from _unknown(campaign)


def _apart(best: Loss, last: Loss) -> bool:
    return abs(last.loss_nats - best.loss_nats) > SAME_WEIGHTS * best.loss_nats


def _weights_finding(campaign: Campaign, run: str, best: Loss, last: Loss) -> Finding:
    used = [name for name, other in campaign.runs.items() if other.extrinsic and other.extrinsic.adapter_run == run]
    message = (
        f"{best.loss_nats:.4f} is printed for {run}, the best of the evaluations during its training; the weights that were kept are the "
        f"last ones, with {last.loss_nats:.4f} on the same text" + (f", and it is they that {', '.join(used)} evaluates." if used else ".")
    )
    refs = campaign.refs(run, "results.validation.loss_nats") + campaign.refs(run, "results.intrinsic.adapter.loss_nats")
    cells = [*campaign.cells_printing(run, "results.validation"), *campaign.cells_printing(run, "results.intrinsic.adapter")]
    cells += sorted({cell for name in used for cell in _adapted_cells(campaign, name)})
    sides = f"{best.loss_nats:.4f} (best)", f"{last.loss_nats:.4f} (last)"
    change = effect(best.loss_nats, last.loss_nats)
    return Finding(run, "warning", "protocol fault", message, *sides, change, refs, cells=tuple(cells))


def _adapted_cells(campaign: Campaign, run: str) -> Iterator[str]:
    """Cells that print scores of an evaluation's adapted system."""
    record = campaign.records.get(run)
    for task, result in (record.results.extrinsic or {}).items() if record else ():
        for metric, systems in result.metrics.items():
            for system in systems.keys() - {"base"}:
                yield from campaign.cells_printing(run, f"results.extrinsic.{task}.metrics.{metric}.{system}")


def _unknown(campaign: Campaign) -> Iterator[Finding]:
    """Evaluations that do not say which weights they used, of runs where it makes a difference."""
    found = {}
    for run, record in campaign.records.items():
        losses = [entry.validation_loss_nats for entry in record.history if entry.validation_loss_nats is not None]
        windowed = record.results.windowed
        sides = (["a windowed loss"] if windowed and windowed.weights == "unknown" else []) + (
            ["samples"] if record.results.guardrails else []
        )
        if sides and (not losses or losses[-1] != min(losses)):
            found[run] = " and ".join(sides)
    if found:
        listed = "; ".join(f"{run}: {what}" for run, what in found.items())
        message = (
            f"Results that do not say whether they are of the best or of the last weights, where the two differ or may differ: {listed}."
        )
        cells = [cell for run in found for key in ("windowed", "guardrails") for cell in campaign.cells_printing(run, f"results.{key}")]
        yield Finding("unknown weights", "note", "not verifiable", message, effect=f"{len(found)} runs", cells=tuple(cells))
