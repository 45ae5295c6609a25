"""Is there anything new? Prints the audit's summary and answers by its exit status.

    python -m stages.audit.gate report --campaign published
    python -m stages.audit.gate accept outputs.residue … --by NAME --why REASON [--campaign published]

Exit status: 0 where every error and warning is accepted as it is in params/audit/<campaign>.yaml; 1 where the audit could not be read;
3 where an error or warning is new, or changed since it was accepted. Notes never change it.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from stages.audit.baseline import accept, baseline_file, load_baseline, state_of
from stages.audit.finding import SEVERITIES, Severity
from stages.audit.state import state_findings
from stages.errors import UserError, report_errors
from stages.files import read_json
from stages.validation import validate


class Reported(BaseModel):
    id: str
    rule: str
    severity: Severity
    message: str
    fingerprint: str


class Summary(BaseModel):
    rules: int
    evidence_files: int
    severities: dict[str, int]
    families: dict[str, dict[str, int]]
    cells: dict[str, int]


NEW = 3
"""Exit status where something is new."""


class Audit(BaseModel):
    """What the gate needs of ``findings.json``; there is more in it."""

    campaign: str
    summary: Summary
    findings: list[Reported]


def findings_file(campaign: str) -> Path:
    return Path("analysis", campaign, "audit", "findings.json")


def load_audit(campaign: str) -> dict[str, Any]:
    """The campaign's last audit; :class:`UserError` where there is none."""
    path = findings_file(campaign)
    if not path.exists():
        raise UserError(path, "", "no such file", "an audit of the campaign", f"Make it: make audit campaign={campaign}")
    return validate(Audit, read_json(path), path).model_dump()


def report(audit: Mapping[str, Any], here: Sequence[Mapping[str, Any]], accepted: Mapping[str, str]) -> tuple[list[str], bool]:
    """Lines to print, and whether anything of weight is new; ``here`` are the working copy's findings."""
    summary = audit["summary"]
    lines = [
        f"Campaign {audit['campaign']}: {summary['rules']} rules over {summary['evidence_files']} files",
        *_family_lines(summary),
        *_cell_lines(summary["cells"]),
    ]
    findings = [*audit["findings"], *here]
    weighty = [finding for finding in findings if finding["severity"] != "note"]
    states = {finding["id"]: state_of(finding, accepted) for finding in weighty}
    fresh = [finding for finding in weighty if states[finding["id"]] != "accepted"]
    gone = sorted(accepted.keys() - {finding["id"] for finding in findings})
    counted = Counter(states.values())
    lines.append(f"errors and warnings: {counted['accepted']} accepted, {counted['changed']} changed since, {counted['new']} new")
    for finding in sorted(fresh, key=lambda f: SEVERITIES.index(f["severity"])):
        lines.append(f"  {states[finding['id']]} {finding['severity']}: {finding['id']}")
        lines.append(f"    {finding['message']}")
    lines += [f"  no longer found, though accepted: {id}" for id in gone]
    lines += [f"  here: {finding['message']}" for finding in here if finding["severity"] == "note"]
    return lines, bool(fresh)


def _family_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {'family':<12}{'rules':>7}{'errors':>8}{'warnings':>10}{'notes':>7}"
    for name, counts in summary["families"].items():
        yield f"  {name:<12}{counts['rules']:>7}{counts['error']:>8}{counts['warning']:>10}{counts['note']:>7}"
    counts = summary["severities"]
    yield f"  {'all':<12}{summary['rules']:>7}{counts['error']:>8}{counts['warning']:>10}{counts['note']:>7}"


def _cell_lines(cells: Mapping[str, int]) -> Iterator[str]:
    if cells["printed"]:
        differing = cells["different"] + cells["not_made"]
        yield (
            f"printed cells: {cells['printed']}: {cells['confirmed']} confirmed, {cells['rounding']} by rounding otherwise,"
            f" {differing} different; {cells['confirmed_on_faulty_evidence']} of those that follow rest on evidence with an error"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.audit.gate", description="Report an audit against its baseline.")
    commands = parser.add_subparsers(dest="command", required=True)
    reporting = commands.add_parser("report", help="print the summary; exit with 3 where something is new")
    accepting = commands.add_parser("accept", help="accept findings as they are")
    accepting.add_argument("names", nargs="+", metavar="FINDING", help="ids of findings, rules or families")
    accepting.add_argument("--by", required=True, help="who accepts them")
    accepting.add_argument("--why", required=True, help="why they may stand")
    for command in (reporting, accepting):
        command.add_argument("--campaign", default="published")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Report, or accept."""
    audit = load_audit(arguments.campaign)
    known = {finding["id"] for finding in audit["findings"]}
    here = [finding.as_json() for finding in state_findings(arguments.campaign) if finding.id not in known]
    if arguments.command == "accept":
        weighty = [finding for finding in [*audit["findings"], *here] if finding["severity"] != "note"]
        number = accept(arguments.campaign, weighty, arguments.names, arguments.by, arguments.why)
        print(f"{baseline_file(arguments.campaign)}: {number} findings accepted by {arguments.by}")
        return
    lines, new = report(audit, here, load_baseline(arguments.campaign).fingerprints())
    page = findings_file(arguments.campaign).with_name("index.html")
    print("\n".join([*lines, f"page: {page}"]))
    if new:
        print(f"To accept a finding: python -m stages.audit.gate accept ID --by NAME --why REASON --campaign {arguments.campaign}")
        sys.exit(NEW)


if __name__ == "__main__":
    main()
