"""Everything that a training works with and that stays the same while it runs."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from stages.models import build_model
from stages.training.data import TrainingData
from stages.training.device import Device
from stages.training.objective import Losses, losses
from stages.training.optimisation import AdamW
from stages.training.order import steps_per_epoch
from stages.training.parameters import TrainParameters
from stages.training.processes import Processes

LOOK_STEPS = 20
"""Steps after which losses are fetched from a GPU, which waits meanwhile; from a CPU they are at every step."""


@dataclass(frozen=True)
class Setup:
    run: str
    parameters: TrainParameters
    data: TrainingData
    device: Device
    processes: Processes
    model: nn.Module
    optimiser: AdamW
    scaler: torch.amp.GradScaler
    compute: Callable[..., Losses]
    """:func:`stages.training.objective.losses`, compiled or not."""
    steps_per_epoch: int
    total_steps: int
    """At which the schedule ends."""
    look_every: int

    @property
    def last_only(self) -> bool:
        return self.parameters.training.objective == "many_to_one"

    def predictions(self, windows: int) -> int:
        """Tokens of so many windows that are in the loss."""
        return windows if self.last_only else self.positions(windows)

    def positions(self, windows: int) -> int:
        """Tokens of so many windows that the model reads."""
        return windows * self.parameters.data.sequence_length


def make_setup(run: str, parameters: TrainParameters, data: TrainingData, device: Device, processes: Processes) -> Setup:
    """Model with its first weights on the device, optimiser, and the random state that dropout starts from."""
    model = build_model(parameters.architecture, data.vocabulary, parameters.data.sequence_length, parameters.seed)
    model = model.to(device.device)  # before the optimiser, which holds the tensors that are there then
    torch.manual_seed(parameters.seed + processes.rank)
    training = parameters.training
    steps = steps_per_epoch(data.train.count, training.batch_size, training.drop_partial_batch)
    return Setup(
        run=run,
        parameters=parameters,
        data=data,
        device=device,
        processes=processes,
        model=model,
        optimiser=AdamW(model, training),
        scaler=torch.amp.GradScaler(device.device.type, enabled=device.precision == "fp16 mixed"),
        compute=torch.compile(losses) if device.compiled else losses,
        steps_per_epoch=steps,
        total_steps=training.schedule_steps or steps * training.epochs,
        look_every=LOOK_STEPS if device.device.type == "cuda" else 1,
    )
