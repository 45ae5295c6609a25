"""Small trainings for the tests: tokens on disk, parameters, a setup ready for the loop, the stage as a process."""

import json
import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stages.manifest import write_manifest
from stages.training.data import load_data
from stages.training.device import choose_device
from stages.training.parameters import TrainParameters, parse_train_parameters
from stages.training.processes import Processes
from stages.training.setup import Setup
from stages.training.state import State
from stages.training.window_setup import make_setup
from tests.conftest import ROOT
from tests.unit.trained import write_tokens

VOCABULARY = 30
TRANSFORMER = {"family": "transformer", "model_size": 16, "layers": 1, "heads": 2, "feed_forward_size": 32, "dropout": 0.1}
LSTM = {"family": "recurrent", "cell": "lstm", "embedding_size": 8, "hidden_size": 16, "layers": 1, "dropout_input": 0.1}
TRAINING: dict[str, Any] = {
    "objective": "all_positions",
    "optimiser": "adamw",
    "beta1": 0.9,
    "beta2": 0.95,
    "epsilon": 1e-8,
    "learning_rate": 0.003,
    "schedule": "cosine",
    "warmup_steps": 3,
    "weight_decay": 0.01,
    "clip": "tensor",
    "clip_norm": 1.0,
    "precision": "fp32",
    "batch_size": 16,
    "epochs": 2,
    "early_stopping": {"monitor": "validation_loss", "patience": 2, "restore_best": True},
}


def parameters_of(architecture: dict[str, Any] = TRANSFORMER, *, length: int = 8, stride: int = 4, seed: int = 1, **training: Any) -> str:
    """JSON for ``--parameters``, with what differs from the above."""
    data = {"sequence_length": length, "stride": stride}
    return json.dumps({"architecture": architecture, "data": data, "training": TRAINING | training, "seed": seed})


def write_tokenizer(folder: Path) -> Path:
    """A tokenizer of which only the manifest matters."""
    folder.mkdir(parents=True)
    write_manifest(folder, "tokenizer", "stages.train", files=[], facts={"name": folder.name}, parameters={})
    return folder


def write_inputs(folder: Path, train: int = 600, validation: int = 100) -> Path:
    """``train``, ``validation`` and ``tokenizer`` below ``folder``: tokens in which the next one hangs on the last."""
    tokenizer = write_tokenizer(folder / "tokenizer")
    for name, count in {"train": train, "validation": validation}.items():
        noise = np.random.default_rng(len(name)).integers(0, 3, count)
        write_tokens(folder / name, np.cumsum(1 + noise) % VOCABULARY, tokenizer, VOCABULARY, characters=2 * count)
    return folder


def setup_of(inputs: Path, text: str, validation: bool = True, processes: Processes = Processes()) -> tuple[Setup, State]:  # noqa: B008
    """What the loop takes, on one thread."""
    parameters: TrainParameters = parse_train_parameters(text)
    data = load_data(parameters, inputs / "train", inputs / "validation" if validation else None, inputs / "tokenizer")
    device = choose_device(torch.device("cpu"), parameters.training.precision, parameters.architecture, threads=1)
    setup = make_setup("r", parameters, data, device, processes)
    return setup, State(parameters.training.learning_rate, "2026-01-01T00:00:00+00:00")


def command(inputs: Path, folder: Path, text: str, *options: str) -> list[str]:
    """The stage's command line."""
    places = {"--train": inputs / "train", "--validation": inputs / "validation", "--tokenizer": inputs / "tokenizer", "--folder": folder}
    named = [item for name, place in places.items() for item in (name, str(place))]
    fixed = ["--campaign", "c", "--run", "r", "--parameters", text, "--threads", "1", "--device", "cpu"]
    return [sys.executable, "-m", "stages.train", *fixed, *named, *options]


def run_here(arguments: list[str], environment: Mapping[str, str] = {}) -> None:
    """The stage's command line, in this process."""
    os.environ.update(environment)
    sys.argv = arguments[2:]
    runpy.run_module("stages.train", run_name="__main__", alter_sys=True)


def start_stage(arguments: list[str], environment: Mapping[str, str] = {}) -> Any:
    """The stage as a process of its own, forked from one that has imported PyTorch already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.unit.training", "stages.train"])
    process = context.Process(target=run_here, args=(arguments, environment))
    process.start()
    return process


def run_stage(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
