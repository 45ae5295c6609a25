"""JSON schemas of the parameter files, generated from their models: ``python -m stages.schemas`` writes them.

Editors use them (each YAML names its schema in its head); a test fails where they lag behind the models.
"""

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from stages.audit.baseline import Baseline
from stages.audit.claims import Claims
from stages.campaign_models import CampaignParameters, Price
from stages.files import to_json, write_atomic
from stages.parameter_models import RunParameters
from stages.planning.parameters import PlanParameters
from stages.table_inputs import TABLE_INPUTS
from stages.table_spec import TableSpec
from stages.worked_entries import WorkedNumbers

FOLDER = Path("workflow/schemas")


def schemas() -> dict[Path, str]:
    """Text of every schema, by the file it is kept in."""
    adapters: dict[str, TypeAdapter[Any]] = {
        "campaign": TypeAdapter(CampaignParameters),
        "run": TypeAdapter(RunParameters),
        "prices": TypeAdapter(dict[str, Price]),
        "plan": TypeAdapter(PlanParameters),
        "table": TypeAdapter(TableSpec),
        **{name: TypeAdapter(given.model) for name, given in TABLE_INPUTS.items() if not given.measured},
        "claims": TypeAdapter(Claims),
        "worked_numbers": TypeAdapter(WorkedNumbers),
        "accepted": TypeAdapter(Baseline),
    }
    return {FOLDER / f"{name}.schema.json": to_json(adapter.json_schema()) for name, adapter in adapters.items()}


if __name__ == "__main__":
    for path, text in schemas().items():
        write_atomic(path, text)
