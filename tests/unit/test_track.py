import shutil
import subprocess
from pathlib import Path

import pytest

from stages.manifest import write_manifest
from stages.track import list_blobs
from tests.conftest import ROOT


def test_blobs_are_what_git_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    shutil.copy(ROOT / ".gitignore", tmp_path)
    for campaign in ("own", "tiny-qlora"):
        folder = Path("versions", campaign, "trilha2-lora/sft")
        folder.mkdir(parents=True)
        files = ["adapter_model.safetensors", "adapter_config.json", "training.json"]
        for name in files:
            (folder / name).write_text(name)
        write_manifest(folder, "adapter", "stages.track", files=files, facts={}, parameters={})
    assert list_blobs() == [Path("versions/own/trilha2-lora/sft/adapter_model.safetensors")]
