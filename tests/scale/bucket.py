"""Swift's S3 interface for the length of a test, and the bucket as its owner sees it."""

import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.screenshots import free_port
from tests.conftest import ROOT

PYTHON = ROOT / ".venv/swift/bin/python"
KEY, SECRET, BUCKET = "lastro:team", secrets.token_hex(16), "team"
SECONDS = 120


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Address of a server that keeps its objects in ``folder``, with one empty bucket; the test is skipped where Swift is not installed."""
    if not PYTHON.exists():
        pytest.skip("Swift is not here: tests/scale/install_stores.sh")
    folder.mkdir()
    port = free_port()
    command = [str(PYTHON), str(Path(__file__).with_name("swift_server.py")), str(folder), str(port), KEY, SECRET]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            wait(server, endpoint := f"http://127.0.0.1:{port}")
            client(endpoint).create_bucket(Bucket=BUCKET)
            yield endpoint
        finally:
            server.terminate()


def wait(server: "subprocess.Popen[bytes]", endpoint: str) -> None:
    """Until the server answers, whatever it answers."""
    deadline = time.monotonic() + SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(endpoint, timeout=5)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail("Swift did not start")


def client(endpoint: str, secret: str = SECRET) -> Any:
    """An S3 client."""
    import botocore.session

    session = botocore.session.get_session()
    return session.create_client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=KEY, aws_secret_access_key=secret)


def objects(endpoint: str) -> dict[str, int]:
    """Size of every object of the bucket, by name."""
    return {found["Key"]: found["Size"] for found in client(endpoint).list_objects_v2(Bucket=BUCKET).get("Contents", [])}
