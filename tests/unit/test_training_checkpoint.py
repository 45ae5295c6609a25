import os
import resource
import time
from pathlib import Path

import pytest
import torch

from stages.errors import UserError
from stages.training.checkpoint import load_checkpoint, remove_checkpoints, save_checkpoint

TENSORS = {"a": torch.arange(1000.0), "random": torch.arange(9, dtype=torch.uint8), "step": torch.tensor(3.0)}


def save(folder: Path, *steps: int, fingerprint: str = "f") -> None:
    for step in steps:
        save_checkpoint(folder, fingerprint, step, {"state": {"step": step, "loss": 0.1 + 0.2}}, TENSORS)


def step_loaded(folder: Path, fingerprint: str = "f") -> int | None:
    loaded = load_checkpoint(folder, fingerprint)
    return int(loaded[0]["state"]["step"]) if loaded else None


def test_what_was_saved_comes_back_exactly_and_two_are_kept(tmp_path: Path) -> None:
    save(tmp_path, 8, 9, 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step_10.safetensors", "step_9.safetensors"]
    loaded = load_checkpoint(tmp_path, "f")
    assert loaded and loaded[0] == {"state": {"step": 10, "loss": 0.1 + 0.2}}
    assert loaded[1].keys() == TENSORS.keys() and all(torch.equal(loaded[1][name], TENSORS[name]) for name in TENSORS)
    remove_checkpoints(tmp_path)
    assert step_loaded(tmp_path) is None


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path, 1, 2)
    last = tmp_path / "step_2.safetensors"
    whole = last.read_bytes()
    for damaged in (whole[:-7], b"", whole[:-400] + b"\1" + whole[-399:], whole.replace(b'\\"step\\": 2', b'\\"step\\": 7')):
        assert damaged != whole
        last.write_bytes(damaged)
        assert step_loaded(tmp_path) == 1
        assert f"passed over {last}" in capsys.readouterr().err
    last.write_bytes(whole)
    assert step_loaded(tmp_path) == 2


def test_a_clock_set_back_takes_no_checkpoint_away(tmp_path: Path) -> None:
    save(tmp_path, 1, 2)
    for path in tmp_path.iterdir():
        os.utime(path, (time.time() + 1e6, time.time() + 1e6))
    save(tmp_path, 3)
    assert (step_loaded(tmp_path), len(list(tmp_path.iterdir()))) == (3, 2)


def test_where_none_is_sound_the_training_starts_over_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (step_loaded(tmp_path), capsys.readouterr().err) == (None, "")
    save(tmp_path, 1, 2)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-7])
    assert step_loaded(tmp_path) is None
    said = capsys.readouterr().err
    assert said.count("passed over") == 2 and "it starts over" in said
    save(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["step_1.safetensors"], "a damaged one that is further on goes"


def test_checkpoints_of_another_training_are_ignored_and_give_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path, 100, 101, fingerprint="other")
    assert step_loaded(tmp_path) is None
    assert "made with other parameters" in capsys.readouterr().err
    save(tmp_path, 1, 2)
    assert (step_loaded(tmp_path), step_loaded(tmp_path, "other")) == (2, None)


def test_a_full_disk_is_an_error_that_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    save(tmp_path, 1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))  # Python is told by an error, as of a full disk
    try:
        with pytest.raises(UserError, match="a place that can be written"):
            save(tmp_path, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["step_1.safetensors"]
    assert step_loaded(tmp_path) == 1
