"""Energy that a computation takes, where the machine counts it: a GPU by its driver (NVML), a processor by RAPL. Never estimated.

A counter is of the whole device, whatever else runs there; of a computation on a GPU the GPU's energy alone is counted.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any

JOULES = 3_600_000
"""In a kilowatt-hour."""
POWERCAP = Path("/sys/class/powercap")
LOOK_SECONDS = 60.0
"""Between readings: RAPL's counters begin again after minutes to hours of full load."""

Counter = Callable[[], float]
"""Joules since some moment; raises where it can no longer be read."""


def total(parts: Iterable[float | None]) -> float | None:
    """Kilowatt-hours of all parts; ``None`` where one was not measured."""
    listed = list(parts)
    measured = [part for part in listed if part is not None]
    return sum(measured) if len(measured) == len(listed) else None


class Meter:
    """Counts from where its block is entered to where it is left."""

    def __init__(self, devices: Sequence[Any]) -> None:
        """``devices``: PyTorch's, of one kind. Those of a processor are one."""
        self._counters = _gpu_counters(devices) if devices[0].type == "cuda" else _processor_counters()
        self._done, self._lock = Event(), Lock()
        self._thread: Thread | None = None
        self._first = self._last = self._read()

    @property
    def kilowatt_hours(self) -> float | None:
        """Since the block was entered, also while it runs; ``None`` where it is not measured."""
        if not self._done.is_set():
            self._last = self._read()
        if self._first is None or self._last is None:
            return None
        return (self._last - self._first) / JOULES

    def __enter__(self) -> "Meter":
        self._first = self._read()
        if self._first is not None:
            self._thread = Thread(target=self._look, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._last = self._read()
        self._done.set()
        if self._thread:
            self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            self._read()

    def _read(self) -> float | None:
        """Joules of all counters; ``None`` where there are none, or one of them cannot be read."""
        with self._lock:  # or an older reading that comes after a newer one would look like a counter that began again
            try:
                return sum(counter() for counter in self._counters) if self._counters else None
            except Exception:  # the driver's library raises its own kinds
                return None


def _gpu_counters(devices: Sequence[Any]) -> list[Counter]:
    """One a GPU, found by its UUID, since CUDA and the driver number them each in their own way."""
    try:
        import pynvml
        import torch

        pynvml.nvmlInit()
        uuids = [f"GPU-{torch.cuda.get_device_properties(device).uuid}" for device in devices]
        handles = [pynvml.nvmlDeviceGetHandleByUUID(uuid) for uuid in uuids]
    except Exception:  # no driver, or one that does not say
        return []
    return [lambda handle=handle: pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000 for handle in handles]  # type: ignore[misc]


def _processor_counters() -> list[Counter]:
    """One a socket; most systems let the administrator alone read them."""
    counters: list[Counter] = []
    for folder in sorted(POWERCAP.glob("intel-rapl:*")):
        with suppress(OSError, ValueError):
            if (folder / "name").read_text().startswith("package"):  # not its parts, nor what a part of them is counted in again
                counters.append(_rapl_counter(folder))
    return counters


def _rapl_counter(folder: Path) -> Counter:
    """Of a counter in microjoules that begins again at its largest value."""
    last, turns, largest = int((folder / "energy_uj").read_text()), 0, int((folder / "max_energy_range_uj").read_text())

    def read() -> float:
        nonlocal last, turns
        now = int((folder / "energy_uj").read_text())
        turns += now < last
        last = now
        return (turns * largest + now) / 1e6

    return read
