import json
import socket
from pathlib import Path

import pytest

from stages.training.processes import join_processes
from tests.unit.training import TRANSFORMER, command, parameters_of, start_stage, write_inputs


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def test_two_processes_train_what_one_trains(tmp_path: Path) -> None:
    inputs = write_inputs(tmp_path / "inputs")
    text = parameters_of(TRANSFORMER | {"dropout": 0.0}, epsilon=1e-3, batch_size=21, gradient_accumulation=2)  # a last batch of one window
    together = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    places = [together | {"RANK": rank, "LOCAL_RANK": rank} for rank in "01"]
    folders: dict[str, list[dict[str, str]]] = {"two": places, "one": [{}]}
    for name, environments in folders.items():
        processes = [start_stage(command(inputs, tmp_path / name, text), environment) for environment in environments]
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [0] * len(processes)
    one, two = (json.loads((tmp_path / name / "training.json").read_text()) for name in ("one", "two"))
    assert (one["environment"]["device_count"], two["environment"]["device_count"]) == (1, 2)
    assert one["counts"] == two["counts"] and one["steps"] == two["steps"] == 16
    for alone, shared in zip(one["history"], two["history"], strict=True):
        assert shared == pytest.approx(alone, abs=1e-5)


def test_a_gpu_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ValueError, match="--device: found no GPU"):
        join_processes("cuda")
