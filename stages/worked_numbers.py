"""The numbers that a text works out beside its tables: what each states, and what follows from its own inputs.

One YAML file a chapter (``data/thesis_worked/``) lists every numbered equation and every figure of the running text, in the text's
order. An entry says how it can be held to account: by computing it (:class:`Number`), by comparing both sides of an equation at
points (:class:`Relation`), by a source (:class:`Cited`), by reading (:class:`Read`); or that it defines a name (:class:`Definition`).
"""

import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from stages.errors import UserError
from stages.expression import evaluate_number
from stages.files import sha256_of_json
from stages.formulas import FORMULAS
from stages.strict import Positive, Strict
from stages.traced import Ref, Traced, compute
from stages.validation import validate
from stages.yaml_files import read_yaml

Outcome = Literal["follows", "rounding", "convention", "differs", "not verifiable", "definition"]
OUTCOMES: dict[Outcome, str] = {
    "follows": "what is stated follows, to the digits that are printed",
    "rounding": "it follows when cut off, or off by one in its last digit",
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


class Number(Entry):
    """A figure that the text works out."""

    stated: str
    """As printed, in plain digits or with an exponent (``2.52e6``)."""
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

    stated: str
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


class WorkedNumbers(Strict):
    """One file: a chapter or a part of an appendix."""

    part: str
    """As ``Appendix B.2``."""
    inputs: dict[str, Input] = Field(default={})
    entries: list[Number | Relation | Cited | Read | Definition]

    @model_validator(mode="after")
    def _own_ids(self) -> "WorkedNumbers":
        ids = [entry.id for entry in self.entries]
        if repeated := sorted({id for id in ids if ids.count(id) > 1}):
            raise ValueError(f"ids given twice: {', '.join(repeated)}")
        return self


@dataclass(frozen=True)
class Verdict:
    """What became of one entry."""

    part: str
    entry: Entry
    outcome: Outcome
    ref: Ref
    """Where the entry stands."""
    stated: str = ""
    found: str = ""
    why: str = ""
    """The convention, the likely slip or the reason."""
    value: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The verdict as data, in a fixed order."""
        entry = self.entry
        return {
            "id": entry.id,
            "part": self.part,
            "where": entry.where,
            "what": entry.what,
            "unit": entry.unit,
            "kind": type(entry).__name__.lower(),
            "outcome": self.outcome,
            "stated": self.stated,
            "found": self.found,
            "value": self.value,
            "why": self.why,
            "remark": entry.remark,
        }


def worked_files(folder: str | None) -> list[Path]:
    """Files of the worked numbers below ``folder``, in order; none where there is no folder."""
    return sorted(Path(folder).glob("*.yaml")) if folder else []


def check(paths: Iterable[Path]) -> list[Verdict]:
    """Verdict on every entry of the files, in their order; :class:`UserError` names the entry that cannot be read or computed."""
    return [verdict for path in paths for verdict in check_file(path)]


def check_file(path: Path) -> list[Verdict]:
    """Verdict on every entry of one file."""
    content = read_yaml(path)
    worked = validate(WorkedNumbers, content, path)
    digest = sha256_of_json(content)

    def place(step: str) -> Ref:
        return Ref(path.as_posix(), step, digest, "parameters")

    inputs = {name: Traced(given.value, (place(f"$.inputs.{name}"),)) for name, given in worked.inputs.items()}
    stated: dict[str, Traced] = {}
    found: dict[str, Traced] = {}
    scope: dict[str, Any] = {**_FUNCTIONS, **inputs, "stated": stated, "found": found}
    verdicts = []
    for number, entry in enumerate(worked.entries):
        verdict = _verdict(worked.part, entry, scope, place(f"$.entries[{number}]"))
        verdicts.append(verdict)
        if isinstance(entry, Number | Cited):
            stated[entry.id] = Traced(_printed(entry.stated, path, entry.id), (verdict.ref,))
        if verdict.value is not None:
            found[entry.id] = Traced(verdict.value, (verdict.ref,))
    return verdicts


def _verdict(part: str, entry: Entry, scope: Mapping[str, Any], ref: Ref) -> Verdict:
    match entry:
        case Number():
            return _of_number(part, entry, scope, ref)
        case Relation():
            return _of_relation(part, entry, scope, ref)
        case Cited():
            return _of_cited(part, entry, scope, ref)
        case Read():
            return Verdict(part, entry, entry.outcome, ref, why=entry.why)
    return Verdict(part, entry, "definition", ref)


def _of_number(part: str, entry: Number, scope: Mapping[str, Any], ref: Ref) -> Verdict:
    place = f"{ref.file}: {entry.id}"
    value = float(evaluate_number(entry.follows, scope, place).value)
    outcome = agreement(entry.stated, value, entry.digits)
    why = entry.follows
    if outcome == "differs":
        for kind, alternatives in (("convention", entry.conventions), ("differs", entry.slips)):
            for each in alternatives:
                if agreement(entry.stated, float(evaluate_number(each.gives, scope, place).value), entry.digits) != "differs":
                    return Verdict(part, entry, kind, ref, entry.stated, shown(value), each.name, value)  # type: ignore[arg-type]
        why = factor_in_words(_printed(entry.stated, ref.file, entry.id), value)
    return Verdict(part, entry, outcome, ref, entry.stated, shown(value), why, value)


def _of_cited(part: str, entry: Cited, scope: Mapping[str, Any], ref: Ref) -> Verdict:
    outcome: Outcome = agreement(entry.stated, entry.known, entry.digits)
    why = entry.source
    for each in entry.conventions if outcome == "differs" else ():
        if agreement(entry.stated, float(evaluate_number(each.gives, scope, f"{ref.file}: {entry.id}").value), entry.digits) != "differs":
            outcome, why = "convention", f"{each.name}; {entry.source}"
    return Verdict(part, entry, outcome, ref, entry.stated, shown(entry.known), why, entry.known)


def _of_relation(part: str, entry: Relation, scope: Mapping[str, Any], ref: Ref) -> Verdict:
    place = f"{ref.file}: {entry.id}"
    largest, where, sides = max(_differences(entry.left, entry.right, entry.at, scope, place), key=lambda each: each[0])
    stated, found = f"{entry.left} = {entry.right}", f"{shown(sides[0])} and {shown(sides[1])} at {where}"
    if largest <= entry.within:
        return Verdict(part, entry, "follows", ref, stated, f"both sides agree to {entry.within:g}")
    for kind, alternatives in (("convention", entry.conventions), ("differs", entry.slips)):
        for each in alternatives:
            if all(apart <= entry.within for apart, *_ in _differences(entry.left, each.gives, entry.at, scope, place)):
                return Verdict(part, entry, kind, ref, stated, found, each.name)  # type: ignore[arg-type]
    return Verdict(part, entry, "differs", ref, stated, found)


def _differences(
    left: str, right: str, at: Mapping[str, list[float]], scope: Mapping[str, Any], place: str
) -> Iterator[tuple[float, str, tuple[float, float]]]:
    """Relative difference of the sides at every combination of points, with the points in words and the sides."""
    for values in itertools.product(*at.values()):
        point = dict(zip(at, values, strict=True))
        inner = {**scope, **{name: Traced(value) for name, value in point.items()}}
        one, other = (float(evaluate_number(side, inner, place).value) for side in (left, right))
        apart = abs(one - other) / max(abs(one), abs(other), 1e-300)
        yield apart, ", ".join(f"{name} = {value:g}" for name, value in point.items()), (one, other)


def agreement(stated: str, value: float, digits: int | None = None) -> Literal["follows", "rounding", "differs"]:
    """Whether ``value`` prints as ``stated``: ``rounding`` where it is off by at most one in the last digit that is printed.

    Zeros at the end of a whole number are not counted as printed, unless ``digits`` says how many are.
    """
    number, unit = float(stated), last_digit(stated, digits)
    off = abs(value - number)
    slack = 1e-9 * max(abs(value), abs(number))
    if off <= unit / 2 + slack:
        return "follows"
    return "rounding" if off <= unit + slack else "differs"


def last_digit(stated: str, digits: int | None = None) -> float:
    """What one in the last printed digit of ``stated`` is worth."""
    mantissa, _, exponent = stated.lower().partition("e")
    whole, point, decimals = mantissa.lstrip("+-").partition(".")
    scale = 10.0 ** int(exponent or 0)
    if digits is not None:
        number = abs(float(stated))
        return 10.0 ** (math.floor(math.log10(number)) - digits + 1) if number else 10.0**-digits
    if point:
        return scale * 10.0 ** -len(decimals)
    return scale * 10.0 ** (len(whole) - len(whole.rstrip("0")) if whole.rstrip("0") else 0)


_FACTORS: dict[float, str] = {
    **{factor: f"a factor of {factor:,}" for factor in (2, 3, 4, 10, 12, 60, 100, 1000, 10**6, 10**9)},
    **{1.2: "a factor of 1.2", 1.5: "a factor of 1.5"},
    **{8: "bits for bytes", 24: "days for hours", 365: "years for days"},
    **{3600: "hours for seconds", 8760: "years for hours", 86400: "days for seconds"},
    **{1.024: "1,000 for 1,024", 1.048576: "10^6 for 2^20", 1.073741824: "10^9 for 2^30"},
}


def factor_in_words(stated: float, value: float) -> str:
    """The likely slip, where what is stated is a well-known factor away from what follows; else by how much it is away."""
    if not stated or not value:
        return "one of them is 0"
    if stated * value < 0:
        return "the sign" if math.isclose(stated, -value, rel_tol=0.02) else "another sign"
    ratio = max(stated / value, value / stated)
    side = "too large" if abs(stated) > abs(value) else "too small"
    near = [name for factor, name in _FACTORS.items() if math.isclose(ratio, factor, rel_tol=0.005)]
    return f"{near[0]}, {side}" if near else f"{ratio:.3g} times {side}"


def shown(value: float) -> str:
    """A number to four significant digits."""
    text = f"{value:.4g}"
    return text if re.search("e", text) is None else text.replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")


def _printed(stated: str, file: object, id: str) -> float:
    try:
        return float(stated)
    except ValueError as error:
        raise UserError(str(file), f"{id}: stated", repr(stated), "a number, as 2.52e6") from error


def _traced(function: Callable[..., Any]) -> Callable[..., Traced]:
    """``function`` of numbers as one of traced numbers."""
    return lambda *values: compute(function, *values, formula=function.__name__)


_MATHEMATICS: dict[str, Callable[..., Any]] = {
    **{name: getattr(math, name) for name in ("sqrt", "log", "log2", "erf", "floor", "ceil", "sin", "cos")},
    **{"minimum": min, "maximum": max, "absolute": abs},
}
_FUNCTIONS = {name: _traced(function) for name, function in (FORMULAS | _MATHEMATICS).items()}
"""Formulas by name, and what is needed beside them; ``exp`` and ``sum`` are the expressions' own."""
