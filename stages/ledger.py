"""Snakemake's metadata as a ledger that travels with the repository.

``.snakemake/metadata`` says which parameters, code and inputs made each output; with it, a fresh clone has nothing to do. Two
things keep it fit to be committed. After a run, what differs from one run to the next (times, process hashes) is taken out,
so that making the same file again changes no byte. And after a failure, the entries of outputs that were *not* made are put
back: a rule's outputs are kept when its job fails (``update``), but Snakemake records the failed job's parameters for them. Where the
run was killed before it could, the next one does.
"""

import json
import shutil
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from stages.document import Document
from stages.errors import UserError
from stages.files import parse_json, read_json, read_text, to_json, write_atomic

METADATA = Path(".snakemake/metadata")
BEFORE = Path(".snakemake/metadata_before_run")
PLANNED = Path(".snakemake/outputs_before_run.json")
"""Inode and size of each output of the run under way, as they were before it: what a stage writes takes the place of the old file."""
VOLATILE: dict[str, Any] = {"starttime": 0.0, "endtime": 0.0, "job_hash": None, "external_jobid": None}


def remember(planned: Iterable[str] = ()) -> None:
    """Keep a copy of the ledger as it is before a run that is to make ``planned``; first settle the run before, if it was killed."""
    if PLANNED.exists():
        settle(output for output, state in read_json(PLANNED).items() if _state(output) == state)
    shutil.rmtree(BEFORE, ignore_errors=True)
    if METADATA.exists():
        shutil.copytree(METADATA, BEFORE)
    write_atomic(PLANNED, to_json({output: _state(output) for output in planned}))


def settle(unfinished: Iterable[str] = ()) -> None:
    """After a run: put back the entries of ``unfinished`` outputs, bring all entries to their canonical form."""
    for output in unfinished:
        _put_back(entry_of(output))
    for entry in METADATA.rglob("*"):
        if entry.is_file():
            _canonicalise(entry)
    PLANNED.unlink(missing_ok=True)
    shutil.rmtree(BEFORE, ignore_errors=True)


def _state(output: str) -> list[int] | None:
    with suppress(OSError):
        found = Path(output).stat()
        return [found.st_ino, found.st_size]
    return None


def entry_of(output: str) -> Path:
    """Place of an output's entry below the ledger, by Snakemake's naming (base64 of the path, cut to file-name length)."""
    name = urlsafe_b64encode(output.encode()).decode()
    pieces = [name[start : start + 254] for start in range(0, len(name), 254)]
    return Path(*(f"@{piece}" for piece in pieces[:-1]), pieces[-1])


def _put_back(entry: Path) -> None:
    if (BEFORE / entry).exists():
        shutil.copyfile(BEFORE / entry, METADATA / entry)
    else:
        (METADATA / entry).unlink(missing_ok=True)


def _canonicalise(entry: Path) -> None:
    """Bring an entry to its form; a damaged one stays as it is, which is said: the state of its output is then unknown."""
    try:
        text = read_text(entry)
        content = Document(entry.as_posix(), "", parse_json(text, entry)).mapping("$")
    except UserError as error:
        print(f"note: left as it is: {error}", file=sys.stderr)
        return
    canonical = json.dumps(content | VOLATILE, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    if text != canonical:
        write_atomic(entry, canonical)
