"""Every object of a JSON document with its place, so that a rule finds what it knows wherever it is nested; and how findings print."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any, NamedTuple

from stages.document import Document
from stages.files import sha256_of_json
from stages.traced import Ref

SHOWN = 10
"""Places that a finding cites at most: enough to see for oneself, few enough to read."""


class Nested(NamedTuple):
    """One object of a document."""

    document: Document
    path: str
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """File, and place where it is not the whole file."""
        return self.document.file if self.path == "$" else f"{self.document.file} {self.path}"

    def ref(self, *keys: str) -> Ref:
        """Place of one of its fields, or of a field below one."""
        return self.document.ref(reduce(step, keys, self.path))


def step(path: str, key: str | int) -> str:
    """JSON path of an entry below ``path``."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if key.isidentifier() else f"{path}['{key}']"


def objects(document: Document) -> Iterator[Nested]:
    """Every object, the outer ones first."""
    return (Nested(document, path, value) for path, value in walk(document.content) if isinstance(value, dict))


def walk(value: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Every value with its path, the outer ones first."""
    yield path, value
    for key, entry in entries(value):
        yield from walk(entry, step(path, key))


def entries(value: Any) -> Iterator[tuple[str | int, Any]]:
    """Keys and values of an object or list; nothing of anything else."""
    if isinstance(value, dict):
        yield from ((str(key), entry) for key, entry in value.items())
    elif isinstance(value, list):
        yield from enumerate(value)


def is_number(value: Any) -> bool:
    """A finite number, and no flag."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(content: Any, *keys: str) -> float | None:
    """The first of the dotted ``keys`` of an object that is a number."""
    return next((float(value) for key in keys if is_number(value := field(content, key))), None)


def moment(content: Any, key: str) -> datetime | None:
    """Date and time at a dotted key of an object."""
    try:
        return datetime.fromisoformat(str(field(content, key)))
    except ValueError:
        return None


def field(content: Any, key: str) -> Any:
    """Value at a dotted key of an object, ``None`` where there is none."""
    for name in key.split("."):
        content = content.get(name) if isinstance(content, dict) else None
    return content


def figure(value: float) -> str:
    """A number as findings print it: whole ones in full, others with seven digits."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.7g}"


def effect(stated: float, recomputed: float) -> str:
    """How far the stated value is off, relative to the recomputed one."""
    if not recomputed:
        return f"{stated - recomputed:+.3g}"
    share = stated / recomputed - 1
    return f"{share:+.2%}" if abs(share) >= 1e-4 else f"{share:+.1e} of it"


class Deviation(NamedTuple):
    """One value that is not what it should be."""

    place: Ref
    stated: float
    recomputed: float


def effect_of(worst: Deviation, every: Sequence[Deviation]) -> str:
    """Effect of the one that a finding prints, with a digest of all: another value altered makes another finding."""
    shown = effect(worst.stated, worst.recomputed)
    if len(every) < 2:
        return shown
    digest = sha256_of_json([[each.place.file, each.place.path, each.stated, each.recomputed] for each in every])[:8]
    return f"{shown}; {len(every)} values, digest {digest}"
