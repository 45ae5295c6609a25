"""What an audit finds in this working copy rather than in the campaign: a stale ledger, an edited mirror, a dirty tree, moved blobs.

These findings are printed and judged like the others, and not stored: they are about the folder at this moment.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import stages.audit.families.integrity  # noqa: F401  (registers its rules)
from stages import manifest
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.rules import RULES, run_rules
from stages.errors import UserError
from stages.files import read_json, sha256_of_file
from stages.ledger import METADATA, entry_of
from stages.mirror import Mirrored, campaigns_with_records, mirror_campaign
from stages.parameters import load_prices
from stages.registry import kept_evidence, load_registry
from stages.store import chosen_store, open_store, sqlite_file
from stages.traced import Ref

if TYPE_CHECKING:
    from mlflow import MlflowClient

MADE = ("versions", "reports", "analysis")


def state_findings(campaign: str) -> Iterator[Finding]:
    """Everything that this working copy shows of ``campaign``."""
    yield from ledger(campaign)
    yield from tables(campaign)
    yield from mlflow(campaign)
    yield from blobs(campaign)
    yield from dvc(campaign)
    yield from git()


def ledger(campaign: str) -> Iterator[Finding]:
    """Made files that the ledger does not know, or knows to be made from other inputs than those here."""
    for folder in MADE:
        for path in sorted(Path(folder, campaign).rglob("*")):
            if not path.is_file() or path.name.startswith("."):
                continue
            entry = METADATA / entry_of(path.as_posix())
            if not entry.exists():
                message = f"The ledger has no entry for {path}: no job of the workflow is known to have made it."
                yield Finding(path.as_posix(), "warning", "not verifiable", message, rule="state.ledger")
                continue
            stale = _stale_inputs(entry)
            if stale:
                message = f"{path} was made from other versions of {', '.join(stale)} than those here. Make it again: snakemake -c2 {path}"
                refs = tuple(Ref(name, "", _checksum(Path(name)).removeprefix("sha256:"), "project") for name in stale)
                yield Finding(
                    path.as_posix(), "error", "mismatch", message, effect=f"{len(stale)} inputs", evidence=refs, rule="state.ledger"
                )


def _stale_inputs(entry: Path) -> list[str]:
    """Inputs whose recorded hash is not that of the file here, or which are recorded without one."""
    content = read_json(entry)
    checksums = content.get("input_checksums") if isinstance(content, dict) else None
    if not isinstance(checksums, dict):
        raise UserError(
            entry, "input_checksums", repr(checksums)[:80], "hashes by input", "Make the file again: its entry in the ledger is broken."
        )
    inputs = [name for name in content.get("input") or [] if Path(name).is_file()]
    return [name for name in dict.fromkeys([*inputs, *checksums]) if _checksum(Path(name)) != checksums.get(name)]


def _checksum(path: Path) -> str:
    return f"sha256:{sha256_of_file(path)}" if path.is_file() else "no file"


def tables(campaign: str) -> list[Finding]:
    """Tables edited since they were made: the audit's own rule, which needs records alone, so that it holds without the evidence, too."""
    registry = load_registry(campaign)
    return run_rules(Campaign.load(campaign, registry, load_prices(), root=kept_evidence(campaign)), [RULES["integrity.tables"]])


def mlflow(campaign: str) -> Iterator[Finding]:
    """Runs in the MLflow store that are not what the records say; nothing where there is no store, or the campaign is not in it."""
    address = chosen_store()
    if ((file := sqlite_file(address)) and not file.exists()) or campaign not in campaigns_with_records():
        return
    client = open_store(address)
    experiment = client.get_experiment_by_name(campaign)
    if experiment is None:
        return
    shown = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id], max_results=1000)}
    for expected in mirror_campaign(campaign):
        if differing := _differing(client, shown.get(expected.name), expected):
            message = f"MLflow does not show run {expected.name} as its record has it ({differing}). Publish again: make publish"
            yield Finding(expected.name, "error", "mismatch", message, effect=differing, rule="state.mlflow")


def _differing(client: "MlflowClient", run: Any, expected: Mirrored) -> str:
    """What of a run in MLflow is not as expected; empty where all is."""
    if run is None:
        return "no such run"
    if run.data.tags.get("lastro.digest") != expected.digest():
        return "another version of the record"
    shown: dict[str, Any] = {name: value for name, value in run.data.tags.items() if name in expected.tags}
    wrong = [name for name, value in expected.tags.items() if shown.get(name) != value]
    wrong += _unlike(run.data.params, expected.parameters)
    last = {name: value for name, value, _ in sorted(expected.metrics, key=lambda metric: metric[2])}  # MLflow shows the last step's
    wrong += _unlike(run.data.metrics, last)
    for name in {name for name, _, step in expected.metrics if step} - set(wrong):
        history = sorted((entry.step, entry.value) for entry in client.get_metric_history(run.info.run_id, name))
        if history != sorted((step, value) for other, value, step in expected.metrics if other == name):
            wrong.append(name)
    return ", ".join(sorted(wrong)[:5])


def _unlike(shown: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Names whose values differ, on either side."""
    return [name for name in shown.keys() | expected.keys() if shown.get(name) != expected.get(name)]


def blobs(campaign: str) -> Iterator[Finding]:
    """Corpora, tokens, weights and results that are not what their manifests say; those that are not here are not looked for."""
    for path in manifest.manifests_of(campaign):
        for name, file in manifest.load_manifest(path).files.items():
            blob = path.parent / name
            found = manifest.difference(blob, file) if blob.exists() else None
            if found:
                message = f"{blob} is not what {path} says: it was altered, or cut. Make it again: snakemake -c2 --force {blob}"
                refs = (Ref(blob.as_posix(), "", sha256_of_file(blob), "project"),)
                yield Finding(blob.as_posix(), "error", "mismatch", message, file.sha256, found, evidence=refs, rule="state.blobs")


def dvc(campaign: str) -> Iterator[Finding]:
    """Whether DVC finds its tracked blobs of the campaign as they were."""
    tracked = sorted(path for top in ("data", "versions") for path in Path(top, campaign).rglob("*.dvc"))
    if tracked:
        done = subprocess.run([sys.executable, "-m", "dvc", "status", "-q", *map(str, tracked)], capture_output=True, text=True)
        if done.returncode:
            names = ", ".join(map(str, tracked))
            message = f"DVC finds blobs other than they were tracked ({names}): dvc status shows which."
            yield Finding(names, "error", "mismatch", message, rule="state.dvc")


def git() -> Iterator[Finding]:
    """Files that differ from the commit: what is audited here is then not what the commit holds."""
    done = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True)
    changed = [line[3:] for line in done.stdout.splitlines()]
    if done.returncode:
        yield Finding("commit", "note", "not verifiable", "This folder is not a git repository: no commit stands for it.", rule="state.git")
    elif changed:
        message = f"{len(changed)} files differ from the commit: {', '.join(changed[:5])}{', …' if len(changed) > 5 else ''}"
        yield Finding("commit", "note", "not verifiable", message, effect=f"{len(changed)} files", rule="state.git")
