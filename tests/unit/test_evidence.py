import json
import subprocess
from pathlib import Path

import pytest

from stages.errors import UserError
from stages.evidence import fetch, left_out, register, verify
from stages.files import sha256_of
from stages.parameters import load_campaign, load_run
from stages.registry import Evidence, RegisteredFile, Registry
from tests.conftest import copy_project

FILES = {"logs/a.json": b'{"x": 1}', "logs/b.jsonl": b'{"y": 2}\n'}


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two files, registered as campaign ``small``; its evidence is not here yet."""
    source = tmp_path / "source"
    for name, data in FILES.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)
    (source / "unregistered.pkl").write_bytes(b"no")
    git = ["git", "-C", str(source), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    files = {name: {"sha256": sha256_of(data), "bytes": len(data)} for name, data in FILES.items()}
    registry = {"campaign": "small", "repository": source.as_uri(), "commit": commit, "licence": "none", "files": files}
    (tmp_path / "work/data/small").mkdir(parents=True)
    (tmp_path / "work/data/small/registry.json").write_text(json.dumps(registry))
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.delenv("LASTRO_EVIDENCE", raising=False)
    return source


def test_fetch_clones_at_the_commit_and_keeps_the_registered_files_alone(published: Path) -> None:
    (published / "logs/a.json").write_bytes(b"later")
    subprocess.run(["git", "-C", str(published), "-c", "user.name=t", "-c", "user.email=t@e.org", "commit", "-qam", "two"], check=True)
    folder = fetch("small")
    assert {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == FILES
    assert verify("small") == 2
    assert Evidence("small").json("logs/a.json").number("$.x").value == 1


def test_a_local_copy_stands_in_for_the_clone(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTRO_EVIDENCE", str(published))
    assert Evidence("small").read("logs/a.json") == FILES["logs/a.json"]


def test_all_files_that_fail_are_named_with_both_hashes(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTRO_EVIDENCE", str(published))
    (published / "logs/a.json").write_bytes(b'{"x": 2}')
    (published / "logs/b.jsonl").write_bytes(b'{"y"')
    with pytest.raises(UserError) as error:
        verify("small")
    assert "found 2 of 2 files that differ" in str(error.value)
    assert sha256_of(b'{"x": 2}') in str(error.value)
    assert sha256_of(FILES["logs/a.json"]) in str(error.value)
    assert "(4 of 9 bytes)" in str(error.value)


def test_a_fetch_that_fails_leaves_the_earlier_evidence(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fetch("small")
    monkeypatch.setenv("LASTRO_EVIDENCE", str(published))
    (published / "logs/b.jsonl").unlink()
    with pytest.raises(UserError, match="b.jsonl: sha256: found no such file"):
        fetch("small")
    assert (folder / "logs/b.jsonl").read_bytes() == FILES["logs/b.jsonl"]
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


def test_without_evidence_the_error_says_what_to_do(published: Path) -> None:
    with pytest.raises(UserError, match="Run 'make evidence', or set LASTRO_EVIDENCE to a local copy"):
        Evidence("small")


def test_a_jsonl_names_its_lines_and_must_have_some(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTRO_EVIDENCE", str(published))
    [row] = Evidence("small").json_lines("logs/b.jsonl")
    assert row.number("$.y").refs[0].path == "line 1: $.y"
    with pytest.raises(UserError, match=r"logs/b.jsonl: line 1: \$.z: found the keys y, expected \$.z to be there"):
        row.number("$.z")
    (published / "logs/b.jsonl").write_bytes(b"\n")
    registry = json.loads(Path("data/small/registry.json").read_text())
    registry["files"]["logs/b.jsonl"] = {"sha256": sha256_of(b"\n"), "bytes": 1}
    Path("data/small/registry.json").write_text(json.dumps(registry))
    with pytest.raises(UserError, match="logs/b.jsonl: found no rows"):
        Evidence("small").json_lines("logs/b.jsonl")


def test_an_unregistered_file_is_not_read(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTRO_EVIDENCE", str(published))
    with pytest.raises(UserError, match="unregistered.pkl: found no entry"):
        Evidence("small").read("unregistered.pkl")


def test_a_registry_cannot_point_outside_its_folder() -> None:
    with pytest.raises(ValueError, match="leaves its folder"):
        Registry(campaign="c", licence="none", files={"../secret": RegisteredFile(sha256="0" * 64, bytes=1)})


def test_a_folder_of_some_runs_becomes_a_campaign_of_these(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = copy_project(tmp_path / "project")
    monkeypatch.chdir(project)
    folder = tmp_path / "theirs"
    for name in ("train_cpt_qlora.json", "train_sft_qlora.json"):
        path = folder / "versions/trilha2-lora/logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    with pytest.raises(UserError, match="found 2 files, none complete for a run"):
        register(folder, "theirs")
    for name in ("configs/sft_qlora_llama31_8b_instruct_canarim10k.json", "analysis/eval_trilha2_baselines.json"):
        path = folder / "versions/trilha2-lora" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    registry = register(folder, "theirs")
    assert load_campaign("theirs").runs == ["sft"]
    lacking = left_out(registry)
    assert len(lacking) == 13
    assert lacking["cpt"] == "versions/trilha2-lora/configs/cpt_qlora_llama31_8b_brwac10k.json"
    registered = (project / "data/theirs/registry.json").read_bytes()
    assert str(tmp_path).encode() not in registered, "no path of this machine is kept in a tracked file"
    register(folder, "theirs")
    assert (project / "data/theirs/registry.json").read_bytes() == registered
    (folder / "more.json").write_text("{}")
    with pytest.raises(UserError, match="found other files under this name, expected the same files, or a new name"):
        register(folder, "theirs")
    assert (project / "data/theirs/registry.json").read_bytes() == registered


def test_registering_never_removes_anybodys_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = copy_project(tmp_path / "project")
    monkeypatch.chdir(project)
    files = load_run("published", "sft").evidence
    assert files
    for folder in (tmp_path / "theirs", project / "data/mine/evidence"):
        for name in files.files.values():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("{}")
    with pytest.raises(UserError, match="data/mine/evidence: found a folder of its own"):
        register(tmp_path / "theirs", "mine")
    register(Path("data/mine/evidence"), "mine")
    assert len([path for path in (project / "data/mine/evidence").rglob("*") if path.is_file()]) == len(files.files)
    assert Evidence("mine").read(files.files["training"]) == b"{}"


@pytest.mark.parametrize("name", ["published", "../up", "a b", "--x"])
def test_a_name_that_is_taken_or_no_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(copy_project(tmp_path / "project"))
    with pytest.raises(UserError):
        register(tmp_path, name)
