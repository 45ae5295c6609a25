"""Rule on cells: what the text prints against what its evidence gives."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.rules import rule
from stages.compare import cells_of, compare, compare_cell
from stages.table import load_spec
from stages.traced import Ref


@rule(
    "recompute.cells",
    "Printed cells that do not follow from their evidence",
    proves="The text prints another value than the campaign's records give for that cell, or gets it only by rounding in another way.",
    cannot="A cell that agrees may rest on evidence that is itself wrong: the other rules look at that.",
)
def cells(campaign: Campaign) -> Iterator[Finding]:
    tables = {name: cells_of(table) for name, table in campaign.tables.items()}
    yield from _not_made(campaign)
    for fact in campaign.printed:
        cell = tables.get(fact["table"], {}).get((fact["row"], fact["column"]))
        name = f"{fact['table']} {fact['column']}.{fact['row']}"
        if cell is not None and (verdict := compare_cell(cell, fact["printed"]))["verdict"] != "equal":
            yield _cell_finding(name, cell, verdict)
        if cell is not None and verdict["second_source"] == "disagrees":
            yield _second_source(name, cell)


def _not_made(campaign: Campaign) -> Iterator[Finding]:
    """Tables that the text prints and that could not be made here, and the runs that they lack."""
    printed = Counter(fact["table"] for fact in campaign.printed if fact["table"] not in campaign.tables)
    for name, number in printed.items():
        spec = Path("params/tables", f"{name}.yaml")
        lacking = [run for run in load_spec(spec).runs() if run not in campaign.records] if spec.exists() else []
        why = f": there is no record of {', '.join(lacking)}" if lacking else ""
        message = f"{number} printed cells of {name} could not be checked, because the table could not be made{why}."
        yield Finding(name, "error", "not verifiable", message, f"{number} cells", "no table", f"{number} cells", cells=(name,))


def _cell_finding(name: str, cell: Mapping[str, Any], verdict: Mapping[str, str]) -> Finding:
    stated, ours = verdict["thesis"], cell["printed"]["en"]
    if verdict["verdict"] == "equal under habit":
        message = f"The cell prints {stated}; rounded once, at the end, its evidence gives {ours} (habit: {verdict['habit']})."
        return Finding(name, "note", "rounding", message, stated, ours, "last digit", _evidence(cell), cells=(name,))
    message = f"The cell prints {stated}; its evidence gives {ours}."
    return Finding(name, "error", "mismatch", message, stated, ours, "", _evidence(cell), cells=(name,))


def _second_source(name: str, cell: Mapping[str, Any]) -> Finding:
    pairs = [(part["value"], part["also"]["value"]) for part in cell["parts"] if "also" in part]
    first, second = (", ".join(f"{pair[index]:.6g}" for pair in pairs) for index in (0, 1))
    message = "Two places in the evidence give different values for this cell."
    return Finding(f"{name}, second source", "error", "mismatch", message, second, first, "", _evidence(cell), cells=(name,))


def _evidence(cell: Mapping[str, Any]) -> tuple[Ref, ...]:
    """Places behind a cell, each once."""
    places = [place for part in cell["parts"] for place in part["lineage"]]
    return tuple(dict.fromkeys(Ref(place["file"], place["path"], place["sha256"], place["origin"]) for place in places))


def cell_counts(campaign: Campaign) -> dict[str, int]:
    """How many printed cells there are, by verdict (``equal``, ``equal under habit``, ``different``, ``no such cell``)."""
    counts = Counter(verdict["verdict"] for verdict in compare(campaign.tables, campaign.printed))
    counts["no such cell"] += sum(fact["table"] not in campaign.tables for fact in campaign.printed)
    return dict(sorted(counts.items()))
