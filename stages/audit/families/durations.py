"""Hours and their second witnesses: time stamps, sums of epochs, a trainer's own clock, and logs of single batches."""

from collections.abc import Iterator
from typing import NamedTuple

from stages.audit.campaign import Campaign
from stages.audit.families.batches import SECOND, batch_logs
from stages.audit.finding import Finding, Severity
from stages.audit.objects import effect, figure, moment, number, objects
from stages.audit.rules import rule
from stages.traced import Ref

ROUNDED = 0.5
"""Seconds by which it may differ from stamps with fractions: a log may round to whole seconds, or read its clocks one after another."""
LEAST_SHARE_EPOCHS = 0.95
"""Share of a training that its epochs must explain; the rest is preparation. Sound logs are above 0.99, but for very short trainings."""
LEAST_SHARE_BATCHES = 0.8
"""Share that a log of batches must span: it begins after the data is read and ends before the last validation."""


class Witness(NamedTuple):
    """A second clock for a stated duration."""

    file: str
    kind: str
    stated: float
    witnessed: float
    refs: tuple[Ref, ...]
    least: float
    """Smallest that the witnessed time may be."""
    most: float
    """Largest that it may be."""

    @property
    def agrees(self) -> bool:
        return self.least <= self.witnessed <= self.most


@rule(
    "recompute.durations",
    "Durations that their time stamps or parts contradict",
    proves="The stated time of a run is not the one between its stamps, or is less than its parts take together, or far more.",
    cannot="A time that stamps and parts were changed with, and how long the machine was rented around the training.",
)
def durations(campaign: Campaign) -> Iterator[Finding]:
    witnesses = [*_stamps(campaign), *_parts(campaign), *_batches(campaign)]
    for number_, witness in enumerate(witnesses):
        if not witness.agrees:
            yield _finding(witness, sum(other.refs[0] == witness.refs[0] for other in witnesses[:number_]))
    yield from _confirmed(campaign, [witness for witness in witnesses if witness.agrees])


def _stamps(campaign: Campaign) -> Iterator[Witness]:
    for document in campaign.documents.values():
        for nested in objects(document):
            stamps = [moment(nested.content, key) for key in ("started_at", "ended_at")]
            key = next((key for key in ("duration_sec", "elapsed_sec") if number(nested.content, key) is not None), None)
            if key and stamps[0] and stamps[1] and (stamps[0].tzinfo is None) == (stamps[1].tzinfo is None):
                stated, witnessed = nested.content[key], (stamps[1] - stamps[0]).total_seconds()
                slack = ROUNDED if all(stamp and stamp.microsecond for stamp in stamps) else SECOND
                refs = tuple(nested.ref(name) for name in (key, "started_at", "ended_at"))
                yield Witness(document.file, "time stamps", stated, witnessed, refs, stated - slack, stated + slack)


def _parts(campaign: Campaign) -> Iterator[Witness]:
    """Sums of epochs, and the trainer's own clock."""
    for series in campaign.series:
        seconds = series.column("epoch_time_sec")
        if series.total_seconds is not None and len(seconds) == len(series.epochs):
            refs = Ref(series.file, "$.total_time_sec", series.refs[0].sha256), *series.refs
            yield _part(series.file, "sum of the epochs", series.total_seconds, sum(seconds), refs, LEAST_SHARE_EPOCHS)
    for document in campaign.documents.values():
        for nested in objects(document):
            stated, witnessed = (
                number(nested.content, "timers.duration_sec"),
                number(nested.content, "training.trainer_metrics.train_runtime"),
            )
            if stated is not None and witnessed is not None:
                refs = nested.ref("timers", "duration_sec"), nested.ref("training", "trainer_metrics", "train_runtime")
                yield _part(document.file, "trainer's clock", stated, witnessed, refs, LEAST_SHARE_EPOCHS)


def _part(file: str, kind: str, stated: float, witnessed: float, refs: tuple[Ref, ...], share: float) -> Witness:
    return Witness(file, kind, stated, witnessed, refs, share * stated, stated + SECOND)


def _batches(campaign: Campaign) -> Iterator[Witness]:
    for log in batch_logs(campaign):
        if (stated := number(log.owner.content, "performance.elapsed_sec", "timestamps.elapsed_sec")) is not None:
            refs = log.owner.ref("performance", "elapsed_sec"), log.ref(log.entries[0]), log.ref(log.entries[-1])
            span = log.entries[-1].second - log.entries[0].second
            yield _part(log.owner.document.file, "log of batches", stated, span, refs, LEAST_SHARE_BATCHES)


def _finding(witness: Witness, before: int) -> Finding:
    more = witness.witnessed > witness.most
    message = f"{figure(witness.stated)} s are stated; by the {witness.kind} it is {figure(witness.witnessed)} s."
    if not more and witness.kind != "time stamps":
        message += f" Less than {witness.witnessed / witness.stated:.0%} of the time is explained."
    severity: Severity = "error" if more or witness.kind == "time stamps" else "warning"
    subject = f"{witness.refs[0].file} {witness.refs[0].path}, {witness.kind}" + (f" {before + 1}" if before else "")
    sides = f"{figure(witness.stated)} s", f"{figure(witness.witnessed)} s"
    return Finding(subject, severity, "mismatch", message, *sides, effect(witness.stated, witness.witnessed), witness.refs[:4])


def _confirmed(campaign: Campaign, witnesses: list[Witness]) -> Iterator[Finding]:
    """For how many runs a second witness gives the same hours."""
    sources = {run: {ref.file for ref in campaign.refs(run, "time.seconds")} for run in campaign.records}
    mine = {run: [witness for witness in witnesses if witness.file in files] for run, files in sources.items() if files}
    seen = {run: found for run, found in mine.items() if found}
    if not seen:
        return
    largest = max(min(abs(witness.stated - witness.witnessed) for witness in found) for found in seen.values())
    alone = sorted(mine.keys() - seen.keys())
    message = f"The hours of {len(seen)} of {len(mine)} runs have a second witness that agrees." + (
        f" Without one: {', '.join(alone)}." if alone else ""
    )
    recomputed = f"{len(seen)} of {len(mine)} runs; largest difference {largest:.2f} s"
    yield Finding("hours of the runs", "note", "confirmed", message, recomputed=recomputed, cells=())
