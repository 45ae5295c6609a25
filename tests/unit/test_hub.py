from pathlib import Path
from typing import Any

import pytest

from stages.errors import UserError
from stages.hub import snapshot

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(("kind", "folder"), [("dataset", "datasets--a--b"), ("model", "models--a--b")])
def test_what_the_cache_holds_needs_no_network(kind: Any, folder: str, tmp_path: Path) -> None:
    held = tmp_path / folder / "snapshots" / COMMIT
    held.mkdir(parents=True)
    (held / "config.json").touch()
    assert snapshot("a/b", COMMIT, kind, ["*.json"], tmp_path) == held
    (tmp_path / folder / "refs").mkdir()
    (tmp_path / folder / "refs/main").write_text(COMMIT)
    assert snapshot("a/b", None, kind, ["*.json"], tmp_path) == held


@pytest.mark.usefixtures("offline")
def test_what_it_holds_in_part_is_an_error(tmp_path: Path) -> None:
    from huggingface_hub._tree_cache import TreeCacheEntry, write_tree_cache

    held = tmp_path / "models--a--b/snapshots" / COMMIT
    held.mkdir(parents=True)
    (held / "config.json").touch()
    entry = TreeCacheEntry(size=0, blob_id="0", lfs_sha256=None, lfs_size=None, xet_hash=None)
    write_tree_cache(str(held.parents[1]), COMMIT, {"config.json": entry, "model.safetensors": entry})
    assert snapshot("a/b", COMMIT, "model", ["*.json"], tmp_path) == held
    with pytest.raises(UserError, match=f"a/b: revision {COMMIT}: found neither a whole copy in the cache nor the hub.*HF_HUB_OFFLINE"):
        snapshot("a/b", COMMIT, "model", ["*.json", "*.safetensors"], tmp_path)


@pytest.mark.usefixtures("offline")
def test_what_it_does_not_hold_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a/b: newest revision: found neither a whole copy in the cache nor the hub"):
        snapshot("a/b", None, "model", ["*.json"], tmp_path)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("GatedRepoError", "a model whose terms were not accepted.*https://huggingface.co/a/b, then log in: hf auth login"),
        ("RepositoryNotFoundError", "no such model on the hub"),
        ("RevisionNotFoundError", "no such revision"),
        ("HfHubHTTPError", "a download that failed"),
        ("HTTPError", "a download that failed"),
    ],
)
def test_what_the_hub_refuses_says_what_to_do(error: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import errors

    def refuse(*_: object, **__: object) -> str:
        kind = getattr(errors, error)
        raise kind.__new__(kind)

    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    with pytest.raises(UserError, match=message):
        snapshot("a/b", COMMIT, "model", ["*.json"], tmp_path)


def test_a_name_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a/b/c: newest revision: found no such dataset on the hub"):
        snapshot("a/b/c", None, "dataset", ["*"], tmp_path)


def test_the_page_of_a_datasets_terms_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub.errors import GatedRepoError

    def refuse(*_: object, **__: object) -> str:
        raise GatedRepoError.__new__(GatedRepoError)

    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    with pytest.raises(UserError, match="https://huggingface.co/datasets/a/b, then"):
        snapshot("a/b", None, "dataset", ["*"], tmp_path)
