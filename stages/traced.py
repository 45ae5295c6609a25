"""A value that remembers where it came from.

Every number in a record or a table is a :class:`Traced`: the value, the places it was read from, and the formula, where it
was computed. Arithmetic joins the places of its operands, so a cell's lineage is what its evaluation really read, never a
comment that someone has to keep true.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from stages.errors import UserError


@dataclass(frozen=True)
class Ref:
    """One place: a file, where in it, and the hash of the bytes that were read."""

    file: str
    """Path below its origin's root, with forward slashes."""
    path: str
    """JSON path (``$.history[3].loss``), or a line or column of a text file."""
    sha256: str
    """Of the whole file; for parameters, of their canonical JSON."""
    origin: str = "evidence"
    """``evidence`` (below the registered folder), ``parameters`` (stated, not measured) or ``project`` (made by a stage)."""
    record: str = ""
    """Run whose record carried the value here, where one did."""
    field: str = ""
    """The field of that record."""


@dataclass(frozen=True)
class Traced:
    """A value with its places; ``formula`` says how it follows from them, empty where it was read as it is."""

    value: Any
    refs: tuple[Ref, ...] = ()
    formula: str = ""

    def named(self, formula: str) -> "Traced":
        """The same value, with its formula in words."""
        return replace(self, formula=formula)


def join_refs(parts: Iterable[Traced]) -> tuple[Ref, ...]:
    """All places of ``parts`` in order of first use, each once."""
    return tuple(dict.fromkeys(ref for part in parts for ref in part.refs))


def compute(function: Callable[..., Any], *parts: Traced, formula: str) -> Traced:
    """``function`` of the parts' values, traced to all their places; :class:`UserError` where it has no value."""
    refs = join_refs(parts)
    try:
        value = function(*(part.value for part in parts))
        if isinstance(value, float) and not math.isfinite(value):
            raise OverflowError("no finite number")
        return Traced(value, refs, formula)
    except (ArithmeticError, TypeError, ValueError, AttributeError) as error:
        file, path = (refs[0].file, refs[0].path) if refs else ("expression", "")
        values = ", ".join(repr(part.value) for part in parts)
        raise UserError(file, path, f"{values} ({error})", f"values of which {formula or 'the expression'} can be computed") from error
