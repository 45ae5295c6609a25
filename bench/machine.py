"""What is measured on."""

import os
import platform
from importlib.metadata import version

import psutil  # type: ignore[import-untyped]

from bench.measure import NO_GPU
from stages.training.hardware import processor_name


def machine(*libraries: str) -> dict[str, float | str]:
    """Processor, cores, Python and the versions of ``libraries``."""
    return {
        "cpu": processor_name(),
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }


def surroundings() -> dict[str, float | str]:
    """The machine with its memory, GPU and system."""
    memory = round(psutil.virtual_memory().total / 2**30, 1)
    return machine() | {"GiB of memory": memory, "GPU": gpu_name(), "system": platform.platform()}


def gpu_name() -> str:
    """Name of the first GPU that PyTorch can use."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else NO_GPU
