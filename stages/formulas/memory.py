"""Memory of weights, training states, caches and activations, in bytes."""

import math

__all__ = [
    "adam_training_bytes",
    "checkpointed_activations",
    "kv_cache_bytes",
    "lora_parameters",
    "lora_ratio",
    "weight_bytes",
    "zero_bytes",
]


def weight_bytes(parameters: float, bytes_each: float) -> float:
    """Bytes of the weights."""
    return parameters * bytes_each


def adam_training_bytes(parameters: float, weight: float = 2, gradient: float = 2, optimiser: float = 12) -> float:
    """Bytes of weights, gradients and Adam's states, without activations; the arguments after ``parameters`` are bytes of each a weight.

    As they stand: mixed precision, whose states are a copy in 32 bits and two moments (Rajbhandari et al. 2020, §3.1).
    All in 32 bits: 4, 4, 8.
    """
    return parameters * (weight + gradient + optimiser)


def kv_cache_bytes(layers: float, key_value_heads: float, head_width: float, length: float, batch: float, bytes_each: float) -> float:
    """Bytes of the keys and values of all tokens so far: 2·L·h_kv·d_h·n·B numbers (Pope et al. 2022)."""
    return 2 * layers * key_value_heads * head_width * length * batch * bytes_each


def lora_parameters(rank: float, rows: float, columns: float) -> float:
    """Weights of an adapter of a ``rows`` × ``columns`` matrix, r(d + k) (Hu et al. 2021, §4.1)."""
    return rank * (rows + columns)


def lora_ratio(rank: float, rows: float, columns: float) -> float:
    """How many times fewer weights an adapter has than its matrix."""
    return rows * columns / lora_parameters(rank, rows, columns)


def zero_bytes(stage: float, parameters: float, workers: float, weight: float = 2, gradient: float = 2, optimiser: float = 12) -> float:
    """Bytes a worker under ZeRO (Rajbhandari et al. 2020, §5): stage 0 shares nothing, 1 optimiser states, 2 gradients too, 3 weights too.

    The last three are bytes a weight, as in :func:`adam_training_bytes`.
    """
    shares = [each / workers if stage >= step else each for step, each in ((3, weight), (2, gradient), (1, optimiser))]
    return parameters * math.fsum(shares)


def checkpointed_activations(layers: float, bytes_each: float) -> float:
    """Bytes of activations with checkpoints at best spacing, 2√L·M for ``bytes_each`` M a layer (Chen et al. 2016, §4).

    With k checkpoints, these and the one stretch of L/k layers that is computed again are in memory: k + L/k, least at k = √L.
    """
    return 2 * math.sqrt(layers) * bytes_each
