"""Answers of one system, a base model or it with an adapter, to the examples of every seed; a call that is killed is gone on with.

    python -m stages.generate --model DIR [--adapter DIR] --draws DIR DIR DIR --parameters JSON --folder analysis/CAMPAIGN/outputs/SYSTEM

``outputs.jsonl`` holds what model, prompts and hardware decide, ``timing.json`` what the clock does.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import torch

from stages.code_hash import code_hash
from stages.energy import Meter, total
from stages.errors import report_errors
from stages.example_rows import write_objects
from stages.files import parse_json, sha256_of_file, sha256_of_json, to_json, write_atomic
from stages.generation.answer import texts_of
from stages.generation.batches import Request, batches_of
from stages.generation.engine import Engine, load_engine
from stages.generation.examples import Draw, read_draw
from stages.generation.outputs import OUTPUTS, Output
from stages.generation.parameters import GenerateParameters
from stages.generation.partial import Done, Partial, open_partial
from stages.generation.requests import requests_of
from stages.manifest import NAME, write_manifest
from stages.training.processes import add_device_arguments, join_processes
from stages.tuning.models import check_base
from stages.validation import validate

MODULE = "stages.generate"
LINE_SECONDS = 10.0
"""Between lines on how far it is."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.generate", description="Answer the examples of an evaluation.")
    parser.add_argument("--model", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--adapter", type=Path, help="folder of an adapter; default: the base model alone")
    parser.add_argument("--draws", type=Path, nargs="+", required=True, help="folders of the examples, one a seed")
    parser.add_argument("--parameters", required=True, help="how the model is loaded and how it answers, as JSON")
    parser.add_argument("--folder", type=Path, required=True, help="folder to write")
    add_device_arguments(parser)
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Load the model, answer what no call before has, write the answers in the order of the examples."""
    parameters = validate(GenerateParameters, parse_json(arguments.parameters, "--parameters"), "--parameters")
    draws = [read_draw(folder) for folder in arguments.draws]
    inputs = input_manifests(arguments.model, arguments.adapter, draws)
    _, device = join_processes(arguments.device)
    engine = load_engine(parameters, arguments.model, arguments.adapter, device, arguments.threads)
    requests = requests_of(draws, engine.tokenizer, parameters.generation, engine.context)
    batches = batches_of(requests, parameters.generation.batch_size)
    with open_partial(arguments.folder, fingerprint_of(parameters, inputs, engine)) as made:
        kept = len(made.done)
        with Meter([device]) as meter:
            answer_missing(engine, requests, batches, made, meter)
        outputs = outputs_of(engine, requests, batches, made.done)
        timing = timing_of(requests, batches, made, engine)
        write(arguments.folder, outputs, timing, parameters, engine, inputs)
    print(summary(outputs, timing, kept))


def input_manifests(model: Path, adapter: Path | None, draws: Sequence[Draw]) -> dict[str, Path]:
    """The manifests that the answers are made from, by their part; :class:`UserError` for an adapter of another model."""
    if adapter:
        check_base(adapter, model)
    folders = {"model": model, "adapter": adapter} | {f"examples_{draw.seed}": draw.folder for draw in draws}
    return {name: folder / NAME for name, folder in folders.items() if folder}


def fingerprint_of(parameters: GenerateParameters, inputs: Mapping[str, Path], engine: Engine) -> str:
    """Hash of all that decides the answers."""
    return sha256_of_json(
        {
            "parameters": parameters.model_dump(mode="json"),
            "inputs": {name: sha256_of_file(path) for name, path in inputs.items()},
            "environment": engine.environment,
            "code": code_hash(MODULE),
        }
    )


def answer_missing(engine: Engine, requests: Sequence[Request], batches: Sequence[Sequence[int]], made: Partial, meter: Meter) -> None:
    """Answer every batch that is not done, and keep each at once."""
    began = shown = time.perf_counter()
    first = len(made.done)
    for number, batch in enumerate(batches):
        if number in made.done:
            continue
        prompts = [requests[index].prompt for index in batch]
        made.answered(number, meter, partial(engine.answer, prompts, requests[batch[0]].maximum_new_tokens))
        now = time.perf_counter()
        if now - shown >= LINE_SECONDS:
            shown = now
            left = (len(batches) - len(made.done)) * (now - began) / (len(made.done) - first)
            place = f"{len(made.done)} of {len(batches)} batches"
            print(f"generate: {place}, {timedelta(seconds=round(left))} left at most", file=sys.stderr, flush=True)


def outputs_of(engine: Engine, requests: Sequence[Request], batches: Sequence[Sequence[int]], done: Mapping[int, Done]) -> list[Output]:
    """A row a request, in their order."""
    found = {index: answer for number, batch in enumerate(batches) for index, answer in zip(batch, done[number].answers, strict=True)}
    answers = [found[index] for index in range(len(requests))]
    return [
        Output(
            seed=request.seed,
            task=request.task,
            hash=request.hash,
            prompt_sha256=sha256_of_json(request.prompt),
            prompt_tokens=len(request.prompt),
            shortened=request.shortened,
            output=text,
            generated_tokens=answer.tokens,
            stop=answer.stop,
        )
        for request, answer, text in zip(requests, answers, texts_of(engine.tokenizer, answers), strict=True)
    ]


def timing_of(requests: Sequence[Request], batches: Sequence[Sequence[int]], made: Partial, engine: Engine) -> dict[str, Any]:
    """What the clock and the counters of energy decide: of generating alone, the loading of the model left out, by seed and task."""
    seconds: dict[str, dict[str, float]] = {}
    energy: dict[str, list[float | None]] = {}
    for request in requests:
        seconds.setdefault(str(request.seed), {}).setdefault(request.task, 0.0)
        energy.setdefault(str(request.seed), [])
    for number, batch in enumerate(batches):
        seed, task, done = str(requests[batch[0]].seed), requests[batch[0]].task, made.done[number]
        seconds[seed][task] += done.seconds
        energy[seed].append(done.kilowatt_hours)
    return {
        "started_at": made.started_at,
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": engine.environment["device"],
        "seconds": sum(done.seconds for done in made.done.values()),
        "seeds": seconds,
        "kilowatt_hours": {seed: total(parts) for seed, parts in energy.items()},
        "peak_memory_bytes": torch.cuda.max_memory_allocated() or None,
    }


def write(
    folder: Path,
    outputs: Sequence[Output],
    timing: Mapping[str, Any],
    parameters: GenerateParameters,
    engine: Engine,
    inputs: Mapping[str, Path],
) -> None:
    """Outputs and timing, then the manifest."""
    write_objects(folder / OUTPUTS, [output.model_dump() for output in outputs])
    write_atomic(folder / "timing.json", to_json(timing))
    facts = counts(outputs) | {"stop_ids": engine.ids.stops, "pad_id": engine.ids.pad, "environment": engine.environment}
    write_manifest(folder, "outputs", MODULE, files=[OUTPUTS], facts=facts, parameters=parameters.model_dump(mode="json"), inputs=inputs)


def counts(outputs: Sequence[Output]) -> dict[str, int]:
    """How many examples, and what became of them."""
    return {
        "examples": len(outputs),
        "prompt_tokens": sum(output.prompt_tokens for output in outputs),
        "generated_tokens": sum(output.generated_tokens for output in outputs),
        "shortened": sum(output.shortened for output in outputs),
        "empty": sum(not output.output for output in outputs),
        "stopped_by_length": sum(output.stop == "length" for output in outputs),
    }


def summary(outputs: Sequence[Output], timing: Mapping[str, Any], kept: int) -> str:
    """The stage's one line."""
    found = counts(outputs)
    speed = f"{found['generated_tokens']} tokens, {found['generated_tokens'] / timing['seconds']:,.0f} a second"
    states = ", ".join(f"{found[name]} {name.replace('_', ' ')}" for name in ("shortened", "empty", "stopped_by_length"))
    resumed = f"; {kept} batches were done before" if kept else ""
    return f"{found['examples']} examples of {len(timing['seeds'])} seeds: {speed}; {states}{resumed}"


if __name__ == "__main__":
    main()
