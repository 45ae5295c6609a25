"""Heavy jobs are refused before anything starts, by Snakemake itself; a plan of them says what they take."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import copy_project, run_in, snakemake

V6 = "versions/thesis/v6-release-candidate/v6_rc16k_v5b/manifest.json"
V1 = "versions/tiny/v1-char-rnn/v1/manifest.json"
ON_A_GPU = "set=v1.hardware.device=NVIDIA-A100"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("plan") / "project")


def test_the_thesis_is_refused_with_what_it_costs_before_any_job(folder: Path) -> None:
    done = run_in(folder, "snakemake", "-c1", V6, "--config", "campaign=thesis")
    assert done.returncode == 1
    assert "found 1 jobs that need a GPU or more than 1 h each (13.32 h, 3.99 USD)" in done.stderr
    assert "--config campaign=thesis heavy=yes" in done.stderr
    assert not (folder / "data/thesis").exists() and not list((folder / ".snakemake/locks").glob("*"))


def test_a_small_run_on_a_gpu_is_refused_and_a_dry_run_of_it_is_not(folder: Path) -> None:
    done = run_in(folder, "snakemake", "-c1", V1, "--config", "campaign=tiny", ON_A_GPU)
    assert done.returncode == 1 and "found 1 jobs that need a GPU or more than 1 h each" in done.stderr
    assert not (folder / "data/tiny").exists()
    assert "Training run v1" in snakemake(folder, "-n", V1, "--config", "campaign=tiny", ON_A_GPU)


def test_asking_makes_nothing_stale(folder: Path) -> None:
    corpus = "data/tiny/corpus/manifest.json"
    snakemake(folder, corpus, "--config", "campaign=tiny", "heavy=yes")
    assert "Nothing to be done" in snakemake(folder, "-n", corpus, "--config", "campaign=tiny")
    shutil.rmtree(folder / "data/tiny")


def test_a_plan_is_that_of_a_dry_run_and_writes_nothing(folder: Path) -> None:
    done = run_in(folder, "python", "-m", "stages.plan", V6, "--campaign", "thesis", "--set", "v6_rc16k_v5b.training.epochs=12")
    assert done.returncode == 0, done.stderr
    assert "train v6_rc16k_v5b" in done.stdout and "6.66 h" in done.stdout
    assert [line.split()[:2] for line in done.stdout.splitlines() if line.startswith("tokens ")] == [["tokens", "2"]]
    assert not (folder / "data/thesis").exists()


def test_what_cannot_be_planned_is_said_in_one_line(folder: Path) -> None:
    done = run_in(folder, "python", "-m", "stages.plan", "no/such/file")
    assert done.returncode == 1 and "error: campaign published: targets: found" in done.stderr and "Traceback" not in done.stderr
