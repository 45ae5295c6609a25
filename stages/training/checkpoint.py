"""Checkpoints: one safetensors file ``step_<n>.safetensors`` each, written whole or not at all, of which the last two are kept.

A fingerprint says which training a checkpoint belongs to; a SHA-256 over state and tensors tells a damaged one.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from stages.files import write_atomic

KEY = "checkpoint"
KEPT = 2


def save_checkpoint(folder: Path, fingerprint: str, step: int, saved: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Write the checkpoint of ``step``, then delete all but it and the one before; :class:`UserError`, and no loss, where the disk is full.

    Those of later steps go, too: had one been sound and of this training, it would have been resumed from. No clock has a say.
    """
    said = {"fingerprint": fingerprint, "sha256": _digest(saved, tensors), **saved}
    write_atomic(folder / f"step_{step}.safetensors", save(dict(tensors), {KEY: json.dumps(said)}))
    files = _files(folder)
    place = files.index(folder / f"step_{step}.safetensors") + 1
    for path in files[: max(0, place - KEPT)] + files[place:]:
        path.unlink(missing_ok=True)


def load_checkpoint(folder: Path, fingerprint: str, quiet: bool = False) -> tuple[dict[str, Any], dict[str, Tensor]] | None:
    """State and tensors of the furthest sound checkpoint of this training, if any; says on stderr what it takes and what it passes over."""
    for path in reversed(_files(folder)):
        try:
            saved, tensors = _read(path, fingerprint)
        except (OSError, SafetensorError, ValueError, KeyError) as error:
            message = f"passed over {path}: {error}"
        else:
            message = f"resumed from {path}"
        if not quiet:
            print(message, file=sys.stderr)
        if message.startswith("resumed"):
            return saved, tensors
    if not quiet and _files(folder):
        print(f"no checkpoint of {folder} is sound and of this training: it starts over", file=sys.stderr)
    return None


def remove_checkpoints(folder: Path) -> None:
    """Delete them all, with what a killed process left half written."""
    shutil.rmtree(folder, ignore_errors=True)


def _files(folder: Path) -> list[Path]:
    """Checkpoints, the furthest last."""
    found = {path: path.stem.removeprefix("step_") for path in folder.glob("step_*.safetensors")}
    return sorted((path for path, step in found.items() if step.isdecimal()), key=lambda path: int(found[path]))


def _read(path: Path, fingerprint: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Raises ValueError where it is damaged or another training's."""
    with safe_open(path, framework="pt") as file:
        said = json.loads(file.metadata()[KEY])
        if said["fingerprint"] != fingerprint:
            raise ValueError("it was made with other parameters, inputs, code or hardware")
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
    saved = {name: value for name, value in said.items() if name not in ("fingerprint", "sha256")}
    if said["sha256"] != _digest(saved, tensors):
        raise ValueError("it is damaged")
    return saved, tensors


def _digest(saved: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(json.dumps(saved, sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].numpy().data)
    return digest.hexdigest()
