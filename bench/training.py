"""The training loop against a minimal one on this processor, and v6 at the thesis's size on a GPU where there is one.

    python -m bench.training        prints a page, writes bench/results/<date>_training.json

Both loops take the same steps of the same model on one thread, in turn; the median of the rounds' ratios counts, of processor
seconds, which other work on the machine disturbs less. The minimal loop clips and schedules as the recipe asks, and reports nothing.
On a GPU: tokens per second, the share of its peak that the model's products use (6 x parameters + 12 x layers x width x length FLOP
a token; Chowdhery et al., 2022, appendix B), and peak memory.
"""

import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from bench.measure import machine, report
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

ROUNDS = 9
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


def ours(setup: Setup) -> float:
    """Processor seconds of an epoch of the project's loop."""
    state = State(setup.parameters.training.learning_rate, "", epoch_seconds=[0.0])
    start = time.process_time()
    train_epoch(setup, state, lambda state: None, (), 1e9, time.perf_counter())
    return time.process_time() - start


def plain(parameters: TrainParameters, data: TrainingData, model: nn.Module) -> float:
    """Processor seconds of the same steps by a loop that has nothing to spare."""
    training = parameters.training
    optimiser = torch.optim.AdamW(model.parameters(), training.learning_rate, (training.beta1, training.beta2), training.epsilon)
    order, last_only = epoch_order(data.train.count, parameters.seed, 1), training.objective == "many_to_one"
    start = time.process_time()
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
    return time.process_time() - start


def compare(name: str) -> dict[str, Any]:
    """Rounds of both loops in turn, the first ones not counted."""
    parameters = small_parameters(name)
    device = choose_device(torch.device("cpu"), "fp32", parameters.architecture, threads=1)
    with TemporaryDirectory() as folder:
        data = random_data(Path(folder), parameters, 1200, STEPS)
        setup = make_setup(name, parameters, data, device, Processes())
        model = build_model(parameters.architecture, 1200, parameters.data.sequence_length, parameters.seed)
        rounds = [(ours(setup), plain(parameters, data, model)) for _ in range(ROUNDS + 1)][1:]
    tokens = STEPS * parameters.training.batch_size * parameters.data.sequence_length
    return {
        "parameters": json.loads(parameters.model_dump_json()),
        "ratio": statistics.median(own / minimal for own, minimal in rounds),
        "positions per processor second": tokens / statistics.median(own for own, _ in rounds),
        "seconds": [list(pair) for pair in rounds],
    }


def thesis_size(precision: str) -> dict[str, Any]:
    """v6 at the thesis's size on this GPU: after 20 steps to warm up, ``CUDA_STEPS`` are timed."""
    run = load_run("published", "v6_rc16k_v5b")
    assert run.data and run.training and run.architecture
    training = run.training.model_dump() | {"precision": precision}
    described = {
        "architecture": run.architecture.model_dump(),
        "data": run.data.model_dump(include={"sequence_length", "stride"}),
        "training": training,
        "seed": 42,
    }
    parameters = TrainParameters.model_validate(described)
    device = choose_device(torch.device("cuda"), precision, parameters.architecture, None)
    with TemporaryDirectory() as folder:
        setups = [
            make_setup("v6", parameters, random_data(Path(folder, str(n)), parameters, 14500, n), device, Processes())
            for n in (20, CUDA_STEPS)
        ]
        ours(setups[0])
        torch.cuda.reset_peak_memory_stats()
        start = time.perf_counter()
        ours(setups[1])
        elapsed = time.perf_counter() - start
    tokens = CUDA_STEPS * parameters.training.batch_size * parameters.data.sequence_length
    architecture: Any = parameters.architecture
    attention = 12 * architecture.layers * architecture.model_size * parameters.data.sequence_length
    flops = (6 * parameter_count(setups[1].model) + attention) * tokens / elapsed
    peak = PEAK_BF16_FLOPS.get(torch.cuda.get_device_name())
    return {
        "device": torch.cuda.get_device_name(),
        "compiled": device.compiled,
        "positions per second": tokens / elapsed,
        "share of the bf16 peak": flops / peak if peak else None,
        "peak memory in bytes": torch.cuda.max_memory_allocated(),
    }


def main() -> None:
    small = {name: compare(name) for name in SMALL}
    cuda = {precision: thesis_size(precision) for precision in ("fp32", "bf16")} if torch.cuda.is_available() else "not measured: no GPU"
    summary = {f"seconds of the loop over a minimal loop's, small {name}": each["ratio"] for name, each in small.items()}
    summary |= {
        f"thousand positions a processor second, small {name}": each["positions per processor second"] / 1000
        for name, each in small.items()
    }
    result = {"machine": machine("torch", "numpy"), "rounds": ROUNDS, "summary": summary, "small": small, "v6 at the thesis's size": cuda}
    report("training", result, summary)
    print("v6 at the thesis's size:", cuda if isinstance(cuda, str) else json.dumps(cuda, indent=1))


if __name__ == "__main__":
    main()
