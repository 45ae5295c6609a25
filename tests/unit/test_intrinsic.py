import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from stages.training_parameters import AdapterArchitecture
from stages.tuning.data import TuneSources, load_rows
from stages.tuning.models import load_adapter, load_base, load_tokenizer
from stages.tuning.parameters import parse_tune_parameters
from tests.unit.small_llama import write_model
from tests.unit.tuning import LORA, answering, command, parameters_of, run_here, write_inputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs, and the adapters ``cpt`` and ``sft`` trained on them."""
    folder = write_inputs(tmp_path_factory.mktemp("inputs"))
    run_here(command(folder, folder / "cpt", parameters_of(packing="blocks", length=48)))
    run_here(command(folder, folder / "sft", answering(packing="padded")))
    return folder


def intrinsic(inputs: Path, output: Path, run: str, *options: str) -> dict[str, Any]:
    data = ["--examples", str(inputs / "examples")] if run == "sft" else ["--texts", str(inputs / "text")]
    places = ["--model", str(inputs / "model"), "--adapter", str(inputs / run), "--output", str(output)]
    run_here(["stages.intrinsic", "--run", run, *places, *data, "--device", "cpu", "--threads", "1", *options])
    found: dict[str, Any] = json.loads(output.read_text())
    return found


@pytest.mark.parametrize("run", ["cpt", "sft"])
def test_the_adapters_loss_is_that_of_its_training_and_the_bases_that_of_the_base(run: str, inputs: Path, tmp_path: Path) -> None:
    report = intrinsic(inputs, tmp_path / "report.json", run)
    training = json.loads((inputs / run / "training.json").read_text())
    found = report[run]
    assert found["adapter"]["eval_loss"] == training["history"][-1]["val_loss"] and report["weights"] == training["weights"] == "last"
    assert report["environment"] == training["environment"]
    base, adapter, delta = found["base"], found["adapter"], found["delta"]
    assert base["perplexity"] == math.exp(base["eval_loss"])
    assert delta["eval_loss"] == base["eval_loss"] - adapter["eval_loss"] > 0
    assert delta["perplexity_reduction_ratio"] == 1 - adapter["perplexity"] / base["perplexity"]
    assert base["label_tokens"] == adapter["label_tokens"] and base["batches"] == math.ceil(training["data"]["validation"]["windows"] / 2)
    assert base["eval_loss"] == pytest.approx(base_loss(inputs, run), abs=1e-5)


@torch.no_grad()
def base_loss(inputs: Path, run: str) -> float:
    """Row by row, without PEFT and without padding."""
    text = answering(packing="padded") if run == "sft" else parameters_of(packing="blocks", length=48)
    sources = TuneSources(None, None, inputs / "examples") if run == "sft" else TuneSources(inputs / "text", None, None)
    rows = load_rows(parse_tune_parameters(text), sources, load_tokenizer(inputs / "model")).validation
    model = load_base(inputs / "model", AdapterArchitecture.model_validate(LORA), torch.device("cpu"))
    total, count = 0.0, 0
    for row in range(rows.count):
        part = slice(rows.offsets[row], rows.offsets[row + 1])
        ids, labels = (torch.from_numpy(each[part].astype(np.int64)) for each in (rows.ids, rows.labels))
        total += F.cross_entropy(model(ids[None], use_cache=False).logits[0, :-1], labels[1:], reduction="sum").item()
        count += int((labels[1:] != -100).sum())
    return total / count


def test_the_adapter_is_evaluated_beside_the_quantised_weights_not_merged_into_them(inputs: Path) -> None:
    architecture = AdapterArchitecture.model_validate(LORA)
    adapted: Any = load_adapter(load_base(inputs / "model", architecture, torch.device("cpu")), inputs / "sft")
    layer = adapted.get_base_model().model.layers[0].self_attn.q_proj
    assert layer.merged is False and type(layer.base_layer).__name__ == "Linear4bit"


def test_what_was_validated_on_a_text_of_its_own_is_so_here(inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_here(command(inputs, inputs / "own", parameters_of(epochs=1), "--validation", str(inputs / "text")))
    with pytest.raises(SystemExit, match="1"):
        intrinsic(inputs, tmp_path / "report.json", "own")
    assert "validation: sha256: found nothing, expected" in capsys.readouterr().err
    report = intrinsic(inputs, tmp_path / "report.json", "own", "--validation", str(inputs / "text"))
    training = json.loads((inputs / "own/training.json").read_text())
    assert report["own"]["adapter"]["eval_loss"] == training["history"][-1]["val_loss"]


def test_another_base_or_another_text_than_it_was_trained_on_is_an_error(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_model(tmp_path / "model")
    manifest = json.loads((other / "manifest.json").read_text()) | {"facts": {"vocabulary": 400, "other": True}}
    (other / "manifest.json").write_text(json.dumps(manifest))
    for options, message in (
        (["--model", str(other)], f"{other}/manifest.json: sha256"),
        (["--examples", str(inputs / "model")], "the examples that"),
        (["--adapter", str(inputs / "model")], "found 'model', expected 'adapter'"),
    ):
        with pytest.raises(SystemExit, match="1"):
            intrinsic(inputs, tmp_path / "report.json", "sft", *options)
        assert message in capsys.readouterr().err and not (tmp_path / "report.json").exists()
