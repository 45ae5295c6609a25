"""Lines of a text for a tokenizer to learn from: those of a sane length, or as many of them as wanted, drawn with a seed.

SentencePiece can draw lines itself, but takes no seed for it: two trainings would differ. Here the text is read twice (counted,
then drawn from), so that memory does not grow with it and the lines keep their order.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def lines_of(documents: Iterable[str]) -> Iterator[str]:
    """Lines that are not blank; only a newline ends one."""
    return (line for document in documents for line in document.split("\n") if line and not line.isspace())


def fits(line: str, maximum_bytes: int) -> bool:
    """Whether the line has at most ``maximum_bytes`` in UTF-8."""
    return len(line) <= maximum_bytes and (4 * len(line) <= maximum_bytes or len(line.encode()) <= maximum_bytes)


def count_lines(documents: Iterable[str], maximum_bytes: int) -> Counter[str]:
    """``lines`` that fit, their ``characters``, and ``lines_too_long``."""
    counts = Counter(lines=0, lines_too_long=0, characters=0)
    for line in lines_of(documents):
        if fits(line, maximum_bytes):
            counts["lines"] += 1
            counts["characters"] += len(line)
        else:
            counts["lines_too_long"] += 1
    return counts


def draw(items: Iterable[Item], count: int, wanted: int, seed: int) -> Iterator[Item]:
    """``wanted`` of the ``count`` items, or all where there are fewer, in their order; each choice is as likely as any other.

    Selection sampling: Knuth, The Art of Computer Programming, volume 2, algorithm S of section 3.4.2.
    """
    generator = random.Random(seed)
    taken = 0
    for seen, item in enumerate(items):
        if generator.random() * (count - seen) < wanted - taken:
            taken += 1
            yield item
