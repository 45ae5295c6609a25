"""How long a training takes: as it did before, or as the nearest one did, times the work that it is beside it."""

import math
from dataclasses import replace

from stages.parameter_models import RunParameters
from stages.planning.earlier import nearest_record
from stages.planning.jobs import Job
from stages.planning.measure import THIS_MACHINE, Estimate, estimate_of, estimate_of_record
from stages.planning.times import RECORDED, name_of, own_seconds, recorded_on, recorded_times
from stages.planning.work import Work, work_of
from stages.record import Record

SCALED = "time grows with the positions trained on"
BUSY = "and not at all to fully with the weights at work at each"


def estimate_training(job: Job, run: RunParameters) -> Estimate | None:
    """From this machine's last one, from the recorded times of the same campaign, or from the nearest record, in that order."""
    earlier, seconds = nearest_record(job.campaign, run), own_seconds(job)
    if earlier and earlier[1].identity.campaign == job.campaign and earlier[1].identity.run == run.run:
        estimate = estimate_of_record(earlier[1], earlier[0])
        # A benchmark file has the start of the process, too; but of an interrupted training its last part alone.
        if seconds and seconds > estimate.seconds:
            estimate = replace(estimate.times(seconds / estimate.seconds), source=str(job.benchmark))
        return _scaled(estimate, run, earlier[1])
    if seconds:
        return estimate_of(seconds, THIS_MACHINE, job.benchmark)
    return _from_recorded_times(job, run) or (_from_other(run, *earlier) if earlier else None)


def _from_recorded_times(job: Job, run: RunParameters) -> Estimate | None:
    found, work = recorded_times(job.campaign, name_of(job)), work_of(run)
    if not found or not work:
        return None
    ratio = work.beside(Work(**found["work"]))
    estimate = estimate_of(found["median"], recorded_on(), RECORDED)
    return _times(estimate, ratio) if ratio else None


def _from_other(run: RunParameters, path: object, record: Record) -> Estimate | None:
    estimate = _scaled(estimate_of_record(record, path), run, record)
    other = record.configuration
    if estimate and run.data and other.data and run.data.packing != other.data.packing:
        said = f"rows that are {run.data.packing} take as long as {other.data.packing} ones"
        estimate = estimate.times(1.0, said)
    return estimate


def _scaled(estimate: Estimate, run: RunParameters, record: Record) -> Estimate | None:
    """For the work of ``run`` instead of the record's; none where the two cannot be compared."""
    other = record.configuration
    work, before = work_of(run, like=other), work_of(other, epochs=record.data.epochs_run, like=other)
    ratio = work.beside(before) if work and before else None
    return _times(estimate, ratio) if ratio else None


def _times(estimate: Estimate, ratio: tuple[float, float]) -> Estimate:
    """The range goes from positions alone to positions times weights, and the estimate is their geometric mean.

    Which of them a device feels depends on how busy it is: docs/plan.md says how far measured times were from this.
    """
    positions, weights = ratio
    if positions == weights == 1.0:
        return estimate
    alone = estimate.times(positions, SCALED if weights == 1.0 else f"{SCALED}, {BUSY}")
    least, most = sorted((1.0, weights))
    return replace(alone.times(math.sqrt(weights)), low=alone.low * least, high=alone.high * most)
