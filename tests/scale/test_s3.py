"""DVC against a server that speaks S3 and checks signatures (OpenStack Swift): the commands of docs/scaling.md, and what goes wrong.

The tests go on from one another, in order: a run is made, pushed, pulled elsewhere; then its remote is damaged.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import copy_project
from tests.end_to_end.test_dvc import Project
from tests.scale.bucket import BUCKET, KEY, SECRET, client, objects, serving
from tests.scale.documented import blocks_of

pytestmark = pytest.mark.scale
RUN = "versions/mine/v1-char-rnn/v1"
WEIGHTS = f"{RUN}/weights.safetensors"
SET_UP, KEYS, SHARE, FETCH = range(4)


class Clone(Project):
    """A project whose commands are those of a shell, with the variables of docs/scaling.md."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        super().__init__(folder)
        import sys

        self.env = {name: value for name, value in self.env.items() if not name.startswith(("AWS_", "MLFLOW_"))}
        self.env |= {"ENDPOINT": endpoint, "BUCKET": BUCKET, "KEY": KEY, "SECRET": SECRET, "TARGET": f"{RUN}/record.json"}
        self.env |= {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(folder)}
        self.env |= {f"GIT_{who}_{what}": "test@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self.env["PATH"] = f"{Path(sys.executable).parent}:{self.env['PATH']}"

    def documented(self, block: int, status: int = 0) -> str:
        """Output of a block of the document."""
        return self.run("bash", "-euo", "pipefail", "-c", blocks_of("A bucket: S3")[block], status=status)

    def blobs(self) -> dict[str, bytes]:
        """Bytes of what DVC tracks, by name."""
        pointers = [path.with_suffix("") for top in ("data/mine", "versions/mine") for path in (self.root / top).rglob("*.dvc")]
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in pointers if path.exists()}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("s3") / "swift") as address:
        yield address


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory, endpoint: str) -> Clone:
    """A project with one small run of a campaign that git takes, pushed."""
    clone = Clone(tmp_path_factory.mktemp("origin"), endpoint)
    copy_project(clone.root)
    campaigns = clone.root / "params/campaigns"
    (campaigns / "mine.yaml").write_text((campaigns / "tiny.yaml").read_text().replace("campaign: tiny", "campaign: mine"))
    clone.run("git", "init", "--quiet")
    clone.run("snakemake", "-c1", clone.env["TARGET"], "--config", "campaign=mine")
    for block in (SET_UP, KEYS, SHARE):
        clone.documented(block)
    return clone


def cloned(origin: Clone, folder: Path) -> Clone:
    """Another machine's clone, with its keys."""
    clone = Clone(folder, origin.env["ENDPOINT"])
    origin.run("git", "clone", "--quiet", str(origin.root), str(clone.root))
    clone.documented(KEYS)
    return clone


def test_a_second_clone_pulls_the_same_bytes_and_has_nothing_to_do(origin: Clone, tmp_path: Path) -> None:
    clone = cloned(origin, tmp_path)
    assert clone.blobs() == {}
    assert "Nothing to be done" in clone.documented(FETCH)
    assert clone.blobs() == origin.blobs() and len(clone.blobs()) >= 5
    assert len(objects(origin.env["ENDPOINT"])) == len(set(origin.blobs().values())), "each content once"
    origin.run("git", "grep", "--quiet", SECRET, status=1)
    assert clone.run("git", "status", "--porcelain") == ""


def test_a_wrong_key_is_refused_and_told(origin: Clone, tmp_path: Path) -> None:
    clone = cloned(origin, tmp_path)
    clone.env["SECRET"] = "another"
    clone.documented(KEYS)
    said = clone.run("dvc", "pull", status=1)
    assert "failed to connect to s3" in said and "Forbidden" in said, said
    assert clone.blobs() == {} and "another" not in said


def test_a_bucket_that_is_not_there_is_told(origin: Clone, tmp_path: Path) -> None:
    clone = cloned(origin, tmp_path)
    clone.run("dvc", "remote", "modify", "--local", "team", "url", "s3://absent/lastro")
    assert "The specified bucket does not exist" in clone.run("dvc", "pull", status=255)
    assert clone.blobs() == {}


def object_of(origin: Clone, path: str) -> str:
    """Name of the object of a tracked file."""
    pointer = (origin.root / f"{path}.dvc").read_text()
    digest = pointer.split("md5: ")[1].split()[0]
    return f"lastro/files/md5/{digest[:2]}/{digest[2:]}"


def test_a_half_pushed_remote_names_the_file_and_the_next_push_mends_it(origin: Clone, tmp_path: Path) -> None:
    clone, bucket = cloned(origin, tmp_path), client(origin.env["ENDPOINT"])
    (clone.root / RUN / "note.txt").write_text("mine")
    bucket.delete_object(Bucket=BUCKET, Key=object_of(origin, WEIGHTS))
    said = clone.run("dvc", "pull", status=1)
    assert "Checkout failed" in said and WEIGHTS in said, said
    rest = {path: data for path, data in origin.blobs().items() if path != WEIGHTS}
    assert clone.blobs() == rest and (clone.root / RUN / "note.txt").read_text() == "mine"
    origin.run("dvc", "push")
    clone.run("dvc", "pull")
    assert clone.blobs() == origin.blobs()


def test_an_altered_object_is_not_taken(origin: Clone, tmp_path: Path) -> None:
    bucket, name = client(origin.env["ENDPOINT"]), object_of(origin, WEIGHTS)
    altered = bytes(len(origin.blobs()[WEIGHTS]))
    bucket.put_object(Bucket=BUCKET, Key=name, Body=altered)
    clone = cloned(origin, tmp_path)
    said = clone.run("dvc", "pull", status=1)
    assert "Checkout failed" in said and WEIGHTS in said, said
    assert WEIGHTS not in clone.blobs()

    clone.run("dvc", "remote", "modify", "--local", "team", "verify", "false")
    clone.run("dvc", "pull")
    assert clone.blobs()[WEIGHTS] == altered, "without verify DVC takes it"
    told = clone.run("python", "-c", "from stages.audit.state import blobs; print([each.message for each in blobs('mine')])")
    assert f"{WEIGHTS} is not what {RUN}/manifest.json says" in told

    bucket.delete_object(Bucket=BUCKET, Key=name)
    origin.run("dvc", "push")
    shutil.rmtree(clone.root / ".dvc/cache")  # it and the file, which DVC holds for sound since it took them
    (clone.root / WEIGHTS).unlink()
    clone.run("dvc", "pull", "--force")
    assert clone.blobs() == origin.blobs()
