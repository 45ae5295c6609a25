import json
import math
from typing import Any

import pytest
import torch
from torch import nn

from stages.parameters import load_run
from stages.training.optimisation import AdamW, clip_gradients, learning_rate
from stages.training.parameters import parse_train_parameters
from stages.training_parameters import Training
from tests.unit.training import parameters_of


def training_of(**training: Any) -> Training:
    return parse_train_parameters(parameters_of(**training)).training


def test_the_aligned_v6_run_has_the_learning_rates_that_its_log_has() -> None:
    training = load_run("published", "v6_rc16k_v5b_aligned").training
    assert training
    rate = [learning_rate(step, training.learning_rate, training, 221_736) for step in (0, 2_000, 4_000, 9_239, 221_736, 300_000)]
    assert rate[:3] == [0, pytest.approx(7.5e-5), pytest.approx(1.5e-4)]
    assert f"{rate[3]:.5g}" == "0.00014979"
    assert rate[4:] == [0, 0], "and stays 0 past the end"


def test_a_constant_schedule_stays_at_its_base() -> None:
    training = training_of(schedule="constant", warmup_steps=0)
    assert {learning_rate(step, 0.5, training, 10) for step in (0, 5, 100)} == {0.5}


def test_clipping_by_tensor_looks_at_each_norm_and_globally_at_the_common_one() -> None:
    small, large = torch.tensor([0.3, 0.4]), torch.tensor([[30.0], [40.0]])
    by_tensor = [small.clone(), large.clone()]
    clip_gradients(by_tensor, training_of(clip="tensor", clip_norm=1.0))
    assert torch.equal(by_tensor[0], small), "a norm below 1 is left alone"
    assert torch.allclose(by_tensor[1], large / 50)
    together = [small.clone(), large.clone()]
    clip_gradients(together, training_of(clip="global", clip_norm=1.0))
    norm = math.sqrt(0.5**2 + 50**2)
    assert torch.allclose(together[0], small / norm) and torch.allclose(together[1], large / norm)
    free = [large.clone()]
    clip_gradients(free, training_of(clip="none", clip_norm=None))
    assert torch.equal(free[0], large)


def test_the_optimiser_is_pytorchs() -> None:
    layer, same = nn.Linear(3, 2), nn.Linear(3, 2)
    same.load_state_dict(layer.state_dict())
    training = training_of(learning_rate=0.01, weight_decay=0.1)
    ours = AdamW(layer, training)
    theirs = torch.optim.AdamW(same.parameters(), 0.01, (training.beta1, training.beta2), training.epsilon, weight_decay=0.1)
    for step in range(5):
        for each, optimiser in ((layer, ours), (same, theirs)):
            each(torch.full((1, 3), step - 2.0)).square().sum().backward()
            optimiser.step()
            optimiser.zero_grad()
    for left, right in zip(layer.parameters(), same.parameters(), strict=True):
        assert torch.allclose(left, right, atol=1e-7)


def test_decay_is_decoupled_scaled_by_the_rate_and_over_biases_too() -> None:
    layer = nn.Linear(2, 2)
    before = {name: value.detach().clone() for name, value in layer.named_parameters()}
    AdamW(layer, training_of(learning_rate=0.5, weight_decay=0.1)).step()  # of gradients that are zero
    for name, value in layer.named_parameters():
        assert torch.allclose(value, before[name] * (1 - 0.5 * 0.1)), name


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("training.objective", {"objective": "answer_tokens"}),
        ("training.epochs", {"epochs": 0}),
        ("training.weight_decay", {"optimiser": "adam"}),
        ("training.clip_norm", {"clip_norm": None}),
        ("training.evaluate_every_steps", {"evaluate_every_steps": 5}),
        ("data.stride", {"stride": 0}),
    ],
)
def test_what_there_is_no_code_for_is_refused(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"--parameters: {field}: found"):
        parse_train_parameters(parameters_of(**change))


def test_a_mistyped_setting_is_named() -> None:
    text = json.loads(parameters_of())
    text["training"]["batchsize"] = 3
    with pytest.raises(ValueError, match="Did you mean 'batch_size'"):
        parse_train_parameters(json.dumps(text))
