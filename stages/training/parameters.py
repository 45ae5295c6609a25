"""What of a run's parameters decides its training, and what of it there is code for."""

from typing import Annotated, Any

from pydantic import Field

from stages.errors import UserError
from stages.files import parse_json
from stages.strict import Seed, Size, Strict
from stages.training_parameters import RecurrentArchitecture, Training, TransformerArchitecture
from stages.validation import validate

PLACE = "--parameters"


class TrainWindows(Strict):
    """Windows of the token stream; which text it is, its manifest says."""

    sequence_length: Size
    stride: Size


class TrainParameters(Strict):
    """The part of a run's parameters that its weights depend on."""

    architecture: Annotated[RecurrentArchitecture | TransformerArchitecture, Field(discriminator="family")]
    data: TrainWindows
    training: Training
    seed: Seed


def parse_train_parameters(text: str) -> TrainParameters:
    """Parameters from a command line; :class:`UserError` where they are wrong or ask for what a training of track 1 has not."""
    parameters = validate(TrainParameters, parse_json(text, PLACE), PLACE)
    training = parameters.training
    refuse("training.objective", training.objective, training.objective != "answer_tokens", "many_to_one or all_positions")
    refuse("training.gradient_checkpointing", True, not training.gradient_checkpointing, "false: models of this size need none")
    refuse("training.evaluate_every_steps", training.evaluate_every_steps, not training.evaluate_every_steps, "null: once an epoch")
    refuse("training.save_every_steps", training.save_every_steps, not training.save_every_steps, "null: checkpoints go by the clock")
    check_training(training)
    return parameters


def check_training(training: Training) -> None:
    """:class:`UserError` for settings that make no sense in any training."""
    refuse("training.epochs", training.epochs, training.epochs > 0, "at least 1")
    refuse("training.clip_norm", training.clip_norm, training.clip == "none" or bool(training.clip_norm), "a norm above 0 to clip at")
    refuse("training.weight_decay", training.weight_decay, training.optimiser == "adamw" or not training.weight_decay, "0 with adam")


def refuse(field: str, found: Any, sound: bool, expected: str) -> None:
    """:class:`UserError` for a parameter that is not ``sound``."""
    if not sound:
        raise UserError(PLACE, field, found, expected)
