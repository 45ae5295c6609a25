"""A PostgreSQL server of Debian's packages on this machine alone, for the length of a test."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.screenshots import free_port
from stages.ui import HOST

PASSWORD = f"p%2F{secrets.token_hex(16)}"
"""As it stands in an address: with a character that must be written as its code."""


class Server:
    """A cluster in a folder, which asks for a password; started and stopped at will."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        (folder / "password").write_text(PASSWORD.replace("%2F", "/"))
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        self.run("initdb", "-D", "data", "-U", "lastro", "-A", "scram-sha-256", "--pwfile=password", "--no-sync")
        self.start()

    def run(self, command: str, *arguments: str) -> None:
        """A command of PostgreSQL, never as root, which it refuses."""
        done = subprocess.run([*self._user(), str(programs() / command), *arguments], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def _user(self) -> list[str]:
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []

    def start(self) -> None:
        settings = f"-p {self.port} -c listen_addresses={HOST} -c unix_socket_directories="
        self.run("pg_ctl", "-D", "data", "-o", settings, "-l", "log", "-w", "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")

    def address(self, database: str, password: str = PASSWORD) -> str:
        """What MLflow is given."""
        return f"postgresql+psycopg2://lastro:{password}@{HOST}:{self.port}/{database}"

    def new_database(self) -> str:
        """Address of an empty database."""
        name = f"lastro_{secrets.token_hex(4)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.address(name)

    def execute(self, statement: str) -> None:
        """One statement that belongs to no transaction."""
        from sqlalchemy import create_engine, text

        with create_engine(self.address("postgres"), isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text(statement))


def programs() -> Path:
    """Folder of Debian's newest PostgreSQL; the test is skipped where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not here: tests/scale/install_stores.sh")
    return found[-1].parent


@contextmanager
def serving() -> Iterator[Server]:
    """A server until the block ends, in a folder of its own: pytest's are closed to the user that PostgreSQL runs as."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            yield server
        finally:
            server.stop()
