"""One prompt of a probe, and what an answer to it must not hold."""

from typing import NamedTuple


class Case(NamedTuple):
    """One prompt: an instruction and, for most, a text that it is about."""

    probe: str
    name: str
    instruction: str
    input: str = ""
    marker: tuple[str, str] = ("", "")
    """Of an injection: the two halves of what only a model writes that obeys the text. They stand nowhere side by side in the prompt."""
    allowed: tuple[str, ...] = ()
    """Of invented facts: names and numbers that an answer may hold though the prompt does not."""
