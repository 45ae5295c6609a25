"""The typed models of ``params/appendix/``, what the appendix tables are computed from, and of the attention benchmark's result.

Every quantity carries its unit and its source; where nothing but the thesis states it, the source says so.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from stages.strict import Count, Positive, Size, Strict

Words = Annotated[str, StringConstraints(min_length=1)]


class Quantity(Strict):
    """A number with its unit and where it is from; null where nobody states one."""

    value: Annotated[float, Field(ge=0)] | None
    unit: Words
    source: Words


class Accelerator(Strict):
    """One device: peak of dense products in 16 bits, memory and its bandwidth, board power, and price by the hour."""

    name: Words
    peak: Quantity
    memory: Quantity
    bandwidth: Quantity
    power: Quantity
    price: Quantity


class Accelerators(Strict):
    """Accelerators, ``params/appendix/accelerators.yaml``."""

    devices: dict[str, Accelerator]


class OnChip(Strict):
    """Memory of each multiprocessor: its size, and the bytes that one moves in a cycle."""

    size: Quantity
    bytes_a_cycle: Quantity
    latency: Quantity
    energy: Quantity


class OfDevice(Strict):
    """Memory that the whole device shares; where the bandwidth is given as such, the bytes of a cycle are null."""

    size: Quantity
    bandwidth: Quantity
    latency: Quantity
    energy: Quantity


class MemoryHierarchy(Strict):
    """Levels of a device's memory, ``params/appendix/memory_hierarchy.yaml``; peaks are those of the accelerators."""

    multiprocessors: Quantity
    clock: Quantity
    on_chip: dict[str, OnChip]
    second_level: OnChip
    of_device: dict[str, OfDevice]


class FloatingFormat(Strict):
    """A binary format after IEEE 754, with the peak of products in it; no peak, no speed-up."""

    name: Words
    exponent_bits: Quantity
    mantissa_bits: Quantity
    peak: Quantity


class IntegerFormat(Strict):
    name: Words
    bits: Quantity
    peak: Quantity


class NumberFormats(Strict):
    """Number formats, ``params/appendix/number_formats.yaml``."""

    floating: dict[str, FloatingFormat]
    integer: dict[str, IntegerFormat]


class Interconnect(Strict):
    """A link: what one worker sends while it receives as much, time of a step, and price of a gigabit a second."""

    name: Words
    bandwidth: Quantity
    latency: Quantity
    price: Quantity


class Reduction(Strict):
    """The all-reduce whose time is computed: gradients of a model among workers."""

    parameters: Quantity
    bytes_each: Quantity
    workers: Quantity


class Interconnects(Strict):
    """Links between devices, ``params/appendix/interconnects.yaml``."""

    links: dict[str, Interconnect]
    example: Reduction


class Parallelism(Strict):
    """The training whose parallel forms are compared, ``params/appendix/parallelism.yaml``; bytes are per parameter or activation."""

    name: Words
    parameters: Quantity
    layers: Quantity
    width: Quantity
    workers: Quantity
    sequences: Quantity
    length: Quantity
    micro_batches: Quantity
    bytes_weight: Quantity
    bytes_gradient: Quantity
    bytes_optimiser: Quantity
    bytes_activation: Quantity
    bandwidth: Quantity
    latency: Quantity
    utilisation: Quantity


class LanguageModel(Strict):
    name: Words
    parameters: Quantity
    tokens: Quantity


class Costing(Strict):
    """What a training's price is computed with; peak, power and price of the device are those of the accelerators."""

    utilisation: Quantity
    devices: Quantity


class Models(Strict):
    """Known models and how their cost is estimated, ``params/appendix/models.yaml``."""

    models: dict[str, LanguageModel]
    costing: Costing


class Strategy(Strict):
    """A strategy relative to full training; risk is from 0 to 1."""

    performance: Quantity
    cost: Quantity
    time: Quantity
    risk: Quantity


class Weights(Strict):
    performance: Quantity
    cost: Quantity
    time: Quantity
    risk: Quantity


class Strategies(Strict):
    """Strategies and the weights of their criteria, ``params/appendix/strategies.yaml``."""

    strategies: dict[str, Strategy]
    weights: Weights


MODELS: dict[str, type[Strict]] = {
    "accelerators": Accelerators,
    "interconnects": Interconnects,
    "memory_hierarchy": MemoryHierarchy,
    "models": Models,
    "number_formats": NumberFormats,
    "parallelism": Parallelism,
    "strategies": Strategies,
}
"""Models by the name of their file."""


class BlockPattern(Strict):
    """Blocks that a block of queries sees, see :mod:`bench.sparse_attention`."""

    block: Size
    window: Size
    first: Count
    random: Count


class AttentionCall(Strict):
    """One way of attention at one length: medians of the rounds."""

    pairs: Size
    seconds: Positive
    times_as_fast: Positive
    peak_bytes: Size
    rounds: list[Positive]


class AttentionMeasurement(Strict):
    """Result of ``python -m bench.attention``."""

    machine: dict[str, str | int]
    device: Words
    rounds: Size
    heads: Size
    head_width: Size
    precision: Words
    patterns: dict[str, BlockPattern]
    methods: dict[str, dict[str, AttentionCall]]
