"""Rule on cells: what the text prints against what its evidence gives."""

from collections.abc import Iterator, Mapping
from typing import Any

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.rules import rule
from stages.compare import cells_of, compare, compare_cell
from stages.traced import Ref


@rule(
    "recompute.cells",
    "Printed cells that do not follow from their evidence",
    proves="The text prints another value than the campaign's records give for that cell, or gets it only by rounding in another way.",
    cannot="A cell that agrees may rest on evidence that is itself wrong: the other rules look at that.",
)
def cells(campaign: Campaign) -> Iterator[Finding]:
    tables = {name: cells_of(table) for name, table in campaign.tables.items()}
    for fact in campaign.printed:
        cell = tables.get(fact["table"], {}).get((fact["row"], fact["column"]))
        name = f"{fact['table']} {fact['column']}.{fact['row']}"
        if cell is not None and (verdict := compare_cell(cell, fact["printed"]))["verdict"] != "equal":
            yield _cell_finding(name, cell, verdict)
        if cell is not None and verdict["second_source"] == "disagrees":
            yield _second_source(name, cell)


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
    counts: dict[str, int] = {}
    for verdict in compare(campaign.tables, campaign.printed):
        counts[verdict["verdict"]] = counts.get(verdict["verdict"], 0) + 1
    return dict(sorted(counts.items()))
