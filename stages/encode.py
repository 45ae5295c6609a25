"""Encodes a text with a tokenizer: all its documents as one stream of tokens, a ``.npy`` file that training maps into memory.

Documents pass in batches, so that memory does not grow with the text.
"""

import argparse
from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from stages.errors import report_errors
from stages.files import open_atomic
from stages.manifest import NAME, read_manifest, write_manifest
from stages.text_store import TextStore, in_batches
from stages.token_store import TOKENS
from stages.vocabulary import Vocabulary, load_vocabulary

BATCH_CHARACTERS = 1 << 20
"""Enough documents for two threads to share evenly, few enough to stay below some tens of megabytes."""


def token_type(vocabulary: int) -> np.dtype[Any]:
    """Type that the tokens of so large a vocabulary are stored in."""
    return np.dtype(np.uint16 if vocabulary < 1 << 16 else np.uint32)


def write_tokens(file: IO[bytes], texts: Iterable[str], vocabulary: Vocabulary, threads: int) -> Counter[str]:
    """Write the tokens of all documents as one array in NumPy's format; return what was counted.

    The length is known at the end only: NumPy pads its header so that the final one fits in the place of the first.
    """
    counts = Counter(documents=0, characters=0, tokens=0, unknown_tokens=0, byte_tokens=0)
    dtype = token_type(vocabulary.size)
    _write_header(file, dtype, 0)
    for batch in in_batches(texts, BATCH_CHARACTERS):
        ids, unknown, single_bytes = vocabulary.encode_documents(batch, threads)
        file.write(ids.astype(dtype).data)
        counts.update(documents=len(batch), characters=sum(map(len, batch)))
        counts.update(tokens=len(ids), unknown_tokens=unknown, byte_tokens=single_bytes)
    file.seek(0)
    _write_header(file, dtype, counts["tokens"])
    return counts


def _write_header(file: IO[bytes], dtype: np.dtype[Any], tokens: int) -> None:
    npy.write_array_header_1_0(file, {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": (tokens,)})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.encode", description="Encode a text with a tokenizer.")
    parser.add_argument("--text", type=Path, required=True, help="folder of the text")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of the tokenizer")
    parser.add_argument("--folder", type=Path, required=True, help="folder to write")
    parser.add_argument("--processes", type=int, default=1, help="cores to encode on; the tokens do not depend on it")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read text and tokenizer, write the tokens and their manifest."""
    read_manifest(arguments.text, "text")
    vocabulary = load_vocabulary(arguments.tokenizer)
    with open_atomic(arguments.folder / TOKENS) as file:
        counts = write_tokens(file, TextStore(arguments.text), vocabulary, arguments.processes)
    write_manifest(
        arguments.folder,
        "tokens",
        "stages.encode",
        files=[TOKENS],
        facts={**counts, "vocabulary": vocabulary.size},
        parameters={},
        inputs={"text": arguments.text / NAME, "tokenizer": arguments.tokenizer / NAME},
        libraries=["numpy"] if vocabulary.kind == "character" else ["numpy", "sentencepiece"],
    )
    print(f"{counts['tokens']} tokens of {counts['documents']} documents, {counts['characters'] / counts['tokens']:.2f} characters a token")


if __name__ == "__main__":
    main()
