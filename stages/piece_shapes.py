"""Token shapes: how many pieces of a text are bytes and how many are short fragments of words, by the thesis's definition."""

import re
from collections import Counter
from collections.abc import Iterable

_BYTE = re.compile(r"<0x[0-9A-Fa-f]{2}>")


def piece_shapes(pieces: Iterable[str]) -> Counter[str]:
    """Counts of ``tokens``, of byte ``fallback`` and of ``short`` pieces: at most two characters, all letters.

    A piece that begins a word begins with ``▁``, which is no letter, so only fragments inside words are short (facts, section 3).
    """
    shapes = Counter(tokens=0, fallback=0, short=0)
    for piece in pieces:
        shapes["tokens"] += 1
        shapes["fallback"] += bool(_BYTE.fullmatch(piece))
        shapes["short"] += len(piece) <= 2 and piece.isalpha()
    return shapes
