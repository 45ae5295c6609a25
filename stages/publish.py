"""MLflow as a mirror of the records: one experiment a campaign, one parent run a version, one child a run.

Nothing reads from it: deleting the store and publishing again gives the same view. Publishing twice adds nothing; a run whose
record changed is replaced.

    python -m stages.publish [--campaign NAME …]      default: every campaign that has records
"""

import argparse
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.errors import UserError, report_errors
from stages.files import read_bytes, sha256_of, sha256_of_json
from stages.record import Record, load_record
from stages.registry import load_registry, registry_file

if TYPE_CHECKING:
    from mlflow import MlflowClient

STORE = Path(".mlflow/lastro.db")
METRICS = ("data.", "time.", "results.", "energy.", "cost.")
"""Parts of a record whose numbers are metrics; the configuration is parameters."""


@dataclass(frozen=True)
class Mirrored:
    """What MLflow shows of one run; ``metrics`` are (name, value, step)."""

    name: str
    start_milliseconds: int
    end_milliseconds: int
    parameters: dict[str, str]
    metrics: list[tuple[str, float, int]]
    tags: dict[str, str]

    def digest(self) -> str:
        """Hash of all that is shown, so that an unchanged run is recognised."""
        return sha256_of_json([self.name, self.start_milliseconds, self.end_milliseconds, self.parameters, self.metrics, self.tags])


def mirror(record: Record, path: Path) -> Mirrored:
    """What MLflow shows of ``record``, kept in the file ``path``."""
    identity = record.identity
    start, end = _times(record)
    tags = {
        "lastro.campaign": identity.campaign,
        "lastro.version": identity.version,
        "lastro.run": identity.run,
        "lastro.track": str(identity.track),
        "lastro.title": identity.title,
        "lastro.device": record.environment.device or "not logged",
        "lastro.record": path.as_posix(),
        "lastro.record_sha256": sha256_of(read_bytes(path)),
        **_data_tags(identity.campaign),
    }
    parameters = dict(_parameters(record.configuration.model_dump(exclude_none=True)))
    return Mirrored(identity.run, start, end, parameters, sorted(_metrics(record)), tags)


def _metrics(record: Record) -> Iterator[tuple[str, float, int]]:
    for field, value in record.values.items():
        if isinstance(value, int | float) and field.startswith(METRICS):
            index = re.search(r"\[(\d+)\]$", field)
            yield re.sub(r"\[\d+\]$", "", field), float(value), int(index[1]) if index else 0
    for epoch in record.history:
        for name, value in epoch.model_dump(exclude={"epoch"}, exclude_none=True).items():
            yield f"history.{name}", float(value), epoch.epoch


def _parameters(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Scalars and lists by dotted name; MLflow takes no brackets in names."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _parameters(inner, f"{name}.{key}" if name else key)
    else:
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _data_tags(campaign: str) -> dict[str, str]:
    """Revision of the data: the registry's commit and hash, or the hash of the corpus that the campaign's runs are trained on."""
    corpus = Path("data", campaign, "corpus", "manifest.json")
    if corpus.exists():
        return {"lastro.corpus_sha256": sha256_of(read_bytes(corpus))}
    if not registry_file(campaign).exists():
        return {}
    revision = load_registry(campaign).commit or "a local folder"
    return {"lastro.data_revision": revision, "lastro.registry_sha256": sha256_of(read_bytes(registry_file(campaign)))}


def _times(record: Record) -> tuple[int, int]:
    """Start and end in milliseconds of Unix time, from the record alone; 1 stands for a start that was not logged.

    MLflow would put the present for 0, and the mirror would not be the same twice.
    """
    time = record.time
    length = round((time.seconds or 0) * 1000)
    if not time.started_at and not time.ended_at:
        return 1, 1 + length
    start = _milliseconds(time.started_at) if time.started_at else _milliseconds(time.ended_at or "") - length
    return start, start + length


def _milliseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def git_tags() -> dict[str, str]:
    """Commit of this repository and whether the tree differs from it, at the time of publishing."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], capture_output=True, text=True).stdout.strip()

    return {"lastro.git_commit": git("rev-parse", "HEAD") or "none", "lastro.git_dirty": str(bool(git("status", "--porcelain"))).lower()}


def open_store(store: Path) -> "MlflowClient":
    """Client of the SQLite store, created where it is not there."""
    return open_client(f"sqlite:///{store}")


def open_client(uri: str) -> "MlflowClient":
    """Client of a store; the folder of an SQLite one is created. No telemetry; artifacts are never stored."""
    os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    from mlflow import MlflowClient

    if uri.startswith("sqlite:///"):
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return MlflowClient(tracking_uri=uri)


def publish(client: "MlflowClient", campaign: str, mirrored: list[Mirrored], git: dict[str, str]) -> int:
    """Bring the campaign's experiment in line with ``mirrored``; return how many runs were written."""
    experiment = experiment_of(client, campaign)
    runs = _all_runs(client, experiment)
    parents = {run.info.run_name: run.info.run_id for run in runs if "lastro.run" not in run.data.tags}
    current = {run.data.tags.get("lastro.digest", run.info.run_id): run.info.run_id for run in runs if "lastro.run" in run.data.tags}
    for digest in current.keys() - {each.digest() for each in mirrored}:
        client.delete_run(current[digest])
    _remove_live_curves(client, campaign, {each.name for each in mirrored})
    written = 0
    for each in mirrored:
        version = each.tags["lastro.version"]
        if version not in parents:
            parents[version] = _create_parent(client, experiment, version, [m for m in mirrored if m.tags["lastro.version"] == version])
        if each.digest() not in current:
            current[each.digest()] = _create_run(client, experiment, each, parents[version])
            written += 1
        for name, value in git.items():
            client.set_tag(current[each.digest()], name, value)
    return written


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


def _create_parent(client: "MlflowClient", experiment: str, version: str, children: list[Mirrored]) -> str:
    tags = {"lastro.version": version, "lastro.campaign": children[0].tags["lastro.campaign"]}
    run = client.create_run(experiment, min(child.start_milliseconds for child in children), tags, version)
    client.set_terminated(run.info.run_id, "FINISHED", max(child.end_milliseconds for child in children))
    return str(run.info.run_id)


def _create_run(client: "MlflowClient", experiment: str, mirrored: Mirrored, parent: str) -> str:
    from mlflow.entities import Metric, Param

    tags = {**mirrored.tags, "mlflow.parentRunId": parent}
    run_id = str(client.create_run(experiment, mirrored.start_milliseconds, tags, mirrored.name).info.run_id)
    parameters = [Param(name, value) for name, value in mirrored.parameters.items()]
    metrics = [Metric(name, value, mirrored.start_milliseconds, step) for name, value, step in mirrored.metrics]
    client.log_batch(run_id, params=parameters)
    log_metrics(client, run_id, metrics)
    client.set_terminated(run_id, "FINISHED", mirrored.end_milliseconds)
    client.set_tag(run_id, "lastro.digest", mirrored.digest())  # last: a run that was cut short is not taken for a whole one
    return run_id


def campaigns_with_records() -> list[str]:
    """Campaigns that have at least one record."""
    return sorted({path.parts[1] for path in Path("versions").glob("*/*/*/record.json")})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.publish", description="Mirror records into a local MLflow store.")
    parser.add_argument("--campaign", nargs="*", default=[])
    parser.add_argument("--store", type=Path, default=STORE, help="SQLite file")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read the records, publish them, say what was written."""
    known = campaigns_with_records()
    if absent := set(arguments.campaign) - set(known):
        raise UserError(
            "--campaign", "", ", ".join(sorted(absent)), "one of: " + ", ".join(known), "Make its records first: snakemake -c2 records"
        )
    by_campaign = {}
    for campaign in arguments.campaign or known:
        paths = sorted(Path("versions", campaign).glob("*/*/record.json"))
        by_campaign[campaign] = [mirror(load_record(path), path) for path in paths]
    client, git = open_store(arguments.store), git_tags()
    for campaign, mirrored in by_campaign.items():
        written = publish(client, campaign, mirrored, git)
        print(f"{arguments.store}: campaign {campaign}: {len(mirrored)} runs, {written} written, {len(mirrored) - written} unchanged")


if __name__ == "__main__":
    main()
