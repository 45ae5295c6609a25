"""How long texts take to clean and to encode: their size by their number of documents, at the speeds that ``make bench`` found."""

from pathlib import Path

from stages.errors import UserError
from stages.files import read_json
from stages.planning.jobs import Job
from stages.planning.measure import Estimate, estimate_of
from stages.planning.parameters import FILE, Rate, plan_parameters
from stages.planning.read_once import load_record
from stages.planning.times import recorded_on


def estimate_text(job: Job) -> Estimate | None:
    """Of a job that cleans or encodes a text; none where the speed of its tokenizer was not measured."""
    rates = plan_parameters().texts
    kind = job.wildcards.get("tokenizer", "").split("-")[0]  # stages.places: unigram-16000-5c0d1e2f, train-20000-1f3a9c2e
    rate = rates.encoding.get(kind) if job.rule == "tokens" else rates.cleaning
    if rate is None:
        return None
    documents = int(job.wildcards["text"].split("-")[-2])
    said = f"documents are as long as those of {rates.characters_like}"
    return estimate_of(documents * _megabytes(rates.characters_like) / _value(rate), recorded_on(), rate.file, said)


def _megabytes(record: str) -> float:
    """Of one cleaned document, on average."""
    data = load_record(Path(record)).data
    if not data.characters_train or not data.documents_train:
        raise UserError(FILE, "texts.characters_like", f"{record}, which counts no characters", "the record of a run that does")
    return data.characters_train / data.documents_train / 1e6


def _value(rate: Rate) -> float:
    value = read_json(Path(rate.file))
    for key in rate.keys:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, int | float) or not value > 0:
        do = f"Make it with 'make bench', or correct {FILE}."
        raise UserError(rate.file, " / ".join(rate.keys), repr(value), "megabytes a second", do)
    return value
