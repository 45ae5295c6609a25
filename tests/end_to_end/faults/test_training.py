"""What a disk, a clock and a damaged file do to a training: it says so, loses nothing, and the same command ends in the same bytes."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stages.files import sha256_of_file
from tests.conftest import ROOT
from tests.end_to_end.faults.places import read_only, small_disk
from tests.end_to_end.killing import ended, kill_after, steps_saved
from tests.unit.training import command, parameters_of, start_stage, write_inputs

TEXT = parameters_of(epochs=3)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def expected(inputs: Path) -> dict[str, str]:
    ended(start_stage(command(inputs, inputs / "out", TEXT)))
    return hashes(inputs / "out")


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: sha256_of_file(path) for path in folder.iterdir() if path.name != "timing.json"}


def train(inputs: Path, folder: Path, *prefix: str, limit: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    told = [*prefix, *command(inputs, folder, TEXT, "--checkpoint-seconds", "0")]
    return subprocess.run(told, cwd=ROOT, capture_output=True, text=True, preexec_fn=limit)


def stopped(inputs: Path, folder: Path) -> list[Path]:
    """A training that was killed; its checkpoints, the furthest first."""
    kill_after(start_stage(command(inputs, folder, TEXT, "--checkpoint-seconds", "0")), folder, 12)
    return sorted((folder / "checkpoints").glob("step_*"), key=lambda path: int(path.stem[5:]), reverse=True)


def test_on_a_full_disk_it_stops_keeps_its_last_checkpoint_and_goes_on_once_there_is_room(
    inputs: Path, expected: dict[str, str], tmp_path: Path
) -> None:
    with small_disk(tmp_path / "small", 150_000) as limit:  # two checkpoints and a half
        folder = tmp_path / "small/out"
        done = train(inputs, folder, limit=limit)
        assert done.returncode == 1 and "expected a place that can be written. Nothing was changed there." in done.stderr
        assert done.stderr.startswith("error: ") or "\nerror: " in done.stderr
        assert "Traceback" not in done.stderr and not (folder / "manifest.json").exists()
        kept = steps_saved(folder)
        folder = copy_of(folder, tmp_path / "roomy")
    done = train(inputs, folder)
    assert done.returncode == 0, done.stderr
    assert (f"resumed from {folder}/checkpoints/step_{kept}" in done.stderr) == bool(kept)
    assert hashes(folder) == expected


def copy_of(folder: Path, target: Path) -> Path:
    subprocess.run(["cp", "-a", folder, target], check=True)
    return target


def test_in_a_read_only_folder_it_says_which_and_goes_on_once_it_may_write(inputs: Path, expected: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    stopped(inputs, folder)
    before = hashes_below(folder)
    with read_only(folder / "checkpoints") as prefix:
        done = train(inputs, folder, *prefix)
    assert done.returncode == 1 and f"error: {folder}/checkpoints/step_" in done.stderr and "Permission denied" in done.stderr
    assert hashes_below(folder) == before, "nothing of what was there is touched"
    ended(start_stage(command(inputs, folder, TEXT)))
    assert hashes(folder) == expected


def hashes_below(folder: Path) -> dict[str, str]:
    return {str(path): sha256_of_file(path) for path in folder.rglob("*") if path.is_file()}


def test_a_clock_that_is_set_back_changes_nothing(inputs: Path, expected: dict[str, str], tmp_path: Path) -> None:
    folder, future = tmp_path / "out", time.time() + 1e7
    for path in [*stopped(inputs, folder), *folder.iterdir()]:
        os.utime(path, (future, future))
    reached = steps_saved(folder)
    kill_after(start_stage(command(inputs, folder, TEXT, "--checkpoint-seconds", "0")), folder, reached + 3)
    assert steps_saved(folder) >= reached + 3, "what is saved after the clock was set back is not taken for old"
    ended(start_stage(command(inputs, folder, TEXT)))
    assert hashes(folder) == expected
    assert json.loads((folder / "timing.json").read_text())["resumed"] == 2


@pytest.mark.faults
def test_a_damaged_checkpoint_gives_way_to_the_one_before_and_two_to_a_new_beginning(
    inputs: Path, expected: dict[str, str], tmp_path: Path
) -> None:
    for damaged, words in ((1, "resumed from {1}"), (2, "it starts over")):
        folder = tmp_path / f"damaged_{damaged}"
        saved = stopped(inputs, folder)
        for path in saved[:damaged]:
            data = bytearray(path.read_bytes())
            data[-len(data) // 3] ^= 1
            path.write_bytes(data)
        done = train(inputs, folder)
        assert done.returncode == 0, done.stderr
        assert f"passed over {saved[0]}: it is damaged" in done.stderr and words.format(*saved) in done.stderr
        assert hashes(folder) == expected


def test_of_two_trainings_of_one_run_the_second_is_refused(inputs: Path, expected: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    first = start_stage(command(inputs, folder, TEXT, "--checkpoint-seconds", "0"))
    while not steps_saved(folder) and first.is_alive():
        time.sleep(0.01)
    os.kill(first.pid, 19)  # SIGSTOP: it holds the folder, however slow the second is to begin
    try:
        second = train(inputs, folder)
    finally:
        os.kill(first.pid, 18)
    ended(first)
    assert second.returncode == 1 and "found another training of this run under way, expected none." in second.stderr
    assert hashes(folder) == expected
