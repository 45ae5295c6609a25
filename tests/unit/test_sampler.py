"""Drawing tokens: each filter against cases worked out by hand, and what a text that is drawn remembers."""

import math
from typing import Any

import numpy as np
import pytest

from stages.errors import UserError
from stages.evaluation_parameters import Sampling
from stages.sampler import Logits, draw, log_softmax, next_token, tidy

PROBABILITIES = np.array([0.05, 0.3, 0.15, 0.5])
LOGITS = np.log(PROBABILITIES) + 7.0  # logits are log-probabilities but for a constant


def settings(**changes: Any) -> Sampling:
    return Sampling(**{"temperature": 1.0, "maximum_new_tokens": 20, "prompts": ["a"], "seeds": [3], **changes})


def shares(given: Sampling, counts: tuple[int, ...] = (0, 0, 0, 0), logits: Logits = LOGITS) -> list[float]:
    """How often each token comes in 4,000 draws."""
    rng, drawn = np.random.default_rng(0), np.zeros(len(logits))
    for _ in range(4_000):
        drawn[next_token(logits, np.array(counts), given, rng)] += 1
    return list(drawn / drawn.sum())


def test_without_filters_tokens_come_as_often_as_they_are_probable() -> None:
    assert shares(settings()) == pytest.approx(PROBABILITIES, abs=0.03)


def test_temperature_sharpens() -> None:
    squared = PROBABILITIES**2
    assert shares(settings(temperature=0.5)) == pytest.approx(squared / squared.sum(), abs=0.03)


def test_top_k_keeps_the_likeliest_by_value_wherever_they_stand() -> None:
    assert shares(settings(top_k=2)) == pytest.approx([0, 0.375, 0, 0.625], abs=0.03)
    assert shares(settings(top_k=1))[3] == 1
    assert shares(settings(top_k=99)) == shares(settings())


def test_top_p_drops_the_token_that_crosses_it_and_keeps_the_first() -> None:
    assert shares(settings(top_p=0.9)) == pytest.approx([0, 0.375, 0, 0.625], abs=0.03)  # 0.5, 0.8, then 0.95 crosses
    assert shares(settings(top_p=0.4))[3] == 1


def test_each_earlier_draw_costs_a_token_the_penalty() -> None:
    lowered = PROBABILITIES * np.exp([0, 0, 0, -2 * 0.5])
    assert shares(settings(frequency_penalty=0.5), counts=(0, 0, 0, 2)) == pytest.approx(lowered / lowered.sum(), abs=0.03)


def constant(logits: Logits) -> Any:
    return lambda contexts: np.tile(logits, (len(contexts), 1))


def test_a_text_ends_with_the_end_token_and_not_before_the_minimum() -> None:
    sure = np.log([0.001, 0.998, 0.001])  # token 1 ends a text
    (early,) = draw(constant(sure), [[0]], 3, 8, 1, settings())
    (late,) = draw(constant(sure), [[0]], 3, 8, 1, settings(minimum_new_tokens=5))
    (none,) = draw(constant(sure), [[0]], 3, 8, None, settings())
    assert (len(early.ids), len(late.ids), len(none.ids)) == (0, 5, 20)
    assert 1 not in late.ids and late.ended and not none.ended
    assert late.log_probabilities == pytest.approx([math.log(0.001)] * 5)  # of the model, which would have ended


def test_log_probabilities_are_the_models_own_whatever_the_filters() -> None:
    (drawn,) = draw(constant(LOGITS), [[0]], 4, 8, None, settings(temperature=0.1, top_k=2, frequency_penalty=0.3))
    assert drawn.log_probabilities == pytest.approx(np.log(PROBABILITIES)[drawn.ids])
    assert log_softmax(LOGITS) == pytest.approx(np.log(PROBABILITIES))


def test_the_context_is_the_last_tokens_of_prompt_and_text() -> None:
    seen = []

    def successor(contexts: list[list[int]]) -> Logits:
        seen.append(contexts[0])
        return np.where(np.arange(50) == contexts[0][-1] + 1, 100.0, 0.0)[None]

    (drawn,) = draw(successor, [[10, 11, 12]], 50, 4, None, settings(maximum_new_tokens=4))
    assert drawn.ids == [13, 14, 15, 16]
    assert seen == [[10, 11, 12], [10, 11, 12, 13], [11, 12, 13, 14], [12, 13, 14, 15]]


def test_a_text_depends_on_its_own_seed_and_prompt_alone() -> None:
    table = np.random.default_rng(1).normal(size=(6, 6))

    def bigram(contexts: list[list[int]]) -> Logits:
        return table[[context[-1] for context in contexts]]

    together = draw(bigram, [[0], [1, 2], [0]], 6, 8, 5, settings(prompts=list("abc"), seeds=[3, 3, 9]))
    alone = [draw(bigram, [prompt], 6, 8, 5, settings(seeds=[seed]))[0] for prompt, seed in (([0], 3), ([1, 2], 3), ([0], 9))]
    assert [each.ids for each in together] == [each.ids for each in alone]
    assert len({tuple(each.ids) for each in together}) == 3


def test_logits_that_are_no_numbers_are_an_error_and_never_a_uniform_draw() -> None:
    with pytest.raises(UserError, match="diverged"):
        draw(constant(np.array([0.0, math.nan])), [[0]], 2, 8, None, settings())


def test_output_is_tidied() -> None:
    assert tidy("a\u200b\x07b___c _d\n") == "ab_c _d\n"
