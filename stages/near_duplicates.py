"""Prompts that ask for nearly the same.

Near duplicates are found by MinHash (Broder, 1997) with a fixed seed, and confirmed by the exact Jaccard similarity of their word
shingles, so that chance can only lose a pair, never invent one.
"""

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Protocol

SHINGLE = 3
"""Words in a row that are compared."""
SIMILAR = 0.8
"""Jaccard similarity from which two prompts are the same task; usual in the deduplication of corpora."""
TEMPLATE, FEWEST = 0.5, 10
"""Share of a task's prompts from which a shingle is of a template, and says nothing of what is asked; told only from so many prompts."""
PERMUTATIONS, BANDS = 64, (16, 4)
"""Of MinHash: finds a pair of similarity 0.8 with probability 0.9998."""
SEED = 1


class Asked(Protocol):
    """What is asked of a model."""

    @property
    def instruction(self) -> str: ...
    @property
    def input(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def prompt(self) -> str:
        """Instruction and input."""


def shingles(text: str) -> frozenset[str]:
    """Runs of three words of ``text``; all of it where it is shorter."""
    words = re.findall(r"\w+", text.lower())
    return frozenset(" ".join(words[start : start + SHINGLE]) for start in range(max(1, len(words) - SHINGLE + 1)))


def near_duplicates(queries: Sequence[Asked], pool: Sequence[Asked]) -> list[tuple[int, int]]:
    """Pairs of a query and another prompt of the pool that are similar, as indices.

    Where both have an input, instruction and input must each be similar: many questions are asked about one passage, and one thing
    is asked of many. What is of a template is left out, since it makes all of its prompts alike.
    """
    # Imported here: only what compares sets pays for it.
    from datasketch import MinHash, MinHashLSH

    template = _template(queries) | _template(pool)
    asked, known = ([_own(example.prompt, template) for example in examples] for examples in (queries, pool))
    signatures = [
        MinHash.bulk([[shingle.encode() for shingle in own] for own in sets], num_perm=PERMUTATIONS, seed=SEED, hashfunc=zlib.crc32)
        for sets in (asked, known)
    ]
    index = MinHashLSH(num_perm=PERMUTATIONS, params=BANDS)
    for position, signature in enumerate(signatures[1]):
        index.insert(position, signature, check_duplication=False)
    return [
        (first, second)
        for first, signature in enumerate(signatures[0])
        for second in sorted(index.query(signature))
        if queries[first] is not pool[second]
        and jaccard(asked[first], known[second]) >= SIMILAR
        and _similar_parts(queries[first], pool[second], template)
    ]


def jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    """Shared shingles over all shingles."""
    return len(first & second) / len(first | second)


def _template(examples: Sequence[Asked]) -> set[str]:
    """Shingles that stand in most distinct prompts of a task."""
    by_task, found = defaultdict[str, dict[tuple[str, ...], str]](dict), set[str]()
    for example in examples:
        by_task[example.task][tuple(example.prompt.split())] = example.prompt
    for distinct in by_task.values():
        counts = Counter(shingle for prompt in distinct.values() for shingle in shingles(prompt))
        found |= {shingle for shingle, count in counts.items() if len(distinct) >= FEWEST and count > TEMPLATE * len(distinct)}
    return found


def _own(text: str, template: set[str]) -> frozenset[str]:
    """Shingles of ``text`` that no template has; all of them where it is nothing but a template."""
    return (own := shingles(text)) - template or own


def _similar_parts(first: Asked, second: Asked, template: set[str]) -> bool:
    if not (first.input.strip() and second.input.strip()):
        return True
    parts = ((first.instruction, second.instruction), (first.input, second.input))
    return all(jaccard(_own(one, template), _own(other, template)) >= SIMILAR for one, other in parts)
