"""Each reader on damaged copies of valid files: the law of bad input (:mod:`tests.fuzz.law`).

The examples are the same in every run. ``LASTRO_FUZZ=50`` tries fifty times as many.
"""

import io
import re
from pathlib import Path
from random import Random

import numpy as np
import pytest

from stages.errors import UserError
from tests.fuzz.law import TIMES, breach, seal
from tests.fuzz.mutations import mutate
from tests.fuzz.readers import READERS, SLOW, Reader
from tests.fuzz.samples import SAMPLES

MADE_ANEW = ("half an answering",)
"""Where no file is no error."""
LONG = ("answers", "audit", "logs made here", "model", "page")
NAMES = [pytest.param(name, marks=pytest.mark.fuzz) if name in LONG else name for name in READERS]
"""Those that take long are tried by make fuzz."""


def array(*ids: object, dtype: str) -> bytes:
    """An array as NumPy writes it."""
    np.save(buffer := io.BytesIO(), np.array(ids, dtype), allow_pickle=True)
    return buffer.getvalue()


FOUND = (
    ("campaign", "params/campaigns/tiny.yaml", b"[" * 100_000),
    ("prices", "params/prices.yaml", b"x: &x [*x]"),
    ("prices", "params/prices.yaml", b"x: 2025-13-45"),
    ("registry", "data/published/registry.json", b'{"campaign": "a", "campaign": "b"}'),
    ("tokenizer to decode", "characters/characters.json", b'{"characters": "ab", "unknown": "?"}'),
    ("tokenizer to decode", "characters/characters.json", b'{"characters": "aab?", "unknown": "?"}'),
    ("tokenizer to decode", "pieces/tokenizer.model", b""),
    ("tokens", "tokens/tokens.npy", array(*range(9), dtype="float16")),
    ("tokens", "tokens/tokens.npy", array(*"abc", dtype="object")),
    ("weights", "tokens/tokens.npy", array(*[60_000] * 99, dtype="uint16")),
    ("rows", "instructions/rows.jsonl", b'{"instruction": ["x"], "input": "", "output": ""}\n'),
    ("rows to draw from", "split/train.jsonl", b'{"input": ""}\n'),
    ("answers", "adapter/timing.json", b"{}"),
    ("answers", "base/timing.json", b'{"seeds": {"7": {}}, "started_at": {}}'),
    ("scores", "analysis/published/extrinsic/scores.csv", b"seed,task,metric,system,score\nx,qa,em,base,1\n"),
    ("scores", "analysis/published/extrinsic/scores.csv", b"seed,task,metric,system,score\n1,qa,em,base,nan\n"),
)
"""What broke a reader once: its name, the file, and the bytes."""


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of the samples that were asked for so far."""
    return {}


@pytest.fixture
def sample(request: pytest.FixtureRequest, samples: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the reader's sample, made by the first that asks."""
    name = READERS[request.node.callspec.params["name"]].sample
    if name not in samples:
        samples[name] = tmp_path_factory.mktemp(name)
        SAMPLES[name](samples[name])
    return samples[name]


def files_of(reader: Reader) -> list[Path]:
    """Files that may be damaged, in the order of their names."""
    return sorted({path for pattern in reader.files.split() for path in Path().glob(pattern) if path.is_file()})


@pytest.mark.parametrize("name", NAMES)
def test_valid_files_are_read(name: str, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sample)
    files = files_of(READERS[name])
    assert files
    for file in files[:3]:
        READERS[name].read(file)


@pytest.mark.parametrize(("name", "file", "data"), FOUND, ids=[f"{name}-{place}" for place, (name, *_) in enumerate(FOUND)])
def test_what_broke_a_reader_once_is_refused(name: str, file: str, data: bytes, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sample)
    path = Path(file)
    before = {each: each.read_bytes() for each in (path, path.parent / "manifest.json") if each.exists()}
    path.write_bytes(data)
    seal(path)
    try:
        with pytest.raises(UserError, match=re.escape(path.stem)):
            READERS[name].read(path)
    finally:
        for each, content in before.items():
            each.write_bytes(content)


@pytest.mark.parametrize("name", [name for name, reader in READERS.items() if reader.examples > SLOW and name not in MADE_ANEW])
def test_a_folder_or_nothing_in_place_of_a_file(name: str, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sample)
    file = files_of(READERS[name])[0]
    away = file.rename("away")
    try:
        assert not breach(READERS[name].read, file, READERS[name].written)
        file.mkdir()
        assert not breach(READERS[name].read, file, READERS[name].written)
        file.rmdir()
    finally:
        away.rename(file)


@pytest.mark.parametrize("name", NAMES)
def test_damaged_files_are_read_or_named(name: str, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sample)
    reader, files, random, breaches = READERS[name], files_of(READERS[name]), Random(name), []
    for number in range(reader.examples * TIMES):
        file = random.choice(files)
        before = {each: each.read_bytes() for each in {file, file.parent / "manifest.json"} if each.exists()}
        file.write_bytes(mutate(before[file], file.name, random))
        seal(file)
        if found := breach(reader.read, file, reader.written):
            breaches.append(f"example {number}, {file}: {found}")
        for each, data in before.items():
            each.write_bytes(data)
    assert not breaches, f"{len(breaches)} of {reader.examples * TIMES}:\n" + "\n".join(breaches[:20])
