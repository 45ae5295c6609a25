"""The processor's name."""

import platform
from pathlib import Path


def processor_name() -> str:
    """Model of the processor, where the system names it; its kind where not."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
