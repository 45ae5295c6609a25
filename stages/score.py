"""Scores of per-example outputs: exact match, token F1 and ROUGE-L under a named normaliser.

Reads a campaign's extrinsic outputs (JSONL, one example a line) and writes one row a score, beside the score that the
outputs' own file states, so that the two can be compared row by row.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from stages.document import Document
from stages.errors import UserError, report_errors
from stages.files import to_csv, write_atomic
from stages.normalise import NORMALISERS
from stages.parameter_models import Extrinsic
from stages.registry import Evidence
from stages.run_files import file_of, parse_parameters

SYSTEMS = ("base", "sft")
TOLERANCE = 1e-9
COLUMNS = ("seed", "line", "task", "hash", "system", "metric", "score", "published")


def first_line(text: str) -> str:
    """First line that is not blank, which is all that question answering scores; empty where there is none."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def exact_match(prediction: str, reference: str, normalise: Callable[[str], str]) -> float:
    """1 where the normalised first lines are equal and the reference is not empty, else 0."""
    expected = normalise(first_line(reference))
    return float(bool(expected) and normalise(first_line(prediction)) == expected)


def token_f1(prediction: str, reference: str, normalise: Callable[[str], str]) -> float:
    """Harmonic mean of precision and recall of the first lines' words as bags; 0 where either is empty (SQuAD's F1)."""
    predicted, expected = normalise(first_line(prediction)).split(), normalise(first_line(reference)).split()
    common = (Counter(predicted) & Counter(expected)).total()
    return 2 * common / (len(predicted) + len(expected)) if common else 0.0


class _Words:
    """Tokenizer for ``rouge_score``, whose own one drops accents and would split words at them."""

    def __init__(self, normalise: Callable[[str], str]) -> None:
        self.normalise = normalise

    def tokenize(self, text: str) -> list[str]:
        return self.normalise(text).split()


@cache
def _rouge(normalise: Callable[[str], str]) -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], tokenizer=_Words(normalise))


@cache  # an audit asks for the same pairs under the same normaliser several times
def rouge_l_f1(prediction: str, reference: str, normalise: Callable[[str], str]) -> float:
    """F1 (beta 1) of the longest common subsequence of the texts' words (Lin, 2004)."""
    return float(_rouge(normalise).score(reference, prediction)["rougeL"].fmeasure)


METRICS: dict[str, Callable[[str, str, Callable[[str], str]], float]] = {
    "em": exact_match,
    "f1": token_f1,
    "rouge_l_f1": rouge_l_f1,
}


def score_outputs(outputs: Sequence[Document], seed: int, extrinsic: Extrinsic) -> Iterator[dict[str, Any]]:
    """One row for each example, system and metric of one seed's outputs."""
    for line, example in enumerate(outputs, start=1):
        task = str(example.text("$.task").value)
        if task not in extrinsic.tasks:
            raise UserError(example.file, f"{example.prefix}$.task", repr(task), "one of: " + ", ".join(extrinsic.tasks))
        for system in SYSTEMS:
            for metric in extrinsic.tasks[task]:
                yield {"seed": seed, "line": line, "task": task, "hash": example.text("$.hash").value} | score(
                    example, system, metric, NORMALISERS[extrinsic.normaliser]
                )


def score(example: Document, system: str, metric: str, normalise: Callable[[str], str]) -> dict[str, Any]:
    """Score of one system's output under one metric, beside the published one."""
    prediction, reference = str(example.text(f"$.{system}_output").value), str(example.text("$.reference").value)
    published = example.number(f"$.metrics.{system}.{metric}", minimum=0, maximum=1).value
    return {"system": system, "metric": metric, "score": METRICS[metric](prediction, reference, normalise), "published": published}


def check_scoring(extrinsic: Extrinsic, place: object) -> None:
    """:class:`UserError` for a normaliser or a metric of no known name in the parameters of ``place``."""
    if extrinsic.normaliser not in NORMALISERS:
        raise UserError(place, "extrinsic.normaliser", repr(extrinsic.normaliser), "one of: " + ", ".join(NORMALISERS))
    for task, metrics in extrinsic.tasks.items():
        for metric in metrics:
            if metric not in METRICS:
                raise UserError(place, f"extrinsic.tasks.{task}", repr(metric), "one of: " + ", ".join(METRICS))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.score", description="Score the extrinsic outputs of a campaign.")
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--parameters", required=True, help="the extrinsic run's merged parameters, as JSON")
    parser.add_argument("--scores", type=Path, required=True, help="CSV to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read verified outputs, score them, write the CSV."""
    parameters = parse_parameters(arguments.parameters)
    if not parameters.extrinsic:  # its seeds are at least one, by its model
        raise UserError("params/runs/extrinsic.yaml", "extrinsic.seeds", "nothing", "seeds, and outputs of each")
    check_scoring(parameters.extrinsic, "params/runs/extrinsic.yaml")
    evidence = Evidence(arguments.campaign)
    rows: list[dict[str, Any]] = []
    for seed in parameters.extrinsic.seeds:
        outputs = evidence.json_lines(file_of(parameters, f"outputs_{seed}"))
        rows += score_outputs(outputs, seed, parameters.extrinsic)
    write_atomic(arguments.scores, to_csv(COLUMNS, rows))
    differing = sum(abs(row["score"] - row["published"]) > TOLERANCE for row in rows)
    print(f"{len(rows)} scores; {differing} differ from the published ones by more than {TOLERANCE:g}")


if __name__ == "__main__":
    main()
