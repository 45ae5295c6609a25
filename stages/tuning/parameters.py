"""What of a run of track 2 decides its weights."""

from typing import Annotated, Any

from pydantic import Field

from stages.files import parse_json
from stages.strict import Seed, Size, Strict
from stages.training.parameters import PLACE, check_training, refuse
from stages.training_parameters import AdapterArchitecture, LlamaArchitecture, Packing, Training
from stages.validation import validate


class TuneData(Strict):
    """Rows of documents or examples; which they are, their manifests say."""

    sequence_length: Size
    packing: Packing
    documents_train: Size
    documents_validation: Size


class TuneTokenizer(Strict):
    """What is put around each document; chats have it from their template."""

    add_bos: bool
    add_eos: bool


class TuneParameters(Strict):
    """The part of a run's parameters that its weights depend on.

    ``training.batch_size`` is what the device takes at once, ``gradient_accumulation`` how many of these are one update, as the
    thesis's settings are meant. ``training.save_every_steps`` says what a published run did: here checkpoints go by the clock.
    """

    architecture: Annotated[LlamaArchitecture | AdapterArchitecture, Field(discriminator="family")]
    data: TuneData
    tokenizer: TuneTokenizer
    training: Training
    seed: Seed


def parse_tune_parameters(value: Any, place: object = PLACE) -> TuneParameters:
    """Parameters from a command line (text) or a manifest; :class:`UserError` where they are wrong or ask for what there is no code for."""
    value = parse_json(value, place) if isinstance(value, str) else value
    parameters = validate(TuneParameters, value, place)
    training = parameters.training
    refuse("training.objective", training.objective, training.objective != "many_to_one", "all_positions or answer_tokens")
    refuse("training.tail_penalty", training.tail_penalty, not training.tail_penalty, "0: a penalty of track 1")
    check_training(training)
    return parameters
