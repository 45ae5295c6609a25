"""Small trainings of track 2 for the tests: documents and instructions on disk, parameters, the stages as processes."""

import json
import runpy
import sys
from multiprocessing import forkserver
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from stages.base_tokenizer import train_byte_bpe, write_tokenizer
from stages.example_rows import write_objects
from stages.manifest import write_manifest
from stages.training.device import choose_device
from stages.training.loop import train
from stages.training.processes import Processes
from stages.training.setup import Setup
from stages.training.state import State
from stages.training_parameters import LlamaArchitecture
from stages.tuning.data import TuneSources, load_rows
from stages.tuning.models import load_tokenizer
from stages.tuning.parameters import parse_tune_parameters
from stages.tuning.setup import adapter_to_train, base_to_train, make_setup
from tests.forking import start
from tests.unit.small_llama import VOCABULARY, write_model
from tests.unit.tokenizers import invented_documents, write_text

LORA: dict[str, Any] = {
    "family": "qlora",
    "base_model": "base",
    "quantisation": "nf4",
    "double_quantisation": True,
    "compute_dtype": "bfloat16",
    "lora_rank": 4,
    "lora_alpha": 8,
    "lora_dropout": 0.05,
    "lora_targets": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
}
LLAMA: dict[str, Any] = {
    "family": "llama",
    "model_size": 32,
    "layers": 2,
    "heads": 4,
    "key_value_heads": 2,
    "feed_forward_size": 64,
}
TRAINING: dict[str, Any] = {
    "objective": "all_positions",
    "optimiser": "adamw",
    "beta1": 0.9,
    "beta2": 0.999,
    "epsilon": 1e-8,
    "learning_rate": 0.01,
    "schedule": "cosine",
    "warmup_steps": 3,
    "weight_decay": 0.01,
    "clip": "global",
    "clip_norm": 1.0,
    "precision": "bf16",
    "batch_size": 2,
    "gradient_accumulation": 2,
    "epochs": 2,
}
SERVER = forkserver.ForkServer()
SERVER.set_forkserver_preload(["tests.unit.tuning", "peft", "bitsandbytes", "transformers.models.llama.modeling_llama"])


def parameters_of(architecture: dict[str, Any] = LORA, *, length: int = 96, packing: str = "isolated", **training: Any) -> str:
    """JSON for ``--parameters``, with what differs from the above."""
    return json.dumps(
        {
            "architecture": architecture,
            "data": {"sequence_length": length, "packing": packing, "documents_train": 20, "documents_validation": 6},
            "tokenizer": {"add_bos": True, "add_eos": False},
            "training": TRAINING | training,
            "seed": 1,
        }
    )


def answering(**training: Any) -> str:
    """The same of a run that is tuned on examples."""
    return parameters_of(**{"objective": "answer_tokens", **training})


def write_inputs(folder: Path) -> Path:
    """``text``, ``examples``, ``model`` and ``tokenizer`` below ``folder``."""
    write_text(folder / "text", invented_documents(26))
    (folder / "examples").mkdir()
    for seed, (name, count) in enumerate({"train": 24, "validation": 8, "test": 1}.items()):
        lines = [document.split("\n") for document in invented_documents(count, seed)]
        rows = ({"instruction": "resuma", "input": first[:60], "output": second[:20]} for first, second, _ in lines)
        write_objects(folder / f"examples/{name}.jsonl", rows)
    files = ["train.jsonl", "validation.jsonl", "test.jsonl"]
    write_manifest(folder / "examples", "examples", "stages.split", files=files, facts={}, parameters={})
    write_model(folder / "model")
    write_tokenizer(folder / "tokenizer", train_byte_bpe(invented_documents(200), VOCABULARY))
    names = [path.name for path in sorted((folder / "tokenizer").iterdir())]
    write_manifest(folder / "tokenizer", "tokenizer", "stages.base_tokenizer", files=names, facts={}, parameters={})
    return folder


def command(inputs: Path, folder: Path, text: str, *options: str) -> list[str]:
    """The command line of a training: its architecture and objective say on what."""
    parameters = json.loads(text)
    data = "examples" if parameters["training"]["objective"] == "answer_tokens" else "text"
    start = "tokenizer" if parameters["architecture"]["family"] == "llama" else "model"
    places = {"--texts" if data == "text" else "--examples": inputs / data, f"--{start}": inputs / start, "--folder": folder}
    named = [item for name, place in places.items() for item in (name, str(place))]
    return ["stages.tune", "--campaign", "c", "--run", "r", "--parameters", text, "--threads", "1", "--device", "cpu", *named, *options]


def setup_of(inputs: Path, text: str, adapter: Path | None = None) -> tuple[Setup, State]:
    """What the loop takes, on one thread."""
    parameters = parse_tune_parameters(text)
    on_examples = parameters.training.objective == "answer_tokens"
    sources = TuneSources(None, None, inputs / "examples") if on_examples else TuneSources(inputs / "text", None, None)
    device = choose_device(torch.device("cpu"), parameters.training.precision, parameters.architecture, 1)
    tokenizer = load_tokenizer(inputs / "model")
    data = load_rows(parameters, sources, tokenizer)
    model: Any
    if isinstance(parameters.architecture, LlamaArchitecture):
        model = base_to_train(parameters, tokenizer, device)
    else:
        model = adapter_to_train(parameters, inputs / "model", adapter, tokenizer, device)
    setup = make_setup("r", parameters, data, device, Processes(), model)
    return setup, State(parameters.training.learning_rate, "2026-01-01T00:00:00+00:00")


def trained(inputs: Path, text: str, adapter: Path | None = None) -> tuple[Setup, State]:
    """The same after its training."""
    setup, state = setup_of(inputs, text, adapter)
    train(setup, state, save=lambda state: None)
    return setup, state


def run_here(arguments: list[str]) -> None:
    """A stage's command line, in this process."""
    with mock.patch.object(sys, "argv", arguments):
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


def start_stage(arguments: list[str]) -> Any:
    """The stage as a process of its own, forked from one that has imported all it takes already."""
    return start(SERVER, run_here, arguments)
