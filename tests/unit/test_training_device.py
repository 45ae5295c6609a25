import pytest
import torch

from stages.training.device import Device


@pytest.mark.parametrize(
    ("set_to", "capability", "said"), [("highest", (9, 0), "fp32"), ("high", (7, 5), "fp32"), ("high", (9, 0), "fp32 with tf32 products")]
)
def test_products_are_said_to_be_tf32_where_they_are(
    set_to: str, capability: tuple[int, int], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: set_to)
    environment = Device(torch.device("cuda"), "fp32", compiled=False).environment(processes=1)
    assert (environment["device"], environment["precision"]) == ("a GPU", said)
