from pathlib import Path

import pytest
import torch

from stages.training.processes import Processes, join_processes
from stages.training.state import restore, snapshot
from tests.unit.training import parameters_of, setup_of, write_inputs


def test_a_gpu_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ValueError, match="--device: found no GPU"):
        join_processes("cuda")


def test_each_process_gets_its_own_random_state_back(tmp_path: Path) -> None:
    inputs = write_inputs(tmp_path / "inputs")
    saved, tensors = snapshot(*setup_of(inputs, parameters_of()))
    second, _ = setup_of(inputs, parameters_of(), processes=Processes(rank=1, count=2))
    own = torch.manual_seed(5).get_state()
    tensors["random.cpu"] = torch.stack([tensors["random.cpu"][0], own])
    torch.manual_seed(6)
    restore(second, saved, tensors)
    assert torch.equal(torch.get_rng_state(), own)
