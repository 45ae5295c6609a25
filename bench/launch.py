"""Run a command and write what it took: seconds of wall and processor, and the most MiB that it, or one it started, had resident.

    python -I -S bench/launch.py RESULT COMMAND…

It is a process of its own and a small one, because Linux counts what a process's parent had resident when it started as its own.
"""

import json
import os
import sys
import time


def main() -> None:
    result, *command = sys.argv[1:]
    start = time.perf_counter()
    _, status, usage = os.wait4(os.spawnvp(os.P_NOWAIT, command[0], command), 0)
    passed = time.perf_counter() - start
    with open(result, "w") as file:  # noqa: PTH123 (pathlib alone is a megabyte)
        json.dump({"seconds": passed, "processor": usage.ru_utime + usage.ru_stime, "mebibytes": usage.ru_maxrss / 1024}, file)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
