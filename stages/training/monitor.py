"""What the loss of each epoch decides: which weights are best, when the learning rate falls, when the training stops."""

from typing import Any

from stages.training.setup import Setup
from stages.training.state import State
from stages.training.trainable import trainable_parameters
from stages.training_parameters import Training

MONITORED = {"train_loss": "loss", "validation_loss": "val_loss"}
"""Entry of the history, by the parameters' name for it."""


def close_epoch(setup: Setup, state: State, entry: dict[str, Any]) -> None:
    """Add ``entry`` to the history, draw the conclusions, and make the state ready for the next epoch."""
    training = setup.parameters.training
    state.history.append(entry)
    state.epoch += 1
    name = training.early_stopping.monitor if training.early_stopping else "validation_loss"
    loss = entry[MONITORED[name]]
    better = state.best_loss is None or loss < state.best_loss
    if better:
        state.best_loss, state.best_epoch, state.worse_epochs = loss, state.epoch, 0
        if training.early_stopping and training.early_stopping.restore_best:
            state.best_weights = {key: value.detach().cpu().clone() for key, value in trainable_parameters(setup.model).items()}
    else:
        state.worse_epochs += 1
    lower_on_plateau(state, training, better)
    if state.epoch >= training.epochs:
        state.stopped = f"all {training.epochs} epochs are done"
    elif training.early_stopping and state.worse_epochs >= max(1, training.early_stopping.patience):
        state.stopped = f"no better {name} for {state.worse_epochs} epochs"
    state.batch = state.correct = state.predicted = state.positions = 0
    state.loss_sum = 0.0


def lower_on_plateau(state: State, training: Training, better: bool) -> None:
    """Lower the learning rate after ``patience`` epochs without a better loss, and wait as long again for the next time."""
    if not (plateau := training.plateau):
        return
    if better:
        state.plateau_epochs = 0
        return
    state.plateau_epochs += 1
    if state.plateau_epochs >= max(1, plateau.patience):
        lowered = max(state.learning_rate * plateau.factor, plateau.minimum_learning_rate)
        state.learning_rate = min(state.learning_rate, lowered)
        state.plateau_epochs = 0
