"""The graph of a campaign's rules, as Snakemake has it: ``snakemake --dag`` read into JSON, jobs of one rule together.

Rules are joined to the file that they stand in. Rules of the Snakefile itself only name targets and are left out.
"""

import argparse
import os
import re
import subprocess
import sys
from functools import cache, partial
from pathlib import Path
from typing import Any

from stages.errors import UserError, report_errors
from stages.files import read_text, to_json, write_atomic

TARGETS = ("all", "check", "audit", "track1", "track2")
"""Rules of the Snakefile that together ask for everything."""
_RULE = re.compile(r"^(?:rule|use rule \w+ as) (\w+)", re.MULTILINE)
_INCLUDE = re.compile(r'^include: "(.+)"$', re.MULTILINE)
_JOB = re.compile(r"^\s*(\d+)\[label = \"(\w+)((?:\\n[^\"]*)?)\"", re.MULTILINE)
_CAMPAIGN = re.compile(r"\\ncampaign: ([A-Za-z0-9_-]+)")
_EDGE = re.compile(r"^\s*(\d+) -> (\d+)$", re.MULTILINE)


def ask_snakemake(campaign: str) -> str:
    """What ``snakemake --dag`` prints for all of a campaign; it runs and changes nothing.

    The graph is that of a machine that has the evidence, whether or not this one does: nothing of it is read.
    """
    command = [sys.executable, "-m", "snakemake", *TARGETS, "--config", f"campaign={campaign}", "--dag", "dot"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"LASTRO_EVIDENCE": "."})
    if done.returncode or "digraph" not in done.stdout:
        raise UserError("snakemake --dag", "", (done.stderr.strip().splitlines() or ["no graph"])[-1], "the graph of the jobs")
    return done.stdout[done.stdout.index("digraph") :]


def read_graph(dot: str, files: dict[str, str], campaign: str) -> dict[str, Any]:
    """Rules of one campaign's jobs with the file each stands in, and the pairs of which the second reads what the first makes.

    ``files`` has the file of each rule. A campaign's page stands beside others' tables: the jobs of those are not its own.
    """
    jobs = {number: (rule, wildcards) for number, rule, wildcards in _JOB.findall(dot)}
    if not jobs:
        raise UserError("snakemake --dag", "", "no job", "at least one")
    edges = _EDGE.findall(dot)
    own = _own_jobs({number: wildcards for number, (_, wildcards) in jobs.items()}, edges, campaign)
    found = {number: rule for number, (rule, _) in jobs.items() if number in own and rule in files}
    rules = sorted(set(found.values()), key=list(files).index)
    pairs = {(found[first], found[second]) for first, second in edges if first in found and second in found}
    kept = sorted(pair for pair in pairs if pair[0] != pair[1])
    return {"rules": [{"rule": rule, "file": files[rule]} for rule in rules], "edges": [list(pair) for pair in kept]}


def _own_jobs(wildcards: dict[str, str], edges: list[tuple[str, str]], campaign: str) -> set[str]:
    """Jobs of the campaign. Snakemake names a job's campaign only where none of the jobs that it rests on has it."""
    before: dict[str, list[str]] = {}
    for first, second in edges:
        before.setdefault(second, []).append(first)

    @cache
    def is_own(job: str) -> bool:
        named = _CAMPAIGN.search(wildcards[job])
        return named[1] == campaign if named else any(map(is_own, before.get(job, [])))

    return {job for job in wildcards if is_own(job)}


def rule_files(snakefile: Path) -> dict[str, str]:
    """File of each rule, in the order in which the Snakefile includes them."""
    names = _INCLUDE.findall(read_text(snakefile))
    return {rule: name for name in names for rule in _RULE.findall(read_text(snakefile.parent / name))}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.rule_graph", description="Write the graph of a campaign's rules.")
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Ask Snakemake, write what it says."""
    graph = read_graph(ask_snakemake(arguments.campaign), rule_files(Path("Snakefile")), arguments.campaign)
    write_atomic(arguments.output, to_json({"schema_version": 1, "campaign": arguments.campaign, **graph}))
    print(f"{len(graph['rules'])} rules, {len(graph['edges'])} edges")


if __name__ == "__main__":
    main()
