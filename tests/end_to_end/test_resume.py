"""Killed without warning at any moment, then started again: the same bytes as if nothing had happened."""

import fcntl
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.killing import ended, kill_after, steps_saved
from tests.unit.training import LSTM, TRANSFORMER, command, parameters_of, run_here, run_stage, start_stage, write_inputs

SAME = ("weights.safetensors", "training.json", "manifest.json")
SETTINGS: dict[str, Any] = {"epochs": 4, "precision": "bf16", "gradient_accumulation": 2, "early_stopping": None}


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in SAME}


@pytest.fixture(scope="module", params=[TRANSFORMER, LSTM], ids=["transformer", "lstm"])
def uninterrupted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, dict[str, bytes]]]:
    folder = write_inputs(tmp_path_factory.mktemp("inputs"))
    objective = "many_to_one" if request.param is LSTM else "all_positions"
    text = parameters_of(request.param, objective=objective, **SETTINGS)
    ended(start_stage(command(folder, folder / "out", text)))
    yield folder, text, bytes_of(folder / "out")


def test_two_trainings_are_the_same_bytes(uninterrupted: tuple[Path, str, dict[str, bytes]], tmp_path: Path) -> None:
    inputs, text, expected = uninterrupted
    ended(start_stage(command(inputs, tmp_path / "again", text)))
    assert bytes_of(tmp_path / "again") == expected
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == sorted([*SAME, "timing.json"]), "no checkpoint is left"


def test_a_training_killed_again_and_again_ends_in_the_same_bytes(
    uninterrupted: tuple[Path, str, dict[str, bytes]], tmp_path: Path
) -> None:
    inputs, text, expected = uninterrupted
    folder = tmp_path / "out"
    resumable = command(inputs, folder, text, "--checkpoint-seconds", "0")
    for step in (1, 7, 10, 24):  # in an epoch's middle, at its end, after it
        kill_after(start_stage(resumable), folder, step)
    newest = folder / f"checkpoints/step_{steps_saved(folder)}.safetensors"
    newest.write_bytes(newest.read_bytes()[:-100])
    ended(start_stage(resumable))
    assert bytes_of(folder) == expected
    assert json.loads((folder / "timing.json").read_text())["resumed"] == 4


def test_the_command_says_what_it_did_and_what_was_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = write_inputs(tmp_path / "inputs")
    done = run_stage(command(inputs, tmp_path / "out", parameters_of(precision="bf16")))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1 and "r: loss 3." in done.stdout and "all 2 epochs are done" in done.stdout
    assert "epoch" not in done.stderr and "step 20 of 20" in done.stderr
    record = json.loads((tmp_path / "out/training.json").read_text())
    assert record["environment"]["precision"] == "fp32", "a processor computes in fp32, and the record says so"
    before = bytes_of(tmp_path / "out")
    monkeypatch.setattr(sys, "argv", [])
    with pytest.raises(SystemExit, match="1"):
        run_here(command(inputs, tmp_path / "out", parameters_of(precision="fp8")))
    assert capsys.readouterr().err.startswith("error: --parameters: training.precision: found 'fp8', expected one of: fp32, bf16")
    assert bytes_of(tmp_path / "out") == before, "what was there still is"


def test_a_second_training_of_a_run_is_refused_while_one_is_under_way(tmp_path: Path) -> None:
    inputs, folder = write_inputs(tmp_path / "inputs"), tmp_path / "run"
    folder.mkdir()
    with (folder / ".training").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(command(inputs, folder, parameters_of()), capture_output=True, text=True)
    assert done.returncode == 1 and "found another training of this run under way" in done.stderr
    assert not (folder / "weights.safetensors").exists()
