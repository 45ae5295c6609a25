"""One process at a time where bits are written: locks that the kernel takes back when their holder ends, so that none is ever stale."""

import fcntl
from pathlib import Path
from typing import IO, Any

from stages.errors import UserError

RUNNING = Path(".snakemake/running")
_kept: list[IO[Any]] = []


def hold(file: IO[Any], folder: Path, what: str) -> None:
    """Keep other processes out of ``folder`` until ``file`` is closed, or this process ends, however it does.

    :class:`UserError` where another one holds it, for ``what`` both do.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        do = "Nothing was changed. Wait for it, or stop it; the same command then goes on from where it was."
        raise UserError(folder, "", f"another {what} under way", "none", do) from error


def hold_project() -> None:
    """Keep other runs of Snakemake out of the current folder until this process ends; :class:`UserError` where there is one.

    It stands in for Snakemake's own lock, which outlives a Snakemake that is killed, and with two campaigns lets two at the ledger.
    """
    RUNNING.parent.mkdir(exist_ok=True)
    file = RUNNING.open("a")
    hold(file, Path.cwd(), "run of Snakemake in this folder")
    _kept.append(file)
