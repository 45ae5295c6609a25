from pathlib import Path
from typing import Any

import pytest

from stages.publish import mirror, open_store, publish
from stages.record import Record
from stages.traced import Ref, Traced
from tests.unit.records import make_record, save_record

GIT = {"lastro.git_commit": "0" * 40, "lastro.git_dirty": "false"}


def show(store: Path) -> list[Any]:
    """What a person sees of the store: names, parents, times, parameters, metrics with their steps, tags."""
    client = open_store(store)
    experiment = client.get_experiment_by_name("c")
    assert experiment
    runs = client.search_runs([experiment.experiment_id])
    names = {run.info.run_id: run.info.run_name for run in runs}
    view = []
    for run in runs:
        tags = {name: names.get(value, value) for name, value in run.data.tags.items()}
        steps = {n: [(m.step, m.value, m.timestamp) for m in client.get_metric_history(run.info.run_id, n)] for n in run.data.metrics}
        view.append((run.info.run_name, run.info.start_time, run.info.end_time, run.info.status, run.data.params, steps, tags))
    return sorted(view, key=lambda entry: str(entry[0]))


def write(store: Path, folder: Path, records: list[Record], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.chdir(folder)
    paths = [save_record(Path(), record) for record in records]
    return publish(open_store(store), "c", [mirror(record, path) for record, path in zip(records, paths, strict=True)], GIT)


def test_the_mirror_is_the_same_again_after_its_store_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [make_record("r1"), make_record("r2")]
    assert write(tmp_path / "one.db", tmp_path, records, monkeypatch) == 2
    assert write(tmp_path / "two.db", tmp_path, records, monkeypatch) == 2
    view = show(tmp_path / "one.db")
    assert view == show(tmp_path / "two.db")
    assert [entry[0] for entry in view] == ["r1", "r2", "v"]
    assert view[0][5]["history.validation_loss_nats"] == [(1, 2.0, 1), (2, 1.0, 1)]
    assert view[0][6]["mlflow.parentRunId"] == "v"

    assert write(tmp_path / "one.db", tmp_path, records, monkeypatch) == 0, "publishing twice adds nothing"
    assert show(tmp_path / "one.db") == view

    client = open_store(tmp_path / "one.db")
    live = client.create_experiment("c live", artifact_location="mlflow-artifacts:/none")
    for name in ("r1", "r9"):
        client.set_terminated(client.create_run(live, tags={"lastro.run": name}).info.run_id)
    write(tmp_path / "one.db", tmp_path, records, monkeypatch)
    left = [run.data.tags["lastro.run"] for run in client.search_runs([live])]
    assert left == ["r9"], "curves of a training give way to its record, others stay"

    changed = make_record("r2", time__hours=Traced(2.5, (Ref("log.json", "$.seconds", "a" * 64),)))
    assert write(tmp_path / "one.db", tmp_path, [records[0], changed], monkeypatch) == 1, "a changed record replaces its run"
    after = show(tmp_path / "one.db")
    assert [entry[0] for entry in after] == ["r1", "r2", "v"]
    assert after[1][5]["time.hours"] == [(0, 2.5, 1)]
