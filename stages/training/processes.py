"""The processes that share a training, one a device: each takes its part of every batch, and sums make them one.

Alone, as a rule: all of this then does nothing. ``accelerate launch --multi_gpu -m stages.train …`` starts several.
"""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from stages.errors import UserError


@dataclass(frozen=True)
class Processes:
    rank: int = 0
    count: int = 1

    @property
    def main(self) -> bool:
        """Whether this is the one that writes and prints."""
        return self.rank == 0

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over all processes."""
        if self.count > 1 and tensors:
            flat = torch.cat([tensor.flatten() for tensor in tensors])
            torch.distributed.all_reduce(flat)
            sizes = [tensor.numel() for tensor in tensors]
            for tensor, part in zip(tensors, torch.split(flat, sizes), strict=True):
                tensor.copy_(part.view_as(tensor))

    def agree(self, answer: bool) -> bool:
        """The main process's answer."""
        if self.count > 1:
            answers = [answer]
            torch.distributed.broadcast_object_list(answers)
            answer = answers[0]
        return answer

    def gather(self, tensor: Tensor) -> Tensor:
        """The tensors of all processes, one a row."""
        if self.count == 1:
            return tensor[None]
        rows: list[Any] = [None] * self.count
        torch.distributed.all_gather_object(rows, tensor)
        return torch.stack(rows)

    def end(self) -> None:
        if self.count > 1:
            torch.distributed.destroy_process_group()


def add_device_arguments(parser: argparse.ArgumentParser) -> None:
    """What a stage that computes with a model is told of the machine."""
    parser.add_argument("--device", choices=["cpu", "cuda"], help="default: cuda where there is one")
    parser.add_argument("--threads", type=int, help="threads on a CPU; default: all cores")


def join_processes(device: str | None = None) -> tuple[Processes, torch.device]:
    """Place of this process among those that were launched together, and its device: of the kind asked for, else CUDA where it is.

    :class:`UserError` where CUDA is asked for and not there.
    """
    if device == "cuda" and not torch.cuda.is_available():
        do = "Take the processor: --device cpu (in a campaign, hardware.device: CPU)."
        raise UserError("--device", "", "no GPU that PyTorch can use", "one, for cuda", do)
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes(), torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    from accelerate import PartialState

    state = PartialState(cpu=device == "cpu")
    return Processes(state.process_index, state.num_processes), torch.device(state.device)
