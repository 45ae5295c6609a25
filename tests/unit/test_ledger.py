import json
from pathlib import Path

import pytest

from stages import ledger
from stages.files import write_atomic


@pytest.fixture
def metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    ledger.METADATA.mkdir(parents=True)
    return tmp_path / ledger.METADATA


def write(output: str, **fields: object) -> None:
    (ledger.METADATA / ledger.entry_of(output)).write_text(json.dumps({"rule": "table", "starttime": 12.5, "job_hash": 99} | fields))


def read(output: str) -> dict[str, object]:
    content = json.loads((ledger.METADATA / ledger.entry_of(output)).read_text())
    assert isinstance(content, dict)
    return content


def test_what_changes_from_run_to_run_is_taken_out(metadata: Path) -> None:
    write("a.tex", params=["0.07"])
    ledger.settle()
    first = (metadata / ledger.entry_of("a.tex")).read_bytes()
    write("a.tex", params=["0.07"], starttime=13.5, endtime=14.0, job_hash=100)
    ledger.settle()
    assert (metadata / ledger.entry_of("a.tex")).read_bytes() == first
    assert read("a.tex")["params"] == ["0.07"]


def test_a_failed_job_does_not_leave_its_parameters_behind(metadata: Path) -> None:
    write("a.tex", params=["0.07"])
    ledger.remember()
    write("a.tex", params=["0.08"])
    write("b.tex", params=["0.08"])
    write("c.tex", params=["0.08"])
    ledger.settle(["a.tex", "b.tex"])
    assert read("a.tex")["params"] == ["0.07"]
    assert not (metadata / ledger.entry_of("b.tex")).exists(), "made by no run yet, so nothing is known of it"
    assert read("c.tex")["params"] == ["0.08"], "a job that succeeded in the same run counts"
    assert not ledger.BEFORE.exists()


def test_after_a_killed_run_the_next_one_puts_back_what_was_not_made(metadata: Path) -> None:
    for output in ("failed.tex", "made.tex"):
        write_atomic(Path(output), "0.07")
        write(output, params=["0.07"])
    ledger.remember(["failed.tex", "made.tex", "never.tex"])
    write_atomic(Path("made.tex"), "0.08")
    Path("failed.tex").write_text("0.07")  # as Snakemake restores it
    for output in ("failed.tex", "made.tex", "never.tex"):
        write(output, params=["0.08"])  # then it is killed
    ledger.remember()
    assert (read("failed.tex")["params"], read("made.tex")["params"]) == (["0.07"], ["0.08"])
    assert not (metadata / ledger.entry_of("never.tex")).exists()
    ledger.settle()
    assert not ledger.PLANNED.exists() and not ledger.BEFORE.exists()


def test_entries_are_named_as_snakemake_names_them() -> None:
    assert ledger.entry_of("reports/a.tex").as_posix() == "cmVwb3J0cy9hLnRleA=="
    assert len(ledger.entry_of("x" * 400).parts) == 3


def test_a_damaged_entry_ends_nothing_and_is_told(metadata: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("a.tex", params=["0.07"])
    (metadata / ledger.entry_of("b.tex")).write_bytes(b'{"params": \xff')
    (metadata / ledger.entry_of("c.tex")).write_bytes(b"[]")
    ledger.settle()
    assert capsys.readouterr().err.count("note: left as it is: ") == 2
    assert (metadata / ledger.entry_of("b.tex")).read_bytes() == b'{"params": \xff', "Snakemake's to judge"
