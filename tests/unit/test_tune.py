import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from stages import energy
from stages.errors import UserError
from stages.files import sha256_of_file
from stages.manifest import read_manifest
from stages.memory import enough_memory
from stages.text_store import TextStore
from stages.training.loop import train, validate
from stages.training.setup import Setup
from stages.training.trainable import trainable_parameters
from stages.tuning import objective
from stages.tuning.data import TuneSources, load_rows
from stages.tuning.models import load_tokenizer
from stages.tuning.objective import label_losses
from stages.tuning.parameters import parse_tune_parameters
from tests.unit.small_llama import small_model
from tests.unit.tuning import LLAMA, LORA, answering, command, parameters_of, run_here, setup_of, trained, write_inputs

STILL = LORA | {"lora_dropout": 0.0}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


def weights(setup: Setup) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in trainable_parameters(setup.model).values()])


def batch_of(setup: Setup, *rows: int) -> dict[str, Tensor]:
    part: Any = setup.data.train
    return {name: torch.from_numpy(array) for name, array in part.batch(np.array(rows)).items()}


@pytest.mark.parametrize("packing", ["padded", "isolated"])
def test_the_loss_is_that_of_transformers_summed_over_its_labels(inputs: Path, packing: str) -> None:
    setup, _ = setup_of(inputs, answering(packing=packing))
    model, batch = small_model(), batch_of(setup, 0, 1, 2)
    found = label_losses(model, batch, 0.0)
    labels = int((batch["labels"][:, 1:] != -100).sum())
    assert labels == setup.data.train.predictions(np.array([0, 1, 2])) > 0
    assert found.cross_entropy.item() / labels == pytest.approx(model(**batch, use_cache=False).loss.item(), abs=1e-5)
    whole = model(**{name: each for name, each in batch.items() if name != "labels"}, use_cache=False).logits[:, :-1].argmax(-1)
    assert found.correct == (whole == batch["labels"][:, 1:]).sum()


def test_logits_too_many_for_memory_are_weighed_in_pieces_to_the_same_gradients(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup, _ = setup_of(inputs, parameters_of())
    found = []
    for limit in (objective.LOGITS, 7 * 400):
        monkeypatch.setattr(objective, "LOGITS", limit)
        model = small_model()
        losses = label_losses(model, batch_of(setup, 0, 1), 0.1)
        losses.objective.backward()  # type: ignore[no-untyped-call]
        gradients = torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])
        found.append((*(each.detach() for each in losses), gradients))
    for whole, pieces in zip(*found, strict=True):
        assert torch.allclose(whole.float(), pieces.float(), rtol=1e-4, atol=1e-3)


def test_an_update_is_batches_times_accumulation_and_every_label_weighs_alike(inputs: Path) -> None:
    settings: dict[str, Any] = {"epsilon": 1e-3, "packing": "padded"}
    whole, state = trained(inputs, answering(architecture=STILL, batch_size=4, gradient_accumulation=1, **settings))
    pieces, pieced = trained(inputs, answering(architecture=STILL, batch_size=1, gradient_accumulation=4, **settings))
    labels = [whole.data.train.predictions(np.array([row])) for row in range(4)]
    assert len(set(labels)) > 1, "or a mean of means would do"
    assert whole.batch_size == pieces.batch_size == 4 and state.step == pieced.step == 2 * math.ceil(whole.data.train.count / 4)
    assert torch.allclose(weights(whole), weights(pieces), atol=1e-5)
    assert state.history[-1]["loss"] == pytest.approx(pieced.history[-1]["loss"], abs=1e-5)
    assert (
        state.predicted_total
        == pieced.predicted_total
        == 2 * sum(whole.data.train.predictions(np.array([row])) for row in range(whole.data.train.count))
    )
    assert state.positions_total > pieced.positions_total > state.predicted_total, "there is less padding in single rows"


def test_an_adapter_learns_and_the_base_stays_as_it_was(inputs: Path) -> None:
    setup, state = setup_of(inputs, parameters_of(epochs=3))
    before = {name: tensor.clone() for name, tensor in setup.model.state_dict().items() if isinstance(tensor, Tensor)}
    first, _ = validate(setup)
    train(setup, state, save=lambda state: None)
    assert state.history[-1]["val_loss"] < first - 0.05
    after = setup.model.state_dict()
    assert {name for name, tensor in before.items() if not torch.equal(tensor, after[name])} == set(trainable_parameters(setup.model))
    assert weights(setup).dtype == torch.float32


def test_a_validation_between_the_steps_is_remembered_and_changes_nothing(inputs: Path) -> None:
    plain, state = trained(inputs, parameters_of())
    often, watched = trained(inputs, parameters_of(evaluate_every_steps=2))
    assert torch.equal(weights(plain), weights(often)) and state.history == watched.history
    steps = plain.steps_per_epoch
    assert [each["step"] for each in state.evaluations] == [steps, 2 * steps]
    assert [each["step"] for each in watched.evaluations] == sorted({*range(2, 2 * steps + 1, 2), steps, 2 * steps})
    assert [each["val_loss"] for each in watched.evaluations if each["step"] % steps == 0] == [
        entry["val_loss"] for entry in watched.history
    ]


def test_layers_computed_anew_give_the_same_adapter(inputs: Path) -> None:
    plain, _ = trained(inputs, parameters_of())
    sparing, _ = trained(inputs, parameters_of(gradient_checkpointing=True))
    model: Any = sparing.model
    assert model.get_base_model().is_gradient_checkpointing
    assert torch.allclose(weights(plain), weights(sparing), atol=1e-5), "dropout included"


def test_a_llama_of_its_own_is_trained_from_nothing(inputs: Path) -> None:
    setup, state = trained(inputs, parameters_of(LLAMA, epochs=4))
    losses = [entry["val_loss"] for entry in state.history]
    assert losses[0] < math.log(400) and losses[-1] < losses[0] - 0.3
    model: Any = setup.model
    assert len(trainable_parameters(model)) == len(list(model.parameters()))
    assert (model.config.bos_token_id, model.config.max_position_embeddings) == (0, 4 * 96)
    tokenizer = load_tokenizer(inputs / "tokenizer")
    assert tokenizer.convert_ids_to_tokens(model.generation_config.eos_token_id) == ["<|end_of_text|>", "<|eot_id|>"]


def test_a_part_of_the_text_validates_and_no_document_is_in_both(inputs: Path) -> None:
    parameters, sources = parse_tune_parameters(parameters_of()), TuneSources(inputs / "text", None, None)
    tokenizer = load_tokenizer(inputs / "model")
    rows = load_rows(parameters, sources, tokenizer)
    assert [rows.facts[part]["documents"] for part in ("train", "validation")] == [20, 6]
    documents = list(TextStore(inputs / "text"))
    texts = [
        {tokenizer.decode(part.ids[start:end], skip_special_tokens=True) for start, end in pairwise(np.flatnonzero(part.ids == 0))}
        for part in (rows.train, rows.validation)
    ]
    order = np.random.default_rng(1).permutation(26)
    assert texts[1] & {documents[row] for row in order[:6]} and not texts[0] & texts[1]
    own = load_rows(parameters, TuneSources(inputs / "text", inputs / "text", None), tokenizer)
    assert own.facts["train"] == own.facts["validation"] and own.facts["train"]["documents"] == 26


def test_the_stage_writes_an_adapter_and_what_is_known_of_it(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(inputs)
    run_here(command(Path(), tmp_path / "sft", answering(save_every_steps=500)))
    assert capsys.readouterr().out.count("\n") == 1
    manifest = read_manifest(tmp_path / "sft", "adapter")
    assert set(manifest.files) == {"adapter_model.safetensors", "adapter_config.json", "training.json"}
    assert set(manifest.inputs) == {"examples", "model"} and manifest.facts["weights"] == "last"
    record = json.loads((tmp_path / "sft/training.json").read_text())
    assert (record["data"]["train_jsonl"], record["data"]["val_jsonl"]) == ("examples/train.jsonl", "examples/validation.jsonl")
    assert record["counts"]["unique_tokens"] == record["data"]["train"]["unique_tokens"]
    assert record["counts"]["predicted_tokens"] == 2 * record["data"]["train"]["label_tokens"]
    assert record["model"] == {"parameters": 4096, "compute_dtype": "float32"} and record["environment"]["precision"] == "fp32"
    assert {"transformers", "peft", "bitsandbytes", "tokenizers", "torch"} <= set(record["environment"]["libraries"])
    assert not {"started_at", "seconds", "kilowatt_hours"} & set(record)
    assert "kilowatt_hours" in json.loads((tmp_path / "sft/timing.json").read_text())
    run_here(command(Path(), tmp_path / "after", answering(), "--adapter", str(tmp_path / "sft")))
    after = read_manifest(tmp_path / "after", "adapter")
    assert after.inputs.keys() == {"examples", "model", "adapter"}
    setup, _ = setup_of(inputs, answering(), tmp_path / "sft")
    assert validate(setup)[0] == record["history"][-1]["val_loss"], "it goes on from where that one ended"


def test_energy_is_counted_once_however_often_it_was_looked_at(inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    joules: list[float] = []

    def counter() -> float:
        joules.append(float(len(joules)))
        return joules[-1]

    monkeypatch.setattr(energy, "_processor_counters", lambda: [counter])
    run_here(command(inputs, tmp_path / "sft", answering(epochs=3)))
    _, entered, *saved, last, _ = joules
    assert len(saved) == 3, "one an epoch"
    assert json.loads((tmp_path / "sft/timing.json").read_text())["kilowatt_hours"] == (last - entered) / energy.JOULES


def test_the_weights_are_the_best_or_the_last_as_the_run_says(inputs: Path, tmp_path: Path) -> None:
    stopping = {"monitor": "validation_loss", "patience": 9, "restore_best": True}
    found = {}
    for name, early in (("best", stopping), ("last", None)):
        run_here(command(inputs, tmp_path / name, answering(epochs=5, learning_rate=0.3, schedule="constant", early_stopping=early)))
        record = json.loads((tmp_path / name / "training.json").read_text())
        assert record["weights"] == read_manifest(tmp_path / name, "adapter").facts["weights"] == name
        setup, _ = setup_of(inputs, answering(), tmp_path / name)
        found[name] = validate(setup)[0], [entry["val_loss"] for entry in record["history"]], record["best_epoch"]
    assert found["best"][0] == min(found["best"][1]) == found["best"][1][found["best"][2] - 1]
    assert found["last"][0] == found["last"][1][-1] > found["best"][0], "this rate is too high to end well"


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (parameters_of(objective="many_to_one"), [], "training.objective: found many_to_one, expected all_positions or answer_tokens"),
        (parameters_of(tail_penalty=1.0), [], "training.tail_penalty"),
        (parameters_of(epochs=0), [], "training.epochs: found 0"),
        (answering(packing="blocks"), [], "data.packing: found 'blocks'"),
        (parameters_of(length=4096), [], "data.sequence_length: found 4096, expected at most 512"),
        (parameters_of(), ["--tokenizer", "x"], "--tokenizer: found x, expected nothing, for architecture.family qlora"),
        (parameters_of(LLAMA), ["--adapter", "x"], "--adapter: found x, expected nothing"),
        (parameters_of(LLAMA), ["--model", "x"], "--model: found x, expected nothing, for architecture.family llama"),
        (answering(length=16), [], "data.sequence_length: found 16, at which nothing is to be predicted"),
        (parameters_of(), ["--device", "cuda"], "--device: found no GPU that PyTorch can use"),
    ],
)
def test_what_cannot_be_trained_is_an_error_and_leaves_nothing(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, options: list[str], message: str
) -> None:
    if "cuda" in options and torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(SystemExit, match="1"):
        run_here(command(inputs, tmp_path / "out", text, *options))
    assert message in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_data_that_is_not_what_the_objective_takes_is_an_error(inputs: Path) -> None:
    tokenizer = load_tokenizer(inputs / "model")
    with pytest.raises(UserError, match="found all_positions, expected answer_tokens, for --examples"):
        load_rows(parse_tune_parameters(parameters_of()), TuneSources(None, None, inputs / "examples"), tokenizer)
    with pytest.raises(UserError, match="found answer_tokens, expected all_positions, for --texts"):
        load_rows(parse_tune_parameters(answering()), TuneSources(inputs / "text", None, None), tokenizer)
    few = json.loads(parameters_of())
    few["data"]["documents_validation"] = 26
    with pytest.raises(UserError, match="documents: found 26, expected more than the 26 that validate"):
        load_rows(parse_tune_parameters(json.dumps(few)), TuneSources(inputs / "text", None, None), tokenizer)


def test_an_adapter_of_other_settings_is_not_gone_on_from(inputs: Path, tmp_path: Path) -> None:
    run_here(command(inputs, tmp_path / "cpt", parameters_of(epochs=1)))
    with pytest.raises(UserError, match="cpt: lora_rank: found 4, expected 8, as architecture.lora_rank of the run that goes on"):
        setup_of(inputs, answering(architecture=LORA | {"lora_rank": 8}), tmp_path / "cpt")
    with pytest.raises(UserError, match=r"lora_dropout: found 0\.05, expected 0\.0"):
        setup_of(inputs, answering(architecture=STILL), tmp_path / "cpt")
    manifest = tmp_path / "cpt/manifest.json"
    manifest.write_text(manifest.read_text().replace(sha256_of_file(inputs / "model/manifest.json"), "0" * 64))
    with pytest.raises(UserError, match=r"inputs.model: found another model, expected .*model/manifest.json"):
        setup_of(inputs, answering(), tmp_path / "cpt")


def test_memory_that_runs_out_says_what_to_do() -> None:
    message = "run r: memory: found too little on the device, expected room for a batch. Halve it."
    with pytest.raises(UserError, match=message), enough_memory("run r", "Halve it."):
        raise torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(UserError, match=message), enough_memory("run r", "Halve it."):
        raise MemoryError("Unable to allocate")  # NumPy's and Python's own
    with pytest.raises(RuntimeError, match="another"), enough_memory("run r", ""):
        raise RuntimeError("another")
