"""The extrinsic evaluation: scores recomputed from the per-example outputs, beside those that the summaries state."""

import argparse
import json
from collections import defaultdict
from functools import partial
from pathlib import Path
from statistics import fmean

from stages.errors import UserError, report_errors
from stages.files import decode_text, parse_csv, read_bytes, to_json, write_atomic
from stages.importer import Facts, Imported, file_of, hours_of, read_run, track2_environment
from stages.parameter_models import Extrinsic, RunParameters
from stages.record import history_csv
from stages.registry import Evidence
from stages.score import SYSTEMS
from stages.traced import Ref, Traced
from stages.validation import validate

Scores = dict[tuple[int, str, str, str], list[float]]
"""Per-example scores by seed, task, metric and system."""


def read_scores(path: Path) -> Scores:
    """Scores that ``stages.score`` wrote."""
    scores: Scores = defaultdict(list)
    for row in parse_csv(decode_text(read_bytes(path), path), path):
        scores[int(row["seed"]), row["task"], row["metric"], row["system"]].append(float(row["score"]))
    return scores


def read_extrinsic(evidence: Evidence, parameters: RunParameters, scores: Scores) -> Imported:
    """Facts of the extrinsic evaluation over all its seeds."""
    assert parameters.extrinsic
    extrinsic = parameters.extrinsic
    summaries = {seed: evidence.json(file_of(parameters, f"summary_{seed}")) for seed in extrinsic.seeds}
    aggregate, first = evidence.json(file_of(parameters, "aggregate")), summaries[extrinsic.seeds[0]]
    seconds = aggregate.number("$.aggregate.cost.total_duration_sec_sum", minimum=0)
    facts: Facts = {
        **track2_environment(first),
        "time.seconds": seconds,
        "time.hours": hours_of(seconds),
        "time.ended_at": aggregate.text("$.generated_at"),
        "cost.usd_per_hour": first.number("$.cost.cost_usd_per_hour", minimum=0),
        "cost.usd": aggregate.number("$.aggregate.cost.total_cost_usd_sum", minimum=0),
        "configuration.extrinsic.batch_size": first.integer("$.generation.batch_size", minimum=1),
        "configuration.extrinsic.maximum_prompt_tokens": first.integer("$.generation.max_prompt_tokens", minimum=1),
    }
    outputs = {seed: file_of(parameters, f"outputs_{seed}") for seed in extrinsic.seeds}
    for task, metrics in extrinsic.tasks.items():
        facts |= _task_facts(evidence, extrinsic, task, scores, outputs)
        for metric in metrics:
            for system in SYSTEMS:
                into = f"results.extrinsic.{task}.metrics.{metric}.{system}"
                facts[f"{into}.published"] = [
                    summaries[seed].number(f"$.tasks.{task}.metrics.{system}.{metric}", minimum=0, maximum=1) for seed in extrinsic.seeds
                ]
    missing = {"data": "an evaluation trains on nothing", "history": "an evaluation has no epochs"}
    return Imported(facts, [], missing)


def _task_facts(evidence: Evidence, extrinsic: Extrinsic, task: str, scores: Scores, outputs: dict[int, str]) -> Facts:
    """Seeds, recomputed mean scores and number of examples of one task."""
    facts: Facts = {}
    for metric in extrinsic.tasks[task]:
        for system in SYSTEMS:
            into, means = f"results.extrinsic.{task}.metrics.{metric}.{system}", []
            for seed in extrinsic.seeds:
                if not (values := scores.get((seed, task, metric, system))):
                    raise UserError(outputs[seed], f"task {task}", "no examples", f"outputs of seed {seed} for {metric}")
                places = f"$[?@.task=='{task}']['{system}_output','reference']"
                formula = f"mean of {metric} over the examples, normaliser {extrinsic.normaliser}"
                means.append(Traced(fmean(values), (Ref(outputs[seed], places, evidence.sha256(outputs[seed])),), formula))
            facts[f"{into}.score"] = means
            facts[f"{into}.seeds"] = [Traced(seed, mean.refs) for seed, mean in zip(extrinsic.seeds, means, strict=True)]
    counts = [len(scores[seed, task, extrinsic.tasks[task][0], "base"]) for seed in extrinsic.seeds]
    refs = [Ref(file, f"$[?@.task=='{task}']", evidence.sha256(file)) for file in outputs.values()]
    facts[f"results.extrinsic.{task}.examples"] = [Traced(n, (ref,), "number of outputs") for n, ref in zip(counts, refs, strict=True)]
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description="Import the extrinsic evaluation of a campaign's evidence.")
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--parameters", required=True, help="the run's merged parameters, as JSON")
    parser.add_argument("--scores", type=Path, required=True, help="CSV of per-example scores")
    parser.add_argument("--record", type=Path, required=True, help="JSON to write")
    parser.add_argument("--history", type=Path, required=True, help="CSV to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read scores and summaries, write record and (empty) history."""
    parameters = validate(RunParameters, json.loads(arguments.parameters), "--parameters")
    reader = partial(read_extrinsic, scores=read_scores(arguments.scores))
    record = read_run(Evidence(arguments.campaign), parameters, reader)
    write_atomic(arguments.history, history_csv(record))
    write_atomic(arguments.record, to_json(record.model_dump(mode="json")))


if __name__ == "__main__":
    main()
