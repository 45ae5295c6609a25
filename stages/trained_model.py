"""A trained run's model, ready to be evaluated or sampled: in fp32, without dropout, with what its manifest says of it."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from stages.manifest import read_manifest
from stages.models import load_weights
from stages.threads import use_threads


@dataclass(frozen=True)
class TrainedModel:
    """Weights of ``versions/<campaign>/<version>/<run>``."""

    network: nn.Module
    vocabulary: int
    sequence_length: int
    """Tokens that it was trained to read at once."""
    tokenizer: str
    """SHA-256 of the manifest of the tokenizer that it was trained with."""
    weights: str
    """Which of the training they are: those of its ``best`` epoch or the ``last``."""
    sha256: str
    """Of the weights."""

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device


def load_trained_model(folder: Path, threads: int | None) -> TrainedModel:
    """The model of ``folder``, on the GPU if there is one; a CPU computes with ``threads`` (null: all), on which the last bits depend."""
    use_threads(threads)
    torch.backends.cudnn.allow_tf32 = False  # which recurrent cells use otherwise, at ten bits of fp32's 23
    manifest = read_manifest(folder, "weights", "weights.safetensors")
    network, described = load_weights(folder, "cuda" if torch.cuda.is_available() else "cpu")
    return TrainedModel(
        network,
        described["vocabulary"],
        described["sequence_length"],
        manifest.inputs.get("tokenizer", ""),
        manifest.facts.get("weights", "unknown"),
        manifest.files["weights.safetensors"].sha256,
    )
