"""Text that repeats itself: how much of it it has said before."""

import re

REPEATED_WORDS = 4
SHORTEST_PROSE = 20
"""Words below which a repeated sequence of four says nothing."""
DEGENERATE = 0.3
"""Share of a text's four-word sequences that it has said before. Human prose stays below a tenth; a loop comes near 1."""


def repeated_share(text: str) -> float:
    """Share of a text's four-word sequences that it has said before; 0 where it is short."""
    words = re.findall(r"\w+", text.lower())
    sequences = [tuple(words[start : start + REPEATED_WORDS]) for start in range(len(words) - REPEATED_WORDS + 1)]
    return 1 - len(set(sequences)) / len(sequences) if len(words) >= SHORTEST_PROSE else 0.0


def is_loop(text: str) -> bool:
    """Whether so much of a text is repeated that it is no text."""
    return repeated_share(text) >= DEGENERATE
