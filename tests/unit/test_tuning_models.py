import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from stages.errors import UserError
from stages.manifest import write_manifest
from stages.training.trainable import parameter_count, trainable_parameters
from stages.training_parameters import AdapterArchitecture, LlamaArchitecture
from stages.tuning.models import (
    ADAPTER_CONFIGURATION,
    ADAPTER_WEIGHTS,
    add_adapter,
    llama,
    load_adapter,
    load_base,
    load_tokenizer,
    save_adapter,
)
from tests.unit.small_llama import VOCABULARY, small_model, write_model
from tests.unit.tuning import LLAMA, LORA

CPU = torch.device("cpu")
IDS = torch.randint(0, VOCABULARY, (2, 12), generator=torch.Generator().manual_seed(0))
EIGHT_B = {"model_size": 4096, "layers": 32, "heads": 32, "key_value_heads": 8, "feed_forward_size": 14336, "tied_output": False}


def architecture(**settings: Any) -> AdapterArchitecture:
    return AdapterArchitecture.model_validate(LORA | settings)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("base") / "model")


@torch.no_grad()
def logits(model: Any) -> Tensor:
    found: Tensor = model.eval()(IDS, use_cache=False).logits
    return found


def write_adapter(model: Any, folder: Path) -> Path:
    save_adapter(model, folder, architecture())
    write_manifest(folder, "adapter", "stages.tune", files=[ADAPTER_WEIGHTS, ADAPTER_CONFIGURATION], facts={}, parameters={})
    return folder


@pytest.fixture(scope="module")
def adapter(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tensor]:
    """One that does something, and the logits of the base with it."""
    adapted = add_adapter(load_base(model, architecture(), CPU), architecture(), seed=1)
    for parameter in trainable_parameters(adapted).values():
        parameter.data += 0.05
    return write_adapter(adapted, tmp_path_factory.mktemp("adapter")), logits(adapted)


@pytest.mark.parametrize("double", [True, False])
def test_the_linear_layers_but_the_output_are_in_nf4_doubly_quantised_and_computed_in_fp32_on_a_processor(
    model: Path, double: bool
) -> None:
    base: Any = load_base(model, architecture(double_quantisation=double), CPU)
    kinds = {name.rpartition(".")[2]: type(module).__name__ for name, module in base.named_modules()}
    assert {name for name, kind in kinds.items() if kind == "Linear4bit"} == set(LORA["lora_targets"])
    layer = base.model.layers[1].mlp.up_proj
    state = layer.weight.quant_state
    assert (state.quant_type, state.nested, layer.compute_dtype) == ("nf4", double, torch.float32)
    assert layer.weight.dtype == torch.uint8 and layer.weight.numel() == 32 * 64 / 2, "two weights a byte"
    assert base.model.embed_tokens.weight.dtype == base.lm_head.weight.dtype == torch.float32
    assert not trainable_parameters(base) and not base.training and base.config.use_cache is False
    assert base.config._attn_implementation == "sdpa"
    difference = (logits(base) - logits(small_model())).abs().max()
    assert 0 < difference < logits(small_model()).abs().max(), "quantised, and the same model"


def test_a_processor_with_bf16_computes_as_one_without(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = logits(load_base(model, architecture(), CPU))
    monkeypatch.setattr("bitsandbytes.nn.modules.has_avx512bf16", lambda: True)
    base: Any = load_base(model, architecture(), CPU)
    assert torch.equal(logits(base), expected)
    state = base.model.layers[0].self_attn.q_proj.weight.quant_state
    assert not getattr(state, "packing_format_for_cpu", False), "or no gradient would come through from here on"


def test_new_adapters_are_the_only_trainable_weights_in_fp32_and_change_nothing_yet(model: Path) -> None:
    base = load_base(model, architecture(), CPU)
    before, state = logits(base), torch.get_rng_state()
    adapted = add_adapter(base, architecture(), seed=1)
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(logits(adapted), before)
    found = trainable_parameters(adapted)
    assert {parameter.dtype for parameter in found.values()} == {torch.float32}
    assert {name.split(".lora_")[0].rpartition(".")[2] for name in found} == set(LORA["lora_targets"]) and len(found) == 2 * 7 * 2
    again = trainable_parameters(add_adapter(load_base(model, architecture(), CPU), architecture(), seed=1))
    other = trainable_parameters(add_adapter(load_base(model, architecture(), CPU), architecture(), seed=2))
    assert all(torch.equal(found[name], again[name]) for name in found)
    assert not all(torch.equal(found[name], other[name]) for name in found)


def test_an_adapter_of_the_thesiss_size_has_as_many_parameters_as_the_thesis_says() -> None:
    with torch.device("meta"):
        base = llama(LlamaArchitecture.model_validate(LLAMA | EIGHT_B), 128_256, 2048, seed=0)
        assert parameter_count(base) == 8_030_261_248
        assert parameter_count(add_adapter(base, architecture(lora_rank=16, lora_alpha=32), seed=0)) == 41_943_040


def test_a_saved_adapter_is_one_that_peft_reads_beside_the_base_and_names_no_place(
    model: Path, adapter: tuple[Path, Tensor], tmp_path: Path
) -> None:
    from peft import PeftModel

    folder, expected = adapter
    adapted = load_adapter(load_base(model, architecture(), CPU), folder)
    assert torch.equal(logits(adapted), expected) and not trainable_parameters(adapted)
    plain: Any = PeftModel.from_pretrained(load_base(model, architecture(), CPU), str(folder))
    assert torch.equal(logits(plain), expected)
    said = json.loads((folder / ADAPTER_CONFIGURATION).read_text())
    assert (said["base_model_name_or_path"], said["r"], said["target_modules"]) == ("base", 4, sorted(LORA["lora_targets"]))
    assert str(tmp_path.parent) not in json.dumps(said)
    again = write_adapter(load_adapter(load_base(model, architecture(), CPU), folder, trainable=True), tmp_path / "again")
    assert all((again / name).read_bytes() == (folder / name).read_bytes() for name in (ADAPTER_WEIGHTS, ADAPTER_CONFIGURATION))


def test_without_its_adapter_a_model_is_the_base(model: Path, adapter: tuple[Path, Tensor]) -> None:
    before = logits(load_base(model, architecture(), CPU))
    adapted = load_adapter(load_base(model, architecture(), CPU), adapter[0])
    with adapted.disable_adapter():
        assert torch.equal(logits(adapted), before)
    assert not torch.allclose(logits(adapted), before, atol=0.1), "unlike with it"


def test_what_does_not_fit_is_an_error(model: Path, adapter: tuple[Path, Tensor], tmp_path: Path) -> None:
    base = load_base(model, architecture(), CPU)
    with pytest.raises(UserError, match="architecture.lora_targets: found query, expected the name of a layer"):
        add_adapter(base, architecture(lora_targets=["q_proj", "query"]), seed=0)
    with pytest.raises(UserError, match="architecture.compute_dtype: found 'bf16', expected bfloat16"):
        load_base(model, architecture(compute_dtype="bf16"), CPU)
    small_model(hidden=64).save_pretrained(tmp_path / "wider")
    files = sorted(path.name for path in (tmp_path / "wider").iterdir())
    write_manifest(tmp_path / "wider", "model", "stages.tune", files=files, facts={}, parameters={})
    with pytest.raises(UserError, match="expected an adapter of a model of these dimensions"):
        load_adapter(load_base(tmp_path / "wider", architecture(), CPU), adapter[0])
    with pytest.raises(UserError, match="expected a tokenizer that transformers can read"):
        load_tokenizer(tmp_path / "wider")
    with pytest.raises(UserError, match="found 'adapter', expected 'model'"):
        load_base(adapter[0], architecture(), CPU)
    (tmp_path / "wider/config.json").write_text("{}")
    with pytest.raises(UserError, match=r"config.json: sha256: found 2 bytes"):
        load_base(tmp_path / "wider", architecture(), CPU)
    files.remove("model.safetensors")
    write_manifest(tmp_path / "wider", "model", "stages.tune", files=files, facts={}, parameters={})
    with pytest.raises(UserError, match="expected a causal language model"):
        load_base(tmp_path / "wider", architecture(), CPU)


def test_a_llama_is_what_its_seed_and_dimensions_say() -> None:
    def weights(seed: int, **dimensions: Any) -> Tensor:
        model = llama(LlamaArchitecture.model_validate(LLAMA | dimensions), VOCABULARY, 256, seed)
        assert model.training
        return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])

    state = torch.get_rng_state()
    assert torch.equal(weights(1), weights(1)) and not torch.equal(weights(1), weights(2))
    assert torch.equal(state, torch.get_rng_state())
    layer = 32 * 32 * 2 + 32 * 16 * 2 + 3 * 32 * 64 + 2 * 32
    assert weights(1).numel() == VOCABULARY * 32 + 2 * layer + 32
    assert weights(1, tied_output=False).numel() - weights(1).numel() == VOCABULARY * 32
    model = llama(LlamaArchitecture.model_validate(LLAMA | {"rope_theta": 500.0}), VOCABULARY, 256, 1)
    assert model.model.rotary_emb.inv_freq[1].item() == pytest.approx(500 ** (-2 / 8))
    assert (model.config.eos_token_id, model.config.max_position_embeddings) == (None, 256)


@pytest.mark.parametrize(
    ("dimensions", "field"), [({"heads": 3}, "heads"), ({"heads": 32}, "heads"), ({"key_value_heads": 3}, "key_value")]
)
def test_heads_that_cannot_share_are_an_error(dimensions: dict[str, Any], field: str) -> None:
    with pytest.raises(UserError, match=f"architecture.{field}"):
        llama(LlamaArchitecture.model_validate(LLAMA | dimensions), VOCABULARY, 256, 1)
