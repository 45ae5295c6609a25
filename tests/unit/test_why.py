import json
from pathlib import Path

import pytest

from stages.errors import UserError
from stages.files import read_json
from stages.why import _made_from, explain, job_of
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


@pytest.mark.parametrize("sources", [None, 0, "x"])
def test_an_analysis_whose_sources_are_none_is_named(sources: object, tmp_path: Path) -> None:
    (tmp_path / "scores.json").write_text(json.dumps({"sources": sources}))
    with pytest.raises(UserError, match=r"scores.json: \$.sources: found .*expected a list"):
        _made_from(tmp_path / "scores.json")


@pytest.mark.parametrize("content", [[], {}, {"sources": []}])
def test_an_analysis_may_say_nothing_of_its_sources(content: object, tmp_path: Path) -> None:
    (tmp_path / "scores.json").write_text(json.dumps(content))
    assert _made_from(tmp_path / "scores.json") == _made_from(tmp_path / "absent.json") == []
