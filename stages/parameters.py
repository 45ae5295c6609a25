"""Parameters: campaign defaults, overridden by the run's YAML, overridden by the command line; one typed model.

An unknown or ill-typed key stops with the file that holds it, the key, what was found and what was expected.

    python -m stages.parameters RUN [--campaign NAME] [--set RUN.KEY=VALUE …]     print a run's merged parameters
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from functools import partial, reduce
from pathlib import Path
from typing import Any

import yaml

from stages.campaign_models import CampaignParameters, Price
from stages.errors import UserError, report_errors
from stages.files import write_atomic
from stages.made_here import made_here
from stages.parameter_files import campaign_file, run_file
from stages.parameter_models import RunParameters
from stages.validation import validate
from stages.yaml_files import parse_yaml, read_yaml

PRICES_FILE = Path("params/prices.yaml")


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
        nested = parse_yaml(text, "--config set", path)
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
    return made_here(parameters, merged, lambda name: _merged(parameters, name, settings))


def _merged(campaign: CampaignParameters, run: str, settings: Sequence[str]) -> RunParameters:
    """The run's layers, one over the other, checked.

    A variant's lie each above those of the run that it is a variant of, whose evidence is not its own.
    """
    own, place = read_run_file(run), campaign_file(campaign.campaign)
    base = own.get("variant_of")
    below = read_run_file(base) | {"evidence": None} if base else {}
    family = [base, run] if base else [run]
    command_line, track = parse_overrides(settings), f"track{(below or own).get('track')}"
    layers: dict[str, Mapping[str, Any]] = {f"{place}: defaults": campaign.defaults}
    if base:
        layers[str(run_file(base))] = below
    layers[str(run_file(run))] = own
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
        if isinstance(layer, list):
            return True  # lists are not merged
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
        value = value.model_copy(update={name: getattr(published, name) for name in ("claims", "printed_cells", "worked_numbers")})
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
