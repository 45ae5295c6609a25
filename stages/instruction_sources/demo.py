"""The demo's instructions: Portuguese examples of the three tasks that our own generator writes, with answers that can be checked.

They are in the words of the demo corpus (:mod:`stages.corpora.demo_grammar`) and depend on the seed alone; no two prompts are equal.
"""

from collections.abc import Iterator
from itertools import count, islice
from random import Random

from stages.instruction_parameters import DemoInstructions
from stages.instruction_sources import Instructions
from stages.instruction_sources.demo_tasks import TASKS, Example

LICENCE = "Apache-2.0"


def source(parameters: DemoInstructions) -> Instructions:
    """The examples that ``parameters`` ask for."""
    return Instructions(islice(examples(parameters.seed), parameters.examples), LICENCE, parameters.model_dump())


def examples(seed: int) -> Iterator[Example]:
    """Examples without end, the three tasks at random, each prompt once."""
    known = set[tuple[str, str]]()
    for number in count():
        example = _example(Random(f"instruction {seed} {number}"))
        if example[:2] not in known:
            known.add(example[:2])
            yield example


def _example(random: Random) -> Example:
    return random.choice(TASKS)(random)
