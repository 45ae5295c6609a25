"""From an architecture's parameters to a model with its first weights."""

import torch

from stages.errors import UserError
from stages.models.initialisation import initialise
from stages.models.recurrent import RecurrentModel
from stages.models.transformer import TransformerModel
from stages.training_parameters import RecurrentArchitecture, TransformerArchitecture


def build_model(
    architecture: RecurrentArchitecture | TransformerArchitecture, vocabulary: int, sequence_length: int, seed: int
) -> RecurrentModel | TransformerModel:
    """A model on the CPU, in training mode, whose weights ``seed`` alone decides: the global random state is neither read nor moved.

    :class:`UserError` where the dimensions fit no model. ``sequence_length`` bounds the input of a Transformer only.
    """
    _check(architecture)
    with torch.random.fork_rng(devices=[]):  # PyTorch's layers draw weights of their own when they are made
        if isinstance(architecture, RecurrentArchitecture):
            model: RecurrentModel | TransformerModel = RecurrentModel(architecture, vocabulary)
        else:
            model = TransformerModel(architecture, vocabulary, sequence_length)
    initialise(model, torch.Generator().manual_seed(seed))
    return model


def _check(architecture: RecurrentArchitecture | TransformerArchitecture) -> None:
    place = "run parameters"
    if isinstance(architecture, TransformerArchitecture):
        heads, width = architecture.heads, architecture.model_size
        if not heads or width % heads:
            raise UserError(place, "architecture.heads", heads, f"a divisor of the model size, {width}")
    elif architecture.dropout_recurrent:  # cuDNN's cells have none, nor has any run of the thesis
        raise UserError(place, "architecture.dropout_recurrent", architecture.dropout_recurrent, "0, the only value that there is code for")
