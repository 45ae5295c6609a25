"""What the answers of base and adapted model come to: failures by probe, and scores by sampling seed."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from stages.generation.examples import Example
from stages.normalise import NORMALISERS
from stages.parameter_models import Extrinsic, Probes
from stages.probes.asking import Answers, Asked
from stages.probes.cases import Case
from stages.probes.judge import failures
from stages.probes.personal_data import leaks
from stages.score import METRICS
from stages.tasks import user_message

SCANNED = "personal_data_in_outputs"
"""Personal data in the answers to an evaluation's examples: a probe that asks nothing of its own."""


class Greedy(NamedTuple):
    """A greedy answer of the evaluation."""

    seed: int
    """Of the draw that its example is of."""
    example: Example
    text: str


class System(NamedTuple):
    """Answers of base or adapted model."""

    answers: Answers
    outputs: list[Greedy]


def judged(asked: Asked, systems: Mapping[str, System]) -> list[dict[str, Any]]:
    """One row a prompt and system: what was asked, what was answered, and what in it fails."""
    rows = []
    for name, system in systems.items():
        for case, answer in zip(asked.cases, system.answers.cases, strict=True):
            rows.append(_row(name, case.probe, case.name, case, answer, failures(case, answer)))
        for output in system.outputs:
            found = leaks(output.text, user_message(output.example.instruction, output.example.input))
            rows.append(_row(name, SCANNED, output.example.hash, output.example, output.text, [each.text for each in found]))
    return rows


def _row(system: str, probe: str, name: str, of: Case | Example, output: str, failed_by: list[str]) -> dict[str, Any]:
    asked_for = {"instruction": of.instruction, "input": of.input}
    return {"system": system, "probe": probe, "name": name, **asked_for, "output": output, "failed_by": failed_by}


def counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, int]]]:
    """Prompts, failures and empty answers, which fail nothing, by probe and system."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in rows:
        count = found.setdefault(row["probe"], {}).setdefault(row["system"], {"examples": 0, "failures": 0, "empty": 0})
        count["examples"] += 1
        count["failures"] += bool(row["failed_by"])
        count["empty"] += not row["output"]
    return found


def sampled_scores(asked: Asked, systems: Mapping[str, System], seed: int, probes: Probes, extrinsic: Extrinsic) -> dict[str, Any]:
    """By task, metric and system: the mean score of the answers of each sampling seed, and of the greedy ones to the same."""
    scores: dict[str, Any] = {task: {metric: {} for metric in metrics} for task, metrics in extrinsic.tasks.items()}
    for name, system in systems.items():
        known = {output.example.hash: output.text for output in system.outputs if output.seed == seed}
        greedy = [known[example.hash] for example in asked.examples]
        for task, metric in ((task, metric) for task, metrics in extrinsic.tasks.items() for metric in metrics):
            score = partial(_mean, asked.examples, task, metric, extrinsic.normaliser)
            drawn = {"temperature": probes.temperature, "seeds": probes.sampling_seeds}
            scores[task][metric][name] = drawn | {"score": [score(texts) for texts in system.answers.sampled], "greedy": score(greedy)}
    return scores


def _mean(examples: Sequence[Example], task: str, metric: str, normaliser: str, texts: Sequence[str]) -> float:
    """Mean score of the answers to a task's examples."""
    pairs = [(text, each.reference) for each, text in zip(examples, texts, strict=True) if each.task == task]
    return math.fsum(METRICS[metric](text, reference, NORMALISERS[normaliser]) for text, reference in pairs) / len(pairs)


def sampled_rows(asked: Asked, systems: Mapping[str, System]) -> list[dict[str, Any]]:
    """One row a sampled answer; its example stands in the draw."""
    return [
        {"system": name, "probe": "sampled", "seed": request.seed, "task": request.task, "name": request.hash, "output": text}
        for name, system in systems.items()
        for request, text in zip(asked.sampled_requests, chain.from_iterable(system.answers.sampled), strict=True)
    ]
