"""Where a corpus comes from: one module a source, each with a function ``source`` that opens it."""

from collections.abc import Iterator
from typing import Any, NamedTuple


class Source(NamedTuple):
    """A corpus that is about to be read."""

    documents: Iterator[str]
    licence: str
    """Under which its text may be used."""
    parameters: dict[str, Any]
    """What defines its documents; no absolute path."""
