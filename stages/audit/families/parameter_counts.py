"""Rule on model sizes: the parameters that an architecture has, counted from its dimensions."""

from collections.abc import Iterator, Mapping
from typing import Any

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.objects import effect
from stages.audit.rules import rule
from stages.model_sizes import base_dimensions, llama_count, recurrent_count, transformer_count
from stages.record import Record
from stages.training_parameters import AdapterArchitecture, LlamaArchitecture, RecurrentArchitecture, TransformerArchitecture


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
