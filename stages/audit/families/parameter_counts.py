"""Rule on model sizes: the parameters that an architecture has, counted from its dimensions."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.objects import effect, number
from stages.audit.rules import rule
from stages.record import Record
from stages.training_parameters import AdapterArchitecture, LlamaArchitecture, RecurrentArchitecture, TransformerArchitecture
from stages.yaml_files import read_yaml

BASE_DIMENSIONS = Path("params/budget.yaml")
"""Dimensions of base models that adapters are made for, by a name such as ``llama8b``."""


@rule(
    "recompute.parameters",
    "Parameter counts that do not follow from the architecture",
    proves="The stated number of parameters is not that of the stated layers, widths and vocabulary: one of them is wrong.",
    cannot="An architecture whose count no log states, and dimensions that were changed so that the count is the same.",
)
def parameters(campaign: Campaign) -> Iterator[Finding]:
    logged: list[str] = []
    unlogged: list[str] = []
    for run, record in campaign.records.items():
        architecture = record.configuration.architecture
        stated, expected = architecture.parameter_count if architecture else None, count_of(record, campaign.records)
        if expected is None:
            continue
        refs = campaign.refs(run, "configuration.architecture.parameter_count")
        if stated is not None and stated != expected:
            message = f"{run} states {stated:,} parameters; its layers, widths and vocabulary give {expected:,}."
            refs = tuple(dict.fromkeys(refs + campaign.refs(run, "configuration.tokenizer.vocabulary")))
            yield Finding(run, "error", "mismatch", message, f"{stated:,}", f"{expected:,}", effect(stated, expected), refs)
        else:  # a count that only the parameters give may have been made by the formula that would check it
            (logged if any(ref.origin == "evidence" for ref in refs) else unlogged).append(run)
    if logged:
        message = "Parameters were counted from layers, widths and vocabulary, and are as many as the logs state."
        message += f" No log states them for {', '.join(unlogged)}." if unlogged else ""
        yield Finding("all runs", "note", "confirmed", message, recomputed=f"{len(logged)} runs have the stated number", cells=())


def count_of(record: Record, records: Mapping[str, Record]) -> int | None:
    """Trainable parameters of a run's model; none where its dimensions are not known. ``records``: by run, those of base models."""
    configuration = record.configuration
    vocabulary = configuration.tokenizer.vocabulary if configuration.tokenizer else None
    match configuration.architecture:
        case RecurrentArchitecture() as recurrent if vocabulary:
            return recurrent_count(recurrent, vocabulary)
        case TransformerArchitecture() as transformer if vocabulary and configuration.data:
            return transformer_count(transformer, vocabulary, configuration.data.sequence_length)
        case LlamaArchitecture() as llama if vocabulary:
            return llama_count(llama, vocabulary)
        case AdapterArchitecture() as adapter:
            return adapter_count(adapter, own_dimensions(records.get(adapter.base_model)) or base_dimensions(adapter.base_model))
    return None


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


def own_dimensions(record: Record | None) -> dict[str, int] | None:
    """Dimensions of a base model that is a run of the campaign; none where it is not."""
    model = record.configuration.architecture if record else None
    if not isinstance(model, LlamaArchitecture):
        return None
    shared = model.model_size // model.heads * model.key_value_heads
    return {"layers": model.layers, "hidden": model.model_size, "key_value": shared, "feed_forward": model.feed_forward_size}


_SHAPES = {
    "q_proj": ("hidden", "hidden"),
    "k_proj": ("hidden", "key_value"),
    "v_proj": ("hidden", "key_value"),
    "o_proj": ("hidden", "hidden"),
    "gate_proj": ("hidden", "feed_forward"),
    "up_proj": ("hidden", "feed_forward"),
    "down_proj": ("feed_forward", "hidden"),
}
"""Widths of the layers of a Llama-like model that adapters are put on."""


def adapter_count(model: AdapterArchitecture, dimensions: Mapping[str, Any] | None) -> int | None:
    """Two matrices of the rank for each target in each layer."""
    if dimensions is None or not set(model.lora_targets) <= _SHAPES.keys():
        return None
    widths = [int(dimensions[side]) for target in model.lora_targets for side in _SHAPES[target]]
    return model.lora_rank * sum(widths) * int(dimensions["layers"])


def base_dimensions(base_model: str) -> Mapping[str, Any] | None:
    """Dimensions of the model whose family and size both stand in ``base_model``."""
    known = read_yaml(BASE_DIMENSIONS) if BASE_DIMENSIONS.exists() else {}
    for name, dimensions in known.items():
        words = re.findall(r"[a-z]+|\d+[a-z]*", name)  # "llama8b": family and size
        whole = all(number(dimensions, key) for key in ("layers", "hidden", "key_value", "feed_forward"))
        if whole and all(word in base_model.lower() for word in words):
            return dict(dimensions)
    return None
