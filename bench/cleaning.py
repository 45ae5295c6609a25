"""Cleaning, by one and two processes, against the same rules character by character.

The demo corpus is cleaned with every rule on. The baseline (`bench/plain_cleaning.py`) does the same rules as the thesis states
them, a character at a time; that both give the same texts and counts is asserted before anything is timed. The processes clean
the documents many times over, so that their start is little of it. This says nothing of a cleaner by other hands, and text with
other dirt takes other time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from itertools import chain, repeat

from bench.measure import Result, entry, in_turn, rates, wall
from bench.plain_cleaning import clean_plainly
from stages.cleaning import clean_all
from stages.corpora import demo
from stages.corpora.parameters import DemoCorpus
from stages.text_parameters import Cleaning

ROUNDS = 5
DOCUMENTS = 1500
REPEATED = 30
"""Times that the same documents are cleaned by processes, whose start is then little of it."""
RULES = Cleaning(
    lowercase=True, normalize_numbers=True, drop_uppercase_lines=True, minimum_line_characters=40, minimum_alphabetic_ratio=0.4
)


def digest(cleaned: Iterable[tuple[str, Counter[str]]]) -> str:
    """SHA-256 over texts and counts."""
    total = sha256()
    for text, counts in cleaned:
        total.update(f"{text}\0{sorted((+counts).items())}\0".encode())
    return total.hexdigest()


def consume(cleaned: Iterator[object]) -> None:
    for _ in cleaned:
        pass


def ways(documents: Sequence[str]) -> dict[str, tuple[int, Callable[[], None]]]:
    """How many times each way cleans the documents, and the way."""

    def repeated(times: int) -> Iterator[str]:
        return chain.from_iterable(repeat(documents, times))

    return {
        "plain": (1, lambda: consume(clean_plainly(document, RULES) for document in documents)),
        "one_process": (REPEATED // 2, lambda: consume(clean_all(repeated(REPEATED // 2), RULES, 1))),
        "two_processes": (REPEATED, lambda: consume(clean_all(repeated(REPEATED), RULES, 2))),
    }


def result() -> Result:
    documents = list(demo.source(DemoCorpus(source="demo", documents=DOCUMENTS, seed=42)).documents)
    assert digest(clean_all(documents, RULES, 1)) == digest(clean_plainly(document, RULES) for document in documents)
    megabytes = sum(len(document.encode()) for document in documents) / 1e6
    calls = ways(documents)
    seconds = in_turn({name: partial(wall, call) for name, (_, call) in calls.items()}, ROUNDS, warm_up=False)
    found = {name: rates(times * megabytes, seconds[name]) for name, (times, _) in calls.items()}
    return Result(
        {
            "plain": entry("Cleaning, character by character", "MB/s", found["plain"]),
            "one_process": entry("Cleaning, one process", "MB/s", found["one_process"], "plain", found["plain"]),
            "two_processes": entry("Cleaning, two processes", "MB/s", found["two_processes"], "plain", found["plain"]),
        },
        {"rounds": ROUNDS, "documents": DOCUMENTS, "MB": megabytes},
        ("numpy",),
    )
