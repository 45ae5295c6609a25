"""The same measurements in several files, found by their values: where copies part, one of them was changed."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

from stages.audit.artifacts import Series
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding, Severity
from stages.audit.objects import SHOWN, Nested, figure, is_number, objects, walk
from stages.audit.rules import rule
from stages.traced import Ref

COPIED = 0.5
"""Share of measured values that two places must have in common to be copies. Even one full-precision float is hardly equal by chance."""
LEAST_VALUES = 4
"""Measured values that two objects must have: fewer may be one count that two files need."""
LEAST_DIGITS = 7
"""Digits from which on a float is a measurement, and no setting such as 0.05 that many files share."""
SMALL = 100
"""Denominators up to which two evaluations may well have one ratio by chance: 7 of 12 answers right is no measurement of its own."""
CLOCK = 0.01
"""Seconds by which two callbacks measure the same epoch differently."""

_OF_BASE = re.compile(r"\.base([._]|$)")
"""Fields of what a base model gave: every evaluation of an adapter on it has them in common."""
_CHOSEN = re.compile(r"[._]((usd|cost|usd_per_hour)$|(prices?|limits?|thresholds?|settings|config\w*|env|memory\w*|learning_rate)($|\.))")
"""Fields, or what stands above them, of what was set or follows from a price: two runs on one machine have it in common."""

Key = tuple[str, int]
"""Column and epoch."""


@rule(
    "recompute.copies",
    "Copies of one measurement that differ",
    proves="Two files hold the same run's measurements but for some values or for a shift of epochs: one of them was changed or mixed up.",
    cannot="Which copy is right where there are two only, and numbers that stand in one file alone.",
)
def copies(campaign: Campaign) -> Iterator[Finding]:
    groups = _groups(campaign.series)
    for group in groups:
        yield from _differences(group)
        yield from _lengths(campaign, group)
    yield from _shifts(campaign.series)
    pairs = list(_object_pairs(campaign))
    yield from (finding for first, second in pairs if (finding := _object_finding(first, second)))
    if groups or pairs:
        message = "Histories and other measurements that stand in more than one file were compared value by value."
        yield Finding(
            "all copies",
            "note",
            "confirmed",
            message,
            recomputed=f"{len(groups)} histories in several files, {len(pairs)} pairs of objects",
        )


# --- histories -----------------------------------------------------------------------------------------------------------


def _values(series: Series) -> dict[Key, float]:
    """Values by column and epoch; where an epoch stands twice, the first counts (its repetition is another rule's finding)."""
    found: dict[Key, float] = {}
    for entry in series.epochs:
        for name, value in entry.items() if "epoch" in entry else ():
            if name != "epoch":
                found.setdefault((name, int(entry["epoch"])), value)
    return found


def _losses(values: Mapping[Key, float]) -> dict[Key, float]:
    """What tells a history: not counts, times and accuracies, of which two runs on the same data may share many."""
    return {key: value for key, value in values.items() if key[0].endswith("loss") and _is_measured(value)}


def _is_measured(value: Any) -> bool:
    """A float with so many digits that it is not chosen."""
    return (
        isinstance(value, float) and is_number(value) and len(repr(value).strip("-0.").replace(".", "").partition("e")[0]) >= LEAST_DIGITS
    )


def _is_time(column: str) -> bool:
    return column.endswith(("_sec", "_seconds", "time"))


def _shift(first: Series, second: Series) -> tuple[int, float]:
    """By how many epochs the second history's values stand later than the first's, and what share of them does."""
    ours, theirs = _losses(_values(first)), _losses(_values(second))
    places: dict[tuple[str, float], list[int]] = {}
    for (name, epoch), value in theirs.items():
        places.setdefault((name, value), []).append(epoch)
    met = Counter(later - epoch for (name, epoch), value in ours.items() for later in places.get((name, value), []))
    if not met:
        return 0, 0.0
    shift, count = max(met.items(), key=lambda pair: (pair[1], -abs(pair[0])))
    return shift, count / max(1, sum((name, epoch + shift) in theirs for name, epoch in ours))


def _groups(series: Sequence[Series]) -> list[list[Series]]:
    """Histories that are copies of each other without a shift, two or more together."""
    groups: list[list[Series]] = []
    for each in series:
        near = [group for group in groups if any((found := _shift(other, each))[0] == 0 and found[1] >= COPIED for other in group)]
        groups = [group for group in groups if group not in near] + [[*(member for group in near for member in group), each]]
    return [group for group in groups if len(group) > 1]


class _Difference(NamedTuple):
    key: Key
    values: dict[str, float]
    """By file."""


def _differences(group: Sequence[Series]) -> Iterator[Finding]:
    """One finding for each set of files that part from the others."""
    values = {series.file: _values(series) for series in group}
    parted: dict[tuple[str, ...], list[_Difference]] = {}
    for key in dict.fromkeys(key for mine in values.values() for key in mine):
        here = {file: mine[key] for file, mine in values.items() if key in mine}
        if not _agree(key[0], list(here.values())):
            parted.setdefault(_odd(here), []).append(_Difference(key, here))
    for odd, differences in parted.items():
        yield _series_finding(group, odd, differences)


def _lengths(campaign: Campaign, group: Sequence[Series]) -> Iterator[Finding]:
    """Copies of another length: the shorter may lack rows, the longer may hold another run's."""
    lengths = {series.file: len(series.epochs) for series in group}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{count} in {file}" for file, count in lengths.items())
        used = {file for run in campaign.runs.values() if run.evidence for file in run.evidence.files.values()}
        severity: Severity = "warning" if any(ref.file in used for series in group for ref in series.refs) else "note"
        message = f"Copies of one history have different numbers of epochs: {shown}. Which of them is whole is not known."
        refs = tuple(series.refs[-1] for series in group)
        effect = f"{max(lengths.values()) - min(lengths.values())} epochs"
        yield Finding(f"{group[0].file}, length", severity, "not verifiable", message, effect=effect, evidence=refs[:SHOWN])


def _agree(column: str, values: Sequence[float]) -> bool:
    return max(values) - min(values) <= (CLOCK if _is_time(column) else 0)


def _odd(values: Mapping[str, float]) -> tuple[str, ...]:
    """Files whose value is not that of most; all of them where none prevails."""
    [(common, count), *_] = Counter(values.values()).most_common()
    alone = tuple(sorted(file for file, value in values.items() if value != common))
    return alone if count > len(values) / 2 else tuple(sorted(values))


def _series_finding(group: Sequence[Series], odd: tuple[str, ...], differences: Sequence[_Difference]) -> Finding:
    (column, epoch), here = differences[0]
    others = [file for file in here if file not in odd]
    apart, rest = (odd[0], others[0]) if others else odd[:2]
    epochs = sorted({difference.key[1] for difference in differences})
    which = f"{apart} parts from {', '.join(others)}" if others else f"{' and '.join(odd)} part"
    message = (
        f"These files are copies of one history, but {which} in {len(differences)} values, of epochs {_list(epochs)}. "
        f"The first is {column} of epoch {epoch}: {figure(here[apart])} in {apart}, {figure(here[rest])} in {rest}."
    )
    refs = [ref for difference in differences for series in group for ref in _refs(series, difference.key)]
    stated, recomputed = figure(here[apart]), figure(here[rest])
    return Finding(" and ".join(odd), "error", "mismatch", message, stated, recomputed, f"{len(differences)} values", tuple(refs[:SHOWN]))


def _refs(series: Series, key: Key) -> Iterator[Ref]:
    """Place of a value; none where the history lacks it."""
    name, epoch = key
    index = next((index for index, entry in enumerate(series.epochs) if entry.get("epoch") == epoch and name in entry), None)
    if index is not None:
        yield series.value_ref(index, name)


def _shifts(series: Sequence[Series]) -> Iterator[Finding]:
    for first, second in combinations(series, 2):
        shift, share = _shift(first, second)
        if shift and share >= COPIED:
            message = f"{second.file} holds the values of {first.file}, but {abs(shift)} epochs {'later' if shift > 0 else 'earlier'}."
            refs = first.refs[0], second.refs[0]
            yield Finding(f"{first.file} and {second.file}, shift", "error", "mismatch", message, effect=f"{shift:+} epochs", evidence=refs)


def _list(numbers_: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers_[:SHOWN]))
    return f"{shown}, …" if len(numbers_) > SHOWN else shown


# --- objects -------------------------------------------------------------------------------------------------------------


class _Leaves(NamedTuple):
    nested: Nested
    values: dict[str, Any]
    """Every scalar by its path below the object."""
    measured: frozenset[tuple[str, float]]


def _object_pairs(campaign: Campaign) -> Iterator[tuple[_Leaves, _Leaves]]:
    """Objects of two files that have the same fields and share measurements, the outermost of those that are nested."""
    kinds: dict[frozenset[str], list[_Leaves]] = {}
    histories = {ref.file for series in campaign.series for ref in series.refs}
    for file, document in campaign.documents.items():
        for nested in objects(document) if file not in histories else ():
            leaves = _leaves(nested)
            if len(leaves.measured) >= LEAST_VALUES:
                kinds.setdefault(frozenset(leaves.values), []).append(leaves)
    seeds = _seeds(campaign)
    pairs = [pair for kind in kinds.values() for pair in combinations(kind, 2) if _are_copies(*pair, seeds)]
    for first, second in pairs:
        if not any(_inside(first, outer[0]) and _inside(second, outer[1]) for outer in pairs):
            yield first, second


def _leaves(nested: Nested) -> _Leaves:
    values = {path: value for path, value in walk(nested.content) if not isinstance(value, dict | list)}
    measured = (pair for pair in values.items() if _is_measured(pair[1]) and not _is_ratio(pair[1]) and not _CHOSEN.search(pair[0]))
    return _Leaves(nested, values, frozenset(measured))


@cache
def _is_ratio(value: float) -> bool:
    """Whether a value is, as far as its digits tell, a share of a small count."""
    return 0 <= value <= 1 and abs(Fraction(value).limit_denominator(SMALL) - Fraction(value)) < 10.0**-LEAST_DIGITS


def _seeds(campaign: Campaign) -> dict[str, tuple[str, str]]:
    """Run and seed of each file that an evaluation's parameters name as one seed's."""
    return {
        file: (run, seed)
        for run, parameters in campaign.runs.items()
        if parameters.extrinsic and parameters.evidence
        for role, file in parameters.evidence.files.items()
        if (seed := role.rpartition("_")[2]) in map(str, parameters.extrinsic.seeds)
    }


def _are_copies(first: _Leaves, second: _Leaves, seeds: Mapping[str, tuple[str, str]]) -> bool:
    """Two seeds of one evaluation may score alike, but their clocks do not run alike; two evaluations may share their base's answers."""
    files = first.nested.document.file, second.nested.document.file
    ours, theirs = first.measured, second.measured
    (one, seed), (other, later) = (seeds.get(file, ("", "")) for file in files)
    if one and other and one != other:
        if _OF_BASE.search(first.nested.path):
            return False
        ours, theirs = (frozenset(pair for pair in each if not _OF_BASE.search(pair[0])) for each in (ours, theirs))
    if seed and later and seed != later:
        ours, theirs = (frozenset(pair for pair in each if _is_time(pair[0])) for each in (ours, theirs))
    enough = min(len(ours), len(theirs)) >= LEAST_VALUES and len(ours & theirs) >= COPIED * max(len(ours), len(theirs))
    return enough and files[0] != files[1]


def _inside(inner: _Leaves, outer: _Leaves) -> bool:
    """Whether an object stands below another of its file."""
    return inner.nested.document.file == outer.nested.document.file and inner.nested.path.startswith(
        (f"{outer.nested.path}.", f"{outer.nested.path}[")
    )


def _object_finding(first: _Leaves, second: _Leaves) -> Finding | None:
    parted = [path for path, value in first.values.items() if second.values[path] != value]
    if not parted:
        return None
    path = parted[0]
    left, right = (figure(value) if is_number(value) else repr(value) for value in (first.values[path], second.values[path]))
    message = (
        f"{first.nested.name} and {second.nested.name} are copies of one object, but {len(parted)} of {len(first.values)} values differ. "
        f"The first is {path.removeprefix('$.')}: {left} against {right}."
    )
    refs = [leaves.nested.document.ref(leaves.nested.path + path[1:]) for path in parted for leaves in (first, second)]
    subject = f"{first.nested.name} and {second.nested.name}"
    return Finding(subject, "error", "mismatch", message, left, right, f"{len(parted)} values", tuple(refs[:SHOWN]))
