"""The examples of an evaluation: ``examples.jsonl`` of a draw."""

from pathlib import Path
from typing import NamedTuple

from stages.errors import UserError
from stages.example_rows import EXAMPLES
from stages.files import parse_json_lines, read_text
from stages.manifest import read_manifest
from stages.strict import Strict
from stages.validation import validate


class Example(Strict):
    task: str
    instruction: str
    input: str
    reference: str
    hash: str


class Draw(NamedTuple):
    """The examples of one seed."""

    seed: int
    folder: Path
    examples: list[Example]

    def place(self, line: int) -> str:
        """Where the example of a line (from 0) stands, for messages."""
        return f"{self.folder / EXAMPLES}: line {line + 1}"


def read_draw(folder: Path) -> Draw:
    """Examples of ``folder`` and the seed that drew them; :class:`UserError` names the line of one that is none."""
    manifest = read_manifest(folder, "examples")
    seed = manifest.parameters.get("seed")
    if not isinstance(seed, int) or EXAMPLES not in manifest.files:
        raise UserError(folder, "", "no examples of a seed", f"a draw, with {EXAMPLES}")
    path = folder / EXAMPLES
    examples = [validate(Example, row, f"{path}: line {line}") for line, row in parse_json_lines(read_text(path), path)]
    if not examples:
        raise UserError(path, "", "no row", "an example a line")
    return Draw(seed, folder, examples)
