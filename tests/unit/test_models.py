import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stages.errors import UserError
from stages.model_sizes import recurrent_count, transformer_count
from stages.models import build_model, load_weights, parameter_count, save_weights
from stages.models.recurrent import RecurrentModel
from stages.models.transformer import Block, TransformerModel
from stages.parameters import load_run
from stages.training_parameters import RecurrentArchitecture, TransformerArchitecture

Architecture = RecurrentArchitecture | TransformerArchitecture
VOCABULARY, LENGTH = 50, 12
LSTM = RecurrentArchitecture(
    family="recurrent",
    cell="lstm",
    embedding_size=8,
    hidden_size=16,
    layers=2,
    dropout_input=0.5,
    dropout_final=0.5,
    layer_norm_epsilon=1e-5,
)
GRU = LSTM.model_copy(update={"cell": "gru", "layer_norm_epsilon": None})
TRANSFORMER = TransformerArchitecture(family="transformer", model_size=16, layers=2, heads=4, feed_forward_size=32, dropout=0.5)
UNTIED = TRANSFORMER.model_copy(update={"tied_output": False})
ARCHITECTURES: dict[str, Architecture] = {"lstm": LSTM, "gru": GRU, "transformer": TRANSFORMER, "untied": UNTIED}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small compute slower with more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=list(ARCHITECTURES))
def architecture(request: pytest.FixtureRequest) -> Architecture:
    return ARCHITECTURES[request.param]


def build(architecture: Architecture, seed: int = 1) -> nn.Module:
    return build_model(architecture, VOCABULARY, LENGTH, seed)


def some_ids(batch: int = 3, length: int = LENGTH) -> Tensor:
    return torch.randint(0, VOCABULARY, (batch, length), generator=torch.Generator().manual_seed(5))


def step(model: nn.Module, ids_BT: Tensor, optimiser: torch.optim.Optimizer) -> float:
    """Loss of one step towards the token after each, before it."""
    loss = F.cross_entropy(model(ids_BT[:, :-1]).flatten(0, 1), ids_BT[:, 1:].flatten())
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return loss.item()


@pytest.mark.parametrize(
    ("run", "parameters"),
    [
        ("v1", 417_621),
        ("v2", 1_787_925),
        ("v3", 3_889_173),
        ("v4_subword", 6_431_872),
        ("v4k_bf_ep2", 7_251_872),
        ("v4k_bf_lstm_ep2", 8_298_400),
        ("v5_main", 4_253_088),
        ("v5b_long", 11_105_694),
        ("v6_rc16k_v5b", 12_134_820),
    ],
)
def test_the_thesis_s_models_have_as_many_parameters(run: str, parameters: int) -> None:
    loaded = load_run("published", run)
    assert isinstance(loaded.architecture, RecurrentArchitecture | TransformerArchitecture)
    assert loaded.tokenizer and loaded.tokenizer.vocabulary and loaded.data
    model = build_model(loaded.architecture, loaded.tokenizer.vocabulary, loaded.data.sequence_length, seed=1)
    assert parameter_count(model) == parameters


def test_parameters_are_as_many_as_the_audit_counts(architecture: Architecture) -> None:
    if isinstance(architecture, RecurrentArchitecture):
        expected = recurrent_count(architecture, VOCABULARY)
    else:
        expected = transformer_count(architecture, VOCABULARY, LENGTH)
    assert parameter_count(build(architecture)) == expected


def test_a_later_token_changes_no_earlier_logit(architecture: Architecture) -> None:
    model, ids_BT = build(architecture).eval(), some_ids()
    changed_BT = ids_BT.clone()
    changed_BT[:, 7] = (changed_BT[:, 7] + 1) % VOCABULARY
    before, after = model(ids_BT), model(changed_BT)
    torch.testing.assert_close(before[:, :7], after[:, :7])
    assert ((before - after).abs().amax(dim=(0, 2))[7:] > 1e-6).all()  # and changes all from its own on


def test_the_order_of_earlier_tokens_matters(architecture: Architecture) -> None:
    """A decoder without positions would see a bag of tokens."""
    model, ids_BT = build(architecture).eval(), some_ids()
    swapped_BT = ids_BT[:, [1, 0, *range(2, LENGTH)]]
    assert (model(ids_BT, last_only=True) - model(swapped_BT, last_only=True)).abs().max() > 1e-6


def test_last_only_is_the_last_of_all_positions(architecture: Architecture) -> None:
    model = build(architecture).eval()
    for length in (1, 5, LENGTH):
        ids_BT = some_ids(length=length)
        last_BV = model(ids_BT, last_only=True)
        assert last_BV.shape == (3, VOCABULARY)
        torch.testing.assert_close(last_BV, model(ids_BT)[:, -1])


def test_a_sequence_has_the_same_logits_alone_and_in_a_batch(architecture: Architecture) -> None:
    model, ids_BT = build(architecture).eval(), some_ids()
    torch.testing.assert_close(model(ids_BT)[1:2], model(ids_BT[1:2]))


def test_the_seed_alone_decides_the_first_weights(architecture: Architecture) -> None:
    torch.manual_seed(1)
    first = build(architecture).state_dict()
    torch.manual_seed(2)
    state = torch.get_rng_state()
    again, other = build(architecture).state_dict(), build(architecture, seed=2).state_dict()
    assert torch.equal(torch.get_rng_state(), state), "the global random state was moved"
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_first_weights_do_not_depend_on_the_threads() -> None:
    wide = LSTM.model_copy(update={"hidden_size": 256})
    one = build(wide).state_dict()
    torch.set_num_threads(2)
    two = build(wide).state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_the_first_loss_is_near_that_of_equal_odds(architecture: Architecture) -> None:
    logits_BTV = build(architecture).eval()(some_ids(batch=64))
    loss = F.cross_entropy(logits_BTV[:, :-1].flatten(0, 1), some_ids(batch=64)[:, 1:].flatten())
    assert loss.item() == pytest.approx(math.log(VOCABULARY), rel=0.1)


def test_first_weights_are_those_of_keras() -> None:
    model = build(LSTM)
    assert isinstance(model, RecurrentModel)
    cell = model.cells[0]
    assert isinstance(cell, nn.LSTM)
    kernel, recurrent, bias, second_bias = cell.parameters()
    bound = math.sqrt(6 / (8 + 4 * 16))
    assert 0.95 * bound < kernel.abs().max() <= bound
    torch.testing.assert_close(recurrent.T @ recurrent, torch.eye(16))
    assert bias.tolist() == [0.0] * 16 + [1.0] * 16 + [0.0] * 32
    assert second_bias.tolist() == [0.0] * 64
    assert 0.049 < model.embedding.weight.abs().max() <= 0.05
    bound = math.sqrt(6 / (16 + VOCABULARY))
    assert 0.95 * bound < model.output.weight.abs().max() <= bound
    assert not model.output.bias.any()


def test_a_tied_output_starts_as_the_embedding_that_it_is() -> None:
    tied, untied = build(TRANSFORMER), build(UNTIED)
    assert isinstance(tied, TransformerModel) and isinstance(untied, TransformerModel)
    assert tied.output.weight is tied.token_embedding.weight
    assert 0.049 < tied.token_embedding.weight.abs().max() <= 0.05
    assert untied.output.weight.abs().max() > 0.1  # Glorot's bound is 0.3


@pytest.mark.parametrize("training", [False, True])
def test_the_transformer_is_pytorch_s_own_with_dropout_where_the_thesis_had_it(training: bool) -> None:
    """Against ``nn.TransformerEncoderLayer``, which has one dropout more, after the second layer of its feed-forward net."""
    model, ids_BT = build(TRANSFORMER).train(training), some_ids(batch=1)  # whose masks both draw in one order
    assert isinstance(model, TransformerModel)
    layers, later = [pytorch_s(block) for block in model.blocks], nn.Transformer.generate_square_subsequent_mask(LENGTH)
    torch.manual_seed(1)
    expected_BTD = model.token_embedding(ids_BT) + model.position_embedding(torch.arange(LENGTH))
    expected_BTD = model.dropout(expected_BTD)
    for layer in layers:
        expected_BTD = layer(expected_BTD, src_mask=later)
    expected_BTV = model.norm(expected_BTD) @ model.token_embedding.weight.T
    torch.manual_seed(1)
    torch.testing.assert_close(model(ids_BT), expected_BTV)


def pytorch_s(block: nn.Module) -> nn.TransformerEncoderLayer:
    """A layer of PyTorch's with the weights of ``block``."""
    assert isinstance(block, Block)
    layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.5, activation="gelu", batch_first=True, norm_first=True, layer_norm_eps=1e-5)
    attention = layer.self_attn
    with torch.no_grad():
        for kind in ("weight", "bias"):
            parts = [getattr(linear, kind) for linear in (block.attention.query, block.attention.key, block.attention.value)]
            getattr(attention, f"in_proj_{kind}").copy_(torch.cat(parts))
        attention.out_proj.load_state_dict(block.attention.output.state_dict())
    layer.linear1, layer.linear2 = block.feed_forward_up, block.feed_forward_down
    layer.norm1, layer.norm2 = block.attention_norm, block.feed_forward_norm
    layer.train(block.training)
    layer.dropout2.eval()
    return layer


def test_one_mask_of_input_dropout_for_all_steps() -> None:
    """With equal inputs at all steps, those that reach the cell are equal at all steps too, and differ between sequences."""
    model = build(LSTM)
    assert isinstance(model, RecurrentModel)
    seen: list[Tensor] = []
    model.cells[1].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model.norms[0] = _Ones()
    torch.manual_seed(1)
    model(some_ids(batch=64))
    reached_BTH = seen[0]
    assert set(reached_BTH.flatten().tolist()) == {0.0, 2.0}  # kept ones are scaled by 1 / (1 - 0.5)
    assert (reached_BTH == reached_BTH[:, :1]).all()
    assert not (reached_BTH == reached_BTH[:1]).all()
    assert (reached_BTH > 0).float().mean().item() == pytest.approx(0.5, abs=0.05)
    model.eval()(some_ids())
    assert (seen[1] == 1).all()


class _Ones(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.ones_like(x)


@pytest.mark.parametrize(
    "architecture",
    [LSTM.model_copy(update={"dropout_input": 0.0}), LSTM.model_copy(update={"dropout_final": 0.0}), GRU, TRANSFORMER],
    ids=["final", "input", "both", "transformer"],
)
def test_dropout_is_in_training_only(architecture: Architecture) -> None:
    model, ids_BT = build(architecture), some_ids()
    assert not torch.equal(model(ids_BT), model(ids_BT))
    model.eval()
    assert torch.equal(model(ids_BT), model(ids_BT))


def test_a_model_learns(architecture: Architecture) -> None:
    """Every trainable parameter gets a gradient, the loss falls, and the LSTM's second bias stays zero."""
    model, ids_BT = build(architecture).eval(), some_ids(batch=8)  # without dropout
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
    losses = [step(model, ids_BT, optimiser) for _ in range(40)]
    assert losses[-1] < 0.7 * losses[0]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None and (parameter.grad.any() or name.endswith("key.bias")), name  # which softmax cancels
        else:
            assert name.endswith("bias_hh_l0") and not parameter.any()


def test_many_to_one_learns_from_the_last_position(architecture: Architecture) -> None:
    model, ids_BT = build(architecture).eval(), some_ids()
    F.cross_entropy(model(ids_BT, last_only=True), ids_BT[:, 0]).backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None for parameter in model.parameters() if parameter.requires_grad)


def described(architecture: Architecture) -> dict[str, object]:
    facts: dict[str, object] = {"vocabulary": VOCABULARY, "sequence_length": LENGTH, "epoch": 3}
    return facts | {"architecture": architecture.model_dump(mode="json")}


def test_weights_come_back_from_their_file(architecture: Architecture, tmp_path: Path) -> None:
    model, ids_BT = build(architecture), some_ids()
    step(model, ids_BT, torch.optim.SGD(model.parameters(), lr=0.1))
    save_weights(model, tmp_path / "weights.safetensors", described(architecture))
    loaded, said = load_weights(tmp_path, "cpu")
    assert said == described(architecture)
    assert torch.equal(loaded(ids_BT), model.eval()(ids_BT))
    assert parameter_count(loaded) == parameter_count(model)


def test_the_same_weights_are_the_same_bytes(architecture: Architecture, tmp_path: Path) -> None:
    facts = described(architecture)
    save_weights(build(architecture), tmp_path / "one", facts)
    save_weights(build(architecture), tmp_path / "two", dict(reversed(facts.items())))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocabulary": 51}, r"weights.safetensors: embedding.weight: found \(50, 8\), expected \(51, 8\)"),
        ({"architecture": GRU.model_dump()}, r"weights.safetensors: cells.0.bias_hh_l0: found no tensor, expected \(48,\)"),
        ({"architecture": None}, "weights.safetensors: architecture: found None"),
        ({"sequence_length": 0}, "weights.safetensors: sequence_length: found 0"),
    ],
)
def test_weights_of_another_model_are_refused(change: dict[str, object], message: str, tmp_path: Path) -> None:
    save_weights(build(LSTM), tmp_path / "weights.safetensors", described(LSTM) | change)
    with pytest.raises(UserError, match=message):
        load_weights(tmp_path, "cpu")


def test_files_without_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    with pytest.raises(UserError, match="No such file"):
        load_weights(tmp_path, "cpu")
    path.write_bytes(b"")
    with pytest.raises(UserError, match="truncated"):
        load_weights(tmp_path, "cpu")
    save_weights(build(LSTM), path, described(LSTM))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="truncated"):
        load_weights(tmp_path, "cpu")
    save_weights(build(LSTM), path, {})
    with pytest.raises(UserError, match="architecture: found nothing"):
        load_weights(tmp_path, "cpu")


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (TRANSFORMER.model_copy(update={"heads": 3}), "architecture.heads: found 3, expected a divisor of the model size, 16"),
        (TRANSFORMER.model_copy(update={"heads": 0}), "architecture.heads: found 0"),
        (LSTM.model_copy(update={"dropout_recurrent": 0.1}), "architecture.dropout_recurrent: found 0.1"),
    ],
)
def test_models_that_there_is_no_code_for(architecture: Architecture, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build(architecture)
