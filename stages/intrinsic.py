"""What an adapter gains on the rows that its training was validated on (facts, section 6.4): the base's loss, and the adapter's.

    python -m stages.intrinsic --run sft --model DIR --adapter DIR --examples DIR --output analysis/CAMPAIGN/intrinsic/sft.json

Both are of the same quantised weights, beside which the adapter lies, not merged; plain cross-entropy, every label alike.
"""

import argparse
import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stages.errors import UserError, report_errors
from stages.files import sha256_of_file, to_json, write_atomic
from stages.manifest import NAME, Manifest, read_manifest, stated
from stages.memory import enough_memory
from stages.training.device import Device, choose_device
from stages.training.loop import evaluate
from stages.training.processes import Processes, add_device_arguments, join_processes
from stages.training_parameters import AdapterArchitecture
from stages.tuning.data import TuneSources, load_rows
from stages.tuning.models import LIBRARIES, load_adapter, load_base, load_tokenizer
from stages.tuning.parameters import TuneParameters, parse_tune_parameters
from stages.tuning.rows import Rows
from stages.tuning.setup import row_losses

MEMORY = "Train it with a smaller training.batch_size, and a larger training.gradient_accumulation."


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.intrinsic", description="Compare an adapter's validation loss with its base's.")
    parser.add_argument("--run", required=True, help="run whose adapter it is")
    parser.add_argument("--model", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--adapter", type=Path, required=True, help="folder of the adapter")
    parser.add_argument("--texts", type=Path, help="text that the adapter was trained on")
    parser.add_argument("--validation", type=Path, help="text that validated it, where a part of --texts did not")
    parser.add_argument("--examples", type=Path, help="split of instructions that it was trained on, in place of --texts")
    parser.add_argument("--output", type=Path, required=True, help="report to write")
    add_device_arguments(parser)
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Evaluate both, write the report."""
    manifest = read_manifest(arguments.adapter, "adapter")
    sources = TuneSources(arguments.texts, arguments.validation, arguments.examples)
    check_inputs(manifest, arguments.adapter, {"model": arguments.model} | sources.folders())
    parameters = parse_tune_parameters(manifest.parameters, arguments.adapter / NAME)
    _, torch_device = join_processes(arguments.device)
    device = choose_device(torch_device, parameters.training.precision, parameters.architecture, arguments.threads, LIBRARIES)
    rows = load_rows(parameters, sources, load_tokenizer(arguments.model)).validation
    with enough_memory(f"run {arguments.run}", MEMORY):
        found = compare(arguments.model, arguments.adapter, parameters, rows, device)
    weights = stated(arguments.adapter).text("$.facts.weights").value
    report = {arguments.run: found, "weights": weights, "environment": device.environment(1)}
    write_atomic(arguments.output, to_json(report))
    print(summary(arguments.run, found))


def check_inputs(manifest: Manifest, adapter: Path, folders: dict[str, Path]) -> None:
    """:class:`UserError` unless the adapter was trained on exactly these: else rows that it learnt from might validate it."""
    for kind in ("model", "text", "validation", "examples"):
        folder, expected = folders.get(kind), manifest.inputs.get(kind)
        found = sha256_of_file(folder / NAME) if folder else None
        if found != expected:
            place = folder / NAME if folder else kind
            raise UserError(place, "sha256", found or "nothing", f"{expected or 'nothing'}, the {kind} that {adapter} was trained on")


def compare(model: Path, adapter: Path, parameters: TuneParameters, rows: Rows, device: Device) -> dict[str, dict[str, Any]]:
    """Figures of the base, of base with adapter, and by how much the latter's are lower."""
    assert isinstance(parameters.architecture, AdapterArchitecture)
    adapted = load_adapter(load_base(model, parameters.architecture, device.device), adapter)
    with adapted.disable_adapter():
        base = figures(adapted, parameters, rows, device)
    tuned = figures(adapted, parameters, rows, device)
    delta = {name: base[name] - tuned[name] for name in ("eval_loss", "perplexity")}
    delta["perplexity_reduction_ratio"] = 1 - tuned["perplexity"] / base["perplexity"]
    return {"base": base, "adapter": tuned, "delta": delta}


def figures(model: torch.nn.Module, parameters: TuneParameters, rows: Rows, device: Device) -> dict[str, Any]:
    """Loss (nats per label), perplexity, and of how many labels and batches they are."""
    size = parameters.training.batch_size
    compute = row_losses(model, device, parameters.training)
    loss, _ = evaluate(model, compute, rows, size, device.device, Processes())
    if not math.isfinite(loss):
        raise UserError("the validation", "loss", loss, "a finite number", "Train the adapter again, with a lower training.learning_rate.")
    labels = rows.predictions(np.arange(rows.count))
    return {"eval_loss": loss, "perplexity": math.exp(loss), "label_tokens": labels, "batches": -(-rows.count // size)}


def summary(run: str, found: dict[str, dict[str, Any]]) -> str:
    """The stage's one line."""
    base, adapter = found["base"], found["adapter"]
    losses = f"validation loss {base['eval_loss']:.4f} without the adapter, {adapter['eval_loss']:.4f} with it"
    ratio = found["delta"]["perplexity_reduction_ratio"]
    return f"{run}: {losses}, perplexity {ratio:.1%} lower, over {adapter['label_tokens']} labels"


if __name__ == "__main__":
    main()
