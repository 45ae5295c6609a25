"""Track 2's trainings, killed without warning at any moment and started again: the same bytes as if nothing had happened."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.killing import ended, kill_after
from tests.unit.tuning import LLAMA, answering, command, parameters_of, start_stage, write_inputs

SETTINGS: dict[str, Any] = {"epochs": 3, "evaluate_every_steps": 2}
RUNS = {
    "adapter": answering(gradient_checkpointing=True, **SETTINGS),
    "base": parameters_of(LLAMA, early_stopping={"monitor": "validation_loss", "patience": 2, "restore_best": True}, **SETTINGS),
}


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "timing.json"}


@pytest.mark.parametrize("run", RUNS)
def test_a_training_killed_again_and_again_ends_in_the_same_bytes(run: str, tmp_path: Path) -> None:
    inputs, text = write_inputs(tmp_path / "inputs"), RUNS[run]
    ended(start_stage(command(inputs, tmp_path / "whole", text)))
    expected = files_of(tmp_path / "whole")
    assert "manifest.json" in expected and {"adapter_model.safetensors", "model.safetensors"} & set(expected)
    folder = tmp_path / "out"
    resumable = command(inputs, folder, text, "--checkpoint-seconds", "0")
    for step in (1, 3, 5):
        kill_after(start_stage(resumable), folder, step)
        assert not (folder / "manifest.json").exists()
    ended(start_stage(resumable))
    assert files_of(folder) == expected, "nor is a checkpoint left"
    assert json.loads((folder / "timing.json").read_text())["resumed"] == 3
