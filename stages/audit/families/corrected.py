"""Rule on the corrected tables: they are audited like those that they correct."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from stages.audit.campaign import Campaign
from stages.audit.families.integrity import build_again, differences_of
from stages.audit.finding import Finding
from stages.audit.rules import rule
from stages.corrected_scores import corrected_scores
from stages.errors import UserError
from stages.files import read_json, sha256_of_file
from stages.guardrail_cross import cross_table
from stages.table import analysis_names, load_spec, parameter_names
from stages.table_spec import TableSpec
from stages.traced import Ref


@rule(
    "integrity.corrected",
    "Corrected tables that are not what the evidence gives",
    proves="Doing the correction again gives other figures than its analysis holds, or its table prints something else than the analysis.",
    cannot="Whether the correction is the right one: its method is described in docs/audit.md.",
)
def corrected(campaign: Campaign) -> Iterator[Finding]:
    for name in campaign.corrected_tables:
        spec = load_spec(Path("params/tables", f"{name}.yaml"))
        paths = [Path("analysis", campaign.name, "audit", f"{analysis}.json") for analysis in spec.analyses]
        try:
            for path in paths:
                yield from _analysis(campaign, spec, path)
            yield from _table(campaign, spec, paths)
        except UserError as error:
            message = f"The corrected table {name} cannot be made again: {error}"
            yield Finding(name, "error", "not verifiable", message, "", str(error.found))


def _scores_again(campaign: Campaign, spec: TableSpec) -> dict[str, Any]:
    run = next(run for run in spec.runs() if campaign.runs[run].extrinsic)
    return corrected_scores(campaign.evidence, campaign.runs[run], campaign.claims.normaliser)


def _cross_again(campaign: Campaign, spec: TableSpec) -> dict[str, Any]:
    return cross_table(campaign.evidence, [campaign.records[run] for run in spec.runs() if run in campaign.records])


_AGAIN: dict[str, Callable[[Campaign, TableSpec], dict[str, Any]]] = {"corrected_scores": _scores_again, "guardrail_cross": _cross_again}


def _analysis(campaign: Campaign, spec: TableSpec, path: Path) -> Iterator[Finding]:
    kept, again = read_json(path), json.loads(json.dumps(_AGAIN[path.stem](campaign, spec)))
    if differing := sorted(key for key in kept.keys() | again.keys() if kept.get(key) != again.get(key)):
        ref = Ref(path.as_posix(), "$", sha256_of_file(path), "project")
        message = f"{path} does not hold what the evidence gives, in {', '.join(differing)}."
        yield Finding(path.as_posix(), "error", "mismatch", message, "as kept", "as made again", ", ".join(differing), (ref,))


def _table(campaign: Campaign, spec: TableSpec, paths: list[Path]) -> Iterator[Finding]:
    names = parameter_names(spec, campaign.used_prices) | analysis_names(spec, paths)
    yield from differences_of(campaign, spec.table, campaign.corrected_tables[spec.table], spec, build_again(campaign, spec, names))
