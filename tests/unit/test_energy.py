import time
from pathlib import Path
from typing import Any

import pytest
import torch

from stages import energy
from stages.energy import Meter

CPU = [torch.device("cpu")]


def write_counter(folder: Path, name: str, microjoules: int, largest: int = 10_000_000) -> Path:
    folder.mkdir(parents=True)
    for file, value in {"name": name, "energy_uj": microjoules, "max_energy_range_uj": largest}.items():
        (folder / file).write_text(f"{value}\n")
    return folder / "energy_uj"


@pytest.fixture
def powercap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(energy, "POWERCAP", tmp_path / "powercap")
    return tmp_path / "powercap"


def test_the_sockets_of_a_processor_are_added_up_and_their_counters_begin_again(powercap: Path) -> None:
    first = write_counter(powercap / "intel-rapl:0", "package-0", 9_000_000)
    second = write_counter(powercap / "intel-rapl:1", "package-1", 0)
    part = write_counter(powercap / "intel-rapl:0:0", "core", 0)
    with Meter(CPU) as meter:
        second.write_text("4000000")
        part.write_text("7000000")
        assert meter.kilowatt_hours == pytest.approx(4 / 3.6e6)
        first.write_text("1000000")
        assert meter.kilowatt_hours == pytest.approx(6 / 3.6e6), "2 J more: 1 J to its largest value, 1 J from there"
    second.write_text("9000000")
    assert meter.kilowatt_hours == pytest.approx(6 / 3.6e6), "what comes later is not its own"


def test_two_readings_at_once_are_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, most = 0, 0

    def counter() -> float:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        time.sleep(0.002)
        under_way -= 1
        return 0.0

    monkeypatch.setattr(energy, "_processor_counters", lambda: [counter])
    monkeypatch.setattr(energy, "LOOK_SECONDS", 0.001)
    with Meter(CPU) as meter:
        assert [meter.kilowatt_hours for _ in range(20)] == [0.0] * 20
    assert most == 1


def test_what_cannot_be_read_is_not_measured(powercap: Path) -> None:
    with Meter(CPU) as meter:
        pass
    assert meter.kilowatt_hours is None
    counter = write_counter(powercap / "intel-rapl:0", "package-0", 0)
    with Meter(CPU) as meter:
        counter.unlink()
    assert meter.kilowatt_hours is None


def test_a_gpu_is_asked_by_its_uuid(monkeypatch: pytest.MonkeyPatch) -> None:
    import pynvml

    millijoules = {"GPU-a": 1000, "GPU-b": 0}
    identity: Any = type("Properties", (), {})
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByUUID", lambda uuid: uuid)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetTotalEnergyConsumption", lambda handle: millijoules[handle])
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: identity)
    identity.uuid = "a"
    with Meter([torch.device("cuda")]) as meter:
        millijoules["GPU-a"], millijoules["GPU-b"] = 3_601_000, 5
    assert meter.kilowatt_hours == pytest.approx(0.001)


def test_a_gpu_without_a_driver_that_says_is_not_measured() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one here")
    with Meter([torch.device("cuda")]) as meter:
        pass
    assert meter.kilowatt_hours is None
