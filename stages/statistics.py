"""Statistics of two systems on the same items: a paired bootstrap interval and a permutation test.

Items are clustered by prompt, since two items with one prompt are not two observations, and seeds are the outer level of the
bootstrap, since what varies from seed to seed is part of the uncertainty (Efron and Tibshirani, 1993; Berg-Kirkpatrick et al., 2012).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

REPLICATES = 10_000
LEVEL = 0.95


@dataclass(frozen=True)
class Paired:
    """One seed's items: the second system's score minus the first's, and the cluster that each item belongs to."""

    differences: Sequence[float]
    clusters: Sequence[str]


def bootstrap_interval(seeds: Sequence[Paired], replicates: int = REPLICATES, seed: int = 0) -> tuple[float, float]:
    """Percentile interval of the mean over seeds of the mean difference: seeds drawn with replacement, in each its clusters."""
    generator = np.random.default_rng(seed)
    sums = [_by_cluster(paired) for paired in seeds]
    means = np.zeros(replicates)
    for _ in seeds:
        drawn = generator.integers(len(seeds), size=replicates)
        for index, (totals, sizes) in enumerate(sums):
            chosen = drawn == index
            picks = generator.integers(len(totals), size=(int(chosen.sum()), len(totals)))
            means[chosen] += totals[picks].sum(axis=1) / sizes[picks].sum(axis=1) / len(seeds)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def permutation_p(seeds: Sequence[Paired], replicates: int = REPLICATES, seed: int = 0) -> float:
    """Two-sided p of the mean difference when the systems' names are swapped at random, in all items of a prompt together.

    ``(1 + as extreme) / (1 + replicates)``, so it is never 0 (Phipson and Smyth, 2010).
    """
    weights = [np.asarray(paired.differences) / len(paired.differences) / len(seeds) for paired in seeds]
    names = [name for paired in seeds for name in paired.clusters]
    _, positions = np.unique(names, return_inverse=True)
    by_cluster = np.bincount(positions, weights=np.concatenate(weights))
    observed = abs(by_cluster.sum())
    generator, extreme = np.random.default_rng(seed), 0
    for start in range(0, replicates, 1000):  # in parts, so that memory does not grow with the replicates
        signs = generator.choice([-1.0, 1.0], size=(min(1000, replicates - start), len(by_cluster)))
        extreme += int((abs(signs @ by_cluster) >= observed - 1e-12).sum())
    return (1 + extreme) / (1 + replicates)


def _by_cluster(paired: Paired) -> tuple[Any, Any]:
    """Sum of differences and number of items of each cluster, as arrays."""
    _, positions = np.unique(list(paired.clusters), return_inverse=True)
    return np.bincount(positions, weights=np.asarray(paired.differences)), np.bincount(positions).astype(np.float64)
