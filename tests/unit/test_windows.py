"""The windowed evaluation: losses against ones worked out another way, both protocols, and what is refused."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from stages.errors import UserError
from stages.files import read_json, sha256_of_file
from stages.windows import CLIPPED_LOSS, main, score_windows, spread
from stages.windows_of import Windows
from tests.unit.tokenizers import CLEANING
from tests.unit.trained import LENGTH, RECURRENT, TRANSFORMER, write_characters, write_pieces, write_run, write_tokens

VOCABULARY = 9
TOKENS = np.random.default_rng(5).integers(0, VOCABULARY, 400)


class Bigram(nn.Module):
    """Logits that depend on the last token alone, so that losses can be looked up."""

    def __init__(self, logits_VV: torch.Tensor) -> None:
        super().__init__()
        self.logits_VV = nn.Parameter(logits_VV)

    def forward(self, ids_BT: torch.Tensor, last_only: bool) -> torch.Tensor:
        assert last_only
        return self.logits_VV[ids_BT[:, -1]]


def test_loss_and_accuracy_are_those_of_the_token_after_each_window() -> None:
    logits = np.random.default_rng(1).normal(size=(VOCABULARY, VOCABULARY))
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    starts = np.arange(0, len(TOKENS) - 10, 3)
    last, after = TOKENS[starts + 9], TOKENS[starts + 10]
    windows = Windows(TOKENS.astype(np.uint16), 10, 3)
    score = score_windows(Bigram(torch.tensor(logits, dtype=torch.float32)), windows, np.arange(len(windows)), batch_size=32)
    assert score.windows == len(starts)
    assert score.loss_nats == pytest.approx(-np.log(probabilities[last, after]).mean(), rel=1e-6)
    assert score.accuracy == pytest.approx((probabilities[last].argmax(1) == after).mean())
    assert score.perplexity == pytest.approx(math.exp(score.loss_nats))


def test_the_thesis_clips_a_probability_to_one_in_a_thousand_million() -> None:
    logits = torch.zeros(2, 2)
    logits[:, 1] = -100.0
    windows = Windows(np.array([0, 0, 1], np.uint16), 2, 1)  # whose one target has a probability of e^-100
    assert score_windows(Bigram(logits), windows, np.arange(1), 1).loss_nats == pytest.approx(100)
    assert score_windows(Bigram(logits), windows, np.arange(1), 1, CLIPPED_LOSS).loss_nats == pytest.approx(-math.log(1e-9))


def test_a_diverged_model_is_an_error_not_a_number() -> None:
    windows = Windows(TOKENS.astype(np.uint16), 4, 1)
    for bad in (math.nan, math.inf):
        with pytest.raises(UserError, match="diverged"):
            score_windows(Bigram(torch.full((VOCABULARY, VOCABULARY), bad)), windows, np.arange(5), 2, CLIPPED_LOSS)


def test_spread_covers_the_whole_text_evenly() -> None:
    assert spread(10, 100).tolist() == list(range(10))
    chosen = spread(1_000_003, 1_000)
    assert len(set(chosen)) == 1_000 and chosen[0] == 0 and set(np.diff(chosen)) == {1_000, 1_001}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A run of either family, and three texts as its tokens."""
    tokenizer = write_characters(tmp_path / "tokenizer")
    write_run(tmp_path / "recurrent", tokenizer, VOCABULARY, RECURRENT)
    write_run(tmp_path / "transformer", tokenizer, VOCABULARY, TRANSFORMER)
    write_run(tmp_path / "even", tokenizer, VOCABULARY, fill=0.0)
    write_run(tmp_path / "broken", tokenizer, VOCABULARY, fill=math.nan)
    write_tokens(tmp_path / "head", TOKENS, tokenizer, VOCABULARY, characters=900)
    write_tokens(tmp_path / "held_out", TOKENS[100:300], tokenizer, VOCABULARY, characters=500)
    write_tokens(tmp_path / "train", TOKENS[:100] // 4, tokenizer, VOCABULARY, characters=250)
    return tmp_path


def evaluate(project: Path, monkeypatch: pytest.MonkeyPatch, weights: str, *texts: str, **changes: Any) -> Any:
    """Report of ``python -m stages.windows`` on one run of the project."""
    parameters = {
        "windowed": {"documents": 20, "stride": 2, "maximum_windows": 30},
        "held_out": {"documents": 10, "minimum_characters": 1, "cleaning": CLEANING, "maximum_windows": 40},
        "batch_size": 16,
        **changes,
    }
    given = texts or ("head", "held_out", "train")
    flags = [part for text in given for part in (f"--{Path(text).name.replace('_', '-')}", str(project / text))]
    fixed = ["windows", "--run", weights, "--weights", str(project / weights), "--parameters", json.dumps(parameters), "--threads", "1"]
    monkeypatch.setattr("sys.argv", [*fixed, *flags, "--output", str(project / "report.json")])
    main()
    return read_json(project / "report.json")


def test_a_model_that_knows_nothing_scores_as_even_chances(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = evaluate(project, monkeypatch, "even")
    held_out = report["held_out"]
    assert report["results"]["even"]["avg_loss"] == pytest.approx(math.log(VOCABULARY), rel=1e-6)
    assert held_out["loss_nats"] == pytest.approx(held_out["baselines"]["uniform_loss_nats"], rel=1e-6)
    assert held_out["bits_per_character"] == pytest.approx(math.log2(VOCABULARY) * 200 / 500, rel=1e-6)
    assert (held_out["tokens"], held_out["unknown_tokens"], held_out["characters"], held_out["windows"]) == (200, 3, 500, 40)
    assert report["weights"] == "best" and report["weights_sha256"] == sha256_of_file(project / "even/weights.safetensors")


def test_the_unigram_baseline_scores_the_same_targets_as_the_model(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    baseline = evaluate(project, monkeypatch, "even")["held_out"]["baselines"]["unigram_loss_nats"]
    counts = np.bincount(TOKENS[:100] // 4, minlength=VOCABULARY) + 1
    starts = [index * 194 // 40 for index in range(40)]  # 200 tokens have 194 windows of 6 with a token after each
    targets = [TOKENS[100 + start + LENGTH] for start in starts]
    assert baseline == pytest.approx(-np.log(counts[targets] / counts.sum()).mean(), rel=1e-12)


@pytest.mark.parametrize("weights", ["recurrent", "transformer"])
def test_the_first_windows_are_scored_without_dropout_at_the_last_position(
    project: Path, monkeypatch: pytest.MonkeyPatch, weights: str
) -> None:
    result = evaluate(project, monkeypatch, weights)["results"][weights]
    model = write_run(project / "again", project / "tokenizer", VOCABULARY, RECURRENT if weights == "recurrent" else TRANSFORMER)
    losses = []
    for start in range(0, 60, 2):
        logits = model(torch.tensor(TOKENS[None, start : start + LENGTH]))[0, -1]
        losses.append(-torch.log_softmax(logits.double(), 0)[TOKENS[start + LENGTH]].item())
    assert result["avg_loss"] == pytest.approx(np.mean(losses), rel=1e-6)
    assert result["windows"] == 30 and result["seq_len"] == LENGTH and result["dataset_tokens"] == 400


def test_the_same_evaluation_gives_the_same_bytes_and_the_batch_size_decides_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = evaluate(project, monkeypatch, "transformer")
    written = (project / "report.json").read_bytes()
    evaluate(project, monkeypatch, "transformer")
    assert (project / "report.json").read_bytes() == written
    other = evaluate(project, monkeypatch, "transformer", batch_size=7)
    assert other["held_out"]["loss_nats"] == pytest.approx(first["held_out"]["loss_nats"], rel=1e-6)


def test_a_protocol_that_is_not_asked_for_needs_no_text(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "results" not in evaluate(project, monkeypatch, "recurrent", "held_out", "train", windowed=None)
    assert "held_out" not in evaluate(project, monkeypatch, "recurrent", "head", held_out=None)


def test_the_report_has_the_published_shape(project: Path, monkeypatch: pytest.MonkeyPatch, evidence: Path) -> None:
    published = read_json(evidence / "analysis/artifacts/results/results_subword_models_v4_ep6.json")
    report = evaluate(project, monkeypatch, "recurrent")
    (theirs,), (ours,) = published["results"].values(), report["results"].values()
    assert report["config"].keys() == published["config"].keys() - {"min_len"}
    assert ours.keys() == theirs.keys() - {"model_path", "mapping_path", "tokenization", "tokenizer_model"}


def test_what_cannot_be_evaluated_is_said_and_changes_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*arguments: str, **changes: Any) -> str:
        with pytest.raises(SystemExit) as stopped:
            evaluate(project, monkeypatch, *arguments, **changes)
        assert stopped.value.code == 1
        assert (project / "report.json").read_text() == "earlier"
        return capsys.readouterr().err

    (project / "report.json").write_text("earlier")
    write_tokens(project / "short/head", TOKENS[:LENGTH], project / "tokenizer", VOCABULARY, characters=9)
    other = write_pieces(project / "pieces")
    write_tokens(project / "foreign/head", TOKENS, other, VOCABULARY, characters=900)
    assert "found 6, expected at least 7" in refused("recurrent", "short/head", held_out=None)
    assert "another tokenizer" in refused("recurrent", "foreign/head", held_out=None)
    assert "diverged" in refused("broken")
    assert "--head: found nothing" in refused("recurrent", "held_out", "train")
    assert "no protocol" in refused("recurrent", windowed=None, held_out=None)
    assert "such file" in refused("absent")
