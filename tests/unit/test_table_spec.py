"""A table of a campaign has the rows and columns that such a campaign can fill."""

from pathlib import Path

import pytest

from stages.table import load_spec
from stages.table_spec import Source
from tests.conftest import ROOT

KINDS: tuple[Source, ...] = ("evidence", "training")


def spec(name: str) -> Path:
    return ROOT / "params/tables" / f"{name}.yaml"


@pytest.mark.parametrize(
    ("runs", "rows"), [(["v1", "v3"], ["v1", "v3"]), (["v1", "v1_all_positions"], ["v1"]), (["extrinsic"], ["extrinsic"])]
)
def test_a_partial_table_has_the_rows_of_the_runs_that_there_are(runs: list[str], rows: list[str]) -> None:
    restricted = load_spec(spec("tab01")).restricted_to(runs, "training")
    assert restricted and [row.id for row in restricted.listed_rows()] == rows


def test_a_whole_table_needs_all_its_runs() -> None:
    table = load_spec(spec("tab07"))
    assert table.restricted_to(["v1", "v2"], "evidence") is None
    assert table.restricted_to(["v1", "v2", "v3", "v5_main"], "evidence") is not None


def test_columns_and_tables_may_be_of_one_kind_of_campaign() -> None:
    runs = ["v1", "v2", "v3"]
    here, there = (load_spec(spec("tab07")).restricted_to(runs, kind) for kind in KINDS)
    assert here and there and {column.id for column in there.columns} - {column.id for column in here.columns} == {"predicted"}
    assert load_spec(spec("comparable")).restricted_to(runs, "evidence") is None
    assert load_spec(spec("comparable")).restricted_to(runs, "training") is not None
