"""The law of bad input: it is read rightly, or one line of error names it; never a traceback, and nothing of before is touched."""

import io
import json
import os
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from stages.errors import report_errors
from stages.files import sha256_of_file

OUT = Path("out")
"""Where a reader that writes does so, below the sample."""
BEFORE = b"made before"
TIMES = int(os.environ.get("LASTRO_FUZZ", "1"))
"""So many times as many examples as in every run of the tests."""


def breach(read: Callable[[Path], object], file: Path, written: tuple[str, ...] = ()) -> str:
    """How ``read(file)`` breaks the law; empty where it does not. ``written``: names below ``OUT`` that it replaces when all is well."""
    for name in written:
        (OUT / name).parent.mkdir(parents=True, exist_ok=True)
        (OUT / name).write_bytes(BEFORE)
    errors = io.StringIO()
    try:
        with redirect_stderr(errors), redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"):
            report_errors(lambda: read(file))
    except SystemExit as stop:
        return _said(stop.code, errors.getvalue(), file) or _touched(written)
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}\n{''.join(traceback.format_exc()[-1500:])}"
    return ""


def _said(status: object, text: str, file: Path) -> str:
    said = [line for line in text.splitlines() if line.startswith("error: ")]
    if status != 1 or len(said) != 1:
        return f"exit status {status} with {text!r:.300}"
    return "" if file.stem in text or file.parent.name in said[0] else f"does not name {file}: {said[0]:.300}"


def _touched(written: tuple[str, ...]) -> str:
    touched = [name for name in written if (OUT / name).read_bytes() != BEFORE]
    return f"an error, and yet written: {touched}" if touched else ""


def seal(file: Path) -> None:
    """Let the manifest beside ``file`` give the hash that it has now, as that of somebody who made it so."""
    manifest = file.parent / "manifest.json"
    if file.name != manifest.name and manifest.exists():
        content = json.loads(manifest.read_text())
        if file.name in content["files"]:
            content["files"][file.name] = {"sha256": sha256_of_file(file), "bytes": file.stat().st_size}
            manifest.write_text(json.dumps(content))
