"""What a kill campaign came to: its two runs compared byte by byte, and its log counted.

    python -m tests.end_to_end.faults.figures --campaign demo --folder /tmp/faults --seed 7

Writes ``results.json`` beside this file and prints the README's sentence. Times differ from run to run, and so does what is made from
them: the run that was left alone is therefore given the killed one's times (``timing.json``), and makes again what reads them, before all
is compared.
"""

import argparse
import os
import platform
import shutil
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stages.files import read_json, sha256_of_file, to_json, write_atomic
from stages.ledger import METADATA
from stages.training.hardware import processor_name
from tests.end_to_end.faults.campaign import OUTPUTS, command_of, copied, read_log
from tests.end_to_end.faults.processes import CHECKPOINT_SECONDS, KINDS, start

RESULTS = Path(__file__).with_name("results.json")
CLOCK = ("timing.json", "_timing.json")
"""How files end that hold times, and nothing else that matters."""
LIBRARIES = ("snakemake", "torch", "sentencepiece", "transformers")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.end_to_end.faults.figures", description="Compare and count a kill campaign.")
    parser.add_argument("--campaign", default="demo")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cores", type=int, default=2)
    arguments = parser.parse_args()
    folder, lines = arguments.folder.resolve(), read_log(arguments.folder / "kills.jsonl")
    alone, killed = copied(folder / "alone"), copied(folder / "killed")
    at_once = different(alone, killed)
    give_times(killed, alone)
    if start(alone, command_of(arguments.campaign, arguments.cores), folder / "alone.log").wait():
        raise RuntimeError(f"what rests on times could not be made again: see {folder / 'alone.log'}")
    results = {"campaign": arguments.campaign, "seed": arguments.seed} | counted(lines, arguments.campaign)
    results |= compared(killed, at_once, different(alone, killed), results.pop("made_again"))
    write_atomic(RESULTS, to_json(results | machine()))
    print(sentence(read_json(RESULTS)))


def hashes(project: Path) -> dict[str, str]:
    """Of every output, and of the ledger's entries."""
    paths = [path for name in (*OUTPUTS, str(METADATA)) for path in (project / name).rglob("*") if path.is_file()]
    return {path.relative_to(project).as_posix(): sha256_of_file(path) for path in paths}


def different(first: Path, second: Path) -> list[str]:
    """Files that are not in both, or not the same."""
    one, other = hashes(first), hashes(second)
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def give_times(source: Path, target: Path) -> None:
    """Put the times that ``source`` took in the place of those of ``target``."""
    for path in (path for name in OUTPUTS for path in (source / name).rglob("*") if path.name.endswith(CLOCK)):
        shutil.copyfile(path, target / path.relative_to(source))


def counted(lines: Sequence[Mapping[str, Any]], campaign: str) -> dict[str, Any]:
    """Kills by kind and by stage, and the work that they undid; ``made_again``: bytes of the campaign's finished files made once more."""
    kills = [line for line in lines if "kind" in line]
    undone = [sum(line["seconds_undone"].values()) for line in kills]
    again = {name: size for line in lines for name, size in line.get("made_again", {}).items() if name.split("/")[1] == campaign}
    return {
        "kills": len(kills),
        "by_kind": {kind: sum(line["kind"] == kind for line in kills) for kind in KINDS},
        "killed_stages": dict(sorted(Counter(name for line in kills for name in line["killed"]).items())),
        "survived": len(kills) if any("whole" in line for line in lines) else None,
        "failures_by_itself": sum("failed" in line for line in lines),
        "checkpoint_seconds": CHECKPOINT_SECONDS,
        "seconds_undone": {"median": statistics.median(undone), "longest": max(undone), "total": round(sum(undone), 1)},
        "made_again": again,
    }


def compared(killed: Path, at_once: Sequence[str], at_last: Sequence[str], again: Mapping[str, int]) -> dict[str, Any]:
    """Files and bytes that were compared, and those that a kill cost."""
    sizes = {name: (killed / name).stat().st_size for name in hashes(killed)}
    return {
        "files": len(sizes),
        "bytes": sum(sizes.values()),
        "files_the_same_at_once": len(sizes) - sum(name in sizes for name in at_once),
        "files_the_same_from_the_same_times": sum(name in sizes and name not in at_last for name in at_once),
        "files_different": list(at_last),
        "finished_files_made_again": dict(again),
        "bytes_lost": _size(at_last, sizes) + sum(again.values()),
    }


def _size(names: Iterable[str], sizes: Mapping[str, int]) -> int:
    return sum(max(1, sizes.get(name, 0)) for name in names)


def machine() -> dict[str, Any]:
    """Where it ran."""
    versions = {library: version(library) for library in LIBRARIES} | {"python": platform.python_version()}
    return {"machine": {"processor": processor_name(), "cores": os.cpu_count()}, "versions": versions}


def sentence(results: Mapping[str, Any]) -> str:
    """What the README says of it."""
    stage, snakemake, group = (results["by_kind"][kind] for kind in KINDS)
    size = f"{results['files']:,} files, {results['bytes'] / 1e6:,.0f} MB"
    return (
        f"`kill -9` at {results['kills']} random moments of the demo ({stage} of a stage, {snakemake} of Snakemake, {group} of all at "
        f"once; {len(results['killed_stages'])} kinds of stage), then the same command again: {results['survived']} survived, "
        f"{size} compared with an uninterrupted run, {results['bytes_lost']:,} bytes lost."
    )


if __name__ == "__main__":
    main()
