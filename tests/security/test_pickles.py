"""A pickle that would run a command, put in the place of every binary file that is read: refused, and never run."""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from stages.errors import UserError
from stages.manifest import NAME, write_manifest
from stages.models import load_weights
from stages.text_store import TextStore, write_texts
from stages.token_store import read_tokens
from stages.training.checkpoint import load_checkpoint
from stages.training_parameters import AdapterArchitecture
from stages.tuning.models import load_adapter, load_base
from tests.unit.small_llama import small_model, write_model
from tests.unit.tuning import LORA


class Attack:
    """Unpickled, it makes the folder ``pwned`` here."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("pwned",)


def as_pickle() -> bytes:
    return pickle.dumps(Attack())


def as_array() -> bytes:
    """What ``np.save`` writes of an array of objects."""
    np.save("attack.npy", np.array([Attack(), Attack()], dtype=object), allow_pickle=True)
    return Path("attack.npy").read_bytes()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_attack_works_where_it_is_let() -> None:
    pickle.loads(as_pickle())  # noqa: S301
    assert Path("pwned").is_dir()
    Path("pwned").rmdir()
    Path("array.npy").write_bytes(as_array())
    with pytest.raises(FileExistsError):  # of the second of its objects
        np.load("array.npy", allow_pickle=True)
    assert Path("pwned").is_dir()


@pytest.mark.parametrize("attack", [as_pickle, as_array])
def test_no_file_of_tokens_text_or_weights_is_unpickled(attack: Callable[[], bytes]) -> None:
    write_texts(Path(), ["um", "dois"])
    Path("offsets.npy").write_bytes(attack())
    with pytest.raises(UserError, match="offsets.npy: found no NumPy array"):
        TextStore(Path())
    Path("tokens.npy").write_bytes(attack())
    write_manifest(
        Path(), "tokens", "stages.encode", files=["tokens.npy"], facts={}, parameters={}, inputs={"tokenizer": Path("offsets.npy")}
    )
    manifest = Path(NAME).read_text()
    tokenizer = manifest.split('"tokenizer": "')[1].split('"')[0]
    with pytest.raises(UserError, match="tokens.npy: found no array"):
        read_tokens(Path(), tokenizer)
    Path("weights.safetensors").write_bytes(attack())
    with pytest.raises(UserError, match="weights.safetensors"):
        load_weights(Path(), "cpu")
    Path("step_7.safetensors").write_bytes(attack())
    assert load_checkpoint(Path(), "any", quiet=True) is None
    assert not Path("pwned").exists()


def test_no_base_model_or_adapter_is_unpickled() -> None:
    architecture = AdapterArchitecture.model_validate(LORA)
    model = write_model(Path("model"))
    shutil.move(model / "model.safetensors", "whole")
    (model / "pytorch_model.bin").write_bytes(as_pickle())
    _say(model, "model")
    with pytest.raises(UserError, match="model: found .*safetensors.*expected a causal language model that transformers can read"):
        load_base(model, architecture, torch.device("cpu"))
    adapter = Path("adapter")
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    (adapter / "adapter_model.bin").write_bytes(as_pickle())
    _say(adapter, "adapter")
    with pytest.raises(UserError, match="files: found no adapter_model.safetensors"):
        load_adapter(small_model(), adapter)
    assert not Path("pwned").exists()


def test_no_repository_brings_code_of_its_own() -> None:
    model = write_model(Path("model"))
    (model / "config.json").write_text(
        '{"model_type": "other", "auto_map": {"AutoConfig": "its.Configuration", "AutoModelForCausalLM": "its.Model"}}'
    )
    (model / "its.py").write_text("import os\nos.mkdir('pwned')")
    _say(model, "model")
    with pytest.raises(UserError, match="expected a causal language model"):
        load_base(model, AdapterArchitecture.model_validate(LORA), torch.device("cpu"))
    assert not Path("pwned").exists()


def _say(folder: Path, kind: str) -> None:
    """A manifest that vouches for what lies in ``folder``: somebody may send both."""
    files = sorted(path.name for path in folder.iterdir() if path.name != NAME)
    write_manifest(folder, kind, "stages.tune", files=files, facts={}, parameters={})
