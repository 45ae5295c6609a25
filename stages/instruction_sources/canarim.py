"""Canarim (Guimarães, 2023) as the thesis read it: the Parquet files of the training split on the Hugging Face hub."""

from pathlib import Path

from stages.errors import UserError
from stages.hub import snapshot
from stages.instruction_parameters import CanarimInstructions
from stages.instruction_sources import Instructions, files

SHARDS = "data/train-*.parquet"
LICENCE = "CC BY-NC 4.0 (https://huggingface.co/datasets/dominguesm/Canarim-Instruct-PTBR-Dataset)"


def source(instructions: CanarimInstructions, cache: Path | None = None) -> Instructions:
    """The rows at the pinned revision, fetched into ``cache`` (the hub's own one where None) unless they are there."""
    folder = snapshot(instructions.repository, instructions.revision, "dataset", [SHARDS], cache)
    shards = {path.relative_to(folder).as_posix(): path for path in sorted(folder.glob(SHARDS))}
    if not shards:
        raise UserError(instructions.repository, f"revision {instructions.revision}", "no training file", SHARDS)
    return Instructions(files.rows(shards.values()), LICENCE, instructions.model_dump() | {"files": files.hashes(shards)})
