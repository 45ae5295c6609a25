"""Everything that a training works with and that stays the same while it runs, of whichever track it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from stages.training.device import Device
from stages.training.objective import Losses
from stages.training.optimisation import AdamW
from stages.training.order import steps_per_epoch
from stages.training.processes import Processes
from stages.training_parameters import Training

LOOK_STEPS = 20
"""Steps after which losses are fetched from a GPU, which waits meanwhile; from a CPU they are at every step."""

Indices = NDArray[np.int64]
"""Numbers of windows, or of other rows of tokens."""


class Part(Protocol):
    """Rows of tokens, numbered from 0: windows of a stream in track 1, documents or examples in track 2."""

    @property
    def count(self) -> int: ...

    def predictions(self, indices: Indices) -> int:
        """Tokens of these rows that are in the loss."""

    def positions(self, indices: Indices) -> int:
        """Tokens that the model reads when these rows are one batch, padding and overlaps counted."""


class Data(Protocol):
    @property
    def train(self) -> Part: ...

    @property
    def validation(self) -> Part: ...

    @property
    def facts(self) -> Mapping[str, Any]:
        """Documents, characters, unique tokens and windows (rows) of ``train`` and ``validation``."""


class Parameters(Protocol):
    @property
    def training(self) -> Training: ...

    @property
    def seed(self) -> int: ...

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """All of them, for the record."""


Compute = Callable[[Any, Indices, bool], Losses]
"""Losses of the model on these rows of a part as one batch; whether with what the training adds to the cross-entropy."""


@dataclass(frozen=True)
class Setup:
    run: str
    parameters: Parameters
    data: Data
    device: Device
    processes: Processes
    model: nn.Module
    compute: Compute
    batch_size: int
    """Rows of an update."""
    optimiser: AdamW
    scaler: torch.amp.GradScaler
    steps_per_epoch: int
    total_steps: int
    """At which the schedule ends."""
    look_every: int


def set_up(
    run: str, parameters: Parameters, data: Data, device: Device, processes: Processes, model: nn.Module, compute: Compute, batch_size: int
) -> Setup:
    """Optimiser and steps for a model that is on the device already, and the random state that dropout starts from."""
    torch.manual_seed(parameters.seed + processes.rank)
    training = parameters.training
    steps = steps_per_epoch(data.train.count, batch_size, training.drop_partial_batch)
    return Setup(
        run=run,
        parameters=parameters,
        data=data,
        device=device,
        processes=processes,
        model=model,
        compute=compute,
        batch_size=batch_size,
        optimiser=AdamW(model, training),
        scaler=torch.amp.GradScaler(device.device.type, enabled=device.precision == "fp16 mixed"),
        steps_per_epoch=steps,
        total_steps=training.schedule_steps or steps * training.epochs,
        look_every=LOOK_STEPS if device.device.type == "cuda" else 1,
    )
