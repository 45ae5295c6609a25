"""Files that others name stay below the folders that they are named in."""

import json
import subprocess
from pathlib import Path

import pytest

from stages.errors import UserError
from stages.evidence import fetch, register
from stages.manifest import load_manifest
from stages.registry import load_registry
from stages.track import list_blobs
from tests.conftest import copy_project

OUTSIDE = ["/etc/passwd", "../secret", "a/../../secret", "..", "", "a\0b"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LASTRO_EVIDENCE", raising=False)


def write_registry(**changes: object) -> None:
    given = {"campaign": "c", "licence": "none", "files": {}} | changes
    Path("data/c").mkdir(parents=True, exist_ok=True)
    Path("data/c/registry.json").write_text(json.dumps(given))


@pytest.mark.parametrize("name", OUTSIDE)
def test_registries_and_manifests_name_no_file_outside(name: str) -> None:
    file = {"sha256": "0" * 64, "bytes": 1}
    write_registry(files={name: file})
    with pytest.raises(UserError, match=r"data/c/registry.json: files.*leaves its folder"):
        load_registry("c")
    said = {"kind": "weights", "files": {name: file}, "facts": {}, "parameters": {}, "inputs": {}, "code": "", "libraries": {}}
    place = Path("versions/c/v/r/manifest.json")
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(said))
    with pytest.raises(UserError, match=r"manifest.json: files.*leaves its folder"):
        load_manifest(place)
    subprocess.run(["git", "init", "-q"], check=True)
    with pytest.raises(UserError, match="leaves its folder"):
        list_blobs()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"repository": "--upload-pack=touch pwned;"}, "repository"),
        ({"repository": "https://user:canary@example.org/a.git"}, "credential helper"),
        ({"repository": "https://example.org/a.git", "commit": "--orphan=x"}, "commit"),
    ],
)
def test_what_git_is_asked_for_is_no_option_and_no_secret(changes: dict[str, str], told: str) -> None:
    write_registry(**changes)
    with pytest.raises(UserError, match=told) as raised:
        load_registry("c")
    assert "canary" not in str(raised.value)


def test_a_repository_that_is_a_command_is_not_run() -> None:
    write_registry(repository="ext::sh${IFS}-c${IFS}mkdir%20pwned", commit="0" * 40)
    with pytest.raises(UserError, match="expected a repository that git can clone"):
        fetch("c")
    assert not Path("pwned").exists()


@pytest.mark.parametrize("target", ["/etc/passwd", "../secret", "/etc"])
def test_a_link_out_of_registered_evidence_is_refused(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs/logs").mkdir(parents=True)
    (tmp_path / "secret").write_text("mine")
    (tmp_path / "theirs/logs/a.json").symlink_to(target if target[0] == "/" else f"../{target}")
    (tmp_path / "theirs/b.json").write_text("{}")
    (tmp_path / "theirs/logs/inside.json").symlink_to("../b.json")
    monkeypatch.chdir(copy_project_parameters(tmp_path))
    with pytest.raises(UserError, match=r"logs/a.json: found a link that leads out of the folder.*cp -rL"):
        register(tmp_path / "theirs", "theirs")
    assert not Path("data/theirs").exists()


def copy_project_parameters(folder: Path) -> Path:
    """A folder with the project's parameters alone."""
    whole = copy_project(folder / "whole")
    (folder / "project").mkdir()
    (whole / "params").rename(folder / "project/params")
    return folder / "project"
