"""Encoding in batches on two cores against one call per document.

Tokenizers of three kinds are trained on the demo corpus and encode it, the array in NumPy's format included and no disk. Both
ways must give the same bytes, which is asserted first. The baseline gathers the ids in a list, as the thesis's scripts did. It
says nothing of larger vocabularies.
"""

import io
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice

import numpy as np

from bench.measure import Result, entry, in_turn, rates, wall
from stages.corpora import demo
from stages.corpora.parameters import DemoCorpus
from stages.encode import token_type, write_tokens
from stages.line_sample import lines_of
from stages.text_parameters import Cleaning
from stages.tokenizer import characters_of, train_sentencepiece
from stages.tokenizer_parameters import Tokenizer, TokenizerTraining
from stages.vocabulary import CharacterVocabulary, SentencePieceVocabulary, Vocabulary

ROUNDS = 5
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


def ways(documents: Sequence[str]) -> dict[str, Callable[[], bytes]]:
    """Both ways for every kind, after they were seen to agree."""
    calls: dict[str, Callable[[], bytes]] = {}
    for kind in KINDS:
        vocabulary = vocabulary_of(kind, documents)
        alone, batched = partial(one_by_one, documents, vocabulary), partial(in_batches, documents, vocabulary)
        assert alone() == batched(), f"{kind}: other tokens"
        calls |= {f"{kind}_one_by_one": alone, f"{kind}_in_batches": batched}
    return calls


def result() -> Result:
    documents = list(demo.source(DemoCorpus(source="demo", documents=DOCUMENTS, seed=42)).documents)
    megabytes = sum(len(document.encode()) for document in documents) / 1e6
    seconds = in_turn({name: partial(wall, call) for name, call in ways(documents).items()}, ROUNDS, warm_up=False)
    found = {name: rates(megabytes, each) for name, each in seconds.items()}
    entries = {}
    for kind in KINDS:
        baseline, name = f"{kind}_one_by_one", f"{kind}_in_batches"
        entries[baseline] = entry(f"Encoding, {kind}, one call per document", "MB/s", found[baseline])
        entries[name] = entry(f"Encoding, {kind}, in batches on {THREADS} cores", "MB/s", found[name], baseline, found[baseline])
    return Result(entries, {"rounds": ROUNDS, "documents": DOCUMENTS, "MB": megabytes}, ("sentencepiece", "numpy"))
