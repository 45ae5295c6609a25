"""Processes forked from one that has imported what they need: a call of Snakemake, or a stage, without the seconds of its imports."""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path
from typing import Any
from unittest import mock

SNAKEMAKE = forkserver.ForkServer()
SNAKEMAKE.set_forkserver_preload(["snakemake.cli", "snakemake.report.html_reporter", "pydantic", "yaml"])


def start(server: forkserver.ForkServer, target: Callable[..., None], *arguments: Any) -> Any:
    """``target`` in a process forked from the server's; the default server of ``multiprocessing`` would know one set of imports."""
    process = multiprocessing.get_context("forkserver").Process(target=target, args=arguments)
    with mock.patch.object(forkserver, "connect_to_new_process", server.connect_to_new_process):
        process.start()
    return process


def run_snakemake(folder: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Snakemake in ``folder`` with an environment of its own, as the command would run; what it prints is kept apart by stream."""
    with tempfile.TemporaryDirectory() as streams:
        files = [Path(streams, name) for name in ("stdout", "stderr")]
        process = start(SNAKEMAKE, _snakemake, folder, list(arguments), dict(environment), files)
        process.join()
        printed = [file.read_text() for file in files]
    return subprocess.CompletedProcess(["snakemake", *arguments], process.exitcode, *printed)


def _snakemake(folder: Path, arguments: list[str], environment: dict[str, str], streams: list[Path]) -> None:
    """In the forked process: nothing of the project may have been imported, since ``folder`` has a project of its own."""
    for number, file in enumerate(streams, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    assert not [name for name in sys.modules if name.split(".")[0] == "stages"]
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).parents[1]]
    sys.argv = ["snakemake", *arguments]
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    runpy.run_module("snakemake", run_name="__main__")
