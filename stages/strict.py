"""What every typed model of parameters is made of."""

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """No unknown keys, no infinities; text that reads as a number is one (YAML takes ``1e-3`` for text)."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


Fraction = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
"""A part that is never the whole, such as what dropout takes away."""
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


def _each_once(values: list[int]) -> list[int]:
    if len(set(values)) < len(values):
        raise ValueError("each may be given once")
    return values


Seeds = Annotated[list[Seed], AfterValidator(_each_once)]


def _stays_below(path: str) -> str:
    if not path or "\0" in path or PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError(f"{path!r} leaves its folder")
    return path


PathBelow = Annotated[str, AfterValidator(_stays_below)]
"""Path of a file below a folder that the reader of it knows: neither absolute nor up."""
