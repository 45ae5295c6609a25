import threading
from pathlib import Path

import pytest

from stages.errors import UserError
from stages.files import decode_text, open_atomic, parse_csv, parse_json, parse_json_lines, to_csv, write_atomic


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_json_constants_that_are_no_numbers_are_refused(constant: str) -> None:
    with pytest.raises(UserError, match=f"log.json: found {constant}, expected a finite number"):
        parse_json(f'{{"loss": {constant}}}', "log.json")


def test_invalid_json_names_its_line() -> None:
    with pytest.raises(UserError, match="log.json: line 2, column 1: found invalid JSON"):
        parse_json('{"loss": 1,\n', "log.json")


def test_a_truncated_line_of_jsonl_is_named() -> None:
    with pytest.raises(UserError, match="outputs.jsonl: line 2: found invalid JSON"):
        parse_json_lines('{"a": 1}\n{"a": 2', "outputs.jsonl")


def test_text_that_is_not_utf8_names_the_byte() -> None:
    with pytest.raises(UserError, match="log.txt: byte 3: found 0xff"):
        decode_text(b"abc\xff", "log.txt")


def test_a_short_csv_row_is_named() -> None:
    with pytest.raises(UserError, match="history.csv: line 3"):
        parse_csv("epoch,loss\n0,1.5\n1\n", "history.csv")


def test_csv_that_is_none_is_named() -> None:
    with pytest.raises(UserError, match="history.csv: after line 1: found invalid CSV"):
        parse_csv('epoch,loss\n0,"1.5\n', "history.csv")


@pytest.mark.parametrize("text", ["1" * 5000, "[" * 100_000])
def test_json_of_absurd_size_is_an_error_not_a_crash(text: str) -> None:
    with pytest.raises(UserError, match="log.json: found JSON that cannot be read"):
        parse_json(text, "log.json")


def test_csv_keeps_full_precision_and_round_trips() -> None:
    value = 0.1 + 0.2
    [row] = parse_csv(to_csv(["x", "y"], [{"x": value, "y": None}]), "x.csv")
    assert float(row["x"]) == value
    assert row["y"] == ""


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "record.json"
    write_atomic(target, "old")

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(UserError, match="record.json: found No space left on device"):
        write_atomic(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_process_left_half_written_goes_with_the_next_writing(tmp_path: Path) -> None:
    target = tmp_path / "documents.txt"
    (tmp_path / ".documents.txt.part").write_bytes(b"a long half of it")
    write_atomic(target, "new")
    assert (list(tmp_path.iterdir()), target.read_text()) == ([target], "new")


def test_two_that_write_one_file_write_one_after_the_other(tmp_path: Path) -> None:
    target = tmp_path / "record.json"
    with open_atomic(target) as file:
        second = threading.Thread(target=write_atomic, args=(target, "second"))
        second.start()
        file.write(b"first, longer")
        assert not target.exists()
    second.join(10)
    assert (list(tmp_path.iterdir()), target.read_text()) == ([target], "second")
