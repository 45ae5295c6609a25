"""Worked numbers: what an auditor relies on when a figure is said to follow, or not to."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages.errors import UserError
from stages.worked_numbers import Verdict, agreement, check_file, counts, factor_in_words, last_digit
from tests.conftest import run_in

INPUTS = {
    "parameters": {"value": 175e9, "unit": "parameters", "source": "section 1"},
    "tokens": {"value": 300e9, "unit": "tokens", "source": "section 1"},
}


def _file(folder: Path, *entries: dict[str, Any]) -> Path:
    path = folder / "chapter.yaml"
    common = {"where": "section 1", "what": "a figure"}
    path.write_text(yaml.safe_dump({"part": "Chapter 1", "inputs": INPUTS, "entries": [common | entry for entry in entries]}))
    return path


def _one(folder: Path, **entry: Any) -> Verdict:
    return check_file(_file(folder, {"id": "1.1"} | entry))[0]


def test_figure_follows_to_the_digits_that_are_printed(tmp_path: Path) -> None:
    verdict = _one(tmp_path, stated="3.15e23", follows="6 * parameters * tokens")
    assert (verdict.held.outcome, verdict.held.value) == ("follows", 3.15e23)
    assert verdict.inputs == ("parameters = 1.75e11 parameters (section 1)", "tokens = 3e11 tokens (section 1)")


@pytest.mark.parametrize(
    ("stated", "value", "digits", "outcome"),
    [
        ("29", 29.2, None, "follows"),
        ("2.5", 2.55, None, "follows"),
        ("2.5", 2.58, None, "rounding"),
        ("2.5", 2.61, None, "differs"),
        ("10000", 12300, None, "follows"),
        ("10000", 12300, 2, "differs"),
        ("0", 0.2, None, "follows"),
        ("1e20", 3e20, None, "differs"),
        ("-0.18", -0.181, None, "follows"),
        ("-0.18", 0.18, None, "differs"),
        ("42", 42.67, None, "rounding"),
        ("1.03", 1.0234, None, "rounding"),
        ("3", 4, None, "differs"),
        ("100", 200, None, "differs"),
        ("0", 1, None, "differs"),
        ("0", float("inf"), None, "differs"),
        ("5", float("nan"), None, "differs"),
    ],
)
def test_printed_digits_decide(stated: str, value: float, digits: int | None, outcome: str) -> None:
    assert agreement(stated, value, digits) == outcome


@pytest.mark.parametrize(("stated", "digit"), [("292", 1), ("290", 10), ("2.90", 0.01), ("2.5e6", 1e5), ("3e20", 1e20), ("1.0", 0.1)])
def test_last_digit(stated: str, digit: float) -> None:
    assert last_digit(stated) == pytest.approx(digit)


@pytest.mark.parametrize("stated", ["", "1_000", "nan", "inf", "1,000", " 5", "2.5e", "٣"])
def test_what_is_stated_is_a_printed_number(tmp_path: Path, stated: str) -> None:
    with pytest.raises(UserError, match="entries.0"):
        _one(tmp_path, stated=stated, follows="5.0")


def test_convention_comes_before_slip_and_is_named(tmp_path: Path) -> None:
    alternatives = {"conventions": [{"name": "GiB for GB", "gives": "2**31 / 2**30"}], "slips": [{"name": "half", "gives": "2.0"}]}
    verdict = _one(tmp_path, stated="2.0", follows="2**31 / 1e9", **alternatives)
    assert (verdict.held.outcome, verdict.held.why) == ("convention", "GiB for GB")


def test_likely_slip_is_the_one_that_gives_what_is_stated(tmp_path: Path) -> None:
    slips = [{"name": "utilisation left out", "gives": "0.1"}, {"name": "days for years", "gives": "found['1.1'] * 365"}]
    path = _file(
        tmp_path,
        {"id": "1.1", "stated": "29.2", "follows": "29.2"},
        {"id": "1.2", "stated": "10658", "follows": "stated['1.1']", "slips": slips},
    )
    second = check_file(path)[1]
    assert (second.held.outcome, second.held.why, second.held.found) == ("differs", "days for years", "29.2")
    assert second.inputs == ("1.1: 29.2, as printed",)


@pytest.mark.parametrize(
    ("stated", "value", "words"),
    [
        (2000, 1000, "a factor of 2, too large"),
        (1, 86400, "days for seconds, too small"),
        (-3, 3, "the sign"),
        (130, 100, "1.3 times too large"),
        (0, 3, "one of them is 0"),
    ],
)
def test_unexplained_difference_is_given_as_a_factor(stated: float, value: float, words: str) -> None:
    assert factor_in_words(stated, value) == words


def test_equation_is_tried_at_every_combination_of_points(tmp_path: Path) -> None:
    at = {"n": [3.0, 700.0], "d": [5.0, 64.0]}
    right = _one(tmp_path, left="3*n*d**2 + n*d**2", right="4*n*d**2", at=at)
    wrong_at_one = _one(tmp_path, left="n*d", right="n*d + (1 if n * d > 40000 else 0)", at=at)
    assert right.held.outcome == "follows"
    assert (wrong_at_one.held.outcome, wrong_at_one.held.found) == ("differs", "4.48e4 and 4.48e4 at d = 64, n = 700")


def test_equation_that_holds_under_a_convention(tmp_path: Path) -> None:
    conventions = [{"name": "a multiply-add is one operation", "gives": "2 * n**2"}]
    verdict = _one(tmp_path, left="2 * n**2", right="n**2", at={"n": [3, 8]}, conventions=conventions)
    assert (verdict.held.outcome, verdict.held.why) == ("convention", "a multiply-add is one operation")


def test_cited_figure_is_held_against_its_source(tmp_path: Path) -> None:
    cited = {"known": 1.555, "source": "data sheet"}
    assert _one(tmp_path, stated="1.6", **cited).held.outcome == "follows"
    assert _one(tmp_path, stated="2.0", **cited).held.outcome == "differs"
    assert "data sheet" in _one(tmp_path, stated="2.0", **cited).held.why


def test_what_is_read_or_defined_is_said_to_be(tmp_path: Path) -> None:
    assert _one(tmp_path, outcome="differs", why="a memory in FLOPs").held.outcome == "differs"
    assert _one(tmp_path, definition=True).held.outcome == "definition"


def test_counts_add_up(tmp_path: Path) -> None:
    entries: list[dict[str, Any]] = [
        {"id": "1", "stated": "2", "follows": "2"},
        {"id": "2", "stated": "2", "follows": "9"},
        {"id": "3", "definition": True},
    ]
    counted = counts(check_file(_file(tmp_path, *entries)))
    assert counted["Chapter 1"] == counted["all"]
    assert (counted["all"]["entries"], counted["all"]["follows"], counted["all"]["differs"], counted["all"]["definition"]) == (3, 1, 1, 1)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"stated": "2", "follows": "parameterss"}, "parameterss"),
        ({"stated": "2", "follows": "1 / 0"}, "1.1: 1 / 0"),
        ({"stated": "two", "follows": "2"}, "entries"),
        ({"stated": "2", "follows": "found['9.9']"}, "9.9"),
    ],
)
def test_entry_that_cannot_be_computed_is_named(tmp_path: Path, entry: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        _one(tmp_path, **entry)
    assert "chapter.yaml" in str(error.value)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"stated": "2", "followz": "2"}, "one key that tells what kind it is: follows, left"),
        (
            {"stated": "2", "follows": "2", "slip": []},
            r"entries.0.slip: found unknown key 'slip', expected one of: .*slips.* Did you mean 'slips'",
        ),
        ({"stated": "two", "follows": "2"}, "entries.0.stated: found 'two'"),
        ({"stated": "2", "follows": "parameterss"}, "1.1: parameterss: found an unknown name"),
    ],
)
def test_what_is_wrong_is_said_of_that_kind_of_entry_and_once(tmp_path: Path, entry: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        _one(tmp_path, **entry)
    assert str(error.value).count("chapter.yaml") == 1


def test_same_id_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ids given twice: 1.1"):
        check_file(_file(tmp_path, {"id": "1.1", "definition": True}, {"id": "1.1", "definition": True}))


def test_stage_writes_verdicts_and_counts(tmp_path: Path, project: Path) -> None:
    path = _file(tmp_path, {"id": "1.1", "stated": "2.5", "follows": "sqrt(6.25)"})
    command = ("python", "-m", "stages.worked_numbers", "--campaign", "theirs", "--files", str(path), "--output", "out.json")
    done = run_in(project, *command)
    assert done.returncode == 0, done.stderr
    assert "1 worked numbers: 1 follows" in done.stdout
    written = json.loads((project / "out.json").read_text())
    assert written["entries"][0] | {"inputs": []} == written["entries"][0]
    assert (written["entries"][0]["value"], written["counts"]["all"]["follows"]) == (2.5, 1)
