"""Attention: operations, bytes, and the roofline that says which of both a processor waits for.

A multiplication and an addition are two operations. Counts are of the forward pass, of one sequence.
"""

__all__ = [
    "arithmetic_intensity",
    "attainable_flops",
    "attended_pairs",
    "attention_flops",
    "attention_matrix_bytes",
    "forward_flops",
    "layer_flops",
    "matmul_bytes",
    "matmul_flops",
]


def attention_flops(length: float, width: float) -> float:
    """Operations of scores and weighted sum, 4n²d: QKᵀ and AV take 2n²d each, for any number of heads (Vaswani et al. 2017, §3.2).

    ``length`` in tokens, ``width`` of all heads together.
    """
    return 4 * length**2 * width


def layer_flops(length: float, width: float, feed_forward: float) -> float:
    """Operations of one layer, 8nd² + 4n²d + 4nd·d_ff: four projections, attention, two feed-forward matrices (thesis, B.1.1)."""
    return 8 * length * width**2 + attention_flops(length, width) + 4 * length * width * feed_forward


def forward_flops(layers: float, length: float, width: float, feed_forward: float, vocabulary: float) -> float:
    """Operations of a forward pass: every layer, and 2ndV for the logits. Looking up an embedding takes none."""
    return layers * layer_flops(length, width, feed_forward) + 2 * length * width * vocabulary


def attention_matrix_bytes(heads: float, length: float, bytes_each: float) -> float:
    """Bytes of the scores of all heads, where they are kept: h·n² numbers."""
    return heads * length**2 * bytes_each


def matmul_flops(m: float, k: float, n: float) -> float:
    """Operations of an m×k matrix times a k×n one, 2mkn."""
    return 2 * m * k * n


def matmul_bytes(m: float, k: float, n: float, bytes_each: float) -> float:
    """Bytes that move when each of the three matrices is read or written once."""
    return (m * k + k * n + m * n) * bytes_each


def arithmetic_intensity(flops: float, bytes_moved: float) -> float:
    """Operations a byte (Williams et al. 2009)."""
    return flops / bytes_moved


def attainable_flops(peak: float, bandwidth: float, intensity: float) -> float:
    """Operations a second under the roofline (Williams et al. 2009): ``peak``, or ``bandwidth`` × ``intensity`` where that is less."""
    return min(peak, bandwidth * intensity)


def attended_pairs(length: float, window: float, global_tokens: float, random_tokens: float) -> float:
    """Pairs of query and key that a sparse pattern computes (Longformer, Beltagy et al. 2020; BigBird, Zaheer et al. 2020).

    Global tokens see all; every other one sees them, ``window`` tokens around itself and ``random_tokens`` elsewhere, at most all.
    The window is taken as whole at the ends, and apart from the global tokens.
    """
    others = length - global_tokens
    return global_tokens * length + others * min(length, window + global_tokens + random_tokens)
