"""Accepted findings: who accepted each, why, and as it was then.

``params/audit/<campaign>.yaml`` is committed. A finding that is not in it is new; one whose figures changed since it was accepted has
another fingerprint, and counts as changed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from stages.errors import UserError
from stages.files import write_atomic
from stages.strict import Strict
from stages.validation import validate
from stages.yaml_files import read_yaml

State = Literal["accepted", "changed", "new"]


class Acceptance(Strict):
    """Findings that one person accepted for one reason."""

    by: Annotated[str, Field(pattern=r"\S")]
    why: Annotated[str, Field(pattern=r"\S")]
    findings: dict[str, str]
    """Fingerprint by id."""


class Baseline(Strict):
    """Every acceptance of one campaign."""

    accepted: list[Acceptance] = Field(default_factory=list)

    def fingerprints(self) -> dict[str, str]:
        """Accepted fingerprint by id."""
        return {id: fingerprint for acceptance in self.accepted for id, fingerprint in acceptance.findings.items()}


def baseline_file(campaign: str) -> Path:
    return Path("params/audit") / f"{campaign}.yaml"


def load_baseline(campaign: str) -> Baseline:
    """Accepted findings of ``campaign``; none where it has no file."""
    path = baseline_file(campaign)
    return validate(Baseline, read_yaml(path), path) if path.exists() else Baseline()


def state_of(finding: Mapping[str, Any], accepted: Mapping[str, str]) -> State:
    """Whether a finding is accepted as it is, accepted as it was, or new."""
    if finding["id"] not in accepted:
        return "new"
    return "accepted" if accepted[finding["id"]] == finding["fingerprint"] else "changed"


def accept(campaign: str, findings: Sequence[Mapping[str, Any]], names: Sequence[str], by: str, why: str) -> int:
    """Add the findings whose id, rule or family is in ``names`` to the baseline; an older acceptance of one is replaced."""
    chosen = {f["id"]: f["fingerprint"] for f in findings if {f["id"], f["rule"], f["rule"].split(".")[0]} & set(names)}
    if not chosen:
        raise UserError("accept", ", ".join(names), "no such finding", "ids of findings, or of rules, that the last audit found")
    kept = [
        Acceptance(by=entry.by, why=entry.why, findings=rest)
        for entry in load_baseline(campaign).accepted
        if (rest := {id: fingerprint for id, fingerprint in entry.findings.items() if id not in chosen})
    ]
    entry = validate(Acceptance, {"by": by, "why": why, "findings": dict(sorted(chosen.items()))}, "accept")
    baseline = Baseline(accepted=[*kept, entry])
    head = (
        f"# Findings of campaign {campaign} that are accepted as they are: by whom, why, and their fingerprints (make audit).\n"
        "# yaml-language-server: $schema=../../workflow/schemas/accepted.schema.json\n"
    )
    write_atomic(baseline_file(campaign), head + yaml.safe_dump(baseline.model_dump(), sort_keys=False, allow_unicode=True, width=130))
    return len(chosen)
