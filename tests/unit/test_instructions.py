import gzip
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from stages.errors import UserError
from stages.example_rows import Row, read_rows
from stages.instruction_parameters import CanarimInstructions, DemoInstructions, LocalInstructions
from stages.instructions import main, open_source, store
from stages.manifest import read_manifest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CANARIM = CanarimInstructions(source="canarim", revision=COMMIT)


def local(path: Path) -> LocalInstructions:
    return LocalInstructions(source="local", path=str(path), licence="CC0")


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    import pyarrow
    from pyarrow.parquet import write_table

    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(pyarrow.Table.from_pylist(list(rows)), path)
    return path


def stored(path: Path, folder: Path) -> list[Row]:
    store(open_source(local(path)), folder)
    return read_rows(folder / "rows.jsonl")


ROWS: list[dict[str, Any]] = [
    {"instruction": " Some\u2028os\n", "input": "1 e\n2", "output": "3 \t"},
    {"instruction": "Diga: \x85não\r\n", "input": None, "output": "não"},
    {"instruction": "", "input": "", "output": ""},
]
CLEAN = [Row("Some\u2028os", "1 e\n2", "3"), Row("Diga: \x85não", "", "não"), Row("", "", "")]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_rows_are_stripped_and_keep_their_order_whatever_the_file(tmp_path: Path, name: str) -> None:
    assert stored(write(tmp_path / name, ROWS), tmp_path / "one") == CLEAN
    assert stored(parquet(tmp_path / "a.parquet", ROWS), tmp_path / "two") == CLEAN
    manifest = read_manifest(tmp_path / "one", "instructions")
    assert manifest.facts == {
        "rows": 3,
        "with_input": 1,
        "empty_instructions": 1,
        "empty_outputs": 1,
        "licence": "CC0",
        "source": "local",
    }
    assert list(manifest.parameters["files"]) == [name]
    assert str(tmp_path) not in (tmp_path / "one/manifest.json").read_text()


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a/z.jsonl.gz", ".cache/x.jsonl"):
        write(tmp_path / "in" / name, [{"instruction": name, "output": "sim"}])
    parquet(tmp_path / "in/b.parquet", [{"instruction": "b.parquet", "output": "sim"}])
    (tmp_path / "in/notes.txt").write_text("nada")
    assert [row.instruction for row in stored(tmp_path / "in", tmp_path / "out")] == ["a/z.jsonl.gz", "b.jsonl", "b.parquet"]


def test_other_names_of_fields_stand_in(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"prompt": "a", "context": "b", "response": "c"},
        {"instruction": "a", "prompt": "x", "input": "", "context": "b", "output": "c", "response": "x", "id": 3},
        {"instruction": None, "prompt": "a", "response": "c"},
    ]
    expected = [Row("a", "b", "c"), Row("a", "b", "c"), Row("a", "", "c")]
    assert stored(write(tmp_path / "a.jsonl", rows), tmp_path / "out") == expected
    assert stored(parquet(tmp_path / "a.parquet", rows[1:2]), tmp_path / "out") == expected[1:2]


def test_half_a_surrogate_pair_becomes_a_replacement_character(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(r'{"instruction": "a\ud800", "output": "\ud83d\ude00"}')
    assert stored(tmp_path / "a.jsonl", tmp_path / "out") == [Row("a\ufffd", "", "😀")]


GOOD = '{"instruction": "a", "output": "b"}\n\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + '{"instruction": "a", "output": \n', "a.jsonl: line 3: found invalid JSON"),
        (GOOD + "[]", "a.jsonl: line 3: found a list, expected an object"),
        (
            GOOD + '{"instruction": "a", "saida": "b"}',
            "a.jsonl: line 3: found fields instruction, saida, expected one of: output, response",
        ),
        (GOOD + '{"output": "b", "input": "c"}', "a.jsonl: line 3: found fields output, input, expected one of: instruction, prompt"),
        (GOOD + "{}", "a.jsonl: line 3: found fields none, expected one of: instruction, prompt"),
        (GOOD + '{"instruction": "a", "output": 3}', "a.jsonl: line 3, output: found int, expected text"),
        (GOOD + '{"instruction": "a", "output": "b", "context": ["c"]}', "a.jsonl: line 3, context: found list, expected text"),
        ("\n \n", r"the instructions \(local\): found no row, expected an instruction with its answer"),
        ("", r"the instructions \(local\): found no row"),
    ],
)
def test_a_bad_row_is_an_error_that_says_where_and_writes_nothing(tmp_path: Path, text: str, message: str) -> None:
    folder = tmp_path / "out"
    stored(write(tmp_path / "good.jsonl", ROWS), folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(UserError, match=message):
        stored(tmp_path / "a.jsonl", folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_parquet_without_the_fields_is_an_error(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", [{"texto": "a", "n": 1}])
    with pytest.raises(UserError, match="a.parquet: row 1: found fields texto, n, expected one of: instruction, prompt"):
        stored(path, tmp_path / "out")


@pytest.mark.parametrize(("name", "message"), [("nowhere", "found no such file"), ("a.csv", r"one of: .jsonl, .jsonl.gz, .parquet")])
def test_a_path_with_nothing_to_read_is_an_error(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "a.csv").write_text("instruction,output\n")
    with pytest.raises(UserError, match=message):
        open_source(local(tmp_path / name))


def test_canarim_is_read_from_the_hubs_cache_its_training_split_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / f"datasets--dominguesm--Canarim-Instruct-PTBR-Dataset/snapshots/{COMMIT}/data"
    for name in ("train-00001-of-00002-ab", "train-00000-of-00002-cd", "test-00000-of-00001-ef"):
        parquet(data / f"{name}.parquet", [{"instruction": name, "input": "", "output": "sim"}])
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    source = open_source(CANARIM, tmp_path)
    assert [row[0] for row in source.rows] == ["train-00000-of-00002-cd", "train-00001-of-00002-ab"]
    assert source.parameters["revision"] == COMMIT
    assert list(source.parameters["files"]) == ["data/train-00000-of-00002-cd.parquet", "data/train-00001-of-00002-ab.parquet"]
    assert source.licence.startswith("CC BY-NC 4.0")


def test_a_snapshot_without_training_files_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"datasets--dominguesm--Canarim-Instruct-PTBR-Dataset/snapshots/{COMMIT}").mkdir(parents=True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=f"revision {COMMIT}: found no training file, expected data/train-"):
        open_source(CANARIM, tmp_path)


def test_the_command_line_writes_the_demo_and_again_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = DemoInstructions(source="demo", examples=20, seed=1)
    for folder in ("one", "two"):
        monkeypatch.setattr("sys.argv", ["instructions", "--parameters", demo.model_dump_json(), "--folder", str(tmp_path / folder)])
        main()
    assert capsys.readouterr().out.startswith("20 instructions, ")
    assert read_manifest(tmp_path / "one", "instructions").parameters == demo.model_dump()
    for name in ("rows.jsonl", "manifest.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ('{"source": "demo", "examples": 0, "seed": 1}', "--parameters: examples: found 0"),
        ('{"source": "web"}', "--parameters: .*'web'"),
        ('{"source": "local", "path": "nowhere", "licence": ""}', "nowhere: found no such file"),
    ],
)
def test_wrong_parameters_are_errors_and_change_nothing(
    parameters: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["instructions", "--parameters", parameters, "--folder", "out"])
    with pytest.raises(SystemExit) as exit:
        main()
    assert exit.value.code == 1
    assert re.search(message, capsys.readouterr().err)
    assert not list(tmp_path.iterdir())
