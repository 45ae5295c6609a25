"""What a loss is held against."""

import math

import numpy as np
import pytest

from stages import baselines
from stages.baselines import token_counts, uniform_loss, unigram_loss


def test_a_unigram_knows_the_frequencies_of_the_training_text_with_one_added_to_each() -> None:
    counts = token_counts(np.array([0, 0, 0, 1], np.uint16), vocabulary=3)
    # (3+1)/7, (1+1)/7, and (0+1)/7 for the token that was never seen
    expected = -(math.log(4 / 7) + 2 * math.log(1 / 7) + math.log(2 / 7)) / 4
    assert unigram_loss(np.array([0, 2, 2, 1]), counts) == pytest.approx(expected, rel=1e-12)


def test_without_training_text_a_unigram_guesses_evenly() -> None:
    counts = token_counts(np.array([], np.uint16), vocabulary=40)
    assert unigram_loss(np.array([0, 7, 39]), counts) == pytest.approx(uniform_loss(40), rel=1e-12)


def test_counting_in_pieces_counts_every_token_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = np.random.default_rng(0).integers(0, 50, 1_001).astype(np.uint16)
    monkeypatch.setattr(baselines, "CHUNK_TOKENS", 100)
    assert (token_counts(tokens, 50) == np.bincount(tokens, minlength=50)).all()
