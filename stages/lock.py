"""One process at a time in a folder that is written bit by bit."""

import fcntl
from pathlib import Path
from typing import IO, Any

from stages.errors import UserError


def hold(file: IO[Any], folder: Path, what: str) -> None:
    """Keep other processes out of ``folder`` until ``file`` is closed, or this process ends, however it does.

    :class:`UserError` where another one holds it, for ``what`` both do.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        do = "It may have outlived a call that was killed. Wait for it, or stop it; the same command then goes on from where it was."
        raise UserError(folder, "", f"another {what} under way", "none", do) from error
