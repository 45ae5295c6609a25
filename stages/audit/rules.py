"""The list of rules, and the one way to run them.

A rule is a function from a campaign to findings. It stays silent on a sound campaign, says what it proves and what it
cannot, and needs no knowledge of any one campaign: paths, names and values come from its parameters, records and claims.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from stages.audit.campaign import Campaign
from stages.audit.finding import SEVERITIES, Finding

FAMILIES = {
    "integrity": "Are the files, records and tables what they claim to be?",
    "recompute": "Do the numbers follow from what lies beneath them?",
    "outputs": "Are the stored model outputs what was meant to be scored?",
    "samples": "Are the generated texts the model's, and were they drawn as stated?",
    "metrics": "Do the metrics measure what they are used for?",
    "counting": "Are tokens, epochs, steps and splits counted as stated?",
    "data": "Is the evaluation data distinct, clean and unseen?",
    "identity": "Does each name stand for one thing, and is what is cited there?",
    "worked": "Do the figures and equations that the text works out follow from its own inputs?",
}
"""Families in the order in which they are reported, and the question that each asks."""

RuleFunction = Callable[[Campaign], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """A rule and what is known of it."""

    id: str
    """``family.name``."""
    title: str
    proves: str
    """What a finding of it shows."""
    cannot: str
    """What its silence does not show."""
    function: RuleFunction

    @property
    def family(self) -> str:
        return self.id.partition(".")[0]

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "family": self.family, "title": self.title, "proves": self.proves, "cannot": self.cannot}


RULES: dict[str, Rule] = {}
"""Every rule by its id."""


def all_rules() -> list[Rule]:
    """Every rule, family by family."""
    return sorted(RULES.values(), key=lambda each: list(FAMILIES).index(each.family))


def rule(id: str, title: str, *, proves: str, cannot: str) -> Callable[[RuleFunction], RuleFunction]:
    """Register the decorated function as a rule."""

    def register(function: RuleFunction) -> RuleFunction:
        assert id not in RULES, f"two rules are called {id}"
        assert id.partition(".")[0] in FAMILIES, f"{id} is of no family"
        RULES[id] = Rule(id, title, proves, cannot, function)
        return function

    return register


def run_rules(campaign: Campaign, rules: Iterable[Rule]) -> list[Finding]:
    """Findings of ``rules``, most severe first within a rule; each with the cells and claims that meet its evidence."""
    found: list[Finding] = []
    for each in rules:
        findings = _with_own_ids(_complete(finding, each, campaign) for finding in _findings(each, campaign))
        found += sorted(findings, key=lambda finding: (SEVERITIES.index(finding.severity), finding.subject))
    return found


def _findings(each: Rule, campaign: Campaign) -> list[Finding]:
    """Findings of one rule. What stops it is a finding too, beside those that it had: one odd file must not end the audit."""
    found: list[Finding] = []
    try:
        found.extend(each.function(campaign))
    except Exception as error:  # whatever a file holds, the other rules are to be heard
        found.append(Finding("rule", "error", "not verifiable", f"The rule could not be carried out: {type(error).__name__}: {error}"))
    return found


def _with_own_ids(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, each with an id of its own: a subject that comes again is counted on."""
    seen: dict[str, int] = {}
    own = []
    for finding in findings:
        seen[finding.id] = seen.get(finding.id, 0) + 1
        own.append(finding if seen[finding.id] == 1 else replace(finding, subject=f"{finding.subject} {seen[finding.id]}"))
    return own


def _complete(finding: Finding, each: Rule, campaign: Campaign) -> Finding:
    cells = campaign.cells_resting_on(finding.evidence) if finding.cells is None else finding.cells
    claims = dict.fromkeys([*finding.claims, *campaign.claims_resting_on(finding.evidence)])
    return replace(finding, rule=each.id, cells=tuple(cells), claims=tuple(claims))
