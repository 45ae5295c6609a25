"""Documents from the user's own files: text (one a line), JSONL and Parquet (one a row), the first two gzipped or not.

Lines of text are those of the ``text`` builder of Hugging Face ``datasets``: they end at a line feed, a carriage return or
both, at no other character, and a blank line is an empty document, so that row numbers are the same there and here.
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stages.corpora import Source
from stages.corpora.parameters import LocalCorpus
from stages.errors import UserError
from stages.files import parse_json, sha256_of_file

SUFFIXES = (".txt", ".txt.gz", ".jsonl", ".jsonl.gz", ".parquet")
ROWS_AT_ONCE = 1024


def source(corpus: LocalCorpus) -> Source:
    """The documents of a file or folder; a file is known by its name in there and its hash."""
    found = files_in(Path(corpus.path))
    hashes = {name: sha256_of_file(path) for name, path in found.items()}
    parameters = {"source": corpus.source, "fields": corpus.fields, "files": hashes}
    return Source(documents(found.values(), corpus.fields), corpus.licence, parameters)


def files_in(path: Path, suffixes: tuple[str, ...] = SUFFIXES) -> dict[str, Path]:
    """The supported files at or below ``path``, hidden ones left out, by relative name and in its order (that of code points)."""
    if not path.exists():
        raise UserError(path, "", "no such file or folder", "a file to read, or a folder of them")
    folder, paths = (path, path.rglob("*")) if path.is_dir() else (path.parent, [path])
    named = {each.relative_to(folder).as_posix(): each for each in paths if each.name.lower().endswith(suffixes) and each.is_file()}
    shown = {name: each for name, each in sorted(named.items()) if not any(part.startswith(".") for part in name.split("/"))}
    if not shown:
        raise UserError(path, "", "no file of a supported kind", "one of: " + ", ".join(suffixes))
    return shown


def documents(paths: Iterable[Path], fields: Sequence[str]) -> Iterator[str]:
    """Documents of each file in turn; ``fields`` are those of a row that make up its document."""
    for path in paths:
        if path.name.lower().endswith(SUFFIXES[:2]):
            yield from (line for _, line in _lines(path, "utf-8"))
        else:
            yield from (_document(row, fields, path, place) for place, row in rows_in(path, fields))


def rows_in(path: Path, fields: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Place and content of each row of a JSONL or Parquet file; of the latter those of the ``fields`` that it has."""
    return _parquet(path, fields) if path.name.lower().endswith(".parquet") else _json_lines(path)


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    """Number (from 1) and text of each line, without its end."""
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    try:  # a byte that is no UTF-8 is escaped, so that its own line can be named
        with opener(path, "rt", encoding=encoding, errors="surrogateescape") as file:
            for number, line in enumerate(file, start=1):
                yield number, _utf8(line.removesuffix("\n"), path, number)
    except EOFError as error:
        raise UserError(path, "", "a gzip file that ends early", "a whole one", "Copy or download it again.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(path, "", f"a damaged gzip file ({error})", "a whole one", "Copy or download it again.") from error
    except OSError as error:
        raise UserError(path, "", error.strerror or error, "a readable file") from error


def _utf8(line: str, path: Path, number: int) -> str:
    try:
        line.encode()
    except UnicodeEncodeError as error:
        byte = ord(line[error.start]) & 0xFF
        raise UserError(path, f"line {number}", f"0x{byte:02x}", "UTF-8 text", "Convert the file, as with iconv.") from error
    return line


def _json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in _lines(path, "utf-8-sig"):
        if line.strip():
            place = f"line {number}"
            row = parse_json(line, path, place, halves=True)
            if not isinstance(row, dict):
                raise UserError(path, place, f"a {type(row).__name__}", "an object")
            yield place, row


def _parquet(path: Path, fields: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            columns = [name for name in file.schema_arrow.names if name in fields]
            batches = file.iter_batches(batch_size=ROWS_AT_ONCE, columns=columns or None)  # all of them, for the error to name
            rows = (row for batch in batches for row in batch.to_pylist())
            yield from ((f"row {number}", row) for number, row in enumerate(rows, start=1))
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UserError(path, "", f"a file that cannot be read ({error})", "a Parquet file of UTF-8 text") from error


def _document(row: Mapping[str, Any], fields: Sequence[str], path: Path, place: str) -> str:
    """The row's ``fields``, those that are empty or null left out, joined by line breaks."""
    present = [name for name in fields if name in row]
    if not present:
        found, do = ", ".join(row) or "none", "Name the text's fields in corpus.fields."
        raise UserError(path, place, f"fields {found}", "one of: " + ", ".join(fields), do)
    for name in present:
        if row[name] is not None and not isinstance(row[name], str):
            raise UserError(path, f"{place}, {name}", type(row[name]).__name__, "text")
    return whole_characters("\n".join(row[name] for name in present if row[name]))


def whole_characters(text: str) -> str:
    r"""The text with each half of a surrogate pair, which JSON can escape (``"\ud800"``) and UTF-8 cannot hold, as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
