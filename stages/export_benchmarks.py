"""Task files for ``lm-evaluation-harness``: Portuguese benchmarks and a campaign's own extrinsic examples, and the command that runs them.

    python -m stages.export_benchmarks --model NAME_OR_FOLDER [--adapter DIR] --folder DIR [--campaign demo --draws DIR [DIR …]]

The harness is no dependency of the project. The folder can be carried to where it and the benchmarks' data are; models keep their paths.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from stages.benchmarks.harness import CALLED
from stages.benchmarks.standalone import standalone
from stages.errors import UserError, report_errors
from stages.example_rows import write_objects
from stages.files import read_text, to_json, write_atomic
from stages.generation.examples import Draw, read_draw
from stages.manifest import NAME, load_manifest, read_manifest
from stages.parameter_models import Extrinsic
from stages.parameters import load_run
from stages.tasks import user_message

TEMPLATES, RUNNER = Path("params/benchmarks"), Path(__file__).parent / "benchmarks/run.py"
GROUP, OWN_GROUP = "lastro_pt", "lastro_extrinsic"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.export_benchmarks", description="Write task files for lm-evaluation-harness.")
    parser.add_argument("--model", required=True, help="owner/name on the hub, or a folder with a model")
    parser.add_argument("--adapter", type=Path, help="folder of an adapter")
    parser.add_argument("--folder", type=Path, required=True, help="folder to write")
    parser.add_argument("--draws", type=Path, nargs="+", default=[], help="folders of extrinsic examples to write too")
    parser.add_argument("--campaign", default="published", help="whose extrinsic evaluation they are of: its metrics and normaliser")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Write benchmarks, own examples, what they call, and the command."""
    model = model_of(arguments.model, arguments.adapter)
    draws = [read_draw(folder) for folder in arguments.draws]
    extrinsic = load_run(arguments.campaign, "extrinsic").extrinsic if draws else None
    templates = sorted(TEMPLATES.glob("*.yaml"))
    for template in templates:
        write_atomic(arguments.folder / template.name, read_text(template))
    own = [name for draw in draws if extrinsic for name in write_draw(arguments.folder, draw, extrinsic)]
    if own:
        write_atomic(arguments.folder / f"{OWN_GROUP}.yaml", yaml.safe_dump({"group": OWN_GROUP, "task": own}, sort_keys=False))
    write_atomic(arguments.folder / "utils.py", utils_source())
    write_atomic(arguments.folder / "run.py", RUNNER.read_bytes())
    write_atomic(arguments.folder / "model.json", to_json(model))
    groups = f"{GROUP},{OWN_GROUP}" if own else GROUP
    print(f"{len(templates) - 1} benchmarks, {len(own)} sets of own examples; then: python {arguments.folder}/run.py --tasks {groups}")


def utils_source() -> str:
    """What the tasks call, as one file that needs nothing of the project."""
    return '"""Made by stages.export_benchmarks from the project\'s own functions."""\n\n' + standalone("stages.benchmarks.harness", CALLED)


def write_draw(folder: Path, draw: Draw, extrinsic: Extrinsic) -> list[str]:
    """Write a draw's examples, a file and a task for each of its tasks; the names of these."""
    names = []
    for task, metrics in extrinsic.tasks.items():
        name = f"{OWN_GROUP}_{task}_{draw.seed}"
        rows: list[dict[str, Any]] = [
            {
                "message": user_message(each.instruction, each.input),
                "reference": each.reference,
                "hash": each.hash,
                "metrics": metrics,
                "normaliser": extrinsic.normaliser,
            }
            for each in draw.examples
            if each.task == task
        ]
        if not rows:
            raise UserError(draw.folder, task, "no example", "examples of every task of the evaluation")
        write_objects(folder / f"{name}.jsonl", rows)
        write_atomic(folder / f"{name}.yaml", task_of_draw(name, metrics, extrinsic.maximum_new_tokens[task]))
        names.append(name)
    return names


def task_of_draw(name: str, metrics: Sequence[str], maximum_new_tokens: int) -> str:
    """The task file of own examples; the harness finds their file from its own folder, where ``run.py`` starts it."""
    task = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": f"{name}.jsonl"}},
        "output_type": "generate_until",
        "test_split": "test",
        "doc_to_text": "{{message}}",
        "doc_to_target": "{{reference}}",
        "generation_kwargs": {"until": [], "do_sample": False, "max_gen_toks": maximum_new_tokens},
        "metric_list": [{"metric": metric, "aggregation": "mean", "higher_is_better": True} for metric in metrics],
        "metadata": {"version": 1.0},
    }
    return yaml.safe_dump(task, sort_keys=False) + "process_results: !function utils.scores\n"


def model_of(model: str, adapter: Path | None) -> dict[str, str | None]:
    """Where a folder's model, or the hub's that the folder or the name stands for, is to be loaded from, and the adapter."""
    folder, named = Path(model), {"pretrained": model, "revision": None}
    if folder.is_dir():
        said = load_manifest(folder / NAME).parameters if (folder / NAME).exists() else {}
        hub = "commit" in said
        if not hub and not (folder / "config.json").exists():
            raise UserError(folder, "", "no config.json", "a model as transformers writes it")
        named = {"pretrained": said["name"], "revision": said["commit"]} if hub else {"pretrained": str(folder.resolve()), "revision": None}
    elif model.count("/") != 1 or model.startswith((".", "/")):
        raise UserError("--model", "", model, "owner/name on the hub, or a folder with a model")
    if adapter:
        read_manifest(adapter, "adapter")
    return {**named, "adapter": str(adapter.resolve()) if adapter else None}


if __name__ == "__main__":
    main()
