"""A stage ends with the Snakemake that started it, which may be killed: nothing lives on that writes where the next call does."""

import os
import select
import signal
import sys
import threading

CALLER = "LASTRO_CALLER"
"""Variable of the environment that has the process id of Snakemake."""


def end_with_caller() -> None:
    """Watch the process that the environment names, if it names one, and end this one (SIGTERM) when that one has ended."""
    if caller := os.environ.get(CALLER):
        threading.Thread(target=_watch, args=(int(caller),), daemon=True).start()


def _watch(caller: int) -> None:
    try:
        select.select([os.pidfd_open(caller)], [], [])
    except ProcessLookupError:  # it ended while this one began
        pass
    except OSError:  # a kernel older than 5.3, which cannot tell
        return
    print("stopped: the Snakemake that began this has ended; the same command goes on", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
