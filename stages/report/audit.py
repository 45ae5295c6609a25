"""The audit and the worked numbers as the page shows them: findings by family, and the parts of the text by outcome."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from stages.audit.finding import SEVERITIES
from stages.audit.order import main_errors
from stages.report.names import audit_anchor, cell_anchor, family_name, finding_anchor, part_name, title_of
from stages.report.rule_titles import rule_title

OUTCOMES: dict[str, dict[str, str]] = {
    "follows": {"pt": "segue", "en": "follows"},
    "rounding": {"pt": "arredondamento", "en": "rounding"},
    "convention": {"pt": "convenção", "en": "convention"},
    "differs": {"pt": "difere", "en": "differs"},
    "not verifiable": {"pt": "não verificável", "en": "not verifiable"},
    "definition": {"pt": "definição", "en": "definition"},
}
"""Outcomes of a worked number, in the order of the page."""


WORKED = "worked"
"""Family of the rules on worked numbers, which the page shows in a section of their own."""


def findings_view(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Findings by family, errors first, with their rule and anchors; none where nothing was audited."""
    if result is None:
        return None
    rules = {rule["id"]: rule for rule in result["rules"]}
    others = [each for each in result["findings"] if rules[each["rule"]]["family"] != WORKED]
    shown = sorted((_finding(each, rules) for each in others), key=lambda each: SEVERITIES.index(each["severity"]))
    tables = sorted({table for each in shown for table in each["tables"]})
    return {
        "summary": result["summary"],
        "severities": Counter(each["severity"] for each in others),
        "families": [
            {"id": family, "name": family_name(family), "findings": own}
            for family in result["summary"]["families"]
            if (own := [each for each in shown if each["family"] == family])
        ],
        "tables": [{"name": name, "title": title_of(name)} for name in tables],
        "main": [
            {
                "title": rule_title(group["rule"]),
                "message": group["findings"][0]["message"],
                "tables": [title_of(table) for table in sorted({cell.split(" ", 1)[0] for cell in group["cells"]})],
                "claims": len(group["claims"]),
                "anchor": finding_anchor(group["findings"][0]["id"]),
                "findings": len(group["findings"]),
                "cells": len(group["cells"]),
            }
            for group in main_errors(result)
        ],
    }


def _finding(finding: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    cells = [dict(zip(("table", "cell"), cell.split(" ", 1), strict=True)) for cell in finding["cells"]]
    return {
        **finding,
        "family": rules[finding["rule"]]["family"],
        "title": rule_title(rules[finding["rule"]]),
        "anchor": finding_anchor(finding["id"]),
        "audit_anchor": audit_anchor(finding["id"]),
        "tables": sorted({cell["table"] for cell in cells}),
        "cells": [{"name": f"{cell['table']} {cell['cell']}", "anchor": _anchor(cell)} for cell in cells],
    }


def _anchor(cell: Mapping[str, str]) -> str:
    column, _, row = cell["cell"].partition(".")
    return cell_anchor(cell["table"], column, row)


def worked_view(worked: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Worked numbers by part of the text, with the counts of their outcomes; none where there are none."""
    if worked is None or not worked["entries"]:
        return None
    entries: Sequence[Mapping[str, Any]] = worked["entries"]
    parts = list(dict.fromkeys(each["part"] for each in entries))
    return {
        "entries": len(entries),
        "counts": Counter(each["outcome"] for each in entries),
        "outcomes": _outcomes(entries),
        "parts": [
            {"name": part_name(part), "entries": own, "outcomes": _outcomes(own)}
            for part in parts
            if (own := [each for each in entries if each["part"] == part])
        ],
    }


def _outcomes(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    counts = Counter(each["outcome"] for each in entries)
    return [{"id": id, "name": name, "count": counts[id]} for id, name in OUTCOMES.items() if counts[id]]
