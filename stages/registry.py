"""The evidence registry and verified reading: no byte of evidence is used before its file has its registered sha256."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from stages.document import Document
from stages.errors import UserError, without_secrets
from stages.files import decode_text, parse_json, parse_json_lines, read_bytes, read_json, sha256_of, sha256_of_file
from stages.parameter_files import campaign_file
from stages.parameter_models import RunParameters
from stages.parameters import load_campaign, load_run
from stages.strict import PathBelow
from stages.validation import validate


class RegisteredFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=0)]


def _holds_no_secret(address: str) -> str:
    if address.startswith("http") and address != without_secrets(address):
        raise ValueError("a user name, password or token in it, which git's credential helper keeps better")
    return address


class Registry(BaseModel):
    """What a campaign's evidence is and the hash of each of its files."""

    model_config = ConfigDict(extra="forbid")
    schema_version: int = 1
    campaign: str
    repository: Annotated[str, Field(pattern=r"^[^-\s]\S*$"), AfterValidator(_holds_no_secret)] | None = None
    """Where it was published; ``None`` for a registered local folder."""
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$")] | None = None
    licence: str
    """What is known of the terms of use."""
    files: dict[PathBelow, RegisteredFile]
    """By path below the root, sorted."""


def registry_file(campaign: str) -> Path:
    return Path("data") / campaign / "registry.json"


def kept_evidence(campaign: str) -> Path:
    """Place of a campaign's own copy of its evidence, or of the link to a registered folder."""
    return Path("data") / campaign / "evidence"


def load_registry(campaign: str, settings: Sequence[str] = ()) -> Registry:
    """Registry of ``campaign``; :class:`UserError` where there is none or it is malformed.

    ``settings``: overrides under which its runs were trained, which decide where their results lie.
    """
    path = registry_file(campaign)
    if is_trained_here(campaign):
        return registry_of_results(campaign, [load_run(campaign, run, settings) for run in load_campaign(campaign).runs])
    if not path.exists():
        do = f"Register a folder: python -m stages.evidence register DIR --campaign {campaign}"
        raise UserError(path, "", "no such file", f"the evidence registry of campaign {campaign}", do)
    return validate(Registry, read_json(path), path)


def is_trained_here(campaign: str) -> bool:
    """Whether the campaign's evidence is what its own runs leave in this project."""
    return campaign_file(campaign).exists() and load_campaign(campaign).source == "training"


def registry_of_results(campaign: str, runs: Iterable[RunParameters]) -> Registry:
    """The raw results that ``runs``, trained here, have left so far, each as it lies here."""
    paths = {Path(file) for run in runs if run.evidence for file in run.evidence.files.values()}
    here = sorted(path for path in paths if path.exists())
    files = {path.as_posix(): RegisteredFile(sha256=sha256_of_file(path), bytes=path.stat().st_size) for path in here}
    return Registry(campaign=campaign, licence="as the manifest of its corpus says", files=files)


def evidence_root(registry: Registry) -> Path:
    """Folder that holds the evidence's files; :class:`UserError` where there is none on this machine."""
    if is_trained_here(registry.campaign):
        return Path()
    local = os.environ.get("LASTRO_EVIDENCE")
    kept = kept_evidence(registry.campaign)
    root = Path(local) if local and registry.repository else kept
    if not root.is_dir():
        do = "Run 'make evidence', or set LASTRO_EVIDENCE to a local copy." if registry.repository else "Register the folder again."
        raise UserError(root, "", "no such folder", f"the evidence of campaign {registry.campaign}", do)
    return root


class Evidence:
    """Read access to a campaign's evidence: each file's bytes are verified against the registry first."""

    def __init__(self, campaign: str, registry: Registry | None = None) -> None:
        self.registry = registry or load_registry(campaign)
        self.root = evidence_root(self.registry)

    def read(self, file: str) -> bytes:
        """Verified bytes of ``file`` (path below the root)."""
        return read_verified(self.registry, self.root, file)

    def text(self, file: str) -> str:
        """Verified UTF-8 text of ``file``."""
        return decode_text(self.read(file), file)

    def json(self, file: str) -> Document:
        """Verified JSON file."""
        return Document(file, self.sha256(file), parse_json(self.text(file), file))

    def json_lines(self, file: str) -> list[Document]:
        """Rows of a verified JSONL file, each a document that names its line; there must be at least one."""
        rows = parse_json_lines(self.text(file), file)
        if not rows:
            raise UserError(file, "", "no rows", "one JSON object a line")
        return [Document(file, self.sha256(file), row, prefix=f"line {line}: ") for line, row in rows]

    def sha256(self, file: str) -> str:
        """Registered hash of ``file``."""
        return registered(self.registry, file).sha256


def registered(registry: Registry, file: str) -> RegisteredFile:
    """Registry entry of ``file``; :class:`UserError` where it is not registered."""
    if file not in registry.files:
        raise UserError(registry_file(registry.campaign), file, "no entry", "the file to be registered", "This evidence lacks it.")
    return registry.files[file]


def read_verified(registry: Registry, root: Path, file: str) -> bytes:
    """Bytes of ``root/file``; :class:`UserError` with expected and found hash unless they are the registered ones."""
    expected = registered(registry, file)
    if not (root / file).exists():
        raise UserError(root / file, "sha256", "no such file", expected.sha256, "Fetch the evidence again: make evidence")
    data = read_bytes(root / file)
    if (found := sha256_of(data)) != expected.sha256:
        cut = f" ({len(data)} of {expected.bytes} bytes)" if len(data) != expected.bytes else ""
        do = "The file was altered or truncated since it was registered; nothing is made from it."
        raise UserError(root / file, "sha256", found + cut, expected.sha256, do)
    return data
