"""Which examples are answered together.

In half precision the text of an answer can depend on what else is in its batch. So batches are made from all examples of a seed and task
before any is answered, and one that a kill cut short is answered again as a whole.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple


class Request(NamedTuple):
    """An example as the model gets it."""

    seed: int
    task: str
    hash: str
    prompt: list[int]
    shortened: bool
    maximum_new_tokens: int


def batches_of(requests: Sequence[Request], batch_size: int) -> list[list[int]]:
    """Positions in ``requests``, batch by batch: of one seed and task, those of like length together; the widest batch first.

    Like lengths need little padding, and if the memory does not suffice, the first batch says so.
    """

    def group(index: int) -> tuple[int, str]:
        return requests[index].seed, requests[index].task

    def width(index: int) -> int:
        return len(requests[index].prompt)

    batches = []
    for _, members in groupby(sorted(range(len(requests)), key=group), key=group):
        longest_first = sorted(members, key=width, reverse=True)
        batches += [longest_first[start : start + batch_size] for start in range(0, len(longest_first), batch_size)]
    return sorted(batches, key=lambda batch: width(batch[0]) + requests[batch[0]].maximum_new_tokens, reverse=True)
