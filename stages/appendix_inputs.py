"""The typed models of ``params/appendix/``, what the appendix tables are computed from, and of the attention benchmark's result.

Every quantity carries its unit and its source; where nothing but the thesis states it, the source says so.
"""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field, StringConstraints

from stages.strict import Count, Positive, Size, Strict

Words = Annotated[str, StringConstraints(min_length=1)]


Unit = TypeVar("Unit", bound=str)


class Quantity(Strict, Generic[Unit]):
    """A number in the unit that the tables' formulas take, and where it is from; null where nobody states one."""

    value: Annotated[float, Field(ge=0)] | None
    unit: Unit
    source: Words


Bits = Quantity[Literal["bits"]]
Bytes = Quantity[Literal["bytes"]]
Cycles = Quantity[Literal["cycles"]]
Gigabytes = Quantity[Literal["GB"]]
Kibibytes = Quantity[Literal["KiB"]]
Microseconds = Quantity[Literal["µs"]]
Parameters = Quantity[Literal["parameters"]]
Share = Quantity[Literal["share of the peak"]]
Teraflops = Quantity[Literal["TFLOPS"]]
Terabytes = Quantity[Literal["TB/s"]]
Tokens = Quantity[Literal["tokens"]]
Units = Quantity[Literal["units"]]
Workers = Quantity[Literal["workers"]]
Relative = Quantity[Literal["times full training's"]]
Weight = Quantity[Literal["weight"]]


class Accelerator(Strict):
    """One device: peak of dense products in 16 bits, memory and its bandwidth, board power, and price by the hour."""

    name: Words
    peak: Teraflops
    memory: Gigabytes
    bandwidth: Terabytes
    power: Quantity[Literal["W"]]
    price: Quantity[Literal["USD/h"]]


class Accelerators(Strict):
    """Accelerators, ``params/appendix/accelerators.yaml``."""

    devices: dict[str, Accelerator]


class OnChip(Strict):
    """Memory of each multiprocessor: its size, and the bytes that one moves in a cycle."""

    size: Kibibytes
    bytes_a_cycle: Bytes
    latency: Cycles
    energy: Quantity[Literal["pJ for 64 bits"]]


class OfDevice(Strict):
    """Memory that the whole device shares; where the bandwidth is given as such, the bytes of a cycle are null."""

    size: Gigabytes
    bandwidth: Terabytes
    latency: Cycles
    energy: Quantity[Literal["pJ/bit"]]


class MemoryHierarchy(Strict):
    """Levels of a device's memory, ``params/appendix/memory_hierarchy.yaml``; peaks are those of the accelerators."""

    multiprocessors: Units
    clock: Quantity[Literal["GHz"]]
    on_chip: dict[str, OnChip]
    second_level: OnChip
    of_device: dict[str, OfDevice]


class FloatingFormat(Strict):
    """A binary format after IEEE 754, with the peak of products in it; no peak, no speed-up."""

    name: Words
    exponent_bits: Bits
    mantissa_bits: Bits
    peak: Teraflops


class IntegerFormat(Strict):
    name: Words
    bits: Bits
    peak: Quantity[Literal["TOPS"]]


class NumberFormats(Strict):
    """Number formats, ``params/appendix/number_formats.yaml``."""

    floating: dict[str, FloatingFormat]
    integer: dict[str, IntegerFormat]


class Interconnect(Strict):
    """A link: what one worker sends while it receives as much, time of a step, and price of a gigabit a second."""

    name: Words
    bandwidth: Quantity[Literal["Gb/s"]]
    latency: Microseconds
    price: Quantity[Literal["USD per Gb/s"]]


class Reduction(Strict):
    """The all-reduce whose time is computed: gradients of a model among workers."""

    parameters: Parameters
    bytes_each: Bytes
    workers: Workers


class Interconnects(Strict):
    """Links between devices, ``params/appendix/interconnects.yaml``."""

    links: dict[str, Interconnect]
    example: Reduction


class Parallelism(Strict):
    """The training whose parallel forms are compared, ``params/appendix/parallelism.yaml``; bytes are per parameter or activation."""

    name: Words
    parameters: Parameters
    layers: Quantity[Literal["layers"]]
    width: Units
    workers: Workers
    sequences: Quantity[Literal["sequences a step"]]
    length: Tokens
    micro_batches: Quantity[Literal["micro-batches a step"]]
    bytes_weight: Bytes
    bytes_gradient: Bytes
    bytes_optimiser: Bytes
    bytes_activation: Bytes
    bandwidth: Quantity[Literal["GB/s"]]
    latency: Microseconds
    utilisation: Share


class LanguageModel(Strict):
    name: Words
    parameters: Parameters
    tokens: Tokens


class Costing(Strict):
    """What a training's price is computed with; peak, power and price of the device are those of the accelerators."""

    utilisation: Share
    devices: Quantity[Literal["devices"]]


class Models(Strict):
    """Known models and how their cost is estimated, ``params/appendix/models.yaml``."""

    models: dict[str, LanguageModel]
    costing: Costing


class Strategy(Strict):
    """A strategy relative to full training; risk is from 0 to 1."""

    performance: Relative
    cost: Relative
    time: Relative
    risk: Quantity[Literal["from 0 to 1"]]


class Weights(Strict):
    performance: Weight
    cost: Weight
    time: Weight
    risk: Weight


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
