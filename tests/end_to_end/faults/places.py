"""Places where nothing can be written: a disk that is full, a folder that is read-only."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(folder: Path, room: int) -> Iterator[Callable[[], None] | None]:
    """``folder`` on a disk of its own with ``room`` bytes; what is given is for ``preexec_fn`` of what writes there.

    Where no disk may be mounted, that function limits the size of a file instead, which a stage is told of in the same way.
    """
    folder.mkdir()
    size = f"size={room}"
    mounted = os.geteuid() == 0 and not subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", str(folder)], stderr=-3).returncode
    try:
        yield None if mounted else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room // 2, room))
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[list[str]]:
    """``folder`` without permission to write; what is given goes before a command, as root obeys no permissions."""
    folder.chmod(0o555)
    prefix = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        raise RuntimeError("setpriv (util-linux) is not here: root cannot be made to obey permissions")
    try:
        yield prefix if os.geteuid() == 0 else []
    finally:
        folder.chmod(0o755)
