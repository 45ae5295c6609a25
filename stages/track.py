"""Tracking: one ``dvc add`` over the blobs that lie here, once, after the run.

    python -m stages.track

DVC copies each blob into its cache and writes its hashes to ``<blob>.dvc``, the small file to commit. Every blob has an entry
in the root ``.gitignore``, so DVC adds no ``.gitignore`` of its own.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stages import manifest
from stages.errors import UserError, report_errors

NOTHING = """\
Nothing to track: no campaign has evidence of its own in data/<campaign>/evidence (a link to a registered folder is not tracked), and
none that is trained here has blobs whose manifests git takes (those of demo and tiny belong to this machine alone).
To get the published evidence: make evidence (or: python -m stages.evidence fetch). Then track again."""


def list_blobs() -> list[Path]:
    """Blobs that lie on this machine: the evidence of every campaign that keeps its own files, and what the manifests name.

    Of the latter those that git leaves out: small texts beside them, such as a model's settings, are committed as they are.
    """
    # A link leads to a registered folder that belongs to somebody else, at a place that only this machine has.
    evidence = [folder for folder in Path("data").glob("*/evidence") if folder.is_dir() and not folder.is_symlink()]
    kept = [path for path in manifest.manifests_of("*") if not _is_ignored(path)]
    named = [path.parent / name for path in kept for name in manifest.load_manifest(path).files]
    return sorted(evidence + [blob for blob in named if blob.exists() and _is_ignored(blob)])


def _is_ignored(path: Path) -> bool:
    """Whether git leaves the file out: a blob, or a manifest of a campaign that only this machine keeps."""
    return subprocess.run(["git", "check-ignore", "--quiet", str(path)]).returncode == 0


def track(blobs: Sequence[Path]) -> None:
    """Track ``blobs`` with one call of DVC; :class:`UserError` where it fails."""
    # One call, because parallel ones fail on DVC's lock; no re-linking, because that moves the times that Snakemake looks at.
    command = [sys.executable, "-m", "dvc", "add", "--no-relink", *map(str, blobs)]
    # What DVC prints to stdout is advice on staging, which the main program gives; its progress and errors stay in sight.
    done = subprocess.run(command, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise UserError("dvc add", "exit status", done.returncode, "0", "What DVC says of it stands above.")


def main() -> None:
    """Track what there is; say what was tracked and what to do next."""
    blobs = list_blobs()
    if not blobs:
        print(NOTHING)
        return
    track(blobs)
    for blob in blobs:
        print(f"{blob}: tracked in {blob}.dvc")
    print("next: git add " + " ".join(f"{blob}.dvc" for blob in blobs))
    print("      git commit, then dvc push, where a remote is set (docs/dvc.md)")


if __name__ == "__main__":
    report_errors(main)
