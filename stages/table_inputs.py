"""The typed models of the parameter files that only tables read: the memory budget and the risks."""

from typing import Annotated

from pydantic import Field

from stages.strict import Count, Positive, Strict


class DeviceMemory(Strict):
    memory_gb: Positive


class FullTraining(Strict):
    """Training every weight; bytes are per parameter."""

    parameters: Positive
    bytes_weight: Positive
    bytes_gradient: Positive
    bytes_optimiser: Positive


class LoraTraining(Strict):
    """LoRA on a model kept in 16 bits; bytes are per parameter."""

    parameters: Positive
    rank: Count
    adapter_parameters_stated: Positive
    bytes_base: Positive
    bytes_adapter: Positive
    bytes_gradient: Positive
    bytes_optimiser: Positive


class Adapter(Strict):
    rank: Count


class Dimensions(Strict):
    """Widths of a decoder, in units."""

    layers: Count
    hidden: Count
    key_value: Count
    feed_forward: Count


class QuantisedTraining(Strict):
    """QLoRA on a large model; the last three are assumptions, in GB."""

    parameters: Positive
    bytes_fp16: Positive
    bytes_nf4: Positive
    adapters_gb: Positive
    gradients_gb: Positive
    overhead_gb: Positive


class Budget(Strict):
    """Inputs of the memory budget (thesis, equations 4.1 to 4.22), ``params/budget.yaml``."""

    device: DeviceMemory
    full: FullTraining
    lora: LoraTraining
    adapter: Adapter
    llama8b: Dimensions
    large: QuantisedTraining


class Level(Strict):
    """Word for a level in both languages."""

    pt: str
    en: str


class Scale(Strict):
    probability: dict[str, Level]
    impact: dict[str, Level]


class Risk(Strict):
    probability: Annotated[int, Field(ge=1, le=3)]
    impact: Annotated[int, Field(ge=1, le=3)]


class Risks(Strict):
    """Risks of the project and the words for their levels, ``params/risks.yaml``."""

    scale: Scale
    risks: dict[str, Risk]


TABLE_INPUTS: dict[str, type[Strict]] = {"budget": Budget, "risks": Risks}
"""Parameter files that tables may read, by their name in ``params/``."""
