"""A campaign's results in one small JSON for ``dvc metrics``: numbers by run, nothing else."""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from stages.errors import report_errors
from stages.files import to_json, write_atomic
from stages.record import Record, load_record


def metrics_of(records: Sequence[Record]) -> dict[str, Any]:
    """Hours, cost and results of each run by field; missing values are left out."""
    return {record.identity.run: {field: value for field, value in record.values.items() if _is_metric(field, value)} for record in records}


def _is_metric(field: str, value: Any) -> bool:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return numeric and field.startswith(("time.hours", "results.", "cost.usd")) and ".seeds[" not in field


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.metrics", description="Collect the metrics of a campaign's records.")
    parser.add_argument("--records", type=Path, nargs="+", required=True)
    parser.add_argument("--metrics", type=Path, required=True, help="JSON to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read records, write metrics."""
    write_atomic(arguments.metrics, to_json(metrics_of([load_record(path) for path in arguments.records])))


if __name__ == "__main__":
    main()
