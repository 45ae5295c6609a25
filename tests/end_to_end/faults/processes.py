"""A run of Snakemake as its processes: which stages are under way, what killing them now would undo, and the killing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil  # type: ignore[import-untyped]

CHECKPOINT_SECONDS = 10
KINDS = ("stage", "snakemake", "group")
"""What is killed: one stage's process; Snakemake's, whose children it leaves; all processes of the run at once, as a power cut does."""
PROGRESS = ("checkpoints/step_*.safetensors", ".partial.jsonl", ".*.partial.jsonl")
"""What a stage that resumes keeps of its work so far, below the folder that it writes."""


class Stage(NamedTuple):
    """A process of a stage, its helpers left out."""

    pid: int
    name: str
    """Module, such as ``train``."""
    writes: str
    """Folder or file."""
    began: float
    """Seconds since 1970."""

    def seconds_unsaved(self, project: Path, now: float) -> float:
        """What a kill undoes: the seconds since it last kept what it had done, or since it began."""
        place = project / self.writes
        folder = place if place.is_dir() else place.parent
        kept = [path.stat().st_mtime for pattern in PROGRESS for path in folder.glob(pattern)]
        return now - max([self.began, *kept])


def start(project: Path, arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Snakemake in ``project``, in a process group of its own; what it prints goes after what ``log`` has."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"}
    environment |= {"LASTRO_CHECKPOINT_SECONDS": str(CHECKPOINT_SECONDS)}
    with log.open("ab") as output:
        command = ["snakemake", *arguments]
        return subprocess.Popen(command, cwd=project, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)


def stages_of(snakemake: int) -> list[Stage]:
    """Stages that this Snakemake has under way."""
    found: list[Stage] = []
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(snakemake).children(recursive=True):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                stage = _stage(process)
                if stage and not {parent.pid for parent in process.parents()} & {each.pid for each in found}:
                    found.append(stage)
    return found


def _stage(process: psutil.Process) -> Stage | None:
    words = process.cmdline()
    if len(words) < 3 or words[1] != "-m" or not words[2].startswith("stages."):
        return None
    options = {name: words[place + 1] for place, name in enumerate(words[:-1]) if name.startswith("--")}
    places = ("--folder", "--output-folder", "--output", "--report", "--record", "--page", "--scores", "--metrics")
    writes = next((options[name] for name in places if name in options), "")
    return Stage(process.pid, words[2].removeprefix("stages."), writes, process.create_time())


def processor_seconds(process: int) -> float:
    """What a process and all that it began have used so far, those that have ended included."""
    with suppress(psutil.NoSuchProcess):
        own = psutil.Process(process)
        return sum(_seconds(each) for each in [own, *own.children(recursive=True)])
    return 0.0


def _seconds(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        return float(sum(process.cpu_times()[:4]))  # its own as user and system, then of the children that it waited for
    return 0.0


def kill(kind: str, snakemake: subprocess.Popen[bytes], stage: Stage | None) -> None:
    """Kill (SIGKILL) what ``kind`` says, and wait until Snakemake has ended, as after a stage's death it does by itself."""
    if kind == "group":
        with suppress(ProcessLookupError):
            os.killpg(snakemake.pid, signal.SIGKILL)
    elif kind == "snakemake":
        snakemake.kill()
    elif stage:
        with suppress(ProcessLookupError):
            os.kill(stage.pid, signal.SIGKILL)
    snakemake.wait()


def settle(project: Path, seconds: float = 60) -> float:
    """Wait until no process of ``project`` is left; seconds that it took. Raises TimeoutError."""
    began = time.monotonic()
    while left := [process for process in psutil.process_iter() if _is_in(process, project)]:
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"still there: {[process.pid for process in left]}")
        time.sleep(0.2)
    return time.monotonic() - began


def _is_in(process: psutil.Process, project: Path) -> bool:
    with suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(project))
    return False
