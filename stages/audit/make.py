"""Audit a campaign: every rule over all that it has, as data and as a page to read.

    python -m stages.audit.make --campaign published --findings FILE --page FILE [--corrected TABLE.json …]

The result depends on the campaign's files alone, so it is the same on every run. What depends on this working copy (a dirty tree, a
stale ledger) is told by :mod:`stages.audit.gate`.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import stages.audit.families  # noqa: F401  (registers every rule)
from stages.audit.campaign import Campaign
from stages.audit.families.cells import cell_counts
from stages.audit.finding import SEVERITIES, Finding
from stages.audit.page import render
from stages.audit.rules import FAMILIES, RULES, all_rules, run_rules
from stages.errors import report_errors
from stages.files import to_json, write_atomic
from stages.parameters import load_prices
from stages.registry import load_registry
from stages.table_file import read_table_file


def summarise(campaign: Campaign, findings: Sequence[Finding]) -> dict[str, Any]:
    """Counts by severity, verdict and family, and what became of the printed cells."""
    return {
        "severities": _counts([finding.severity for finding in findings], SEVERITIES),
        "verdicts": dict(sorted(Counter(finding.verdict for finding in findings).items())),
        "families": {family: _family(family, findings) for family in FAMILIES},
        "rules": len(RULES),
        "evidence_files": len(campaign.evidence.registry.files),
        "cells": _cells(campaign, findings),
    }


def _family(family: str, findings: Sequence[Finding]) -> dict[str, int]:
    own = [finding for finding in findings if finding.rule.startswith(f"{family}.")]
    return {"rules": sum(rule.family == family for rule in RULES.values())} | _counts([f.severity for f in own], SEVERITIES)


def _counts(values: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    counted = Counter(values)
    return {name: counted[name] for name in names}


def _cells(campaign: Campaign, findings: Sequence[Finding]) -> dict[str, int]:
    """Printed cells by verdict; of those that follow from their evidence, how many rest on evidence with an error."""
    counts = cell_counts(campaign)
    faulty = {cell for finding in findings if finding.severity == "error" for cell in finding.cells or ()}
    confirmed = {f"{fact['table']} {fact['column']}.{fact['row']}" for fact in campaign.printed}
    differing = {f.subject for f in findings if f.rule == "recompute.cells" and f.verdict == "mismatch"}
    return {
        "printed": sum(counts.values()),
        "confirmed": counts.get("equal", 0),
        "rounding": counts.get("equal under habit", 0),
        "different": counts.get("different", 0),
        "not_made": counts.get("no such cell", 0),
        "confirmed_on_faulty_evidence": len((confirmed - differing) & faulty),
    }


def audit(campaign: Campaign) -> dict[str, Any]:
    """Everything that the rules say of ``campaign``."""
    findings = run_rules(campaign, all_rules())
    found = Counter(finding.rule for finding in findings)
    return {
        "schema_version": 1,
        "campaign": campaign.name,
        "summary": summarise(campaign, findings),
        "rules": [rule.as_json() | {"findings": found[rule.id]} for rule in all_rules()],
        "findings": [finding.as_json() for finding in findings],
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.audit.make", description="Audit a campaign by every rule.")
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--settings", default="", help="overrides under which the records were made, split at spaces")
    parser.add_argument("--corrected", type=Path, nargs="*", default=[], help="JSON of corrected tables that the page shows")
    parser.add_argument("--findings", type=Path, required=True, help="JSON to write")
    parser.add_argument("--page", type=Path, required=True, help="HTML to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Audit the campaign, write findings and page."""
    settings = arguments.settings.split()
    campaign = Campaign.load(arguments.campaign, load_registry(arguments.campaign, settings), load_prices(), settings)
    result = audit(campaign)
    write_atomic(arguments.page, render(result, [read_table_file(path) for path in arguments.corrected]))
    write_atomic(arguments.findings, to_json(result))
    severities = result["summary"]["severities"]
    print(f"{len(RULES)} rules: " + ", ".join(f"{count} {name}s" for name, count in severities.items()))


if __name__ == "__main__":
    main()
