"""What is answered so far: a file that a batch is added to once it is done, and that a call after a kill reads.

Its first line says what decides the answers. A batch is one line, on the disk before the next one begins. Each holds its own SHA-256.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import IO, Any, NamedTuple

from stages.energy import Meter
from stages.files import sha256_of_json
from stages.generation.answer import Answer
from stages.lock import hold

PARTIAL = ".partial.jsonl"


class Done(NamedTuple):
    """An answered batch."""

    seconds: float
    kilowatt_hours: float | None
    answers: list[Answer]


class Partial(NamedTuple):
    file: IO[bytes]
    started_at: str
    done: dict[int, Done]
    """By number of batch."""

    def add(self, number: int, done: Done) -> None:
        """Keep a batch, whatever happens from here on."""
        self.done[number] = done
        _write(self.file, {"batch": number, **done._asdict()})

    def answered(self, number: int, meter: Meter, answer: Callable[[], list[Answer]]) -> list[Answer]:
        """Answers of a batch: those kept, or what ``answer`` gives now, which is kept with its time and its energy."""
        if number not in self.done:
            start, before = perf_counter(), meter.kilowatt_hours
            answers = answer()
            seconds, after = perf_counter() - start, meter.kilowatt_hours
            self.add(number, Done(seconds, None if before is None or after is None else after - before, answers))
        return self.done[number].answers


@contextmanager
def open_partial(folder: Path, fingerprint: str, name: str = PARTIAL) -> Iterator[Partial]:
    """The batches of ``folder/name`` that were made under ``fingerprint``; the file goes when the block ends without an error.

    :class:`UserError` where another call writes there. A line that a kill cut, or that is damaged, is dropped with what follows it;
    all of other inputs, parameters or code are, too, which is said on stderr.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with path.open("a+b") as file:
        hold(file, folder, "generation of these answers")
        yield _read(file, path, fingerprint)
        path.unlink()


def _read(file: IO[bytes], path: Path, fingerprint: str) -> Partial:
    """Sound lines of the file; what follows them is cut off."""
    file.seek(0)
    head = file.readline()
    first, done = _parse(head), {}
    if first.get("fingerprint") != fingerprint or "started_at" not in first:
        if head:
            print(f"{path}: damaged, or made from other inputs, parameters or code; all is answered anew", file=sys.stderr)
        file.truncate(0)
        first = {"fingerprint": fingerprint, "started_at": datetime.now(UTC).isoformat(timespec="seconds")}
        _write(file, first)
    sound = file.tell()
    while "batch" in (line := _parse(file.readline())):
        done[line["batch"]] = Done(line["seconds"], line["kilowatt_hours"], [Answer(*answer) for answer in line["answers"]])
        sound = file.tell()
    file.truncate(sound)
    return Partial(file, first["started_at"], done)


def _parse(line: bytes) -> dict[str, Any]:
    """Object of a whole line as it was written; empty where it was cut or altered."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    digest = found.pop("sha256", None) if isinstance(found, dict) else None
    return found if digest == sha256_of_json(found) else {}


def _write(file: IO[bytes], line: dict[str, Any]) -> None:
    file.write(json.dumps(line | {"sha256": sha256_of_json(line)}).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())
