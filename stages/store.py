"""Where MLflow keeps what it shows: an SQLite file of this folder, or what ``MLFLOW_TRACKING_URI`` names: a team's database or server."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stages.errors import UserError

if TYPE_CHECKING:
    from mlflow import MlflowClient

STORE = Path(".mlflow/lastro.db")
SQLITE = "sqlite:///"
SETTINGS = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
PATIENCE = {"PGCONNECT_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""A server that is down is told within seconds, unless the environment says otherwise."""
LOCK = 0x1A5720
"""Of no meaning: the number under which PostgreSQL knows our lock."""
SECRET = re.compile(r"(?<=://)([^/@:\s]*:)\S*(?=@)|(password=)[^&\s]+")


def address_of(store: str | Path) -> str:
    """Address of a store as MLflow reads it; a path is that of an SQLite file."""
    return str(store) if "://" in str(store) else f"{SQLITE}{store}"


def chosen_store() -> str:
    """Address of the store that the environment names, else of the one of this folder."""
    return address_of(os.environ.get("MLFLOW_TRACKING_URI") or STORE)


def sqlite_file(address: str) -> Path | None:
    """File of an SQLite store; ``None`` of another."""
    return Path(address.removeprefix(SQLITE)) if address.startswith(SQLITE) else None


def shown(text: object) -> str:
    """``text`` fit to be read by others: addresses in it without their passwords, an SQLite file by its path."""
    return SECRET.sub(r"\1\2***", str(text).removeprefix(SQLITE))


def failed(address: str, error: Exception) -> UserError:
    """What to tell of an exception that MLflow, its database or the driver raised."""
    first = shown(str(error).partition("\n")[0])
    do = "Does its server run, is its driver installed (make install-scale), are name and password right? A broken SQLite file: remove it."
    return UserError(shown(address), "", f"no MLflow store ({type(error).__name__}: {first})", "one that answers", do)


def open_store(store: str | Path) -> "MlflowClient":
    """Client of a store (:func:`address_of`), which is made where it is not there, by one process at a time. Artifacts are never stored.

    :class:`UserError` where it does not answer.
    """
    address = address_of(store)
    if urlsplit(address).netloc.count("@") > 1:  # the driver would take the password's end for the host, and print it
        raise UserError(shown(address), "", "more than one @", "one, before the host", "Within a name or password write it as %40.")
    os.environ |= SETTINGS | PATIENCE | {name: os.environ[name] for name in PATIENCE if name in os.environ}
    from mlflow import MlflowClient

    try:
        with alone(address):
            client = MlflowClient(tracking_uri=address)
            client.search_experiments(max_results=1)  # makes the tables
            return client
    except Exception as error:  # of whatever database there is
        raise failed(address, error) from error


@contextmanager
def alone(address: str) -> Iterator[None]:
    """One process after the other, on whichever machine: each waits here until the one before has left the block, or has ended.

    MLflow's own making of tables fails where several do it at once, and two publishings at once would write each run twice. The lock is
    a file beside an SQLite store, an advisory lock in PostgreSQL. Of other stores, such as an MLflow server, none is held.
    """
    if file := sqlite_file(address):
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.with_name(f"{file.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    elif address.startswith("postgres"):
        from sqlalchemy import NullPool, create_engine, text

        with create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
            yield
    else:
        yield
