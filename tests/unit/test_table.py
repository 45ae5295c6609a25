import json
import subprocess
import sys
from pathlib import Path

import pytest

from stages.errors import UserError
from stages.expression import RecordNode
from stages.table import load_spec, main, over_seeds, parameter_names
from stages.traced import Ref, Traced
from tests.conftest import ROOT
from tests.unit.records import make_record, save_record

CASE = ROOT / "tests/projects/small_table"
PRICES = {"NVIDIA GeForce RTX 3080": {"name": "RTX 3080", "usd_per_hour": 0.07}}


def write_table(folder: Path, monkeypatch: pytest.MonkeyPatch, language: str = "pt", prices: object = PRICES) -> dict[str, str]:
    """The small table of two runs (1.5 h and 1.46 h at 0.07), written below ``folder``."""
    short = Ref("log.json", "$.seconds", "a" * 64)
    second = make_record("r2", time__seconds=Traced(5256.0, (short,)), time__hours=Traced(1.46, (short,), "seconds / 3600"))
    records = [save_record(folder, record) for record in (make_record("r1"), second)]
    out = {kind: folder / f"small.{kind}" for kind in ("tex", "csv", "json")}
    arguments = ["--spec", "small.yaml", "--campaign", "c", "--records", *map(str, records), "--prices", json.dumps(prices)]
    arguments += ["--language", language, *(item for kind, path in out.items() for item in (f"--{kind}", str(path)))]
    monkeypatch.chdir(CASE)
    monkeypatch.setattr("sys.argv", ["table", *arguments])
    main()
    return {kind: path.read_text() for kind, path in out.items()}


@pytest.mark.parametrize("kind", ["tex", "csv", "json"])
def test_golden_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    assert write_table(tmp_path, monkeypatch)[kind] == (CASE / f"expected/small.{kind}").read_text()


def test_english_has_points_and_english_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tex = write_table(tmp_path, monkeypatch, "en")["tex"]
    assert "Cost of 2 runs \\& co." in tex
    assert "1.46" in tex
    assert "not measured" in tex
    assert "1,46" not in tex


def test_the_thesis_habit_is_kept_beside_the_exact_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {row["id"]: row["cells"] for row in json.loads(write_table(tmp_path, monkeypatch)["json"])["rows"]}
    [cost] = rows["r1"]["cost"]["parts"]
    assert (cost["value"], cost["printed"]) == (pytest.approx(0.105), "0,11")
    [total] = rows["total"]["cost"]["parts"]
    assert total["value"] == pytest.approx(2.96 * 0.07)
    assert total["thesis"] == {"habit": "sum-of-rounded", "value": pytest.approx(0.21), "printed": "0,21"}
    assert [entry["file"] for entry in cost["lineage"]] == ["log.json", "log.json", "params/prices.yaml"]


def test_a_missing_price_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        write_table(tmp_path, monkeypatch, prices={})
    assert stop.value.code == 1
    assert "params/prices.yaml: NVIDIA GeForce RTX 3080: found no price passed for it" in capsys.readouterr().err
    assert not (tmp_path / "small.tex").exists()


def test_fewer_seeds_than_declared_are_an_error() -> None:
    refs = (Ref("o.jsonl", "$", "b" * 64),)
    scores = {
        f"results__extrinsic__qa__metrics__em__{system}__{name}": [Traced(value, refs) for value in values]
        for system in ("base", "sft")
        for name, values in (("seeds", [1, 2]), ("score", [0.1, 0.2]), ("published", [0.1, 0.2]))
    }
    record = make_record(results__extrinsic__qa__examples=[Traced(3, refs), Traced(3, refs)], **scores)
    node = RecordNode(record, "results.extrinsic.qa.metrics.em.sft.score")
    assert [value.value for value in over_seeds([2, 1], "spec", node)] == [0.1, 0.2]
    with pytest.raises(UserError, match=r"spec: seeds: found \[1, 2\] in r1: .*expected the seeds \[1, 2, 3\]"):
        over_seeds([1, 2, 3], "spec", node)


def test_an_unknown_key_of_a_spec_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("table: t\nlabel: l\ncaption: c\nrows: devices\ncolumns: [{id: a, header: A, decimal: 2, parts: [{value: '1'}]}]\n")
    with pytest.raises(UserError, match="t.yaml: columns.0.decimal: found unknown key 'decimal', expected one of: align, header"):
        load_spec(path)


def test_a_spec_is_named_as_its_file(tmp_path: Path) -> None:
    path = tmp_path / "tab01.yaml"
    path.write_text("table: tab02\nlabel: l\ncaption: c\nrows: devices\ncolumns: [{id: a, header: A, parts: [{value: '1'}]}]\n")
    with pytest.raises(UserError, match="tab01.yaml: table: found 'tab02', expected 'tab01'"):
        load_spec(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("impact: 2", "impact: high", "params/risks.yaml: risks.only.impact: found 'high'"),
        ("impact: 2", "impact: 4", "params/risks.yaml: risks.only.impact: found 4"),
        (
            "impact: 2",
            "impact: 2, cost: 1",
            "params/risks.yaml: risks.only.cost: found unknown key 'cost', expected one of: impact, probability",
        ),
    ],
)
def test_inputs_of_tables_are_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str) -> None:
    (tmp_path / "params").mkdir()
    (tmp_path / "params/risks.yaml").write_text((CASE / "params/risks.yaml").read_text().replace(old, new))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        parameter_names(load_spec(CASE / "small.yaml"), {})


def test_writing_a_table_imports_nothing_heavy() -> None:
    code = "import sys, stages.table; print([name for name in ('torch', 'mlflow', 'pandas', 'numpy', 'snakemake') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value: sum(column.hours)", "value: sum(column.hours", "not an expression"),
        ("decimals: {hours: 2}", "decimals: {ours: 2}", r"row r2 names unknown columns \['ours'\]"),
        ("decimals: {hours: 2}", "decimals: {hours: 40}", "less than or equal to 12"),
        ("      energy: {parts", "      energie: {parts", r"row total names unknown columns \['energie'\]"),
    ],
)
def test_mistakes_of_a_spec_are_found_before_anything_runs(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (CASE / "small.yaml").read_text()
    assert old in text
    (tmp_path / "small.yaml").write_text(text.replace(old, new))
    with pytest.raises(UserError, match=message):
        load_spec(tmp_path / "small.yaml")
