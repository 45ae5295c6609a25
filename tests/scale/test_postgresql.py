"""MLflow on PostgreSQL: the commands of docs/scaling.md, several writers at once, and a server that is down."""

import multiprocessing
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.screenshots import free_port
from stages.errors import UserError
from stages.mirror import mirror_campaign
from stages.publish import live_name, publish
from stages.store import open_store
from stages.training import live
from stages.training.live import LiveCurves
from stages.training.state import State
from stages.ui import HOST
from stages.ui import serving as serving_pages
from tests.conftest import ROOT, copy_project
from tests.scale.documented import blocks_of
from tests.scale.postgres import PASSWORD, Server, serving

pytestmark = pytest.mark.scale
CAMPAIGN = "published"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture
def address(server: Server) -> str:
    """An empty database."""
    return server.new_database()


def view(store: str | Path, campaign: str) -> list[Any]:
    """All that a person sees of a campaign's runs: names, times, parameters, metrics with their steps, tags."""
    client = open_store(store)
    experiment = client.get_experiment_by_name(campaign)
    assert experiment
    shown = []
    for run in client.search_runs([experiment.experiment_id], max_results=1000):
        steps = {n: sorted((m.step, m.value, m.timestamp) for m in client.get_metric_history(run.info.run_id, n)) for n in run.data.metrics}
        shown.append((run.info.run_name, run.info.start_time, run.info.end_time, run.info.status, run.data.params, steps, run.data.tags))
    return sorted(shown, key=lambda entry: str(entry[0]))


def without_git(shown: list[Any]) -> list[Any]:
    return [(*rest, {name: value for name, value in tags.items() if "git" not in name}) for *rest, tags in shown]


def environment(server: Server, address: str, folder: Path) -> dict[str, str]:
    """What the document leaves to its reader, the password in libpq's own file."""
    passwords = folder / "pgpass"
    passwords.write_text(f"*:*:*:*:{PASSWORD.replace('%2F', '/')}\n")
    passwords.chmod(0o600)
    given = {"ROLE": "lastro", "HOST": HOST, "PORT": str(server.port), "DATABASE": address.rpartition("/")[2], "PGPASSFILE": str(passwords)}
    return os.environ | given | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def test_two_publishings_at_once_on_a_cold_database_show_what_sqlite_shows(
    server: Server, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = blocks_of("A database: PostgreSQL")
    command, given = ["bash", "-euo", "pipefail", "-c", block], environment(server, address, tmp_path)
    at_once = [subprocess.Popen(command, cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in "ab"]
    printed = [process.communicate()[0] for process in at_once]
    assert [process.returncode for process in at_once] == [0, 0], printed
    mirrored = mirror_campaign(CAMPAIGN)
    counts = sorted(line.partition(f"campaign {CAMPAIGN}: ")[2] for said in printed for line in said.splitlines() if CAMPAIGN in line)
    whole = len(mirrored)
    assert counts == [f"{whole} runs, 0 written, {whole} unchanged", f"{whole} runs, {whole} written, 0 unchanged"]

    monkeypatch.chdir(ROOT)
    publish(open_store(tmp_path / "store.db"), CAMPAIGN, mirrored, {})
    in_sqlite = view(tmp_path / "store.db", CAMPAIGN)
    assert without_git(view(address, CAMPAIGN)) == in_sqlite and len(in_sqlite) == len(mirrored)
    again = server.new_database()
    publish(open_store(again), CAMPAIGN, mirrored, {})
    assert view(again, CAMPAIGN) == in_sqlite, "made again, it shows the same"


def draw_curve(address: str, number: int) -> None:
    """What a training shows; two points and an epoch."""
    live.POINT_SECONDS, live.PATIENCE_SECONDS = 0.0, 600.0
    curves = LiveCurves(address, "c", f"r{number}", f"f{number}")
    for step in (1, 2):
        curves(State(0.1, "", step=step), {"loss": 3.0 - step, "learning_rate": 0.1})
    curves(State(0.1, "", step=3), {"loss": 1.0, "val_loss": 2.0})
    curves.close("FINISHED")


def test_four_trainings_at_once_on_a_cold_database(address: str) -> None:
    context = multiprocessing.get_context("spawn")
    trainings = [context.Process(target=draw_curve, args=(address, number)) for number in range(4)]
    for training in trainings:
        training.start()
    for training in trainings:
        training.join()
    shown = view(address, live_name("c"))
    assert [(name, status) for name, _, _, status, *_ in shown] == [(f"r{number} (live)", "FINISHED") for number in range(4)]
    for *_, steps, _ in shown:
        assert [(step, value) for step, value, _ in steps["loss"]] == [(1, 2.0), (2, 1.0)]


def test_a_training_goes_on_without_its_server(
    server: Server, address: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "POINT_SECONDS", 0.0)
    monkeypatch.setattr(live, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(live, "PATIENCE_SECONDS", 600.0)
    curves, slowest = LiveCurves(address, "c", "r", "f"), 0.0
    assert curves.writer
    curves.writer.join()
    server.stop()
    for step in range(100):
        begun = time.perf_counter()
        curves(State(0.1, "", step=step), {"loss": 1.0, "learning_rate": 0.1})
        slowest = max(slowest, time.perf_counter() - begun)
        if step == 50:
            curves.writer.join()
            assert curves.failures == 1, "one writing failed, and the points are kept"
            server.start()
    curves.close("FINISHED")
    (shown,) = view(address, live_name("c"))
    assert [step for step, _, _ in shown[5]["loss"]] == list(range(100)), "what could not be written is written later"
    said = capsys.readouterr().err
    assert said.count("warning: no live curves") == 1 and PASSWORD not in said
    assert slowest < 2.0, "no step waited for the server"


def test_what_is_wrong_is_told_without_the_password(server: Server, address: str) -> None:
    elsewhere = address.replace(f":{server.port}/", f":{free_port()}/")
    wrong = server.address("postgres", "wrong-secret")
    for given, said in ((elsewhere, "Connection refused"), (wrong, "password authentication failed"), (server.address("absent"), "absent")):
        with pytest.raises(UserError, match=f"no MLflow store.*{said}") as told:
            open_store(given)
        assert PASSWORD not in str(told.value) and "wrong-secret" not in str(told.value)


def test_the_pages_serve_it_and_no_process_shows_the_password(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    publish(open_store(address), CAMPAIGN, mirror_campaign(CAMPAIGN), {})
    port = free_port()
    with serving_pages(address, port, tmp_path / "log"):
        asked = f"http://{HOST}:{port}/api/2.0/mlflow/experiments/get-by-name?experiment_name={CAMPAIGN}"
        with urllib.request.urlopen(asked) as answer:
            assert f'"{CAMPAIGN}"' in answer.read().decode()
        commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [command for command in commands if PASSWORD.encode() in command]
    assert PASSWORD not in (tmp_path / "log").read_text()


def test_a_real_training_leaves_the_password_nowhere(address: str, tmp_path: Path) -> None:
    folder = copy_project(tmp_path / "project")
    given = os.environ | {"MLFLOW_TRACKING_URI": address, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["snakemake", "-c1", "versions/tiny/v1-char-rnn/v1/record.json", "--config", "campaign=tiny"]
    done = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (shown,) = view(address, live_name("tiny"))
    assert shown[6]["lastro.run"] == "v1" and len(shown[5]["val_loss"]) == 2
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]
    assert PASSWORD not in done.stdout + done.stderr
