"""Scores of the answers alone."""

import json
from typing import Any

import pytest

from stages.corrected_scores import correct
from stages.document import Document
from stages.parameters import load_run
from tests.audit.sound import SEEDS, Sound, inside

HEADER = "pergunta que sobrouassistant\n\n"


def readings(sound: Sound) -> dict[str, Any]:
    with inside(sound.folder):
        extrinsic = load_run("sound", "extrinsic").extrinsic
    assert extrinsic
    outputs = {seed: [Document("o", "", row) for row in sound.read(f"evaluation/outputs_{seed}.jsonl")] for seed in SEEDS}
    return correct(outputs, extrinsic, "strict")


def test_without_residue_all_answers_score_as_published(sound: Sound) -> None:
    result = readings(sound)
    assert result["answer_as_run"] == result["published"]
    summary = sound.read("evaluation/summary_11.json")["tasks"]["qa"]["metrics"]
    assert result["published"]["qa"]["em"]["base"]["seeds"]["11"] == summary["base"]["em"]
    assert result["published"]["qa"]["em"]["gain"] == 0.25
    assert result["answer_as_stated"]["qa"]["f1"] != result["published"]["qa"]["f1"], "under another normaliser"


def test_residue_is_cut_off_before_scoring(sound: Sound) -> None:
    clean = readings(sound)

    def spoil(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["base_output"], row["sft_output"] = HEADER + row["base_output"], HEADER + row["sft_output"]

    for seed in SEEDS:
        sound.change(f"evaluation/outputs_{seed}.jsonl", spoil)
    result = readings(sound)
    assert result["answer_as_run"] == clean["answer_as_run"]
    assert result["published"]["qa"]["em"]["sft"]["mean"] == 0.0


def test_the_interval_holds_the_gain_and_leaves_out_zero_where_all_gain(sound: Sound) -> None:
    result = readings(sound)["published"]["rewriting"]["rouge_l_f1"]
    assert 0 < result["low"] < result["gain"] < result["high"]
    assert result["p"] < 0.01


@pytest.mark.evidence
def test_the_published_gains() -> None:
    """As committed; the numbers that the README and the page show."""
    from tests.conftest import ROOT

    content = json.loads((ROOT / "analysis/published/audit/corrected_scores.json").read_text())
    assert content["rows_with_residue"] == {"123": 442, "456": 445, "789": 448, "all": 1335}
    em = content["readings"]["answer_as_run"]["qa"]["em"]
    assert (round(em["base"]["mean"], 3), round(em["sft"]["mean"], 3)) == (0.08, 0.257)
