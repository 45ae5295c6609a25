"""The language models of track 1: recurrent (v1 to v4) and Transformer decoders (v5, v6), and their weights on disk.

``model(ids_BT)`` gives the logits of the next token at every position, ``logits_BTV``; ``model(ids_BT, last_only=True)`` those
after the last one alone, ``logits_BV``, without the cost of the others' output layer.
"""

from stages.models.build import build_model
from stages.models.weights import load_weights, save_weights
from stages.training.trainable import parameter_count

__all__ = ["build_model", "load_weights", "parameter_count", "save_weights"]
