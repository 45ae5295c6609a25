"""Threads that PyTorch computes with on a CPU."""

import torch

from stages.errors import UserError


def use_threads(threads: int | None) -> None:
    """Compute with ``threads`` from here on (null: as many as there are cores); :class:`UserError` for none or fewer."""
    if threads is None:
        return
    if threads < 1:
        raise UserError("--threads", "", threads, "at least 1")
    torch.set_num_threads(threads)
