"""The extrinsic evaluation: scores recomputed from the per-example outputs, beside those that the summaries state."""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import fmean

from stages.document import Document
from stages.errors import UserError, report_errors
from stages.files import read_csv
from stages.importer import Facts, Imported, hours_of, import_run, importer_arguments, track2_environment
from stages.parameter_models import Extrinsic, RunParameters
from stages.record import Record
from stages.registry import Evidence
from stages.run_files import extrinsic_of, file_of
from stages.score import SYSTEMS, TOLERANCE
from stages.traced import Ref, Traced

Scores = dict[tuple[int, str, str, str], list[float]]
"""Per-example scores by seed, task, metric and system."""


def read_scores(path: Path) -> Scores:
    """Scores that ``stages.score`` wrote."""
    scores: Scores = defaultdict(list)
    for number, row in enumerate(read_csv(path), start=1):
        try:
            score = float(row["score"])
            scores[int(row["seed"]), row["task"], row["metric"], row["system"]].append(score)
        except (KeyError, ValueError) as error:
            raise UserError(
                path, f"row {number}", f"{error}", "seed, task, metric, system and score, as stages.score writes them"
            ) from error
        if not 0 <= score <= 1:  # a NaN is not, either
            raise UserError(path, f"row {number}, score", row["score"], "a number from 0 to 1")
    return scores


def read_extrinsic(evidence: Evidence, parameters: RunParameters, scores: Scores) -> Imported:
    """Facts of the extrinsic evaluation over all its seeds."""
    extrinsic = extrinsic_of(parameters)
    summaries = {seed: evidence.json(file_of(parameters, f"summary_{seed}")) for seed in extrinsic.seeds}
    aggregate, first = evidence.json(file_of(parameters, "aggregate")), summaries[extrinsic.seeds[0]]
    seconds = aggregate.number("$.aggregate.cost.total_duration_sec_sum", minimum=0)
    facts: Facts = {
        **track2_environment(first),
        "time.seconds": seconds,
        "time.hours": hours_of(seconds),
        "time.ended_at": aggregate.time("$.generated_at"),
        "cost.usd_per_hour": first.number("$.cost.cost_usd_per_hour", minimum=0),
        "cost.usd": aggregate.number("$.aggregate.cost.total_cost_usd_sum", minimum=0),
        "configuration.extrinsic.batch_size": first.integer("$.generation.batch_size", minimum=1),
        "configuration.extrinsic.maximum_prompt_tokens": first.integer("$.generation.max_prompt_tokens", minimum=1),
    }
    outputs = {seed: file_of(parameters, f"outputs_{seed}") for seed in extrinsic.seeds}
    seeds = _seeds(aggregate, parameters)
    for task, metrics in extrinsic.tasks.items():
        facts |= _task_facts(evidence, extrinsic, task, scores, outputs)
        for metric in metrics:
            for system in SYSTEMS:
                into = f"results.extrinsic.{task}.metrics.{metric}.{system}"
                facts[f"{into}.seeds"] = seeds
                facts[f"{into}.published"] = [
                    summaries[seed].number(f"$.tasks.{task}.metrics.{system}.{metric}", minimum=0, maximum=1) for seed in extrinsic.seeds
                ]
    missing = {"data": "an evaluation trains on nothing", "history": "an evaluation has no epochs"}
    return Imported(facts, [], missing)


def _seeds(aggregate: Document, parameters: RunParameters) -> list[Traced]:
    """Seeds in the aggregate's order of runs, which must be the declared ones, each with the summary that we read for it."""
    assert parameters.extrinsic
    seeds = []
    for index, seed in enumerate(parameters.extrinsic.seeds):
        found, file = aggregate.integer(f"$.runs[{index}].seed"), str(aggregate.text(f"$.runs[{index}].eval_path").value)
        summary = file_of(parameters, f"summary_{seed}")
        if found.value != seed or Path(file).name != Path(summary).name:
            raise UserError(aggregate.file, f"$.runs[{index}]", f"seed {found.value} in {file}", f"seed {seed} in {summary}")
        seeds.append(found)
    return seeds


def _task_facts(evidence: Evidence, extrinsic: Extrinsic, task: str, scores: Scores, outputs: dict[int, str]) -> Facts:
    """Seeds, recomputed mean scores and number of examples of one task."""
    facts: Facts = {}
    for metric in extrinsic.tasks[task]:
        for system in SYSTEMS:
            into, means = f"results.extrinsic.{task}.metrics.{metric}.{system}", []
            for seed in extrinsic.seeds:
                if not (values := scores.get((seed, task, metric, system))):
                    raise UserError(outputs[seed], f"task {task}", "no examples", f"outputs of seed {seed} for {metric}")
                places = f"lines of task {task}: $.{system}_output, $.reference"
                formula = f"mean of {metric} over the examples, normaliser {extrinsic.normaliser}"
                means.append(Traced(fmean(values), (Ref(outputs[seed], places, evidence.sha256(outputs[seed])),), formula))
            facts[f"{into}.score"] = means
    counts = [len(scores[seed, task, extrinsic.tasks[task][0], "base"]) for seed in extrinsic.seeds]
    refs = [Ref(file, f"lines of task {task}", evidence.sha256(file)) for file in outputs.values()]
    facts[f"results.extrinsic.{task}.examples"] = [Traced(n, (ref,), "number of outputs") for n, ref in zip(counts, refs, strict=True)]
    return facts


def main() -> None:
    parser = importer_arguments()
    parser.add_argument("--scores", type=Path, required=True, help="CSV of per-example scores")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Import from scores and summaries; say where the two disagree."""
    record = import_run(arguments, partial(read_extrinsic, scores=read_scores(arguments.scores)))
    for note in disagreements(record):
        print(f"note: {note}")


def disagreements(record: Record) -> Iterator[str]:
    """Seeds whose recomputed score is not the summary's, or that have another number of outputs than declared."""
    declared = record.configuration.extrinsic
    assert declared
    examples = declared.examples_per_task
    for task, result in (record.results.extrinsic or {}).items():
        if set(result.examples) != {examples}:
            yield f"task {task} has {result.examples} outputs a seed, declared {examples}"
        for metric, systems in result.metrics.items():
            for system, scores in systems.items():
                for seed, score, published in zip(scores.seeds, scores.score, scores.published, strict=True):
                    if published is None or abs(score - published) > TOLERANCE:
                        yield f"{task} {metric} {system}, seed {seed}: recomputed {score}, summary {published}"


if __name__ == "__main__":
    main()
