"""The text store: documents of any number in one file, read one at a time.

``documents.txt`` holds them in order as UTF-8, each followed by a blank line, so that it reads well; ``offsets.npy`` (uint64,
one more than there are documents) says at which byte each begins, so that a document may hold blank lines of its own.
"""

import hashlib
import os
import weakref
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import overload

import numpy as np

from stages.errors import UserError
from stages.files import open_atomic

DOCUMENTS = "documents.txt"
OFFSETS = "offsets.npy"
SEPARATOR = b"\n\n"


class TextStore(Sequence[str]):
    """The documents of ``folder``; memory holds no more than the one that is read, and any process may read."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / DOCUMENTS
        self._offsets = _read_offsets(folder / OFFSETS)
        try:
            self._file = os.open(self._path, os.O_RDONLY)
        except OSError as error:
            raise UserError(self._path, "", error.strerror or error, "a readable file") from error
        weakref.finalize(self, os.close, self._file)
        size, expected = os.fstat(self._file).st_size, int(self._offsets[-1])
        if size != expected:
            raise UserError(self._path, "", f"{size} bytes", f"the {expected} bytes of {OFFSETS}", "Make it again, or fetch it: dvc pull")

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"document {index} of {len(self)}")
        row = index % len(self)
        start, end = int(self._offsets[row]), int(self._offsets[row + 1])
        data = os.pread(self._file, end - start - len(SEPARATOR), start)
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise UserError(self._path, f"document {row}", f"0x{data[error.start]:02x}", "UTF-8 text") from error


def _read_offsets(path: Path) -> np.ndarray:
    """Offsets of a store, checked to be some."""
    try:
        offsets: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, TypeError, SyntaxError) as error:  # of NumPy, whatever the header holds
        raise UserError(path, "", getattr(error, "strerror", None) or "no NumPy array", "the offsets of a text store") from error
    if offsets.dtype != np.uint64 or offsets.ndim != 1 or len(offsets) < 2 or (np.diff(offsets.astype(np.int64)) < len(SEPARATOR)).any():
        raise UserError(path, "", f"{offsets.dtype} of shape {offsets.shape}", "rising offsets (uint64) of one document or more")
    return offsets


def write_texts(folder: Path, texts: Iterable[str], source: object = None) -> dict[str, int | str]:
    """Write ``texts`` as a store; how many documents, their characters and bytes without separators, and their fingerprint.

    The fingerprint is a SHA-256 over each document's length in bytes (8, little-endian) and its UTF-8, in order.

    :class:`UserError`, which names their ``source``, where there is none, or nothing in any; what stood in ``folder`` before then
    still does.
    """
    offsets, characters, digest = array("Q", [0]), 0, hashlib.sha256()
    with open_atomic(folder / DOCUMENTS) as documents, open_atomic(folder / OFFSETS) as index:
        for text in texts:
            data = text.encode()
            digest.update(len(data).to_bytes(8, "little") + data)
            offsets.append(offsets[-1] + documents.write(data + SEPARATOR))
            characters += len(text)
        count = len(offsets) - 1
        if not characters:
            found = f"{count} documents with nothing in them" if count else "no document"
            raise UserError(source or folder / DOCUMENTS, "", found, "a text of one document at least")
        np.save(index, np.frombuffer(offsets, dtype="<u8"))
    size = offsets[-1] - count * len(SEPARATOR)
    return {"documents": count, "characters": characters, "bytes": size, "fingerprint": digest.hexdigest()}


def in_batches(texts: Iterable[str], characters: int) -> Iterator[list[str]]:
    """``texts`` in lists that end as soon as they hold so many characters."""
    batch: list[str] = []
    held = 0
    for text in texts:
        batch.append(text)
        held += len(text)
        if held >= characters:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
