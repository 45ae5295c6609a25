from pathlib import Path
from typing import Any

import pytest

from stages.training.monitor import close_epoch
from stages.training.setup import Setup
from stages.training.state import State
from tests.unit.training import parameters_of, setup_of, write_inputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


def after(inputs: Path, losses: list[float], **training: Any) -> tuple[Setup, State]:
    """Setup and state after epochs with these validation losses; the training loss is 10 less the number of the epoch."""
    setup, state = setup_of(inputs, parameters_of(epochs=20, **training))
    for epoch, loss in enumerate(losses, start=1):
        assert state.stopped is None
        with_number = next(iter(setup.model.parameters()))
        with_number.data.fill_(epoch)
        close_epoch(setup, state, {"epoch": epoch, "loss": 10.0 - epoch, "val_loss": loss})
    return setup, state


def test_the_first_of_equal_losses_is_best_and_its_weights_are_kept(inputs: Path) -> None:
    _, state = after(inputs, [3.0, 2.0, 2.0])
    assert (state.best_epoch, state.best_loss) == (2, 2.0)
    assert next(iter(state.best_weights.values())).eq(2).all()


def test_a_training_stops_after_as_many_worse_epochs_as_its_patience(inputs: Path) -> None:
    assert after(inputs, [3.0, 2.0, 2.1])[1].stopped is None
    assert after(inputs, [3.0, 2.0, 2.1, 2.0])[1].stopped == "no better validation_loss for 2 epochs"
    assert after(inputs, [3.0] * 19, early_stopping=None)[1].stopped is None
    assert after(inputs, [3.0] * 20, early_stopping=None)[1].stopped == "all 20 epochs are done"


def test_the_training_loss_is_monitored_where_the_run_says_so(inputs: Path) -> None:
    _, state = after(inputs, [1.0, 2.0, 3.0, 4.0], early_stopping={"monitor": "train_loss", "patience": 1, "restore_best": False})
    assert (state.stopped, state.best_epoch, state.best_weights) == (None, 4, {})


def test_a_plateau_lowers_the_rate_to_its_floor_and_waits_again(inputs: Path) -> None:
    plateau = {"factor": 0.5, "patience": 2, "minimum_learning_rate": 0.3}
    settings = {"learning_rate": 1.0, "schedule": "constant", "plateau": plateau, "early_stopping": None}
    rates = [after(inputs, [5.0, *[6.0] * worse], **settings)[1].learning_rate for worse in range(1, 7)]
    assert rates == [1.0, 0.5, 0.5, 0.3, 0.3, 0.3]
    assert after(inputs, [5.0, 6.0, 4.0, 6.0], **settings)[1].learning_rate == 1.0, "a better epoch starts the count again"
