"""The extrinsic evaluation, scored again on the answers alone: what Table 13 would have said without the prompt in its outputs.

Three readings of the same stored outputs: as published; with what is left of the prompt cut off (:mod:`stages.audit.residue`), under the
normaliser that really ran; and cut, under the normaliser that the text describes. For each: mean and standard deviation over seeds,
the gain, its paired bootstrap interval, and a permutation test (:mod:`stages.statistics`).

    python -m stages.corrected_scores --campaign published --parameters JSON --claims data/thesis_claims.yaml --output FILE
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from stages.audit.claims import load_claims
from stages.audit.residue import answer_of, has_header
from stages.document import Document
from stages.errors import UserError, report_errors
from stages.files import to_json, write_atomic
from stages.normalise import NORMALISERS
from stages.output_rows import of_task, prompt_of_row
from stages.parameter_models import Extrinsic, RunParameters
from stages.registry import Evidence
from stages.run_files import file_of, parse_parameters
from stages.score import METRICS, SYSTEMS
from stages.statistics import LEVEL, REPLICATES, Paired, bootstrap_interval, permutation_p


@dataclass(frozen=True)
class Reading:
    """One way to score the stored outputs: whole, or without what is left of the prompt."""

    whole: bool
    normaliser: str


def readings(as_run: str, stated: str) -> dict[str, Reading]:
    """The three readings, by name."""
    return {
        "published": Reading(True, as_run),
        "answer_as_run": Reading(False, as_run),
        "answer_as_stated": Reading(False, stated),
    }


def correct(outputs: Mapping[int, Sequence[Document]], extrinsic: Extrinsic, stated: str) -> dict[str, Any]:
    """Scores by reading, task and metric, of the outputs of every seed."""
    return {
        name: {
            task: {metric: _compare(outputs, task, metric, reading) for metric in metrics} | {"distinct_prompts": _distinct(outputs, task)}
            for task, metrics in extrinsic.tasks.items()
        }
        for name, reading in readings(extrinsic.normaliser, stated).items()
    }


def _compare(outputs: Mapping[int, Sequence[Document]], task: str, metric: str, reading: Reading) -> dict[str, Any]:
    """Both systems on one task under one metric."""
    scores: dict[str, list[list[float]]] = {system: [] for system in SYSTEMS}
    clusters: list[list[str]] = []
    for rows in (of_task(rows, task) for rows in outputs.values()):
        clusters.append([prompt_of_row(row) for row in rows])
        for system in SYSTEMS:
            scores[system].append([_score(row, system, metric, reading) for row in rows])
    base, other = (scores[system] for system in SYSTEMS)
    paired = [
        Paired([b - a for a, b in zip(first, second, strict=True)], names)
        for first, second, names in zip(base, other, clusters, strict=True)
    ]
    low, high = bootstrap_interval(paired)
    systems = {system: _over_seeds([fmean(values) for values in scores[system]], list(outputs)) for system in SYSTEMS}
    gain = systems["sft"]["mean"] - systems["base"]["mean"]
    relative = gain / systems["base"]["mean"] if systems["base"]["mean"] else None
    return systems | {"gain": gain, "relative": relative, "low": low, "high": high, "p": permutation_p(paired)}


def _score(row: Document, system: str, metric: str, reading: Reading) -> float:
    outputs = {name: str(row.text(f"$.{name}_output").value) for name in SYSTEMS}
    output, others = outputs.pop(system), list(outputs.values())
    text = output if reading.whole else answer_of(output, prompt_of_row(row), others)
    return METRICS[metric](text, str(row.text("$.reference").value), NORMALISERS[reading.normaliser])


def _has_residue(row: Document) -> bool:
    base, sft = (str(row.text(f"$.{name}_output").value) for name in SYSTEMS)
    return has_header(sft, prompt_of_row(row), [base])


def _over_seeds(means: list[float], seeds: list[int]) -> dict[str, Any]:
    return {
        "mean": fmean(means),
        "sd": stdev(means) if len(means) > 1 else None,
        "seeds": {str(seed): mean for seed, mean in zip(seeds, means, strict=True)},
    }


def _distinct(outputs: Mapping[int, Sequence[Document]], task: str) -> int:
    """Distinct prompts of the task over all seeds."""
    return len({prompt_of_row(row) for rows in outputs.values() for row in of_task(rows, task)})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.corrected_scores", description="Score the answers alone, with intervals.")
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--parameters", required=True, help="the extrinsic run's merged parameters, as JSON")
    parser.add_argument("--claims", type=Path, help="YAML of what the text states; its normaliser is that of the third reading")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    report_errors(partial(run, parser.parse_args()))


def corrected_scores(evidence: Evidence, parameters: RunParameters, stated: str | None) -> dict[str, Any]:
    """Everything that the analysis says; ``stated`` is the normaliser that the text describes, where it describes one."""
    if not parameters.extrinsic:
        raise UserError("params/runs/extrinsic.yaml", "extrinsic", "nothing", "the evaluation's parameters")
    extrinsic = parameters.extrinsic
    stated = stated or extrinsic.normaliser
    files = {seed: file_of(parameters, f"outputs_{seed}") for seed in extrinsic.seeds}
    outputs = {seed: evidence.json_lines(file) for seed, file in files.items()}
    residue = {str(seed): sum(map(_has_residue, rows)) for seed, rows in outputs.items()}
    return {
        "schema_version": 1,
        "campaign": evidence.registry.campaign,
        "sources": [{"file": file, "sha256": evidence.sha256(file)} for file in files.values()],
        "method": {"replicates": REPLICATES, "level": LEVEL, "seed": 0, "as_run": extrinsic.normaliser, "stated": stated},
        "rows": sum(len(rows) for rows in outputs.values()),
        "rows_with_residue": residue | {"all": sum(residue.values())},
        "readings": correct(outputs, extrinsic, stated),
    }


def run(arguments: argparse.Namespace) -> None:
    """Read verified outputs, score them in each reading, write the JSON."""
    stated = load_claims(arguments.claims).normaliser
    result = corrected_scores(Evidence(arguments.campaign), parse_parameters(arguments.parameters), stated)
    write_atomic(arguments.output, to_json(result))
    print(f"{result['rows']} rows, {result['rows_with_residue']['all']} with what is left of a prompt, scored in three readings")


if __name__ == "__main__":
    main()
