"""What is said of a kill campaign is what its log and its two runs give."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stages.files import read_json
from tests.conftest import ROOT
from tests.end_to_end.faults.campaign import finished, made_again
from tests.end_to_end.faults.figures import RESULTS, compared, counted, different, give_times, sentence


def kill(kind: str, seconds: float, again: Mapping[str, int] = {}) -> dict[str, Any]:
    return {"kind": kind, "killed": ["train"], "seconds_undone": {"train v1": seconds}, "made_again": again}


def write(project: Path, **files: str) -> Path:
    for name, text in files.items():
        path = project / "versions/demo" / name.replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return project


def test_a_campaign_is_counted_by_kind_and_by_stage_and_survived_only_where_it_became_whole() -> None:
    lines = [kill("stage", 3.0), kill("group", 5.0, {"versions/demo/a": 7, "versions/published/b": 9}), {"failed": 1}]
    found = counted(lines, "demo")
    assert (found["kills"], found["by_kind"], found["killed_stages"]) == (2, {"stage": 1, "snakemake": 0, "group": 1}, {"train": 2})
    assert found["survived"] is None and found["failures_by_itself"] == 1
    assert found["made_again"] == {"versions/demo/a": 7} and found["seconds_undone"]["total"] == 8
    assert counted([*lines, {"whole": True, "made_again": {}}], "demo")["survived"] == 2


def test_times_may_differ_and_nothing_else(tmp_path: Path) -> None:
    alone = write(tmp_path / "alone", timing_json="1", record_json="1", weights="same", lost="four")
    killed = write(tmp_path / "killed", timing_json="2", record_json="2", weights="same", lost="for")
    at_once = different(alone, killed)
    give_times(killed, alone)
    write(alone, record_json="2")
    at_last = different(alone, killed)
    assert len(at_once) == 3 and at_last == ["versions/demo/lost"]
    found = compared(killed, at_once, at_last, {"versions/demo/a": 7})
    assert (found["files_the_same_at_once"], found["files_the_same_from_the_same_times"]) == (1, 2)
    assert (found["files"], found["bytes_lost"], found["files_different"]) == (4, 3 + 7, ["versions/demo/lost"])


def test_an_output_counts_as_finished_once_snakemake_knows_it(tmp_path: Path) -> None:
    from stages.ledger import METADATA, entry_of

    names = [f"versions/demo/{name}" for name in ("done", "begun", "unknown")]
    write(tmp_path, done="1", begun="1", unknown="1")
    for folder, known in ((tmp_path / METADATA, names[:2]), (tmp_path / ".snakemake/incomplete", names[1:2])):
        folder.mkdir(parents=True)
        for name in known:
            (folder / entry_of(name)).write_text("{}")
    before = finished(tmp_path)
    assert set(before) == {names[0]} and made_again(before, finished(tmp_path)) == {}
    (tmp_path / names[0]).unlink()
    assert made_again(before, finished(tmp_path)) == {names[0]: 1}


def test_the_readme_has_the_figures_of_the_last_campaign() -> None:
    said = " ".join((ROOT / "README.md").read_text().split())
    assert RESULTS.exists() == ("random moments of the demo" in said)
    if RESULTS.exists():
        results = read_json(RESULTS)
        assert sentence(results) in said and results["survived"] == results["kills"] >= 50
