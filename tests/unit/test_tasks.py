import json
from pathlib import Path

import pytest

from stages.tasks import TASKS, classify, example_hash, user_message

SETS = ("extrinsic", "extrinsic_seed456", "extrinsic_seed789")


def words(number: int) -> str:
    return " ".join(["palavra"] * number)


@pytest.mark.parametrize(
    ("instruction", "input", "output", "task"),
    [
        ("Quem foi?", "", words(12), "qa"),
        ("Quem foi?", "", words(13), None),
        ("Responda", "Quem foi?", "Ana", "qa"),
        ("OPÇÕES DE RESPOSTA: sim, não", "", "sim", "qa"),
        ("Escolha: (A) sim", "", "sim", "qa"),
        ("Escolha: (b) não", "", "não", "qa"),
        ("Escolha: (c) não", "", "não", None),
        ("Quem foi?", "", "", None),
        ("Quem foi?", "", "... ?!", None),
        ("Resuma o texto?", "", "Ana", "qa"),  # the first rule that is met
        ("Resuma o texto", "", "Ana", "summarization"),
        ("Faça o pedido", "RESUMO: tudo", "Ana", "summarization"),
        ("Faça os resumos", "", "Ana", None),  # whole words only
        ("Escreva uma síntese e reescreva", "", "Ana", "summarization"),
        ("Leia", words(120), words(30), "summarization"),
        ("Leia", words(119), words(30), None),
        ("Leia", words(120), words(29), None),
        ("Leia", words(120), words(66), "summarization"),
        ("Leia", words(121), words(67), None),  # 0.55 × 121 = 66.55
        ("Leia", words(300), words(140), "summarization"),
        ("Leia", words(300), words(141), None),
        ("Reescreva isto", "", "Ana", "rewriting"),
        ("Faça a revisão de", "", "Ana", "rewriting"),
        ("Reescrever isto", "", "Ana", None),
        ("Leia", words(20), words(20), "rewriting"),
        ("Leia", words(19), words(20), None),
        ("Leia", words(20), words(19), None),
        ("Leia", words(50), words(30), "rewriting"),
        ("Leia", words(50), words(29), None),
        ("Leia", words(50), words(80), "rewriting"),
        ("Leia", words(50), words(81), None),
        ("Leia", words(220), words(220), "rewriting"),
        ("Leia", words(221), words(220), None),
        ("Leia", words(220), words(221), None),
        ("Leia", "", words(40), None),
    ],
)
def test_the_first_rule_that_an_example_meets_is_its_task(instruction: str, input: str, output: str, task: str | None) -> None:
    assert classify(instruction, input, output) == task


def test_the_hash_is_of_stripped_texts() -> None:
    assert example_hash("a", "b", "ç") == "5a0c54bfb4e80914193b1fd345ee7f352ab44b07"
    assert example_hash(" a\n", "\tb ", "ç ") == example_hash("a", "b", "ç") != example_hash("a", "", "b\n---\nç")


@pytest.mark.parametrize(
    ("instruction", "input", "message"),
    [("Some", "1 e 2", "Some\n\nEntrada:\n1 e 2"), ("Some 1 e 2", "", "Some 1 e 2"), ("", "1 e 2", "Entrada:\n1 e 2"), (" a ", "", "a")],
)
def test_the_user_asks_with_the_input_below(instruction: str, input: str, message: str) -> None:
    assert user_message(instruction, input) == message


@pytest.mark.evidence
@pytest.mark.parametrize("folder", SETS)
def test_published_examples_have_their_task_and_hash_and_were_not_tuned_on(evidence: Path, folder: str) -> None:
    root = evidence / "versions/trilha2-lora"
    tuned = [row for part in ("train", "val", "test") for row in rows(root / f"datasets/canarim_sft_10k_{part}.jsonl")]
    hashes = {example_hash(row["instruction"], row["input"], row["output"]) for row in tuned}
    examples = [(task, row) for task in TASKS for row in rows(root / f"analysis/{folder}/canarim_extrinsic_{task}.jsonl")]
    assert len(examples) == 600
    for task, row in examples:
        parts = row["instruction"], row["input"], row["reference"]
        assert (classify(*parts), example_hash(*parts)) == (task, row["hash"])
        assert row["hash"] not in hashes


def rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
