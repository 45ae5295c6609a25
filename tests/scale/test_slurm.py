"""A campaign through a real queue: Slurm with one node (tests/scale/slurm.sh). The same bytes as without."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stages.ledger import METADATA, entry_of
from tests.conftest import copy_project, files_below, run_in, snakemake
from tests.scale.documented import commands_of

SLURM = Path(__file__).with_name("slurm.sh")
QUERIES = "--slurm-status-command squeue --slurm-init-seconds-before-status-checks 5"
"""For a Slurm without accounting, and for jobs of seconds."""
RUN = f"snakemake --profile profiles/slurm {QUERIES} track1 audit --config campaign=tiny"
SUBMITTED = "submitted.txt"
"""Rules of the jobs that went through the queue."""
MADE = ("data/tiny", "versions/tiny", "analysis/tiny", "reports/tiny")


def test_the_page_says_what_is_run_here() -> None:
    assert commands_of("A queue: Slurm") == ["tests/scale/slurm.sh start FOLDER", RUN, "tests/scale/slurm.sh stop FOLDER"]


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("slurm")
    subprocess.run([SLURM, "start", folder], check=True)
    yield
    subprocess.run([SLURM, "stop", folder], check=True)


@pytest.fixture(scope="module")
def queued(queue: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the campaign ``tiny``, made through the queue."""
    folder = copy_project(tmp_path_factory.mktemp("queued") / "project")
    began = time.monotonic()
    done = run_in(folder, *RUN.split())
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / SUBMITTED).write_text(
        "\n".join(re.findall(r"has been submitted with SLURM jobid .*slurm_logs/rule_(\w+)/", done.stdout + done.stderr))
    )
    print(f"\nSlurm: {len((folder / SUBMITTED).read_text().split())} jobs through the queue, {time.monotonic() - began:.0f} s in all")
    return folder


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, made without one."""
    folder = copy_project(tmp_path_factory.mktemp("local") / "project")
    snakemake(folder, "track1", "audit", "--config", "campaign=tiny")
    return folder


def without_clock(files: dict[str, bytes]) -> dict[str, Any]:
    """What the clock does not decide: all but ``timing.json``, and of records and tables what is not read from one."""
    return {
        path: content if b"timing.json" not in content else untimed(json.loads(content))
        for path, content in files.items()
        if by_content(path, files)
    }


def by_content(path: str, files: dict[str, bytes]) -> bool:
    """Whether a file is none of times: ``timing.json``, a history, or a table that has some; JSON has what these have beside them."""
    data = files.get(f"{path.rpartition('.')[0]}.json", b"")
    return not path.endswith(("timing.json", "history.csv")) and (path.endswith(".json") or b"timing.json" not in data)


def untimed(value: dict[str, Any]) -> Any:
    """A record or a table's data without what it has from the clock."""
    if "rows" in value:
        return [cell for row in value["rows"] for cell in row["cells"].values() if "timing.json" not in json.dumps(cell)]
    files = {path: entry for path, entry in value["files"].items() if not path.endswith("timing.json")}
    return value | {"time": None, "files": files, "history": [epoch | {"seconds": None} for epoch in value["history"]]}


@pytest.mark.scale
def test_a_campaign_through_a_queue_has_the_same_bytes(queued: Path, local: Path) -> None:
    through, without = without_clock(files_below(queued, *MADE)), without_clock(files_below(local, *MADE))
    assert sorted(through) == sorted(without)
    assert [path for path in through if through[path] != without[path]] == []
    assert sum(path.endswith("weights.safetensors") for path in through) == 12
    ledger = [entry_of(path) for path in through if path.startswith("data/") or path.endswith("weights.safetensors")]
    assert all((queued / METADATA / entry).read_bytes() == (local / METADATA / entry).read_bytes() for entry in ledger)
    print(f"\nSlurm: {len(through)} files of content, all equal to those without a queue; {len(ledger)} entries of the ledger, too")


@pytest.mark.scale
def test_the_queue_takes_what_is_long_and_no_light_job(queued: Path) -> None:
    rules = set((queued / SUBMITTED).read_text().split())
    assert {"corpus", "text", "tokens", "train", "windows", "sample", "audit_campaign"} <= rules
    assert not {"table", "record_run", "guardrails"} & rules


@pytest.mark.scale
def test_without_a_queue_there_is_nothing_left_to_do(queued: Path) -> None:
    assert "Nothing to be done" in snakemake(queued, "-n", "track1", "audit", "--config", "campaign=tiny")


@pytest.mark.scale
def test_a_rule_for_a_gpu_asks_the_queue_for_one_and_an_error_comes_back(queued: Path) -> None:
    weights = Path("versions/tiny/v3-stacked-lstm/v3/weights.safetensors")
    before = files_below(queued, *MADE)
    done = run_in(queued, *RUN.replace("track1 audit", str(weights)).split(), "set=v3.hardware.device=GPU", "heavy=yes")
    jobs = subprocess.run(["scontrol", "show", "jobs"], capture_output=True, text=True, check=True).stdout
    assert done.returncode != 0 and jobs.count("TresPerJob=gres:gpu:1") == 1
    assert "--device: found no GPU that PyTorch can use" in (queued / "logs/tiny/train/v3-stacked-lstm/v3.log").read_text()
    assert files_below(queued, *MADE) == before
    test_without_a_queue_there_is_nothing_left_to_do(queued)
