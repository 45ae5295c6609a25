"""The MLflow pages listen on this machine alone, and say nothing to anybody."""

import socket
from pathlib import Path

import pytest

from bench.screenshots import free_port
from stages.store import open_store
from stages.ui import QUIET, serving


def listening(port: int) -> set[str]:
    """Addresses, as the kernel writes them, at which something listens on ``port``."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return {line[1].partition(":")[0] for line in lines if line[3] == "0A" and int(line[1].partition(":")[2], 16) == port}


@pytest.mark.fuzz
def test_the_pages_are_served_to_this_machine_alone(tmp_path: Path) -> None:
    store, port = tmp_path / "store.db", free_port()
    open_store(store).search_experiments()
    with serving(store, port, tmp_path / "server.log"):
        assert listening(port) == {"0100007F"}, "127.0.0.1, its bytes as this processor orders them"
    with socket.socket() as everywhere:
        everywhere.bind(("", 0))
        everywhere.listen()
        assert listening(everywhere.getsockname()[1]) == {"00000000"}, "the check sees what it looks for"
    assert QUIET["MLFLOW_DISABLE_TELEMETRY"] == QUIET["DO_NOT_TRACK"] == "true"
