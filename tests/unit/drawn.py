"""Examples of an evaluation, invented on the spot, for the tests of generation and scoring."""

from pathlib import Path

from stages.example_rows import write_objects
from stages.manifest import write_manifest
from stages.tasks import TASKS, example_hash

LIMITS = {"qa": 4, "summarization": 8, "rewriting": 8}
"""New tokens by task."""
PARAMETERS = {
    "architecture": {"base_model": "base", "quantisation": "nf4", "double_quantisation": True, "compute_dtype": "bfloat16"},
    "generation": {
        "engine": "transformers",
        "decoding": "greedy",
        "batch_size": 3,
        "maximum_prompt_tokens": 120,
        "maximum_new_tokens": LIMITS,
    },
}
"""Of the stage that answers them."""


def invented_example(task: str, number: int, seed: int) -> dict[str, str]:
    """An example whose prompt is the longer the higher its number."""
    given = {"instruction": f"Tarefa {seed}: {task}?", "input": "uma casa amarela " * number, "reference": f"resposta {number}"}
    return {"task": task, **given, "hash": example_hash(given["instruction"], given["input"], given["reference"])}


def write_draw(folder: Path, seed: int, per_task: int = 4) -> Path:
    """A folder of kind ``examples``: so many a task."""
    write_objects(folder / "examples.jsonl", [invented_example(task, number, seed) for task in TASKS for number in range(per_task)])
    write_manifest(folder, "examples", "stages.draw", files=["examples.jsonl"], facts={}, parameters={"seed": seed})
    return folder
