"""What a training takes: operations, time, money, energy."""

__all__ = [
    "device_days",
    "energy_kilowatt_hours",
    "flops_per_dollar",
    "flops_per_watt",
    "training_dollars",
    "training_flops",
    "training_seconds",
    "transformer_parameters",
]


def transformer_parameters(layers: float, width: float, vocabulary: float) -> float:
    """Weights of a decoder, 12Ld² + Vd, with a feed-forward width of 4d, tied embeddings and no biases (Kaplan et al. 2020, §2.1)."""
    return 12 * layers * width**2 + vocabulary * width


def training_flops(parameters: float, tokens: float) -> float:
    """Operations of a training, 6ND: two a weight and token forward, four backward (Kaplan et al. 2020, §2.1)."""
    return 6 * parameters * tokens


def training_seconds(flops: float, peak: float, utilisation: float, devices: float) -> float:
    """Seconds of ``flops`` operations on ``devices`` that each reach the share ``utilisation`` of ``peak`` operations a second."""
    return flops / (peak * utilisation * devices)


def device_days(seconds: float) -> float:
    """Days from seconds of one device."""
    return seconds / 86400


def training_dollars(hours: float, usd_per_hour: float) -> float:
    """Price of device hours, in US dollars."""
    return hours * usd_per_hour


def energy_kilowatt_hours(watts: float, hours: float) -> float:
    """Energy in kWh."""
    return watts * hours / 1000


def flops_per_dollar(tflops: float, usd_per_hour: float) -> float:
    """TFLOPS that a dollar an hour rents (thesis, equation B.41)."""
    return tflops / usd_per_hour


def flops_per_watt(tflops: float, watts: float) -> float:
    """TFLOPS a watt."""
    return tflops / watts
