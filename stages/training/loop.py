"""The training loop of both tracks: epochs of shuffled rows, validation after each and between, checkpoints by the clock.

Losses are in nats; rows are windows in track 1, documents or examples in track 2. Nothing here waits for a GPU but the looks at the
losses, one every ``look_every`` steps.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from stages.errors import UserError
from stages.training.monitor import close_epoch
from stages.training.optimisation import clip_gradients, learning_rate
from stages.training.order import Order, batches, epoch_order, sha256_of_order
from stages.training.processes import Processes
from stages.training.setup import Compute, Indices, Part, Setup
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
        entry = history_entry(setup, state, *validated(setup, state))
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
    for indices in batches(order, setup.batch_size, setup.steps_per_epoch, state.batch):
        pending.append(step(setup, state, indices))
        state.batch += 1
        last = state.batch == setup.steps_per_epoch
        due = not last and state.step % (training.evaluate_every_steps or math.inf) == 0
        if state.step % setup.look_every and not last and not due:
            continue
        figures = look(setup, state, pending)
        if due:
            figures |= zip(("val_loss", "val_accuracy"), validated(setup, state), strict=True)
            setup.model.train()
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
        raise UserError(f"run {setup.run}", "order of the rows", sha256, f"{state.order_sha256}, as before", "Delete its checkpoints.")
    state.order_sha256 = sha256
    return order


def step(setup: Setup, state: State, indices: Indices) -> tuple[Tensor, int]:
    """One update on the rows ``indices``; their summed cross-entropy and number of hits, still on the device, and their predictions.

    The batch is cut into a part for each process and these into ``gradient_accumulation`` pieces, all weighed as one batch: each
    predicted token alike.
    """
    part, accumulation = setup.data.train, setup.parameters.training.gradient_accumulation
    shares = [np.array_split(share, accumulation) for share in np.array_split(indices, setup.processes.count)]
    predictions = part.predictions(indices)
    tally_2 = torch.zeros(2, dtype=torch.float64, device=setup.device.device)
    for piece in filter(len, shares[setup.processes.rank]):
        objective, cross_entropy, correct = setup.compute(part, piece, True)
        setup.scaler.scale(objective / predictions).backward()  # type: ignore[no-untyped-call]
        tally_2 += torch.stack((cross_entropy.double(), correct.double()))
    update(setup, state)
    positions = sum(part.positions(piece) for share in shares for piece in filter(len, share))
    state.positions += positions
    state.positions_total += positions
    return tally_2, predictions


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


def validated(setup: Setup, state: State) -> tuple[float, float]:
    """Loss and accuracy of a validation, which the state remembers; :class:`UserError` where the loss is not finite."""
    loss, accuracy = validate(setup)
    if not math.isfinite(loss):
        raise _diverged(setup, state, "validation", loss)
    state.evaluations.append({"step": state.step, "val_loss": loss})
    return loss, accuracy


def validate(setup: Setup) -> tuple[float, float]:
    """Plain cross-entropy (nats per prediction) and accuracy over all validation rows."""
    size = setup.parameters.training.batch_size
    return evaluate(setup.model, setup.compute, setup.data.validation, size, setup.device.device, setup.processes)


@torch.no_grad()
def evaluate(
    model: nn.Module, compute: Compute, part: Part, batch_size: int, device: torch.device, processes: Processes
) -> tuple[float, float]:
    """The same over all rows of ``part``, every predicted token alike; leaves the model in evaluation mode."""
    model.eval()
    tally_2 = torch.zeros(2, dtype=torch.float64, device=device)
    rows = np.arange(part.count)
    share = np.array_split(rows, processes.count)[processes.rank]
    for first in range(0, len(share), batch_size):
        _, cross_entropy, correct = compute(part, share[first : first + batch_size], False)
        tally_2 += torch.stack((cross_entropy.double(), correct.double()))
    processes.sum([tally_2])
    loss, accuracy = (tally_2 / part.predictions(rows)).tolist()
    return loss, accuracy


def history_entry(setup: Setup, state: State, validation_loss: float, validation_accuracy: float) -> dict[str, Any]:
    """Figures of the epoch that has ended; losses and perplexities are of plain cross-entropy."""
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


def _diverged(setup: Setup, state: State, place: str, loss: float) -> UserError:
    last = "none" if state.last_loss is None else f"{state.last_loss:.4g}"
    do = f"The last good loss was {last}. Lower training.learning_rate or clip harder; earlier checkpoints are kept."
    return UserError(f"run {setup.run}", f"epoch {state.epoch + 1}, {place}", f"a loss of {loss}", "a finite number", do)
