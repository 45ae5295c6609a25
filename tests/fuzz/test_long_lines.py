"""A document of one line, as long as files come: read and cleaned in bounded memory.

5 MB in every run of the tests, 50 MB with ``LASTRO_FUZZ`` above 1.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from stages.errors import UserError
from stages.files import parse_csv
from tests.conftest import ROOT
from tests.fuzz.law import TIMES
from tests.unit.tokenizers import CLEANING

MEGABYTES = 50 if TIMES > 1 else 5
LIMIT = (256 + 24 * MEGABYTES) << 20
"""Bytes of memory for data: what Python and NumPy take, and 24 times the line."""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A stage as a process whose memory is limited."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT)),
    )


@pytest.mark.parametrize(("name", "line"), [("a.txt", "ação sem fim "), ("b.jsonl", "semespaço@")])
def test_a_very_long_line_is_one_document(tmp_path: Path, name: str, line: str) -> None:
    text = line * (MEGABYTES * 1_000_000 // len(line.encode()))
    (tmp_path / name).write_text(json.dumps({"text": text}, ensure_ascii=False) if name.endswith("jsonl") else text)
    source = json.dumps({"source": "local", "path": name, "licence": "CC0"})
    done = run(tmp_path, "stages.corpus", "--parameters", source, "--folder", "corpus")
    assert done.returncode == 0, done.stderr
    assert f"1 documents of {len(text)} characters" in done.stdout
    parameters = {"selection": "head", "documents": 1, "minimum_characters": 0, "cleaning": CLEANING, "seed": 1}
    options = ["--corpus", "corpus", "--parameters", json.dumps(parameters), "--folder", "text", "--processes", "1"]
    done = run(tmp_path, "stages.text", *options)
    if "@" in line:  # all of it is one address to the cleaning rules
        assert (done.returncode, done.stderr.count("\n"), done.stderr[:7]) == (1, 1, "error: "), done.stderr
    else:
        assert done.returncode == 0, done.stderr


def test_a_csv_cell_beyond_all_bounds_is_named() -> None:
    with pytest.raises(UserError, match="a.csv: after line 1: found invalid CSV"):
        parse_csv(f"a,b\n{'x' * 1_000_000},1\n", "a.csv")
