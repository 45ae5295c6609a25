"""A manifest vouches for its blobs by their bytes; without them it still says what they are."""

from pathlib import Path

import pytest

from stages.errors import UserError
from stages.manifest import load_manifest, manifests_of, read_manifest, write_manifest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = Path("data/c/texts/t")
    folder.mkdir(parents=True)
    (folder / "documents.txt").write_text("um texto\n\n")
    write_manifest(folder, "text", "stages.text", files=["documents.txt"], facts={"documents": 1}, parameters={}, libraries=["numpy"])
    return folder


def test_a_manifest_is_the_same_for_the_same_blobs(folder: Path) -> None:
    before = (folder / "manifest.json").read_bytes()
    write_manifest(folder, "text", "stages.text", files=["documents.txt"], facts={"documents": 1}, parameters={}, libraries=["numpy"])
    assert (folder / "manifest.json").read_bytes() == before
    assert read_manifest(folder, "text").facts == {"documents": 1}


@pytest.mark.parametrize(
    ("content", "found"),
    [(None, "no such file"), ("um", "2 bytes, not 10"), ("um tixto\n\n", "[0-9a-f]{64}, expected [0-9a-f]{64}")],
)
def test_other_bytes_than_its_own_are_refused(folder: Path, content: str | None, found: str) -> None:
    blob = folder / "documents.txt"
    blob.write_text(content) if content else blob.unlink()
    with pytest.raises(
        UserError, match=f"documents.txt: sha256: found {found}.*Make it again .snakemake -c2 --force data/c/texts/t/documents.txt"
    ):
        read_manifest(folder, "text")
    assert load_manifest(folder / "manifest.json").kind == "text"


def test_another_kind_is_refused(folder: Path) -> None:
    with pytest.raises(UserError, match="manifest.json: kind: found 'text', expected 'tokens'"):
        read_manifest(folder, "tokens")


def test_manifests_are_those_of_artifacts_not_of_evidence(folder: Path) -> None:
    (folder.parents[1] / "evidence").mkdir()
    (folder.parents[1] / "evidence/manifest.json").write_text("{}")
    assert manifests_of("c") == manifests_of("*") == [folder / "manifest.json"]
