"""Number formats: what they can hold, and what is lost by them.

Floating formats are those of IEEE 754-2019 (§3.3): a sign, ``exponent_bits`` whose highest value is kept for infinities, ``mantissa_bits``.
"""

import math

__all__ = [
    "epsilon",
    "largest_finite",
    "quantisation_step",
    "smallest_normal",
    "smallest_subnormal",
    "underflow_probability",
    "uniform_quantisation_rmse",
]


def largest_finite(exponent_bits: float, mantissa_bits: float) -> float:
    """Largest finite number, (2 - 2⁻ᵐ)·2^(2^(e-1) - 1)."""
    return float((2 - 2.0**-mantissa_bits) * 2.0 ** (2 ** (exponent_bits - 1) - 1))


def smallest_normal(exponent_bits: float, mantissa_bits: float = 0) -> float:
    """Smallest positive number of full precision, 2^(2 - 2^(e-1)), for any mantissa."""
    return float(2.0 ** (2 - 2 ** (exponent_bits - 1)))


def smallest_subnormal(exponent_bits: float, mantissa_bits: float) -> float:
    """Smallest positive number, one in the last place of the subnormal ones."""
    return float(smallest_normal(exponent_bits) * 2.0**-mantissa_bits)


def epsilon(mantissa_bits: float) -> float:
    """Distance from 1 to the next number, 2⁻ᵐ."""
    return float(2.0**-mantissa_bits)


def underflow_probability(smallest: float, sigma: float) -> float:
    """Probability that a normal value of mean 0 is nearer to 0 than ``smallest``: 2Φ(g/σ) - 1 (thesis, equation B.45)."""
    return math.erf(smallest / (sigma * math.sqrt(2)))


def quantisation_step(limit: float, bits: float) -> float:
    """Step between 2ᵇ - 1 evenly spaced levels from -``limit`` to ``limit``, the middle one 0: limit/(2^(b-1) - 1), as 1/127 for 8 bits."""
    return float(limit / (2 ** (bits - 1) - 1))


def uniform_quantisation_rmse(step: float) -> float:
    """Root mean square error of rounding to a multiple of ``step``, step/√12 (Bennett 1948)."""
    return step / math.sqrt(12)
