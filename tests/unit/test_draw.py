import json
import re
from pathlib import Path
from random import Random

import numpy as np
import pytest

from stages.draw import Draw, draw, facts_of, main
from stages.errors import UserError
from stages.example_rows import Row
from stages.instruction_parameters import DrawParameters, LocalInstructions, SplitParameters
from stages.instructions import open_source, store
from stages.manifest import read_manifest
from stages.split import cut
from stages.split import main as split_main
from stages.tasks import TASKS, classify, example_hash

ASKED = {"qa": "Quem é {}?", "summarization": "Resuma {}", "rewriting": "Reescreva {}", "none": "Diga {}"}


def rows(count: int) -> list[Row]:
    random = Random(1)
    made = [(random.choice(list(ASKED.values())), " ".join(str(random.randrange(9999)) for _ in range(8))) for _ in range(count)]
    return [Row(form.format(text), "", text[::-1]) for form, text in made]


ROWS = rows(400)
SPLIT = SplitParameters(seed=42, documents_train=100, documents_validation=20, documents_test=20)
PARTS = cut(ROWS, SPLIT)


def parameters(examples: int = 20, *, tasks: tuple[str, ...] = TASKS, exclude: bool = False) -> DrawParameters:
    return DrawParameters(seed=123, tasks=list(tasks), examples_per_task=examples, exclude_near_duplicates=exclude)


ORDER = [ROWS[row] for row in np.random.default_rng(123).permutation(len(ROWS))]
HELD = {row for part in PARTS.values() for row in part}


def expected(passed_over: set[Row]) -> list[Row]:
    """The first 20 rows of each task in the order of the scan, but for some."""
    return [row for task in TASKS for row in [row for row in ORDER if classify(*row) == task and row not in passed_over][:20]]


def hashes(drawn: Draw) -> list[str]:
    return [example.hash for example in drawn.examples]


def test_examples_are_the_first_of_each_task_that_the_split_does_not_hold() -> None:
    drawn = draw(ROWS, PARTS, parameters())
    assert [example[1:4] for example in drawn.examples] == expected(HELD)
    assert [example.task for example in drawn.examples] == [task for task in TASKS for _ in range(20)]
    assert hashes(drawn) == [example_hash(*row) for row in expected(HELD)]
    assert drawn.scanned == max(ORDER.index(row) for row in expected(HELD)) + 1
    assert drawn.excluded == sum(row in HELD for row in ORDER[: drawn.scanned]) > 0


def test_the_scan_ends_when_the_asked_for_tasks_are_full() -> None:
    every, one = draw(ROWS, PARTS, parameters()), draw(ROWS, PARTS, parameters(tasks=("rewriting",)))
    assert hashes(one) == hashes(every)[40:]
    assert one.scanned <= every.scanned


def test_each_seed_draws_others() -> None:
    other = parameters().model_copy(update={"seed": 456})
    assert set(hashes(draw(ROWS, PARTS, parameters()))) != set(hashes(draw(ROWS, PARTS, other)))


def test_too_few_of_a_task_is_an_error_that_says_how_many_there_are() -> None:
    left = [row for row in ROWS if row not in {row for part in PARTS.values() for row in part}]
    found = ", ".join(f"{sum(classify(*row) == task for row in left)} of {task}" for task in ("qa", "rewriting"))
    with pytest.raises(UserError, match=f"the instructions: seed 123: found {found}, expected 300 of each that are not in the split"):
        draw(ROWS, PARTS, parameters(300, tasks=("rewriting", "qa")))


def test_what_is_nearly_in_the_split_is_counted_and_passed_over_where_asked() -> None:
    plain = draw(ROWS, PARTS, parameters())
    first, second, third = (plain.examples[index] for index in (0, 25, 50))
    parts = {
        "train": [*PARTS["train"], Row(f"{first.instruction} Sim", "", "outra")],
        "validation": [*PARTS["validation"], Row(f"Não: {second.instruction}", "", "outra")],
        "test": [*PARTS["test"], Row(third.instruction.replace(" ", ", "), "", "outra")],
    }
    counted = draw(ROWS, parts, parameters())
    assert counted.examples == plain.examples
    facts = facts_of(counted, parts, parameters())
    assert (facts["near_duplicates"], facts["near_duplicates_of_train"], facts["near_duplicates_excluded"]) == (3, 1, 0)
    without = draw(ROWS, parts, parameters(exclude=True))
    assert [example[1:4] for example in without.examples] == expected(HELD | {Row(*example[1:4]) for example in (first, second, third)})
    facts = facts_of(without, parts, parameters(exclude=True))
    assert (facts["near_duplicates"], facts["near_duplicates_of_train"], facts["near_duplicates_excluded"]) == (0, 0, 3)
    assert facts["n_per_task_obtained"] == dict.fromkeys(TASKS, 20)


def test_what_comes_in_for_an_example_that_was_passed_over_is_looked_at_too() -> None:
    drawn, known = expected(HELD)[0], set(HELD)
    for _ in range(3):
        known.add(drawn)
        drawn = expected(known)[19]
    train = [Row(f"{row.instruction} Sim", "", "outra") for row in (*(known - HELD), drawn)]
    found = draw(ROWS, PARTS | {"train": PARTS["train"] + train}, parameters(exclude=True))
    assert [example[1:4] for example in found.examples] == expected(known | {drawn})
    assert len(found.passed_over) == 4


def test_of_equal_prompts_both_are_drawn_unless_near_duplicates_are_excluded() -> None:
    twice = [*ROWS[:140], *(row for row in ROWS[140:] for row in (row, row._replace(output="outra")))]
    plain, exclude = parameters(30), parameters(30, exclude=True)
    assert facts_of(draw(twice, PARTS, plain), PARTS, plain)["repeated_prompts"] > 0
    drawn = draw(twice, PARTS, exclude)
    assert facts_of(drawn, PARTS, exclude)["repeated_prompts"] == 0
    order = [twice[row] for row in np.random.default_rng(123).permutation(len(twice))]
    kept = {row.instruction: row for row in reversed(order)}  # the first of each prompt
    assert all(kept[example.instruction] == example[1:4] for example in drawn.examples)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the instructions and their split."""
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row._asdict())}\n" for row in ROWS))
    store(open_source(LocalInstructions(source="local", path=str(tmp_path / "rows.jsonl"), licence="CC0")), tmp_path / "all")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["split", "--instructions", "all", "--parameters", SPLIT.model_dump_json(), "--folder", "split"])
    split_main()
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, asked: DrawParameters, folder: str = "draws/123", split: str = "split") -> None:
    arguments = ["--instructions", "all", "--split", split, "--parameters", asked.model_dump_json(), "--folder", folder]
    monkeypatch.setattr("sys.argv", ["draw", *arguments])
    main()


def test_the_command_line_writes_the_examples(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, asked := parameters())
    run(monkeypatch, asked, "again")
    for name in ("examples.jsonl", "manifest.json"):
        assert (folders / "draws/123" / name).read_bytes() == (folders / "again" / name).read_bytes()
    manifest = read_manifest(folders / "draws/123", "examples")
    drawn = draw(ROWS, PARTS, asked)
    files = [f"split/{part}.jsonl" for part in ("train", "validation", "test")]
    assert manifest.facts == facts_of(drawn, PARTS, asked) | {"exclude_jsonl": files}
    assert (manifest.parameters, list(manifest.inputs)) == (asked.model_dump(), ["instructions", "examples"])
    written = [json.loads(line) for line in (folders / "draws/123/examples.jsonl").read_text().splitlines()]
    names = ("task", "instruction", "input", "reference", "hash")
    assert [tuple(row[name] for name in names) for row in written] == [
        (example.task, example.instruction, example.input, example.reference, example.hash) for example in drawn.examples
    ]
    assert {tuple(row) for row in written} == {names}


@pytest.mark.parametrize(
    ("asked", "split", "message"),
    [
        (parameters(300), "split", "the instructions: seed 123: found .* of qa"),
        (parameters(tasks=("qa", "poetry")), "split", "--parameters: tasks: found poetry, expected one of: qa, summarization, rewriting"),
        (parameters(), "nowhere", "nowhere/manifest.json"),
        (parameters(), "all", "all/manifest.json: kind: found 'instructions', expected 'examples'"),
    ],
)
def test_an_error_leaves_what_was_there(
    asked: DrawParameters, split: str, message: str, folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, parameters())
    before = {path: path.read_bytes() for path in (folders / "draws/123").iterdir()}
    with pytest.raises(SystemExit):
        run(monkeypatch, asked, split=split)
    assert re.search(message, capsys.readouterr().err)
    assert {path: path.read_bytes() for path in (folders / "draws/123").iterdir()} == before
