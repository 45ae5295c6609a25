"""Evidence: somebody's published raw results as a registered dataset, every file verified before it is read.

A campaign's registry, ``data/<campaign>/registry.json``, lists the sha256 of every file. The files themselves are never
committed: they lie in ``data/<campaign>/evidence`` (fetched, or a link to a registered folder), or, where the registry
names a repository, in the local copy that ``LASTRO_EVIDENCE`` points to.

    python -m stages.evidence fetch [--campaign NAME]          clone at the registered commit, verify, keep
    python -m stages.evidence verify [--campaign NAME]         verify every file
    python -m stages.evidence register DIR --campaign NAME     make a campaign of another folder in the same layout
"""

import argparse
import os
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from stages.errors import UserError, report_errors
from stages.files import sha256_of_file, to_json, write_atomic
from stages.parameter_files import campaign_file, check_campaign_name
from stages.parameters import known_campaigns, load_campaign, load_run, write_campaign
from stages.registry import RegisteredFile, Registry, evidence_root, kept_evidence, load_registry, read_verified, registry_file


def verify(campaign: str) -> int:
    """Verify every registered file and return their number; a :class:`UserError` lists *all* files that fail."""
    registry = load_registry(campaign)
    root = evidence_root(registry)
    failures = []
    for file in registry.files:
        try:
            read_verified(registry, root, file)
        except UserError as error:
            failures.append(error)
    if failures:
        found = f"{len(failures)} of {len(registry.files)} files that differ:\n  " + "\n  ".join(map(str, failures)) + "\n "
        raise UserError(root, "", found, "every file as registered")
    return len(registry.files)


def copy_verified(registry: Registry, source: Path) -> Path:
    """Copy the registered files of ``source`` to ``data/<campaign>/evidence``, all of them or none."""
    target = kept_evidence(registry.campaign)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".evidence.") as folder:
        for file in registry.files:
            write_atomic(Path(folder) / "evidence" / file, read_verified(registry, source, file))
        if target.is_symlink():
            target.unlink()
        elif target.exists():
            target.rename(Path(folder) / "before")
        (Path(folder) / "evidence").rename(target)
    return target


def fetch(campaign: str) -> Path:
    """Bring the evidence to ``data/<campaign>/evidence``: from ``LASTRO_EVIDENCE``, else by cloning its repository.

    Only the registered files are kept, and only if every one of them has its registered hash.
    """
    registry = load_registry(campaign)
    if not registry.repository or not registry.commit:
        raise UserError(registry_file(campaign), "repository", "none", "a repository to clone", "This evidence is a local folder.")
    if local := os.environ.get("LASTRO_EVIDENCE"):
        return copy_verified(registry, Path(local))
    with tempfile.TemporaryDirectory(prefix="lastro-") as folder:
        clone = Path(folder) / "clone"
        for command in (
            ["git", "clone", "--quiet", "--no-checkout", "--", registry.repository, str(clone)],
            ["git", "-C", str(clone), "-c", "core.autocrlf=false", "checkout", "--quiet", registry.commit],
        ):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                do = "Without network, set LASTRO_EVIDENCE to a local copy."
                raise UserError(registry.repository, registry.commit, done.stderr.strip(), "a repository that git can clone", do)
        return copy_verified(registry, clone)


def register(source: Path, campaign: str) -> Registry:
    """Make a campaign of ``source``, a folder laid out as the published evidence: its registry, its parameters, a link to it.

    The campaign takes the runs whose files are all there; a version of the published evidence (more than half of its files, byte for
    byte) is also audited against what the thesis claims. Registering the same folder twice changes nothing.
    """
    if not source.is_dir():
        raise UserError(source, "", "no such folder", "a folder of results")
    check_campaign_name("--campaign", campaign)
    _check_place(source, campaign)
    if campaign in known_campaigns() and _is_taken(campaign):
        raise UserError(campaign_file(campaign), "campaign", f"{campaign!r} in use", "a name of its own", "Choose another --campaign.")
    files = {}
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if path.is_symlink() and not path.resolve().is_relative_to(source.resolve()):
            raise UserError(path, "", "a link that leads out of the folder", "files of its own", "Copy it whole first: cp -rL")
        if path.is_file() and not name.startswith(".git/"):
            files[name] = RegisteredFile(sha256=sha256_of_file(path), bytes=path.stat().st_size)
    registry = Registry(campaign=campaign, licence="not stated; ask the owner of the folder", files=files)
    lacking = left_out(registry)
    runs = [run for run in load_campaign("published").runs if run not in lacking]
    if not runs:
        raise UserError(source, "", f"{len(files)} files, none complete for a run", "the layout that params/runs/*.yaml name")
    if registry_file(campaign).exists() and load_registry(campaign) != registry:
        do = f"Choose another --campaign, or remove {registry_file(campaign).parent} and all that was made of it."
        raise UserError(registry_file(campaign), "files", "other files under this name", "the same files, or a new name", do)
    if not campaign_file(campaign).exists():
        write_campaign(campaign, runs, claimed=is_version(registry, load_registry("published")))
    write_atomic(registry_file(campaign), to_json(registry.model_dump()))
    _link(source, kept_evidence(campaign))
    return registry


def is_version(registry: Registry, other: Registry) -> bool:
    """Whether more than half of ``other``'s files stand in ``registry`` as they are."""
    return 2 * sum(registry.files.get(file) == entry for file, entry in other.files.items()) > len(other.files)


def left_out(registry: Registry) -> dict[str, str]:
    """Runs of the published campaign that this evidence does not hold whole, each with the first file that it lacks."""
    lacking = {}
    for run in load_campaign("published").runs:
        named = load_run("published", run).evidence
        missing = [file for file in named.files.values() if file not in registry.files] if named else ["files of its own"]
        if missing:
            lacking[run] = missing[0]
    return lacking


def _is_taken(campaign: str) -> bool:
    """Whether the name belongs to something else than a registered folder."""
    return not registry_file(campaign).exists() or load_registry(campaign).repository is not None


def _check_place(source: Path, campaign: str) -> None:
    """Refuse to put a link where somebody's own files are."""
    place = kept_evidence(campaign)
    if place.parent.exists() and not place.parent.is_dir():
        raise UserError(place.parent, "", "a file", "a folder, or nothing")
    if place.exists() and not place.is_symlink() and place.resolve() != source.resolve():
        raise UserError(
            place, "", "a folder of its own", "nothing, or the folder to register", "Move it away, or choose another --campaign."
        )


def _link(source: Path, link: Path) -> None:
    """Link to the registered folder, unless it lies in that very place."""
    if link.is_symlink():
        link.unlink()
    if not link.exists():
        link.symlink_to(source.resolve(), target_is_directory=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.evidence", description="Fetch, verify or register evidence.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("fetch", "verify"):
        commands.add_parser(name).add_argument("--campaign", default="published")
    registering = commands.add_parser("register")
    registering.add_argument("folder", type=Path)
    registering.add_argument("--campaign", required=True)
    arguments = parser.parse_args()
    report_errors(partial(run, arguments))


def run(arguments: argparse.Namespace) -> None:
    """Carry out one parsed command and say what came of it."""
    campaign = arguments.campaign
    if arguments.command == "fetch":
        print(f"{fetch(campaign)}: {len(load_registry(campaign).files)} files, each with its registered sha256")
    elif arguments.command == "verify":
        print(f"{evidence_root(load_registry(campaign))}: {verify(campaign)} files, each with its registered sha256")
    else:
        registry = register(arguments.folder, campaign)
        print(f"{registry_file(campaign)}: {len(registry.files)} files, {len(load_campaign(campaign).runs)} runs")
        for run, file in left_out(registry).items():
            print(f"left out: run {run}, which needs {file}, and every table that shows it")
        if load_campaign(campaign).claims:
            print("claims: the thesis's, because most files are those of the published evidence")
        print(f"next: snakemake -c2 all check --config campaign={campaign}, then make audit campaign={campaign}")


if __name__ == "__main__":
    main()
