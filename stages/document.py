"""A verified JSON file of the evidence, read by path: every lookup is checked for presence and type and stays traced."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stages.errors import UserError
from stages.traced import Ref, Traced

_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\['([^']*)'\]|\[(\d+)\]")


def parse_path(path: str) -> list[str | int]:
    """Steps of a JSON path such as ``$.history[3].loss`` or ``$.results['v1 20k'].loss``."""
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise ValueError(f"not a JSON path: {path}")
        steps.append(int(match[3]) if match[3] else match[1] or match[2])
        position = match.end()
    return steps


@dataclass(frozen=True)
class Document:
    """One JSON file below the evidence root, with the hash it was verified against."""

    file: str
    sha256: str
    content: Any
    prefix: str = ""
    """Where the JSON stands in the file, if it is not the whole of it."""

    def find(self, path: str) -> Any:
        """Raw value at ``path``; :class:`UserError` says which step is missing and what stands there instead."""
        try:
            steps = parse_path(path)
        except ValueError as error:  # a name of the file's own, or of the parameters
            raise UserError(self.file, self.prefix + path, "a name that no path can hold", "letters, digits and '_'") from error
        value, walked = self.content, "$"
        for step in steps:
            here = f"{walked}[{step}]" if isinstance(step, int) else f"{walked}.{step}"
            inside = isinstance(value, list) and isinstance(step, int) and step < len(value)
            if not inside and not (isinstance(value, dict) and step in value):
                do = "No importer knows this schema; compare the file with the one it stands for."
                raise UserError(self.file, self.prefix + here, _describe(value), f"{path} to be there", do)
            value, walked = value[step], here
        return value

    def has(self, path: str) -> bool:
        """Whether ``path`` is there (for fields that only some of a format's files carry)."""
        try:
            self.find(path)
        except UserError:
            return False
        return True

    def ref(self, path: str) -> Ref:
        """The place ``path`` of this file."""
        return Ref(self.file, self.prefix + path, self.sha256)

    def number(self, path: str, *, minimum: float = -math.inf, maximum: float = math.inf) -> Traced:
        """Finite number at ``path``, within its bounds."""
        value = self.find(path)
        bounds = "a finite number" + (f" from {minimum:g} to {maximum:g}" if (minimum, maximum) != (-math.inf, math.inf) else "")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not minimum <= value <= maximum:
            raise UserError(self.file, self.prefix + path, repr(value), bounds)
        return Traced(value, (self.ref(path),))

    def integer(self, path: str, *, minimum: int = 0) -> Traced:
        """Whole number at ``path``, at least ``minimum``."""
        value = self.find(path)
        if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
            raise UserError(self.file, self.prefix + path, repr(value), f"a whole number of at least {minimum}")
        return Traced(value, (self.ref(path),))

    def text(self, path: str) -> Traced:
        """Text at ``path``."""
        value = self.find(path)
        if not isinstance(value, str):
            raise UserError(self.file, self.prefix + path, repr(value), "text")
        return Traced(value, (self.ref(path),))

    def time(self, path: str) -> Traced:
        """Date and time at ``path``, as ISO 8601 text."""
        value = self.text(path)
        try:
            datetime.fromisoformat(str(value.value))
        except ValueError as error:
            raise UserError(self.file, self.prefix + path, repr(value.value), "a date and time, such as 2025-12-28 04:56:23") from error
        return value

    def flag(self, path: str) -> Traced:
        """True or false at ``path``."""
        value = self.find(path)
        if not isinstance(value, bool):
            raise UserError(self.file, self.prefix + path, repr(value), "true or false")
        return Traced(value, (self.ref(path),))

    def mapping(self, path: str) -> dict[str, Any]:
        """Object at ``path``."""
        value = self.find(path)
        if not isinstance(value, dict):
            raise UserError(self.file, self.prefix + path, _describe(value), "an object")
        return value

    def sequence(self, path: str) -> Sequence[Any]:
        """List at ``path``, not empty."""
        value = self.find(path)
        if not isinstance(value, list) or not value:
            raise UserError(self.file, self.prefix + path, _describe(value), "a list with at least one entry")
        return value


def _describe(value: Any) -> str:
    if isinstance(value, dict):
        return "the keys " + (", ".join(sorted(map(str, value))) or "(none)")
    return f"a list of {len(value)}" if isinstance(value, list) else repr(value)
