"""All that the page shows, gathered from a campaign's files: plain data for the template and for the page's script."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.compare import compare
from stages.errors import UserError
from stages.record import Record
from stages.report.audit import OUTCOMES, findings_view, worked_view
from stages.report.beside import REFERENCE, by_campaign, by_cell, changes, corrections, side_by_side
from stages.report.environment import data_view, environment_view
from stages.report.lineage import lineage_data
from stages.report.tables import cell_marks, grouped_tables


@dataclass(frozen=True)
class Inputs:
    """What the page is made from, read but not yet looked at."""

    campaign: str
    source: str
    """``evidence`` or ``training``."""
    language: str
    """Language that the page opens in."""
    tables: Sequence[Mapping[str, Any]]
    """Tables' JSON: the campaign's own, and those that stand beside them."""
    printed: Sequence[Mapping[str, str]]
    """What the thesis prints, cell by cell."""
    claims_printed: bool
    """Whether these cells are the campaign's own claims, so that there is a verdict on each."""
    findings: Mapping[str, Any] | None
    worked: Mapping[str, Any] | None
    figures: Sequence[Mapping[str, Any]]
    """Figures' JSON, each with its images as ``images``: an address by language."""
    records: Sequence[Record]
    registry: Mapping[str, Any] | None
    sources: Mapping[str, Any]
    """Corpus and instructions as the campaign's parameters have them."""
    citation: Mapping[str, str]


def page_content(inputs: Inputs) -> dict[str, Any]:
    """Names of the template with their values; :class:`UserError` where the campaign has no table."""
    campaigns = by_campaign(inputs.tables)
    own = list(campaigns.get(inputs.campaign, {}).values())
    if not own:
        raise UserError("--tables", "campaign", ", ".join(campaigns) or "no table", f"a table of campaign {inputs.campaign}")
    compared = compare(campaigns[inputs.campaign], inputs.printed)
    verdicts = by_cell(compared)
    claimed = verdicts if inputs.claims_printed else {}
    findings = inputs.findings["findings"] if inputs.findings else []
    data = data_view(inputs.registry, inputs.sources)
    marks = cell_marks(claimed, findings)
    order = [name for name in (REFERENCE, inputs.campaign) if name in campaigns]
    ordered = {name: campaigns[name] for name in dict.fromkeys([*order, *campaigns])}
    comparisons = side_by_side(ordered, inputs.printed, marks)
    return {
        "campaign": inputs.campaign,
        "source": inputs.source,
        "language": inputs.language,
        "reference": REFERENCE,
        "verdicts": dict(Counter(each["verdict"] for each in compared)) if inputs.claims_printed else {},
        "groups": grouped_tables(own, claimed, findings),
        "comparisons": comparisons,
        "changes": changes(comparisons) if inputs.campaign == REFERENCE else [],
        "findings": findings_view(inputs.findings),
        "worked": worked_view(inputs.worked),
        "outcomes": OUTCOMES,
        "figures": inputs.figures,
        "environment": environment_view(inputs.records),
        "origin": data,
        "citation": inputs.citation,
        "data": lineage_data(own, verdicts, findings)
        | {
            "campaign": inputs.campaign,
            "reference": REFERENCE,
            "claims": inputs.claims_printed,
            "audited": inputs.findings is not None,
            "address": data["address"],
            "corrected": corrections(campaigns[inputs.campaign]),
        },
    }
