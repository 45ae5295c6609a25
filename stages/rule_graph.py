"""The graph of a campaign's rules, as Snakemake has it: ``snakemake --rulegraph`` read into JSON.

Rules are joined to the file that they stand in. Rules of the Snakefile itself only name targets and are left out.
"""

import argparse
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from stages.errors import UserError, report_errors
from stages.files import read_text, to_json, write_atomic

TARGETS = ("all", "check", "audit", "track1", "track2")
"""Rules of the Snakefile that together ask for everything."""
_RULE = re.compile(r"^(?:rule|use rule \w+ as) (\w+)", re.MULTILINE)
_INCLUDE = re.compile(r'^include: "(.+)"$', re.MULTILINE)
_NODE = re.compile(r"^\s*(\d+)\[label = \"(\w+)\"", re.MULTILINE)
_EDGE = re.compile(r"^\s*(\d+) -> (\d+)$", re.MULTILINE)


def ask_snakemake(campaign: str, targets: tuple[str, ...] = TARGETS) -> str:
    """What ``snakemake --rulegraph`` prints for the targets of a campaign; it runs and changes nothing."""
    command = [sys.executable, "-m", "snakemake", *targets, "--config", f"campaign={campaign}", "--rulegraph", "dot"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or "digraph" not in done.stdout:
        raise UserError("snakemake --rulegraph", "", (done.stderr.strip().splitlines() or ["no graph"])[-1], "the graph of the rules")
    return done.stdout[done.stdout.index("digraph") :]


def read_graph(dot: str, files: dict[str, str]) -> dict[str, Any]:
    """Rules with the file each stands in, and the pairs of which the second reads what the first makes; ``files`` by rule."""
    names = dict(_NODE.findall(dot))
    if not names:
        raise UserError("snakemake --rulegraph", "", "no rule", "at least one")
    rules = sorted({name for name in names.values() if name in files}, key=list(files).index)
    pairs = {(names[first], names[second]) for first, second in _EDGE.findall(dot)}
    kept = sorted((first, second) for first, second in pairs if first in rules and second in rules and first != second)
    return {"rules": [{"rule": rule, "file": files[rule]} for rule in rules], "edges": [list(pair) for pair in kept]}


def rule_files(snakefile: Path) -> dict[str, str]:
    """File of each rule, in the order in which the Snakefile includes them."""
    names = _INCLUDE.findall(read_text(snakefile))
    return {rule: name for name in names for rule in _RULE.findall(read_text(snakefile.parent / name))}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.rule_graph", description="Write the graph of a campaign's rules.")
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--snakefile", type=Path, default=Path("Snakefile"))
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Ask Snakemake, write what it says."""
    graph = read_graph(ask_snakemake(arguments.campaign), rule_files(arguments.snakefile))
    write_atomic(arguments.output, to_json({"schema_version": 1, "campaign": arguments.campaign, **graph}))
    print(f"{len(graph['rules'])} rules, {len(graph['edges'])} edges")


if __name__ == "__main__":
    main()
