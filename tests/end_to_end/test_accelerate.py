"""Several processes that share a training, started as a campaign starts them: what one of them gives, and what a kill does to both."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from stages.files import read_json
from tests.conftest import ROOT, run_in, snakemake
from tests.end_to_end.killing import ended, steps_saved
from tests.scale.documented import commands_of
from tests.unit import training, tuning

LAUNCH = "accelerate launch --multi_gpu --num_processes 2 --num_machines 1 --mixed_precision no --dynamo_backend no --main_process_port 0"
"""As ``get_launcher`` of the rules writes it; on a CPU, ``--cpu`` would start but one process."""
LOSSES = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
SECONDS = 600
"""Longest that a launch takes on a machine that does ten other things."""
SETTINGS: dict[str, Any] = {"epochs": 4, "batch_size": 5, "gradient_accumulation": 1}

Command = Callable[[Path, Path], list[str]]
"""Arguments of Python from a folder of inputs and one to write."""


def track1(inputs: Path, folder: Path) -> list[str]:
    text = training.parameters_of(training.TRANSFORMER | {"dropout": 0.0}, epsilon=1e-3, batch_size=21, gradient_accumulation=2)
    return training.command(inputs, folder, text)[1:]


def base(inputs: Path, folder: Path) -> list[str]:
    return ["-m", *tuning.command(inputs, folder, tuning.parameters_of(tuning.LLAMA, epsilon=1e-3, **SETTINGS))]


def adapter(inputs: Path, folder: Path) -> list[str]:
    text = json.loads(tuning.answering(epsilon=1e-3, **SETTINGS))
    text["architecture"]["lora_dropout"] = 0.0
    return ["-m", *tuning.command(inputs, folder, json.dumps(text))]


def start(launcher: Sequence[str], arguments: Sequence[str]) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.Popen([*launcher, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def end(process: subprocess.Popen[str]) -> str:
    """Output of what must succeed."""
    out, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, errors
    return out


def record_of(command: Command, launcher: Sequence[str], inputs: Path, folder: Path) -> dict[str, Any]:
    """Record of a training; the command says one line, however many processes share it."""
    assert end(start(launcher, command(inputs, folder))).count("\n") == 1
    return dict(read_json(folder / "training.json"))


def hold_against_each_other(alone: dict[str, Any], shared: dict[str, Any]) -> None:
    """Two records of one training, by one process and by two: the same but for the order of sums, in which the losses differ by 1e-5."""
    assert (alone["environment"].pop("device_count"), shared["environment"].pop("device_count")) == (1, 2)
    for one, two in zip(alone.pop("history"), shared.pop("history"), strict=True):
        assert {name: two[name] for name in LOSSES} == pytest.approx({name: one[name] for name in LOSSES}, abs=1e-5)
    evaluations = [[(at["step"], at["val_loss"]) for at in record.pop("evaluations", [])] for record in (alone, shared)]
    assert [step for step, _ in evaluations[0]] == [step for step, _ in evaluations[1]]
    assert [loss for _, loss in evaluations[1]] == pytest.approx([loss for _, loss in evaluations[0]], abs=1e-5)
    assert shared == alone, "steps, counts, data, seed and the rest of the environment"


@pytest.mark.scale
def test_accelerate_starts_two_that_train_what_one_trains(tmp_path: Path) -> None:
    written = training.write_inputs(tmp_path / "inputs")
    alone = record_of(track1, [sys.executable], written, tmp_path / "one")
    shared = record_of(track1, LAUNCH.split(), written, tmp_path / "two")
    hold_against_each_other(alone, shared)


@pytest.fixture(scope="module", params=[base, adapter])
def tuned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Command]:
    """Inputs of a training of track 2 and, beside them, what it gives alone (``one``) and shared by two (``two``)."""
    folder = tuning.write_inputs(tmp_path_factory.mktemp("inputs"))
    ended(tuning.start_stage(request.param(folder, folder / "one")[1:]))
    end(start(LAUNCH.split(), request.param(folder, folder / "two")))
    return folder, request.param


@pytest.mark.scale
def test_they_tune_what_one_tunes(tuned: tuple[Path, Command]) -> None:
    alone, shared = (dict(read_json(tuned[0] / name / "training.json")) for name in ("one", "two"))
    for record in (alone, shared):  # what rows are padded to depends on how a batch is cut
        record["counts"].pop("processed_positions")
    hold_against_each_other(alone, shared)


@pytest.mark.scale
def test_one_killed_ends_both_and_the_same_command_goes_on(tuned: tuple[Path, Command], tmp_path: Path) -> None:
    inputs, command = tuned
    resumable = [*command(inputs, tmp_path / "out"), "--checkpoint-seconds", "0"]
    for rank, step in (("1", 3), ("0", 8)):
        launched = start(LAUNCH.split(), resumable)
        workers = kill_one(launched, tmp_path / "out", step, rank)
        launched.communicate(timeout=SECONDS)
        assert launched.returncode != 0 and not any(map(is_alive, workers))
        assert not (tmp_path / "out/manifest.json").exists()
    end(start(LAUNCH.split(), resumable))
    assert files_of(tmp_path / "out") == files_of(inputs / "two"), "nor is a checkpoint left"
    assert read_json(tmp_path / "out/timing.json")["resumed"] == 2


def kill_one(launched: subprocess.Popen[str], folder: Path, step: int, rank: str) -> list[psutil.Process]:
    """Kill (SIGKILL) the process of this rank once ``step`` is saved; all of them."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and launched.poll() is None and steps_saved(folder) < step:
        time.sleep(0.01)
    workers = [process for process in psutil.Process(launched.pid).children(recursive=True) if "stages.tune" in process.cmdline()]
    assert len(workers) == 2, "it was reached on its way"
    [chosen] = [process for process in workers if process.environ()["RANK"] == rank]
    chosen.kill()
    return workers


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs: one that has ended and that nobody has asked about does not."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "timing.json"}


TWO = "snakemake -c2 versions/tiny/v5-transformer/v5_main/record.json --config campaign=tiny set=v5_main.hardware.processes=2"
"""A run of a campaign that two processes share."""
THREADS = """
import sys
from snakemake.settings import types
from stages.planning import jobs

two = types.ResourceSettings(cores=2)
types.ResourceSettings = lambda cores: two
jobs._Listener.emit = lambda self, said: print(said.rule_name, said.threads) if vars(said).get("event") == "job_info" else None
jobs.planned_jobs("tiny", [sys.argv[1]], [sys.argv[2].removeprefix("set=")])
"""
"""What Snakemake says of each job's cores in a dry run on two; on a terminal it says so of rules without a message only."""


def test_a_campaign_starts_them_so(project: Path) -> None:
    assert commands_of("Several processes: accelerate") == [TWO]
    said = snakemake(project, "-n", "-p", *TWO.split()[2:])
    assert f"{LAUNCH} --num_cpu_threads_per_process 1 -m stages.train --campaign tiny --run v5_main" in said
    assert "python -m stages.train" not in said
    counted = run_in(project, "python", "-c", THREADS, TWO.split()[2], TWO.split()[-1])
    assert "train 2" in counted.stdout.splitlines(), counted.stdout + counted.stderr


@pytest.mark.scale
def test_a_run_of_a_campaign_says_how_many_share_it(project: Path) -> None:
    snakemake(project, *TWO.split()[2:])
    record = read_json(project / "versions/tiny/v5-transformer/v5_main/record.json")
    assert record["environment"]["device_count"] == 2
    assert "Nothing to be done" in snakemake(project, "-n", *TWO.split()[2:])
    alone = TWO.split()[2:-1]
    assert "Training run v5_main" in snakemake(project, "-n", *alone), "one process gives other bytes, so it is another training"
