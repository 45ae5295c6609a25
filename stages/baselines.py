"""What a model's loss is held against: guessing evenly, and knowing only how frequent each token is. Losses are in nats a token."""

import math

import numpy as np
from numpy.typing import NDArray

CHUNK_TOKENS = 1 << 22
"""Tokens that are counted at a time, so that a memory-mapped corpus needs constant memory."""


def uniform_loss(vocabulary: int) -> float:
    """Cross-entropy of guessing evenly over ``vocabulary`` tokens, whatever the targets."""
    return math.log(vocabulary)


def token_counts(tokens: NDArray[np.unsignedinteger], vocabulary: int) -> NDArray[np.int64]:
    """How often each of ``vocabulary`` ids is in ``tokens``, shape (vocabulary,)."""
    counts = np.zeros(vocabulary, np.int64)
    for start in range(0, len(tokens), CHUNK_TOKENS):
        counts += np.bincount(tokens[start : start + CHUNK_TOKENS], minlength=vocabulary)
    return counts


def unigram_loss(targets: NDArray[np.integer], counts: NDArray[np.int64]) -> float:
    """Cross-entropy of ``targets`` under the training text's token ``counts`` with one added to each (Laplace)."""
    log_probabilities = np.log(counts + 1) - math.log(int(counts.sum()) + len(counts))
    return float(-log_probabilities[targets].mean())
