"""Trainings that run to their end, or are killed on the way."""

import time
from multiprocessing.process import BaseProcess
from pathlib import Path

SECONDS = 120
"""Longest that a training of a test takes."""


def steps_saved(folder: Path) -> int:
    return max((int(path.stem.removeprefix("step_")) for path in (folder / "checkpoints").glob("step_*.safetensors")), default=0)


def ended(process: BaseProcess) -> None:
    """Wait for a stage that must succeed."""
    process.join(SECONDS)
    assert process.exitcode == 0


def kill_after(process: BaseProcess, folder: Path, step: int) -> None:
    """Kill the stage (SIGKILL) once it has saved ``step`` or a later one, before it ends."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.is_alive() and steps_saved(folder) < step:
        time.sleep(0.002)
    process.kill()
    process.join()
    assert process.exitcode == -9, "it was killed on its way"
