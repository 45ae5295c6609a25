"""A run as it is made in this project: with nothing about it unknown, and with what it leaves as its evidence."""

from collections.abc import Callable
from functools import partial
from itertools import takewhile
from typing import Any

from stages.campaign_models import CampaignParameters, dataset_name, instructions_name
from stages.errors import UserError
from stages.normalise import NORMALISERS
from stages.parameter_files import campaign_file, run_file
from stages.parameter_models import Extrinsic, RunParameters
from stages.places import result_files
from stages.tasks import TASKS
from stages.training_parameters import AdapterArchitecture, Architecture, LlamaArchitecture
from stages.tuning_places import (
    System,
    architecture_of,
    evaluated_files,
    is_on_hub,
    is_tuned_on_examples,
    probed_files,
    system_name,
    tuned_files,
)

Merged = Callable[[str], RunParameters]
"""Gives the merged parameters of a run of the campaign, nothing of the runs that it names looked at."""


def made_here(campaign: CampaignParameters, run: RunParameters, merged: Merged) -> RunParameters:
    """``run`` of a campaign that makes its own runs; :class:`UserError` where it lacks something, or names what is not there."""
    return _as_trained(campaign, run) if run.track == 1 else _as_tuned(campaign, run, merged)


def _as_trained(campaign: CampaignParameters, run: RunParameters) -> RunParameters:
    """A run as it is trained here: on the campaign's corpus, all windows shuffled together, with nothing about it unknown."""
    require(run, "architecture", "tokenizer", "data", "cleaning", "training", "evaluation")
    assert run.data and run.training
    if not run.data.documents_train or not run.data.stride:
        raise UserError(run_file(run.run), "data", "no documents_train, or no stride", "documents to learn from, and a stride for windows")
    data = run.data.model_copy(update={"dataset": dataset_name(campaign.corpus), "shuffle_buffer_windows": 0})
    training = run.training.model_copy(update={"tail_penalty": run.training.tail_penalty or 0.0})
    run = run.model_copy(update={"architecture": _uncounted(run), "data": data, "training": training, "notes": {}})
    return run.model_copy(update={"evidence": result_files(campaign.campaign, run)})


def _as_tuned(campaign: CampaignParameters, run: RunParameters, merged: Merged) -> RunParameters:
    """A run of track 2 as it is made here: an evaluation, probes, a small base model, or an adapter."""
    run, other = run.model_copy(update={"notes": {}, "evaluation": None, "sampling": None}), partial(_other, campaign, run, merged)
    if run.extrinsic:
        return _as_evaluated(campaign, run, run.extrinsic, other("extrinsic.adapter_run", run.extrinsic.adapter_run), merged)
    if run.probes:
        return _as_probed(campaign, run, other("probes.evaluation_run", run.probes.evaluation_run))
    require(run, "architecture", "tokenizer", "data", "training")
    assert run.data and run.training and run.tokenizer
    if not run.data.documents_train or not run.data.documents_validation:
        raise UserError(
            run_file(run.run), "data", "no documents_train, or no documents_validation", "some to learn from and to validate on"
        )
    on_examples = is_tuned_on_examples(run)
    if on_examples and campaign.instructions is None:
        raise UserError(campaign_file(campaign.campaign), "instructions", "nothing", "what is tuned on: source: demo, local or canarim")
    if not on_examples:
        require(run, "cleaning")
    dataset = instructions_name(campaign.instructions) if on_examples else dataset_name(campaign.corpus)
    updates: dict[str, Any] = {
        "architecture": _uncounted(run),
        # No document is streamed, and checkpoints go by the clock.
        "data": run.data.model_copy(update={"dataset": dataset, "shuffle_buffer_documents": None}),
        "training": run.training.model_copy(update={"save_every_steps": None}),
    }
    if isinstance(run.architecture, AdapterArchitecture):
        _check_start(run, run.architecture, other)
        updates["tokenizer"] = run.tokenizer.model_copy(update={"name": run.architecture.base_model})
    run = run.model_copy(update=updates)
    return run.model_copy(update={"evidence": tuned_files(campaign.campaign, run)})


def _check_start(run: RunParameters, architecture: AdapterArchitecture, other: Callable[[str, str], RunParameters]) -> None:
    """What the adapter's training starts from must be there, and each adapter before it be one of the same model."""
    place, model = run_file(run.run), architecture.base_model
    if not is_on_hub(model):
        trained = other("architecture.base_model", model).architecture
        if not isinstance(trained, LlamaArchitecture):
            family = getattr(trained, "family", None)
            raise UserError(place, "architecture.base_model", f"{model}, of family {family}", "a run that trains a model of family llama")
    before, name = [run.run], architecture.adapter_run
    while name:
        first = other("architecture.adapter_run", name).architecture
        if not isinstance(first, AdapterArchitecture) or first.base_model != model:
            found = f"{name}, of {getattr(first, 'base_model', None)}"
            raise UserError(place, "architecture.adapter_run", found, f"an adapter of {model}")
        before.append(name)
        name = first.adapter_run
        if name in before:
            raise UserError(place, "architecture.adapter_run", " from ".join([*before, name]), "an adapter that is there before this one")


def _as_evaluated(
    campaign: CampaignParameters, run: RunParameters, extrinsic: Extrinsic, tuned: RunParameters, merged: Merged
) -> RunParameters:
    """An evaluation of the run ``tuned``, on examples of the campaign's instructions."""
    if not is_tuned_on_examples(tuned):
        raise UserError(run_file(run.run), "extrinsic.adapter_run", tuned.run, "a run that is tuned on instructions")
    named = {"normaliser": ([extrinsic.normaliser], NORMALISERS), "tasks": (extrinsic.tasks, TASKS)}
    for field, (found, known) in named.items():
        if unknown := [name for name in found if name not in known]:
            raise UserError(run_file(run.run), f"extrinsic.{field}", repr(unknown[0]), "one of: " + ", ".join(known))
    names = {"base_model": architecture_of(tuned).base_model, "dataset": instructions_name(campaign.instructions)}
    run = run.model_copy(update={"extrinsic": extrinsic.model_copy(update=names)})
    first = _first_to_answer(campaign, System(run, tuned, False), merged)
    keys = {"base_answers": first} if first else {}
    return run.model_copy(update={"evidence": evaluated_files(campaign.campaign, run, tuned).model_copy(update={"keys": keys})})


def _first_to_answer(campaign: CampaignParameters, base: System, merged: Merged) -> str | None:
    """The evaluation before this one in the campaign that the base model's answers are made for already, if any."""
    for other in map(merged, takewhile(base.evaluation.run.__ne__, campaign.runs)):
        if other.extrinsic and system_name(System(other, merged(other.extrinsic.adapter_run), False)) == system_name(base):
            return other.run
    return None


def _as_probed(campaign: CampaignParameters, run: RunParameters, evaluation: RunParameters) -> RunParameters:
    """Probes of the models of an evaluation."""
    if not evaluation.extrinsic:
        raise UserError(run_file(run.run), "probes.evaluation_run", evaluation.run, "a run with an extrinsic evaluation")
    return run.model_copy(update={"evidence": probed_files(campaign.campaign, run)})


def _other(campaign: CampaignParameters, run: RunParameters, merged: Merged, field: str, name: str) -> RunParameters:
    """Merged parameters of another run of the campaign, which ``field`` of ``run`` names."""
    if name not in campaign.runs or name == run.run:
        expected = "another run of the campaign" + ", or owner/name on the hub" * (field == "architecture.base_model")
        raise UserError(campaign_file(campaign.campaign), f"{run.run}: {field}", repr(name), expected)
    return merged(name)


def _uncounted(run: RunParameters) -> Architecture:
    """The run's architecture without the number of its parameters, which is that of the published one."""
    assert run.architecture
    return run.architecture.model_copy(update={"parameter_count": None})


def require(run: RunParameters, *parts: str) -> None:
    """:class:`UserError` unless the run has all of ``parts``."""
    for part in parts:
        if getattr(run, part) is None:
            raise UserError(run_file(run.run), part, "nothing", "what a run needs that is made here")
