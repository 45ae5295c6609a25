"""In which order an epoch reads its windows: a permutation of them all, which seed and epoch alone decide."""

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Order = NDArray[np.uint32]


def epoch_order(windows: int, seed: int, epoch: int) -> Order:
    """Permutation of ``windows`` window numbers for ``epoch``, counted from 1; 4 bytes a window (174 MB for v1)."""
    order = np.arange(windows, dtype=np.uint32)
    np.random.default_rng([seed, epoch]).shuffle(order)
    return order


def sha256_of_order(order: Order) -> str:
    """Hex SHA-256 that a resumed training holds its own order against."""
    return hashlib.sha256(order.data).hexdigest()


def steps_per_epoch(windows: int, batch_size: int, drop_partial: bool) -> int:
    """Number of batches of an epoch; the last may be smaller unless such a one is left out."""
    return windows // batch_size if drop_partial else -(-windows // batch_size)


def batches(order: NDArray[np.integer], batch_size: int, steps: int, first: int = 0) -> Iterator[NDArray[np.int64]]:
    """The window numbers of each batch from number ``first`` on."""
    for step in range(first, steps):
        yield order[step * batch_size : (step + 1) * batch_size].astype(np.int64)
