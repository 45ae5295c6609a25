"""What of a model a training changes."""

from torch import nn


def trainable_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """What an optimiser changes, by name; a weight that two layers share counts once."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def parameter_count(model: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(parameter.numel() for parameter in trainable_parameters(model).values())
