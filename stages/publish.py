"""MLflow as a mirror of the records: one experiment a campaign, its runs as :mod:`stages.mirror` has them, and a view a group of runs.

Nothing reads from it: deleting the store and publishing again gives the same view. Publishing twice adds nothing; a run whose
record changed is replaced. Of two publishings at once the second waits.

    python -m stages.publish [--campaign NAME …]      default: every campaign that has records
    MLFLOW_TRACKING_URI=postgresql+psycopg2://… python -m stages.publish
"""

import argparse
import json
import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from stages.errors import UserError, report_errors
from stages.mirror import GROUPS, METRICS, Mirrored, campaigns_with_records, mirror_campaign
from stages.store import address_of, alone, chosen_store, failed, open_store, shown

if TYPE_CHECKING:
    from mlflow import MlflowClient

COLUMNS = {
    "models": ["params.`architecture`", "params.`tokenizer`", "params.`vocabulary`"]
    + [f"metrics.`{name}`" for name in ("parameters", "loss", "perplexity", "bits_per_character", "hours", "cost_usd")],
    "training": ["params.`base_model`"] + [f"metrics.`{name}`" for name in ("loss", "base_loss", "adapter_loss", "hours", "cost_usd")],
    "scores": ["params.`model`"],
}
"""Columns of each group's view; of scores every mean, whatever the tasks are called."""
COMPARED = 100
"""Of more runs there is no link that sets them side by side: nobody could read them, and a tag of MLflow holds 20,000 characters."""


def git_tags() -> dict[str, str]:
    """Commit of this repository and whether the tree differs from it, at the time of publishing."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], capture_output=True, text=True).stdout.strip()

    return {"lastro.git_commit": git("rev-parse", "HEAD") or "none", "lastro.git_dirty": str(bool(git("status", "--porcelain"))).lower()}


def publish(client: "MlflowClient", campaign: str, mirrored: list[Mirrored], git: dict[str, str]) -> int:
    """Bring the campaign's experiment in line with ``mirrored``; return how many runs were written."""
    experiment = experiment_of(client, campaign)
    wanted = {each.digest() for each in mirrored}
    current: dict[str, str] = {}
    for run in _all_runs(client, experiment):
        digest = run.data.tags.get("lastro.digest")
        if digest in wanted and digest not in current:
            current[digest] = run.info.run_id
        else:
            client.delete_run(run.info.run_id)
    _remove_live_curves(client, campaign, {each.tags["lastro.run"] for each in mirrored})
    written = len(wanted - current.keys())
    for each in mirrored:
        if each.digest() not in current:
            current[each.digest()] = _create_run(client, experiment, each)
        for name, value in git.items():
            client.set_tag(current[each.digest()], name, value)
    _describe(client, experiment, campaign, {each.name: current[each.digest()] for each in mirrored}, mirrored)
    return written


def _describe(client: "MlflowClient", experiment: str, campaign: str, ids: dict[str, str], mirrored: list[Mirrored]) -> None:
    """The experiment's own page: what it is, and for each group of runs its view and its comparison, as links."""
    lines = [
        f"Campaign **{campaign}** of Lastro: a mirror of the records in `versions/{campaign}`, made by `make publish`.",
        "Losses are in nats a token and compare within a tokenizer only; what was not measured is left out, never 0.",
        "",
    ]
    for group, title in GROUPS.items():
        members = [each for each in mirrored if each.group == group]
        if members:
            client.set_experiment_tag(experiment, f"mlflow.sharedViewState.{group}", json.dumps(_view(group, members)))
            chosen = quote(json.dumps([ids[each.name] for each in members]))
            compare = f"#/compare-runs?runs={chosen}&experiments={quote(json.dumps([experiment]))}"
            beside = f", [side by side]({compare})" if len(members) <= COMPARED else ""
            lines.append(f"- {title}: [list]({view_of(experiment, group)}){beside}")
    client.set_experiment_tag(experiment, "mlflow.note.content", "\n".join(lines))
    client.set_experiment_tag(experiment, "mlflow.experimentKind", "custom_model_development")


def view_of(experiment: str, group: str) -> str:
    """Address of a group's view within the MLflow pages."""
    return f"#/experiments/{experiment}/runs?viewStateShareKey={group}"


def _view(group: str, members: list[Mirrored]) -> dict[str, Any]:
    """A saved view of MLflow's runs page: the group alone, in the order of its names, with the columns that compare it."""
    found = sorted({name for each in members for name, _, _ in each.metrics if "/" not in name})
    means = [f"metrics.`{name}`" for name in found if group == "scores" and name not in METRICS]
    return {
        "searchFilter": f"tags.lastro.group = '{group}'",
        "orderByKey": "tags.`mlflow.runName`",
        "orderByAsc": True,
        "selectedColumns": COLUMNS[group] + means,
    }


def _remove_live_curves(client: "MlflowClient", campaign: str, names: set[str]) -> None:
    """What trainings showed of runs that now have a record, which shows the same for good."""
    if live := client.get_experiment_by_name(live_name(campaign)):
        for run in _all_runs(client, str(live.experiment_id)):
            if run.data.tags.get("lastro.run") in names and run.info.status != "RUNNING":
                client.delete_run(run.info.run_id)


def experiment_of(client: "MlflowClient", name: str) -> str:
    """Identifier of the experiment, created where it is not there; another process may be creating it at this moment."""
    if experiment := client.get_experiment_by_name(name):
        return str(experiment.experiment_id)
    try:
        return str(client.create_experiment(name, artifact_location="mlflow-artifacts:/none"))
    except Exception:  # of whatever database there is
        if experiment := client.get_experiment_by_name(name):
            return str(experiment.experiment_id)
        raise


def live_name(campaign: str) -> str:
    """Name of the experiment that holds the curves of trainings while they run."""
    return f"{campaign} live"


def log_metrics(client: "MlflowClient", run_id: str, metrics: list[Any]) -> None:
    """Log any number of metrics, a thousand at a time, as many as MLflow takes."""
    for start in range(0, len(metrics), 1000):
        client.log_batch(run_id, metrics=metrics[start : start + 1000])


def _all_runs(client: "MlflowClient", experiment: str) -> list[Any]:
    runs: list[Any] = []
    token = None
    while page := client.search_runs([experiment], max_results=1000, page_token=token):
        runs += page
        if not (token := page.token):
            break
    return runs


def _create_run(client: "MlflowClient", experiment: str, mirrored: Mirrored) -> str:
    from mlflow.entities import Metric, Param

    run_id = str(client.create_run(experiment, mirrored.start_milliseconds, mirrored.tags, mirrored.name).info.run_id)
    parameters = [Param(name, value) for name, value in mirrored.parameters.items()]
    metrics = [Metric(name, value, mirrored.start_milliseconds, step) for name, value, step in mirrored.metrics]
    client.log_batch(run_id, params=parameters)
    log_metrics(client, run_id, metrics)
    client.set_terminated(run_id, "FINISHED", mirrored.end_milliseconds)
    client.set_tag(run_id, "lastro.digest", mirrored.digest())  # last: a run that was cut short is not taken for a whole one
    return run_id


def add_store_argument(parser: argparse.ArgumentParser) -> None:
    """Which store; by its default rather than by this argument where the address holds a password, which others would see in ``ps``."""
    words = "SQLite file, or address of an MLflow store; default: MLFLOW_TRACKING_URI, else .mlflow/lastro.db"
    parser.add_argument("--store", default=chosen_store(), help=words)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.publish", description="Mirror records into an MLflow store.")
    parser.add_argument("--campaign", nargs="*", default=[])
    add_store_argument(parser)
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read the records, publish them, say what was written."""
    known = campaigns_with_records()
    if absent := set(arguments.campaign) - set(known):
        raise UserError(
            "--campaign", "", ", ".join(sorted(absent)), "one of: " + ", ".join(known), "Make its records first: snakemake -c2 records"
        )
    by_campaign = {campaign: mirror_campaign(campaign) for campaign in arguments.campaign or known}
    address, git = address_of(arguments.store), git_tags()
    client = open_store(address)
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with alone(address):
            for campaign, mirrored in by_campaign.items():
                written = publish(client, campaign, mirrored, git)
                count = f"{len(mirrored)} runs, {written} written, {len(mirrored) - written} unchanged"
                print(f"{shown(address)}: campaign {campaign}: {count}")
    except (MlflowException, SQLAlchemyError) as error:
        raise failed(address, error) from error


if __name__ == "__main__":
    main()
