"""Megabytes a second that the cleaning does with one and two processes, beside the same rules character by character.

    python -m bench.cleaning          prints a page, writes bench/results/<date>_cleaning.json

The text is the demo corpus, and what comes out is compared. The three run in turn for several rounds; the medians count. Seconds
of the processor stand beside those of the wall, which are longer where other work runs: the load average says whether it did.
"""

import os
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import chain, repeat

from bench.measure import machine, report
from bench.plain_cleaning import clean_plainly
from stages.cleaning import clean_all
from stages.corpora import demo
from stages.corpora.parameters import DemoCorpus
from stages.text_parameters import Cleaning

ROUNDS = 5
DOCUMENTS = 1500
REPEATED = 60
"""Times that the same documents are cleaned by processes, whose start is then little of it."""
RULES = Cleaning(
    lowercase=True, normalize_numbers=True, drop_uppercase_lines=True, minimum_line_characters=40, minimum_alphabetic_ratio=0.4
)
PLAIN, ONE, TWO = "character by character", "one process", "two processes"


def digest(cleaned: Iterable[tuple[str, Counter[str]]]) -> str:
    """SHA-256 over texts and counts."""
    total = sha256()
    for text, counts in cleaned:
        total.update(f"{text}\0{sorted((+counts).items())}\0".encode())
    return total.hexdigest()


def consume(cleaned: Iterator[object]) -> None:
    for _ in cleaned:
        pass


def timed(call: Callable[[], None]) -> tuple[float, float]:
    """Seconds of the wall, and of the processor with that of ended processes."""
    before, start = sum(os.times()[:4]), time.perf_counter()
    call()
    return time.perf_counter() - start, sum(os.times()[:4]) - before


def measure(documents: Sequence[str]) -> dict[str, list[tuple[float, float]]]:
    """Seconds of every way for ``documents`` once, one entry a round, the ways in turn."""

    def repeated(times: int) -> Iterator[str]:
        return chain.from_iterable(repeat(documents, times))

    calls: dict[str, tuple[int, Callable[[], None]]] = {
        PLAIN: (1, lambda: consume(clean_plainly(document, RULES) for document in documents)),
        ONE: (REPEATED // 2, lambda: consume(clean_all(repeated(REPEATED // 2), RULES, 1))),
        TWO: (REPEATED, lambda: consume(clean_all(repeated(REPEATED), RULES, 2))),
    }
    rounds = [{name: [each / times for each in timed(call)] for name, (times, call) in calls.items()} for _ in range(ROUNDS)]
    return {name: [(each[name][0], each[name][1]) for each in rounds] for name in calls}


def main() -> None:
    documents = list(demo.source(DemoCorpus(source="demo", documents=DOCUMENTS, seed=42)).documents)
    assert digest(clean_all(documents, RULES, 1)) == digest(clean_plainly(document, RULES) for document in documents)
    megabytes = sum(len(document.encode()) for document in documents) / 1e6
    load = os.getloadavg()[0]
    times = measure(documents)
    summary = {}
    for kind, index in (("wall", 0), ("processor", 1)):
        seconds = {name: [each[index] for each in values] for name, values in times.items()}
        for name, values in seconds.items():
            summary[f"MB per {kind} second, {name}"] = megabytes / statistics.median(values)
        for name in (ONE, TWO) if kind == "wall" else (ONE,):
            ratios = [plain / fast for plain, fast in zip(seconds[PLAIN], seconds[name], strict=True)]
            summary[f"times as fast by the {kind}, {name} (median of the rounds' ratios)"] = statistics.median(ratios)
    result = {
        "machine": machine("numpy"),
        "load average before": load,
        "rounds": ROUNDS,
        "megabytes": megabytes,
        "summary": summary,
        "seconds of wall and processor": times,
    }
    report("cleaning", result, summary)


if __name__ == "__main__":
    main()
