"""What the tasks of ``params/benchmarks`` call; :mod:`stages.export_benchmarks` writes it beside them, with all that it uses."""

import re
from collections.abc import Mapping, Sequence
from statistics import correlation, fmean
from typing import Any

from stages.normalise import NORMALISERS
from stages.score import METRICS

CALLED = ("macro_f1", "pearson", "similarity", "with_answer", "exam_question", "scores")
MIDDLE = 3.0
"""Of the scale of similarity: what an answer without a number counts as."""


def macro_f1(pairs: Sequence[tuple[int, int]]) -> float:
    """Mean over the classes that occur of their F1, from pairs of right and predicted class."""
    classes = sorted({each for pair in pairs for each in pair})
    return fmean(_f1(pairs, each) for each in classes)


def _f1(pairs: Sequence[tuple[int, int]], of: int) -> float:
    both, either = sum(pair == (of, of) for pair in pairs), sum((right == of) + (found == of) for right, found in pairs)
    return 2 * both / either


def similarity(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, Any]:
    """The right similarity and that of the answer's first number from 1 to 5, and whether it has one."""
    found = re.search(r"(?<![\d.,])[1-5](?:[.,]\d+)?(?!\d)", results[0])
    value = min(float(found[0].replace(",", ".")), 5.0) if found else MIDDLE
    return {"pearson": (float(doc["relatedness_score"]), value), "answered": float(found is not None)}


def pearson(pairs: Sequence[tuple[float, float]]) -> float:
    """Pearson's correlation; 0 where either side is all the same."""
    right, found = zip(*pairs, strict=True)
    return correlation(right, found) if len(set(right)) > 1 and len(set(found)) > 1 else 0.0


def with_answer(dataset: Any) -> Any:
    """A dataset's questions whose answer is one of their choices: some were annulled."""
    return dataset.filter(lambda doc: doc["answerKey"] in doc["choices"]["label"])


def exam_question(doc: Mapping[str, Any]) -> str:
    """Question and choices, each after its letter."""
    choices = "\n".join(f"{label}) {text}" for label, text in zip(doc["choices"]["label"], doc["choices"]["text"], strict=True))
    return f"{doc['question'].strip()}\n{choices}\nResponda com a letra da alternativa correta.\nResposta:"


def scores(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Scores of an answer to one of the project's own examples, under the normaliser that its row names."""
    normalise = NORMALISERS[doc["normaliser"]]
    return {metric: METRICS[metric](results[0].strip(), doc["reference"], normalise) for metric in doc["metrics"]}
