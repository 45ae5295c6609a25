"""Which documents of a corpus a text is made of, and in which order: the thesis's split (facts, section 1.2).

Rows are drawn as ``datasets`` does: ``Dataset.shuffle(seed)``, then ``.train_test_split(test_size=0.1, seed)``, of which each is one
permutation by a generator of its own.
"""

import math

import numpy as np
from numpy.typing import NDArray

from stages.text_parameters import Selection

VALIDATION_SHARE = 0.1


def select(count: int, selection: Selection, seed: int) -> NDArray[np.int64]:
    """Row numbers, of ``count`` rows, in the order in which they are read; none where the part has none."""
    if selection == "head":
        return np.arange(count)
    shuffled = np.random.default_rng(seed).permutation(count)
    if selection == "shuffled":
        return shuffled
    split = np.random.default_rng(seed).permutation(count)
    border = math.ceil(VALIDATION_SHARE * count)
    parts = {"train": split[border:], "validation": split[:border], "held_out": split[:border][::-1], "adaptation": split[border:][::-1]}
    return shuffled[parts[selection]]
