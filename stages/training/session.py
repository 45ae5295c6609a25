"""A training as a stage runs it, of whichever track: locked, resumed from its last checkpoint, watched, timed, recorded."""

import argparse
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

import torch

from stages.code_hash import code_hash
from stages.energy import Meter, total
from stages.files import sha256_of_file, sha256_of_json, to_json, write_atomic
from stages.lock import hold
from stages.training.checkpoint import load_checkpoint, remove_checkpoints, save_checkpoint
from stages.training.live import LiveCurves
from stages.training.loop import Watcher, train
from stages.training.processes import add_device_arguments
from stages.training.progress import Progress
from stages.training.setup import Setup
from stages.training.state import State, restore, snapshot
from stages.training.trainable import parameter_count, trainable_parameters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What every training is told."""
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--parameters", required=True, help="architecture, data, training and seed of the run, as JSON")
    parser.add_argument("--folder", type=Path, required=True, help="folder to write")
    add_device_arguments(parser)
    seconds = float(os.environ.get("LASTRO_CHECKPOINT_SECONDS") or 60)
    words = "seconds between checkpoints; 0: one after every step; default: LASTRO_CHECKPOINT_SECONDS, or 60"
    parser.add_argument("--checkpoint-seconds", type=float, default=seconds, help=words)
    live = os.environ.get("MLFLOW_TRACKING_URI")
    parser.add_argument("--live", default=live, help="MLflow store that shows the losses meanwhile; default: MLFLOW_TRACKING_URI, if set")


def run_session(
    setup: Setup, arguments: argparse.Namespace, inputs: Mapping[str, Path], module: str, write: Callable[[Setup, State], None]
) -> None:
    """Train from the last checkpoint or from the start, as ``arguments`` (:func:`add_arguments`) say.

    ``inputs``: the manifests that the weights are made from, by their kind; ``module``: the stage. ``write`` then writes weights and
    record into the folder, the manifest last; checkpoints lie in ``checkpoints/`` until it has. :class:`UserError` where another
    training of the run is under way.
    """
    checkpoints, processes = arguments.folder / "checkpoints", setup.processes
    fingerprint = fingerprint_of(setup, inputs, module)
    lock = lock_folder(arguments.folder) if processes.main else None
    state = start(setup, checkpoints, fingerprint)
    with Meter(_devices(setup)) as meter:
        spent = partial(energy, state.kilowatt_hours, meter)
        train_watched(setup, state, partial(keep, setup, checkpoints, fingerprint, spent), arguments, fingerprint)
        state.kilowatt_hours = spent()
    if processes.main:
        restore_best(setup, state)
        write_atomic(arguments.folder / "timing.json", to_json(timing_record(state)))
        write(setup, state)
        remove_checkpoints(checkpoints)
        print(summary(setup, state))
    if lock:
        Path(lock.name).unlink()
        lock.close()
    processes.end()


def lock_folder(folder: Path) -> IO[str]:
    """Keep other trainings out of ``folder`` (:func:`stages.lock.hold`)."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / ".training").open("a")
    hold(lock, folder, "training of this run")
    return lock


def fingerprint_of(setup: Setup, inputs: Mapping[str, Path], module: str) -> str:
    """Hash of all that decides the weights: parameters, inputs, code and what it is computed on."""
    return sha256_of_json(
        {
            "parameters": setup.parameters.model_dump(mode="json"),
            "inputs": {kind: sha256_of_file(path) for kind, path in inputs.items()},
            "environment": setup.device.environment(setup.processes.count),
            "code": code_hash(module),
        }
    )


def start(setup: Setup, checkpoints: Path, fingerprint: str) -> State:
    """State of the last sound checkpoint of this training, or of one that has not begun."""
    loaded = load_checkpoint(checkpoints, fingerprint, quiet=not setup.processes.main)
    if loaded is None:
        return State(setup.parameters.training.learning_rate, now())
    state = restore(setup, *loaded)
    state.resumed += 1
    return state


def keep(setup: Setup, checkpoints: Path, fingerprint: str, spent: Callable[[], float | None], state: State) -> None:
    """Write a checkpoint; only the main process does, of what all of them gave."""
    state.kilowatt_hours = spent()
    saved, tensors = snapshot(setup, state)
    if setup.processes.main:
        save_checkpoint(checkpoints, fingerprint, state.step, saved, tensors)


def energy(before: float | None, meter: Meter) -> float | None:
    """Kilowatt-hours of a training with those ``before`` it was resumed; ``None`` where a part was not measured."""
    return total([before, meter.kilowatt_hours])


def _devices(setup: Setup) -> list[torch.device]:
    """Of all processes, which lie on one machine."""
    device, count = setup.device.device, setup.processes.count
    return [torch.device("cuda", number) for number in range(count)] if device.type == "cuda" and count > 1 else [device]


def train_watched(setup: Setup, state: State, save: Callable[[State], None], arguments: argparse.Namespace, fingerprint: str) -> None:
    """Train, while the main process shows how it goes."""
    if not setup.processes.main:
        train(setup, state, save, save_seconds=arguments.checkpoint_seconds)
        return
    live = LiveCurves(arguments.live, arguments.campaign, setup.run, fingerprint) if arguments.live else None
    progress = Progress(setup.run, state, setup.steps_per_epoch * setup.parameters.training.epochs)
    watchers: list[Watcher] = [progress, live] if live else [progress]
    status = "FAILED"
    try:
        train(setup, state, save, watchers, arguments.checkpoint_seconds)
        status = "FINISHED"
    finally:
        progress.close()
        if live:
            live.close(status)


@torch.no_grad()
def restore_best(setup: Setup, state: State) -> None:
    """Give the model the weights of its best epoch, where they were kept for that."""
    for name, parameter in trainable_parameters(setup.model).items():
        parameter.copy_(state.best_weights.get(name, parameter))


def training_record(setup: Setup, state: State, tokenizer: Path, unique_tokens: int) -> dict[str, Any]:
    """What the inputs and the hardware alone decide. Losses are plain cross-entropy in nats per predicted token.

    ``tokenizer``: the manifest of the folder it lies in; ``unique_tokens``: of the training data, each counted once.
    """
    return {
        "run": setup.run,
        "seed": setup.parameters.seed,
        "model": {"parameters": parameter_count(setup.model)},
        "tokenizer": {"manifest_sha256": sha256_of_file(tokenizer)},
        "data": setup.data.facts,
        "steps": state.step,
        "validation_loss": "cross-entropy",
        "history": state.history,
        "best_epoch": state.best_epoch,
        "weights": which_weights(state),
        "stopped": state.stopped,
        "counts": {
            "processed_positions": state.positions_total,
            "predicted_tokens": state.predicted_total,
            "unique_tokens": unique_tokens,
        },
        "environment": setup.device.environment(setup.processes.count),
    }


def timing_record(state: State) -> dict[str, Any]:
    """What the clock decides. Seconds are of epochs with their validation; of parts that a kill undid they are not counted."""
    seconds = sum(state.epoch_seconds)
    return {
        "started_at": state.started_at,
        "ended_at": now(),
        "seconds": seconds,
        "epoch_seconds": state.epoch_seconds,
        "positions_per_second_with_validation": state.positions_total / seconds,
        "resumed": state.resumed,
        "peak_memory_bytes": torch.cuda.max_memory_allocated() or None,
        "kilowatt_hours": state.kilowatt_hours,
    }


def which_weights(state: State) -> str:
    return "best" if state.best_weights else "last"


def summary(setup: Setup, state: State) -> str:
    """The stage's one line."""
    last = state.history[(state.best_epoch or 1) - 1 if state.best_weights else -1]
    losses = f"loss {last['loss']:.4f}, validation loss {last['val_loss']:.4f}"
    speed = f"{state.step} steps, {state.positions_total / sum(state.epoch_seconds):,.0f} positions/s"
    return f"{setup.run}: {losses} at epoch {last['epoch']} ({which_weights(state)}); {speed}; {state.stopped}"


def now() -> str:
    """UTC to the second, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
