"""Rules on worked numbers: figures and equations of the text against what follows from its own inputs."""

from collections import Counter
from collections.abc import Iterator

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding, Severity
from stages.audit.finding import Verdict as FindingVerdict
from stages.audit.rules import rule
from stages.worked_entries import Cited, Entry, Number, Outcome, Read, Relation
from stages.worked_numbers import Verdict, factor_in_words

SAID: dict[Outcome, tuple[Severity, FindingVerdict]] = {
    "differs": ("error", "mismatch"),
    "not verifiable": ("warning", "not verifiable"),
    "convention": ("note", "convention"),
    "rounding": ("note", "rounding"),
}
"""What is said of an entry that does not simply follow."""


@rule(
    "worked.figures",
    "Figures that do not follow from the inputs that the text gives",
    proves="The text computes a figure from inputs that it names, and these inputs give another one.",
    cannot="Inputs that are wrong themselves. A slip that is named is the likely one: it gives what is printed.",
)
def figures(campaign: Campaign) -> Iterator[Finding]:
    yield from _findings(campaign, Number)


@rule(
    "worked.equations",
    "Equations whose sides are not equal",
    proves="At the points that are named, what an equation states is not what its own definitions give.",
    cannot="An equation that agrees at all points tried could differ at others; whether it is the right model is not asked.",
)
def equations(campaign: Campaign) -> Iterator[Finding]:
    yield from _findings(campaign, Relation)


@rule(
    "worked.sources",
    "Figures taken from elsewhere that their source gives otherwise",
    proves="The source that is named gives another figure.",
    cannot="Whether the author used another source, or another edition of it.",
)
def sources(campaign: Campaign) -> Iterator[Finding]:
    yield from _findings(campaign, Cited)


@rule(
    "worked.statements",
    "Statements on orders and units that cannot be as they stand",
    proves="Read with the definitions of the text, the statement contradicts them; the reason is given, for a reader to judge.",
    cannot="It is a judgement by reading, not a computation.",
)
def statements(campaign: Campaign) -> Iterator[Finding]:
    yield from _findings(campaign, Read)


def _findings(campaign: Campaign, kind: type[Entry]) -> Iterator[Finding]:
    """A finding for each entry of the kind that does not follow, and one that counts those that do."""
    verdicts = [verdict for verdict in campaign.worked_numbers if isinstance(verdict.entry, kind)]
    yield from (_finding(verdict) for verdict in verdicts if verdict.held.outcome in SAID)
    follow = Counter(verdict.part for verdict in verdicts if verdict.held.outcome == "follows")
    if follow:
        message = "Follow: " + ", ".join(f"{count} in {part}" for part, count in follow.items()) + "."
        yield Finding("all others", "note", "confirmed", message, recomputed=f"{follow.total()} of {len(verdicts)} follow", cells=())


def _finding(verdict: Verdict) -> Finding:
    """Where it stands, what it is, why it does not follow, and from what."""
    entry, held = verdict.entry, verdict.held
    severity, said = SAID[held.outcome]
    unit = f" ({entry.unit})" if entry.unit else ""
    parts = [f"{entry.where}: {entry.what}{unit}.", _reason(verdict)]
    if verdict.inputs:
        parts.append(f"From {'; '.join(verdict.inputs)}.")
    message = " ".join(filter(None, [*parts, entry.remark]))
    return Finding(entry.id, severity, said, message, held.stated, held.found, _effect(verdict), (verdict.ref,), cells=())


def _reason(verdict: Verdict) -> str:
    entry, held = verdict.entry, verdict.held
    if held.why in ("", _effect(verdict)) or (held.outcome == "rounding" and not isinstance(entry, Read)):
        return ""  # where no slip is known, by how much it is off is all that there is to say
    before = {"differs": "Likely slip: ", "convention": "Under another convention it follows: "}.get(held.outcome, "")
    return f"{'' if isinstance(entry, Read | Cited) else before}{held.why}."


def _effect(verdict: Verdict) -> str:
    """By how much a figure is off."""
    entry, held = verdict.entry, verdict.held
    if held.outcome != "differs" or held.value is None or not isinstance(entry, Number | Cited):
        return ""
    return factor_in_words(float(entry.stated), held.value)
