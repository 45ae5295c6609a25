"""Training of one run of track 1: from tokens to weights, resumable at any moment, the same bytes however often it was interrupted.

``training.json`` holds what the inputs and the hardware decide, ``timing.json`` what the clock does. Checkpoints lie in
``checkpoints/`` until the manifest is written. Several GPUs: ``accelerate launch --multi_gpu -m stages.train …``.
"""

import argparse
import fcntl
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

import torch

from stages.code_hash import code_hash
from stages.errors import UserError, report_errors
from stages.files import sha256_of_file, sha256_of_json, to_json, write_atomic
from stages.manifest import NAME, read_manifest, write_manifest
from stages.models import parameter_count, save_weights
from stages.models.build import trainable_parameters
from stages.training.checkpoint import load_checkpoint, remove_checkpoints, save_checkpoint
from stages.training.data import load_data, unique_tokens
from stages.training.device import choose_device
from stages.training.live import LiveCurves
from stages.training.loop import Watcher, train
from stages.training.parameters import TrainParameters, parse_train_parameters
from stages.training.processes import join_processes
from stages.training.progress import Progress
from stages.training.setup import Setup, make_setup
from stages.training.state import State, restore, snapshot

MODULE = "stages.train"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.train", description="Train one run of a campaign.")
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--parameters", required=True, help="architecture, windows, training and seed of the run, as JSON")
    parser.add_argument("--train", type=Path, required=True, help="folder of the tokens to learn from")
    parser.add_argument("--validation", type=Path, help="folder of the tokens that validate; default: the last tenth of the windows")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of the tokenizer that made the tokens")
    parser.add_argument("--folder", type=Path, required=True, help="folder to write")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="default: cuda where there is one")
    parser.add_argument("--threads", type=int, help="threads on a CPU; default: all cores")
    parser.add_argument("--checkpoint-seconds", type=float, default=60, help="seconds between checkpoints; 0: one after every step")
    live = os.environ.get("MLFLOW_TRACKING_URI")
    parser.add_argument("--live", default=live, help="MLflow store that shows the losses meanwhile; default: MLFLOW_TRACKING_URI, if set")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read tokens, train from the last checkpoint or from the start, write weights and what is known of them."""
    parameters = parse_train_parameters(arguments.parameters)
    inputs = input_manifests(arguments)
    data = load_data(parameters, arguments.train, arguments.validation, arguments.tokenizer)
    processes, torch_device = join_processes(arguments.device)
    device = choose_device(torch_device, parameters.training.precision, parameters.architecture, arguments.threads)
    setup = make_setup(arguments.run, parameters, data, device, processes)
    fingerprint = fingerprint_of(setup, inputs)
    checkpoints = arguments.folder / "checkpoints"
    lock = lock_folder(arguments.folder) if processes.main else None
    state = start(setup, checkpoints, fingerprint)
    save = partial(keep, setup, checkpoints, fingerprint)
    try:
        train_watched(setup, state, save, arguments, fingerprint)
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
            raise
        do = "Raise training.gradient_accumulation: it cuts a batch into pieces, with the same result."
        raise UserError(f"run {arguments.run}", "memory", "too little on the device", "room for a batch", do) from error
    if processes.main:
        write_outputs(arguments.folder, setup, state, inputs)
        remove_checkpoints(checkpoints)
        print(summary(setup, state))
    if lock:
        Path(lock.name).unlink()
        lock.close()
    processes.end()


def lock_folder(folder: Path) -> IO[str]:
    """Keep other trainings out of ``folder`` until the file is closed, or this process ends, however it does."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / ".training").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        do = "It may have outlived a call that was killed. Wait for it, or stop it; the same command then goes on from its last checkpoint."
        raise UserError(folder, "", "another training of this run under way", "none", do) from error
    return lock


def input_manifests(arguments: argparse.Namespace) -> dict[str, Path]:
    """The manifests that the weights are made from, by their kind."""
    read_manifest(arguments.tokenizer, "tokenizer")
    folders = {"train": arguments.train, "validation": arguments.validation, "tokenizer": arguments.tokenizer}
    return {kind: folder / NAME for kind, folder in folders.items() if folder}


def fingerprint_of(setup: Setup, inputs: dict[str, Path]) -> str:
    """Hash of all that decides the weights: parameters, inputs, code and what it is computed on."""
    return sha256_of_json(
        {
            "parameters": setup.parameters.model_dump(mode="json"),
            "inputs": {kind: sha256_of_file(path) for kind, path in inputs.items()},
            "environment": setup.device.environment(setup.processes.count),
            "code": code_hash(MODULE),
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


def keep(setup: Setup, checkpoints: Path, fingerprint: str, state: State) -> None:
    """Write a checkpoint; only the main process does, of what all of them gave."""
    saved, tensors = snapshot(setup, state)
    if setup.processes.main:
        save_checkpoint(checkpoints, fingerprint, state.step, saved, tensors)


def train_watched(setup: Setup, state: State, save: Any, arguments: argparse.Namespace, fingerprint: str) -> None:
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


def write_outputs(folder: Path, setup: Setup, state: State, inputs: dict[str, Path]) -> None:
    """Weights, then what is known of the training, then the manifest."""
    parameters = setup.parameters
    with torch.no_grad():
        for name, parameter in trainable_parameters(setup.model).items():
            parameter.copy_(state.best_weights.get(name, parameter))
    described = {
        "architecture": parameters.architecture.model_dump(mode="json"),
        "vocabulary": setup.data.vocabulary,
        "sequence_length": parameters.data.sequence_length,
    }
    save_weights(setup.model, folder / "weights.safetensors", described)
    write_atomic(folder / "training.json", to_json(training_record(setup, state, inputs)))
    write_atomic(folder / "timing.json", to_json(timing_record(state)))
    write_manifest(
        folder,
        "weights",
        MODULE,
        files=["weights.safetensors", "training.json"],
        facts={"parameters": parameter_count(setup.model), "weights": which_weights(state), "best_epoch": state.best_epoch},
        parameters=parameters.model_dump(mode="json"),
        inputs=inputs,
        libraries=["torch"],
    )


def training_record(setup: Setup, state: State, inputs: dict[str, Path]) -> dict[str, Any]:
    """What the inputs and the hardware alone decide. Losses are plain cross-entropy in nats per predicted token."""
    parameters: TrainParameters = setup.parameters
    return {
        "run": setup.run,
        "seed": parameters.seed,
        "model": {"parameters": parameter_count(setup.model)},
        "tokenizer": {"manifest_sha256": sha256_of_file(inputs["tokenizer"])},
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
            "unique_tokens": unique_tokens(setup.data.train.count, parameters.data.sequence_length, parameters.data.stride),
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
    }


def which_weights(state: State) -> str:
    return "best" if state.best_weights else "last"


def summary(setup: Setup, state: State) -> str:
    """The stage's one line."""
    last = state.history[(state.best_epoch or 1) - 1 if state.best_weights else -1]
    losses = f"loss {last['loss']:.4f}, validation loss {last['val_loss']:.4f}"
    speed = f"{state.step} steps, {state.positions_total / sum(state.epoch_seconds):,.0f} tokens/s"
    return f"{setup.run}: {losses} at epoch {last['epoch']} ({which_weights(state)}); {speed}; {state.stopped}"


def now() -> str:
    """UTC to the second, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    main()
