from typing import Any

import pytest

from stages.document import Document
from stages.errors import UserError
from stages.normalise import thesis_as_run
from stages.parameter_models import Extrinsic
from stages.score import exact_match, first_line, rouge_l_f1, score_outputs, token_f1

EXTRINSIC = Extrinsic(
    base_model="m",
    adapter_run="sft",
    tasks={"qa": ["em", "f1"]},
    seeds=[1],
    examples_per_task=1,
    normaliser="thesis-as-run",
    quantisation="nf4",
    decoding="greedy",
    batch_size=4,
    maximum_prompt_tokens=8,
    maximum_new_tokens={"qa": 4},
)


def test_thesis_normaliser_as_it_ran() -> None:
    assert thesis_as_run("  Ação, já! ") == "acao  ja"
    assert thesis_as_run("o gato e a avó") == "o gato e a avo", "articles stay: their removal never matched"
    assert thesis_as_run("a\n\nb\\s") == "a  b\\s", "each other character is one space; a backslash stays"


def test_exact_match_minds_inner_spaces_and_needs_a_reference() -> None:
    assert exact_match("Sim.", "sim", thesis_as_run) == 1
    assert exact_match("a, b", "a b", thesis_as_run) == 0
    assert exact_match("", "", thesis_as_run) == 0


def test_question_answering_scores_the_first_line_that_is_not_blank() -> None:
    assert first_line("\n  \n b \nc") == "b"
    assert exact_match("\nsystem\nSim", "Sim", thesis_as_run) == 0


def test_f1_counts_words_as_often_as_they_occur() -> None:
    assert token_f1("a a b", "a b b", thesis_as_run) == pytest.approx(2 / 3)
    assert token_f1("x", "y", thesis_as_run) == 0
    assert token_f1("", "y", thesis_as_run) == 0


def test_rouge_l_is_the_f1_of_the_longest_common_subsequence() -> None:
    precision, recall = 2 / 3, 2 / 4
    assert rouge_l_f1("a x c", "a b c d", thesis_as_run) == pytest.approx(2 * precision * recall / (precision + recall))
    assert rouge_l_f1("", "a", thesis_as_run) == 0
    assert rouge_l_f1("avó", "avô", thesis_as_run) == 1, "accents are dropped under this normaliser"


def test_every_example_system_and_metric_gets_a_row() -> None:
    row: dict[str, Any] = {"task": "qa", "hash": "h", "reference": "sim", "base_output": "não", "sft_output": "Sim"}
    row |= {"metrics": {"base": {"em": 0.0, "f1": 0.0}, "sft": {"em": 1.0, "f1": 1.0}}}
    scores = list(score_outputs([Document("o.jsonl", "", row, "line 1: ")], 1, EXTRINSIC))
    assert [(s["system"], s["metric"], s["score"]) for s in scores] == [
        ("base", "em", 0),
        ("base", "f1", 0),
        ("sft", "em", 1),
        ("sft", "f1", 1),
    ]
    with pytest.raises(UserError, match=r"o.jsonl: line 7: \$.task: found 'translation', expected one of: qa"):
        list(score_outputs([Document("o.jsonl", "", row | {"task": "translation"}, "line 7: ")], 1, EXTRINSIC))
