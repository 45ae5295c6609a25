"""What is new against what was accepted; what this working copy shows; the page."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stages.audit.baseline import accept, load_baseline, state_of
from stages.audit.finding import Finding
from stages.audit.gate import findings_file, load_audit, report
from stages.audit.make import audit
from stages.audit.page import render
from stages.audit.state import git, ledger, mlflow, tables
from stages.errors import UserError
from stages.ledger import METADATA, entry_of
from stages.publish import run as publish
from stages.store import STORE
from tests.audit.sound import Sound, inside

FINDING = Finding("a run", "error", "mismatch", "It differs.", "1", "2", rule="recompute.cells").as_json()


def result(sound: Sound) -> dict[str, Any]:
    with inside(sound.folder):
        return audit(sound.load())


def test_a_sound_campaign_has_neither_errors_nor_warnings(sound: Sound) -> None:
    found = result(sound)
    assert [f["id"] for f in found["findings"] if f["severity"] != "note"] == []
    cells = found["summary"]["cells"]
    assert cells["confirmed"] == cells["printed"] > 20
    lines, new = report(found, [], {})
    assert not new
    assert "errors and warnings: 0 accepted, 0 changed since, 0 new" in lines


def test_twice_the_same(sound: Sound) -> None:
    assert json.dumps(result(sound)) == json.dumps(result(sound))


def test_new_changed_and_accepted() -> None:
    accepted = {FINDING["id"]: FINDING["fingerprint"]}
    assert state_of(FINDING, {}) == "new"
    assert state_of(FINDING, accepted) == "accepted"
    grown = Finding("a run", "error", "mismatch", "It differs.", "1", "3", rule="recompute.cells").as_json()
    assert state_of(grown, accepted) == "changed"
    reworded = Finding("a run", "error", "mismatch", "It is another.", "1", "2", rule="recompute.cells").as_json()
    assert state_of(reworded, accepted) == "accepted", "words may be improved"


def test_acceptance_has_a_name_and_a_reason(tmp_path: Path) -> None:
    with inside(tmp_path):
        assert accept("c", [FINDING], ["recompute"], "Ana", "known since the defence") == 1
        assert load_baseline("c").fingerprints() == {FINDING["id"]: FINDING["fingerprint"]}
        accept("c", [FINDING], [FINDING["id"]], "Rui", "looked at again")
        [entry] = load_baseline("c").accepted
        assert entry.by == "Rui"
        with pytest.raises(UserError, match="no such finding"):
            accept("c", [FINDING], ["recompute.other"], "Ana", "why not")


def test_a_baseline_without_a_reason_is_refused(tmp_path: Path) -> None:
    with inside(tmp_path):
        Path("params/audit").mkdir(parents=True)
        Path("params/audit/c.yaml").write_text("accepted: [{by: Ana, why: '', findings: {}}]\n")
        with pytest.raises(UserError, match=r"accepted.0.why"):
            load_baseline("c")


def test_the_report_names_what_is_new_and_what_is_gone(sound: Sound) -> None:
    found = result(sound) | {"findings": [FINDING]}
    lines, new = report(found, [], {"outputs.residue:x": "0"})
    assert new
    assert "  new error: recompute.cells:a-run" in lines
    assert "  no longer found, though accepted: outputs.residue:x" in lines
    assert report(found, [], {FINDING["id"]: FINDING["fingerprint"]})[1] is False


def test_a_note_fails_nothing(sound: Sound) -> None:
    note = Finding("x", "note", "not verifiable", "Good to know.", rule="state.git").as_json()
    lines, new = report(result(sound), [note], {})
    assert not new
    assert "  here: Good to know." in lines


def test_the_ledger_must_know_what_made_a_file(tmp_path: Path) -> None:
    with inside(tmp_path):
        made, source = Path("reports/c/tables/t.json"), Path("params/t.yaml")
        for path in (made, source):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
        [finding] = ledger("c")
        assert (finding.severity, finding.subject) == ("warning", made.as_posix())
        entry = METADATA / entry_of(made.as_posix())
        entry.parent.mkdir(parents=True)
        digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
        entry.write_text(json.dumps({"input_checksums": {"params/t.yaml": f"sha256:{digest}"}}))
        assert list(ledger("c")) == []
        source.write_text("y")
        [finding] = ledger("c")
        assert (finding.severity, finding.verdict) == ("error", "mismatch")
        entry.write_text(json.dumps({"input": ["params/t.yaml"], "input_checksums": {}}))
        [finding] = ledger("c")
        assert finding.severity == "error", "an input on record without its hash"
        entry.write_text("[]")
        with pytest.raises(UserError, match="broken"):
            list(ledger("c"))


def test_an_edited_mirror(sound: Sound) -> None:
    """The whole of it is compared. (One test, because MLflow keeps one store open for the life of a process.)"""
    import argparse
    import sqlite3

    edits = {
        "UPDATE latest_metrics SET value = 0.5 WHERE key = 'loss'": "loss",
        "UPDATE metrics SET value = value + 1 WHERE step = 1": "training/seconds",
        "UPDATE tags SET value = 'v9' WHERE key = 'lastro.version'": "lastro.version",
        "DELETE FROM params WHERE key = 'seed'": "seed",
    }
    with inside(sound.folder):
        assert list(mlflow("sound")) == [], "no store, no finding"
        publish(argparse.Namespace(campaign=["sound"], store=STORE))
        assert list(mlflow("sound")) == []
        for statement, name in edits.items():
            with sqlite3.connect(STORE) as store:
                store.execute(statement)
            assert any(name in finding.effect for finding in mlflow("sound")), statement


@pytest.mark.parametrize("content", ["{}", "[]", '{"campaign": "c", "summary": {}, "findings": []}'])
def test_findings_that_are_none_are_named(tmp_path: Path, content: str) -> None:
    with inside(tmp_path):
        findings_file("c").parent.mkdir(parents=True)
        findings_file("c").write_text(content)
        with pytest.raises(UserError, match=r"findings\.json"):
            load_audit("c")


def test_a_table_edited_since_the_audit(sound: Sound) -> None:
    """Told by the gate itself, which needs no evidence for it."""
    path = sound.folder / "reports/sound/tables/models.csv"
    path.write_text(path.read_text().replace("1.4375", "1.4357"))
    with inside(sound.folder):
        (sound.folder / "data/sound/evidence").rename(sound.folder / "elsewhere")
        assert [finding.subject for finding in tables("sound")] == ["models.csv"]


def test_a_dirty_tree_is_told(tmp_path: Path) -> None:
    with inside(tmp_path):
        [finding] = git()
        assert "not a git repository" in finding.message
        subprocess.run(["git", "init", "-q"], check=True)
        assert list(git()) == []
        Path("new").write_text("x")
        [finding] = git()
        assert (finding.severity, finding.effect) == ("note", "1 files")


def test_the_page_escapes_what_it_shows(sound: Sound) -> None:
    nasty = Finding(
        "<script>alert(1)</script>", "error", "mismatch", "<b>bold</b> & more", "<i>", "x", claims=("<u>c</u>",), rule="recompute.cells"
    )
    page = render(result(sound) | {"findings": [nasty.as_json()]})
    assert "<script>" not in page
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; more" in page
    assert "http:" not in (head := page.split("</style>")[0]) and "https:" not in head, "nothing is fetched"


def test_the_page_of_a_sound_campaign_says_so(sound: Sound) -> None:
    page = render(result(sound))
    assert "No error reaches a printed cell or a conclusion." in page
