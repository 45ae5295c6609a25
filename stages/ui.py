"""The MLflow pages over the published records, on this machine alone.

python -m stages.ui [--port 5000]      prints the addresses once they answer; stops with Ctrl-C
"""

import argparse
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from stages.errors import UserError, report_errors
from stages.mirror import GROUPS, campaigns_with_records
from stages.publish import add_store_argument, view_of
from stages.store import STORE, address_of, open_store, shown, sqlite_file

HOST = "127.0.0.1"
PATIENCE_SECONDS = 120
QUIET = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
"""No helper processes, nothing sent anywhere."""


def check_free(port: int) -> None:
    """:class:`UserError` where something listens on ``port`` of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just left is free
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            do = "If these pages are open already, use them; or take another port: make ui port=5001"
            raise UserError("--port", "", f"{port} ({error})", "a free port of this machine", do) from error


@contextmanager
def serving(store: str | Path, port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server of ``store`` that answers at ``port`` when the block begins and is stopped at its end; what it says goes to ``log``."""
    check_free(port)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", HOST, "--port", str(port)]
    environment = os.environ | QUIET | {"MLFLOW_BACKEND_STORE_URI": address_of(store)}  # there nobody reads a password with ps
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, env=environment) as server:
        try:
            _wait(server, port, log)
            yield server
        finally:
            server.terminate()


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Until the server answers; :class:`UserError` where it ends before."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=5):
                return
        except OSError:  # it is not listening yet
            time.sleep(0.2)
    raise UserError(log, "", "no answer from the MLflow server", "one that starts", "Its last words are in that file.")


def addresses(store: str | Path, port: int) -> list[str]:
    """What there is to open: the pages, and each campaign's groups of runs, ready to be compared."""
    client, lines = open_store(store), [f"MLflow: http://{HOST}:{port} (stop with Ctrl-C)"]
    for campaign in campaigns_with_records():
        if experiment := client.get_experiment_by_name(campaign):
            views = [group for group in GROUPS if f"mlflow.sharedViewState.{group}" in experiment.tags]
            lines += [f"  {campaign}, {GROUPS[group]}: http://{HOST}:{port}/{view_of(experiment.experiment_id, group)}" for group in views]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.ui", description="Show the published records in the MLflow pages.")
    parser.add_argument("--port", type=int, default=5000)
    add_store_argument(parser)
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Start the server, say where it answers, wait until it is stopped."""
    address = address_of(arguments.store)
    if (file := sqlite_file(address)) and not file.exists():
        raise UserError(file, "", "no such file", "a store", "Publish first: make publish")
    if address.startswith("http"):
        raise UserError(shown(address), "", "an MLflow server", "a database", "It serves its own pages: open that address in a browser.")
    check_free(arguments.port)
    lines = addresses(address, arguments.port)
    print("Starting MLflow …", flush=True)
    with serving(address, arguments.port, STORE.with_name("server.log")) as server:
        print("\n".join(lines), flush=True)
        server.wait()


if __name__ == "__main__":
    main()
