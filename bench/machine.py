"""What is measured on."""

import os
import platform

import psutil  # type: ignore[import-untyped]

from bench.measure import NO_GPU
from stages.training.hardware import processor_name


def machine() -> dict[str, float | str]:
    """Processor, memory, GPU, system."""
    return {
        "processor": processor_name(),
        "cores": os.cpu_count() or 1,
        "GiB of memory": round(psutil.virtual_memory().total / 2**30, 1),
        "GPU": gpu_name(),
        "system": platform.platform(),
        "Python": platform.python_version(),
    }


def gpu_name() -> str:
    """Name of the first GPU that PyTorch can use."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else NO_GPU
