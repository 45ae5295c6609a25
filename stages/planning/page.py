"""A plan as a person reads it: what each part takes and costs, on which device that was measured, and what is not known."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stages.parameters import PRICES_FILE
from stages.planning.jobs import Job
from stages.planning.measure import Estimate
from stages.planning.read_once import load_prices
from stages.planning.times import name_of

NOT_MEASURED = "not measured"
Estimated = tuple[Job, Estimate | None]


@dataclass(frozen=True)
class Line:
    """Jobs that are shown together: those of one rule, and of one run where they need a GPU or train something."""

    name: str
    jobs: Sequence[Estimated]

    @property
    def measured(self) -> list[tuple[Job, Estimate]]:
        return [(job, estimate) for job, estimate in self.jobs if estimate]

    @property
    def missing(self) -> int:
        return len(self.jobs) - len(self.measured)

    @property
    def dollars(self) -> float | None:
        """Of the jobs on a GPU whose time and price are known; none where there are none."""
        paid = [dollars_of(job, estimate) for job, estimate in self.measured]
        known = [each for each in paid if each is not None]
        return sum(known) if known else None

    def seconds(self, bound: str) -> float:
        """Sum of ``seconds``, ``low`` or ``high``."""
        return float(sum(getattr(estimate, bound) for _, estimate in self.measured))


def dollars_of(job: Job, estimate: Estimate) -> float | None:
    """Price of a job on the GPU that it was measured on; none of a job on a CPU, and where there is no price."""
    price = load_prices().get(estimate.device) if job.gpu else None
    return None if price is None or price.usd_per_hour is None else estimate.seconds / 3600 * price.usd_per_hour


def lines_of(jobs: Sequence[Estimated]) -> list[Line]:
    """The jobs, those together that belong together, the longest first."""
    groups: dict[str, list[Estimated]] = {}
    for job, estimate in jobs:
        groups.setdefault(_group(job), []).append((job, estimate))
    lines = [Line(name, each) for name, each in groups.items()]
    return sorted(lines, key=lambda line: (-line.seconds("seconds"), line.name))


def _group(job: Job) -> str:
    which = job.wildcards.get("run") or job.wildcards.get("system", "").rpartition("-")[0]
    return f"{job.rule} {which}" if job.gpu and which else name_of(job)


def duration(seconds: float) -> str:
    """Seconds below two minutes, minutes below two hours, else hours."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.2f} h"


def page(campaign: str, device: str, jobs: Sequence[Estimated]) -> Iterator[str]:
    """The table, its sum, and what it rests on."""
    lines = lines_of(jobs)
    all_jobs = Line("all", jobs)
    yield f"Campaign {campaign}: {len(jobs)} jobs to run; its device is {device}."
    if not jobs:
        return
    yield ""
    yield from _table(["job", "jobs", "time", "least", "most", "USD", "measured on", "from"], [_cells(line, device) for line in lines])
    yield ""
    yield _total(all_jobs)
    if absent := [line for line in lines if line.missing]:
        yield "Not measured: " + ", ".join(f"{line.name}{f' ({line.missing})' if line.missing > 1 else ''}" for line in absent) + "."
    yield from _conditions(device, all_jobs)


def _cells(line: Line, device: str) -> list[str]:
    if not line.measured:
        return [line.name, str(len(line.jobs)), NOT_MEASURED, "", "", "", "", ""]
    times = [duration(line.seconds(bound)) for bound in ("seconds", "low", "high")]
    devices = sorted({f"{estimate.device}{' *' if job.gpu and estimate.device != device else ''}" for job, estimate in line.measured})
    at_least = "at least " if line.missing else ""
    dollars = "" if line.dollars is None else f"{line.dollars:.2f}"
    return [line.name, str(len(line.jobs)), at_least + times[0], *times[1:], dollars, ", ".join(devices), _sources(line)]


def _sources(line: Line) -> str:
    """The file that the line rests on; of several the folder."""
    files = sorted({estimate.source for _, estimate in line.measured})
    return files[0] if len(files) == 1 else f"{os.path.commonpath(files)}/ ({len(files)} files)"


def _table(header: list[str], rows: list[list[str]]) -> Iterator[str]:
    """Columns side by side: names and words to the left, figures to the right."""
    widths = [max(len(row[index]) for row in [header, *rows]) for index in range(len(header))]
    for row in [header, *rows]:
        sides = [str.ljust, *[str.rjust] * 5, str.ljust, str.ljust]
        yield "  ".join(side(text, width) for side, text, width in zip(sides, row, widths, strict=True)).rstrip()


def total(line: Line) -> str:
    """Time and dollars of jobs in words."""
    unpriced = any(job.gpu and (not estimate or dollars_of(job, estimate) is None) for job, estimate in line.jobs)
    time = f"{'at least ' if line.missing else ''}{duration(line.seconds('seconds'))}" if line.measured else f"{NOT_MEASURED} hours"
    dollars = f"{'at least ' if unpriced else ''}{line.dollars:.2f} USD" if line.dollars is not None else f"dollars {NOT_MEASURED}"
    return f"{time}, {dollars}"


def _total(line: Line) -> str:
    energy = [estimate.kilowatt_hours for _, estimate in line.measured]
    known = [each for each in energy if each is not None]
    said = f"{'at least ' if len(known) < len(line.jobs) else ''}{sum(known):.2f} kWh" if known else f"kWh {NOT_MEASURED}"
    span = f" ({duration(line.seconds('low'))} to {duration(line.seconds('high'))})" if line.measured else ""
    return f"In all, one job after the other: {total(line)}, {said}{span}."


def _conditions(device: str, line: Line) -> Iterator[str]:
    """What the figures rest on beside their sources: other devices, assumptions."""
    others = sorted({estimate.device for job, estimate in line.measured if job.gpu and estimate.device != device})
    if others:
        yield f"* Measured on that device, and priced as it ({PRICES_FILE}); on {device} not measured."
    if any(job.gpu for job, _ in line.jobs):
        yield "Dollars are those of jobs on a GPU; where the whole machine is rented, the time of the others costs, too."
    assumed = dict.fromkeys(said for _, estimate in line.measured for said in estimate.assumptions)
    if assumed:
        yield "Assumed: " + "; ".join(assumed) + "."
