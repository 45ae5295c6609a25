"""Memory over time while a corpus of gigabytes is cleaned and encoded: it must not grow with the corpus.

    python -m bench.streaming [--gigabytes 2]          prints a page, writes bench/results/<date>_streaming.json

The corpus is the demo's documents over and over, in a text store. Each stage is a process of its own, as in the workflow; the
resident memory of it and all that it starts is summed several times a second, so that what processes share counts for each.
"""

import argparse
import json
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped]

from bench.measure import machine, report
from stages.corpora import demo
from stages.corpora.parameters import DemoCorpus
from stages.manifest import write_manifest
from stages.text_store import DOCUMENTS, OFFSETS, write_texts
from stages.tokenizer_parameters import Tokenizer

DIFFERENT = 2000
"""Documents that repeat."""
INTERVAL_SECONDS = 0.25
CLEANING = {
    "lowercase": True,
    "normalize_numbers": True,
    "drop_uppercase_lines": True,
    "minimum_line_characters": 40,
    "minimum_alphabetic_ratio": 0.4,
}


def write_corpus(folder: Path, size: int) -> int:
    """A corpus of about ``size`` bytes; how many documents."""
    documents = list(demo.source(DemoCorpus(source="demo", documents=DIFFERENT, seed=42)).documents)
    count = size * DIFFERENT // sum(len(document.encode()) for document in documents)
    facts = write_texts(folder, islice(cycle(documents), count))
    write_manifest(folder, "corpus", "stages.corpus", files=[DOCUMENTS, OFFSETS], facts=facts, parameters={})
    return count


def resident(process: psutil.Process) -> int:
    """Bytes resident in ``process`` and all that it started."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def watch(*arguments: str) -> list[tuple[float, float]]:
    """Seconds since the start and MiB resident, while ``python -m arguments`` runs."""
    start, samples = time.perf_counter(), []
    with psutil.Popen([sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            samples.append((time.perf_counter() - start, resident(process) / 2**20))
            time.sleep(INTERVAL_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return samples


def peaks(samples: list[tuple[float, float]]) -> tuple[float, float]:
    """Most MiB in the first quarter of the time, and in all of it."""
    end = samples[-1][0]
    return max(memory for seconds, memory in samples if seconds <= end / 4), max(memory for _, memory in samples)


def measure(folder: Path, size: int) -> dict[str, list[tuple[float, float]]]:
    """Samples of cleaning the corpus, and of encoding the text with a tokenizer learnt from a little of it."""
    count = write_corpus(folder / "corpus", size)
    little = {"selection": "head", "documents": DIFFERENT, "minimum_characters": 200, "cleaning": CLEANING, "seed": 42}
    text = ("stages.text", "--corpus", f"{folder}/corpus", "--processes", "2")
    watch(*text, "--parameters", json.dumps(little), "--folder", f"{folder}/little")
    tokenizer = Tokenizer(kind="character", name="character").model_dump_json()
    watch("stages.tokenizer", "--text", f"{folder}/little", "--parameters", tokenizer, "--seed", "42", "--folder", f"{folder}/tokenizer")
    return {
        "cleaning": watch(
            *text, "--parameters", json.dumps({**little, "selection": "shuffled", "documents": count}), "--folder", f"{folder}/text"
        ),
        "encoding": watch(
            "stages.encode",
            "--text",
            f"{folder}/text",
            "--tokenizer",
            f"{folder}/tokenizer",
            "--folder",
            f"{folder}/tokens",
            "--processes",
            "2",
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.streaming")
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--folder", type=Path, help="where to put the corpus meanwhile; the system's place for temporary files by default")
    arguments = parser.parse_args()
    with TemporaryDirectory(dir=arguments.folder) as folder:
        samples = measure(Path(folder), int(arguments.gigabytes * 1e9))
    summary = {"GB of corpus": arguments.gigabytes}
    for name, taken in samples.items():
        quarter, whole = peaks(taken)
        summary |= {
            f"MiB at the peak of the first quarter, {name}": quarter,
            f"MiB at the peak, {name}": whole,
            f"MB of corpus a second, {name}": arguments.gigabytes * 1e3 / taken[-1][0],
        }
    report("streaming", {"machine": machine("numpy", "psutil"), "rounds": 1, "summary": summary, "samples": samples}, summary)


if __name__ == "__main__":
    main()
