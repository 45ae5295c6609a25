"""What a training has done so far: with the tensors of :func:`snapshot` it is all that a resumed one needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor

from stages.training.setup import Setup
from stages.training.trainable import trainable_parameters


@dataclass
class State:
    learning_rate: float
    """Which the schedule scales and a plateau lowers."""
    started_at: str
    """UTC, ISO 8601."""
    epoch: int = 0
    """Whole epochs done."""
    batch: int = 0
    """Batches done of the epoch under way."""
    step: int = 0
    order_sha256: str = ""
    """Of the order of the epoch under way."""
    loss_sum: float = 0.0
    """Cross-entropy over the epoch's predictions so far, nats. JSON keeps floats exactly."""
    correct: int = 0
    predicted: int = 0
    positions: int = 0
    """Input tokens of the epoch so far, overlaps counted."""
    last_loss: float | None = None
    predicted_total: int = 0
    positions_total: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    """``step`` and ``val_loss`` of every validation, those at the ends of epochs too."""
    best_epoch: int | None = None
    best_loss: float | None = None
    worse_epochs: int = 0
    plateau_epochs: int = 0
    stopped: str | None = None
    """Why the training ended."""
    epoch_seconds: list[float] = field(default_factory=list)
    """With validation; the last may be under way."""
    kilowatt_hours: float | None = 0.0
    """Of the epochs with their validation; null where not measured."""
    resumed: int = 0
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    """Of ``best_epoch``, on the CPU, where they are to be restored."""

    def as_json(self) -> dict[str, Any]:
        """All but the weights."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "best_weights"}


def snapshot(setup: Setup, state: State) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The state as JSON, and copies on the CPU of all tensors that the next step depends on. All processes must call it."""
    tensors = {f"best.{name}": tensor for name, tensor in state.best_weights.items()}
    for name, parameter in trainable_parameters(setup.model).items():
        tensors[f"model.{name}"] = parameter.detach()
        tensors |= {f"optimiser.{name}.{key}": value for key, value in setup.optimiser.state[name].items()}
    tensors["random.cpu"] = setup.processes.gather(torch.get_rng_state())
    if setup.device.device.type == "cuda":
        tensors["random.cuda"] = setup.processes.gather(torch.cuda.get_rng_state(setup.device.device))
    plain = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    return {"state": state.as_json(), "scaler": setup.scaler.state_dict()}, plain


@torch.no_grad()
def restore(setup: Setup, saved: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> State:
    """Put everything back as :func:`snapshot` found it."""
    for name, parameter in trainable_parameters(setup.model).items():
        parameter.copy_(tensors[f"model.{name}"])
        for key, value in setup.optimiser.state[name].items():
            value.copy_(tensors[f"optimiser.{name}.{key}"])
    rank = setup.processes.rank  # its row is cloned: a view of one is refused by PyTorch 2.13, or crashes it
    torch.set_rng_state(tensors["random.cpu"][rank].clone())
    if "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"][rank].clone(), setup.device.device)
    if saved["scaler"]:
        setup.scaler.load_state_dict(saved["scaler"])
    best = {name.removeprefix("best."): value for name, value in tensors.items() if name.startswith("best.")}
    return State(**saved["state"], best_weights=best)
