"""The examples of one seed of the extrinsic evaluation: none that models are tuned on, so many of each task (facts, section 6.5).

    python -m stages.draw --instructions data/CAMPAIGN/instructions --split data/CAMPAIGN/examples/split-DIGEST --parameters JSON \
        --folder data/CAMPAIGN/examples/draws-DIGEST/SEED

All instructions are shuffled and scanned until every task has its examples. A row that the split holds, whole, is passed over.
"""

import argparse
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from stages.errors import UserError, report_errors
from stages.example_rows import EXAMPLES, PARTS, ROWS, Row, part_file, read_rows, write_objects
from stages.files import parse_json
from stages.instruction_parameters import DrawParameters
from stages.manifest import NAME, read_manifest, write_manifest
from stages.near_duplicates import near_duplicates
from stages.selection import select
from stages.tasks import TASKS, classify, example_hash, prompt_of
from stages.validation import validate


class Example(NamedTuple):
    """A row with the task that it is of, which of a row to compare with is empty; its fields are those of the file."""

    task: str
    instruction: str
    input: str
    reference: str
    hash: str

    @property
    def prompt(self) -> str:
        """Instruction and input."""
        return prompt_of(self.instruction, self.input)


class Draw(NamedTuple):
    """What was drawn, and from how much."""

    examples: list[Example]
    """By task, in the order of :data:`stages.tasks.TASKS`, each in that of the scan."""
    scanned: int
    excluded: int
    """Rows of the split among those scanned."""
    passed_over: frozenset[str]
    """Hashes of rows that were not drawn because they nearly repeat one of the split's."""
    pairs: Sequence[tuple[int, int]] = ()
    """An example that nearly repeats a row of the split, and that row, parts in order, as indices."""


def draw(rows: Sequence[Row], split: Mapping[str, Sequence[Row]], parameters: DrawParameters) -> Draw:
    """The examples; :class:`UserError` where a task has too few.

    With ``exclude_near_duplicates``, what nearly repeats a row of the split is passed over until nothing drawn does, and of equal
    prompts the first is drawn.
    """
    order = [rows[int(row)] for row in select(len(rows), "shuffled", parameters.seed)]
    known = [Example("", *row, example_hash(*row)) for part in split.values() for row in part]
    excluded, near = {row.hash for row in known}, frozenset[str]()
    while True:
        drawn = _scan(order, excluded, near, parameters)
        pairs = near_duplicates(drawn.examples, known)
        if not (pairs and parameters.exclude_near_duplicates):
            return drawn._replace(pairs=pairs)
        near |= {drawn.examples[first].hash for first, _ in pairs}


def _scan(order: Sequence[Row], excluded: Collection[str], near: frozenset[str], parameters: DrawParameters) -> Draw:
    """The first examples of each task that are not to be passed over."""
    drawn: dict[str, list[Example]] = {task: [] for task in TASKS if task in parameters.tasks}
    known, prompts, size = 0, set[str](), parameters.examples_per_task
    for number, row in enumerate(order, start=1):
        example = Example(classify(*row) or "", *row, example_hash(*row))
        known += example.hash in excluded
        is_repeated = parameters.exclude_near_duplicates and example.prompt in prompts
        if example.hash in excluded or example.hash in near or is_repeated or len(drawn.get(example.task, range(size))) == size:
            continue
        drawn[example.task].append(example)
        prompts.add(example.prompt)
        if all(len(examples) == size for examples in drawn.values()):
            return Draw([example for examples in drawn.values() for example in examples], number, known, near)
    found = ", ".join(f"{len(examples)} of {task}" for task, examples in drawn.items())
    do = "Ask for fewer examples a task, or give more instructions."
    raise UserError("the instructions", f"seed {parameters.seed}", found, f"{size} of each that are not in the split", do)


def facts_of(drawn: Draw, split: Mapping[str, Sequence[Row]], parameters: DrawParameters) -> dict[str, Any]:
    """What the draw met, and how many of its examples nearly repeat a row of the split, or of what models are trained on."""
    examples = drawn.examples
    return {
        "scanned_examples": drawn.scanned,
        "n_per_task_obtained": {task: sum(example.task == task for example in examples) for task in TASKS if task in parameters.tasks},
        "excluded": drawn.excluded,
        "near_duplicates_excluded": len(drawn.passed_over),
        "near_duplicates": len({first for first, _ in drawn.pairs}),
        "near_duplicates_of_train": len({first for first, second in drawn.pairs if second < len(split["train"])}),
        "repeated_prompts": len(examples) - len({example.prompt for example in examples}),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.draw", description="Draw the examples that models are tested on.")
    parser.add_argument("--instructions", type=Path, required=True, help="folder of the instructions")
    parser.add_argument("--split", type=Path, required=True, help="folder of the examples that models are tuned on")
    parser.add_argument("--parameters", required=True, help="the draw's parameters, as JSON")
    parser.add_argument("--folder", type=Path, required=True, help="folder to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read the instructions and the split, write the examples and their manifest."""
    parameters = validate(DrawParameters, parse_json(arguments.parameters, "--parameters"), "--parameters")
    if unknown := [task for task in parameters.tasks if task not in TASKS]:
        raise UserError("--parameters", "tasks", ", ".join(unknown), "one of: " + ", ".join(TASKS))
    read_manifest(arguments.instructions, "instructions", ROWS)
    read_manifest(arguments.split, "examples", *map(part_file, PARTS))
    files = {part: arguments.split / part_file(part) for part in PARTS}
    split = {part: read_rows(path) for part, path in files.items()}
    drawn = draw(read_rows(arguments.instructions / ROWS), split, parameters)
    write_objects(arguments.folder / EXAMPLES, (example._asdict() for example in drawn.examples))
    facts = facts_of(drawn, split, parameters) | {"exclude_jsonl": [path.as_posix() for path in files.values()]}
    write_manifest(
        arguments.folder,
        "examples",
        "stages.draw",
        files=[EXAMPLES],
        facts=facts,
        parameters=parameters.model_dump(mode="json"),
        inputs={"instructions": arguments.instructions / NAME, "examples": arguments.split / NAME},
        libraries=["numpy", "datasketch"],
    )
    print(f"{len(drawn.examples)} examples from {drawn.scanned} rows, {facts['near_duplicates']} nearly in the split")


if __name__ == "__main__":
    main()
