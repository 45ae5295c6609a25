"""How a tokenizer cuts raw documents: tokens per character, bytes and short fragments of words.

The thesis counted on raw text that still held BrWaC's ``<END>`` markers, whose characters fell apart into bytes and letters. The
report says it both ways: as run, and without the markers.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from stages.errors import UserError, report_errors
from stages.files import to_json, write_atomic
from stages.manifest import read_manifest
from stages.piece_shapes import piece_shapes
from stages.text_store import TextStore
from stages.vocabulary import Vocabulary, load_vocabulary

HEAD = 50_000
"""Rows of the corpus, from its first, that documents are drawn from (facts, section 3)."""
MARKER = "<END>"


def drawn_documents(corpus: Sequence[str], count: int, seed: int) -> Iterator[str]:
    """First ``count`` documents that are not blank, stripped, of the shuffled head, in the order that ``datasets`` shuffles it."""
    order = np.random.default_rng(seed).permutation(min(HEAD, len(corpus)))
    texts = (corpus[int(row)].strip() for row in order)
    return islice((text for text in texts if text), max(count, 0))


def without_markers(text: str) -> str:
    """The text with a newline for the markers and the white space around them, as cleaning has it."""
    return "\n".join(filter(None, map(str.strip, text.split(MARKER))))


def fragmentation(texts: Iterable[str], vocabulary: Vocabulary) -> dict[str, float]:
    """Counts and ratios over the texts, with the names of the thesis's reports. Without a token, ratios are 0."""
    counts = Counter(docs=0, characters=0)
    for text in texts:
        counts.update(docs=1, characters=len(text), **piece_shapes(vocabulary.pieces(text)))
    tokens = counts["tokens"]
    return {
        "docs": counts["docs"],
        "total_tokens": tokens,
        "avg_tokens_per_doc": tokens / (counts["docs"] or 1),
        "tokens_per_char_ratio": tokens / (counts["characters"] or 1),
        "byte_fallback_tokens": counts["fallback"],
        "byte_fallback_ratio": counts["fallback"] / (tokens or 1),
        "short_alpha_pieces": counts["short"],
        "short_alpha_ratio": counts["short"] / (tokens or 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.fragmentation", description="Count how a tokenizer cuts raw documents.")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of the raw corpus")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of the tokenizer")
    parser.add_argument("--documents", type=int, required=True, help="documents to count on")
    parser.add_argument("--seed", type=int, required=True, help="draws them")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read corpus and tokenizer, write the report."""
    read_manifest(arguments.corpus, "corpus")
    vocabulary = load_vocabulary(arguments.tokenizer)
    texts = list(drawn_documents(TextStore(arguments.corpus), arguments.documents, arguments.seed))
    if not texts:
        raise UserError(arguments.corpus, "", f"no text in {arguments.documents} documents", "at least one document that is not blank")
    report: dict[str, Any] = {
        "tokenizer": arguments.tokenizer.name,
        "as_run": fragmentation(texts, vocabulary),
        "without_markers": fragmentation(map(without_markers, texts), vocabulary),
    }
    write_atomic(arguments.output, to_json(report))
    ratios = [f"{report[way]['tokens_per_char_ratio']:.4f}" for way in ("as_run", "without_markers")]
    print(f"{len(texts)} documents: {ratios[0]} tokens a character as run, {ratios[1]} without markers")


if __name__ == "__main__":
    main()
