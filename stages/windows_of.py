"""Windows over a stream of tokens: what a model reads, and the token that follows each one it read.

A window is ``sequence_length`` tokens and the one after them; windows begin every ``stride`` tokens and cross the borders of
documents, as the thesis's do. The tokens stay on disk where they are memory-mapped: a batch reads no more than its own.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray


def window_starts(tokens: int, sequence_length: int, stride: int) -> int:
    """Number of tokens at which a whole window starts, of which the last has a token after it."""
    return max(0, (tokens - sequence_length - 1) // stride + 1)


class Windows:
    """The windows of ``tokens`` (one dimension, any unsigned type, in memory or mapped), by number from 0."""

    def __init__(self, tokens: NDArray[np.unsignedinteger], sequence_length: int, stride: int) -> None:
        num_windows = window_starts(len(tokens), sequence_length, stride)
        length = sequence_length + 1
        self._windows = sliding_window_view(tokens, length)[::stride] if num_windows else np.empty((0, length), tokens.dtype)

    def __len__(self) -> int:
        return len(self._windows)

    def batch(self, indices: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Inputs and targets of the windows ``indices``, (B, T) each, the targets one token later; contiguous, for ``torch.from_numpy``.

        The target of a many-to-one model is ``targets[:, -1]``.
        """
        tokens = self._windows[indices]
        return tokens[:, :-1].astype(np.int64), tokens[:, 1:].astype(np.int64)
