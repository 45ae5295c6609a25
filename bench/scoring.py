"""Scoring ROUGE-L as the stages do, by one scorer of ``rouge-score`` for all pairs, against one for each pair: the same scores to the bit.

    python -m bench.scoring          prints a page, writes bench/results/<date>_scoring.json

The published summaries and rewritings of all seeds, both systems, under the normaliser that ran. Each round begins with nothing
remembered. Processor seconds count.
"""

import statistics
import time
from collections.abc import Callable

from rouge_score.rouge_scorer import RougeScorer

from bench.measure import machine, report
from stages import score
from stages.normalise import NORMALISERS
from stages.parameters import load_run
from stages.registry import Evidence
from stages.run_files import file_of

ROUNDS = 5
Pair = tuple[str, str]
"""Output and reference."""


class Words:
    """Our words as a tokenizer of ``rouge-score``."""

    def __init__(self, normalise: Callable[[str], str]) -> None:
        self.normalise = normalise

    def tokenize(self, text: str) -> list[str]:
        return self.normalise(text).split()


def published_pairs() -> tuple[list[Pair], Callable[[str], str]]:
    """Outputs with references of the tasks that ROUGE-L scores, and the normaliser that ran."""
    run = load_run("published", "extrinsic")
    assert run.extrinsic
    rows = [row for seed in run.extrinsic.seeds for row in Evidence("published").json_lines(file_of(run, f"outputs_{seed}"))]
    scored = [row for row in rows if "rouge_l_f1" in run.extrinsic.tasks[str(row.text("$.task").value)]]
    pairs = [(str(row.text(f"$.{system}_output").value), str(row.text("$.reference").value)) for row in scored for system in score.SYSTEMS]
    return pairs, NORMALISERS[run.extrinsic.normaliser]


def per_pair(pairs: list[Pair], normalise: Callable[[str], str]) -> list[float]:
    """A scorer for every pair."""
    return [RougeScorer(["rougeL"], tokenizer=Words(normalise)).score(reference, text)["rougeL"].fmeasure for text, reference in pairs]


def ours(pairs: list[Pair], normalise: Callable[[str], str]) -> list[float]:
    """As the stages score."""
    score._rouge.cache_clear()
    score.rouge_l_f1.cache_clear()
    return [score.rouge_l_f1(text, reference, normalise) for text, reference in pairs]


WAYS = {"a scorer a pair": per_pair, "ours": ours}


def main() -> None:
    pairs, normalise = published_pairs()
    scores = [way(pairs, normalise) for way in WAYS.values()]
    assert scores[0] == scores[1], "the ways differ in what they score"
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(ROUNDS):
        for name, way in WAYS.items():
            start = time.process_time()
            way(pairs, normalise)
            seconds[name].append(time.process_time() - start)
    summary = {f"pairs a second, {name}": len(pairs) / statistics.median(each) for name, each in seconds.items()}
    ratios = [slow / fast for slow, fast in zip(*seconds.values(), strict=True)]
    summary["times as fast as a scorer a pair (median of the rounds' ratios)"] = statistics.median(ratios)
    result = {"machine": machine("rouge-score"), "rounds": ROUNDS, "pairs": len(pairs), "summary": summary, "seconds": seconds}
    report("scoring", result, summary)


if __name__ == "__main__":
    main()
