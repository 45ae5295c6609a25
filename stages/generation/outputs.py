"""The answers of one system to the examples of all seeds: ``outputs.jsonl`` of a folder of kind ``outputs``."""

from pathlib import Path
from typing import Literal

from stages.files import parse_json_lines, read_text
from stages.manifest import Manifest, read_manifest
from stages.strict import Count, Strict
from stages.validation import validate

OUTPUTS = "outputs.jsonl"


class Output(Strict):
    """A row: one example's answer."""

    seed: int
    task: str
    hash: str
    """Of the example."""
    prompt_sha256: str
    """Of the prompt's ids, as the JSON list that they are."""
    prompt_tokens: Count
    shortened: bool
    """Whether the user's message was cut to the number of tokens that a prompt may have."""
    output: str
    """Without control tokens, stripped."""
    generated_tokens: Count
    """With the one that ended the answer."""
    stop: Literal["end", "length"]


def read_outputs(folder: Path) -> tuple[Manifest, list[Output]]:
    """The folder's manifest, and its rows in the order of the draws."""
    manifest, path = read_manifest(folder, "outputs", OUTPUTS), folder / OUTPUTS
    rows = parse_json_lines(read_text(path), path)
    return manifest, [validate(Output, row, f"{path}: line {line}") for line, row in rows]
