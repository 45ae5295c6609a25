"""Parameters: campaign defaults, overridden by the run's YAML, overridden by the command line; one typed model.

An unknown or ill-typed key stops with the file that holds it, the key, what was found and what was expected.

    python -m stages.parameters RUN [--campaign NAME] [--set RUN.KEY=VALUE …]     print a run's merged parameters
"""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, reduce
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

from stages.campaign_models import CampaignParameters, Price, dataset_name, instructions_name
from stages.errors import UserError, report_errors
from stages.files import write_atomic
from stages.normalise import NORMALISERS
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
from stages.validation import validate
from stages.yaml_files import read_yaml

PRICES_FILE = Path("params/prices.yaml")


def campaign_file(campaign: str) -> Path:
    return Path("params/campaigns") / f"{campaign}.yaml"


def run_file(run: str) -> Path:
    return Path("params/runs") / f"{run}.yaml"


def known_campaigns() -> list[str]:
    """Names of all campaigns that have parameters."""
    return sorted(path.stem for path in Path("params/campaigns").glob("*.yaml"))


def known_runs() -> list[str]:
    """Names of all runs that have parameters."""
    return sorted(path.stem for path in Path("params/runs").glob("*.yaml"))


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``below`` with the keys of ``above`` laid over it, mapping by mapping; lists and scalars are replaced."""
    merged = dict(below)
    for key, value in above.items():
        lower = merged.get(key)
        merged[key] = merge(lower, value) if isinstance(lower, Mapping) and isinstance(value, Mapping) else value
    return merged


def parse_overrides(settings: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Overrides by run of settings ``RUN.KEY[.KEY…]=VALUE``; values are read as YAML and checked by the model later."""
    overrides: dict[str, dict[str, Any]] = {}
    for setting in settings:
        path, sign, text = setting.partition("=")
        keys = path.strip().split(".")
        if not sign or len(keys) < 2 or keys[0] not in known_runs():
            raise UserError("--config set", setting, repr(setting), "RUN.KEY=VALUE, as in v1.training.batch_size=128")
        try:
            nested: Any = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise UserError("--config set", path, repr(text), "a YAML value") from error
        for key in reversed(keys[1:]):
            nested = {key: nested}
        overrides[keys[0]] = merge(overrides.get(keys[0], {}), nested)
    return overrides


def load_campaign(campaign: str) -> CampaignParameters:
    """Parameters of a campaign; its runs must all be known."""
    path = campaign_file(campaign)
    parameters = validate(CampaignParameters, read_yaml(path), path)
    if parameters.campaign != campaign:
        raise UserError(path, "campaign", repr(parameters.campaign), repr(campaign))
    if len(parameters.runs) != len(set(parameters.runs)):
        raise UserError(path, "runs", "a run named twice", "each run once")
    known = known_runs()
    for run in parameters.runs:
        if run not in known:
            raise UserError(path, "runs", repr(run), "one of: " + ", ".join(known))
    for run in parameters.overrides:
        if run not in {"all", "track1", "track2", *known}:
            raise UserError(path, "overrides", repr(run), "all, track1, track2, or one of: " + ", ".join(known))
    if parameters.source == "training" and parameters.corpus is None:
        raise UserError(path, "corpus", "nothing", "the text that its runs are trained on: source: demo, local or brwac")
    return parameters


def load_run(campaign: str, run: str, settings: Sequence[str] = ()) -> RunParameters:
    """Merged parameters of ``run`` in ``campaign``: campaign defaults ← run file ← campaign overrides ← settings.

    The evidence of a run that is trained here is what its training leaves behind, and nothing of it is unknown or inferred.
    """
    parameters = load_campaign(campaign)
    merged = _merged(parameters, run, settings)
    if parameters.source != "training":
        return merged
    return _as_trained(parameters, merged) if merged.track == 1 else _as_tuned(parameters, merged, settings)


def _merged(campaign: CampaignParameters, run: str, settings: Sequence[str]) -> RunParameters:
    """The run's layers, one over the other, checked.

    A variant's lie each above those of the run that it is a variant of, whose evidence is not its own.
    """
    base, place = read_run_file(run).get("variant_of"), campaign_file(campaign.campaign)
    family = [base, run] if base else [run]
    command_line, track = parse_overrides(settings), f"track{read_run_file(base or run).get('track')}"
    layers: dict[str, Mapping[str, Any]] = {f"{place}: defaults": campaign.defaults}
    if base:
        layers[str(run_file(base))] = read_run_file(base) | {"evidence": None}
    layers[str(run_file(run))] = read_run_file(run)
    layers[f"{place}: overrides"] = _stack(campaign.overrides.get(name, {}) for name in ("all", track, *family))
    layers["--config set"] = _stack(command_line.get(name, {}) for name in family)
    try:
        merged = validate(RunParameters, _stack(layers.values()), run_file(run))
        if merged.run != run:
            raise UserError(run_file(run), "run", repr(merged.run), repr(run))
    except UserError as error:
        file = next((name for name, layer in reversed(layers.items()) if _holds(layer, error.field)), run_file(run))
        raise UserError(file, error.field, error.found, error.expected, error.do) from error
    return merged


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


def _as_tuned(campaign: CampaignParameters, run: RunParameters, settings: Sequence[str]) -> RunParameters:
    """A run of track 2 as it is made here: an evaluation, probes, a small base model, or an adapter."""
    run, other = run.model_copy(update={"notes": {}, "evaluation": None, "sampling": None}), partial(_other, campaign, run, settings)
    if run.extrinsic:
        return _as_evaluated(campaign, run, run.extrinsic, other("extrinsic.adapter_run", run.extrinsic.adapter_run), settings)
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
        found = other("architecture.base_model", model).architecture
        if not isinstance(found, LlamaArchitecture):
            family = getattr(found, "family", None)
            raise UserError(place, "architecture.base_model", f"{model}, of family {family}", "a run that trains a model of family llama")
    before, name = [run.run], architecture.adapter_run
    while name:
        first = other("architecture.adapter_run", name).architecture
        if not isinstance(first, AdapterArchitecture) or first.base_model != model:
            found_here = f"{name}, of {getattr(first, 'base_model', None)}"
            raise UserError(place, "architecture.adapter_run", found_here, f"an adapter of {model}")
        before.append(name)
        name = first.adapter_run
        if name in before:
            raise UserError(place, "architecture.adapter_run", " from ".join([*before, name]), "an adapter that is there before this one")


def _as_evaluated(
    campaign: CampaignParameters, run: RunParameters, extrinsic: Extrinsic, tuned: RunParameters, settings: Sequence[str]
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
    first = _first_to_answer(campaign, System(run, tuned, False), settings)
    keys = {"base_answers": first} if first else {}
    return run.model_copy(update={"evidence": evaluated_files(campaign.campaign, run, tuned).model_copy(update={"keys": keys})})


def _first_to_answer(campaign: CampaignParameters, base: System, settings: Sequence[str]) -> str | None:
    """The evaluation before this one in the campaign that the base model's answers are made for already, if any."""
    for name in takewhile(base.evaluation.run.__ne__, campaign.runs):
        if read_run_file(read_run_file(name).get("variant_of") or name).get("extrinsic"):
            other = _merged(campaign, name, settings)
            assert other.extrinsic
            tuned = _merged(campaign, other.extrinsic.adapter_run, settings)
            if system_name(System(other, tuned, False)) == system_name(base):
                return name
    return None


def _as_probed(campaign: CampaignParameters, run: RunParameters, evaluation: RunParameters) -> RunParameters:
    """Probes of the models of an evaluation."""
    if not evaluation.extrinsic:
        raise UserError(run_file(run.run), "probes.evaluation_run", evaluation.run, "a run with an extrinsic evaluation")
    return run.model_copy(update={"evidence": probed_files(campaign.campaign, run)})


def _other(campaign: CampaignParameters, run: RunParameters, settings: Sequence[str], field: str, name: str) -> RunParameters:
    """Merged parameters of another run of the campaign, which ``field`` of ``run`` names."""
    if name not in campaign.runs or name == run.run:
        expected = "another run of the campaign" + ", or owner/name on the hub" * (field == "architecture.base_model")
        raise UserError(campaign_file(campaign.campaign), f"{run.run}: {field}", repr(name), expected)
    return _merged(campaign, name, settings)


def _uncounted(run: RunParameters) -> Architecture:
    """The run's architecture without the number of its parameters, which is that of the published one."""
    assert run.architecture
    return run.architecture.model_copy(update={"parameter_count": None})


def require(run: RunParameters, *parts: str) -> None:
    """:class:`UserError` unless the run has all of ``parts``."""
    for part in parts:
        if getattr(run, part) is None:
            raise UserError(run_file(run.run), part, "nothing", "what a run needs that is made here")


def read_run_file(run: str) -> dict[str, Any]:
    """What ``params/runs/<run>.yaml`` says, as it stands; the run that it is a variant of must be no variant itself."""
    own = read_yaml(run_file(run))
    base = own.get("variant_of")
    if base is not None and (base not in known_runs() or read_yaml(run_file(base)).get("variant_of")):
        raise UserError(run_file(run), "variant_of", repr(base), "a run that has a file in params/runs and is no variant itself")
    return own


def _stack(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The layers laid one over the other, the first at the bottom."""
    return reduce(merge, layers, {})


def _holds(layer: Any, field: str) -> bool:
    """Whether ``layer`` sets ``field``."""
    for key in field.split("."):
        if not isinstance(layer, Mapping) or key not in layer:
            return False
        layer = layer[key]
    return True


def load_prices() -> dict[str, Price]:
    """Prices by device name (as the driver reports it)."""
    entries = read_yaml(PRICES_FILE)
    return {device: validate(Price, entry, f"{PRICES_FILE}: {device}") for device, entry in entries.items()}


def write_campaign(campaign: str, runs: Sequence[str], claimed: bool) -> None:
    """Write the parameters of a campaign of registered evidence; ``claimed``: what the thesis states is held against it."""
    published = load_campaign("published")
    value = CampaignParameters(campaign=campaign, source="evidence", runs=list(runs), defaults=published.defaults)
    if claimed:
        value = value.model_copy(update={"claims": published.claims, "printed_cells": published.printed_cells})
    write_atomic(campaign_file(campaign), yaml.safe_dump(value.model_dump(), sort_keys=False, allow_unicode=True))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.parameters", description="Print a run's merged parameters.")
    parser.add_argument("run")
    parser.add_argument("--campaign", default="published")
    parser.add_argument("--set", nargs="*", default=[], dest="settings", metavar="RUN.KEY=VALUE")
    report_errors(partial(show, parser.parse_args()))


def show(arguments: argparse.Namespace) -> None:
    """Print the merged parameters as YAML."""
    merged = load_run(arguments.campaign, arguments.run, arguments.settings)
    print(yaml.safe_dump(merged.model_dump(mode="json"), sort_keys=False, allow_unicode=True), end="")


if __name__ == "__main__":
    main()
