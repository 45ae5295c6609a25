import json
from pathlib import Path

import datasets
import pytest

from stages.errors import UserError
from stages.example_rows import PARTS, Row, read_rows
from stages.instruction_parameters import LocalInstructions, SplitParameters
from stages.instructions import open_source, store
from stages.manifest import load_manifest, read_manifest
from stages.split import cut, facts_of, main

ROWS = [Row(f"Diga {number}", "", str(number)) for number in range(97)]


def parameters(train: int, validation: int, test: int) -> SplitParameters:
    return SplitParameters(seed=42, documents_train=train, documents_validation=validation, documents_test=test)


def test_parts_are_the_first_rows_as_datasets_shuffles_them() -> None:
    parts = cut(ROWS, parameters(50, 20, 10))
    order = datasets.Dataset.from_dict({"row": list(range(97))}).shuffle(seed=42)["row"][:80]
    assert list(parts) == list(PARTS)
    assert [row for rows in parts.values() for row in rows] == [ROWS[row] for row in order]
    assert [len(rows) for rows in parts.values()] == [50, 20, 10]


def test_all_rows_can_be_used_and_one_more_is_an_error() -> None:
    assert len(cut(ROWS, parameters(90, 7, 0))["train"]) == 90
    with pytest.raises(UserError, match=r"found 97, expected at least 90 \(train\) \+ 7 \(validation\) \+ 1 \(test\) = 98"):
        cut(ROWS, parameters(90, 7, 1))


def test_rows_that_repeat_another_are_counted() -> None:
    one, two, three = Row("a", "b", "c"), Row("a", "b", "d"), Row("e", "", "")
    assert facts_of({"train": [one, one, two], "validation": [one, three], "test": [three, two]}) == {
        "rows": {"train": 3, "validation": 2, "test": 2},
        "duplicates": 4,
        "also_in_train": {"validation": 1, "test": 1},
        "empty_outputs": 2,
        "with_input": 5,
    }


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, asked: SplitParameters, instructions: Path) -> None:
    arguments = ["--instructions", str(instructions), "--parameters", asked.model_dump_json(), "--folder", str(folder)]
    monkeypatch.setattr("sys.argv", ["split", *arguments])
    main()


def test_the_command_line_writes_the_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row._asdict())}\n" for row in ROWS))
    store(open_source(LocalInstructions(source="local", path=str(tmp_path / "rows.jsonl"), licence="CC0")), tmp_path / "in")
    run(tmp_path / "out", monkeypatch, asked := parameters(50, 20, 0), tmp_path / "in")
    assert capsys.readouterr().out == "50 for train, 20 for validation, 0 for test; 0 repeat another row, 0 have no answer\n"
    manifest = read_manifest(tmp_path / "out", "examples")
    assert list(manifest.files) == ["train.jsonl", "validation.jsonl", "test.jsonl"]
    assert (manifest.parameters, list(manifest.inputs)) == (asked.model_dump(), ["instructions"])
    assert {part: read_rows(tmp_path / f"out/{part}.jsonl") for part in PARTS} == cut(ROWS, asked)
    before = (tmp_path / "out/manifest.json").read_bytes()
    with pytest.raises(SystemExit):
        run(tmp_path / "out", monkeypatch, parameters(90, 20, 0), tmp_path / "in")
    assert "found 97, expected at least" in capsys.readouterr().err
    assert (tmp_path / "out/manifest.json").read_bytes() == before
    assert len(read_rows(tmp_path / "out/train.jsonl")) == 50


@pytest.mark.evidence
def test_the_published_rows_give_the_published_counts(evidence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(evidence / "versions/trilha2-lora/datasets")
    facts = store(open_source(LocalInstructions(source="local", path=path, licence="CC BY-NC 4.0")), tmp_path / "in")
    assert (facts["rows"], facts["with_input"], facts["empty_outputs"]) == (10_000, 2_227, 6)
    run(tmp_path / "out", monkeypatch, parameters(8000, 1000, 1000), tmp_path / "in")
    facts = load_manifest(tmp_path / "out/manifest.json").facts
    assert (facts["duplicates"], facts["with_input"], facts["empty_outputs"]) == (76, 2_227, 6)
