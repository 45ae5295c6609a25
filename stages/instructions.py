"""The instructions of a campaign: rows of whatever source, stripped, in its order.

python -m stages.instructions --parameters JSON --folder data/CAMPAIGN/instructions [--cache DIR]
"""

import argparse
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import RootModel

from stages.errors import UserError, report_errors
from stages.example_rows import ROWS, Row, write_objects
from stages.files import parse_json
from stages.instruction_parameters import DemoInstructions, InstructionParameters, LocalInstructions
from stages.instruction_sources import Instructions, canarim, demo, files
from stages.manifest import write_manifest
from stages.validation import validate

COUNTED = ("rows", "with_input", "empty_instructions", "empty_outputs")

Parameters = RootModel[InstructionParameters]


def open_source(instructions: InstructionParameters, cache: Path | None = None) -> Instructions:
    """The source that ``instructions`` names; ``cache`` is where downloads are kept."""
    if isinstance(instructions, DemoInstructions):
        return demo.source(instructions)
    if isinstance(instructions, LocalInstructions):
        return files.source(instructions)
    return canarim.source(instructions, cache)


def store(source: Instructions, folder: Path) -> dict[str, Any]:
    """Write the rows, then the manifest; what it says of them. :class:`UserError` where there is no row."""
    counts = dict.fromkeys(COUNTED, 0)
    write_objects(folder / ROWS, _counted(source, counts))
    facts = counts | {"licence": source.licence, "source": source.parameters["source"]}
    write_manifest(folder, "instructions", "stages.instructions", files=[ROWS], facts=facts, parameters=source.parameters)
    return facts


def _counted(source: Instructions, counts: dict[str, int]) -> Iterator[dict[str, str]]:
    """The rows, stripped, while ``counts`` goes up; an error at their end, if there was none, so that nothing is written."""
    for texts in source.rows:
        row = Row(*(text.strip() for text in texts))
        present = (True, row.input, not row.instruction, not row.output)
        counts.update({name: counts[name] + bool(is_so) for name, is_so in zip(COUNTED, present, strict=True)})
        yield row._asdict()
    if not counts["rows"]:
        raise UserError(f"the instructions ({source.parameters['source']})", "", "no row", "an instruction with its answer")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.instructions", description="Gather the instructions of a campaign.")
    parser.add_argument("--parameters", required=True, help="the campaign's instruction parameters, as JSON")
    parser.add_argument("--folder", type=Path, required=True, help="folder to write")
    parser.add_argument("--cache", type=Path, help="where downloads are kept; the Hugging Face hub's own cache by default")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Open the source, store what it holds."""
    parameters = validate(Parameters, parse_json(arguments.parameters, "--parameters"), "--parameters").root
    facts = store(open_source(parameters, arguments.cache), arguments.folder)
    print(f"{facts['rows']} instructions, {facts['with_input']} with an input, {facts['empty_outputs']} without an answer")


if __name__ == "__main__":
    main()
