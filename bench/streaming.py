"""Memory over time while a large corpus is cleaned and encoded: it must not grow with the corpus.

The corpus is the demo's documents over and over, in a text store. Each stage is a process of its own with two workers, as in the
workflow; the resident memory of it and all that it starts is summed several times a second, so that what processes share counts
for each. The baseline of the peak over all of the time is the peak of its first quarter: a ratio near one says that the corpus
streams through. A peak between two looks is missed.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped]

from bench.cleaning import RULES
from bench.measure import Result, entry
from stages.corpora import demo
from stages.corpora.parameters import DemoCorpus
from stages.manifest import write_manifest
from stages.text_store import DOCUMENTS, OFFSETS, write_texts
from stages.tokenizer_parameters import Tokenizer

MEGABYTES = 500
DIFFERENT = 2000
"""Documents that repeat."""
INTERVAL_SECONDS = 0.25


def text_parameters(documents: int, selection: str = "shuffled") -> str:
    """A text of so many documents of a corpus, every cleaning rule on, as JSON."""
    chosen = {"selection": selection, "documents": documents, "minimum_characters": 200, "seed": 42}
    return json.dumps(chosen | {"cleaning": RULES.model_dump()})


def write_corpus(folder: Path, documents: Iterable[str]) -> None:
    """A corpus of these documents."""
    facts = write_texts(folder, documents)
    write_manifest(folder, "corpus", "stages.corpus", files=[DOCUMENTS, OFFSETS], facts=facts, parameters={})


def write_large_corpus(folder: Path, size: int) -> int:
    """A corpus of about ``size`` bytes; how many documents."""
    documents = list(demo.source(DemoCorpus(source="demo", documents=DIFFERENT, seed=42)).documents)
    count = size * DIFFERENT // sum(len(document.encode()) for document in documents)
    write_corpus(folder, islice(cycle(documents), count))
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


def measure(folder: Path) -> dict[str, list[tuple[float, float]]]:
    """Samples of cleaning the corpus, and of encoding the text with a tokenizer learnt from a little of it."""
    count = write_large_corpus(folder / "corpus", MEGABYTES * 10**6)
    text = ("stages.text", "--corpus", f"{folder}/corpus", "--processes", "2", "--parameters")
    watch(*text, text_parameters(DIFFERENT, "head"), "--folder", f"{folder}/little")
    tokenizer = Tokenizer(kind="character", name="character").model_dump_json()
    watch("stages.tokenizer", "--text", f"{folder}/little", "--parameters", tokenizer, "--seed", "42", "--folder", f"{folder}/tokenizer")
    encode = ("stages.encode", "--text", f"{folder}/text", "--tokenizer", f"{folder}/tokenizer", "--processes", "2")
    return {
        "cleaning": watch(*text, text_parameters(count), "--folder", f"{folder}/text"),
        "encoding": watch(*encode, "--folder", f"{folder}/tokens"),
    }


def result() -> Result:
    with TemporaryDirectory() as folder:
        samples = measure(Path(folder))
    entries = {}
    for name, taken in samples.items():
        quarter, whole = peaks(taken)
        entries[f"{name}_quarter"] = entry(f"Peak of the first quarter, {name}", "MiB", [quarter])
        entries[f"{name}_peak"] = entry(f"Peak, {name}", "MiB", [whole], f"{name}_quarter", [quarter])
        entries[f"{name}_rate"] = entry(f"Corpus through the stage {name}, start included", "MB/s", [MEGABYTES / taken[-1][0]])
    return Result(entries, {"rounds": 1, "MB of corpus": MEGABYTES}, ("numpy", "psutil"))
