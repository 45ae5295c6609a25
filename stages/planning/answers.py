"""How long a model's answers to the examples of an evaluation take: as those of an earlier one did, by their number and length."""

from stages.parameter_models import Extrinsic, RunParameters
from stages.planning.earlier import nearest_record
from stages.planning.jobs import Job
from stages.planning.measure import Estimate, estimate_of_record
from stages.planning.read_once import load_campaign, load_run
from stages.planning.work import dimensions_of
from stages.tuning_places import System, system_name

HALF = "base model and adapter take half of an evaluation's time each, its scoring included"
LENGTHS = "answers take time by their number and the longest that is allowed"


def estimate_answers(job: Job, settings: tuple[str, ...]) -> Estimate | None:
    """From the record of the nearest evaluation of base and adapted model; none where their base models are of other dimensions."""
    evaluation = _evaluation_of(job, settings)
    earlier = nearest_record(job.campaign, evaluation) if evaluation else None
    if not evaluation or not earlier:
        return None
    path, record = earlier
    own, other = evaluation.extrinsic, record.configuration.extrinsic
    assert own and other
    alike = own.base_model == other.base_model and record.identity.campaign == job.campaign
    if not alike and (not dimensions_of(own.base_model) or dimensions_of(own.base_model) != dimensions_of(other.base_model)):
        return None
    estimate, ratio = estimate_of_record(record, path).times(0.5, HALF), _tokens(own) / _tokens(other)
    return estimate if ratio == 1.0 else estimate.times(ratio, LENGTHS)


def _evaluation_of(job: Job, settings: tuple[str, ...]) -> RunParameters | None:
    """The evaluation that first asks for the answers of the job's system."""
    for name in load_campaign(job.campaign).runs:
        run = load_run(job.campaign, name, settings)
        if run.extrinsic:
            tuned = load_run(job.campaign, run.extrinsic.adapter_run, settings)
            if job.wildcards["system"] in {system_name(System(run, tuned, adapted)) for adapted in (False, True)}:
                return run
    return None


def _tokens(extrinsic: Extrinsic) -> float:
    """The most tokens that one model's answers can have."""
    return len(extrinsic.seeds) * extrinsic.examples_per_task * sum(extrinsic.maximum_new_tokens[task] for task in extrinsic.tasks)
