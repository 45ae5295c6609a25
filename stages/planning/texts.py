"""How long texts take to clean and to encode: their size by their number of documents, at the speeds that ``make bench`` found."""

from functools import cache
from pathlib import Path
from typing import Any

from stages.errors import UserError
from stages.files import read_json
from stages.planning.jobs import Job
from stages.planning.measure import Estimate, estimate_of
from stages.planning.parameters import FILE, plan_parameters
from stages.planning.read_once import load_record
from stages.planning.times import machine_name

BENCH = Path("bench/results/bench.json")


def estimate_text(job: Job) -> Estimate | None:
    """Of a job that cleans or encodes a text; none where the speed of that was not measured."""
    rates = plan_parameters().texts
    kind = job.wildcards.get("tokenizer", "").split("-")[0]  # stages.places: unigram-16000-5c0d1e2f, train-20000-1f3a9c2e
    entry = rates.encoding.get(kind) if job.rule == "tokens" else rates.cleaning
    rate = _bench().get("entries", {}).get(entry, {}).get("value")
    if not rate:
        return None
    documents = int(job.wildcards["text"].split("-")[-2])
    said = f"documents are as long as those of {rates.characters_like}"
    return estimate_of(documents * _megabytes(rates.characters_like) / rate, machine_name(_bench()["machine"]), BENCH, said)


def _megabytes(record: str) -> float:
    """Of one cleaned document, on average."""
    data = load_record(Path(record)).data
    if not data.characters_train or not data.documents_train:
        raise UserError(FILE, "texts.characters_like", f"{record}, which counts no characters", "the record of a run that does")
    return data.characters_train / data.documents_train / 1e6


@cache
def _bench() -> dict[str, Any]:
    content: dict[str, Any] = read_json(BENCH) if BENCH.exists() else {}
    return content
