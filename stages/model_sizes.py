"""How many parameters a model has, counted from its dimensions; what is known of the dimensions of released ones."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stages.training_parameters import LlamaArchitecture, RecurrentArchitecture, TransformerArchitecture
from stages.yaml_files import read_yaml

BASE_DIMENSIONS = Path("params/budget.yaml")
"""Dimensions of base models that adapters are made for, by a name such as ``llama8b``."""
DIMENSIONS = ("layers", "hidden", "key_value", "feed_forward")


def recurrent_count(model: RecurrentArchitecture, vocabulary: int) -> int:
    """Embedding, cells (four gates and a bias each, or three with the two biases of a reset-after GRU), norms, output."""
    width, hidden, count = model.embedding_size, model.hidden_size, vocabulary * model.embedding_size
    for _ in range(model.layers):
        gates, biases = (4, 1) if model.cell == "lstm" else (3, 2)
        count += gates * ((width + hidden) * hidden + biases * hidden) + (2 * hidden if model.layer_norm_epsilon is not None else 0)
        width = hidden
    return count + (hidden + 1) * vocabulary


def transformer_count(model: TransformerArchitecture, vocabulary: int, length: int) -> int:
    """Token and position embeddings; attention, feed-forward and two norms a layer; a last norm; output with a bias."""
    width, inner = model.model_size, model.feed_forward_size
    layer = 4 * (width + 1) * width + (width + 1) * inner + (inner + 1) * width + 4 * width
    output = vocabulary if model.tied_output else (width + 1) * vocabulary
    return (vocabulary + length) * width + model.layers * layer + 2 * width + output


def llama_count(model: LlamaArchitecture, vocabulary: int) -> int:
    """Embedding; attention of grouped heads, gated feed-forward and two norms a layer, all without biases; a last norm; output."""
    width, shared = model.model_size, model.model_size // model.heads * model.key_value_heads
    layer = 2 * width * width + 2 * width * shared + 3 * width * model.feed_forward_size + 2 * width
    return (1 if model.tied_output else 2) * vocabulary * width + model.layers * layer + width


def base_dimensions(base_model: str) -> Mapping[str, Any] | None:
    """Dimensions of the model whose family and size both stand in ``base_model``."""
    known = read_yaml(BASE_DIMENSIONS) if BASE_DIMENSIONS.exists() else {}
    for name, dimensions in known.items():
        words = re.findall(r"[a-z]+|\d+[a-z]*", name)  # "llama8b": family and size
        whole = isinstance(dimensions, Mapping) and all(isinstance(dimensions.get(key), int | float) for key in DIMENSIONS)
        if whole and all(word in base_model.lower() for word in words):
            return dict(dimensions)
    return None
