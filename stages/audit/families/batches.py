"""Logs of single batches, and what they say of the run that names them: when, in which order, how many, at which loss."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from itertools import pairwise
from typing import NamedTuple

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.objects import Nested, effect, figure, moment, number, objects
from stages.audit.rules import rule
from stages.record import Record, trace
from stages.traced import Ref

SECOND = 1.0
"""Seconds by which a duration may differ from whole-second stamps, which are cut off at both ends, or one clock from another."""
TIME_ZONE = 900
"""Seconds of which every time zone is a multiple: a log may state local time without saying so."""
RUNNING_LOSS = 0.005
"""Relative. The mean loss over nearly all batches of an epoch is the epoch's but for the last few hundred batches."""
NEARLY_ALL = 0.95
"""Share of an epoch's batches from which on its running mean stands for the epoch."""


class Batch(NamedTuple):
    """One line of a log of batches."""

    line: int
    second: int
    """Unix time."""
    number: int
    """Of the batch in its epoch."""
    loss: float


class BatchLog(NamedTuple):
    """A log of batches and the training log that names it."""

    owner: Nested
    file: str
    sha256: str
    entries: list[Batch]

    def ref(self, batch: Batch) -> Ref:
        return Ref(self.file, f"line {batch.line}", self.sha256)

    def epochs(self) -> list[list[Batch]]:
        """Entries by epoch: the number of the batch starts again."""
        found: list[list[Batch]] = []
        for batch in self.entries:
            if not found or batch.number <= found[-1][-1].number:
                found.append([])
            found[-1].append(batch)
        return found


_BATCH = re.compile(r"^(\d{9,10})\D+batch\s+(\d+)\D+loss\D*(\d+\.\d+)", re.MULTILINE)


def batch_logs(campaign: Campaign) -> Iterator[BatchLog]:
    """Logs of batches that a training log names and that are here."""
    for document in campaign.documents.values():
        for nested in objects(document):
            artifacts = nested.content.get("artifacts")
            path = artifacts.get("batch_log") if isinstance(artifacts, dict) else None
            file = campaign.find(path) if isinstance(path, str) else None
            if file and (entries := _entries(campaign.texts.get(file, ""))):
                yield BatchLog(nested, file, campaign.evidence.sha256(file), entries)


def _entries(text: str) -> list[Batch]:
    found = ((line, _BATCH.match(content)) for line, content in enumerate(text.splitlines(), start=1))
    return [Batch(line, int(match[1]), int(match[2]), float(match[3])) for line, match in found if match]


@rule(
    "recompute.batches",
    "Logs of single batches that contradict the run's log",
    proves="The batches were logged at another time, in another order or number, or with other losses than the run's log states.",
    cannot="Runs without a log of batches, and what happened between two of its lines.",
)
def batches(campaign: Campaign) -> Iterator[Finding]:
    records = {
        parameters.evidence.files["training"]: campaign.records[run]
        for run, parameters in campaign.runs.items()
        if parameters.evidence and "training" in parameters.evidence.files and run in campaign.records
    }
    right = 0
    for log in batch_logs(campaign):
        found = [*_outside(log), *_order(log), *_number(log), *_losses(log, records.get(log.owner.document.file))]
        right += not found
        yield from found
    if right:
        message = "Logs of batches agree with the logs of their runs in time, order, number and loss."
        yield Finding("logs of batches", "note", "confirmed", message, recomputed=f"{right} logs")


def _outside(log: BatchLog) -> Iterator[Finding]:
    """Stamps outside the run, in whatever time zone it states its own."""
    started, ended = (moment(log.owner.content, f"timestamps.{key}") for key in ("started_at", "ended_at"))
    if started is None or ended is None:
        return
    start, end = (stamp.replace(tzinfo=UTC).timestamp() for stamp in (started, ended))
    zone = (log.entries[0].second - start + SECOND) // TIME_ZONE * TIME_ZONE
    late = log.entries[-1].second - zone - end
    if late > SECOND:
        message = f"The log of batches does not fit between the start and the end of the run in any time zone: it ends {late:.0f} s late."
        refs = log.ref(log.entries[0]), log.ref(log.entries[-1]), log.owner.ref("timestamps", "ended_at")
        yield Finding(f"{log.file}, time", "error", "mismatch", message, effect=f"{late:.0f} s", evidence=refs)


def _order(log: BatchLog) -> Iterator[Finding]:
    back = [later for earlier, later in pairwise(log.entries) if later.second < earlier.second]
    if back:
        message = f"Time goes back at {len(back)} lines of the log of batches, first at line {back[0].line}."
        refs = tuple(log.ref(batch) for batch in back[:4])
        yield Finding(f"{log.file}, order", "error", "mismatch", message, effect=f"{len(back)} lines", evidence=refs)
    stated, counted = number(log.owner.content, "train_config.epocas"), len(log.epochs())
    if stated is not None and counted > stated:
        message = f"The log of batches begins {counted} epochs, the run's log states {figure(stated)}."
        refs = log.owner.ref("train_config", "epocas"), log.ref(log.epochs()[-1][0])
        yield Finding(f"{log.file}, epochs", "error", "mismatch", message, figure(stated), str(counted), evidence=refs)


def _number(log: BatchLog) -> Iterator[Finding]:
    """Batches of an epoch against the windows that the run's log counts."""
    content = log.owner.content
    windows, size = number(content, "model.train_windows"), number(content, "train_config.batch_size")
    last = max((epoch[-1] for epoch in log.epochs()), key=lambda batch: batch.number)
    gaps = Counter(later.number - earlier.number for epoch in log.epochs() for earlier, later in pairwise(epoch))
    if not windows or not size or not gaps:
        return
    expected, most = math.ceil(windows / size), last.number + gaps.most_common(1)[0][0]
    if not last.number < expected <= most:
        message = (
            f"The run's log counts {figure(windows)} windows, {expected:,} batches of {size:g} an epoch; the log of batches, with a line "
            f"every {most - last.number}, ends at {last.number:,}. Not all of these windows were trained on, or there were more."
        )
        places = (("model", "train_windows"), ("performance", "tokens_total_est"))
        refs = log.ref(last), *(log.owner.ref(*place) for place in places if number(content, ".".join(place)) is not None)
        sides = f"{expected:,} batches", f"{last.number + 1:,} to {most:,} batches"
        yield Finding(f"{log.file}, batches", "error", "mismatch", message, *sides, effect(expected, most), refs)


def _losses(log: BatchLog, record: Record | None) -> Iterator[Finding]:
    """Mean loss at the end of each epoch against the history's."""
    epochs = log.epochs()
    total = number(log.owner.content, "model.train_batches") or max(epoch[-1].number for epoch in epochs)
    pairs = [] if record is None else list(zip(epochs, record.history, strict=False))
    apart = [
        (batch, entry.epoch, entry.train_loss_nats)
        for (*_, batch), entry in pairs
        if entry.train_loss_nats and batch.number >= NEARLY_ALL * total and abs(batch.loss / entry.train_loss_nats - 1) > RUNNING_LOSS
    ]
    if apart and record:
        batch, epoch, loss = apart[0]
        message = (
            f"At the end of {len(apart)} of {len(pairs)} epochs the log of batches has another mean loss than the run's history: "
            f"{batch.loss:.4f} against {loss:.4f} in epoch {epoch}."
        )
        refs = [log.ref(batch), *trace(record, f"history[{epoch - 1}].train_loss_nats").refs]
        sides = f"{loss:.4f}", f"{batch.loss:.4f}"
        yield Finding(f"{log.file}, loss", "error", "mismatch", message, *sides, effect(loss, batch.loss), tuple(refs))
