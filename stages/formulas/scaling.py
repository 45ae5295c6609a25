"""Scaling laws: loss, in nats a token, by weights, tokens and operations."""

__all__ = ["chinchilla_loss", "chinchilla_parameters", "chinchilla_tokens", "power_law_loss", "power_law_slope"]

# Hoffmann et al. 2022, equation 10 (approach 3).
FLOOR, WEIGHT, DATA = 1.69, 406.4, 410.7
BY_WEIGHTS, BY_DATA = 0.34, 0.28


def power_law_loss(scale: float, quantity: float, exponent: float, floor: float = 0) -> float:
    """Loss (x_c/x)^α above a floor, for weights, tokens or operations x (Kaplan et al. 2020, equations 1.1 to 1.3)."""
    return floor + float((scale / quantity) ** exponent)


def power_law_slope(scale: float, quantity: float, exponent: float) -> float:
    """Derivative of :func:`power_law_loss` by the quantity, -α/x·(x_c/x)^α."""
    return -exponent / quantity * power_law_loss(scale, quantity, exponent)


def chinchilla_loss(
    parameters: float,
    tokens: float,
    floor: float = FLOOR,
    weight: float = WEIGHT,
    data: float = DATA,
    by_weights: float = BY_WEIGHTS,
    by_data: float = BY_DATA,
) -> float:
    """Loss E + A/N^α + B/D^β (Hoffmann et al. 2022, equation 2, with the constants of approach 3)."""
    return floor + float(weight / parameters**by_weights + data / tokens**by_data)


def chinchilla_parameters(
    flops: float, weight: float = WEIGHT, data: float = DATA, by_weights: float = BY_WEIGHTS, by_data: float = BY_DATA
) -> float:
    """Weights of least loss for ``flops`` = 6ND: G(C/6)^(β/(α+β)), G = (αA/(βB))^(1/(α+β)) (Hoffmann et al. 2022, equation 4)."""
    both = by_weights + by_data
    balance = (by_weights * weight / (by_data * data)) ** (1 / both)
    return float(balance * (flops / 6) ** (by_data / both))


def chinchilla_tokens(
    flops: float, weight: float = WEIGHT, data: float = DATA, by_weights: float = BY_WEIGHTS, by_data: float = BY_DATA
) -> float:
    """Tokens of least loss for ``flops`` = 6ND: what :func:`chinchilla_parameters` leave, C/(6N)."""
    return flops / (6 * chinchilla_parameters(flops, weight, data, by_weights, by_data))
