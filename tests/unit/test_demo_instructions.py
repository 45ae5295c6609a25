import re
from collections import Counter
from itertools import islice
from typing import NamedTuple

import pytest

from stages.corpora.demo_grammar import CITIES, GENERAL, LISTS
from stages.corpora.demo_inflection import conjugate
from stages.instruction_parameters import DemoInstructions
from stages.instruction_sources.demo import examples, source
from stages.instruction_sources.demo_tasks import INFORMAL, TASKS, Example
from stages.near_duplicates import near_duplicates
from stages.tasks import classify

TASK_OF = {"question": "qa", "summary": "summarization", "rewriting": "rewriting"}
CITY = "|".join(sorted(map(re.escape, CITIES), key=len, reverse=True))
DAY = rf"nest[ea] (?:{'|'.join(GENERAL['dia'])})"
VERBS = {verb for lists in LISTS.values() for verb in lists["vt"]}
WRITTEN = {informal: word for word, informal in INFORMAL.items()}


class Asked(NamedTuple):
    """A prompt, as prompts are compared."""

    instruction: str
    input: str
    task: str

    @property
    def prompt(self) -> str:
        return f"{self.instruction}\n{self.input}"


@pytest.fixture(scope="module")
def rows() -> list[Example]:
    return list(islice(examples(42), 6000))


def of_task(rows: list[Example], task: str) -> list[Example]:
    return [row for row in rows if classify(*row) == task]


def test_examples_depend_on_the_seed_alone_and_come_as_many_as_asked_for(rows: list[Example]) -> None:
    found = source(DemoInstructions(source="demo", examples=50, seed=42))
    assert list(found.rows) == rows[:50] != list(islice(examples(43), 50))
    assert found.parameters == {"source": "demo", "examples": 50, "seed": 42}


def test_every_example_is_of_one_of_three_tasks_of_like_number(rows: list[Example]) -> None:
    counts = Counter(classify(*row) for row in rows)
    assert set(counts) == set(TASK_OF.values())
    assert min(counts.values()) > 0.3 * len(rows)
    assert {task.__name__ for task in TASKS} == set(TASK_OF)


def test_examples_are_short_and_whole_and_no_prompt_comes_twice(rows: list[Example]) -> None:
    assert all(part == part.strip() and part for row in rows for part in row)
    assert all(not re.search(r"[{}\[\]|]|  ", part) for row in rows for part in row)
    assert len({row[:2] for row in rows}) == len(rows)
    assert max(len(row.instruction.split()) + len(row.input.split()) for row in rows) < 70
    assert max(len(row.output.split()) for row in rows) < 20, "short of what a loop can be told from"
    assert min(len(row.output.split()) for row in rows if classify(*row) != "qa") >= 3


def test_no_evaluation_prompt_nearly_repeats_a_training_prompt(rows: list[Example]) -> None:
    training, evaluated = ([Asked(*row[:2], str(classify(*row))) for row in part] for part in (rows[:3000], rows[3000:3360]))
    assert not near_duplicates(evaluated, training)
    assert len(near_duplicates(evaluated, evaluated)) <= 2


def test_answers_stand_in_the_text_and_are_what_the_question_asks_for(rows: list[Example]) -> None:
    kinds = Counter[str]()
    for question, text, answer in of_task(rows, "qa"):
        assert answer == read_off(question, *text.split(". ")), (question, text)
        kinds.update(re.findall(r"^(?:Em que \w+|Quanto|Quem|O que)", question))
    assert len(kinds) == 6 and kinds.total() == len(of_task(rows, "qa")) and min(kinds.values()) > 100


def read_off(question: str, report: str, detail: str) -> str:
    """The answer, from the words of the text alone."""
    if question.startswith("Quanto"):
        return detail.removeprefix("O serviço custou ").rstrip(".")
    if question.startswith("Em que mês"):
        return detail.removeprefix("Tudo fica pronto em ").rstrip(".")
    city, day = re.search(CITY, report), re.search(DAY, report, re.IGNORECASE)
    assert city and day
    if question.startswith("Em que"):
        return city[0] if question.startswith("Em que cidade") else day[0].split()[1]
    clause = re.sub(rf"[Ee]m {city[0]}|{day[0]}", "", report).strip(" .,")
    asked = re.sub(rf"Quem |O que | em {city[0]}\?", "", question)
    if question.startswith("O que"):
        return clause[len(asked) :].strip()
    subject = clause.removesuffix(asked).strip()
    return subject[0].lower() + subject[1:]


def test_summaries_are_who_did_what_in_which_city(rows: list[Example]) -> None:
    for _, text, answer in of_task(rows, "summarization"):
        city = re.search(rf"em ({CITY})\.$", answer)
        assert city and re.search(rf"[Ee]m {city[1]}", text)
        core = answer[: city.start()].strip()
        assert core[1:] in text and text.count(". ") == 1
        assert not re.search(DAY, answer, re.IGNORECASE) and "egundo" not in answer
        assert len(answer) < 0.8 * len(text)


KINDS = ("passado", "pelo", "início", "no lugar", "cidade", "frase", "abreviações")
PAST = {(conjugate(verb, "pres"), conjugate(verb, "perf")) for verb in VERBS}


def test_rewritings_follow_from_the_sentence_by_their_rule(rows: list[Example]) -> None:
    kinds = Counter[str]()
    for instruction, text, answer in of_task(rows, "rewriting"):
        kind = next(kind for kind in KINDS if kind in instruction)
        kinds[kind] += 1
        if kind == "passado":
            changed = [(old, new) for old, new in zip(text.split(), answer.split(), strict=True) if old != new]
            assert len(changed) <= 1 and set(changed) <= PAST
        elif kind in ("frase", "abreviações"):
            written = [WRITTEN.get(word.lower(), word) for word in text.split()]
            assert answer == " ".join([written[0].capitalize(), *written[1:]])
        elif kind in ("no lugar", "cidade"):
            names = re.findall(CITY, instruction)
            assert names[0] != names[1] and answer == text.replace(names[1], names[0])
        else:
            moved = re.search(rf"{DAY}" if " dia" in instruction else rf"em (?:{CITY})", text)
            assert moved
            rest = " ".join(text.rstrip(".").replace(moved[0], "").split())
            assert answer == f"{moved[0].capitalize().split()[0]} {moved[0].split(' ', 1)[1]}, {rest[0].lower()}{rest[1:]}."
    assert set(kinds) == set(KINDS) and min(kinds.values()) > 100
