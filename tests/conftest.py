"""Fixtures that several tests share: the project in a folder of its own, the evidence, Snakemake."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forking import run_snakemake

ROOT = Path(__file__).parents[1]

LONGEST_FIRST = (
    *("test_published", "test_walk", "test_track1", "test_track2", "test_audit", "test_workflow", "test_faulty_evidence"),
    *("test_resume", "test_report", "test_tune_resume", "test_dvc", "test_figures"),
)
"""Files of tests/end_to_end by how long they take: begun in this order, none is still running when the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, and whole: what runs them in parallel (make test) hands out files in this order."""
    order = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)) if "end_to_end" in item.path.parts else len(order) + 1)


@pytest.fixture(scope="session")
def evidence() -> Path:
    """Folder of the published evidence; the test is skipped where there is none."""
    folder = Path(os.environ.get("LASTRO_EVIDENCE") or ROOT / "data/published/evidence")
    if not folder.is_dir():
        pytest.skip("the published evidence is not here: set LASTRO_EVIDENCE or run 'make evidence'")
    return folder.resolve()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sound campaign of the audit's tests, made once."""
    from tests.audit.sound import write_project

    folder = tmp_path_factory.mktemp("sound") / "project"
    write_project(folder)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project's own files (what git tracks or would track) in another folder."""
    return copy_project(tmp_path / "project")


def copy_project(target: Path) -> Path:
    """Copy what git tracks, or would, to ``target``."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    return target


def run_in(folder: Path, *command: str, evidence: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of the environment in ``folder``, with the evidence given or with none."""
    environment = {name: value for name, value in os.environ.items() if name not in ("LASTRO_EVIDENCE", "PYTHONPATH")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    if evidence:
        environment["LASTRO_EVIDENCE"] = str(evidence)
    if command[0] == "snakemake":
        return run_snakemake(folder, command[1:], environment)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


def snakemake(folder: Path, *arguments: str, evidence: Path | None = None) -> str:
    """Output of Snakemake in ``folder``; it must succeed."""
    done = run_in(folder, "snakemake", "-c2", *arguments, evidence=evidence)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def files_below(folder: Path, *parts: str) -> dict[str, bytes]:
    """Bytes of every file below the ``parts`` of a project."""
    paths = [path for part in parts for path in (folder / part).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With ``LASTRO_NO_SKIPS`` set, as in continuous integration, a skipped test fails the session."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if os.environ.get("LASTRO_NO_SKIPS") and skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print(f"\nerror: {skipped} tests were skipped, and LASTRO_NO_SKIPS is set", file=sys.stderr)
