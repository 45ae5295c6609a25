"""Peak memory of the long stages, at the demo's sizes.

Snakemake runs one run of track 1 and one evaluation of track 2 from raw text on, in an empty copy of the project, and notes
seconds and resident memory of each job (`benchmark:`), summed over the job's processes and looked at now and then: a short peak
can be missed, and so are jobs of less than a few seconds, which are not shown. Models and batches have the demo's sizes; what is
trained on is less, which changes how long it takes and not what is held. Most of it is PyTorch itself. Seconds here are of jobs
that wait for one another, two at once, and are no benchmark of speed.
"""

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import SNAKEMAKE, Result, command, entry
from bench.planning import copy_project
from stages.errors import UserError

CAMPAIGN = "demo"
TARGETS = (
    *("versions/demo/v6-release-candidate/v6_rc16k_v5b/record.json", "versions/demo/v3-stacked-lstm/v3/manifest.json"),
    "analysis/demo/extrinsic/extrinsic/123/outputs.jsonl",
)
LESS = (
    *("base.training.epochs=1", "base.data.documents_train=200"),
    *("sft.training.epochs=1", "sft.data.documents_train=300", "extrinsic.extrinsic.examples_per_task=10"),
)
SHORTEST = 2.0
"""Seconds of a job that is shown: of a shorter one Snakemake has hardly seen the memory."""


def jobs(folder: Path) -> dict[str, dict[str, str]]:
    """What Snakemake noted of each job, by the name of its file."""
    found = {}
    for path in sorted((folder / "benchmarks" / CAMPAIGN).rglob("*.tsv")):
        [found[path.relative_to(folder / "benchmarks" / CAMPAIGN).with_suffix("").as_posix()]] = csv.DictReader(path.open(), delimiter="\t")
    return found


def result() -> Result:
    with TemporaryDirectory() as name:
        folder = copy_project(Path(name))
        command(SNAKEMAKE, *TARGETS, "-c2", "--config", f"campaign={CAMPAIGN}", f"set={' '.join(LESS)}", folder=folder)
        noted = jobs(folder)
    entries = {
        job: entry(f"Most memory of {job}", "MiB", [float(row["max_rss"])]) for job, row in noted.items() if float(row["s"]) >= SHORTEST
    }
    if not entries:
        raise UserError("benchmarks", "", "no job of any length", "one at least")
    return Result(entries, {"rounds": 1, "campaign": CAMPAIGN, "changed": "; ".join(LESS)}, ("snakemake", "torch"))
