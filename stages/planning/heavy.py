"""Heavy jobs start only when they are asked for: those that need a GPU, or take long."""

from collections.abc import Sequence

from stages.errors import UserError
from stages.planning.estimates import estimate_job
from stages.planning.jobs import Job
from stages.planning.page import Estimated, Line, total
from stages.planning.parameters import plan_parameters


def heavy_jobs(jobs: Sequence[Job], settings: tuple[str, ...] = ()) -> list[Estimated]:
    """Those of ``jobs`` that need a GPU, or may take longer than ``params/plan.yaml`` allows, each with what it takes."""
    limit = plan_parameters().heavy.hours * 3600
    estimated = [(job, estimate_job(job, settings)) for job in jobs]
    return [(job, estimate) for job, estimate in estimated if job.gpu or (estimate and estimate.high > limit)]


def refuse_heavy(campaign: str, jobs: Sequence[Job], settings: tuple[str, ...] = ()) -> None:
    """:class:`UserError` where some of ``jobs``, which are about to start, are heavy: what they cost, and how to ask for them."""
    heavy = heavy_jobs(jobs, settings)
    if not heavy:
        return
    hours = plan_parameters().heavy.hours
    found = f"{len(heavy)} jobs that need a GPU or more than {hours:g} h each ({total(Line('heavy', heavy))})"
    ask = f"To start them: the same command, with --config campaign={campaign} heavy=yes."
    do = f"Nothing was started. What each takes: make plan campaign={campaign}. {ask}"
    raise UserError(f"campaign {campaign}", "heavy", found, "that they are asked for", do)
