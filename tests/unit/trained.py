"""A small trained-looking run for the tests of what reads one: weights, a tokenizer's manifest, tokens."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from stages.manifest import write_manifest
from stages.models import build_model, save_weights
from stages.token_store import TOKENS
from stages.training_parameters import RecurrentArchitecture, TransformerArchitecture
from tests.unit.tokenizers import make_tokenizer, parameters, write_text

RECURRENT = RecurrentArchitecture(family="recurrent", cell="lstm", embedding_size=8, hidden_size=16, layers=1, dropout_input=0.5)
TRANSFORMER = TransformerArchitecture(family="transformer", model_size=16, layers=1, heads=2, feed_forward_size=32, dropout=0.5)
LENGTH = 6


def made_up_text(documents: int) -> list[str]:
    """Sentences of a few words in a fixed order of kinds, so that a model can learn something."""
    rng = np.random.default_rng(7)
    kinds = ("o", "a"), ("gato", "casa", "rua", "menina", "banco"), ("vê", "quer", "perde"), ("o", "a"), ("livro", "chave", "cidade")
    sentences = [[str(rng.choice(words)) for words in kinds] for _ in range(4 * documents)]
    return [" e ".join(" ".join(words) for words in sentences[start : start + 4]) for start in range(0, len(sentences), 4)]


def write_characters(folder: Path) -> Path:
    """A tokenizer of the characters of the made-up text."""
    return make_tokenizer(folder, write_text(folder / "text", made_up_text(50)), parameters("character"))


def write_pieces(folder: Path) -> Path:
    """A SentencePiece tokenizer of the made-up text, with begin and end of text, some of whose pieces are short ones."""
    described = parameters("bpe", vocabulary_requested=60, add_bos=True, add_eos=True)
    return make_tokenizer(folder, write_text(folder / "text", made_up_text(50)), described)


def write_tokens(folder: Path, ids: np.ndarray, tokenizer: Path, vocabulary: int, characters: int) -> Path:
    """A text of one document as tokens."""
    folder.mkdir(parents=True)
    np.save(folder / TOKENS, ids.astype(np.uint16))
    facts = {"documents": 1, "characters": characters, "tokens": len(ids), "unknown_tokens": 3, "vocabulary": vocabulary}
    inputs = {"tokenizer": tokenizer / "manifest.json", "text": tokenizer / "manifest.json"}
    write_manifest(folder, "tokens", "stages.encode", files=[TOKENS], facts=facts, parameters={}, inputs=inputs)
    return folder


def write_run(
    folder: Path,
    tokenizer: Path,
    vocabulary: int,
    architecture: RecurrentArchitecture | TransformerArchitecture = RECURRENT,
    length: int = LENGTH,
    fill: float | None = None,
) -> nn.Module:
    """A run's weights, as they are first drawn; with every weight set to ``fill`` where that is given (0: all tokens equally likely)."""
    model = build_model(architecture, vocabulary, length, seed=1)
    if fill is not None:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(fill)
    keep_weights(folder, tokenizer, model, architecture, vocabulary, length)
    return model.eval()


def keep_weights(
    folder: Path,
    tokenizer: Path,
    model: nn.Module,
    architecture: RecurrentArchitecture | TransformerArchitecture,
    vocabulary: int,
    length: int = LENGTH,
) -> None:
    """A run's weights as a training leaves them, with their manifest."""
    described = {"architecture": architecture.model_dump(), "vocabulary": vocabulary, "sequence_length": length}
    save_weights(model, folder / "weights.safetensors", described)
    inputs = {"tokenizer": tokenizer / "manifest.json"}
    write_manifest(
        folder, "weights", "stages.windows", files=["weights.safetensors"], facts={"weights": "best"}, parameters={}, inputs=inputs
    )
