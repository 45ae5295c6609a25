import math
import socket
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.parse import unquote

import pytest

from stages.campaign_models import Price
from stages.errors import UserError
from stages.mirror import Mirrored, mirror
from stages.publish import COMPARED, _describe, publish
from stages.record import Record, load_record
from stages.store import open_store
from stages.traced import Ref, Traced
from stages.ui import HOST, addresses, check_free
from tests.conftest import ROOT
from tests.unit.records import make_record, save_record

GIT = {"lastro.git_commit": "0" * 40, "lastro.git_dirty": "false"}
PRICES = {"NVIDIA GeForce RTX 3080": Price(name="RTX 3080", usd_per_hour=0.5, source="a test")}


def show(store: Path) -> list[Any]:
    """What a person sees of the store: names, times, parameters, metrics with their steps, tags."""
    client = open_store(store)
    experiment = client.get_experiment_by_name("c")
    assert experiment
    view = []
    for run in client.search_runs([experiment.experiment_id]):
        steps = {n: [(m.step, m.value, m.timestamp) for m in client.get_metric_history(run.info.run_id, n)] for n in run.data.metrics}
        view.append((run.info.run_name, run.info.start_time, run.info.end_time, run.info.status, run.data.params, steps, run.data.tags))
    return sorted(view, key=lambda entry: str(entry[0]))


def write(store: Path, folder: Path, records: list[Record], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.chdir(folder)
    mirrored = [each for record in records for each in mirror(record, save_record(Path(), record), PRICES, {})]
    return publish(open_store(store), "c", mirrored, GIT)


def test_the_note_says_on_which_text_the_bits_per_character_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    path = Path("versions/published/v1-char-rnn/v1/record.json")
    (shown,) = mirror(load_record(path), path, {}, {})
    assert {name: value for name, value, _ in shown.metrics}["bits_per_character"] == pytest.approx(1.4171496629714966 / math.log(2))
    assert "`bits_per_character` is `results.validation.bits_per_character`" in shown.tags["mlflow.note.content"]


def test_the_mirror_is_the_same_again_after_its_store_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [make_record("r1"), make_record("r2")]
    assert write(tmp_path / "one.db", tmp_path, records, monkeypatch) == 2
    assert write(tmp_path / "two.db", tmp_path, records, monkeypatch) == 2
    view = show(tmp_path / "one.db")
    assert view == show(tmp_path / "two.db")
    assert [entry[0] for entry in view] == ["r1", "r2"]
    assert view[0][5]["training/validation_loss_nats"] == [(1, 2.0, 1), (2, 1.0, 1)]
    assert view[0][5]["cost_usd"] == [(0, 0.75, 1)], "an hour and a half at half a dollar"
    assert "loss" not in view[0][5], "what was not measured is left out"
    assert view[0][4] == {"seed": "1", "device": "NVIDIA GeForce RTX 3080"}
    assert "`versions/c/v/r1/record.json`" in view[0][6]["mlflow.note.content"]

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
    assert [entry[0] for entry in after] == ["r1", "r2"]
    assert after[1][5]["hours"] == [(0, 2.5, 1)]

    experiment = client.get_experiment_by_name("c")
    assert experiment
    runs = {run.info.run_name: run.info.run_id for run in client.search_runs([experiment.experiment_id])}
    note = unquote(experiment.tags["mlflow.note.content"])
    assert f'runs=["{runs["r1"]}", "{runs["r2"]}"]' in note, "the comparison of the runs that are there now, in the order of their names"

    monkeypatch.chdir(tmp_path)
    lines = addresses(tmp_path / "one.db", 5001)
    view_address = f"http://127.0.0.1:5001/#/experiments/{experiment.experiment_id}/runs?viewStateShareKey=models"
    assert lines[1:] == [f"  c, models trained from scratch (track 1): {view_address}"]


def test_a_port_that_is_taken_is_said_before_anything_starts() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=rf"--port: found {port} .*expected a free port of this machine.*make ui port=5001"):
            check_free(port)
    check_free(port)


def test_a_thousand_runs_fit_into_the_page_of_their_experiment() -> None:
    for count in (COMPARED, 1000):
        client = Mock()
        runs = [Mirrored(f"r{number}", "models", 1, 1, {}, [], {}) for number in range(count)]
        _describe(client, "1", "c", {each.name: "f" * 32 for each in runs}, runs)
        notes = [call.args[2] for call in client.set_experiment_tag.call_args_list]
        assert max(map(len, notes)) < 20_000
        assert ("side by side" in "".join(notes)) == (count <= COMPARED)
