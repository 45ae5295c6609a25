"""What every benchmark shares: timing a call, naming the machine, keeping the result."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stages.files import to_json, write_atomic
from stages.training.hardware import processor_name


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def python(*arguments: str) -> Callable[[], object]:
    """A call that runs Python as a process of its own."""
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def machine(*libraries: str) -> dict[str, Any]:
    """Processor, cores, Python and the versions of ``libraries``."""
    return {
        "cpu": processor_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }


def report(name: str, result: Mapping[str, Any], summary: Mapping[str, float]) -> None:
    """Write the result to ``bench/results/<date>_<name>.json`` and print its summary."""
    path = Path("bench/results") / f"{datetime.now(UTC):%Y-%m-%d}_{name}.json"
    write_atomic(path, to_json(result))
    for label, value in summary.items():
        print(f"{value:8.3f}  {label}")
    print(f"medians of {result['rounds']} rounds; all times with the machine in {path}")
