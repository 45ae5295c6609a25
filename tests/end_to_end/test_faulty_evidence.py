"""Evidence that is altered, truncated or ill-formed: a clear error, a failed run, earlier results untouched."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from stages.files import sha256_of
from tests.conftest import files_below, run_in, snakemake

MADE = ("versions", "reports", "analysis", ".snakemake/metadata")
V2 = "versions/v2-char-lm/logs/train_brwac_v2_20k.json"
V5 = "versions/v5-transformer/logs/train_v5_main.json"
OUTPUTS = "versions/trilha2-lora/analysis/eval_trilha2_extrinsic_details_seed456.jsonl"


@pytest.fixture
def copy(tmp_path: Path, evidence: Path) -> Path:
    """A copy of the evidence that a test may alter."""
    folder = tmp_path / "evidence"
    shutil.copytree(evidence, folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def replace(old: str, new: str) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old.encode() in data
        return data.replace(old.encode(), new.encode(), 1)

    return change


def flip(data: bytes) -> bytes:
    return data[:500] + bytes([data[500] ^ 1]) + data[501:]


def cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


@pytest.mark.evidence
@pytest.mark.parametrize(
    ("file", "change", "rule"),
    [
        pytest.param(V2, flip, "import_run", id="one flipped byte"),
        pytest.param(V2, None, "import_run", id="a missing file"),
        pytest.param(OUTPUTS, cut, "score_outputs", id="a truncated JSONL"),
    ],
)
def test_bytes_that_are_not_the_registered_ones(
    project: Path, copy: Path, file: str, change: Callable[[bytes], bytes] | None, rule: str
) -> None:
    registered = json.loads((project / "data/published/registry.json").read_text())["files"][file]["sha256"]
    if change is None:
        (copy / file).unlink()
        found = "no such file"
    else:
        (copy / file).write_bytes(change((copy / file).read_bytes()))
        found = sha256_of((copy / file).read_bytes())
    before = files_below(project, *MADE)
    done = run_in(project, "snakemake", "-c1", "--keep-going", "--forcerun", rule, "--until", rule, evidence=copy)
    assert done.returncode == 1
    message = done.stdout + done.stderr
    assert f"{copy / file}: sha256: found {found}" in message
    assert f"expected {registered}" in message
    assert files_below(project, *MADE) == before


@pytest.mark.evidence
@pytest.mark.parametrize(
    ("file", "change", "output", "message"),
    [
        pytest.param(
            OUTPUTS,
            cut,
            "analysis/theirs/extrinsic/scores.csv",
            r"details_seed456.jsonl: line \d+: found invalid JSON",
            id="a JSONL cut inside a line",
        ),
        pytest.param(
            V2,
            cut,
            "versions/theirs/v2-char-lm/v2/record.json",
            r"v2_20k.json: line \d+, column \d+: found invalid JSON",
            id="invalid JSON",
        ),
        pytest.param(
            V5,
            replace('"val_loss": 4.445361137390137', '"val_loss": NaN'),
            "versions/theirs/v5-transformer/v5_main/record.json",
            r"train_v5_main.json: found NaN, expected a finite number",
            id="a NaN loss",
        ),
        pytest.param(
            V5,
            replace('"val_loss": 4.445361137390137', '"val_loss": 1e999'),
            "versions/theirs/v5-transformer/v5_main/record.json",
            r"train_v5_main.json: \$.history\[0\].val_loss: found inf",
            id="a loss that overflows",
        ),
        pytest.param(
            V2,
            replace('"performance"', '"speed"'),
            "versions/theirs/v2-char-lm/v2/record.json",
            r"v2_20k.json: \$.performance: found the keys .*speed.*expected \$.performance.elapsed_sec to be there",
            id="an unknown schema",
        ),
        pytest.param(
            V5,
            replace('"epoch": 2,', '"epoch": 3,'),
            "versions/theirs/v5-transformer/v5_main/record.json",
            r"train_v5_main.json: epoch: found \[1, 3, 3",
            id="shifted epochs",
        ),
        pytest.param(
            V2,
            replace('"train_docs": 20000', '"train_docs": "many"'),
            "versions/theirs/v2-char-lm/v2/record.json",
            r"v2_20k.json: \$.dataset.train_docs: found 'many', expected a whole number",
            id="text for a number",
        ),
    ],
)
def test_files_that_say_nothing_we_know(
    project: Path, copy: Path, file: str, change: Callable[[bytes], bytes], output: str, message: str
) -> None:
    """Registered as they are, so that their bytes are the right ones and their content is not."""
    (copy / file).write_bytes(change((copy / file).read_bytes()))
    registering = run_in(project, "python", "-m", "stages.evidence", "register", str(copy), "--campaign", "theirs")
    assert registering.returncode == 0, registering.stderr
    before = files_below(project, *MADE)
    done = run_in(project, "snakemake", "-c1", output, "--config", "campaign=theirs")
    assert done.returncode == 1
    text = done.stdout + done.stderr
    errors = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert re.search(message, errors[0]), errors[0]
    assert "Traceback" not in text
    assert files_below(project, *MADE) == before
    assert not (project / output).exists()


@pytest.mark.evidence
def test_a_registered_folder_is_a_campaign_like_any_other(project: Path, copy: Path) -> None:
    """Somebody else's results: one number differs, and the tables that use it differ with it."""
    (copy / V2).write_text((copy / V2).read_text().replace('"elapsed_sec": 3156.332495212555', '"elapsed_sec": 7200.0'))
    assert run_in(project, "python", "-m", "stages.evidence", "register", str(copy), "--campaign", "theirs").returncode == 0
    wanted = ("records", "tables", "check", "--config", "campaign=theirs")
    snakemake(project, *wanted)
    verdicts = (project / "analysis/theirs/thesis_check.csv").read_text().splitlines()
    published = (project / "analysis/published/thesis_check.csv").read_text().splitlines()
    changed = [line.split(",")[:3] for line in verdicts if line not in published]
    assert changed == [["tab01", "v2", "hours"], ["tab03", "v2", "hours"], ["tab03", "v2", "cost"], ["tab07", "v2", "hours"]]
    assert "nothing to be done" in snakemake(project, "-n", *wanted).lower()
    assert "nothing to be done" in snakemake(project, "-n").lower(), "the published campaign is not touched"
