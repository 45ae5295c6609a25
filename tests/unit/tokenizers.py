"""Small texts and tokenizers for the tests of what makes and reads them."""

import random
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stages import tokenizer
from stages.files import to_json
from stages.manifest import write_manifest
from stages.text_store import DOCUMENTS, OFFSETS, write_texts

CLEANING = {
    "lowercase": False,
    "normalize_numbers": False,
    "drop_uppercase_lines": False,
    "minimum_line_characters": 0,
    "minimum_alphabetic_ratio": 0,
}
SOUND = {"normaliser": "identity", "remove_extra_whitespace": False}
"""Training settings under which text round-trips."""


def invented_documents(count: int, seed: int = 0) -> list[str]:
    """Documents of three lines of invented words, frequent and rare ones."""
    generator = random.Random(seed)
    syllables = [c + v for c in "bcdfglmnprstv" for v in ("a", "e", "i", "o", "u", "ão", "é")]
    words = ["".join(generator.choices(syllables, k=generator.randint(1, 4))) for _ in range(400)]
    weights = [1 / rank for rank in range(1, 401)]
    return ["\n".join(" ".join(generator.choices(words, weights, k=9)) + "." for _ in range(3)) for _ in range(count)]


def write_text(folder: Path, documents: Iterable[str], kind: str = "text") -> Path:
    """A text, or a corpus, in ``folder``."""
    counts = write_texts(folder, documents)
    write_manifest(folder, kind, "stages.text_store", files=[DOCUMENTS, OFFSETS], facts=counts, parameters={})
    return folder


def parameters(kind: str, training: dict[str, Any] | None = None, **settings: Any) -> str:
    """Parameters of a tokenizer as a command line gives them; a SentencePiece one is trained."""
    if kind in ("bpe", "unigram"):
        settings["training"] = {"documents": 1, "minimum_characters": 0, "cleaning": CLEANING, **(training or {})}
    return to_json({"kind": kind, "name": "of a test", **settings})


def make_tokenizer(folder: Path, text: Path, described: str, seed: int = 42) -> Path:
    """The tokenizer made as its stage makes it."""
    tokenizer.run(Namespace(text=text, parameters=described, seed=seed, folder=folder))
    return folder
