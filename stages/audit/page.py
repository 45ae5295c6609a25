"""The audit as a page: one self-contained HTML file for a reader who has never seen the project."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stages.audit.order import main_errors
from stages.audit.rules import FAMILIES


def render(result: Mapping[str, Any], corrected: Sequence[Mapping[str, Any]] = ()) -> str:
    """The page of an audit's result; every text is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    by_rule: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for finding in result["findings"]:
        by_rule[finding["rule"]].append(finding)
    families = [
        {"name": name, "question": FAMILIES[name], "counts": counts, "rules": [r for r in result["rules"] if r["family"] == name]}
        for name, counts in result["summary"]["families"].items()
    ]
    return environment.get_template("page.html.j2").render(
        result=result,
        summary=result["summary"],
        families=families,
        by_rule=by_rule,
        tables=_by_table(result["findings"]),
        main=main_errors(result),
        corrected=corrected,
    )


def _by_table(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each table that an error or warning reaches: how many of its cells, and the rules that say so."""
    cells: dict[str, set[str]] = defaultdict(set)
    rules: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for finding in findings:
        if finding["severity"] != "note":
            for cell in finding["cells"]:
                cells[cell.split(" ")[0]].add(cell)
            for table in {cell.split(" ")[0] for cell in finding["cells"]}:
                rules[table][finding["rule"], finding["severity"]] += 1
    return [{"name": name, "cells": len(cells[name]), "rules": [(*rule, n) for rule, n in rules[name].items()]} for name in sorted(cells)]
