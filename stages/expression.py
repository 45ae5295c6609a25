"""Expressions of table specs: arithmetic over records and parameters that keeps track of what it read.

A cell is declared as, say, ``run.time.hours * prices[run.environment.device].usd_per_hour``. Its value is a
:class:`~stages.traced.Traced`, whose places are those of every number that took part. The language is a small part of
Python's expressions (numbers, text, names, ``.field``, ``[key]``, ``+ - * / **``, comparisons, ``x if y else z``,
``given(x, y)``, which is ``y`` where ``x`` is missing, and the functions in :data:`FUNCTIONS`, the project's formulas among
them), walked here and never handed to ``eval``.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Any

from stages.errors import UserError
from stages.formulas import FORMULAS
from stages.record import MissingValue, Record, trace
from stages.traced import Ref, Traced, compute, join_refs

Value = Traced | list[Traced]


@dataclass(frozen=True)
class RecordNode:
    """A field of a record."""

    record: Record
    field: str = ""

    def child(self, key: str) -> "RecordNode":
        return RecordNode(self.record, f"{self.field}.{key}" if self.field else key)

    def resolve(self) -> Value:
        pattern = re.escape(self.field) + r"\[\d+\]"
        if items := [field for field in self.record.values if re.fullmatch(pattern, field)]:
            return [trace(self.record, field) for field in items]
        return trace(self.record, self.field)


@dataclass(frozen=True)
class ParameterNode:
    """A value of a parameter file, with the hash of the file's canonical JSON."""

    value: Any
    ref: Ref
    via: tuple[Ref, ...] = ()
    """Places of the keys that led here, such as the device whose price it is."""

    def child(self, key: str) -> "ParameterNode":
        if not isinstance(self.value, Mapping) or key not in self.value:
            known = ", ".join(map(str, self.value)) if isinstance(self.value, Mapping) else repr(self.value)
            raise UserError(self.ref.file, self.ref.path, known or "nothing", f"an entry {key!r}", "Add it to the file.")
        step = f".{key}" if key.isidentifier() else f"['{key}']"
        return ParameterNode(self.value[key], Ref(self.ref.file, self.ref.path + step, self.ref.sha256, self.ref.origin), self.via)

    def resolve(self) -> Value:
        if self.value is None:
            raise MissingValue(self.ref.file, self.ref.path, "null", "a value")
        return Traced(self.value, (*self.via, self.ref))


@dataclass(frozen=True)
class Prices:
    """Prices by device."""

    devices: Mapping[str, ParameterNode]

    def child(self, key: str) -> ParameterNode:
        if key not in self.devices:
            do = "Where it has one: its record was made in this very run, so call Snakemake again."
            raise UserError("params/prices.yaml", key, "no price passed for it", "the price of every device that ran", do)
        return self.devices[key]


Scope = Mapping[str, Any]
"""Values by name: nodes, traced values, lists and mappings of them, and functions."""


def evaluate(text: str, scope: Scope, place: str) -> Value:
    """Value of the expression ``text``; errors name ``place`` (the spec's file and cell)."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise UserError(place, "", repr(text), "an expression") from error
    result = _resolve(_walk(tree, scope, place))
    if not isinstance(result, Traced | list):
        raise UserError(place, text, type(result).__name__, "a value")
    if isinstance(result, Traced) and not isinstance(tree, ast.Name | ast.Attribute):
        return result.named(text.strip())
    return result


def evaluate_number(text: str, scope: Scope, place: str) -> Traced:
    """Finite number of the expression ``text``."""
    result = evaluate(text, scope, place)
    number = isinstance(result, Traced) and isinstance(result.value, int | float) and not isinstance(result.value, bool)
    if not isinstance(result, Traced) or not number or not math.isfinite(result.value):
        raise UserError(place, text, repr(result.value if isinstance(result, Traced) else result), "a finite number")
    return result


_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.LtE: operator.le,
    ast.Lt: operator.lt,
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.Eq: operator.eq,
}


def _walk(tree: ast.expr, scope: Scope, place: str) -> Any:
    """Value or node of one expression; every kind of expression that the language has is here."""
    match tree:
        case ast.Constant(value=int() | float() | str() as value):
            return Traced(value)
        case ast.Name(id=name):
            if name not in scope:
                raise UserError(place, name, "an unknown name", "one of: " + ", ".join(sorted(scope)))
            return scope[name]
        case ast.Attribute(value=inner, attr=key):
            return _child(_walk(inner, scope, place), key, place)
        case ast.Subscript(value=inner, slice=index):
            chosen_key = _scalar(_walk(index, scope, place), place)
            node = _child(_walk(inner, scope, place), str(chosen_key.value), place)
            return replace(node, via=(*chosen_key.refs, *node.via)) if isinstance(node, ParameterNode) else node
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return compute(operator.neg, _scalar(_walk(inner, scope, place), place), formula="its negative")
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _binary(op, left, right, scope, place)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            return _binary(op, left, right, scope, place)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            condition = _scalar(_walk(test, scope, place), place)
            chosen = _scalar(_walk(body if condition.value else orelse, scope, place), place)
            return Traced(chosen.value, join_refs([condition, chosen]), "")
        case ast.Call(func=ast.Name(id="given"), args=[value, otherwise], keywords=[]):
            try:
                return _scalar(_walk(value, scope, place), place)
            except MissingValue:
                return _walk(otherwise, scope, place)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS or callable(scope.get(name)):
            function = FUNCTIONS[name] if name in FUNCTIONS else scope[name]
            values = [_walk(argument, scope, place) for argument in arguments]
            try:
                return function(*values)
            except (TypeError, AttributeError) as error:
                raise UserError(place, ast.unparse(tree), str(error), f"arguments that {name} takes") from error
    raise UserError(place, ast.unparse(tree), type(tree).__name__, "numbers, names, arithmetic, or one of: " + ", ".join(FUNCTIONS))


def _binary(op: ast.AST, left: ast.expr, right: ast.expr, scope: Scope, place: str) -> Traced:
    function = _OPERATORS[type(op)]
    sides = _scalar(_walk(left, scope, place), place), _scalar(_walk(right, scope, place), place)
    return compute(function, *sides, formula=f"{ast.unparse(left)} and {ast.unparse(right)} together")


def _child(node: Any, key: str, place: str) -> Any:
    if isinstance(node, Mapping):
        if key not in node:
            raise UserError(place, key, "an unknown name", "one of: " + ", ".join(sorted(node)))
        return node[key]
    if isinstance(node, Traced) and isinstance(node.value, Mapping):  # part of a parameter file or analysis, named by 'let'
        node = ParameterNode(node.value, node.refs[-1], node.refs[:-1])
    if not isinstance(node, RecordNode | ParameterNode | Prices):
        raise UserError(place, key, "a plain value", "something with fields")
    return node.child(key)


def _resolve(value: Any) -> Value:
    return value.resolve() if isinstance(value, RecordNode | ParameterNode) else value


def _scalar(value: Any, place: str) -> Traced:
    resolved = _resolve(value)
    if isinstance(resolved, list):
        raise UserError(place, "", f"a list of {len(resolved)}", "one value", "Use mean, sd or sum.")
    if resolved.value is None:  # a cell that is not measured, and so is what follows from it
        raise MissingValue(place, "", "a cell without a value", "a value")
    return resolved


def _listed(value: Any) -> list[Traced]:
    resolved = _resolve(value)
    return resolved if isinstance(resolved, list) else [resolved]


def _aggregate(function: Callable[[Sequence[float]], float]) -> Callable[[Any], Traced]:
    def of_list(values: Any) -> Traced:
        listed = _listed(values)
        if any(part.value is None for part in listed):
            raise MissingValue("table", "", "a row without a value", "a value in every row")
        return compute(lambda *parts: function(parts), *listed, formula="their aggregate")

    return of_list


def _of_one(function: Callable[[Any], Any]) -> Callable[[Any], Traced]:
    return lambda value: compute(function, *_listed(value)[:1], formula="the function")


def of_numbers(name: str, function: Callable[..., Any]) -> Callable[..., Traced]:
    """``function`` of numbers as one of whatever an expression holds, traced to all of it."""
    return lambda *values: compute(function, *(_scalar(value, name) for value in values), formula=name)


def short_device(name: str) -> str:
    """Device name without its vendor's, as tables print it."""
    return re.sub(r"^(NVIDIA|GeForce|\s)+", "", name)


def short_model(name: str) -> str:
    """Model name without its owner's, as tables print it."""
    return re.sub(r"^llama-", "LLaMA ", name.rpartition("/")[2], flags=re.IGNORECASE)


def short_dataset(name: str) -> str:
    """Data set without its owner and revision, as tables print it."""
    own = name.partition(" at ")[0].rpartition("/")[2]
    return next((short for short in ("BrWaC", "Canarim") if own.lower().startswith(short.lower())), own)


def short_count(count: int) -> str:
    """Thousands as tables print them, as ``10k``."""
    return f"{count // 1000}k" if count and count % 1000 == 0 else str(count)


def ratio(part: Any, whole: Any) -> Traced:
    """Part over whole; :class:`MissingValue` where the whole is 0, of which nothing is a share."""
    (above, *_), (below, *_) = _listed(part), _listed(whole)
    if below.value == 0:
        raise MissingValue("table", "", "a whole of 0", "another one")
    return compute(lambda one, other: one / other, above, below, formula="part over whole")


def at(values: Any, index: Traced) -> Traced:
    """One of a list, counted from 0; :class:`MissingValue` where it is shorter."""
    listed, number = _listed(values), int(index.value)
    if number >= len(listed):
        raise MissingValue("table", "", f"a list of {len(listed)}", f"an entry {number}")
    return listed[number]


def files_of(value: Any) -> Traced:
    """The files that a value was read from, as one path; names that differ by a number are folded with ``*``."""
    traced = _listed(value)
    files = sorted({ref.file for part in traced for ref in part.refs})
    folded = sorted({re.sub(r"\d+(?=\.\w+$)", "*", file) for file in files}) if len(files) > 1 else files
    return Traced("; ".join(folded), join_refs(traced), "files of the value")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sum": _aggregate(math.fsum),
    "count": _aggregate(len),
    "mean": _aggregate(fmean),
    "sd": _aggregate(stdev),
    "exp": _of_one(math.exp),
    "upper": _of_one(str.upper),
    "ratio": ratio,
    "at": at,
    "short_device": _of_one(short_device),
    "short_model": _of_one(short_model),
    "short_dataset": _of_one(short_dataset),
    "short_count": _of_one(short_count),
    "files": files_of,
    **{name: of_numbers(name, function) for name, function in FORMULAS.items()},
}
"""``sd`` is the sample standard deviation (n - 1), as the thesis's multi-seed summary has it."""
