"""DVC on a copy of this working tree: what it compares, what it keeps, what it notices. Nothing here needs the evidence."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT, copy_project

EVIDENCE = Path("data/x/evidence")


class Project:
    """A repository in a temporary folder, with DVC's and git's own settings kept out of it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "GIT_", "LASTRO_", "PYTHONPATH"))}
        self.env |= {f"DVC_{kind}_DIR": str(folder / kind) for kind in ("SITE_CACHE", "GLOBAL_CONFIG", "SYSTEM_CONFIG")}
        self.env |= {"DVC_NO_ANALYTICS": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def run(self, *command: str, status: int = 0) -> str:
        """Output of a command, which has to end with ``status``; its errors, where it has to fail."""
        done = subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stderr if status else done.stdout

    def git(self, *arguments: str) -> str:
        """Output of git, with a name to commit under."""
        return self.run("git", "-c", "user.name=test", "-c", "user.email=test@localhost", *arguments)

    def python(self, module: str, *arguments: str, status: int = 0) -> str:
        """Output of ``python -m module``."""
        return self.run(sys.executable, "-m", module, *arguments, status=status)

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace the first ``old`` in a file."""
        text = (self.root / file).read_text()
        assert old in text
        (self.root / file).write_text(text.replace(old, new, 1))

    def fill(self) -> None:
        """Make a campaign's evidence folder."""
        for name, data in (("log.jsonl", b'{"loss": 1.5}\n'), ("runs/weights.bin", bytes(range(256)))):
            path = self.root / EVIDENCE / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def evidence(self) -> dict[str, bytes]:
        """Bytes of the evidence's files."""
        folder = self.root / EVIDENCE
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Committed copy of every file of the working tree that git does not ignore."""
    project = Project(tmp_path)
    copy_project(project.root)
    for pointer in (project.root / "data").rglob("*.dvc"):  # what a user tracked in the tree is no part of these tests
        pointer.unlink()
    project.git("init", "--quiet")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "copy")
    return project


def test_a_clone_without_evidence_has_a_clean_status(project: Project) -> None:
    assert "no data or pipelines tracked" in project.python("dvc", "status")
    assert project.git("status", "--short") == ""


def test_params_diff_names_a_changed_price(project: Project) -> None:
    project.replace("params/prices.yaml", "usd_per_hour: 0.13", "usd_per_hour: 0.19")
    lines = project.python("dvc", "params", "diff").splitlines()
    assert len(lines) == 2
    assert lines[1].split() == ["params/prices.yaml", "NVIDIA", "GeForce", "RTX", "3090.usd_per_hour", "0.13", "0.19"]


def test_metrics_diff_shows_a_changed_number(project: Project) -> None:
    project.replace("analysis/published/metrics.json", '"results.validation.epoch": 2', '"results.validation.epoch": 3')
    lines = project.python("dvc", "metrics", "diff").splitlines()
    assert len(lines) == 2
    assert lines[1].split() == ["analysis/published/metrics.json", "v1.results.validation.epoch", "2", "3", "1"]


def test_every_history_with_epochs_is_a_plot_and_no_stage_is_declared() -> None:
    declared = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    histories = [path for path in ROOT.glob("versions/published/*/*/history.csv") if path.read_text().count("\n") > 1]
    assert {file for plot in declared["plots"] for file in plot} == {str(path.relative_to(ROOT)) for path in histories}
    assert "stages" not in declared
    assert all((ROOT / path).exists() for path in declared["params"] + declared["metrics"])


def test_a_tracked_folder_comes_back_from_a_local_remote(project: Project, tmp_path: Path) -> None:
    project.fill()
    before = project.evidence()
    assert f"git add {EVIDENCE}.dvc" in project.python("stages.track")
    assert project.git("status", "--short", "--untracked-files=all").split() == ["??", f"{EVIDENCE}.dvc"]
    project.python("dvc", "remote", "add", "--local", "--default", "store", str(tmp_path / "remote"))
    project.python("dvc", "push")
    shutil.rmtree(project.root / EVIDENCE)
    shutil.rmtree(project.root / ".dvc/cache")
    project.python("dvc", "pull")
    assert project.evidence() == before


def test_a_tampered_blob_is_noticed(project: Project) -> None:
    project.fill()
    times = {path: path.stat().st_mtime_ns for path in (project.root / EVIDENCE).rglob("*")}
    project.python("stages.track")
    assert {path: path.stat().st_mtime_ns for path in times} == times
    project.python("dvc", "status", "--quiet")
    (project.root / EVIDENCE / "log.jsonl").write_bytes(b'{"loss": 1.25}\n')
    project.python("dvc", "status", "--quiet", status=1)


def test_without_evidence_of_its_own_there_is_nothing_to_track(project: Project, tmp_path: Path) -> None:
    (project.root / EVIDENCE.parent).mkdir()
    (project.root / EVIDENCE).symlink_to(tmp_path, target_is_directory=True)
    printed = project.python("stages.track")
    assert printed.startswith("Nothing to track") and "make evidence" in printed
    assert not list(project.root.glob("data/*/evidence.dvc"))


def test_a_failure_of_dvc_is_an_error_of_the_user(project: Project) -> None:
    project.fill()
    (project.root / ".dvc/config").write_text("[core]\n    unknown = 1\n")
    assert project.python("stages.track", status=1).splitlines()[-1].startswith("error: dvc add: exit status: found ")
