"""Manifests: one small JSON beside each blob that says what it is, what its bytes hash to, and what made it.

Snakemake compares manifests by content, so times of blobs mean nothing. A manifest holds no time, no host and no absolute path:
the same inputs, parameters and code give the same manifest.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from stages.code_hash import code_hash
from stages.document import Document
from stages.errors import UserError
from stages.files import read_json, sha256_of_file, to_json, write_atomic
from stages.strict import PathBelow
from stages.validation import validate

NAME = "manifest.json"


class File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sha256: str
    bytes: int


class Manifest(BaseModel):
    """What a folder's blobs are."""

    model_config = ConfigDict(extra="forbid")
    schema_version: int = 1
    kind: str
    """``corpus``, ``text``, ``tokenizer``, ``tokens`` or ``weights``; of track 2 ``instructions``, ``examples``, ``model``, ``adapter`` or
    ``outputs``."""
    files: dict[PathBelow, File]
    """Blobs by name, in the manifest's own folder."""
    facts: dict[str, Any]
    """What was counted while they were made."""
    parameters: dict[str, Any]
    inputs: dict[str, str]
    """SHA-256 of each manifest that they were made from, by its kind."""
    code: str
    """Hash of the code that made them."""
    libraries: dict[str, str]


def write_manifest(
    folder: Path,
    kind: str,
    module: str,
    *,
    files: Sequence[str],
    facts: Mapping[str, Any],
    parameters: Mapping[str, Any],
    inputs: Mapping[str, Path] = {},
    libraries: Sequence[str] = (),
) -> Manifest:
    """Write ``folder/manifest.json`` for blobs ``files`` that lie there, made by ``module`` from other manifests (``inputs``, by kind)."""
    manifest = Manifest(
        kind=kind,
        files={name: File(sha256=sha256_of_file(folder / name), bytes=(folder / name).stat().st_size) for name in files},
        facts=dict(facts),
        parameters=dict(parameters),
        inputs={name: sha256_of_file(path) for name, path in inputs.items()},
        code=code_hash(module),
        libraries={name: version(name) for name in libraries},
    )
    write_atomic(folder / NAME, to_json(manifest.model_dump(mode="json")))
    return manifest


def manifests_of(campaign: str) -> list[Path]:
    """Every manifest of a campaign's own artifacts; ``*`` stands for all campaigns."""
    data = ("corpus", "texts/*", "tokenizers/*", "tokens/*/*", "instructions", "examples/*", "examples/*/*", "models/*")
    folders = [*(f"data/{campaign}/{name}" for name in data), f"versions/{campaign}/*/*", f"analysis/{campaign}/outputs/*"]
    return sorted(path for folder in folders for path in Path().glob(f"{folder}/{NAME}"))


def load_manifest(path: Path) -> Manifest:
    """Manifest of the file ``path``, whether or not its blobs are here."""
    return validate(Manifest, read_json(path), path)


def stated(folder: Path) -> Document:
    """The manifest of ``folder`` to be read by path, for what it states of its blobs: a :class:`UserError` names what is not there."""
    path = folder / NAME
    return Document(path.as_posix(), sha256_of_file(path), read_json(path))


def read_manifest(folder: Path, kind: str, *blobs: str) -> Manifest:
    """Manifest of ``folder``; :class:`UserError` unless it is of ``kind``, names ``blobs``, and what it names is there, with its bytes."""
    manifest = load_manifest(folder / NAME)
    if manifest.kind != kind:
        raise UserError(folder / NAME, "kind", repr(manifest.kind), repr(kind))
    if absent := [name for name in blobs if name not in manifest.files]:
        raise UserError(folder / NAME, "files", ", ".join(manifest.files) or "nothing", f"{absent[0]} among them", "Make it again.")
    for name, file in manifest.files.items():
        if (found := difference(folder / name, file)) is not None:
            do = f"Make it again (snakemake -c2 --force {folder / name}, with the --config of its campaign), or fetch it: dvc pull"
            raise UserError(folder / name, "sha256", found, f"{file.sha256}, as its manifest says", do)
    return manifest


def difference(blob: Path, file: File) -> str | None:
    """What stands at ``blob`` in place of the bytes that its manifest gives; ``None`` where it is these."""
    if not blob.exists():
        return "no such file"
    if (size := blob.stat().st_size) != file.bytes:
        return f"{size} bytes, not {file.bytes}"
    return found if (found := sha256_of_file(blob)) != file.sha256 else None
