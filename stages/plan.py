"""What would run now, how long it would take and what it would cost, before anything runs.

    python -m stages.plan --campaign thesis [TARGET …] [--set RUN.KEY=VALUE …]

Snakemake's own dry run says what would run; times come from records and benchmarks of earlier runs (docs/plan.md).
"""

import argparse
from functools import partial

from stages.errors import report_errors
from stages.planning.estimates import estimate_job
from stages.planning.jobs import planned_jobs
from stages.planning.page import page
from stages.planning.read_once import load_campaign, load_run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.plan", description="Say what would run, and what it would take and cost.")
    parser.add_argument("targets", nargs="*", help="such as track1; without, what 'snakemake' alone would make")
    parser.add_argument("--campaign", default="published")
    parser.add_argument("--set", nargs="*", default=[], dest="settings", metavar="RUN.KEY=VALUE")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Ask Snakemake, estimate each job, print the plan."""
    settings = tuple(arguments.settings)
    parameters = load_campaign(arguments.campaign)
    jobs = planned_jobs(arguments.campaign, arguments.targets, settings)
    devices = sorted({load_run(arguments.campaign, name, settings).hardware.device for name in parameters.runs})
    device = ", ".join(devices) if parameters.source == "training" else "none, as its runs are not trained here"
    print("\n".join(page(arguments.campaign, device, [(job, estimate_job(job, settings)) for job in jobs])))


if __name__ == "__main__":
    main()
