"""The interval and the test, on differences whose answer is known."""

import numpy as np
import pytest

from stages.statistics import Paired, bootstrap_interval, permutation_p


def paired(differences: list[float], clusters: list[str] | None = None) -> Paired:
    return Paired(differences, clusters or [f"item {index}" for index in range(len(differences))])


def test_the_interval_of_a_mean_is_about_two_standard_errors() -> None:
    differences = np.random.default_rng(1).normal(0.3, 1.0, 400)
    low, high = bootstrap_interval([paired(list(differences))])
    mean, error = differences.mean(), differences.std(ddof=1) / 20
    assert low == pytest.approx(mean - 1.96 * error, abs=0.2 * error)
    assert high == pytest.approx(mean + 1.96 * error, abs=0.2 * error)


def test_seeds_that_differ_widen_the_interval() -> None:
    generator = np.random.default_rng(2)
    alike = [paired(list(generator.normal(0.3, 0.1, 100))) for _ in range(3)]
    apart = [paired(list(generator.normal(mean, 0.1, 100))) for mean in (0.0, 0.3, 0.6)]
    (low, high), (wider_low, wider_high) = bootstrap_interval(alike), bootstrap_interval(apart)
    assert wider_high - wider_low > 4 * (high - low)


def test_ten_copies_of_an_item_are_one_observation() -> None:
    once = list(np.random.default_rng(3).normal(0.2, 1.0, 40))
    copies = [value for value in once for _ in range(10)]
    names = [f"prompt {index}" for index in range(40) for _ in range(10)]
    assert bootstrap_interval([paired(copies, names)]) == pytest.approx(bootstrap_interval([paired(once)]), abs=0.05)
    low, high = bootstrap_interval([paired(copies)])
    assert high - low < 0.5 * np.subtract(*bootstrap_interval([paired(once)])[::-1]), "taken for ten, they would seem far more certain"


def test_the_p_of_the_exact_test() -> None:
    """Six equal gains: of the 64 ways to swap, two are as extreme."""
    assert permutation_p([paired([1.0] * 6)]) == pytest.approx(2 / 64, abs=0.006)


def test_no_difference_has_p_one_and_a_clear_one_the_smallest() -> None:
    assert permutation_p([paired([0.0] * 20)]) == 1.0
    assert permutation_p([paired([1.0] * 60)]) == 1 / 10_001


def test_one_prompt_in_every_seed_is_swapped_together() -> None:
    """Three seeds with the same one prompt are one observation, which proves nothing."""
    assert permutation_p([paired([1.0], ["same"])] * 3) == 1.0


def test_the_same_every_time() -> None:
    seeds = [paired(list(np.random.default_rng(seed).normal(0.1, 1.0, 50))) for seed in range(3)]
    assert bootstrap_interval(seeds) == bootstrap_interval(seeds)
    assert permutation_p(seeds) == permutation_p(seeds)
