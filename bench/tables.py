"""From records to tables: seconds per table, how much of it is process start-up, and a Snakemake call with nothing to do.

    python -m bench.tables          prints a page, writes bench/results/<date>_tables.json

Each command is a whole process, run in turn with the others for several rounds after a warm-up; the medians count.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import machine, python, report, seconds
from stages.number import LANGUAGES
from stages.parameters import load_prices
from stages.record import load_record
from stages.table import as_json, build_table, load_spec, parameter_names

ROUNDS = 7
RECORDS = sorted(map(str, Path("versions/published").glob("*/*/record.json")))
RUNS = {Path(path).parts[-2] for path in RECORDS}
SPECS = sorted(path for path in Path("params/tables").glob("tab*.yaml") if not load_spec(path).analyses)
PRICES = json.dumps({device: price.model_dump(exclude={"source"}) for device, price in load_prices().items()})


def table_command(spec: Path, folder: str) -> Callable[[], object]:
    """A call that writes one table, as its rule does."""
    names = load_spec(spec).runs()
    records = [path for path in RECORDS if Path(path).parts[-2] in names]
    outputs = [item for kind in ("tex", "csv", "json") for item in (f"--{kind}", f"{folder}/{spec.stem}.{kind}")]
    arguments = ["--spec", str(spec), "--campaign", "published", "--records", *records, "--prices", PRICES, *outputs]
    return python("-m", "stages.table", *arguments)


def build_all_here() -> None:
    """All tables, in both languages, within this process and without writing them."""
    records = {record.identity.run: record for record in map(load_record, map(Path, RECORDS))}
    for path in SPECS:
        spec = load_spec(path).restricted_to(RUNS, "evidence")
        assert spec, f"{path}: the published campaign has every numbered table"
        names = parameter_names(spec, json.loads(PRICES))
        as_json(spec, "published", {language: build_table(spec, records, names, language) for language in LANGUAGES})


def measure() -> dict[str, list[float]]:
    """Seconds of every command, one entry a round, the commands in turn."""
    snakemake = str(Path(sys.executable).parent / "snakemake")
    quiet = {"capture_output": True, "check": True}
    with TemporaryDirectory() as folder:
        calls: dict[str, Callable[[], object]] = {
            "python, nothing": python("-c", "pass"),
            "python, import stages.table": python("-c", "import stages.table"),
            **{f"table {spec.stem}": table_command(spec, folder) for spec in SPECS},
            "all tables in one process": build_all_here,
            "snakemake, nothing to do": lambda: subprocess.run([snakemake, "-c2"], **quiet),  # type: ignore[call-overload]
            "snakemake -n, nothing to do": lambda: subprocess.run([snakemake, "-n"], **quiet),  # type: ignore[call-overload]
        }
        for call in calls.values():
            call()
        rounds = [{name: seconds(call) for name, call in calls.items()} for _ in range(ROUNDS)]
    return {name: [each[name] for each in rounds] for name in calls}


def summarise(times: dict[str, list[float]]) -> dict[str, float]:
    """Medians, and the share of a table's process that is start-up."""
    medians = {name: statistics.median(values) for name, values in times.items()}
    tables = [value for name, value in medians.items() if name.startswith("table ")]
    mean = statistics.fmean(tables)
    return {
        "seconds per table, as a process": mean,
        "share of it that is interpreter and imports": medians["python, import stages.table"] / mean,
        "seconds for all 21 tables, processes in turn": sum(tables),
        "seconds for all 21 tables, one process": medians["all tables in one process"],
        "seconds of snakemake with nothing to do": medians["snakemake, nothing to do"],
        "seconds of snakemake -n with nothing to do": medians["snakemake -n, nothing to do"],
    }


def imports_torch() -> bool:
    """Whether writing a table would import torch."""
    code = "import sys, stages.table; sys.exit(any(name in sys.modules for name in ('torch', 'mlflow', 'pandas', 'numpy')))"
    return subprocess.run([sys.executable, "-c", code]).returncode != 0


def main() -> None:
    assert len(SPECS) == 21
    times = measure()
    summary = summarise(times)
    result = {
        "machine": machine("snakemake", "pydantic", "PyYAML"),
        "rounds": ROUNDS,
        "imports torch, mlflow, pandas or numpy": imports_torch(),
        "summary": summary,
        "seconds": times,
    }
    report("tables", result, summary)


if __name__ == "__main__":
    main()
