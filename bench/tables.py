"""From records to tables, and a Snakemake call with nothing to do.

Each table is a whole process, as its rule calls it; the baseline is Python's start with the imports of that stage, which is most
of it. All tables in one process, in both languages and without writing them, show what is left without that start. A Snakemake
call with nothing to do is what every command waits for at least; its baseline is `snakemake --version`, which is Python and
Snakemake's own imports. Their time does not grow with what was trained.
"""

import json
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import SNAKEMAKE, Result, command, entry, in_turn, python, wall
from stages.number import LANGUAGES
from stages.parameters import load_prices
from stages.record import load_record
from stages.table import as_json, build_table, load_spec, parameter_names

ROUNDS = 2
RECORDS = sorted(map(str, Path("versions/published").glob("*/*/record.json")))
RUNS = {Path(path).parts[-2] for path in RECORDS}
SPECS = sorted(path for path in Path("params/tables").glob("tab*.yaml") if not load_spec(path).analyses)
PRICES = json.dumps({device: price.model_dump(exclude={"source"}) for device, price in load_prices().items()})


def table_arguments(spec: Path, folder: str) -> list[str]:
    """What writes one table, as its rule does."""
    names = load_spec(spec).runs()
    records = [path for path in RECORDS if Path(path).parts[-2] in names]
    outputs = [item for kind in ("tex", "csv", "json") for item in (f"--{kind}", f"{folder}/{spec.stem}.{kind}")]
    return ["-m", "stages.table", "--spec", str(spec), "--campaign", "published", "--records", *records, "--prices", PRICES, *outputs]


def build_all_here() -> None:
    """All tables, in both languages, within this process and without writing them."""
    records = {record.identity.run: record for record in map(load_record, map(Path, RECORDS))}
    for path in SPECS:
        spec = load_spec(path).restricted_to(RUNS, "evidence")
        assert spec, f"{path}: the published campaign has every numbered table"
        names = parameter_names(spec, json.loads(PRICES))
        as_json(spec, "published", {language: build_table(spec, records, names, language) for language in LANGUAGES})


def all_as_processes(folder: str) -> float:
    """Seconds of all tables, a process each, one after the other."""
    return sum(python(*table_arguments(spec, folder)).seconds for spec in SPECS)


def result() -> Result:
    with TemporaryDirectory() as folder:
        calls: dict[str, Callable[[], float]] = {
            "imports": lambda: python("-c", "import stages.table").seconds,
            "processes": partial(all_as_processes, folder),
            "one_process": partial(wall, build_all_here),
            "snakemake": lambda: command(SNAKEMAKE, "--version").seconds,
            "nothing_to_do": lambda: command(SNAKEMAKE, "-c2").seconds,
            "dry_run": lambda: command(SNAKEMAKE, "-n").seconds,
        }
        found = in_turn(calls, ROUNDS)
    each = [seconds / len(SPECS) for seconds in found["processes"]]
    entries = {
        "imports": entry("Python's start and the imports of a table", "s", found["imports"]),
        "table": entry("A table, as a process (the mean of all)", "s", each, "imports", found["imports"]),
        "processes": entry("All tables, as processes in turn", "s", found["processes"]),
        "one_process": entry("All tables, in one process", "s", found["one_process"], "processes", found["processes"]),
        "snakemake": entry("snakemake --version", "s", found["snakemake"]),
        "nothing_to_do": entry("snakemake, nothing to do", "s", found["nothing_to_do"], "snakemake", found["snakemake"]),
        "dry_run": entry("snakemake -n, nothing to do", "s", found["dry_run"], "snakemake", found["snakemake"]),
        "share": entry(
            "Share of a table's process that is start and imports", "", [statistics.median(found["imports"]) / statistics.median(each)]
        ),
    }
    return Result(entries, {"rounds": ROUNDS, "tables": len(SPECS)}, ("snakemake", "pydantic", "PyYAML"))
