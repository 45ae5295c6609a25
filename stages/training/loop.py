"""The training loop: epochs of shuffled windows, a validation after each, checkpoints by the clock.

Losses are in nats. Nothing here waits for a GPU but the looks at the losses, one every ``look_every`` steps.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stages.errors import UserError
from stages.training.monitor import close_epoch
from stages.training.optimisation import clip_gradients, learning_rate
from stages.training.order import Order, batches, epoch_order, sha256_of_order
from stages.training.setup import Setup
from stages.training.state import State

Watcher = Callable[[State, Mapping[str, float]], None]
"""Is shown the state and figures by name: those of the last steps, or of the epoch that has ended."""


def train(setup: Setup, state: State, save: Callable[[State], None], watchers: Sequence[Watcher] = (), save_seconds: float = 60) -> None:
    """Train from ``state`` to the end; ``save`` keeps it at the end of each epoch, and every ``save_seconds`` in between.

    :class:`UserError` where a loss is not finite: nothing is saved of such a training from there on.
    """
    clock = time.perf_counter()
    while state.stopped is None:
        if state.batch == 0:
            state.epoch_seconds = [*state.epoch_seconds[: state.epoch], 0.0]
        clock = train_epoch(setup, state, save, watchers, save_seconds, clock)
        entry = history_entry(setup, state, *validate(setup))
        state.epoch_seconds[-1] += time.perf_counter() - clock
        clock = time.perf_counter()
        close_epoch(setup, state, entry)
        save(state)
        for watcher in watchers:
            watcher(state, entry)


def train_epoch(
    setup: Setup, state: State, save: Callable[[State], None], watchers: Sequence[Watcher], save_seconds: float, clock: float
) -> float:
    """All batches of the epoch that are left; ``clock`` and what is returned are when its seconds were last counted."""
    training = setup.parameters.training
    order = order_of_epoch(setup, state)
    setup.model.train()
    pending: list[tuple[Tensor, int]] = []
    saved = time.perf_counter()
    for indices in batches(order, training.batch_size, setup.steps_per_epoch, state.batch):
        pending.append((step(setup, state, indices), setup.predictions(len(indices))))
        state.batch += 1
        state.positions += setup.positions(len(indices))
        state.positions_total += setup.positions(len(indices))
        if state.step % setup.look_every and state.batch < setup.steps_per_epoch:
            continue
        figures = look(setup, state, pending)
        now = time.perf_counter()
        state.epoch_seconds[-1] += now - clock
        clock = now
        for watcher in watchers:
            watcher(state, figures)
        if setup.processes.agree(now - saved >= save_seconds):
            save(state)
            saved = time.perf_counter()
    return clock


def order_of_epoch(setup: Setup, state: State) -> Order:
    """The order of the epoch under way; :class:`UserError` where it began in another."""
    order = epoch_order(setup.data.train.count, setup.parameters.seed, state.epoch + 1)
    sha256 = sha256_of_order(order)
    if state.batch and state.order_sha256 != sha256:
        raise UserError(f"run {setup.run}", "order of the windows", sha256, f"{state.order_sha256}, as before", "Delete its checkpoints.")
    state.order_sha256 = sha256
    return order


def step(setup: Setup, state: State, indices: NDArray[np.integer]) -> Tensor:
    """One update on the windows ``indices``; returns their summed cross-entropy and number of hits, still on the device.

    The batch is cut into a part for each process and these into ``gradient_accumulation`` pieces, all weighed as one batch.
    """
    training, device = setup.parameters.training, setup.device
    predictions = setup.predictions(len(indices))
    tally_2 = torch.zeros(2, dtype=torch.float64, device=device.device)
    share = np.array_split(indices, setup.processes.count)[setup.processes.rank]
    for piece in np.array_split(share, training.gradient_accumulation):
        if len(piece):
            inputs_BT, targets_BT = to_device(setup.data.train.batch(piece), device.device)
            with device.autocast():
                objective, cross_entropy, correct = setup.compute(
                    setup.model, inputs_BT, targets_BT, setup.last_only, training.label_smoothing, training.tail_penalty or 0.0
                )
            setup.scaler.scale(objective / predictions).backward()  # type: ignore[no-untyped-call]
            tally_2 += torch.stack((cross_entropy.double(), correct.double()))
    update(setup, state)
    return tally_2


def update(setup: Setup, state: State) -> None:
    """Sum the gradients over the processes, clip them, and move the weights."""
    optimiser: Any = setup.optimiser  # the scaler takes it for one of PyTorch's
    setup.processes.sum(optimiser.gradients)
    setup.scaler.unscale_(optimiser)
    clip_gradients(optimiser.gradients, setup.parameters.training)
    optimiser.lr = rate(setup, state)
    setup.scaler.step(optimiser)
    setup.scaler.update()
    optimiser.zero_grad()
    state.step += 1


def rate(setup: Setup, state: State) -> float:
    """Learning rate of the next update."""
    return learning_rate(state.step, state.learning_rate, setup.parameters.training, setup.total_steps)


def look(setup: Setup, state: State, pending: list[tuple[Tensor, int]]) -> dict[str, float]:
    """Count the steps since the last look (their tallies and predictions) into the state; figures of them to show."""
    tallies_S2 = torch.stack([tally for tally, _ in pending])
    setup.processes.sum([tallies_S2])
    total = 0.0
    for number, ((loss, correct), (_, predictions)) in enumerate(zip(tallies_S2.tolist(), pending, strict=True), start=1):
        if not math.isfinite(loss):
            raise _diverged(setup, state, f"step {state.step - len(pending) + number}", loss)
        state.last_loss = loss / predictions
        state.loss_sum += loss
        state.correct += int(correct)
        state.predicted += predictions
        state.predicted_total += predictions
        total += loss
    count = sum(predictions for _, predictions in pending)
    pending.clear()
    return {"loss": total / count, "learning_rate": rate(setup, state)}


@torch.no_grad()
def validate(setup: Setup) -> tuple[float, float]:
    """Plain cross-entropy (nats per prediction) and accuracy over all validation windows."""
    setup.model.eval()
    part, size = setup.data.validation, setup.parameters.training.batch_size
    tally_2 = torch.zeros(2, dtype=torch.float64, device=setup.device.device)
    share = np.array_split(np.arange(part.count), setup.processes.count)[setup.processes.rank]
    for first in range(0, len(share), size):
        inputs_BT, targets_BT = to_device(part.batch(share[first : first + size]), setup.device.device)
        with setup.device.autocast():
            _, cross_entropy, correct = setup.compute(setup.model, inputs_BT, targets_BT, setup.last_only, 0.0, 0.0)
        tally_2 += torch.stack((cross_entropy.double(), correct.double()))
    setup.processes.sum([tally_2])
    loss, accuracy = (tally_2 / setup.predictions(part.count)).tolist()
    return loss, accuracy


def history_entry(setup: Setup, state: State, validation_loss: float, validation_accuracy: float) -> dict[str, Any]:
    """Figures of the epoch that has ended; losses and perplexities are of plain cross-entropy."""
    if not math.isfinite(validation_loss):
        raise _diverged(setup, state, "validation", validation_loss)
    loss = state.loss_sum / state.predicted
    return {
        "epoch": state.epoch + 1,
        "loss": loss,
        "accuracy": state.correct / state.predicted,
        "val_loss": validation_loss,
        "val_accuracy": validation_accuracy,
        "perplexity": perplexity(loss),
        "val_perplexity": perplexity(validation_loss),
        "learning_rate": rate(setup, state),
        "tokens_epoch": state.positions,
        "tokens_seen_total": state.positions_total,
        "predicted_total": state.predicted_total,
    }


def perplexity(loss: float) -> float | None:
    """``exp(loss)``, where a float holds it."""
    return math.exp(loss) if loss < 700 else None


def to_device(batch: tuple[NDArray[np.int64], NDArray[np.int64]], device: torch.device) -> tuple[Tensor, Tensor]:
    inputs, targets = batch
    return torch.from_numpy(inputs).to(device), torch.from_numpy(targets).to(device)


def _diverged(setup: Setup, state: State, place: str, loss: float) -> UserError:
    last = "none" if state.last_loss is None else f"{state.last_loss:.4g}"
    do = f"The last good loss was {last}. Lower training.learning_rate or clip harder; earlier checkpoints are kept."
    return UserError(f"run {setup.run}", f"epoch {state.epoch + 1}, {place}", f"a loss of {loss}", "a finite number", do)
