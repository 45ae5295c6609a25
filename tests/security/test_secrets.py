"""Passwords and tokens, in the environment or in addresses, are in nothing that is written or said."""

import json
from pathlib import Path

import pytest

from stages.errors import UserError, without_secrets
from stages.parameters import load_campaign
from stages.training.live import LiveCurves
from tests.conftest import copy_project, files_below, run_in

CANARY = "canary0123"
ENVIRONMENT = {
    "HF_TOKEN": f"hf_{CANARY}",
    "AWS_ACCESS_KEY_ID": CANARY,
    "AWS_SECRET_ACCESS_KEY": CANARY,
    "MLFLOW_TRACKING_URI": f"http://user:{CANARY}@127.0.0.1:1",  # nothing listens there
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_TRACKING_PASSWORD": CANARY,
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://user:pw@host:1/db", "postgresql://***@host:1/db"),
        ("a https://token@example.org/x b", "a https://***@example.org/x b"),
        ("s3://k:p@ss@bucket/file", "s3://***@bucket/file"),
        ("('http://u:p@h', 'http://u:p@h')", "('http://***@h', 'http://***@h')"),
        (
            "https://example.org/@name and owner/name@main, sqlite:///a@b.db",
            "https://example.org/@name and owner/name@main, sqlite:///a@b.db",
        ),
        ("git@github.com:a/b", "git@github.com:a/b"),
    ],
)
def test_addresses_lose_user_and_password(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_no_error_says_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert CANARY not in str(UserError(f"https://u:{CANARY}@h/x", "corpus", f"s3://{CANARY}@b", "a file", f"Try ftp://{CANARY}@h"))
    monkeypatch.chdir(tmp_path)
    Path("params/campaigns").mkdir(parents=True)
    long = f"https://user:{CANARY}@example.org/" + "x" * 200
    for corpus in ({"source": f"{'x' * 60} {long}"}, {"source": "local", "path": "a", "licence": "none", "more": long}, long):
        campaign: dict[str, object] = {"campaign": "c", "source": "training", "runs": [], "corpus": corpus}
        Path("params/campaigns/c.yaml").write_text(json.dumps(campaign))
        with pytest.raises(UserError) as raised:
            load_campaign("c")
        assert CANARY[:5] not in str(raised.value)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    LiveCurves(ENVIRONMENT["MLFLOW_TRACKING_URI"], "c", "r", "f").close("FINISHED")
    said = capsys.readouterr()
    assert "no live curves: http://***@127.0.0.1" in said.err
    assert CANARY not in said.err + said.out


@pytest.mark.fuzz
def test_nothing_that_a_campaign_writes_holds_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = copy_project(tmp_path / "project")
    campaign = (project / "params/campaigns/tiny.yaml").read_text()
    (project / "params/campaigns/tiny.yaml").write_text(campaign + "live_curves: true\n")
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    target = "versions/tiny/v1-char-rnn/v1/training.json"
    done = run_in(project, "snakemake", "-c1", "-p", target, "--config", "campaign=tiny")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no live curves: http://***@" in done.stdout + done.stderr, "the training had the address, and said so"
    assert CANARY not in done.stdout + done.stderr
    written = files_below(project, "")
    assert any(name.startswith("versions/tiny/") for name in written) and any(name.startswith("logs/tiny/") for name in written)
    assert [name for name, data in written.items() if CANARY.encode() in data and not name.startswith("tests/")] == []
