"""Memory that runs out, said as an error that a user can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from stages.errors import UserError

SIGNS = ("can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""What PyTorch says of it on a CPU, and a GPU's library that finds no room to work in."""


def ran_out(error: Exception) -> bool:
    """Whether the error says that there is no memory left."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(sign in str(error) for sign in SIGNS)


@contextmanager
def enough_memory(place: str, do: str, found: str = "too little on the device", expected: str = "room for a batch") -> Iterator[None]:
    """Turn memory that runs out into a :class:`UserError` that says what to ``do``."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if ran_out(error):
            raise UserError(place, "memory", found, expected, do) from error
        raise
