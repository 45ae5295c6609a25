import json
import shutil
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from stages.errors import UserError
from stages.hub_model import run
from stages.manifest import read_manifest
from stages.training_parameters import AdapterArchitecture
from stages.tuning.models import load_base, load_tokenizer
from tests.unit.small_llama import VOCABULARY, write_model
from tests.unit.tuning import LORA

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A model in a cache of the hub's shape, beside what other programs read; no network."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    repository = tmp_path / "cache/models--owner--name"
    folder = repository / "snapshots" / COMMIT
    write_model(folder)
    (folder / "manifest.json").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    (folder / "original").mkdir()
    (folder / "original/params.json").write_text("{}")
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(COMMIT)
    yield folder


def fetch(folder: Path, revision: str | None = None) -> None:
    run(Namespace(name="owner/name", revision=revision, folder=folder))


def test_a_model_of_the_hub_is_known_by_commit_and_hashes_and_its_files_stay_there(
    snapshot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(tmp_path / "model")
    manifest = read_manifest(tmp_path / "model", "model")
    assert manifest.files == {} and [path.name for path in (tmp_path / "model").iterdir()] == ["manifest.json"]
    assert manifest.parameters["commit"] == COMMIT and str(tmp_path) not in json.dumps(manifest.model_dump())
    assert set(manifest.parameters["files"]) == {
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert f"owner/name at {COMMIT}: 6 files" in capsys.readouterr().out
    model = load_base(tmp_path / "model", AdapterArchitecture.model_validate(LORA), torch.device("cpu"))
    assert model.config.vocab_size == VOCABULARY and len(load_tokenizer(tmp_path / "model")) == VOCABULARY


def test_what_changed_or_is_gone_from_the_cache_is_an_error(snapshot: Path, tmp_path: Path) -> None:
    fetch(tmp_path / "model", COMMIT)
    weights = snapshot / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + b"\1")
    architecture, cpu = AdapterArchitecture.model_validate(LORA), torch.device("cpu")
    with pytest.raises(UserError, match=r"model.safetensors: sha256.*python -m stages.hub_model --name owner/name"):
        load_base(tmp_path / "model", architecture, cpu)
    weights.write_bytes(whole)
    (snapshot / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match=r"tokenizer.json: sha256: found 2 bytes, not \d+"):
        load_tokenizer(tmp_path / "model")
    shutil.rmtree(snapshot)
    with pytest.raises(UserError, match=f"owner/name is not in the hub's cache, expected its commit {COMMIT}"):
        load_base(tmp_path / "model", architecture, cpu)


@pytest.mark.parametrize(
    ("gone", "message"), [("model.safetensors", "expected weights in safetensors"), ("config.json", "the settings of")]
)
def test_a_repository_that_is_no_model_that_can_be_read_is_an_error(gone: str, message: str, snapshot: Path, tmp_path: Path) -> None:
    (snapshot / gone).unlink()
    with pytest.raises(UserError, match=message):
        fetch(tmp_path / "model")
    assert not (tmp_path / "model").exists()
