"""Drawing text from a model's logits: the thesis's sampler as it was meant to be (facts, section 5), and what a drawn text is.

Its published v5 texts came of a sampler that masked every logit and fell back to uniform draws. Here each text carries the mean
log-probability that the model itself gave its tokens, before penalty, temperature and filters, beside that of uniform draws.

It differs from the thesis's in three points. An end of text drawn too early was replaced by padding in the context, up to 16 times; here
it cannot be drawn before its time. A recurrent model's short prompt was padded on the left; here its state starts at the prompt, as
no model is trained on padding. And probabilities were filtered as if they were logits in the last recurrent samples; this takes logits.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.errors import UserError
from stages.evaluation_parameters import Sampling
from stages.strict import Strict

Logits = NDArray[np.float64]
NextLogits = Callable[[list[list[int]]], Logits]
"""Contexts of any lengths (n lists of ids) -> logits of the token after each, shape (n, vocabulary)."""


class Sample(Strict):
    """One text and how it was drawn: an entry of ``samples.json``."""

    seed: int
    prompt: str
    prompt_lowercased: bool
    """Whether the model read it in lower case, as the text that it was trained on is."""
    output: str
    """What follows the prompt, without it."""
    settings: dict[str, Any]
    tokens: int
    """Drawn; an end of text is not counted."""
    mean_log_probability: float | None
    """Of the drawn tokens under the model, in nats, before temperature and filters; null where none was drawn."""
    uniform_log_probability: float
    """That of any token under even chances."""
    weights: str
    """Which of the training they were drawn from: those of its ``best`` epoch or the ``last``."""
    weights_sha256: str
    tokenizer_sha256: str
    """Of the tokenizer that the run was trained with and the text is drawn with."""


@dataclass
class Drawn:
    """A text that is being drawn."""

    prompt: list[int]
    rng: np.random.Generator
    counts: NDArray[np.int64]
    """How often each token was drawn, shape (vocabulary,)."""
    ids: list[int]
    log_probabilities: list[float]
    ended: bool = False


def next_token(logits: Logits, counts: NDArray[np.int64], settings: Sampling, rng: np.random.Generator) -> int:
    """One token drawn from ``logits``, shape (vocabulary,); ``counts`` says how often each was drawn before.

    Of the ``top_k`` likeliest, those are kept whose probabilities add up to ``top_p`` at most: the one that crosses it is not. The
    first always is.
    """
    scaled = (logits - settings.frequency_penalty * counts) / settings.temperature
    likeliest = np.argsort(-scaled, kind="stable")[: settings.top_k or None]
    probabilities = np.exp(log_softmax(scaled[likeliest]))
    if settings.top_p < 1:  # a sum of all may be above 1 by rounding
        kept = max(1, int(np.searchsorted(np.cumsum(probabilities), settings.top_p, side="right")))
        likeliest, probabilities = likeliest[:kept], probabilities[:kept]
    return int(rng.choice(likeliest, p=probabilities / probabilities.sum()))


def log_softmax(logits: Logits) -> Logits:
    """Log-probabilities of ``logits``, along the last axis."""
    shifted = logits - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def draw(
    next_logits: NextLogits, prompts: Sequence[list[int]], vocabulary: int, context: int, end: int | None, settings: Sampling
) -> list[Drawn]:
    """A continuation of each prompt under its own seed, at most ``context`` tokens being read; ``end`` ends a text, where there is one."""
    drawn = [
        Drawn(prompt, np.random.default_rng(seed), np.zeros(vocabulary, np.int64), [], [])
        for prompt, seed in zip(prompts, settings.seeds, strict=True)
    ]
    for _ in range(settings.maximum_new_tokens):
        if not (open_ones := [each for each in drawn if not each.ended]):
            break
        logits = next_logits([(each.prompt + each.ids)[-context:] for each in open_ones])
        if not np.isfinite(logits).all():
            raise UserError(
                "weights", "logits", "a value that is no number", "finite logits", "The training diverged: train the run again."
            )
        for each, row in zip(open_ones, logits, strict=True):
            _extend(each, row, end, settings)
    return drawn


def _extend(drawn: Drawn, logits: Logits, end: int | None, settings: Sampling) -> None:
    """Draw one token more, or end the text."""
    allowed = logits.copy()
    if end is not None and len(drawn.ids) < settings.minimum_new_tokens:
        allowed[end] = -np.inf
    token = next_token(allowed, drawn.counts, settings, drawn.rng)
    if token == end:
        drawn.ended = True
        return
    drawn.ids.append(token)
    drawn.counts[token] += 1
    drawn.log_probabilities.append(float(log_softmax(logits)[token]))


def tidy(text: str) -> str:
    """``text`` without characters that do not print (a line break stays), runs of underscores as one."""
    return re.sub("_{2,}", "_", "".join(character for character in text if character.isprintable() or character == "\n"))
