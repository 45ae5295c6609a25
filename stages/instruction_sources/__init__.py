"""Where a campaign's instructions come from: one module a source, each with a function ``source`` that opens it."""

from collections.abc import Iterator
from typing import Any, NamedTuple


class Instructions(NamedTuple):
    """Instructions with their answers that are about to be read."""

    rows: Iterator[tuple[str, str, str]]
    """Instruction, input (empty where there is none) and output."""
    licence: str
    """Under which they may be used."""
    parameters: dict[str, Any]
    """What defines the rows; no absolute path."""
