import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from stages.training.data import Part
from stages.training.loop import train, validate
from stages.training.setup import Setup
from stages.training.state import State
from tests.unit.training import LSTM, TRANSFORMER, parameters_of, setup_of, write_inputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


def trained(inputs: Path, architecture: dict[str, Any] = TRANSFORMER, **training: Any) -> tuple[Setup, State]:
    setup, state = setup_of(inputs, parameters_of(architecture, **training))
    train(setup, state, save=lambda state: None)
    return setup, state


def weights(setup: Setup) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in setup.model.parameters()])


def test_a_training_learns_and_the_same_one_again_is_the_same(inputs: Path) -> None:
    setup, state = trained(inputs, epochs=6, learning_rate=0.01)
    losses = [entry["val_loss"] for entry in state.history]
    assert losses[0] > losses[-1] < math.log(30) - 0.5, "far below uniform"
    torch.rand(5)
    again, repeated = trained(inputs, epochs=6, learning_rate=0.01)
    assert torch.equal(weights(setup), weights(again)) and state.history == repeated.history
    other, _ = setup_of(inputs, parameters_of(seed=2))
    assert not torch.equal(weights(other), weights(setup_of(inputs, parameters_of(seed=1))[0]))


def test_accumulating_pieces_gives_what_the_whole_batch_gives(inputs: Path) -> None:
    still = TRANSFORMER | {"dropout": 0.0}
    whole, state = trained(inputs, still, epsilon=1e-3)  # below which Adam blows up the rounding of gradients that are nothing
    pieces, pieced = trained(inputs, still, epsilon=1e-3, gradient_accumulation=3)
    assert torch.allclose(weights(whole), weights(pieces), atol=1e-6)
    assert state.history[-1]["loss"] == pytest.approx(pieced.history[-1]["loss"], abs=1e-6)


@pytest.mark.parametrize(("objective", "predicted"), [("many_to_one", 148), ("all_positions", 148 * 8)])
def test_an_epoch_counts_what_it_read_and_what_it_predicted(inputs: Path, objective: str, predicted: int) -> None:
    _, state = trained(inputs, LSTM, objective=objective)
    first, second = state.history
    assert (first["epoch"], first["tokens_epoch"], first["tokens_seen_total"], first["predicted_total"]) == (1, 148 * 8, 148 * 8, predicted)
    assert (second["epoch"], second["tokens_epoch"], second["tokens_seen_total"], second["predicted_total"]) == (
        2,
        1184,
        2368,
        2 * predicted,
    )
    assert state.step == 20, "the partial batch of 4 windows is a step too"
    assert second["perplexity"] == math.exp(second["loss"]) and 0 < second["accuracy"] < 1
    _, shorter = trained(inputs, LSTM, objective=objective, drop_partial_batch=True)
    assert shorter.step == 18 and shorter.history[0]["tokens_epoch"] == 144 * 8


def test_the_reported_losses_are_plain_cross_entropy_whatever_is_smoothed(inputs: Path) -> None:
    setup, state = trained(inputs, label_smoothing=0.3, tail_penalty=5.0)
    plain = []
    setup.model.eval()
    part = setup.data.validation
    assert isinstance(part, Part)
    for window in range(part.count):
        read, following = (torch.from_numpy(array) for array in part.windows.batch(torch.tensor([window]).numpy()))
        plain.append(F.cross_entropy(setup.model(read)[0], following[0]).item())
    loss, _ = validate(setup)
    assert loss == state.history[-1]["val_loss"] == pytest.approx(sum(plain) / len(plain), abs=1e-5)
    assert state.history[0]["loss"] == pytest.approx(math.log(30), abs=0.15), "a smoothed loss with that penalty would be far above"
    smooth, _ = trained(inputs, label_smoothing=0.3)
    free, _ = trained(inputs)
    assert not torch.equal(weights(smooth), weights(free)), "it is in what is descended"


def test_validation_leaves_the_next_step_as_it_would_have_been(inputs: Path) -> None:
    setup, _ = setup_of(inputs, parameters_of())
    state = torch.get_rng_state()
    validate(setup)
    assert torch.equal(state, torch.get_rng_state())


def test_a_loss_that_is_not_finite_stops_the_training_and_nothing_is_saved_from_there(inputs: Path) -> None:
    setup, state = setup_of(inputs, parameters_of(epochs=3))
    saved: list[int] = []

    def save(state: State) -> None:
        saved.append(state.step)
        if state.step == 14:
            next(iter(setup.model.parameters())).data.fill_(math.nan)

    message = r"run r: epoch 2, step 15: found a loss of nan, expected a finite number. The last good loss was 3\.\d+"
    with pytest.raises(ValueError, match=message):
        train(setup, state, save, save_seconds=0)
    assert saved[-1] == 14


def test_a_run_of_v1s_kind_monitors_its_training_loss_on_nine_tenths_of_the_windows(inputs: Path) -> None:
    setup, state = setup_of(inputs, parameters_of(LSTM, objective="many_to_one", clip="none"), validation=False)
    train(setup, state, save=lambda state: None)
    assert (setup.data.train.count, setup.data.validation.count) == (133, 15)
    assert state.history[0]["predicted_total"] == 133 and state.history[0]["val_loss"] > 0
