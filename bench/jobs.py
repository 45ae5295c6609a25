"""How long the jobs of the demo and of the published campaign took on this machine, by Snakemake's benchmark files.

    python -m bench.jobs

Run it after both were made here. A plan (make plan) takes these times where a machine has none of its own.
"""

import statistics
from collections import defaultdict
from dataclasses import asdict
from typing import Any

from bench.machine import machine
from stages.files import to_json, write_atomic
from stages.planning.jobs import Job, planned_jobs
from stages.planning.read_once import load_run
from stages.planning.times import RECORDED, TRAININGS, name_of, own_seconds
from stages.planning.work import work_of

CAMPAIGNS = {"demo": ("all", "track1", "track2", "audit"), "published": ("all", "check", "audit")}


def times_of(campaign: str, jobs: list[Job]) -> dict[str, Any]:
    """Seconds by name of the jobs of a campaign: number of jobs, median, least and most; of trainings the work, too."""
    seconds: dict[str, list[float]] = defaultdict(list)
    facts: dict[str, Any] = {}
    for job in jobs:
        if job.campaign == campaign and (took := own_seconds(job)) is not None:
            seconds[name_of(job)].append(took)
            work = work_of(load_run(job.campaign, job.wildcards["run"])) if job.rule in TRAININGS else None
            facts[name_of(job)] = {"work": asdict(work)} if work else {}
    return {
        name: {"jobs": len(each), "median": statistics.median(each), "low": min(each), "high": max(each)} | facts[name]
        for name, each in sorted(seconds.items())
    }


def main() -> None:
    """Read the benchmark files of every job of both campaigns, write what they say."""
    times = {campaign: times_of(campaign, planned_jobs(campaign, targets, forceall=True)) for campaign, targets in CAMPAIGNS.items()}
    write_atomic(RECORDED, to_json({"machine": machine(), "campaigns": times}))
    for campaign, found in times.items():
        print(f"{campaign}: {sum(each['jobs'] for each in found.values())} jobs in {len(found)} lines of {RECORDED}")


if __name__ == "__main__":
    main()
