"""Encoding a corpus in batches on two cores against one call per document: the same tokens, how much sooner.

    python -m bench.tokenising          prints a page, writes bench/results/<date>_tokenising.json

Tokenizers are trained on the demo corpus and encode it. Both ways run in turn for several rounds after a warm-up; the medians
count. Times hold the encoding and the array in NumPy's format, no disk.
"""

import io
import statistics
from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np

from bench.measure import machine, report, seconds
from stages.corpora import demo
from stages.corpora.parameters import DemoCorpus
from stages.encode import token_type, write_tokens
from stages.line_sample import lines_of
from stages.text_parameters import Cleaning
from stages.tokenizer import characters_of, train_sentencepiece
from stages.tokenizer_parameters import Tokenizer, TokenizerTraining
from stages.vocabulary import CharacterVocabulary, SentencePieceVocabulary, Vocabulary

ROUNDS = 7
DOCUMENTS = 6000
LINES = 20_000
THREADS = 2
KINDS = ("character", "bpe", "unigram")
UNCLEANED = Cleaning(
    lowercase=False, normalize_numbers=False, drop_uppercase_lines=False, minimum_line_characters=0, minimum_alphabetic_ratio=0
)
TRAINING = TokenizerTraining(documents=DOCUMENTS, minimum_characters=0, cleaning=UNCLEANED)


def vocabulary_of(kind: str, documents: Sequence[str]) -> Vocabulary:
    """A vocabulary of ``kind``; 4,000 pieces where it has any, as the thesis's smaller ones."""
    if kind == "character":
        return CharacterVocabulary(characters_of(documents, "~"), "~", "")
    settings = {"kind": kind, "name": kind, "vocabulary_requested": 4000, "byte_fallback": True}
    tokenizer = Tokenizer.model_validate({**settings, "training": TRAINING})
    model = train_sentencepiece(islice(lines_of(documents), LINES), tokenizer, TRAINING)
    return SentencePieceVocabulary(model, kind, add_bos=True, add_eos=True)


def one_by_one(documents: Sequence[str], vocabulary: Vocabulary) -> bytes:
    """The ``.npy`` of one call per document, its ids gathered in a list."""
    ids: list[int] = []
    for document in documents:
        ids += vocabulary.encode_document(document)
    file = io.BytesIO()
    np.save(file, np.array(ids, dtype=token_type(vocabulary.size)))
    return file.getvalue()


def in_batches(documents: Sequence[str], vocabulary: Vocabulary) -> bytes:
    """The ``.npy`` as the stage writes it."""
    file = io.BytesIO()
    write_tokens(file, documents, vocabulary, THREADS)
    return file.getvalue()


def measure(documents: Sequence[str]) -> dict[str, list[float]]:
    """Seconds of every kind and way, one entry a round, the ways in turn."""
    calls: dict[str, Callable[[], bytes]] = {}
    for kind in KINDS:
        vocabulary = vocabulary_of(kind, documents)
        for way in (one_by_one, in_batches):
            calls[f"{kind}, {way.__name__}"] = lambda way=way, vocabulary=vocabulary: way(documents, vocabulary)  # type: ignore[misc]
        assert calls[f"{kind}, one_by_one"]() == calls[f"{kind}, in_batches"](), f"{kind}: other tokens"
    rounds = [{name: seconds(call) for name, call in calls.items()} for _ in range(ROUNDS)]
    return {name: [each[name] for each in rounds] for name in calls}


def main() -> None:
    documents = list(demo.source(DemoCorpus(source="demo", documents=DOCUMENTS, seed=42)).documents)
    megabytes = sum(len(document.encode()) for document in documents) / 1e6
    times = measure(documents)
    summary = {}
    for kind in KINDS:
        alone, batched = times[f"{kind}, one_by_one"], times[f"{kind}, in_batches"]
        summary[f"MB/s of {kind}, one call per document"] = megabytes / statistics.median(alone)
        summary[f"MB/s of {kind}, in batches on {THREADS} cores"] = megabytes / statistics.median(batched)
        summary[f"times as fast, {kind} (median of the rounds' ratios)"] = statistics.median(
            first / second for first, second in zip(alone, batched, strict=True)
        )
    result = {
        "machine": machine("sentencepiece", "numpy"),
        "rounds": ROUNDS,
        "megabytes": megabytes,
        "summary": summary,
        "seconds": times,
    }
    report("tokenising", result, summary)


if __name__ == "__main__":
    main()
