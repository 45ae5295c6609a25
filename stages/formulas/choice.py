"""Choosing between strategies."""

__all__ = ["utility"]


def utility(
    performance: float,
    cost: float,
    time: float,
    risk: float,
    by_performance: float = 0.4,
    by_cost: float = 0.3,
    by_time: float = 0.2,
    by_risk: float = 0.1,
) -> float:
    """Weighted performance less weighted cost, time and risk, all relative to a baseline (thesis, equation C.92, with its weights)."""
    return by_performance * performance - by_cost * cost - by_time * time - by_risk * risk
