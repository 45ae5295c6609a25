"""Evaluation of a trained model: the token after each window of its sequence length, for both families alike.

Two protocols. ``results`` holds the thesis's windowed evaluation (facts, section 4; scripts of v1 to v4): the first windows of the
corpus's first documents, probabilities clipped to [1e-9, 1]. ``held_out`` holds the one to compare runs by: text that no run trains on,
windows spread evenly over the whole of it, no clipping, and bits per character, since a loss per token means something else under each
tokenizer. Both are plain cross-entropies, never smoothed, of the model without dropout in fp32, summed in float64.
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import cross_entropy

from stages.baselines import token_counts, uniform_loss, unigram_loss
from stages.errors import UserError, report_errors
from stages.evaluation_parameters import Evaluation, HeldOut, Windowed
from stages.files import parse_json, to_json, write_atomic
from stages.manifest import stated
from stages.memory import enough_memory
from stages.token_store import read_tokens
from stages.trained_model import TrainedModel, load_trained_model
from stages.validation import validate
from stages.windows_of import Windows

CLIPPED_LOSS = -math.log(1e-9)
"""Nats of a target whose probability the thesis's protocol clips to 1e-9."""
LARGEST_LOSS = 700.0
"""Nats beyond which no float holds the perplexity."""


@dataclass(frozen=True)
class TokenText:
    """A text as tokens of one tokenizer: a folder below ``data/<campaign>/tokens``."""

    folder: Path
    tokens: NDArray[np.unsignedinteger]
    """Memory-mapped, shape (tokens,)."""
    characters: int
    """Of its documents, what separates them not counted."""
    unknown_tokens: int
    """Tokens that stand for text which the vocabulary lacks: it is not predicted, so that the bits per character are too few."""
    text_sha256: str
    """Of the manifest of the text, the same under every tokenizer."""

    def windows(self, sequence_length: int, stride: int) -> Windows:
        """Its windows with a token after each; :class:`UserError` where it is shorter than one."""
        found = Windows(self.tokens, sequence_length, stride)
        if not len(found):
            raise UserError(self.folder, "tokens", len(self.tokens), f"at least {sequence_length + 1}: one window and the token after it")
        return found


@dataclass(frozen=True)
class Score:
    """Loss of the tokens after some windows."""

    loss_nats: float
    accuracy: float
    windows: int
    standard_error_nats: float
    """Of the loss, from the spread over the windows."""

    @property
    def perplexity(self) -> float:
        return math.exp(self.loss_nats)


def spread(available: int, maximum: int) -> NDArray[np.int64]:
    """At most ``maximum`` of the numbers below ``available``, evenly apart, each once."""
    count = min(available, maximum)
    return np.arange(count, dtype=np.int64) * available // count


@torch.inference_mode()
def score_windows(model: nn.Module, windows: Windows, indices: NDArray[np.int64], batch_size: int, largest_loss: float = math.inf) -> Score:
    """Mean loss and accuracy of the tokens after the windows ``indices``; a token's loss counts as ``largest_loss`` at most.

    :class:`UserError` where the model's outputs are no numbers any more.
    """
    device = next(model.parameters()).device
    total, squares = torch.zeros(2, dtype=torch.float64, device=device)
    right = torch.zeros((), dtype=torch.int64, device=device)
    for inputs_BT, target_B in _batches(windows, indices, batch_size):
        target_B = target_B.to(device)
        logits_BV = model(inputs_BT.to(device), last_only=True)
        losses_B = cross_entropy(logits_BV, target_B, reduction="none").double().clamp(max=largest_loss)
        total += losses_B.sum()
        squares += losses_B.square().sum()
        right += (logits_BV.argmax(-1) == target_B).sum()
    loss = total.item() / len(indices)
    if not loss <= LARGEST_LOSS:  # a NaN is not, either
        raise UserError(
            "weights", "loss", loss, "a finite loss", "The training diverged: train the run again with a smaller learning rate."
        )
    variance = max(squares.item() / len(indices) - loss**2, 0.0)
    return Score(loss, right.item() / len(indices), len(indices), math.sqrt(variance / len(indices)))


def _batches(windows: Windows, indices: NDArray[np.int64], batch_size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for start in range(0, len(indices), batch_size):
        inputs_BT, targets_BT = windows.batch(indices[start : start + batch_size])
        yield torch.as_tensor(inputs_BT), torch.as_tensor(targets_BT)[:, -1]


def windowed_report(run: str, text: TokenText, model: TrainedModel, rules: Windowed, batch_size: int) -> dict[str, Any]:
    """Score of the first windows of ``text``, in the form in which the thesis published its own (facts, section 7.1)."""
    windows = text.windows(model.sequence_length, rules.stride)
    first = np.arange(min(len(windows), rules.maximum_windows))
    score = score_windows(model.network, windows, first, batch_size, CLIPPED_LOSS)
    result = {
        "avg_loss": score.loss_nats,
        "perplexity": score.perplexity,
        "accuracy": score.accuracy,
        "windows": score.windows,
        "seq_len": model.sequence_length,
        "dataset_windows": score.windows,  # as published: those that are kept
        "dataset_tokens": len(text.tokens),
        "vocab_size": model.vocabulary,
    }
    config = {
        "max_docs": rules.documents,
        "stride_eval": rules.stride,
        "batch_size": batch_size,
        "max_windows": rules.maximum_windows,
    }
    return {"config": config, "results": {run: result}}


def held_out_report(text: TokenText, train: TokenText, model: TrainedModel, rules: HeldOut, batch_size: int) -> dict[str, Any]:
    """Score of windows spread evenly over ``text``, in bits per character too, beside what needs no model."""
    length = model.sequence_length
    windows = text.windows(length, stride=1)
    starts = spread(len(windows), rules.maximum_windows)
    score = score_windows(model.network, windows, starts, batch_size)
    counts = token_counts(train.tokens, model.vocabulary)
    bits = len(text.tokens) / text.characters / math.log(2)  # per character, of a nat per token
    return {
        "loss_nats": score.loss_nats,
        "perplexity": score.perplexity,
        "accuracy": score.accuracy,
        "bits_per_character": score.loss_nats * bits,
        "bits_standard_error": score.standard_error_nats * bits,
        "text_sha256": text.text_sha256,
        "windows": score.windows,
        "seq_len": length,
        "tokens": len(text.tokens),
        "unknown_tokens": text.unknown_tokens,
        "characters": text.characters,
        "vocab_size": model.vocabulary,
        "baselines": {
            "uniform_loss_nats": uniform_loss(model.vocabulary),
            "unigram_loss_nats": unigram_loss(text.tokens[starts + length], counts),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.windows", description="Evaluate a trained model on windows of text.")
    parser.add_argument("--run", required=True)
    parser.add_argument("--weights", type=Path, required=True, help="the run's folder")
    parser.add_argument("--head", type=Path, help="tokens of the corpus's first documents, for the windowed protocol")
    parser.add_argument("--held-out", type=Path, help="tokens of the held-out text, for the held-out protocol")
    parser.add_argument("--train", type=Path, help="tokens that the run trained on, for the held-out protocol's baseline")
    parser.add_argument("--parameters", required=True, help="evaluation parameters, as JSON")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    parser.add_argument("--threads", type=int, help="on a CPU; all where not given")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read model and tokens, score by the protocols that the parameters ask for, write the report."""
    rules = validate(Evaluation, parse_json(arguments.parameters, "--parameters"), "--parameters")
    if not rules.windowed and not rules.held_out:
        raise UserError("--parameters", "evaluation", "no protocol", "'windowed', 'held_out' or both")
    model = load_trained_model(arguments.weights, arguments.threads)
    with enough_memory(f"run {arguments.run}", f"Lower evaluation.batch_size, now {rules.batch_size}."):
        report = {"weights": model.weights, "weights_sha256": model.sha256, **evaluate(arguments, rules, model)}
    write_atomic(arguments.output, to_json(report))
    print(f"{arguments.run}: {'; '.join(_summary(report))}")


def evaluate(arguments: argparse.Namespace, rules: Evaluation, model: TrainedModel) -> dict[str, Any]:
    """Reports of the protocols that ``rules`` ask for, each on the texts that the command line gives."""
    report: dict[str, Any] = {}
    if rules.windowed:
        report |= windowed_report(arguments.run, _tokens(arguments.head, "--head", model), model, rules.windowed, rules.batch_size)
    if rules.held_out:
        text, train = _tokens(arguments.held_out, "--held-out", model), _tokens(arguments.train, "--train", model)
        report["held_out"] = held_out_report(text, train, model, rules.held_out, rules.batch_size)
    return report


def _summary(report: dict[str, Any]) -> Iterator[str]:
    for result in report.get("results", {}).values():
        yield f"{result['avg_loss']:.4f} nats over the first {result['windows']} windows"
    if scored := report.get("held_out"):
        figures = f"{scored['loss_nats']:.4f} nats (unigram {scored['baselines']['unigram_loss_nats']:.4f})"
        yield f"held out {figures}, {scored['bits_per_character']:.4f} bits per character over {scored['windows']} windows"


def _tokens(folder: Path | None, flag: str, model: TrainedModel) -> TokenText:
    if folder is None:
        raise UserError(flag, "", "nothing", "a folder of tokens, for the protocol that the parameters ask for")
    tokens, said = read_tokens(folder, model.tokenizer)[0], stated(folder)
    counts = said.integer("$.facts.characters", minimum=1).value, said.integer("$.facts.unknown_tokens").value
    return TokenText(folder, tokens, *counts, said.text("$.inputs.text").value)


if __name__ == "__main__":
    main()
