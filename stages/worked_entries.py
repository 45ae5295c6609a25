"""The models of ``data/thesis_worked/``: what a text works out beside its tables, one YAML file a chapter.

A file lists every numbered equation and every figure of the running text, in the text's order. An entry says how it can be held
to account: by computing it (:class:`Number`), by comparing both sides of an equation at points (:class:`Relation`), by a source
(:class:`Cited`), by reading (:class:`Read`); or that it defines a name (:class:`Definition`).
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from stages.strict import Positive, Strict

Outcome = Literal["follows", "rounding", "convention", "differs", "not verifiable", "definition"]
OUTCOMES: dict[Outcome, str] = {
    "follows": "what is stated follows, to the digits that are printed",
    "rounding": "it follows when cut off or rounded away, by less than one in its last digit",
    "convention": "it follows under another convention, which is named",
    "differs": "something else follows",
    "not verifiable": "what it follows from is not given",
    "definition": "it defines a name; nothing is to be checked",
}


class Input(Strict):
    """A quantity that entries of one file start from, as the text has it."""

    value: float
    unit: str
    source: str
    """Place in the text."""


class Alternative(Strict):
    """Another way to compute: a convention that others hold, or a slip that someone may have made."""

    name: str
    """In words, as ``days for years``."""
    gives: str
    """Expression."""


class Entry(Strict):
    """What every entry has. ``id`` is the number of the equation, or a name for a figure of the running text."""

    id: str
    where: str
    """Section, equation or table."""
    what: str
    """The quantity, in our words."""
    unit: str = ""
    remark: str = ""


def _is_number(text: str) -> str:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII):
        raise ValueError("expected a number in plain digits or with an exponent, as 2.52e6")
    return text


Printed = Annotated[str, AfterValidator(_is_number)]
"""A number as printed, in plain digits or with an exponent (``2.52e6``)."""


class Number(Entry):
    """A figure that the text works out."""

    stated: Printed
    digits: int | None = None
    """Significant digits of what is stated, where its zeros hide them."""
    follows: str
    """Expression over the file's inputs, formulas, ``stated[id]`` and ``found[id]`` of earlier entries."""
    conventions: list[Alternative] = Field(default=[])
    slips: list[Alternative] = Field(default=[])


class Relation(Entry):
    """An equation without figures: both sides are computed at every combination of the points given."""

    left: str
    right: str
    at: dict[str, list[float]]
    within: Positive = 1e-9
    """Relative difference that the text allows, as by an approximation sign."""
    conventions: list[Alternative] = Field(default=[])
    """Other right-hand sides under which it holds."""
    slips: list[Alternative] = Field(default=[])


class Cited(Entry):
    """A figure that the text takes from elsewhere, held against the source."""

    stated: Printed
    digits: int | None = None
    known: float
    """What the source gives."""
    source: str
    conventions: list[Alternative] = Field(default=[])


class Read(Entry):
    """A statement that no computation decides, judged by reading."""

    outcome: Outcome
    why: str


class Definition(Entry):
    """A definition, or a step of an argument that holds by its own words."""

    definition: Literal[True]


KINDS: dict[str, tuple[type[Entry], str]] = {
    "number": (Number, "follows"),
    "relation": (Relation, "left"),
    "cited": (Cited, "known"),
    "read": (Read, "outcome"),
    "definition": (Definition, "definition"),
}
"""Kinds of entries, and the key that tells each."""


def _kind_of(entry: Any) -> str | None:
    """Kind of an entry, so that what is wrong with it is said of that kind alone."""
    return next((kind for kind, (_, key) in KINDS.items() if isinstance(entry, dict) and key in entry), None)


AnyEntry = Annotated[
    Annotated[Number, Tag("number")]
    | Annotated[Relation, Tag("relation")]
    | Annotated[Cited, Tag("cited")]
    | Annotated[Read, Tag("read")]
    | Annotated[Definition, Tag("definition")],
    Discriminator(
        _kind_of,
        custom_error_type="kind_of_entry",
        custom_error_message="one key that tells what kind it is: " + ", ".join(key for _, key in KINDS.values()),
    ),
]


class WorkedNumbers(Strict):
    """One file: a chapter or a part of an appendix."""

    part: str
    """As ``Appendix B.2``."""
    inputs: dict[str, Input] = Field(default={})
    entries: list[AnyEntry]

    @model_validator(mode="after")
    def _own_ids(self) -> "WorkedNumbers":
        ids = [entry.id for entry in self.entries]
        if repeated := sorted({id for id in ids if ids.count(id) > 1}):
            raise ValueError(f"ids given twice: {', '.join(repeated)}")
        return self


def worked_files(folder: str | None) -> list[Path]:
    """Files of the worked numbers below ``folder``, in order; none where there is no folder."""
    return sorted(Path(folder).glob("*.yaml")) if folder else []
