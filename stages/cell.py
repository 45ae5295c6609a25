"""One cell: its parts evaluated, rounded and printed, with the thesis's own way of rounding kept beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stages.errors import UserError
from stages.expression import Scope, evaluate, evaluate_number
from stages.number import NOT_MEASURED, printed_number, rounded, rounded_scientific, scientific_number
from stages.record import MissingValue
from stages.table_spec import Part, Words
from stages.traced import Traced

YES_NO = {"pt": ("Sim", "Não"), "en": ("Yes", "No")}


@dataclass(frozen=True)
class PrintedPart:
    """One value of a cell."""

    name: str
    exact: Traced
    """At full precision."""
    printed: str
    """With prefix and suffix."""
    decimals: int | None
    significant: int = 0
    """Digits that a smaller value keeps."""
    scientific: bool = False
    """Whether the decimals are those of a mantissa."""
    also: Traced | None = None
    """The same value from another source."""
    thesis: Traced | None = None
    """What the thesis's own way gives, where it has one."""
    thesis_printed: str = ""
    habit: str = ""
    reason: str = ""
    """Why there is no value, where there is none."""

    def rounded(self) -> Traced:
        """The value as printed, as a number."""
        if self.decimals is None or self.exact.value is None:
            return self.exact
        value = self.exact.value
        number = rounded_scientific(value, self.decimals) if self.scientific else rounded(value, self.decimals, self.significant)
        return Traced(float(number), self.exact.refs, self.exact.formula)


def in_language(words: Words, language: str) -> str:
    """Text in one language."""
    return words if isinstance(words, str) else str(getattr(words, language))


def build_parts(
    parts: Sequence[Part], scope: dict[str, Any], column: str, place: str, language: str, decimals: int | None
) -> list[PrintedPart]:
    """Parts of one cell, in order. Each joins ``cell`` (exact) and ``printed`` (rounded) of the scope, for later parts and columns."""
    built = []
    for part in parts:
        digits = part.decimals if part.decimals is None or decimals is None else decimals
        try:
            done = _build_part(part, scope, place, language, digits)
        except MissingValue as missing:
            printed = "" if part.optional else NOT_MEASURED[language]
            done = PrintedPart(part.name, Traced(None), printed, digits, reason=str(missing))
        name = f"{column}_{part.name}" if part.name else column
        scope.setdefault("cell", {})[name] = done.exact
        scope.setdefault("printed", {})[name] = done.rounded()
        built.append(done)
    return built


def _build_part(part: Part, scope: Scope, place: str, language: str, digits: int | None) -> PrintedPart:
    if digits is None:
        value = evaluate(part.value, scope, place)
        if isinstance(value, list):
            raise UserError(place, part.value, f"a list of {len(value)}", "one value")
        if isinstance(value.value, float):
            raise UserError(place, part.value, repr(value.value), "text, or 'decimals' for a number")
        return PrintedPart(part.name, value, _around(part, _words(value.value, language), language), None)
    value = evaluate_number(part.value, scope, place)
    also = evaluate_number(part.also, scope, place) if part.also else None
    thesis = evaluate_number(part.thesis.value, scope, place) if part.thesis else None
    return PrintedPart(
        part.name,
        value,
        _print(part, value, digits, language),
        digits,
        part.significant,
        part.scientific,
        also,
        thesis,
        _print(part, thesis, digits, language) if thesis else "",
        part.thesis.habit if part.thesis else "",
    )


def _print(part: Part, value: Traced, digits: int, language: str) -> str:
    if part.scientific:
        return _around(part, scientific_number(value.value, digits, language), language)
    number = printed_number(value.value, digits, language, signed=part.signed, trim=part.trim, significant=part.significant)
    return _around(part, number, language)


def _around(part: Part, text: str, language: str) -> str:
    return in_language(part.prefix, language) + text + in_language(part.suffix, language)


def _words(value: Any, language: str) -> str:
    return YES_NO[language][0 if value else 1] if isinstance(value, bool) else str(value)
