"""Base and adapted model asked beyond the thesis's tasks: personal data, injected orders, invented facts, and answers drawn anew.

    python -m stages.probe --run safety --model DIR --adapter DIR --draws DIR [DIR …] --base-outputs DIR --adapter-outputs DIR \
        --parameters JSON --report FILE.json --answers FILE.jsonl --timing FILE.json

A call that is killed is gone on with. The first draw's examples are answered once a sampling seed, beside their greedy answers; the
greedy answers to all draws that are given are searched for personal data.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import torch

from stages.code_hash import code_hash
from stages.energy import Meter, total
from stages.errors import UserError, report_errors
from stages.example_rows import write_objects
from stages.files import parse_json, sha256_of_file, sha256_of_json, to_json, write_atomic
from stages.generate import input_manifests
from stages.generation.answer import Answer
from stages.generation.engine import environment_of, load_system
from stages.generation.examples import Draw, read_draw
from stages.generation.outputs import read_outputs
from stages.generation.partial import Partial, open_partial
from stages.generation.transformers_engine import ids_of
from stages.manifest import NAME
from stages.parameter_models import Extrinsic, Probes
from stages.probes.asking import Answers, Asked, ask, first_of_each_task, what_to_ask
from stages.probes.prompts import all_cases
from stages.probes.report import SCANNED, Greedy, System, counts, judged, sampled_rows, sampled_scores
from stages.score import check_scoring
from stages.strict import Strict
from stages.threads import use_threads
from stages.training.processes import add_device_arguments, join_processes
from stages.training_parameters import QuantisedBase
from stages.tuning.models import LIBRARIES, load_tokenizer
from stages.validation import validate

MODULE = "stages.probe"


class ProbeParameters(Strict):
    architecture: QuantisedBase
    extrinsic: Extrinsic
    probes: Probes


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.probe", description="Ask base and adapted model beyond the thesis's tasks.")
    parser.add_argument("--run", required=True)
    parser.add_argument("--model", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--adapter", type=Path, required=True, help="folder of the adapter")
    parser.add_argument("--draws", type=Path, nargs="+", required=True, help="folders of examples, the evaluation's first seed's first")
    parser.add_argument("--base-outputs", type=Path, required=True, help="folder of the base model's answers to them")
    parser.add_argument("--adapter-outputs", type=Path, required=True, help="folder of the adapted model's")
    parser.add_argument("--parameters", required=True, help="architecture, evaluation and probes, as JSON")
    parser.add_argument("--report", type=Path, required=True, help="JSON to write")
    parser.add_argument("--answers", type=Path, required=True, help="JSONL to write: what was asked and answered, and what in it fails")
    parser.add_argument("--timing", type=Path, required=True, help="JSON to write: how long it took")
    add_device_arguments(parser)
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read what the systems answered already, ask both, judge, write."""
    parameters = validate(ProbeParameters, parse_json(arguments.parameters, "--parameters"), "--parameters")
    draws = [read_draw(folder) for folder in arguments.draws]
    check_scoring(parameters.extrinsic, "--parameters")
    check_draw(parameters, draws[0])
    inputs = {name: sha256_of_file(path) for name, path in input_manifests(arguments.model, arguments.adapter, draws).items()}
    answered = {"base": arguments.base_outputs, "sft": arguments.adapter_outputs}
    outputs = {
        "base": greedy(answered["base"], inputs | {"adapter": None}, draws),
        "sft": greedy(answered["sft"], inputs, draws),
    }
    _, device = join_processes(arguments.device)
    use_threads(arguments.threads)
    environment = environment_of(parameters.architecture, device, LIBRARIES)
    fingerprint = fingerprint_of(parameters, inputs, environment)
    with open_partial(arguments.report.parent, fingerprint, f".{arguments.report.name}.partial.jsonl") as made:
        asked, answers = answers_of_both(arguments, parameters, draws[0], device, made)
        systems = {name: System(answers[name], outputs[name]) for name in outputs}
        rows = judged(asked, systems)
        report = {
            "schema_version": 1,
            "run": arguments.run,
            "probes": counts(rows),
            "sampled": sampled_scores(asked, systems, draws[0].seed, parameters.probes, parameters.extrinsic),
            "sources": inputs | {name: sha256_of_file(folder / NAME) for name, folder in answered.items()},
            "environment": environment,
        }
        kept = [row for row in rows if row["probe"] != SCANNED or row["failed_by"]]
        write_objects(arguments.answers, kept + sampled_rows(asked, systems))
        write_atomic(arguments.timing, to_json(timing_of(made)))
        write_atomic(arguments.report, to_json(report))
    print(summary(report))


def fingerprint_of(parameters: ProbeParameters, inputs: Mapping[str, str], environment: Mapping[str, Any]) -> str:
    """Hash of all that decides the answers."""
    decides = {"parameters": parameters.model_dump(mode="json"), "inputs": inputs, "environment": environment, "code": code_hash(MODULE)}
    return sha256_of_json(decides)


def check_draw(parameters: ProbeParameters, draw: Draw) -> None:
    """:class:`UserError` unless ``draw`` is the evaluation's first, with enough examples."""
    extrinsic, count = parameters.extrinsic, parameters.probes.examples_per_task
    if draw.seed != extrinsic.seeds[0]:
        raise UserError("--draws", "", f"first a draw of seed {draw.seed}", f"that of the evaluation's first seed, {extrinsic.seeds[0]}")
    for task in extrinsic.tasks:
        if (found := len(first_of_each_task(draw.examples, {task: None}, count))) < count:
            do = "Lower it, or draw more examples (extrinsic.examples_per_task)."
            raise UserError(draw.folder, task, f"{found} examples", f"probes.examples_per_task, {count}", do)


def greedy(folder: Path, made_from: Mapping[str, str | None], draws: Sequence[Draw]) -> list[Greedy]:
    """A system's answers to the examples of ``draws``; :class:`UserError` unless they were ``made_from`` this model and these examples."""
    manifest, outputs = read_outputs(folder)
    for name, expected in made_from.items():
        if (found := manifest.inputs.get(name)) != expected:
            raise UserError(folder / NAME, f"inputs.{name}", found or "nothing", expected or "nothing", "Make the answers again.")
    texts = {(output.seed, output.hash): output.output for output in outputs}
    return [Greedy(draw.seed, each, texts[draw.seed, each.hash]) for draw in draws for each in draw.examples]


def answers_of_both(
    arguments: argparse.Namespace, parameters: ProbeParameters, draw: Draw, device: torch.device, made: Partial
) -> tuple[Asked, dict[str, Answers]]:
    """What is asked, and what base and adapted model answer, one after the other; ``made`` keeps each batch, numbered through."""
    tokenizer, answers, numbers = load_tokenizer(arguments.model), {}, count()
    for name, adapter in (("base", None), ("sft", arguments.adapter)):
        network = load_system(parameters.architecture, arguments.model, adapter, device, arguments.threads)
        context = network.config.max_position_embeddings
        asked = what_to_ask(tokenizer, context, all_cases(), draw, parameters.probes, parameters.extrinsic)
        with Meter([device]) as meter:
            keep = partial(next_batch, made, numbers, meter)
            answers[name] = ask(network, tokenizer, ids_of(tokenizer, network.generation_config), asked, parameters.probes, keep)
        del network  # before the next takes its place in memory
    return asked, answers


def next_batch(made: Partial, numbers: Iterator[int], meter: Meter, answer: Callable[[], list[Answer]]) -> list[Answer]:
    """Answers of the batch that is next in order."""
    return made.answered(next(numbers), meter, answer)


def timing_of(made: Partial) -> dict[str, float | None]:
    """What asking takes, loading the models left out."""
    done = [made.done[number] for number in sorted(made.done)]
    return {"seconds": sum(each.seconds for each in done), "kilowatt_hours": total(each.kilowatt_hours for each in done)}


def summary(report: Mapping[str, Any]) -> str:
    """The stage's one line."""
    parts = []
    for probe, systems in report["probes"].items():
        found = ", ".join(f"{system} {count['failures']} of {count['examples']}" for system, count in systems.items())
        parts.append(f"{probe}: {found}")
    return f"{report['run']}: failures of {'; '.join(parts)}"


if __name__ == "__main__":
    main()
