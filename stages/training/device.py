"""What a training computes on and how exactly: device, threads, precision, compilation, deterministic algorithms."""

import importlib.util
import os
import platform
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch

from stages.errors import UserError
from stages.threads import use_threads
from stages.training.hardware import processor_name
from stages.training_parameters import Architecture, TransformerArchitecture

MIXED = {"bf16": torch.bfloat16, "fp16 mixed": torch.float16}
"""Precisions in which matrix products are narrower than the fp32 weights."""


@dataclass(frozen=True)
class Device:
    device: torch.device
    precision: str
    """As computed: the precision asked for, or fp32 where the device has no such one."""
    compiled: bool
    libraries: tuple[str, ...] = ()
    """Which a training's bytes depend on, beside PyTorch."""

    def autocast(self) -> AbstractContextManager[Any]:
        """Context of the forward pass."""
        if self.precision not in MIXED:
            return nullcontext()
        return torch.autocast(self.device.type, MIXED[self.precision])

    def environment(self, processes: int) -> dict[str, Any]:
        """All that the bytes of a training depend on beside its inputs; no time, host or path."""
        cuda = self.device.type == "cuda"
        return {
            "device": torch.cuda.get_device_name(self.device) if cuda else "CPU",
            "processor": f"{processor_name()}, {torch.backends.cpu.get_cpu_capability()}",
            "device_count": processes,
            "threads": torch.get_num_threads(),
            "precision": f"{self.precision} with tf32 products"
            if cuda and self.precision == "fp32" and has_tf32(self.device)
            else self.precision,
            "compiled": self.compiled,
            "platform": f"{platform.system()} {platform.machine()}",
            "libraries": {"python": platform.python_version(), "torch": str(torch.__version__)}
            | {name: version(name) for name in self.libraries},
        }


def has_tf32(device: torch.device) -> bool:
    """Whether the GPU's products of fp32 are TF32: where they may be (:func:`choose_device`), from compute capability 8 on."""
    return torch.get_float32_matmul_precision() != "highest" and torch.cuda.get_device_capability(device) >= (8, 0)


def choose_device(
    device: torch.device, precision: str, architecture: Architecture, threads: int | None, libraries: Sequence[str] = ()
) -> Device:
    """Set up PyTorch for ``device`` and say what it computes with; :class:`UserError` for a precision of another name.

    On a CPU all is fp32: narrower types are emulated there, 9 to 25 times slower on AVX2. On CUDA the products of fp32 are TF32, as
    TensorFlow's are by default, in which the thesis's runs were trained. A recurrent net is left to cuDNN, not compiled, and models of
    track 2 to their library.
    """
    if precision != "fp32" and precision not in MIXED:
        raise UserError("--parameters", "training.precision", repr(precision), f"one of: fp32, {', '.join(MIXED)}")
    use_threads(threads)
    be_deterministic()
    if device.type != "cuda":
        return Device(device, "fp32", False, tuple(libraries))
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    if precision == "bf16" and not torch.cuda.is_bf16_supported():
        precision = "fp32"
    compiled = isinstance(architecture, TransformerArchitecture) and importlib.util.find_spec("triton") is not None
    return Device(device, precision, compiled, tuple(libraries))


def be_deterministic() -> None:
    """The same bytes from the same run: deterministic kernels wherever PyTorch has one."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts
    torch.backends.cudnn.benchmark = False
    torch.set_deterministic_debug_mode("warn")  # use_deterministic_algorithms, but without importing the compiler for seconds
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # a search for errors, at a cost
