"""The shape of ``bench/results/bench.json``: what was measured, in which run, on what."""

from pathlib import Path

from stages.files import read_json
from stages.strict import Strict
from stages.validation import validate

PLACE = Path("bench/results/bench.json")


class Entry(Strict):
    """One quantity. Where it was not measured, ``value`` is ``None`` and ``reason`` says why."""

    label: str
    unit: str
    value: float | None = None
    """Median of the rounds."""
    spread: tuple[float, float] | None = None
    """Least and most of the rounds."""
    rounds: tuple[float, ...] = ()
    baseline: str | None = None
    """Name of the entry that it is held against, of the same run and unit."""
    ratio: float | None = None
    """Median over the rounds of its value divided by the baseline's: of a rate times as fast, of seconds times as long."""
    ratio_spread: tuple[float, float] | None = None
    reason: str = ""


class Growth(Strict):
    """What a command takes at growing sizes: processor seconds, and the most MiB that it had resident."""

    label: str
    unit: str
    """Of the sizes."""
    sizes: list[float]
    seconds: list[float]
    spreads: list[tuple[float, float]]
    """Least and most seconds of the rounds."""
    mebibytes: list[float]
    exponent: float
    """Seconds grow as this power of the size."""
    memory_exponent: float


class Module(Strict):
    """One module of ``bench/``: a process of its own."""

    seconds: float
    load: tuple[float, float]
    """The machine's load average of one minute before and after; where nothing else runs, the later one is the benchmark's own."""
    setting: dict[str, float | str]
    libraries: dict[str, str]


class Bench(Strict):
    """One run of ``python -m bench``; entries and growth are named ``<module>.<name>``."""

    schema_version: int = 1
    machine: dict[str, float | str]
    modules: dict[str, Module]
    entries: dict[str, Entry]
    growth: dict[str, Growth]


def load_bench(path: Path = PLACE) -> Bench:
    """What the file says; :class:`stages.errors.UserError` where it is not of this shape."""
    return validate(Bench, read_json(path), path)
