"""What Snakemake takes to plan campaigns of ten, a hundred and a thousand runs.

A dry run (`snakemake -n`) of a campaign whose runs are all variants of v1 with a learning rate each, in a copy of the project
where nothing is made yet: three jobs a run (training, evaluation, record) and a few that they share. Processor seconds of the
whole command, its start and imports included. The smallest campaign is hardly more than that start, so the exponent over all
sizes says less than the step from the second to the third. What is planned is not run, and files that are there already would be
looked at, too.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from bench.measure import SNAKEMAKE, Result, command, entry, growth
from stages.yaml_files import read_yaml

RUNS = {10: 2, 100: 2, 1000: 1}
"""Rounds of each number of runs."""
CAMPAIGN, LIKE, BASE = "many", "tiny", "v1"
PROJECT = ("Snakefile", "workflow", "stages", "params", "profiles")


def copy_project(folder: Path) -> Path:
    """What Snakemake needs to plan and run a campaign that is trained here, in another folder."""
    folder.mkdir(exist_ok=True)
    for name in PROJECT:
        copy = shutil.copytree if Path(name).is_dir() else shutil.copyfile
        copy(name, folder / name)
    return folder


def write_campaign(folder: Path, runs: int) -> None:
    """Parameters of a campaign of ``runs`` runs, and of each of these."""
    names = [f"bench_{number:04d}" for number in range(runs - 1)]
    campaign: dict[str, Any] = read_yaml(folder / f"params/campaigns/{LIKE}.yaml") | {"campaign": CAMPAIGN, "runs": [BASE, *names]}
    (folder / f"params/campaigns/{CAMPAIGN}.yaml").write_text(yaml.safe_dump(campaign))
    for number, name in enumerate(names, start=1):
        variant = {"run": name, "variant_of": BASE, "title": name, "training": {"learning_rate": 0.001 + number / 1e6}}
        (folder / f"params/runs/{name}.yaml").write_text(yaml.safe_dump(variant))


def result() -> Result:
    taken = []
    for runs, rounds in RUNS.items():
        with TemporaryDirectory() as folder:
            write_campaign(copy_project(Path(folder)), runs)
            dry_run = (SNAKEMAKE, "track1", "-n", "--quiet", "all", "--config", f"campaign={CAMPAIGN}")
            taken.append([command(*dry_run, folder=Path(folder)) for _ in range(rounds)])
    per_run = [1000 * each.processor / max(RUNS) for each in taken[-1]]
    setting = {"rounds": ", ".join(map(str, RUNS.values())), "Slurm's executor, whose imports every call waits for": _slurm()}
    return Result(
        {"per_run": entry(f"A run of {max(RUNS):,}, planned", "ms", per_run)},
        setting,
        ("snakemake", "pydantic", "PyYAML"),
        {"runs": growth("A dry run", "runs", list(RUNS), taken)},
    )


def _slurm() -> str:
    return "installed" if find_spec("snakemake_executor_plugin_slurm") else "not installed"
