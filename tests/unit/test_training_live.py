import threading
from pathlib import Path
from typing import Any

import pytest

from stages.store import open_store
from stages.training import live
from stages.training.live import LiveCurves
from stages.training.state import State

EPOCH = {"loss": 2.5, "accuracy": 0.4, "val_loss": 2.0, "val_accuracy": 0.5}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, the last points are waited for."""
    monkeypatch.setattr(live, "PATIENCE_SECONDS", 600.0)


def curves(store: Path, run: str = "r", fingerprint: str = "f") -> LiveCurves:
    return LiveCurves(f"sqlite:///{store}", "c", run, fingerprint)


def runs_in(store: Path) -> list[Any]:
    client = open_store(store)
    experiment = client.get_experiment_by_name("c live")
    return list(client.search_runs([experiment.experiment_id])) if experiment else []


def test_a_resumed_training_continues_its_curves_beside_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "POINT_SECONDS", 0.0)
    store = tmp_path / "deep/store.db"
    first = curves(store)
    other = curves(store, "s", "g")
    for step in (1, 2):
        for each in (first, other):
            each(State(0.1, "", step=step), {"loss": 3.0 - step, "learning_rate": 0.1})
    first.close("FAILED")
    resumed = curves(store)
    resumed(State(0.1, "", step=3), EPOCH)
    resumed.close("FINISHED")
    other.close("FINISHED")
    found = {run.info.run_name: run for run in runs_in(store)}
    assert sorted(found) == ["r (live)", "s (live)"]
    assert {run.info.status for run in found.values()} == {"FINISHED"}
    assert found["r (live)"].data.tags["lastro.run"] == "r"
    history = open_store(store).get_metric_history(found["r (live)"].info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(1, 2.0), (2, 1.0)]
    assert found["r (live)"].data.metrics["val_loss"] == 2.0


def test_a_validation_within_an_epoch_is_a_point_too(tmp_path: Path) -> None:
    shown = curves(tmp_path / "store.db")
    shown(State(0.1, "", step=7), {"loss": 2.5, "learning_rate": 0.1, "val_loss": 2.0, "val_accuracy": 0.5})
    shown.close("FINISHED")
    assert runs_in(tmp_path / "store.db")[0].data.metrics == {"val_loss": 2.0, "val_accuracy": 0.5}


def test_a_store_that_cannot_be_written_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FLUSH_SECONDS", 0.0)
    (tmp_path / "file").write_text("")
    broken = LiveCurves(f"sqlite:///{tmp_path}/file/store.db", "c", "r", "f")
    for step in range(9):
        broken(State(0.1, "", step=step), EPOCH)
        assert broken.writer
        broken.writer.join()
    broken.close("FINISHED")
    assert capsys.readouterr().err.count("warning: no live curves") == live.FAILURES


def test_a_store_that_never_answers_holds_up_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    monkeypatch.setattr(live, "open_store", lambda address: answered.wait())
    monkeypatch.setattr(live, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(live, "PATIENCE_SECONDS", 0.1)
    hung = curves(tmp_path / "store.db")
    for step in range(9):
        hung(State(0.1, "", step=step), EPOCH)
    hung.close("FINISHED")
    answered.set()
    assert "did not answer within" in capsys.readouterr().err
