"""A step of the training loop against a minimal loop's, and v6 at the thesis's size where there is a GPU.

Both loops take the same steps of the same small model on one thread, in processor seconds. The minimal loop clips and schedules
as the recipe asks and does nothing else: what the project's loop keeps (losses, counts, what a checkpoint needs) would show as a
ratio above one. Small models make the most of such costs. How long a training takes is another matter: it follows the model, and
positions a second here are of these small ones.

On a GPU: positions a second, the share of its peak that the model's products use (6 × parameters + 12 × layers × width × length
FLOP a position; Chowdhery et al., 2022, appendix B) and peak memory.
"""

import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from bench.measure import Result, entry, in_turn, not_measured, processor, rates, wall
from bench.results import Entry
from stages.manifest import write_manifest
from stages.models import build_model, parameter_count
from stages.parameters import load_run
from stages.training.data import TrainingData, load_data
from stages.training.device import choose_device
from stages.training.loop import train_epoch
from stages.training.optimisation import learning_rate
from stages.training.order import batches, epoch_order
from stages.training.parameters import TrainParameters
from stages.training.processes import Processes
from stages.training.setup import Setup
from stages.training.state import State
from stages.training.window_setup import make_setup

ROUNDS = 7
STEPS = 10
SMALL = {
    "Transformer": {"family": "transformer", "model_size": 96, "layers": 3, "heads": 4, "feed_forward_size": 384, "dropout": 0.05},
    "LSTM": {"family": "recurrent", "cell": "lstm", "embedding_size": 64, "hidden_size": 128, "layers": 1, "dropout_input": 0.1},
}
PEAK_BF16_FLOPS = {
    "NVIDIA H200": 989e12,
    "NVIDIA H100 80GB HBM3": 989e12,
    "NVIDIA GeForce RTX 4090": 165e12,
    "NVIDIA A100-SXM4-80GB": 312e12,
}
"""Dense, by the makers' data sheets."""
CUDA_STEPS = 200
CUDA_ROUNDS = 3


def small_parameters(name: str) -> TrainParameters:
    """v6's recipe on a small model; the recurrent one predicts one token a window, as v4 does."""
    run = load_run("published", "v6_rc16k_v5b")
    assert run.data and run.training
    training = run.training.model_dump() | {"batch_size": 32, "objective": "many_to_one" if name == "LSTM" else "all_positions"}
    data = {"sequence_length": 64, "stride": 32}
    return TrainParameters.model_validate({"architecture": SMALL[name], "data": data, "training": training, "seed": 42})


def random_data(folder: Path, parameters: TrainParameters, vocabulary: int, steps: int) -> TrainingData:
    """Uniform tokens for so many steps."""
    length, stride = parameters.data.sequence_length, parameters.data.stride
    for name, windows in {"train": steps * parameters.training.batch_size, "validation": 1}.items():
        (folder / name).mkdir(parents=True)
        count = (windows - 1) * stride + length + 1
        np.save(folder / name / "tokens.npy", np.random.default_rng(0).integers(0, vocabulary, count, dtype=np.uint16))
    (folder / "tokenizer").mkdir()
    write_manifest(folder / "tokenizer", "tokenizer", "stages.train", files=[], facts={}, parameters={})
    facts = {"documents": 1, "characters": 1, "tokens": 1, "vocabulary": vocabulary}
    for name in ("train", "validation"):
        inputs = {"tokenizer": folder / "tokenizer/manifest.json"}
        write_manifest(folder / name, "tokens", "stages.train", files=["tokens.npy"], facts=facts, parameters={}, inputs=inputs)
    return load_data(parameters, folder / "train", folder / "validation", folder / "tokenizer")


def ours(setup: Setup) -> None:
    """An epoch of the project's loop."""
    state = State(setup.parameters.training.learning_rate, "", epoch_seconds=[0.0])
    train_epoch(setup, state, lambda state: None, (), 1e9, time.perf_counter())


def plain(parameters: TrainParameters, data: TrainingData, model: nn.Module) -> None:
    """The same steps by a loop that has nothing to spare."""
    training = parameters.training
    optimiser = torch.optim.AdamW(model.parameters(), training.learning_rate, (training.beta1, training.beta2), training.epsilon)
    order, last_only = epoch_order(data.train.count, parameters.seed, 1), training.objective == "many_to_one"
    for step, indices in enumerate(batches(order, training.batch_size, STEPS)):
        inputs, targets = (torch.from_numpy(array) for array in data.train.windows.batch(indices))
        if last_only:
            loss = F.cross_entropy(model(inputs, last_only=True), targets[:, -1])
        else:
            loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.grad.mul_(1 / parameter.grad.norm().clamp(min=1))
        optimiser.param_groups[0]["lr"] = learning_rate(step, training.learning_rate, training, 1000)
        optimiser.step()
        optimiser.zero_grad()


def compare(name: str) -> dict[str, Entry]:
    """Both loops on the small model of that name."""
    parameters = small_parameters(name)
    device = choose_device(torch.device("cpu"), "fp32", parameters.architecture, threads=1)
    with TemporaryDirectory() as folder:
        data = random_data(Path(folder), parameters, 1200, STEPS)
        setup = make_setup(name, parameters, data, device, Processes())
        model = build_model(parameters.architecture, 1200, parameters.data.sequence_length, parameters.seed)
        calls = {"minimal": partial(plain, parameters, data, model), "ours": partial(ours, setup)}
        seconds = in_turn({way: partial(processor, call) for way, call in calls.items()}, ROUNDS)
    per_step = {way: [1000 * each / STEPS for each in found] for way, found in seconds.items()}
    positions = STEPS * parameters.training.batch_size * parameters.data.sequence_length
    key = name.lower()
    return {
        f"{key}_minimal": entry(f"A step of a minimal loop, small {name}", "ms", per_step["minimal"]),
        f"{key}_ours": entry(f"A step of the loop, small {name}", "ms", per_step["ours"], f"{key}_minimal", per_step["minimal"]),
        f"{key}_positions": entry(f"Positions trained, small {name}", "positions/s", rates(positions, seconds["ours"])),
    }


def thesis_size(precision: str) -> dict[str, Entry]:
    """v6 at the thesis's size on the GPU, where there is one: after 20 steps to warm up, ``CUDA_STEPS`` are timed in each round."""
    label = f"v6 at the thesis's size, {precision}"
    if not torch.cuda.is_available():
        units = {"positions": "positions/s", "share": "of the bf16 peak", "memory": "GiB"}
        return {f"v6_{precision}_{name}": not_measured(label, unit) for name, unit in units.items()}
    parameters = thesis_parameters(precision)
    device = choose_device(torch.device("cuda"), precision, parameters.architecture, None)
    with TemporaryDirectory() as folder:
        warm_up, timed = (
            make_setup("v6", parameters, random_data(Path(folder, str(n)), parameters, 14500, n), device, Processes())
            for n in (20, CUDA_STEPS)
        )
        ours(warm_up)
        torch.cuda.reset_peak_memory_stats()
        seconds = [wall(partial(finished, timed)) for _ in range(CUDA_ROUNDS)]
    positions = rates(CUDA_STEPS * parameters.training.batch_size * parameters.data.sequence_length, seconds)
    found = {
        f"v6_{precision}_positions": entry(label, "positions/s", positions),
        f"v6_{precision}_memory": entry(label, "GiB", [torch.cuda.max_memory_allocated() / 2**30]),
    }
    if peak := PEAK_BF16_FLOPS.get(torch.cuda.get_device_name()):
        architecture: Any = parameters.architecture
        flops = 6 * parameter_count(timed.model) + 12 * architecture.layers * architecture.model_size * parameters.data.sequence_length
        found[f"v6_{precision}_share"] = entry(label, "of the bf16 peak", [flops * each / peak for each in positions])
    return found


def finished(setup: Setup) -> None:
    """An epoch, until the GPU has done all of it."""
    ours(setup)
    torch.cuda.synchronize()


def thesis_parameters(precision: str) -> TrainParameters:
    """v6 as it was published, in another precision."""
    run = load_run("published", "v6_rc16k_v5b")
    assert run.data and run.training and run.architecture
    return TrainParameters.model_validate(
        {
            "architecture": run.architecture.model_dump(),
            "data": run.data.model_dump(include={"sequence_length", "stride"}),
            "training": run.training.model_dump() | {"precision": precision},
            "seed": 42,
        }
    )


def result() -> Result:
    entries: dict[str, Entry] = {}
    for name in SMALL:
        entries |= compare(name)
    for precision in ("fp32", "bf16"):
        entries |= thesis_size(precision)
    return Result(entries, {"rounds": ROUNDS, "steps a round": STEPS}, ("torch", "numpy"))
