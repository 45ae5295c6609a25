"""Training of one run of track 2: a small LLaMA from nothing, or LoRA adapters on a base in NF4 (QLoRA); resumable as track 1's.

    python -m stages.tune --campaign demo --run sft --parameters JSON --examples DIR --model DIR --folder versions/demo/trilha2-lora/sft

Texts teach every next token (``--texts``, of which a part validates, or ``--validation`` does), instructions their answers alone
(``--examples``). The weights are of the best epoch where ``training.early_stopping.restore_best`` asks for it, else the last.
"""

import argparse
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.errors import UserError, report_errors
from stages.files import to_json, write_atomic
from stages.manifest import NAME, write_manifest
from stages.memory import enough_memory
from stages.training.device import choose_device
from stages.training.processes import join_processes
from stages.training.session import add_arguments, run_session, training_record, which_weights
from stages.training.setup import Setup
from stages.training.state import State
from stages.training.trainable import parameter_count
from stages.training_parameters import LlamaArchitecture
from stages.tuning.data import TuneRows, TuneSources, load_rows
from stages.tuning.models import ADAPTER_CONFIGURATION, ADAPTER_WEIGHTS, LIBRARIES, compute_dtype, hide_bars, load_tokenizer, save_adapter
from stages.tuning.parameters import TuneParameters, parse_tune_parameters
from stages.tuning.setup import adapter_to_train, base_to_train, make_setup

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MODULE = "stages.tune"
MEMORY = (
    "Halve training.batch_size and double training.gradient_accumulation, which gives the same result; "
    "else training.gradient_checkpointing=true, or a shorter data.sequence_length."
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.tune", description="Train one run of track 2 of a campaign.")
    add_arguments(parser)
    parser.add_argument("--texts", type=Path, help="text to learn from")
    parser.add_argument("--validation", type=Path, help="text that validates; default: a part of --texts")
    parser.add_argument("--examples", type=Path, help="split of instructions to learn from, in place of --texts")
    parser.add_argument("--tokenizer", type=Path, help="folder of the tokenizer, for a model that is trained from nothing")
    parser.add_argument("--model", type=Path, help="folder of the base model, for adapters")
    parser.add_argument("--adapter", type=Path, help="folder of an adapter to go on from")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read rows, train from the last checkpoint or from the start, write weights and what is known of them."""
    parameters = parse_tune_parameters(arguments.parameters)
    reads = tokenizer_folder(parameters, arguments)
    sources = TuneSources(arguments.texts, arguments.validation, arguments.examples)
    folders = sources.folders() | {"tokenizer": arguments.tokenizer, "model": arguments.model, "adapter": arguments.adapter}
    inputs = {kind: folder / NAME for kind, folder in folders.items() if folder}
    processes, torch_device = join_processes(arguments.device)
    device = choose_device(torch_device, parameters.training.precision, parameters.architecture, arguments.threads, LIBRARIES)
    tokenizer = load_tokenizer(reads)
    data = load_rows(parameters, sources, tokenizer)
    with enough_memory(f"run {arguments.run}", MEMORY):
        if isinstance(parameters.architecture, LlamaArchitecture):
            model: Any = base_to_train(parameters, tokenizer, device)
        else:
            model = adapter_to_train(parameters, arguments.model, arguments.adapter, tokenizer, device)
        setup = make_setup(arguments.run, parameters, data, device, processes, model)
        run_session(setup, arguments, inputs, MODULE, partial(write_outputs, arguments.folder, parameters, data, inputs, reads))


def tokenizer_folder(parameters: TuneParameters, arguments: argparse.Namespace) -> Path:
    """Where the tokenizer lies; :class:`UserError` unless the folders given are those that the architecture takes."""
    is_base = isinstance(parameters.architecture, LlamaArchitecture)
    needed = {"--tokenizer": is_base, "--model": not is_base}
    folders: dict[str, Path | None] = {"--tokenizer": arguments.tokenizer, "--model": arguments.model}
    for name, folder in folders.items():
        if bool(folder) != needed[name]:
            expected = "a folder" if needed[name] else "nothing"
            raise UserError(name, "", folder or "nothing", f"{expected}, for architecture.family {parameters.architecture.family}")
    if is_base and arguments.adapter:
        raise UserError("--adapter", "", arguments.adapter, "nothing, for a model that is trained from nothing")
    found = folders["--tokenizer" if is_base else "--model"]
    assert found
    return found


def write_outputs(
    folder: Path, parameters: TuneParameters, data: TuneRows, inputs: dict[str, Path], reads: Path, setup: Setup, state: State
) -> None:
    """Weights, then what is known of the training, then the manifest."""
    model: Any = setup.model
    architecture = parameters.architecture
    record = training_record(setup, state, reads / NAME, data.train.facts["unique_tokens"]) | {"evaluations": state.evaluations}
    facts = {"parameters": parameter_count(model), "weights": which_weights(state), "best_epoch": state.best_epoch}
    if isinstance(architecture, LlamaArchitecture):
        kind, files = "model", save_base(model, reads, folder)
        facts["vocabulary"] = model.config.vocab_size
    else:
        kind, files = "adapter", [ADAPTER_WEIGHTS, ADAPTER_CONFIGURATION]
        save_adapter(model, folder, architecture)
        record["model"]["compute_dtype"] = str(compute_dtype(architecture, setup.device.device)).removeprefix("torch.")
    write_atomic(folder / "training.json", to_json(record))
    write_manifest(
        folder,
        kind,
        MODULE,
        files=[*files, "training.json"],
        facts=facts,
        parameters=parameters.model_dump(mode="json"),
        inputs=inputs,
        libraries=["torch", *LIBRARIES],
    )


def save_base(model: "PreTrainedModel", tokenizer: Path, folder: Path) -> Sequence[str]:
    """Write the model with the files of its tokenizer, as a folder that ``transformers`` reads; the files' names."""
    hide_bars()
    with tempfile.TemporaryDirectory() as temporary:
        model.save_pretrained(temporary)
        own = [path for path in Path(temporary).iterdir() if path.suffix in (".json", ".safetensors")]
        copied = [path for path in tokenizer.iterdir() if path.suffix in (".json", ".jinja") and path.name != NAME]
        paths = sorted([*own, *copied], key=lambda path: path.name)
        for path in paths:
            write_atomic(folder / path.name, path.read_bytes())
    return [path.name for path in paths]


if __name__ == "__main__":
    main()
