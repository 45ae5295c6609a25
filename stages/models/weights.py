"""Weights on disk: one safetensors file of the trainable parameters, which says itself what model they are of."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import BaseModel, Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from stages.errors import UserError
from stages.files import parse_json, write_atomic
from stages.models.build import build_model
from stages.training.trainable import trainable_parameters
from stages.training_parameters import RecurrentArchitecture, TransformerArchitecture
from stages.validation import validate

NAME = "weights.safetensors"
KEY = "model"
"""The one entry of the file's metadata; safetensors writes several in no fixed order."""


class Described(BaseModel):
    """What the metadata must say for the model to be built again; it may say more."""

    architecture: Annotated[RecurrentArchitecture | TransformerArchitecture, Field(discriminator="family")]
    vocabulary: Annotated[int, Field(ge=1)]
    sequence_length: Annotated[int, Field(ge=1)]


def save_weights(model: nn.Module, path: Path, described: Mapping[str, Any]) -> None:
    """Write the trainable parameters and, as JSON, ``described``, with at least what :class:`Described` names.

    The same weights give the same bytes; :class:`UserError` where the file cannot be written.
    """
    tensors = {name: parameter.detach().cpu().contiguous() for name, parameter in trainable_parameters(model).items()}
    write_atomic(path, save(tensors, {KEY: json.dumps(described, sort_keys=True)}))


def load_weights(folder: Path, device: torch.device | str) -> tuple[nn.Module, dict[str, Any]]:
    """The model of ``folder/weights.safetensors``, in evaluation mode, and what the file says of it.

    :class:`UserError` where there is no such file, or its tensors are not those of the architecture that it states.
    """
    path = folder / NAME
    said, tensors = _read(path)
    described = validate(Described, said, path)
    model = build_model(described.architecture, described.vocabulary, described.sequence_length, seed=0)
    _fill(model, tensors, path)
    return model.to(device).eval(), said


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Metadata and tensors of the file."""
    try:
        with safe_open(path, framework="pt") as file:
            said = (file.metadata() or {}).get(KEY, "{}")
            tensors = {name: file.get_tensor(name) for name in file.offset_keys()}
    except OSError as error:
        raise UserError(path, "", error.strerror or error, "a readable file") from error
    except SafetensorError as error:
        raise UserError(path, "", f"no safetensors ({error})", "the weights of a run", "The file may be truncated.") from error
    return parse_json(said, path, "metadata"), tensors


@torch.no_grad()
def _fill(model: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Copy ``tensors`` into the parameters of the same names, which must be all of them and of the same shapes."""
    parameters = trainable_parameters(model)
    for name in sorted(parameters.keys() | tensors.keys()):
        found, expected = (str(tuple(of[name].shape)) if name in of else "no tensor" for of in (tensors, parameters))
        if found != expected:
            raise UserError(path, name, found, f"{expected}, by the architecture that the file states")
        parameters[name].copy_(tensors[name])
