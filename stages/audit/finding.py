"""What a rule says: one finding, with the claim it touches, the evidence for it, and how large the effect is."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from stages.files import sha256_of_json
from stages.traced import Ref

Severity = Literal["error", "warning", "note"]
Verdict = Literal["confirmed", "rounding", "convention", "mismatch", "protocol fault", "not verifiable"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing that a rule found. Text is for a reader who has never seen the project."""

    subject: str
    """What it is about, unique within the rule and stable from run to run: a file, a run, a task of a seed."""
    severity: Severity
    """``error``: a number or claim is wrong or means something else; ``warning``: it cannot be compared or trusted as it stands;
    ``note``: good to know, changes no number."""
    verdict: Verdict
    message: str
    """What was found and why it matters, in a sentence or two."""
    stated: str = ""
    """What the campaign says."""
    recomputed: str = ""
    """What its evidence gives."""
    effect: str = ""
    """How much it changes."""
    evidence: tuple[Ref, ...] = ()
    """Files and places, with the hash of the bytes that were read."""
    claims: tuple[str, ...] = ()
    """Places in the text that rest on it; the runner adds those that the campaign's claims tie to the evidence."""
    cells: tuple[str, ...] | None = None
    """Table cells that rest on it, as ``tab13 sft.qa.em``; left to ``None``, the runner takes those whose lineage meets the evidence."""
    rule: str = ""
    """Id of the rule; filled by the runner."""

    @property
    def id(self) -> str:
        """Name of the finding, the same on every run: the rule and a slug of the subject."""
        return f"{self.rule}:{re.sub(r'[^a-z0-9_./-]+', '-', self.subject.lower()).strip('-')}"

    @property
    def fingerprint(self) -> str:
        """Changes when what was found changes, so that an accepted finding that grew worse counts as new."""
        return sha256_of_json([self.id, self.severity, self.verdict, self.stated, self.recomputed, self.effect])[:12]

    def as_json(self) -> dict[str, Any]:
        """The finding as data, in a fixed order."""
        return {
            "id": self.id,
            "rule": self.rule,
            "subject": self.subject,
            "severity": self.severity,
            "verdict": self.verdict,
            "message": self.message,
            "stated": self.stated,
            "recomputed": self.recomputed,
            "effect": self.effect,
            "claims": list(self.claims),
            "cells": list(self.cells or ()),
            "evidence": [{"file": ref.file, "path": ref.path, "sha256": ref.sha256, "origin": ref.origin} for ref in self.evidence],
            "fingerprint": self.fingerprint,
        }
