"""The benchmarks of track 2's training: what they time is what the stages train."""

from pathlib import Path
from typing import Any

import pytest
import torch

from bench import tuning
from bench.post_training import VOCABULARY, canarim, documents, quantised_llama, recipe, setup_of, tokenizer_of, tuned_llama, updates
from stages.files import parse_json_lines, read_text
from stages.manifest import write_manifest
from stages.parameters import load_run
from stages.training.trainable import parameter_count, trainable_parameters
from stages.training_parameters import AdapterArchitecture
from stages.tuning.chat import prompt_ids
from stages.tuning.models import add_adapter, llama, load_base
from stages.tuning.rows import example_rows
from tests.unit.small_llama import VOCABULARY as SMALL_VOCABULARY
from tests.unit.small_llama import small_tokenizer

CPU = torch.device("cpu")
SHAPE = tuning.SMALL_SHAPE


def adapters() -> AdapterArchitecture:
    architecture = load_run("published", "sft").architecture
    assert isinstance(architecture, AdapterArchitecture)
    return architecture


def test_the_8b_shape_has_llamas_number_of_parameters_and_the_thesis_s_of_adapters() -> None:
    with torch.device("meta"):
        model = llama(tuning.LLAMA_8B, tuning.FULL.vocabulary, tuning.FULL.length, 0)
        assert sum(parameter.numel() for parameter in model.parameters()) == 8_030_261_248
        adapted = add_adapter(model.requires_grad_(False), adapters(), 0)
    assert parameter_count(adapted) == adapters().parameter_count


def test_a_quantised_llama_is_what_the_stages_load(tmp_path: Path) -> None:
    def described(model: Any) -> list[Any]:
        parameters = [(name, type(each), each.shape, each.dtype) for name, each in model.named_parameters()]
        return [*parameters, *((name, type(each)) for name, each in model.named_modules())]

    llama(SHAPE, SMALL_VOCABULARY, 256, 0).save_pretrained(tmp_path)
    files = [path.name for path in tmp_path.iterdir()]
    write_manifest(tmp_path, "model", "stages.tune", files=files, facts={}, parameters={})
    loaded, made = load_base(tmp_path, adapters(), CPU), quantised_llama(SHAPE, SMALL_VOCABULARY, 256, adapters(), CPU)
    assert described(made) == described(loaded)
    loss_of_none = torch.log(torch.tensor(SMALL_VOCABULARY))
    with torch.inference_mode():
        ids = torch.arange(64)[None]
        assert abs(made(input_ids=ids, labels=ids).loss - loss_of_none) < 1


def test_updates_move_the_adapters_and_count_tokens_of_texts() -> None:
    tokenizer = small_tokenizer()
    examples = [{"instruction": "resuma", "input": "casa " * n, "output": "mar " * n} for n in range(1, 9)]
    parameters = recipe("sft", 128, "padded", batch_size=2, gradient_accumulation=2, warmup_steps=0)
    rows = example_rows(tokenizer, examples, 128, "padded")
    model = tuned_llama(SHAPE, len(tokenizer), 128, parameters, CPU)
    before = {name: parameter.clone() for name, parameter in trainable_parameters(model).items()}
    found = list(updates(setup_of(parameters, rows, model, CPU, 1)))
    assert sum(each.tokens for each in found) == rows.facts["unique_tokens"]
    assert len(found) == 2 and all(each.positions > each.tokens and each.seconds > 0 for each in found)
    after = trainable_parameters(model)
    assert all(not torch.equal(before[name], after[name]) for name in before if "lora_B" in name)
    assert model.get_base_model().is_activation_checkpointing == parameters.training.gradient_checkpointing


@pytest.mark.evidence
def test_the_stand_in_tokenizer_counts_as_the_thesis_s(evidence: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTRO_EVIDENCE", str(evidence))
    examples, described = canarim()
    assert len(examples) == 8000 and "canarim" in described
    tokenizer = tokenizer_of(examples)
    assert len(tokenizer) == VOCABULARY
    assert len(prompt_ids(tokenizer, "")) == 35
    path = evidence / "versions/trilha2-lora/datasets/canarim_sft_10k_val.jsonl"
    answers = [row["output"] for _, row in parse_json_lines(read_text(path), path)]
    tokens = sum(len(ids) + 1 for ids in tokenizer(answers, add_special_tokens=False)["input_ids"])
    assert tokens == pytest.approx(46_765, rel=0.002)
    lengths = [len(document) for document in documents(examples, 1000)]
    assert sum(lengths) / 1000 == pytest.approx(2210, rel=0.1)


def test_without_a_gpu_nothing_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["tuning"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    tuning.main()
    assert capsys.readouterr().out == "not measured: no GPU that PyTorch can use\n"
    assert not list(tmp_path.iterdir())
