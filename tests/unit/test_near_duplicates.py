import json
from itertools import product
from pathlib import Path
from random import Random

import pytest

from stages.draw import Example
from stages.near_duplicates import SIMILAR, jaccard, near_duplicates, shingles
from stages.tasks import TASKS


def asked(instruction: str, input: str = "", task: str = "") -> Example:
    return Example(task, instruction, input, "", "")


def text(random: Random, words: int) -> str:
    return " ".join(str(random.randrange(1000)) for _ in range(words))


def test_pairs_are_those_that_comparing_each_with_each_finds() -> None:
    random = Random(1)
    pool = [asked(text(random, 40)) for _ in range(60)]
    queries = []
    for example in pool:
        words = example.instruction.split()
        for position in random.sample(range(40), random.randrange(4)):
            words[position] = "outra"
        queries.append(asked(" ".join(words)))
    similar = [[jaccard(shingles(one.prompt), shingles(other.prompt)) for other in pool] for one in queries]
    expected = [(first, second) for first, second in product(range(60), range(60)) if similar[first][second] >= SIMILAR]
    assert near_duplicates(queries, pool) == expected
    assert 20 < len(expected) < 60  # some are changed too much


def test_one_question_of_two_texts_and_two_of_one_are_not_alike() -> None:
    random = Random(1)
    long, other, question = text(random, 200), text(random, 200), text(random, 10)
    again = " ".join([*question.split()[:5], *text(random, 5).split()])
    pool = [asked(question, long)]
    assert near_duplicates([asked(question, long)], pool) == [(0, 0)]
    assert near_duplicates([asked(again, long)], pool) == []
    assert near_duplicates([asked(f"{again} {long}")], [asked(f"{question} {long}")]) == [(0, 0)]
    assert near_duplicates([asked(question, other)], pool) == []
    assert near_duplicates(pool, pool) == []  # a prompt is not its own duplicate


def test_a_template_makes_no_two_prompts_alike() -> None:
    random = Random(1)
    template = text(random, 50)
    pool = [asked(f"{template} {text(random, 4)}", task="qa") for _ in range(10)]
    assert near_duplicates([asked(pool[0].instruction)], pool) == [(0, 0)]
    assert len(near_duplicates([asked(pool[0].instruction)], pool[:9])) == 9  # too few to tell


@pytest.mark.evidence
def test_published_examples_that_are_nearly_in_the_training_files(evidence: Path) -> None:
    root = evidence / "versions/trilha2-lora"
    pool = [
        asked(row["instruction"], row["input"])
        for part in ("train", "val", "test")
        for row in read(root, f"datasets/canarim_sft_10k_{part}")
    ]
    names = [f"analysis/extrinsic{seed}/canarim_extrinsic_{task}" for seed in ("", "_seed456", "_seed789") for task in TASKS]
    examples = [asked(row["instruction"], row["input"], row["task"]) for name in names for row in read(root, name)]
    near = {first for first, _ in near_duplicates(examples, pool)}
    assert [sum(position // 600 == seed for position in near) for seed in range(3)] == [5, 3, 2]


def read(root: Path, name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (root / f"{name}.jsonl").read_text(encoding="utf-8").split("\n") if line]
