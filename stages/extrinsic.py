"""The extrinsic evaluation of one seed: both systems' answers beside each other, scored, in the schema of the published ones.

    python -m stages.extrinsic --parameters JSON --seed N --examples DIR --base DIR --adapter DIR --output-folder DIR

``outputs.jsonl`` has a row an example, ``summary.json`` the means, under every normaliser beside the evaluation's own, and ``timing.json``
what the clock decided.
"""

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

from stages.document import Document
from stages.errors import UserError, report_errors
from stages.example_rows import write_objects
from stages.files import parse_json, read_json, sha256_of_file, to_json, write_atomic
from stages.generation.examples import Draw, read_draw
from stages.generation.outputs import OUTPUTS, Output, read_outputs
from stages.generation.parameters import GenerateParameters
from stages.manifest import NAME, stated
from stages.normalise import NORMALISERS
from stages.parameter_models import Extrinsic
from stages.score import METRICS, SYSTEMS, check_scoring
from stages.validation import validate

Answers = dict[str, list[Output]]
"""Of each system, in the order of the examples."""
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.extrinsic", description="Score the answers of one seed.")
    parser.add_argument("--parameters", required=True, help="the evaluation's extrinsic parameters, as JSON")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--examples", type=Path, required=True, help="folder of the seed's examples")
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model's answers")
    parser.add_argument("--adapter", type=Path, required=True, help="folder of the answers with the adapter")
    parser.add_argument("--output-folder", type=Path, required=True, help="folder to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read examples and answers, score them, write rows, summary and timing."""
    extrinsic = validate(Extrinsic, parse_json(arguments.parameters, "--parameters"), "--parameters")
    check_scoring(extrinsic, "--parameters")
    draw = read_draw(arguments.examples)
    if draw.seed != arguments.seed:
        raise UserError(arguments.examples, "seed", draw.seed, arguments.seed)
    folders = dict(zip(SYSTEMS, (arguments.base, arguments.adapter), strict=True))
    manifests, answers = read_systems(folders, draw)
    rows = rows_of(draw, answers, extrinsic)
    sources = {name: sha256_of_file(folder / NAME) for name, folder in {**folders, "examples": arguments.examples}.items()}
    summary = summary_of(rows, answers, extrinsic, manifests["base"]) | {"manifest_seed": draw.seed, "sources": sources}
    timing = timing_of({system: _timing(folder / "timing.json") for system, folder in folders.items()}, draw.seed)
    write_objects(arguments.output_folder / OUTPUTS, rows)
    write_atomic(arguments.output_folder / "timing.json", to_json(timing))
    write_atomic(arguments.output_folder / "summary.json", to_json(summary))
    print(in_words(summary))


def read_systems(folders: Mapping[str, Path], draw: Draw) -> tuple[dict[str, Document], Answers]:
    """Both systems' answers to the examples; :class:`UserError` unless the adapter alone tells them apart."""
    manifests, answers = {}, {}
    for system, folder in folders.items():
        manifest, rows = read_outputs(folder)
        manifests[system] = stated(folder)
        if manifest.inputs.get(f"examples_{draw.seed}") != sha256_of_file(draw.folder / NAME):
            raise UserError(folder / NAME, f"inputs.examples_{draw.seed}", "other examples", f"those of {draw.folder}")
        answers[system] = [row for row in rows if row.seed == draw.seed]
    base, other = (manifests[system] for system in SYSTEMS)
    if base.has("$.inputs.adapter") or not other.has("$.inputs.adapter"):
        raise UserError(folders["sft"] / NAME, "inputs.adapter", "as in the base's answers", "an adapter here, and none there")
    one, two = (_conditions(manifest) for manifest in (base, other))
    for name in one:
        if one[name] != two[name]:
            do = "Make both on one machine, with the same parameters."
            raise UserError(folders["sft"] / NAME, name, two[name], f"{one[name]}, as in {folders['base'] / NAME}", do)
    return manifests, answers


def _conditions(manifest: Document) -> dict[str, Any]:
    """What two systems that are compared have in common."""
    return {name: manifest.find(f"$.{name}") for name in ("inputs.model", "facts.environment", "parameters", "code")}


def rows_of(draw: Draw, answers: Answers, extrinsic: Extrinsic) -> list[Row]:
    """A row an example; :class:`UserError` where the answers are not in the order of the examples."""
    rows = []
    for system in SYSTEMS:
        if [answer.hash for answer in answers[system]] != [example.hash for example in draw.examples]:
            raise UserError(f"answers of {system}", f"seed {draw.seed}", "others", f"one for each line of {draw.folder}, in order")
    for line, example in enumerate(draw.examples):
        if example.task not in extrinsic.tasks:
            raise UserError(draw.place(line), "task", repr(example.task), "one of: " + ", ".join(extrinsic.tasks))
        row: Row = {name: getattr(example, name) for name in ("task", "hash", "instruction", "input", "reference")}
        row |= {f"{system}_output": answers[system][line].output for system in SYSTEMS}
        rows.append(row | {"metrics": _scores(row, extrinsic, extrinsic.normaliser)})
    return rows


def _scores(row: Row, extrinsic: Extrinsic, normaliser: str) -> dict[str, dict[str, float]]:
    """By system, then metric."""
    metrics, normalise = extrinsic.tasks[row["task"]], NORMALISERS[normaliser]
    return {system: {name: METRICS[name](row[f"{system}_output"], row["reference"], normalise) for name in metrics} for system in SYSTEMS}


def summary_of(rows: Sequence[Row], answers: Answers, extrinsic: Extrinsic, base: Document) -> dict[str, Any]:
    """Means and counts by task, and what they were made with."""
    generation = validate(GenerateParameters, base.find("$.parameters"), f"{base.file}: parameters").generation
    model = {"model": extrinsic.base_model, "use_4bit": extrinsic.quantisation == "nf4"}
    tasks = [task for task in extrinsic.tasks if any(row["task"] == task for row in rows)]
    return {
        "environment": base.find("$.facts.environment"),
        "models": {"baseline": model, "sft": model | {"adapter_run": extrinsic.adapter_run}},
        "generation": {
            "do_sample": False,
            "temperature": 0.0,
            "top_p": 1.0,
            "max_prompt_tokens": generation.maximum_prompt_tokens,
            "batch_size": generation.batch_size,
            "engine": generation.engine,
        },
        "normaliser": extrinsic.normaliser,
        "tasks": {
            task: _task_summary(task, rows, answers, extrinsic, base.integer(f"$.parameters.generation.maximum_new_tokens.{task}").value)
            for task in tasks
        },
    }


def _task_summary(task: str, rows: Sequence[Row], answers: Answers, extrinsic: Extrinsic, maximum_new_tokens: int) -> dict[str, Any]:
    own = [row for row in rows if row["task"] == task]
    outputs = {system: [answer for answer in answers[system] if answer.task == task] for system in SYSTEMS}
    return {
        "task": task,
        "n": len(own),
        "max_new_tokens": maximum_new_tokens,
        "generation_tokens": {f"{name}_generated_tokens": sum(each.generated_tokens for each in outputs[name]) for name in SYSTEMS},
        "shortened": sum(each.shortened for each in outputs["base"]),
        "empty": {name: sum(not each.output for each in outputs[name]) for name in SYSTEMS},
        "stopped_by_length": {name: sum(each.stop == "length" for each in outputs[name]) for name in SYSTEMS},
        "metrics": _means([row["metrics"] for row in own]),
        "by_normaliser": {name: _means([_scores(row, extrinsic, name) for row in own]) for name in NORMALISERS},
    }


def _means(scores: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, float]]:
    return {system: {metric: fmean(each[system][metric] for each in scores) for metric in scores[0][system]} for system in SYSTEMS}


def _timing(path: Path) -> Document:
    """What the clock decided of one system's answers."""
    return Document(path.as_posix(), "", read_json(path))


def timing_of(timings: Mapping[str, Document], seed: int) -> dict[str, Any]:
    """Seconds and energy of the seed's generation by system, loading left out; from when to when both systems' answers were made."""
    here, tasks = f"$.seeds['{seed}']", {}
    for task in dict(timings["base"].mapping(here)):
        timers = {f"{system}_sec": timings[system].number(f"{here}['{task}']", minimum=0).value for system in SYSTEMS}
        tasks[task] = {"timers": timers | {"total_sec": sum(timers.values())}}
    return {
        "started_at": min(str(timing.time("$.started_at").value) for timing in timings.values()),
        "ended_at": max(str(timing.time("$.ended_at").value) for timing in timings.values()),
        "tasks": tasks,
        "seconds": sum(task["timers"]["total_sec"] for task in tasks.values()),
        "kilowatt_hours": {system: timing.find(f"$.kilowatt_hours['{seed}']") for system, timing in timings.items()},
    }


def in_words(summary: Mapping[str, Any]) -> str:
    """The stage's one line."""
    scores = [
        f"{task} {metric} {each['metrics']['base'][metric]:.3f} to {each['metrics']['sft'][metric]:.3f}"
        for task, each in summary["tasks"].items()
        for metric in each["metrics"]["base"]
    ]
    return f"seed {summary['manifest_seed']}, base to adapter, normaliser {summary['normaliser']}: " + ", ".join(scores)


if __name__ == "__main__":
    main()
