"""Scoring ROUGE-L by one scorer of `rouge-score` for all pairs against one for each pair.

The published summaries and rewritings of all seeds, both systems, under the normaliser that ran; both ways must give the same
scores to the bit. Each round begins with nothing remembered. Processor seconds. A ratio near one says that a scorer is cheap to
build, not that scoring is fast.
"""

from collections.abc import Callable
from functools import partial

from rouge_score.rouge_scorer import RougeScorer

from bench.measure import Result, entry, in_turn, processor, rates
from stages import score
from stages.normalise import NORMALISERS
from stages.parameters import load_run
from stages.registry import Evidence
from stages.run_files import file_of

ROUNDS = 3
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


def result() -> Result:
    pairs, normalise = published_pairs()
    ways = {"a_scorer_a_pair": partial(per_pair, pairs, normalise), "ours": partial(ours, pairs, normalise)}
    scores = [way() for way in ways.values()]
    assert scores[0] == scores[1], "the ways differ in what they score"
    seconds = in_turn({name: partial(processor, way) for name, way in ways.items()}, ROUNDS, warm_up=False)
    found = {name: rates(len(pairs), each) for name, each in seconds.items()}
    entries = {
        "a_scorer_a_pair": entry("ROUGE-L, a scorer for each pair", "pairs/s", found["a_scorer_a_pair"]),
        "ours": entry("ROUGE-L, one scorer for all", "pairs/s", found["ours"], "a_scorer_a_pair", found["a_scorer_a_pair"]),
    }
    return Result(entries, {"rounds": ROUNDS, "pairs": len(pairs)}, ("rouge-score",))
