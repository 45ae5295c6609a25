"""Measure every speed that the project names, in one run.

    python -m bench                    writes bench/results/bench.json, docs/speed.md with its figure, and the README's sentences
    python -m bench cleaning scoring   these modules alone: prints what they find, writes nothing

Each module is a process of its own, one after the other.
"""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context

from bench.machine import surroundings
from bench.measure import Result, result_of
from bench.page import entry_table, growth_table, publish
from bench.results import PLACE, Bench, Entry, Module
from stages.errors import report_errors
from stages.files import to_json, write_atomic

MODULES = (
    *("tables", "planning", "audit", "cleaning", "tokenising", "growth", "streaming"),
    *("training", "packing", "generating", "scoring", "attention", "tuning", "memory"),
)


def run_all(names: list[str]) -> Bench:
    """The result of these modules, each in a new process."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        bench = Bench(machine=pool.submit(surroundings).result(), modules={}, entries={}, growth={})
        for name in names:
            before, start = os.getloadavg()[0], time.perf_counter()
            found, passed = pool.submit(result_of, name).result(), time.perf_counter() - start
            add(bench, name, found, passed, (before, os.getloadavg()[0]))
            print(f"{passed:6.0f} s  {name}", flush=True)
    return bench


def add(bench: Bench, name: str, found: Result, passed: float, load: tuple[float, float]) -> None:
    """Put in what one module found, under its name."""
    libraries = {library: version(library) for library in found.libraries}
    bench.modules[name] = Module(seconds=passed, load=load, setting=dict(found.setting), libraries=libraries)
    bench.entries |= {f"{name}.{key}": named(entry, name) for key, entry in found.entries.items()}
    bench.growth |= {f"{name}.{key}": each for key, each in (found.growth or {}).items()}


def named(entry: Entry, module: str) -> Entry:
    """The entry with its baseline's name as it is in the file."""
    return entry.model_copy(update={"baseline": entry.baseline and f"{module}.{entry.baseline}"})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure every speed that the project names.")
    parser.add_argument("modules", nargs="*", choices=[*MODULES, []], metavar="module", help="one of: " + ", ".join(MODULES))
    report_errors(partial(run, parser.parse_args().modules))


def run(names: list[str]) -> None:
    """Measure; write and tell."""
    bench = run_all(names or list(MODULES))
    if names:
        print(entry_table(bench, bench.entries), growth_table(bench.growth), sep="\n\n")
        return
    write_atomic(PLACE, to_json(bench.model_dump(mode="json")))
    publish()


if __name__ == "__main__":
    main()
