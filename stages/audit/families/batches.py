"""Logs of single batches, and what they say of the run that names them: when, in which order, how many, at which loss."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from itertools import combinations, pairwise
from typing import NamedTuple

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.objects import SHOWN, Deviation, Nested, effect, effect_of, figure, moment, number, objects
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
REGULAR = 0.8
"""Share of equal steps from which on a log has a line every so many batches, and the others are out of place."""
JUMP = 0.05
"""Relative. Means over hundreds of batches differ from both neighbours by a percent or two; an altered running mean multiplies by
the batches before it, so that one of another digit shows."""
NO_MEAN = 0.25
"""Share of jumps from which on a log prints the loss of single batches, no running mean: most of those are unlike both neighbours."""
COPY = 0.5
"""Share of equal losses from which on two files print the same training: the losses of two trainings differ nearly everywhere."""


class Batch(NamedTuple):
    """One line of a log of batches."""

    line: int
    second: int
    """Unix time; 0 where none is printed."""
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
        return in_epochs(self.entries)


def in_epochs(entries: list[Batch]) -> list[list[Batch]]:
    """Entries by epoch: the number of the batch starts again, and does not merely go back."""
    steps = Counter(gap for earlier, later in pairwise(entries) if (gap := later.number - earlier.number) > 0)
    start = steps.most_common(1)[0][0] if steps else math.inf
    found: list[list[Batch]] = []
    for batch in entries:
        if not found or batch.number <= min(found[-1][-1].number, start):
            found.append([])
        found[-1].append(batch)
    return found


_PRINTED = re.compile(r"batch\s+(\d+)\D+loss\D*(\d+\.\d+)")
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
        found = [
            *_outside(log),
            *_order(log),
            *_steps(log),
            *_jumps(log),
            *_number(log),
            *_losses(log, records.get(log.owner.document.file)),
        ]
        right += not found
        yield from found
    yield from _copies(campaign)
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


def _steps(log: BatchLog) -> Iterator[Finding]:
    """Numbers of batches that leave the log's regular steps; the last line of an epoch may come early."""
    steps = [(earlier, later, later is epoch[-1]) for epoch in log.epochs() for earlier, later in pairwise(epoch)]
    if not steps:
        return
    step, times = Counter(later.number - earlier.number for earlier, later, _ in steps).most_common(1)[0]
    odd = [(a, b) for a, b, last in steps if not (b.number - a.number == step or (last and 0 < b.number - a.number < step))]
    if odd and times >= REGULAR * len(steps):
        off = [Deviation(log.ref(later), later.number, earlier.number + step) for earlier, later in odd]
        message = (
            f"The log of batches has a line every {step} batches, but not at {len(odd)} of {len(steps)} lines: batch {odd[0][1].number:,} "
            f"follows batch {odd[0][0].number:,}. Lines are missing, or their numbers were altered."
        )
        sides, refs = (f"{off[0].stated:,.0f}", f"{off[0].recomputed:,.0f}"), tuple(each.place for each in off[:SHOWN])
        yield Finding(f"{log.file}, numbers", "error", "mismatch", message, *sides, effect_of(off[0], off), refs)


def _jumps(log: BatchLog) -> Iterator[Finding]:
    """Running means that move further than the batches since the line before can have moved them."""
    off = [jump for epoch in log.epochs() for jump in _jumps_of(log, epoch)]
    if off and len(off) <= NO_MEAN * len(log.entries):
        sizes = [abs(each.stated - each.recomputed) for each in off]
        first = next(each for each, size in zip(off, sizes, strict=True) if size >= max(sizes) / 3)  # it goes out, the next ones back
        message = (
            f"The running mean loss jumps at {len(off)} lines of the log of batches: it is {first.stated:.4f} at {first.place.path}, and "
            f"batches like those before would make it {first.recomputed:.4f}; those after the line are like them."
        )
        sides = f"{first.stated:.4f}", f"{first.recomputed:.4f}"
        refs = tuple(dict.fromkeys([first.place, *(each.place for each in off)]))[:SHOWN]
        yield Finding(f"{log.file}, jumps", "error", "mismatch", message, *sides, effect_of(first, off), refs)


def _jumps_of(log: BatchLog, epoch: list[Batch]) -> Iterator[Deviation]:
    """Lines of an epoch whose new batches have another mean than those of both neighbours, beyond what rounding makes of it."""
    pairs = [(earlier, later) for earlier, later in pairwise(epoch) if later.number > earlier.number]
    means = [(b.loss * (b.number + 1) - a.loss * (a.number + 1)) / (b.number - a.number) for a, b in pairs]
    for index in range(1, len(means) - 1):
        (earlier, later), (before, mean, after) = pairs[index], means[index - 1 : index + 2]
        size, slack = later.number - earlier.number, 2e-4 * (later.number + 1) / (later.number - earlier.number)
        apart = min(abs(mean - before), abs(mean - after)) - slack
        if (mean - before) * (mean - after) > 0 and apart > JUMP * later.loss:
            likely = (earlier.loss * (earlier.number + 1) + before * size) / (later.number + 1)
            yield Deviation(log.ref(later), later.loss, likely)


def _copies(campaign: Campaign) -> Iterator[Finding]:
    """Losses of single batches that two files print of one training, and that differ."""
    printed = {file: _printed(text) for file, text in campaign.texts.items() if _PRINTED.search(text)}
    for (first, ours), (second, theirs) in combinations(sorted(printed.items(), key=lambda item: (item[0].endswith(".log"), item[0])), 2):
        start, end = max(min(ours), min(theirs)), min(max(ours), max(theirs))
        keys = sorted(key for key in ours.keys() | theirs.keys() if start <= key <= end)
        off = [key for key in keys if key not in ours or key not in theirs or ours[key].loss != theirs[key].loss]
        if not off or len(off) > COPY * len(keys):
            continue
        (epoch, batch), (here, there) = off[0], [side.get(off[0]) for side in (ours, theirs)]
        message = (
            f"{len(off)} of {len(keys)} losses of single batches that {first} and {second} both print of one training are not the same, "
            f"first at batch {batch:,} of epoch {epoch + 1}: one of the two files was altered."
        )
        sides = f"{here.loss:.4f}" if here else "no line", f"{there.loss:.4f}" if there else "no line"
        places = [(file, side[key].line) for key in off for file, side in ((first, ours), (second, theirs)) if key in side]
        refs = tuple(Ref(file, f"line {line}", campaign.evidence.sha256(file)) for file, line in places[:SHOWN])
        values = [_between(refs[0], ours.get(key), theirs.get(key)) for key in off]
        yield Finding(f"{first}, {second}", "error", "mismatch", message, *sides, effect_of(values[0], values), refs)


def _between(place: Ref, ours: Batch | None, theirs: Batch | None) -> Deviation:
    return Deviation(place, ours.loss if ours else 0.0, theirs.loss if theirs else 0.0)


def _printed(text: str) -> dict[tuple[int, int], Batch]:
    """Losses of single batches in a log or console, by epoch and number."""
    found = ((line, _PRINTED.search(content)) for line, content in enumerate(text.splitlines(), start=1) if "batch" in content)
    entries = [Batch(line, 0, int(match[1]), float(match[2])) for line, match in found if match]
    return {(index, batch.number): batch for index, epoch in enumerate(in_epochs(entries)) for batch in epoch}
