"""The instructions that models are tuned on: all of them shuffled, the first cut in order (facts, section 6.2).

    python -m stages.split --instructions data/CAMPAIGN/instructions --parameters JSON --folder data/CAMPAIGN/examples/split-DIGEST

Rows are shuffled as ``datasets`` does, so that the thesis's split comes out again.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from stages.errors import UserError, report_errors
from stages.example_rows import PARTS, ROWS, Row, part_file, read_rows, write_objects
from stages.files import parse_json
from stages.instruction_parameters import SplitParameters
from stages.manifest import NAME, read_manifest, write_manifest
from stages.selection import select
from stages.tasks import example_hash
from stages.validation import validate


def cut(rows: Sequence[Row], parameters: SplitParameters) -> dict[str, list[Row]]:
    """Rows of each part; :class:`UserError` where there are too few for all."""
    sizes = (parameters.documents_train, parameters.documents_validation, parameters.documents_test)
    if len(rows) < sum(sizes):
        asked = " + ".join(f"{size} ({part})" for part, size in zip(PARTS, sizes, strict=True))
        raise UserError("the instructions", "rows", len(rows), f"at least {asked} = {sum(sizes)}", "Ask for fewer, or give more.")
    shuffled = [rows[int(row)] for row in select(len(rows), "shuffled", parameters.seed)[: sum(sizes)]]
    borders = pairwise(accumulate(sizes, initial=0))
    return {part: shuffled[start:end] for part, (start, end) in zip(PARTS, borders, strict=True)}


def facts_of(parts: dict[str, list[Row]]) -> dict[str, Any]:
    """Rows by part, and those that ``train`` holds too; of all together those that repeat another, have no answer, have an input."""
    hashes = {part: [example_hash(*row) for row in rows] for part, rows in parts.items()}
    everything, rows = [each for part in hashes.values() for each in part], [row for part in parts.values() for row in part]
    known = set(hashes["train"])
    return {
        "rows": {part: len(own) for part, own in parts.items()},
        "duplicates": len(everything) - len(set(everything)),
        "also_in_train": {part: sum(each in known for each in hashes[part]) for part in PARTS[1:]},
        "empty_outputs": sum(not row.output for row in rows),
        "with_input": sum(bool(row.input) for row in rows),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.split", description="Cut a campaign's instructions into parts.")
    parser.add_argument("--instructions", type=Path, required=True, help="folder of the instructions")
    parser.add_argument("--parameters", required=True, help="the split's parameters, as JSON")
    parser.add_argument("--folder", type=Path, required=True, help="folder to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read the instructions, write the parts and their manifest."""
    parameters = validate(SplitParameters, parse_json(arguments.parameters, "--parameters"), "--parameters")
    read_manifest(arguments.instructions, "instructions", ROWS)
    parts = cut(read_rows(arguments.instructions / ROWS), parameters)
    for part, rows in parts.items():
        write_objects(arguments.folder / part_file(part), (row._asdict() for row in rows))
    facts = facts_of(parts)
    write_manifest(
        arguments.folder,
        "examples",
        "stages.split",
        files=[part_file(part) for part in PARTS],
        facts=facts,
        parameters=parameters.model_dump(mode="json"),
        inputs={"instructions": arguments.instructions / NAME},
        libraries=["numpy"],
    )
    sizes = ", ".join(f"{count} for {part}" for part, count in facts["rows"].items())
    print(f"{sizes}; {facts['duplicates']} repeat another row, {facts['empty_outputs']} have no answer")


if __name__ == "__main__":
    main()
