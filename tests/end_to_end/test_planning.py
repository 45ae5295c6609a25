"""Planning reads each file of parameters once, whatever asks for it: else a campaign of many runs is read as often as it has runs."""

import os
from collections import Counter
from pathlib import Path

import pytest

from bench.planning import CAMPAIGN, copy_project, write_campaign
from tests.conftest import ROOT, run_in

HOOK = """
import sys
def seen(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".yaml") and "params/" in str(arguments[0]):
        with open(%r, "a") as file:
            file.write(str(arguments[0]) + chr(10))
sys.addaudithook(seen)
"""


def test_a_dry_run_reads_each_parameter_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    project, opened = copy_project(tmp_path / "project"), tmp_path / "opened"
    write_campaign(project, 12)
    (project / "sitecustomize.py").write_text(HOOK % str(opened))
    environment = ("env", f"PYTHONPATH={project}{os.pathsep}")
    done = run_in(project, *environment, "snakemake", "-n", "track1", "--quiet", "--config", f"campaign={CAMPAIGN}")
    assert done.returncode == 0, done.stderr
    times = Counter(opened.read_text().split())
    assert sum("runs/bench_" in name for name in times) == 11
    assert {name: number for name, number in times.items() if number > 1} == {}
