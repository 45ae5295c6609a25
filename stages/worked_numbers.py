"""The numbers that a text works out beside its tables: what each states, and what follows from its own inputs.

    python -m stages.worked_numbers --campaign NAME --files data/thesis_worked/*.yaml --output FILE

The entries are facts in YAML (:mod:`stages.worked_entries`); here each is computed and held against what is stated.
"""

import argparse
import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from stages.errors import UserError, report_errors
from stages.expression import evaluate_number, of_numbers
from stages.files import sha256_of_json, to_json, write_atomic
from stages.traced import Ref, Traced
from stages.validation import validate
from stages.worked_entries import OUTCOMES, Alternative, Cited, Entry, Number, Outcome, Read, Relation, WorkedNumbers
from stages.yaml_files import read_yaml

SMALLEST = 1e-300
"""Keeps a difference of two zeros from being divided by zero."""


@dataclass(frozen=True)
class Held:
    """What became of an entry that was held to account."""

    outcome: Outcome
    stated: str = ""
    found: str = ""
    why: str = ""
    """The computation, the convention, the likely slip or the reason."""
    value: float | None = None
    inputs: tuple[Ref, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """One entry and what became of it; ``ref`` is where it stands."""

    part: str
    entry: Entry
    ref: Ref
    held: Held
    inputs: tuple[str, ...] = ()
    """What it was computed from, in words."""

    def as_json(self) -> dict[str, Any]:
        """The verdict as data, in a fixed order."""
        entry, held = self.entry, self.held
        return {
            "id": entry.id,
            "part": self.part,
            "where": entry.where,
            "what": entry.what,
            "unit": entry.unit,
            "kind": type(entry).__name__.lower(),
            "outcome": held.outcome,
            "stated": held.stated,
            "found": held.found,
            "value": held.value,
            "inputs": list(self.inputs),
            "why": held.why,
            "remark": entry.remark,
        }


Evaluate = Callable[..., Traced]
"""Value of an expression, and of names given beside it."""


def check(paths: Iterable[Path]) -> list[Verdict]:
    """Verdict on every entry of the files, in their order; :class:`UserError` names the entry that cannot be read or computed."""
    return [verdict for path in paths for verdict in check_file(path)]


def check_file(path: Path) -> list[Verdict]:
    """Verdict on every entry of one file, each of which may go on from those before it."""
    content = read_yaml(path)
    worked, digest = validate(WorkedNumbers, content, path), sha256_of_json(content)

    def place(step: str) -> Ref:
        return Ref(path.as_posix(), step, digest, "parameters")

    known = {f"$.inputs.{name}": f"{name} = {shown(given.value)} {given.unit} ({given.source})" for name, given in worked.inputs.items()}
    stated: dict[str, Traced] = {}
    found: dict[str, Traced] = {}
    inputs = {name: Traced(given.value, (place(f"$.inputs.{name}"),)) for name, given in worked.inputs.items()}
    scope: dict[str, Any] = {**_FUNCTIONS, **inputs, "stated": stated, "found": found}
    verdicts = []
    for number, entry in enumerate(worked.entries):
        ref = place(f"$.entries[{number}]")
        held = hold(entry, partial(_evaluate, scope, f"{path.as_posix()}: {entry.id}"))
        verdicts.append(Verdict(worked.part, entry, ref, held, tuple(known[each.path] for each in held.inputs)))
        if isinstance(entry, Number | Cited):
            stated[entry.id] = Traced(float(entry.stated), (place(f"{ref.path}.stated"),))
            known[f"{ref.path}.stated"] = f"{entry.id}: {held.stated}, as printed"
        if held.value is not None:
            found[entry.id] = Traced(held.value, (ref,))
            known[ref.path] = f"{entry.id}: {held.found}"
    return verdicts


def _evaluate(scope: Mapping[str, Any], place: str, expression: str, **names: float) -> Traced:
    try:
        return evaluate_number(expression, {**scope, **{name: Traced(value) for name, value in names.items()}}, place)
    except UserError as error:
        if str(error).startswith(place):
            raise
        # arithmetic that has no value names no file of its own
        raise UserError(place, expression, str(error), "an expression that has a value") from error


def hold(entry: Entry, evaluate: Evaluate) -> Held:
    """Hold one entry to account."""
    match entry:
        case Number():
            value = evaluate(entry.follows)
            held = Held(agreement(entry.stated, value.value, entry.digits), entry.stated, shown(value.value), entry.follows, value.value)
            return _explained(replace(held, inputs=value.refs), entry, evaluate)
        case Cited():
            outcome = agreement(entry.stated, entry.known, entry.digits)
            return _explained(Held(outcome, entry.stated, shown(entry.known), entry.source, entry.known), entry, evaluate)
        case Relation():
            return _of_relation(entry, evaluate)
        case Read():
            return Held(entry.outcome, why=entry.why)
    return Held("definition")


def _explained(held: Held, entry: Number | Cited, evaluate: Evaluate) -> Held:
    """A difference with its explanation: a convention that gives what is stated, or the slip that likely did."""
    if held.outcome != "differs":
        return held
    source = f"; {entry.source}" if isinstance(entry, Cited) else ""
    for outcome, each in _alternatives(entry):
        if agreement(entry.stated, evaluate(each.gives).value, entry.digits) != "differs":
            return replace(held, outcome=outcome, why=each.name + source)
    return replace(held, why=factor_in_words(float(entry.stated), held.value or 0.0) + source)


def _alternatives(entry: Number | Cited | Relation) -> Iterator[tuple[Outcome, Alternative]]:
    yield from (("convention", each) for each in entry.conventions)
    yield from (("differs", each) for each in getattr(entry, "slips", ()))


def _of_relation(entry: Relation, evaluate: Evaluate) -> Held:
    largest, where, sides = max(_differences(entry, entry.right, evaluate), key=lambda each: each[0])
    stated = f"{entry.left} = {entry.right}"
    if largest <= entry.within:
        return Held("follows", stated, f"both sides agree to {entry.within:g}")
    at = f" at {where}" if where else ""
    held = Held("differs", stated, f"{shown(sides[0])} and {shown(sides[1])}{at}")
    for outcome, each in _alternatives(entry):
        if all(apart <= entry.within for apart, *_ in _differences(entry, each.gives, evaluate)):
            return replace(held, outcome=outcome, why=each.name)
    return held


def _differences(entry: Relation, right: str, evaluate: Evaluate) -> Iterator[tuple[float, str, tuple[float, float]]]:
    """Relative difference of the sides at every combination of points, with the points in words and the sides."""
    for values in itertools.product(*entry.at.values()):
        point = dict(zip(entry.at, values, strict=True))
        one, other = (float(evaluate(side, **point).value) for side in (entry.left, right))
        apart = abs(one - other) / max(abs(one), abs(other), SMALLEST)
        yield apart, ", ".join(f"{name} = {value:g}" for name, value in point.items()), (one, other)


def agreement(stated: str, value: float, digits: int | None = None) -> Outcome:
    """Whether ``value`` prints as ``stated``: ``rounding`` where it does when cut off or rounded away, by less than one in its last digit.

    Zeros at the end of a whole number are not counted as printed, unless ``digits`` says how many are.
    """
    number, unit = float(stated), last_digit(stated, digits)
    off, slack = abs(value - number), 1e-9 * max(abs(number), unit)
    if off <= unit / 2 + slack:
        return "follows"
    return "rounding" if off < unit - slack else "differs"


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


_MATHEMATICS: dict[str, Callable[..., Any]] = {
    **{name: getattr(math, name) for name in ("sqrt", "log", "log2", "erf", "floor", "ceil", "sin", "cos")},
    **{"minimum": min, "maximum": max, "absolute": abs},
}
_FUNCTIONS = {name: of_numbers(name, function) for name, function in _MATHEMATICS.items()}
"""What is needed beside the functions that every expression has, the project's formulas among them."""


def counts(verdicts: Iterable[Verdict]) -> dict[str, dict[str, int]]:
    """Entries by part and outcome, and of all parts."""
    counted: dict[str, Counter[str]] = {}
    for verdict in verdicts:
        for part in (verdict.part, "all"):
            counted.setdefault(part, Counter())[verdict.held.outcome] += 1
    return {part: {"entries": counter.total()} | {name: counter[name] for name in OUTCOMES} for part, counter in counted.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m stages.worked_numbers", description="Hold a text's worked numbers against their inputs."
    )
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--files", type=Path, nargs="+", required=True, help="YAML files of worked numbers")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Check every entry, write verdicts and counts."""
    verdicts = check(arguments.files)
    counted = counts(verdicts)
    result = {
        "schema_version": 1,
        "campaign": arguments.campaign,
        "counts": counted,
        "entries": [verdict.as_json() for verdict in verdicts],
    }
    write_atomic(arguments.output, to_json(result))
    print(f"{len(verdicts)} worked numbers: " + ", ".join(f"{counted['all'][name]} {name}" for name in OUTCOMES))


if __name__ == "__main__":
    main()
