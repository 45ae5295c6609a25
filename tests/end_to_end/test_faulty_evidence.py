"""Evidence that is altered, truncated or ill-formed: a clear error, a failed run, earlier results untouched."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from stages.files import sha256_of
from tests.conftest import files_below, run_in

MADE = ("versions", "reports", "analysis", ".snakemake/metadata")
V2 = "versions/v2-char-lm/logs/train_brwac_v2_20k.json"
V5 = "versions/v5-transformer/logs/train_v5_main.json"
V2_RECORD = "versions/theirs/v2-char-lm/v2/record.json"
V5_RECORD = "versions/theirs/v5-transformer/v5_main/record.json"
VALIDATION_LOSS = '"val_loss": 4.445361137390137'
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


Change = Callable[[bytes], bytes]


@pytest.mark.evidence
def test_bytes_that_are_not_the_registered_ones(project: Path, copy: Path) -> None:
    """A flipped byte, a truncated JSONL and a missing file, in one call that goes on after each of them."""
    registered = json.loads((project / "data/published/registry.json").read_text())["files"]
    found: dict[str, str] = {}
    for file, change in ((V2, flip), (OUTPUTS, cut)):
        (copy / file).write_bytes(change((copy / file).read_bytes()))
        found[file] = sha256_of((copy / file).read_bytes())
    (copy / V5).unlink()
    found[V5] = "no such file"
    before = files_below(project, *MADE)
    rules = ("import_run", "score_outputs")
    done = run_in(project, "snakemake", "-c1", "--keep-going", "--forcerun", *rules, "--until", *rules, evidence=copy)
    assert done.returncode == 1
    errors = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("error: ")]
    for file, what in found.items():
        [error] = {line for line in errors if f"{copy / file}: sha256: found {what}" in line}
        assert f"expected {registered[file]['sha256']}" in error
    assert files_below(project, *MADE) == before


FAULTS: list[dict[str, tuple[str, Change, str]]] = [
    {
        "analysis/theirs/extrinsic/scores.csv": (OUTPUTS, cut, r"details_seed456.jsonl: line \d+: found invalid JSON"),
        V2_RECORD: (V2, cut, r"v2_20k.json: line \d+, column \d+: found invalid JSON"),
        V5_RECORD: (V5, replace(VALIDATION_LOSS, '"val_loss": NaN'), r"train_v5_main.json: found NaN, expected a finite number"),
    },
    {
        V2_RECORD: (
            V2,
            replace('"performance"', '"speed"'),
            r"v2_20k.json: \$.performance: found the keys .*speed.*expected \$.performance.elapsed_sec to be there",
        ),
        V5_RECORD: (V5, replace(VALIDATION_LOSS, '"val_loss": 1e999'), r"train_v5_main.json: found 1e999"),
    },
    {
        V2_RECORD: (
            V2,
            replace('"train_docs": 20000', '"train_docs": "many"'),
            r"v2_20k.json: \$.dataset.train_docs: found 'many', expected a whole number",
        ),
        V5_RECORD: (V5, replace('"epoch": 2,', '"epoch": 3,'), r"train_v5_main.json: epoch: found \[1, 3, 3"),
    },
]
"""By output: a file, what is done to it, and the error. Those of one dictionary are met in one call: a JSONL cut inside a line, invalid
JSON, a loss that is NaN; an unknown schema, a loss that overflows; text for a number, shifted epochs."""


@pytest.mark.evidence
@pytest.mark.parametrize("faults", FAULTS, ids=["not JSON", "another content", "other values"])
def test_files_that_say_nothing_we_know(project: Path, copy: Path, faults: dict[str, tuple[str, Change, str]]) -> None:
    """Registered as they are, so that their bytes are the right ones and their content is not."""
    for file, change, _ in faults.values():
        (copy / file).write_bytes(change((copy / file).read_bytes()))
    registering = run_in(project, "python", "-m", "stages.evidence", "register", str(copy), "--campaign", "theirs")
    assert registering.returncode == 0, registering.stderr
    before = files_below(project, *MADE)
    done = run_in(project, "snakemake", "-c1", "--keep-going", *faults, "--config", "campaign=theirs")
    assert done.returncode == 1
    text = done.stdout + done.stderr
    errors = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(errors) == len(faults), errors
    for _, _, message in faults.values():
        assert any(re.search(message, error) for error in errors), (message, errors)
    assert "Traceback" not in text
    assert files_below(project, *MADE) == before
    assert not [output for output in faults if (project / output).exists()]
