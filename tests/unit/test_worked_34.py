"""Worked numbers of chapters 3 and 4, of the abstract and of the conclusion: known errors and sound figures, worked here on their own."""

import csv
import json
import math
import re
from pathlib import Path

import pytest

from stages.worked_numbers import Held, check
from stages.yaml_files import read_yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "data" / "thesis_worked"
FILES = [FOLDER / name for name in ("1_front_and_conclusion.yaml", "2_chapter_3.yaml", "3_chapter_4.yaml")]


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Held]:
    return {verdict.entry.id: verdict.held for verdict in check(FILES)}


def test_every_numbered_equation_has_an_entry(verdicts: dict[str, Held]) -> None:
    numbers = [f"3.{number}" for number in range(1, 4)] + [f"4.{number}" for number in range(1, 26)]
    assert [number for number in numbers if number not in verdicts] == []


def test_a_chapter_s_entries_follow_the_order_of_its_equations() -> None:
    for path, last in ((FILES[1], 3), (FILES[2], 25)):
        ids = [entry["id"] for entry in read_yaml(path)["entries"]]
        equations = [id for id in ids if re.fullmatch(r"\d\.\d+", id)]
        assert [int(id.partition(".")[2]) for id in equations] == list(range(1, last + 1))


def test_adapters_of_rank_64_are_ten_times_what_is_stated(verdicts: dict[str, Held]) -> None:
    square, narrow, wide = 4096 + 4096, 4096 + 1024, 4096 + 14336  # query, output; key, value; gate, up, down
    a_layer = 64 * (square + narrow + narrow + square + wide + wide + wide)
    assert verdicts["4.8"].outcome == "differs"
    assert verdicts["4.8"].value == 32 * a_layer == 167_772_160
    assert 32 * 64 * square == 16_777_216  # the slip that is named
    assert "square matrix" in verdicts["4.8"].why


def test_what_goes_on_from_the_wrong_sum_follows_from_it(verdicts: dict[str, Held]) -> None:
    expected = {"4.9": 500, "4.11": 64, "4.12": 64, "4.13": 128, "4.14": 16.256}
    assert {id: verdicts[id].value for id in expected} == pytest.approx(expected)
    assert {verdicts[id].outcome for id in expected} == {"follows"}


def test_the_budgets_of_7_and_70_billion_follow(verdicts: dict[str, Held]) -> None:
    expected = {"4.1": 28, "4.2": 28, "4.3": 56, "4.4": 112, "4.5": 88, "4.15": 140, "4.16": 35, "4.17": 4, "4.22": 43.4}
    assert {id: verdicts[id].value for id in expected} == pytest.approx(expected)
    assert {verdicts[id].outcome for id in expected} == {"follows"}


def test_assumptions_without_inputs_are_not_called_right(verdicts: dict[str, Held]) -> None:
    assert {verdicts[id].outcome for id in ("4.19", "4.21", "4.2.2.2 percentile")} == {"not verifiable"}


def test_the_split_of_continued_pretraining_is_not_the_instruction_rows_one(verdicts: dict[str, Held]) -> None:
    found = {part: verdicts[f"4.3.2.2 CPT {part}"] for part in ("train", "validation", "test")}
    assert {part: verdict.value for part, verdict in found.items()} == pytest.approx({"train": 95, "validation": 5, "test": 0})
    assert {verdict.outcome for verdict in found.values()} == {"differs"}
    assert {verdicts[f"4.3.2.2 SFT {part}"].outcome for part in found} == {"follows"}


def test_the_tokenizer_has_fewer_pieces_than_the_text_says(verdicts: dict[str, Held]) -> None:
    verdict = verdicts["4.3.1.2 vocabulary"]
    assert (verdict.outcome, verdict.value) == ("differs", 14_500)


def test_hours_and_costs_of_the_abstract_are_sums_of_table_4(verdicts: dict[str, Held]) -> None:
    for id, value in {"abstract hours": 2.35 + 1.06 + 1.81, "abstract dollars": 0.71 + 0.32 + 0.54}.items():
        assert verdicts[id].value == pytest.approx(value)
        assert verdicts[id].outcome == "follows"
    assert verdicts["5.1 dollars"].outcome == "follows"
    assert verdicts["5.1 dollars from hours"].outcome == "rounding"
    assert verdicts["5.1 dollars from hours"].value == pytest.approx(3.41 * 0.30)


def test_gains_in_percent_follow_from_unrounded_values(verdicts: dict[str, Held]) -> None:
    assert verdicts["Table 12 sft gain"].value == pytest.approx(100 * (math.exp(1.117) / math.exp(1.778) - 1))
    assert verdicts["Table 13 qa.em percent"].value == pytest.approx(100 * (54 - 22) / 22)  # hits of 600 rows
    assert {verdicts[id].outcome for id in ("Table 12 sft gain", "Table 13 qa.em percent")} == {"follows"}


def test_the_reduction_of_one_matrix_and_six_operations_a_token_follow(verdicts: dict[str, Held]) -> None:
    assert verdicts["3.4 reduction"].value == pytest.approx(4096 * 4096 / (8 * 4096 + 8 * 4096)) == 256
    assert {verdicts[id].outcome for id in ("3.2", "3.4 full", "3.4 adapter", "3.4 reduction")} == {"follows"}


def test_printed_figures_are_those_of_the_tables() -> None:
    with (ROOT / "data" / "thesis_cells.csv").open(encoding="utf-8") as file:
        cells = {(row["table"], row["row"], row["column"]): row["printed"] for row in csv.DictReader(file)}
    content = read_yaml(FILES[2])
    hours = {f"hours_{row}": float(printed) for (table, row, column), printed in cells.items() if (table, column) == ("tab01", "hours")}
    assert {name: given["value"] for name, given in content["inputs"].items() if name in hours} == hours
    columns = {None: "cost", "hours": "hours", "dollars": "cost", "perplexity": "perplexity"}
    compared = 0
    for entry in content["entries"]:
        if named := re.fullmatch(r"Table ([34789]|12) (\w+)(?: (hours|dollars|perplexity))?", entry["id"]):
            assert entry["stated"] == cells[f"tab{int(named[1]):02}", named[2], columns[named[3]]], entry["id"]
            compared += 1
    assert compared == 44


def test_means_of_the_scores_are_those_of_the_published_table() -> None:
    table = json.loads((ROOT / "reports" / "published" / "tables" / "tab13.json").read_text(encoding="utf-8"))
    inputs = read_yaml(FILES[2])["inputs"]
    names = {"qa.em": "em", "qa.f1": "f1", "summarization.rouge_l": "summary", "rewriting.rouge_l": "rewriting"}
    for row in table["rows"]:
        for column in ("base", "sft"):
            values = [part["value"] for part in row["cells"][column]["parts"]]
            assert inputs[f"{names[row['id']]}_{column}"]["value"] in values
