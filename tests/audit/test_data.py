"""Rules on training and evaluation sets: each finds its planted fault and leaves a near miss alone."""

import hashlib
from typing import Any

import pytest

from tests.audit.sound import SEEDS, TASKS, Sound, sentence, text

QA, SUMMARIES, REWRITINGS = (f"evaluation/sets_{SEEDS[0]}/{task}.jsonl" for task in TASKS)
QA_AGAIN = f"evaluation/sets_{SEEDS[1]}/qa.jsonl"
MANIFEST = f"evaluation/sets_{SEEDS[0]}/manifest.json"
TRAINING, VALIDATION = "adapter/data/sft_train.jsonl", "adapter/data/sft_val.jsonl"
RULES = (
    "data.overlap",
    "data.distinct",
    "data.duplicates",
    "data.filters",
    "data.references",
    "data.from_training",
    "data.validation_text",
    "data.hashes",
)
Row = dict[str, Any]


def test_the_sound_campaign(sound: Sound) -> None:
    assert [finding for finding in sound.audit(*RULES) if finding.severity != "note"] == []


def as_training(row: Row, **changes: str) -> Row:
    return {"instruction": row["instruction"], "input": row["input"], "output": row["reference"], **changes}


def train_on(sound: Sound, row: Row) -> None:
    sound.change(TRAINING, lambda rows: [*rows[1:], row])


def test_an_evaluation_row_in_the_training_file(sound: Sound) -> None:
    train_on(sound, as_training(sound.read(QA)[3]))
    [finding] = sound.audit("data.overlap")
    assert (finding.subject, finding.severity, finding.verdict) == ("qa", "error", "mismatch")
    assert (finding.stated, finding.recomputed.split(";")[0]) == ("training files excluded", "whole: 1")
    assert [ref.file for ref in finding.evidence] == [QA, TRAINING]
    assert "evaluation base.qa.em" in (finding.cells or ())


def test_a_prompt_with_another_answer(sound: Sound) -> None:
    train_on(sound, as_training(sound.read(QA)[3], output="outra"))
    [finding] = sound.audit("data.overlap")
    assert (finding.severity, finding.recomputed) == ("warning", "whole: 0; same prompt, another answer: 1; nearly the same prompt: 0")


def test_a_prompt_in_nearly_the_same_words(sound: Sound) -> None:
    row = sound.read(SUMMARIES)[0]
    train_on(sound, as_training(row, input=row["input"].removesuffix(".") + " hoje!"))
    [finding] = sound.audit("data.overlap")
    assert (finding.subject, finding.recomputed[-25:]) == ("summarization", "nearly the same prompt: 1")


def test_one_template_with_another_input(sound: Sound) -> None:
    template = text(77, 6)
    sound.change(QA, lambda rows: [rows[0] | {"instruction": template, "input": "vinte e sete maçãs"}, *rows[1:]])
    train_on(sound, {"instruction": template, "input": "a capital da França", "output": "Paris"})
    assert [finding.verdict for finding in sound.audit("data.overlap")] == ["confirmed"]


def test_rows_that_both_seeds_drew(sound: Sound) -> None:
    shared = sound.read(QA)[:3]
    sound.change(QA_AGAIN, lambda rows: [*shared, *rows[3:]])
    [finding] = sound.audit("data.distinct")
    assert (finding.severity, finding.subject, finding.stated) == ("warning", "qa", "24 rows")
    assert finding.recomputed == "21 distinct prompts, 21 without near duplicates"
    assert finding.effect == "whole rows repeated in a set: 0, 0; shared by two sets: 3"


def test_a_row_and_its_near_duplicate(sound: Sound) -> None:
    def repeat(rows: list[Row]) -> None:
        rows[1] |= {"instruction": rows[0]["instruction"], "input": rows[0]["input"] + " Sim."}

    sound.change(SUMMARIES, repeat)
    [finding] = sound.audit("data.distinct")
    assert (finding.severity, finding.recomputed) == ("note", "24 distinct prompts, 23 without near duplicates")


def test_questions_that_begin_alike(sound: Sound) -> None:
    sound.change(QA, lambda rows: [row | {"instruction": f"O que você pensa sobre isto? {sentence(n)}"} for n, row in enumerate(rows)])
    assert sound.audit("data.distinct") == []


def test_questions_on_one_passage(sound: Sound) -> None:
    asked = [{"instruction": f"O que diz o texto sobre {sentence(n, 3).lower()[:-1]}?", "input": text(7, 10)} for n in range(12)]
    sound.change(QA, lambda rows: [row | new for row, new in zip(rows, asked, strict=True)])
    assert sound.audit("data.distinct") == []
    sound.change(QA, lambda rows: [*rows[:-1], rows[-1] | {"instruction": rows[0]["instruction"], "input": rows[0]["input"] + " Fim."}])
    assert [finding.recomputed for finding in sound.audit("data.distinct")] == ["24 distinct prompts, 23 without near duplicates"]


def test_questions_in_a_long_template(sound: Sound) -> None:
    template = f"Leia com atenção. {text(77, 4)} Pergunta: qual é a capital de"

    def ask(rows: list[Row], start: int) -> None:
        for number, row in enumerate(rows, start):
            row["instruction"] = f"{template} {sentence(number, 2)[:-1].lower()}?"

    sound.change(QA, lambda rows: ask(rows, 0))
    sound.change(QA_AGAIN, lambda rows: ask(rows, 100))
    assert sound.audit("data.distinct") == []
    asked = sound.read(QA)[0]["instruction"]
    sound.change(QA_AGAIN, lambda rows: [rows[0] | {"instruction": asked}, *rows[1:]])
    assert [finding.recomputed for finding in sound.audit("data.distinct")] == ["23 distinct prompts, 23 without near duplicates"]


def test_one_set_for_every_seed(sound: Sound) -> None:
    sound.write(QA_AGAIN, sound.read(QA)[::-1])
    [finding] = sound.audit("data.distinct")
    assert (finding.severity, finding.stated, finding.recomputed.split(",")[0]) == ("note", "24 rows", "12 distinct prompts")
    assert "some sets are one and the same" in finding.message
    rows = sound.read(QA)
    for file in (QA, QA_AGAIN):
        sound.write(file, [rows[0], rows[0], *rows[2:]])
    assert [finding.severity for finding in sound.audit("data.distinct")] == ["warning"]


def test_a_training_row_twice(sound: Sound) -> None:
    sound.change(TRAINING, lambda rows: [*rows[1:], rows[5]])
    [finding] = sound.audit("data.duplicates")
    assert (finding.severity, finding.stated, finding.recomputed) == ("note", "100 rows", "99 distinct rows")


def test_a_training_row_in_the_validation_set(sound: Sound) -> None:
    row = sound.read(TRAINING)[5]
    sound.change(VALIDATION, lambda rows: [row, *rows[1:]])
    finding = sound.audit("data.duplicates")[0]
    assert (finding.subject, finding.severity, finding.recomputed) == (VALIDATION, "warning", "whole: 1; same prompt: 1")
    assert finding.cells == ()  # no table prints the loss on it


def test_a_training_prompt_with_another_answer(sound: Sound) -> None:
    sound.change(TRAINING, lambda rows: [*rows[1:], rows[5] | {"output": "outra"}])
    assert sound.audit("data.duplicates") == []


def test_rows_that_are_of_another_task(sound: Sound) -> None:
    sound.change(
        REWRITINGS, lambda rows: [row | {"instruction": "Classifique a frase:", "reference": "Positiva"} for row in rows[:4]] + rows[4:]
    )
    finding = next(finding for finding in sound.audit("data.filters") if finding.subject == "rewriting")
    assert finding.severity == "warning"
    assert "without a word that asks for it: 4 of 24 (16.7 %); reference under 3 words: 4 of 24 (16.7 %)" in finding.recomputed


def test_summaries_of_nothing(sound: Sound) -> None:
    asked = {"instruction": "Como escrever um bom resumo?", "input": "", "reference": text(3, 2)}
    sound.change(SUMMARIES, lambda rows: [row | asked for row in rows[:3]] + rows[3:])
    finding = next(finding for finding in sound.audit("data.filters") if finding.subject == "summarization")
    assert finding.severity == "warning"
    assert finding.recomputed.endswith("; too little text for the reference: 3 of 24 (12.5 %)")


def test_rewritings_that_grow_and_short_ones(sound: Sound) -> None:
    grown = sound.read(REWRITINGS)[0] | {"reference": text(9, 4)}
    short = {"instruction": "Reescreva com formalidade", "input": "Valeu.", "reference": "Muito obrigado."}
    sound.change(REWRITINGS, lambda rows: [grown] * 4 + [row | short for row in rows[4:]])
    finding = next(finding for finding in sound.audit("data.filters") if finding.subject == "rewriting")
    assert finding.severity == "note"
    assert finding.recomputed.count("0 of 24") == 3


def test_rewritings_of_a_name(sound: Sound) -> None:
    name = {"instruction": "Escreva uma revisão do restaurante", "input": "O elefante", "reference": text(9, 4)}
    sound.change(REWRITINGS, lambda rows: [row | name for row in rows[:3]] + rows[3:])
    finding = next(finding for finding in sound.audit("data.filters") if finding.subject == "rewriting")
    assert finding.severity == "warning"
    assert finding.recomputed.endswith("; too little text for the reference: 3 of 24 (12.5 %)")


@pytest.mark.parametrize(
    ("demand", "severity"), [("Cite", "note"), ("Diga", "note"), ("Nomeie", "note"), ("Liste", "note"), ("Jardim", "warning")]
)
def test_questions_without_a_question_mark(sound: Sound, demand: str, severity: str) -> None:
    for file in (QA, QA_AGAIN):
        sound.change(file, lambda rows: [row | {"instruction": f"{demand} {sentence(n, 6).lower()}"} for n, row in enumerate(rows)])
    finding = next(finding for finding in sound.audit("data.filters") if finding.subject == "qa")
    assert finding.severity == severity


def test_a_few_rows_that_do_not_say_what_they_ask_for(sound: Sound) -> None:
    sound.change(QA, lambda rows: [row | {"instruction": "Jardim."} for row in rows[:6]] + rows[6:])
    finding = next(finding for finding in sound.audit("data.filters") if finding.subject == "qa")
    assert (finding.severity, finding.recomputed) == ("note", "without a word that asks for it: 6 of 24 (25.0 %)")


def test_a_task_asked_for_in_the_instruction_with_the_text_in_it(sound: Sound) -> None:
    sound.change(SUMMARIES, lambda rows: [row | {"instruction": f"Sintetize: {row['input']}", "input": ""} for row in rows])
    assert {finding.severity for finding in sound.audit("data.filters")} == {"note"}


@pytest.mark.parametrize(
    ("answer", "severity"), [("", "error"), ("...", "error"), ("<noinput>", "warning"), ("um dois três quatro " * 8, "note")]
)
def test_references_that_are_none(sound: Sound, answer: str, severity: str) -> None:
    sound.change(QA, lambda rows: [rows[0] | {"reference": answer}, *rows[1:]])
    [finding] = sound.audit("data.references")
    assert (finding.subject, finding.severity, finding.effect) == ("qa", severity, "1 of 24 (4.2 %) rows")


@pytest.mark.parametrize("answer", ["B", "(c)", "7", "Não", "None"])
def test_short_references(sound: Sound, answer: str) -> None:
    sound.change(QA, lambda rows: [row | {"reference": answer} for row in rows])
    assert sound.audit("data.references") == []


def test_empty_answers_in_training(sound: Sound) -> None:
    sound.change(TRAINING, lambda rows: [row | {"output": ""} for row in rows[:2]] + rows[2:])
    [finding] = sound.audit("data.references")
    assert (finding.subject, finding.severity, finding.recomputed) == ("training files", "note", "empty: 2")


def draw(sound: Sound, split: str) -> None:
    artifacts = {"train_jsonl": TRAINING}
    sound.write("adapter/data/stats.json", {"dataset": "local", "split": split, "artifacts": artifacts})
    sound.change(MANIFEST, lambda manifest: manifest.update(split="train"))
    sound.make()


def test_evaluation_rows_of_the_training_split(sound: Sound) -> None:
    draw(sound, "train")
    [finding] = sound.audit("data.from_training")
    assert (finding.subject, finding.severity, finding.effect) == ("local", "warning", "3 sets")


def test_training_rows_of_another_split(sound: Sound) -> None:
    draw(sound, "small")
    assert sound.audit("data.from_training") == []


def test_losses_on_different_texts(sound: Sound) -> None:
    def change(run: Row) -> None:
        run["cleaning"]["lowercase"] = True
        run["data"]["documents_validation"] = 45

    sound.change_parameters("params/runs/lm_wide.yaml", change)
    sound.change("lm_wide/console.txt", lambda console: console.replace('"docs": 90', '"docs": 45'))
    sound.make()
    [finding] = sound.audit("data.validation_text")
    assert (finding.subject, finding.severity) == ("models", "warning")
    assert finding.recomputed.startswith("documents_validation: 90 (char, lm), 45 (lm_wide); cleaning lowercase: false (char, lm)")
    assert "models loss.lm_wide" in (finding.cells or ())


def test_different_training_texts(sound: Sound) -> None:
    sound.change_parameters("params/runs/adapter.yaml", lambda run: run["data"].update(documents_validation=5))
    assert sound.audit("data.validation_text") == []


def hashed(row: Row) -> Row:
    text = "\n---\n".join((row["instruction"], row["input"], row["reference"]))
    return row | {"hash": hashlib.sha1(text.encode()).hexdigest()}


def test_a_row_altered_after_it_was_drawn(sound: Sound) -> None:
    sound.change(QA, lambda rows: [hashed(rows[0]) | {"reference": "outra"}, *map(hashed, rows[1:])])
    finding = sound.audit("data.hashes")[0]
    assert (finding.subject, finding.severity, finding.recomputed) == (QA, "error", "qa: 1")


def test_rows_with_their_hash(sound: Sound) -> None:
    sound.change(QA, lambda rows: list(map(hashed, rows)))
    assert [(finding.severity, finding.recomputed) for finding in sound.audit("data.hashes")] == [("note", "12 rows")]
