"""Each reader on damaged copies of valid files: the law of bad input (:mod:`tests.fuzz.law`).

The examples are the same in every run. ``LASTRO_FUZZ=50`` tries fifty times as many.
"""

import os
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.law import breach, seal
from tests.fuzz.mutations import mutate
from tests.fuzz.readers import READERS, Reader
from tests.fuzz.samples import SAMPLES

TIMES = int(os.environ.get("LASTRO_FUZZ", "1"))


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


@pytest.mark.parametrize("name", READERS)
def test_valid_files_are_read(name: str, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sample)
    files = files_of(READERS[name])
    assert files
    for file in files[:3]:
        READERS[name].read(file)


@pytest.mark.parametrize("name", READERS)
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
