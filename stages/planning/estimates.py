"""What one job takes, from the measurement that is nearest to it; nothing where nothing was measured."""

from stages.planning.answers import estimate_answers
from stages.planning.jobs import Job
from stages.planning.measure import THIS_MACHINE, Estimate, estimate_of
from stages.planning.parameters import plan_parameters
from stages.planning.read_once import load_run
from stages.planning.texts import estimate_text
from stages.planning.times import RECORDED, TRAININGS, name_of, own_seconds, recorded_campaigns, recorded_on, recorded_times
from stages.planning.trainings import estimate_training


def estimate_job(job: Job, settings: tuple[str, ...] = ()) -> Estimate | None:
    """Seconds of a job, with their source; ``settings``: overrides under which it is planned."""
    if job.rule in TRAININGS:
        return estimate_training(job, load_run(job.campaign, job.wildcards["run"], settings))
    if (seconds := own_seconds(job)) is not None:
        return estimate_of(seconds, THIS_MACHINE, job.benchmark)
    if found := _recorded(job, job.campaign):
        return found
    if job.rule == "generate":
        return estimate_answers(job, settings)
    if job.rule in ("text", "tokens"):
        return estimate_text(job)
    any_size = plan_parameters().any_size
    if job.rule not in any_size.rules:
        return None
    return next((found for campaign in recorded_campaigns() if (found := _recorded(job, campaign, any_size.source))), None)


def _recorded(job: Job, campaign: str, assumption: str = "") -> Estimate | None:
    """By the recorded times of jobs of the same rule."""
    found, said = recorded_times(campaign, name_of(job)), (assumption,) if assumption else ()
    return Estimate(found["median"], found["low"], found["high"], recorded_on(), str(RECORDED), assumptions=said) if found else None
