"""Where times of earlier jobs stand: Snakemake's benchmark files of this machine, and those that we recorded of ours."""

import statistics
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from stages.errors import UserError
from stages.files import parse_csv, read_json, read_text
from stages.planning.jobs import Job

RECORDED = Path("bench/results/jobs.json")
TRAININGS = ("train", "train_base", "tune")


def own_seconds(job: Job) -> float | None:
    """How long the job took when it last ran on this machine; none where it did not."""
    if job.benchmark is None or not job.benchmark.exists():
        return None
    rows = parse_csv(read_text(job.benchmark).replace("\t", ","), job.benchmark)
    try:
        return statistics.fmean(float(row["s"]) for row in rows)
    except (KeyError, ValueError) as error:
        do = "Remove the file: Snakemake writes another one after the job."
        raise UserError(job.benchmark, "s", "no number of seconds", "Snakemake's benchmark of a job", do) from error


def name_of(job: Job) -> str:
    """Under what a job is counted: each training for itself, other jobs by their rule."""
    return f"{job.rule} {job.wildcards['run']}" if job.rule in TRAININGS else job.rule


def recorded_times(campaign: str, name: str) -> dict[str, Any] | None:
    """Seconds that such jobs took on the machine of ``bench/results``: median, low, high; none where that was not recorded."""
    found: dict[str, Any] | None = _recorded()["campaigns"].get(campaign, {}).get(name)
    return found


def recorded_campaigns() -> list[str]:
    """Campaigns whose jobs' times were recorded."""
    return list(_recorded()["campaigns"])


def recorded_on() -> str:
    """The machine of the recorded times."""
    return machine_name(_recorded()["machine"])


def machine_name(machine: Mapping[str, Any]) -> str:
    """Processor and cores of a machine as ``bench`` names it."""
    return f"{machine['cpu']}, {machine['cores']:.0f} cores"


@cache
def _recorded() -> dict[str, Any]:
    content: dict[str, Any] = read_json(RECORDED) if RECORDED.exists() else {"machine": {"cpu": "", "cores": 0}, "campaigns": {}}
    return content
