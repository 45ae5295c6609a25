"""The one way to read, hash and write files: strict in, atomic out, the same bytes for the same content."""

import csv
import fcntl
import hashlib
import io
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from stages.errors import UserError

LONGEST_INTEGER = 308
"""Digits of the largest number that a float holds."""


def sha256_of(data: bytes) -> str:
    """Hex SHA-256 of ``data``."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Hex SHA-256 of a file of any size."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(path, "", error.strerror or error, "a readable file") from error


def sha256_of_json(value: Any) -> str:
    """Hex SHA-256 of the canonical JSON of ``value`` (sorted keys, no spaces): the hash of parameters, which have no file of their own."""
    return sha256_of(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def read_bytes(path: Path) -> bytes:
    """Bytes of ``path``; :class:`UserError` where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(path, "", error.strerror or error, "a readable file") from error


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write ``data`` so that a reader sees the old file or the new one, never a part of it."""
    with open_atomic(path) as file:
        file.write(data.encode() if isinstance(data, str) else data)


@contextmanager
def open_atomic(path: Path) -> Iterator[IO[bytes]]:
    """A file to write piece by piece, which takes the place of ``path`` once the block ends without an error.

    :class:`UserError` where the disk is full or the folder cannot be written; what stood there before still does.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.part")
        opened = _open_alone(temporary)
    except OSError as error:
        raise UserError(path, "", error.strerror or error, "a place that can be written") from error
    try:
        with opened as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UserError(path, "", error.strerror or error, "a place that can be written", "Nothing was changed there.") from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _open_alone(path: Path) -> IO[bytes]:
    """``path``, emptied of what a killed process left there, for this process alone to write; another one that does is waited for."""
    while True:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "wb")
        fcntl.flock(file, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):  # the one waited for gave the file its name, or took it away
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                file.truncate(0)
                return file
        file.close()


def decode_text(data: bytes, name: object) -> str:
    """UTF-8 text of ``data`` (a leading byte-order mark is dropped); :class:`UserError` names the first bad byte."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(name, f"byte {error.start}", f"0x{data[error.start]:02x}", "UTF-8 text") from error


def parse_json(text: str, name: object, field: str = "", halves: bool = False) -> Any:
    """JSON value of ``text``. NaN and infinities are refused: they are not JSON and no measured value; so is a key given twice.

    Half a surrogate pair, which JSON can escape and UTF-8 cannot hold, is refused unless ``halves``.
    """

    def refuse(constant: str) -> Any:
        raise UserError(name, field, constant, "a finite number", "A diverged or missing value cannot be imported as a result.")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) < len(pairs):
            keys = [key for key, _ in pairs]
            raise UserError(name, field, f"key {next(key for key in keys if keys.count(key) > 1)!r} given twice", "each key once")
        return found

    def sane(digits: str) -> int:
        if len(digits) > LONGEST_INTEGER:
            raise ValueError(f"a number of {len(digits)} digits")
        return int(digits)

    def finite(digits: str) -> float:
        if not math.isfinite(number := float(digits)):
            raise UserError(name, field, digits, "a finite number", "No float holds it.")
        return number

    try:
        value = json.loads(text, parse_constant=refuse, parse_int=sane, parse_float=finite, object_pairs_hook=once)
        if not halves and "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except json.JSONDecodeError as error:
        place = field or f"line {error.lineno}, column {error.colno}"
        raise UserError(name, place, f"invalid JSON ({error.msg})", "valid JSON", "The file may be truncated.") from error
    except UserError:
        raise
    except UnicodeEncodeError as error:
        raise UserError(name, field, "half a surrogate pair", "characters that UTF-8 has") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or nesting without end
        raise UserError(name, field, f"JSON that cannot be read ({error})", "numbers and nesting of sane size") from error


def read_text(path: Path) -> str:
    """UTF-8 text of the file ``path``."""
    return decode_text(read_bytes(path), path)


def read_json(path: Path) -> Any:
    """JSON value of the file ``path``."""
    return parse_json(read_text(path), path)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Rows of the CSV file ``path``."""
    return parse_csv(read_text(path), path)


def parse_json_lines(text: str, name: object) -> list[tuple[int, Any]]:
    """Line number (from 1) and JSON value of every line that is not blank; an error names its line."""
    lines = enumerate(text.split("\n"), start=1)
    return [(number, parse_json(line, name, f"line {number}")) for number, line in lines if line.strip()]


def to_json(value: Any) -> str:
    """Readable JSON with a stable layout and a final newline."""
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def to_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """CSV (RFC 4180, LF) with full precision: floats as their shortest exact form, missing values empty."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: "" if row.get(name) is None else row[name] for name in columns})
    return buffer.getvalue()


def parse_csv(text: str, name: object) -> list[dict[str, str]]:
    """Rows of a CSV with a header line; a row of another length is an error that names its line."""
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval=None, strict=True)
    rows = []
    try:
        for row in reader:
            if "" in row or None in row.values():
                expected = f"the {len(reader.fieldnames or [])} of the header"
                raise UserError(name, f"line {reader.line_num}", "another number of columns", expected)
            rows.append(row)
    except csv.Error as error:
        raise UserError(name, f"after line {reader.line_num}", f"invalid CSV ({error})", "valid CSV") from error
    return rows
