"""The guardrails: the published reports again, and uniform draws told from a model's own text."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from stages import sampler
from stages.evaluation_parameters import Sampling
from stages.files import read_json
from stages.guardrails import LEAST_DISTANCE, distance_from_uniform, report_of
from stages.guardrails import main as guardrails
from stages.sample import main as sample
from stages.sampler import Sample
from stages.training_parameters import TransformerArchitecture
from stages.vocabulary import SentencePieceVocabulary, load_vocabulary
from stages.windows_of import Windows
from tests.unit.trained import LENGTH, keep_weights, made_up_text, write_characters, write_pieces, write_run

SETTINGS = {
    "prompts": ["o gato", "a menina", "a casa quer", "o banco vê a", "a rua"],
    "seeds": [101, 102, 103, 104, 105],
    "temperature": 0.85,
    "top_k": 80,
    "top_p": 0.95,
    "maximum_new_tokens": 280,
    "minimum_new_tokens": 120,
    "frequency_penalty": 0.0,
    "maximum_short_piece_ratio": 1.0,
}


def sampled(output: str, seed: int = 1, mean: float | None = -3.0, vocabulary: int = 14_500) -> Sample:
    """A sample of which only what the guardrails read matters."""
    fixed: dict[str, Any] = {"prompt": "p", "prompt_lowercased": False, "settings": {}, "tokens": 1, "tokenizer_sha256": ""}
    fixed |= {"weights": "best", "weights_sha256": ""}
    return Sample(seed=seed, output=output, mean_log_probability=mean, uniform_log_probability=-math.log(vocabulary), **fixed)


@pytest.mark.parametrize("run", ["v6_rc16k_v5b", "v6_rc16k_v5b_aligned"])
def test_published_reports_come_out_again(evidence: Path, run: str) -> None:
    folder = evidence / "versions/v6-release-candidate"
    published = read_json(folder / f"analysis/guardrails_{run}.json")
    (entries,) = read_json(folder / f"analysis/samples_{run}.json").values()
    model = (folder / "tokenizers/unigram_16k/spm_v6.model").read_bytes()
    vocabulary = SentencePieceVocabulary(model, "unigram", add_bos=True, add_eos=True)
    samples = [sampled(entry["output"], entry["seed"]) for entry in entries]
    report = report_of(published["model_key"], samples, "unigram_16k", vocabulary, Sampling(temperature=1.0, maximum_new_tokens=1))
    for row in (*report["per_sample"], report["thresholds"]):
        row.pop("distance_from_uniform", row.pop("min_distance_from_uniform", None))
    for key in ("thresholds", "aggregate", "per_sample", "passes", "violations"):
        assert report[key] == published[key]


def test_byte_pieces_and_word_internal_letters_are_counted(evidence: Path) -> None:
    model = (evidence / "versions/v4-subword-lstm/tokenizer_v4k_bf/spm_v4k_bf.model").read_bytes()
    report = report_of(
        "r",
        [sampled("☃ não", 7), sampled("", 8, mean=None)],
        "bpe",
        SentencePieceVocabulary(model, "bpe", add_bos=False, add_eos=False),
        Sampling(temperature=1.0, maximum_new_tokens=1),
    )
    first, empty = report["per_sample"]
    assert (first["token_count"], first["fallback_tokens"], first["fallback_ratio"]) == (5, 3, 0.6)  # ▁, three bytes, ▁não
    assert (empty["token_count"], empty["short_alpha_ratio"]) == (0, 0.0)
    kinds = [(violation["type"], violation.get("seed")) for violation in report["violations"]]
    assert kinds == [("aggregate_fallback_ratio", None), ("sample_fallback_ratio", 7), ("degenerate", 8)]


def test_a_ratio_at_its_limit_is_no_violation(evidence: Path) -> None:
    model = (evidence / "versions/v4-subword-lstm/tokenizer_v4k_bf/spm_v4k_bf.model").read_bytes()
    vocabulary = SentencePieceVocabulary(model, "bpe", add_bos=False, add_eos=False)
    for limit, passes in ((0.6, True), (0.59, False)):
        limits = Sampling(temperature=1.0, maximum_new_tokens=1, maximum_fallback_ratio=limit)
        assert report_of("r", [sampled("☃ não")], "bpe", vocabulary, limits)["passes"] is passes


def test_distance_goes_from_even_chances_to_certainty() -> None:
    assert distance_from_uniform(sampled("", mean=-math.log(50), vocabulary=50)) == 0
    assert distance_from_uniform(sampled("", mean=0.0)) == 1
    assert distance_from_uniform(sampled("", mean=-20.0, vocabulary=50)) < 0


@pytest.mark.parametrize("sharpness", [0.0, 1.0, 4.0])
def test_uniform_draws_fail_under_any_model(sharpness: float) -> None:
    rng = np.random.default_rng(2)
    log_probabilities = sampler.log_softmax(sharpness * rng.normal(size=(200, 4_000)))
    uniform = [float(row[rng.integers(4_000)]) for row in log_probabilities]
    assert distance_from_uniform(sampled("", mean=float(np.mean(uniform)), vocabulary=4_000)) < LEAST_DISTANCE / 2


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Transformer that learnt a made-up language for a moment, and its tokenizer."""
    folder = tmp_path_factory.mktemp("project")
    vocabulary = load_vocabulary(write_pieces(folder / "pieces"))
    write_characters(folder / "characters")
    architecture = TransformerArchitecture(family="transformer", model_size=32, layers=1, heads=2, feed_forward_size=64, dropout=0.0)
    model = write_run(folder / "learnt", folder / "pieces", vocabulary.size, architecture)
    ids = np.array([each for text in made_up_text(200) for each in vocabulary.encode_document(text)], np.uint16)
    windows, rng = Windows(ids, LENGTH, 1), np.random.default_rng(0)
    torch.set_num_threads(1)  # as many as the stages are given below; more only get in each other's way
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(60):
        inputs_BT, targets_BT = windows.batch(rng.integers(0, len(windows), 32))
        optimiser.zero_grad()
        loss = cross_entropy(model(torch.from_numpy(inputs_BT)).flatten(0, 1), torch.from_numpy(targets_BT).flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    keep_weights(folder / "learnt", folder / "pieces", model, architecture, vocabulary.size)
    return folder


def run_stage(monkeypatch: pytest.MonkeyPatch, stage: Any, project: Path, tokenizer: str = "pieces", **given: Any) -> None:
    given |= {"tokenizer": project / tokenizer}
    flags = [part for name, value in given.items() for part in (f"--{name}", str(value))]
    monkeypatch.setattr("sys.argv", ["stage", "--run", "learnt", "--parameters", json.dumps(SETTINGS), *flags])
    stage()


def checked(project: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Report on samples that are drawn anew."""
    samples = project / "samples.json"
    run_stage(monkeypatch, sample, project, weights=project / "learnt", threads=1, output=samples)
    run_stage(monkeypatch, guardrails, project, samples=samples, output=project / "report.json")
    return read_json(project / "report.json")


def test_a_models_own_text_passes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = checked(project, monkeypatch)
    assert report["passes"] and not report["violations"]
    assert min(row["distance_from_uniform"] for row in report["per_sample"]) > 0.5
    assert report["tokenizer"] == (project / "pieces/tokenizer.model").as_posix()
    assert report["tokenizer_sha256"] == load_vocabulary(project / "pieces").sha256


def index_as_threshold(logits: Any, counts: Any, settings: Sampling, rng: np.random.Generator) -> int:
    """The thesis's faulty top-k: the index of the k-th logit as the threshold masks them all, and the way out draws evenly."""
    k = min(settings.top_k or len(logits), len(logits))
    threshold = np.argpartition(logits, -k)[-k] + len(logits)
    kept = np.where(logits < threshold, -np.inf, logits)
    weights = np.exp(kept)
    return int(rng.choice(len(logits), p=weights / weights.sum() if weights.sum() else None))


def test_the_thesis_s_uniform_draws_are_caught(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "next_token", index_as_threshold)
    report = checked(project, monkeypatch)
    caught = [violation["seed"] for violation in report["violations"] if violation["type"] == "degenerate"]
    assert caught == SETTINGS["seeds"] and not report["passes"]
    assert max(row["distance_from_uniform"] for row in report["per_sample"]) < 0


def test_samples_of_another_run_or_tokenizer_are_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not (project / "report.json").exists():
        checked(project, monkeypatch)
    written = (project / "report.json").read_bytes()

    def refused(samples: Path, tokenizer: str = "pieces") -> str:
        with pytest.raises(SystemExit) as stopped:
            run_stage(monkeypatch, guardrails, project, tokenizer, samples=samples, output=project / "report.json")
        assert stopped.value.code == 1 and (project / "report.json").read_bytes() == written
        return capsys.readouterr().err

    assert "a SentencePiece tokenizer" in refused(project / "samples.json", "characters")
    content = read_json(project / "samples.json")
    (project / "other.json").write_text(json.dumps({"another": content["learnt"]}))
    assert "no samples" in refused(project / "other.json")
    content["learnt"][2]["tokenizer_sha256"] = "0" * 64
    (project / "other.json").write_text(json.dumps(content))
    assert "learnt[2].tokenizer_sha256" in refused(project / "other.json")
    (project / "other.json").write_text('{"learnt": [{"prompt": "p", "output": "o"}]}')  # as the thesis wrote them
    assert "learnt[0]: seed: found nothing" in refused(project / "other.json")
