"""The kill campaign: a whole campaign, killed at random moments and started again by the same command, beside one that is left alone.

    python -m tests.end_to_end.faults.campaign --campaign demo --folder /tmp/faults --kills 50 --seed 7

Called again with the same folder it goes on. ``kills.jsonl`` there has a line a kill; ``faults.figures`` makes figures of it.
"""

import argparse
import json
import math
import random
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from stages.ledger import METADATA, entry_of
from tests.conftest import copy_project
from tests.end_to_end.faults.processes import KINDS, Stage, kill, processor_seconds, settle, stages_of, start

TARGETS = ("all", "track1", "track2", "audit")
LOOK_SECONDS = 0.5
AIMED_SECONDS = 3.0
"""Of processor time, within which a stage of a kind that was never killed is killed, once it has begun."""
OUTPUTS = ("data", "versions", "analysis", "reports")

Finished = dict[str, tuple[int, int]]
"""Size and time of change (ns) of every output of a job that Snakemake knows as done."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.end_to_end.faults.campaign", description="Kill a campaign again and again.")
    parser.add_argument("--campaign", default="demo")
    parser.add_argument("--folder", type=Path, required=True, help="where the copies of the project are run")
    parser.add_argument("--kills", type=int, default=50, help="after these, only stages of a kind that was never killed")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--mean-seconds", type=float, default=20, help="of processor time from a run's first stage to its kill")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--targets", nargs="+", default=TARGETS)
    arguments = parser.parse_args()
    run(arguments)


def run(arguments: argparse.Namespace) -> None:
    """The run left alone and the killed one, at the same time, until both are whole."""
    folder: Path = arguments.folder.resolve()
    alone, killed = (copied(folder / name) for name in ("alone", "killed"))
    command = command_of(arguments.campaign, arguments.cores, arguments.targets)
    reference = start(alone, command, folder / "alone.log")  # refused at once where it is still under way from an earlier call
    survive(arguments, killed, command, folder)
    reference.wait()
    settle(alone, seconds=6 * 3600)
    if start(alone, command, folder / "alone.log").wait():
        raise RuntimeError(f"the run left alone failed: see {folder / 'alone.log'}")


def command_of(campaign: str, cores: int, targets: Sequence[str] = TARGETS) -> list[str]:
    """Arguments of Snakemake for all of a campaign."""
    return [f"-c{cores}", *targets, "--config", f"campaign={campaign}"]


def copied(project: Path) -> Path:
    """The project's own files in a folder; what an earlier call of this campaign left there is kept."""
    return project if project.exists() else copy_project(project)


def survive(arguments: argparse.Namespace, project: Path, command: Sequence[str], folder: Path) -> None:
    """Kill and start again until the campaign is whole; raises where the same command fails by itself."""
    log, failures, began = folder / "kills.jsonl", 0, time.time()
    before = finished(project)
    while True:
        lines = read_log(log)
        draw = random.Random(f"{arguments.seed}-{len(lines)}")
        snakemake = start(project, command, folder / "killed.log")
        struck = strike(draw, snakemake, arguments, lines)
        if struck is None:
            code = snakemake.wait()
            if code == 0:
                break
            failures += 1
            note(log, {"failed": code, "at": time.time() - began})
            if failures > 2:
                raise RuntimeError(f"the same command does not get on: see {folder / 'killed.log'}")
            continue
        kind, stage, running = struck
        now = time.time()
        undone = {each.pid: each.seconds_unsaved(project, now) for each in running if kind != "stage" or each == stage}
        kill(kind, snakemake, stage)
        waited = None if kind == "snakemake" else settle(project)  # who kills Snakemake alone starts it again at once
        after = finished(project)
        note(log, line_of(kind, stage, running, undone, waited, made_again(before, after), now - began))
        before = after
    note(log, {"whole": True, "made_again": made_again(before, finished(project)), "at": time.time() - began})


def strike(
    draw: random.Random, snakemake: subprocess.Popen[bytes], arguments: argparse.Namespace, lines: Sequence[dict[str, Any]]
) -> tuple[str, Stage | None, list[Stage]] | None:
    """Wait for the moment that is drawn, by processor time, as a busy machine stretches the clock's.

    What to kill then, the stage to kill and all that run; ``None`` where Snakemake ended before.
    """
    killed = {name for line in lines for name in line.get("killed", [])}
    kind, starting = draw.choice(KINDS), draw.random() < 0.1
    wait, aim = draw.expovariate(1 / arguments.mean_seconds), draw.uniform(0, AIMED_SECONDS)
    if count_kills(lines) >= arguments.kills:
        wait = math.inf  # what is left is stages of kinds that were never killed
    first = 0.0 if starting else None
    while snakemake.poll() is None:
        running, used = stages_of(snakemake.pid), processor_seconds(snakemake.pid)
        if running and first is None:
            first = used
        fresh = [stage for stage in running if stage.name not in killed]
        aimed = [stage for stage in fresh if processor_seconds(stage.pid) >= aim]
        late = first is not None and used - first >= wait and (running or kind != "stage")
        if aimed or late:
            return kind, draw.choice(aimed or fresh or running or [None]), running
        time.sleep(LOOK_SECONDS)
    return None


def finished(project: Path) -> Finished:
    """Outputs of jobs that are done: they have an entry in the ledger, and none among the incomplete."""
    found = {}
    for path in (path for name in OUTPUTS for path in (project / name).rglob("*") if path.is_file()):
        name = path.relative_to(project).as_posix()
        entry, state = entry_of(name), path.stat()
        if (project / METADATA / entry).exists() and not (project / ".snakemake/incomplete" / entry).exists():
            found[name] = (state.st_size, state.st_mtime_ns)
    return found


def made_again(before: Finished, after: Finished) -> dict[str, int]:
    """Outputs that were done and have been written once more, or are gone, with their bytes."""
    return {name: state[0] for name, state in before.items() if after.get(name) != state}


def line_of(
    kind: str,
    stage: Stage | None,
    running: Iterable[Stage],
    undone: dict[int, float],
    waited: float | None,
    again: dict[str, int],
    at: float,
) -> dict[str, Any]:
    """What the log keeps of a kill; ``waited``: seconds until nothing of the run was left."""
    return {
        "kind": kind,
        "aimed_at": stage.name if stage else None,
        "running": [{"stage": each.name, "writes": each.writes} for each in running],
        "killed": [each.name for each in running if each.pid in undone],
        "seconds_undone": {f"{each.name} {each.writes}": round(undone[each.pid], 1) for each in running if each.pid in undone},
        "seconds_until_gone": None if waited is None else round(waited, 1),
        "made_again": again,
        "at": round(at, 1),
    }


def count_kills(lines: Iterable[dict[str, Any]]) -> int:
    return sum("kind" in line for line in lines)


def read_log(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def note(path: Path, line: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
