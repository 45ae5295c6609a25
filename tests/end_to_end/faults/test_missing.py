"""Blobs that are not where their manifests say, here or on a remote: the error names the file and the command that brings it back."""

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import files_below, run_in, snakemake
from tests.end_to_end.test_dvc import EVIDENCE, Project
from tests.end_to_end.test_dvc import project as dvc_project  # noqa: F401  (a fixture)

pytestmark = pytest.mark.faults
TINY = ("--config", "campaign=tiny")


def test_a_blob_that_is_gone_is_named_with_the_command_that_makes_it_again(project: Path) -> None:
    planned = snakemake(project, "-n", "track1", *TINY)
    text, tokenizer = re.findall(r"Encoding text (\S+) with tokenizer (character-\S+)", planned)[0]
    tokens = f"data/tiny/tokens/{tokenizer}/{text}/manifest.json"
    snakemake(project, tokens, *TINY)
    before, gone = files_below(project, "data/tiny"), f"data/tiny/tokenizers/{tokenizer}/characters.json"
    (project / gone).unlink()
    assert "Nothing to be done" in snakemake(project, tokens, *TINY), "what is made of it stays as it is"
    failed = run_in(project, "snakemake", "-c1", tokens, "--forcerun", "tokens", *TINY)
    said = failed.stdout + failed.stderr
    assert failed.returncode == 1 and f"error: {gone}: sha256: found no such file, expected" in said and "dvc pull" in said
    advised = re.findall(r"\(snakemake (-c2 --force \S+), with", said)[0]
    assert files_below(project, "data/tiny") == {name: data for name, data in before.items() if name != gone}
    snakemake(project, *advised.removeprefix("-c2 ").split(), *TINY)
    snakemake(project, tokens, "--forcerun", "tokens", *TINY)
    assert files_below(project, "data/tiny") == before


def test_of_a_half_pushed_remote_dvc_names_what_is_missing_and_keeps_what_it_got(
    dvc_project: Project,  # noqa: F811
    tmp_path: Path,
) -> None:
    project, remote = dvc_project, tmp_path / "remote"
    project.fill()
    before = project.evidence()
    project.python("stages.track")
    project.python("dvc", "remote", "add", "--local", "--default", "store", str(remote))
    project.python("dvc", "push")
    [lost] = [path for path in remote.rglob("*") if path.is_file() and path.read_bytes() == before["log.jsonl"]]
    kept = lost.read_bytes()
    lost.unlink()
    shutil.rmtree(project.root / EVIDENCE)
    project.root.joinpath(".dvc/cache").rename(tmp_path / "cache")
    said = project.python("dvc", "pull", status=1)
    assert f"{EVIDENCE}/log.jsonl" in said or lost.name in said, said
    assert project.evidence() in ({}, {"runs/weights.bin": before["runs/weights.bin"]})
    project.python("dvc", "status", "--quiet", status=1)
    lost.write_bytes(kept)  # the one who pushed half pushes again
    project.python("dvc", "pull")
    assert project.evidence() == before
