"""Rules on windows: overlapping ones printed as tokens, and the steps that windows, batches and lengths must make."""

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.objects import effect, figure, number
from stages.audit.rules import rule
from stages.record import Record
from stages.traced import Ref

EDGES = 1.05
"""Processed positions over unique tokens up to which the difference is one of window edges and of the last, partial batch."""


class _Count(NamedTuple):
    """What "tokens" of a run may mean."""

    run: str
    processed: int
    unique: float | None
    """Over all epochs, each token once an epoch."""
    predicted: int | None
    """Targets in the loss, where a window has one only."""

    @property
    def factor(self) -> float:
        """How many times the printed figure is above the smallest other one."""
        return max(self.processed / other for other in (self.unique, self.predicted, self.processed) if other)


@rule(
    "counting.overlap",
    "Positions of overlapping windows printed as tokens",
    proves="A table's tokens count each token once for every window that it stands in; there are fewer in the text, or in the loss.",
    cannot="How much a model learns from seeing a token again at another position.",
)
def overlap(campaign: Campaign) -> Iterator[Finding]:
    for name in campaign.tables:
        runs = {run: cells for run in campaign.records if (cells := _token_cells(campaign, name, run))}
        counts = [count for run in runs if (count := _count(run, campaign.records[run])) and count.factor > EDGES]
        if not counts:
            continue
        worst = max(counts, key=lambda count: count.factor)
        lines = "; ".join(_line(count) for count in counts)
        message = (
            "The tokens of this table are processed positions, in which overlapping windows repeat the text. With each token of the text "
            f"once an epoch, or each that is predicted, there are fewer: {lines}."
        )
        refs = tuple(
            ref for count in counts for key in ("processed_positions", "unique_tokens_train") for ref in _refs(campaign, count, key)
        )
        printed = tuple(cell for count in counts for cell in runs[count.run])
        least = min(other for other in (worst.unique, worst.predicted) if other)
        sides = f"{_short(worst.processed)} tokens ({worst.run})", _short(least)
        yield Finding(name, "warning", "protocol fault", message, *sides, f"up to {worst.factor:.3g} times", refs, cells=printed)


def _token_cells(campaign: Campaign, table: str, run: str) -> list[str]:
    """Cells that print a run's processed positions as tokens: of the text's token column; where the text's columns are not known, of
    any table that does not print the tokens of the text or the predicted ones beside them.
    """
    columns = campaign.claims.token_columns
    if columns:
        return [cell for cell in _cells(campaign, table, run, "processed_positions") if cell.startswith(f"{table} {columns.get(table)}.")]
    beside = [cell for field in ("unique_tokens_train", "predicted_tokens") for cell in _cells(campaign, table, run, field)]
    return [] if beside else _cells(campaign, table, run, "processed_positions")


def _cells(campaign: Campaign, table: str, run: str, field: str) -> list[str]:
    return [cell for cell in campaign.cells_printing(run, f"data.{field}") if cell.startswith(f"{table} ")]


def _count(run: str, record: Record) -> _Count | None:
    data, configured = record.data, record.configuration.data
    if not data.processed_positions:
        return None
    unique: float | None = None
    if data.unique_tokens_train and data.epochs_run:
        unique = float(data.unique_tokens_train * data.epochs_run)
    if unique is None and configured and configured.stride:  # a token stands in as many windows as strides fit into one
        unique = data.processed_positions * min(1.0, configured.stride / configured.sequence_length)
    one_a_window = record.configuration.training and record.configuration.training.objective == "many_to_one"
    return _Count(run, data.processed_positions, unique, data.predicted_tokens if one_a_window else None)


def _line(count: _Count) -> str:
    parts = [f"{_short(count.unique)} of text"] if count.unique else []
    parts += [f"{_short(count.predicted)} predicted"] if count.predicted and count.predicted * EDGES < count.processed else []
    return f"{count.run} {_short(count.processed)}, but {' and '.join(parts)}"


def _short(count: float) -> str:
    """A count of tokens, in billions or millions where there are so many."""
    return f"{count / 1e9:.2f}B" if count >= 1e9 else f"{count / 1e6:.1f}M" if count >= 1e6 else f"{count:,.0f}"


def _refs(campaign: Campaign, count: _Count, key: str) -> tuple[Ref, ...]:
    return campaign.refs(count.run, f"data.{key}")[:1]


# --- steps ---------------------------------------------------------------------------------------------------------------

PADDED_TO = 8
"""What the width of a padded batch is a multiple of."""
_CONSOLE = re.compile(r'"windows":\s*(\d+),\s*"batches":\s*(\d+)')
RATE = 0.0005
"""Half a unit of the last digit of a trainer's steps per second."""


@rule(
    "counting.steps",
    "Steps, batches and lengths that do not make the tokens of an epoch",
    proves="The tokens of an epoch are no whole number of batches of the stated size and length, or not the number that the windows make.",
    cannot="Runs that log neither windows nor tokens of an epoch.",
)
def steps(campaign: Campaign) -> Iterator[Finding]:
    right = 0
    for run, record in campaign.records.items():
        verdicts = [_epoch_steps(campaign, run, record), _console_steps(campaign, run, record), _rate(campaign, run, record)]
        found = [finding for findings in verdicts if findings is not None for finding in findings]
        yield from found
        right += not found and any(findings is not None for findings in verdicts)
    if right:
        message = "Batch size, length and windows make the steps and tokens of an epoch that these runs log."
        yield Finding("all runs", "note", "confirmed", message, recomputed=f"{right} runs", cells=())


def _positions(record: Record) -> list[int]:
    """Positions of each epoch."""
    totals = [0, *(entry.processed_positions for entry in record.history if entry.processed_positions is not None)]
    return [later - earlier for earlier, later in pairwise(totals)]


def _epoch_steps(campaign: Campaign, run: str, record: Record) -> list[Finding] | None:
    """Positions of each epoch as whole steps; none where they are not logged."""
    data, training = record.configuration.data, record.configuration.training
    if not data or not training or not _positions(record):
        return None
    if data.packing in ("padded", "isolated"):  # rows are as long as the longest of their batch
        return _padded_positions(campaign, run, record)
    step, windows = training.batch_size * data.sequence_length, record.data.windows_train
    whole = None if windows is None or training.drop_partial_batch else windows * data.sequence_length
    allowed = _batches(windows, training.batch_size) if windows else None
    off = [
        (epoch, positions / step)
        for epoch, positions in enumerate(_positions(record), start=1)
        if positions != whole and (positions % step or (allowed and positions // step not in allowed))
    ]
    if not off:
        return []
    epoch, made = off[0]
    expected = f"{allowed[0]:,} steps" if allowed else "a whole number of steps"
    message = (
        f"Epoch {epoch} of {run} has {made * step:,.0f} positions, {made:,.2f} steps of {training.batch_size} windows of "
        f"{data.sequence_length}; {f'its {windows:,} windows make {expected}' if windows else f'there must be {expected}'}. "
        f"So it is in {len(off)} of {len(record.history)} epochs."
    )
    refs = campaign.refs(run, f"history[{epoch - 1}].processed_positions") + campaign.refs(run, "data.windows_train")
    change = effect(made, allowed[0]) if allowed else f"{len(off)} epochs"
    return [Finding(f"{run}, epochs", "error", "mismatch", message, f"{made:,.2f} steps", expected, change, refs)]


def _padded_positions(campaign: Campaign, run: str, record: Record) -> list[Finding] | None:
    """Epochs of rows that are filled up: no more positions than rows of the full length have, no fewer than tokens are predicted."""
    data, rows, predicted = record.configuration.data, record.data.windows_train, record.data.predicted_tokens
    if not data or not rows or not predicted or not record.data.epochs_run:
        return None
    least, most = predicted / record.data.epochs_run, rows * -(-data.sequence_length // PADDED_TO) * PADDED_TO
    off = [(epoch, found) for epoch, found in enumerate(_positions(record), start=1) if not least <= found <= most]
    if not off:
        return []
    epoch, found = off[0]
    message = (
        f"Epoch {epoch} of {run} has {found:,} positions; its {rows:,} rows of at most {data.sequence_length} have {most:,}, and "
        f"{least:,.0f} tokens are predicted. So it is in {len(off)} of {len(record.history)} epochs."
    )
    refs = campaign.refs(run, f"history[{epoch - 1}].processed_positions") + campaign.refs(run, "data.windows_train")
    sides = f"{found:,} positions", f"{least:,.0f} to {most:,}"
    return [Finding(f"{run}, epochs", "error", "mismatch", message, *sides, f"{len(off)} epochs", refs)]


def _batches(windows: int, size: int) -> tuple[int, int]:
    """Batches without the last, partial one, and with it."""
    return windows // size, math.ceil(windows / size)


def _console_steps(campaign: Campaign, run: str, record: Record) -> list[Finding] | None:
    """Windows and batches that the console output states."""
    evidence, training = campaign.runs[run].evidence, record.configuration.training
    file = evidence.files.get("console", "") if evidence else ""
    matches = list(_CONSOLE.finditer(campaign.texts.get(file, "")))
    if training is None or not matches:
        return None
    found = []
    for match in matches:
        windows, stated = int(match[1]), int(match[2])
        if stated not in (made := _batches(windows, training.batch_size)):
            line = campaign.texts[file][: match.start()].count("\n") + 1
            message = f"The console output of {run} states {stated:,} batches; its {windows:,} windows make {made[0]:,}."
            refs = (Ref(file, f"line {line}", campaign.evidence.sha256(file)),)
            sides = f"{stated:,} batches", f"{made[0]:,} batches"
            found.append(Finding(f"{run}, console line {line}", "error", "mismatch", message, *sides, effect(stated, made[0]), refs))
    return found


def _rate(campaign: Campaign, run: str, record: Record) -> list[Finding] | None:
    """Steps per second of a trainer against examples, batch size and accumulation."""
    evidence, training = campaign.runs[run].evidence, record.configuration.training
    log = campaign.documents.get(evidence.files.get("training", "")) if evidence else None
    values = [value for key in _RATE_KEYS if log and (value := number(log.content, f"training.{key}"))]
    if log is None or training is None or len(values) < len(_RATE_KEYS):
        return None
    samples, rate, seconds, epochs = values
    steps_ = math.ceil(samples / training.batch_size) / training.gradient_accumulation
    low, high = (whole(steps_) * epochs / seconds for whole in (math.floor, math.ceil))
    if low - RATE <= rate <= high + RATE:
        return []
    message = (
        f"{run} states {rate:.3f} steps per second; {figure(samples)} examples in batches of {training.batch_size} times "
        f"{training.gradient_accumulation} over {epochs:g} epochs and {seconds:,.0f} s make {high:.3f}."
    )
    refs = (log.ref("$.training.trainer_metrics.train_steps_per_second"), *campaign.refs(run, "configuration.training.batch_size"))
    return [Finding(f"{run}, rate", "error", "mismatch", message, f"{rate:.3f}", f"{high:.3f}", effect(rate, high), refs)]


_RATE_KEYS = ("train_samples", "trainer_metrics.train_steps_per_second", "trainer_metrics.train_runtime", "trainer_metrics.epoch")
