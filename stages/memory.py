"""Memory that runs out, said in a way that helps."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from stages.errors import UserError


@contextmanager
def enough_memory(place: str, do: str, found: str = "too little on the device") -> Iterator[None]:
    """Turn memory that runs out, of a GPU or of the machine, into a :class:`UserError` that says what to ``do``."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
            raise
        raise UserError(place, "memory", found, "room for a batch", do) from error
