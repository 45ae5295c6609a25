"""Findings in the order of what they reach."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

CONCLUSION = 5
"""Cells that a conclusion of the text counts for, when errors are put in order."""


def main_errors(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Errors that reach a table cell or a conclusion of the text, rule by rule, those that reach most first."""
    rules = {rule["id"]: rule for rule in result["rules"]}
    grouped: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for finding in result["findings"]:
        if finding["severity"] == "error" and (finding["cells"] or finding["claims"]):
            grouped[finding["rule"]].append(finding)
    weights = {name: sum(len(f["cells"]) + CONCLUSION * len(f["claims"]) for f in findings) for name, findings in grouped.items()}
    return [
        {
            "rule": rules[name],
            "findings": grouped[name],
            "cells": sorted({cell for finding in grouped[name] for cell in finding["cells"]}),
            "claims": list(dict.fromkeys(claim for finding in grouped[name] for claim in finding["claims"])),
        }
        for name in sorted(grouped, key=lambda name: -weights[name])
    ]
