import pytest

from stages.errors import UserError
from stages.files import read_json
from stages.why import explain, job_of
from tests.conftest import ROOT


def lines(table: str, cell: str) -> str:
    return "\n".join(explain(read_json(ROOT / f"reports/published/tables/{table}.json"), cell, "published"))


def test_a_cell_is_explained_down_to_registered_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = lines("tab13", "sft.qa.em")
    assert text.startswith("tab13 sft.qa.em prints 0.090±0.017")
    for suffix in ("", "_seed456", "_seed789"):
        assert f"eval_trilha2_extrinsic_details{suffix}.jsonl" in text
    assert "second source" in text
    assert "NOT the hash" not in text


def test_a_stated_value_and_a_habit_are_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = lines("tab03", "cost.v5_main")
    assert "params/runs/v5_main.yaml  $.hardware.device" in text
    assert "stated, not measured" in text
    assert "under the thesis's habit rounded-hours: 0.416" in text


def test_the_ledger_names_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    from pathlib import Path

    text = "\n".join(job_of(Path("reports/published/tables/tab13.json")))
    assert "written by rule table from:" in text
    assert "versions/published/trilha2-lora/extrinsic/record.json  sha256:" in text
    assert "as: python -m stages.table" in text


def test_an_unknown_cell_lists_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match=r"tab02: cell: found 'gain', expected one of: gpu.RTX 3080"):
        lines("tab02", "gain")
