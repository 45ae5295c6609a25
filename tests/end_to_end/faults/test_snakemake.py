"""Two runs at once, Snakemake killed alone, a lock that it left: the second is refused, and the same command goes on without more ado."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.conftest import copy_project, files_below, run_in, snakemake
from tests.end_to_end.faults.processes import Stage, kill, settle, stages_of, start

COMMAND = ("-c1", "data/tiny/corpus/manifest.json", "--config", "campaign=tiny")
SECONDS = 120


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("faults") / "project")


@pytest.fixture
def held(project: Path) -> Iterator[tuple[subprocess.Popen[bytes], Stage]]:
    """Snakemake with its stage under way, which stands still so that what follows has time."""
    first = start(project, [*COMMAND, "--forcerun", "corpus"], project.parent / "first.log")
    yield first, stand_still(first)
    kill("group", first, None)


def stand_still(first: subprocess.Popen[bytes]) -> Stage:
    deadline = time.monotonic() + SECONDS
    while not (stages := stages_of(first.pid)):
        assert time.monotonic() < deadline and first.poll() is None, "it has a stage under way"
        time.sleep(0.02)
    psutil.Process(stages[0].pid).suspend()
    return stages[0]


def test_of_two_runs_the_second_is_refused_and_after_a_kill_the_same_command_goes_on(
    project: Path, held: tuple[subprocess.Popen[bytes], Stage]
) -> None:
    first, stage = held
    second = run_in(project, "snakemake", *COMMAND)
    assert second.returncode == 1 and f"{project}: found another run of Snakemake in this folder under way" in second.stderr
    assert first.poll() is None and psutil.pid_exists(stage.pid), "the first is not disturbed"
    told = psutil.Process(stage.pid).cmdline()
    kill("snakemake", first, None)
    psutil.Process(stage.pid).send_signal(signal.SIGCONT)
    settle(project)
    assert "the Snakemake that began this has ended" in (project.parent / "first.log").read_text()
    assert not (project / "data/tiny/corpus/manifest.json").exists()
    (project / ".snakemake/locks/0.output.lock").write_text("data/tiny/corpus/manifest.json\n")  # Snakemake's own, of a dead process
    snakemake(project, *COMMAND)
    made = files_below(project, "data/tiny")
    assert set(made) == {f"data/tiny/corpus/{name}" for name in ("manifest.json", "documents.txt", "offsets.npy")}
    alone = run_in(project, *(word.replace("data/tiny/corpus", "data/tiny/alone") for word in told))
    assert alone.returncode == 0, alone.stderr
    assert all((project / name.replace("corpus", "alone")).read_bytes() == data for name, data in made.items()), "as uninterrupted"
