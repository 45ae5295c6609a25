"""Training of one run of track 1: from tokens to weights, resumable at any moment, the same bytes however often it was interrupted.

``training.json`` holds what the inputs and the hardware decide, ``timing.json`` what the clock does. Several GPUs:
``accelerate launch --multi_gpu -m stages.train …``.
"""

import argparse
from functools import partial
from pathlib import Path

from stages.errors import report_errors
from stages.files import to_json, write_atomic
from stages.manifest import NAME, read_manifest, write_manifest
from stages.memory import enough_memory
from stages.models import parameter_count, save_weights
from stages.training.data import TrainingData, load_data, unique_tokens
from stages.training.device import choose_device
from stages.training.parameters import TrainParameters, parse_train_parameters
from stages.training.processes import join_processes
from stages.training.session import add_arguments, run_session, training_record, which_weights
from stages.training.setup import Setup
from stages.training.state import State
from stages.training.window_setup import make_setup

MODULE = "stages.train"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.train", description="Train one run of track 1 of a campaign.")
    add_arguments(parser)
    parser.add_argument("--train", type=Path, required=True, help="folder of the tokens to learn from")
    parser.add_argument("--validation", type=Path, help="folder of the tokens that validate; default: the last tenth of the windows")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of the tokenizer that made the tokens")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read tokens, train from the last checkpoint or from the start, write weights and what is known of them."""
    parameters = parse_train_parameters(arguments.parameters)
    inputs = input_manifests(arguments)
    data = load_data(parameters, arguments.train, arguments.validation, arguments.tokenizer)
    processes, torch_device = join_processes(arguments.device)
    device = choose_device(torch_device, parameters.training.precision, parameters.architecture, arguments.threads)
    setup = make_setup(arguments.run, parameters, data, device, processes)
    do = "Raise training.gradient_accumulation: it cuts a batch into pieces, with the same result."
    with enough_memory(f"run {arguments.run}", do):
        run_session(setup, arguments, inputs, MODULE, partial(write_outputs, arguments.folder, parameters, data, inputs))


def input_manifests(arguments: argparse.Namespace) -> dict[str, Path]:
    """The manifests that the weights are made from, by their kind."""
    read_manifest(arguments.tokenizer, "tokenizer")
    folders = {"train": arguments.train, "validation": arguments.validation, "tokenizer": arguments.tokenizer}
    return {kind: folder / NAME for kind, folder in folders.items() if folder}


def write_outputs(
    folder: Path, parameters: TrainParameters, data: TrainingData, inputs: dict[str, Path], setup: Setup, state: State
) -> None:
    """Weights, then what is known of the training, then the manifest."""
    length, stride = parameters.data.sequence_length, parameters.data.stride
    described = {
        "architecture": parameters.architecture.model_dump(mode="json"),
        "vocabulary": data.vocabulary,
        "sequence_length": length,
    }
    save_weights(setup.model, folder / "weights.safetensors", described)
    record = training_record(setup, state, inputs["tokenizer"], unique_tokens(data.train.count, length, stride))
    write_atomic(folder / "training.json", to_json(record))
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


if __name__ == "__main__":
    main()
