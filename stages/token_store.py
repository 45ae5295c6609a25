"""Tokens on disk: one array that is mapped into memory, of the tokenizer that its manifest names."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stages.errors import UserError
from stages.manifest import NAME, Manifest, read_manifest, stated

TOKENS = "tokens.npy"


def read_tokens(folder: Path, tokenizer: str) -> tuple[NDArray[np.unsignedinteger], Manifest]:
    """Tokens of ``folder``, mapped, shape (tokens,), and their manifest.

    :class:`UserError` unless they were made by the tokenizer whose manifest has the SHA-256 ``tokenizer``.
    """
    manifest = read_manifest(folder, "tokens", TOKENS)
    found = manifest.inputs.get("tokenizer")
    if found != tokenizer:
        raise UserError(
            folder / NAME, "inputs.tokenizer", f"another tokenizer, {found}", f"the run's own, {tokenizer}", "Encode the text again"
        )
    try:
        tokens: NDArray[np.unsignedinteger] = np.load(folder / TOKENS, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, TypeError, SyntaxError) as error:  # of NumPy, whatever the header holds
        raise UserError(folder / TOKENS, "", f"no array ({error})", "a NumPy array of token ids", "Encode the text again") from error
    size = stated(folder).integer("$.facts.vocabulary", minimum=1).value
    if tokens.dtype.kind != "u" or tokens.ndim != 1 or (len(tokens) and tokens.max() >= size):
        found = f"{tokens.dtype} of shape {tokens.shape}"
        raise UserError(folder / TOKENS, "", found, f"unsigned ids, one dimension, below the vocabulary's {size}", "Encode the text again")
    return tokens, manifest
