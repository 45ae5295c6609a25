"""What every benchmark shares: calls in turn for several rounds, seconds and memory of a command, what came out as entries."""

import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple, TypeVar

from bench.results import Entry, Growth

T = TypeVar("T")
NO_GPU = "no GPU"
LAUNCHER = Path(__file__).with_name("launch.py")
SNAKEMAKE = str(Path(sys.executable).parent / "snakemake")


class Result(NamedTuple):
    """What a benchmark found, by names of its own."""

    entries: Mapping[str, Entry]
    setting: Mapping[str, float | str]
    """Sizes and the like, in words, that a reader needs to judge the figures."""
    libraries: tuple[str, ...] = ()
    growth: Mapping[str, Growth] | None = None


class Usage(NamedTuple):
    """What a command took."""

    seconds: float
    processor: float
    """Seconds that it and what it started computed."""
    mebibytes: float
    """Most that it, or one process that it started, had resident at once."""


def result_of(module: str) -> Result:
    """What a module of ``bench/`` finds: what its process runs."""
    found: Result = import_module(f"bench.{module}").result()
    return found


def wall(call: Callable[[], object]) -> float:
    """Seconds of the clock on the wall that one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def processor(call: Callable[[], object]) -> float:
    """Seconds that this process computes during one call: other work on the machine disturbs these less."""
    start = time.process_time()
    call()
    return time.process_time() - start


def command(*arguments: str, folder: Path | None = None) -> Usage:
    """Run a command in ``folder``, in a process of its own; :class:`subprocess.CalledProcessError` where it fails, with what it said."""
    with NamedTemporaryFile("r") as file:
        started = [sys.executable, "-I", "-S", str(LAUNCHER), file.name, *arguments]
        subprocess.run(started, cwd=folder, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return Usage(**json.load(file))


def python(*arguments: str, folder: Path | None = None) -> Usage:
    """Run Python with ``arguments`` as :func:`command` does."""
    return command(sys.executable, *arguments, folder=folder)


def in_turn(calls: Mapping[str, Callable[[], T]], rounds: int, warm_up: bool = True) -> dict[str, list[T]]:
    """What each call gives, one value a round, the calls in turn; with ``warm_up`` a round goes before that is not counted."""
    found = [{name: call() for name, call in calls.items()} for _ in range(rounds + warm_up)][warm_up:]
    return {name: [each[name] for each in found] for name in calls}


def rates(amount: float, seconds: Sequence[float]) -> list[float]:
    """So much a second, of each round."""
    return [amount / each for each in seconds]


def entry(label: str, unit: str, rounds: Sequence[float], baseline: str = "", against: Sequence[float] = ()) -> Entry:
    """Median and spread of the rounds; beside a ``baseline``, whose rounds ``against`` are, those of the rounds' ratios."""
    ratios = [own / other for own, other in zip(rounds, against, strict=True)] if baseline else []
    return Entry(
        label=label,
        unit=unit,
        value=statistics.median(rounds),
        spread=(min(rounds), max(rounds)),
        rounds=tuple(rounds),
        baseline=baseline or None,
        ratio=statistics.median(ratios) if ratios else None,
        ratio_spread=(min(ratios), max(ratios)) if ratios else None,
    )


def not_measured(label: str, unit: str, reason: str = NO_GPU) -> Entry:
    """An entry without a value, and why."""
    return Entry(label=label, unit=unit, reason=reason)


def growth(label: str, unit: str, sizes: Sequence[float], taken: Sequence[Sequence[Usage]]) -> Growth:
    """Medians of processor seconds and MiB at each size, of which ``taken`` has the rounds, and how both grow.

    The exponent is the slope of a straight line through the logarithms (least squares): 1 where twice the size takes twice as long.
    """
    times = [[each.processor for each in rounds] for rounds in taken]
    seconds, mebibytes = [*map(statistics.median, times)], [statistics.median(each.mebibytes for each in rounds) for rounds in taken]
    return Growth(
        label=label,
        unit=unit,
        sizes=list(sizes),
        seconds=seconds,
        spreads=[(min(each), max(each)) for each in times],
        mebibytes=mebibytes,
        exponent=_slope(sizes, seconds),
        memory_exponent=_slope(sizes, mebibytes),
    )


def _slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Exponent of the power of ``sizes`` that fits ``values`` best."""
    return statistics.linear_regression([math.log(size) for size in sizes], [math.log(value) for value in values]).slope
