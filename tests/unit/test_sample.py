"""``python -m stages.sample`` on small models of both families, with characters and with SentencePiece."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from stages.files import read_json
from stages.sample import last_logits, prompt_ids
from stages.sample import main as sample
from stages.vocabulary import load_vocabulary
from tests.unit.trained import LENGTH, RECURRENT, TRANSFORMER, write_characters, write_pieces, write_run

SETTINGS = {
    "prompts": ["o gato", "a casa e o gato na casa", "o"],
    "seeds": [101, 102, 103],
    "temperature": 0.85,
    "top_k": 80,
    "top_p": 0.95,
    "maximum_new_tokens": 30,
    "minimum_new_tokens": 10,
    "frequency_penalty": 0.5,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    characters, pieces = write_characters(folder / "characters"), write_pieces(folder / "pieces")
    write_run(folder / "recurrent", characters, load_vocabulary(characters).size, RECURRENT)
    write_run(folder / "transformer", pieces, load_vocabulary(pieces).size, TRANSFORMER)
    write_run(folder / "even", characters, load_vocabulary(characters).size, fill=0.0)
    write_run(folder / "broken", characters, load_vocabulary(characters).size, fill=math.nan)
    return folder


def drawn(
    project: Path, monkeypatch: pytest.MonkeyPatch, run: str, *flags: str, tokenizer: str = "characters", **changes: Any
) -> list[dict[str, Any]]:
    """Samples of one run of the project."""
    fixed = ["sample", "--run", run, "--weights", str(project / run), "--tokenizer", str(project / tokenizer), "--threads", "1"]
    arguments = [*fixed, "--parameters", json.dumps(SETTINGS | changes), "--output", str(project / "samples.json"), *flags]
    monkeypatch.setattr("sys.argv", arguments)
    sample()
    (entries,) = read_json(project / "samples.json").values()
    return list(entries)


@pytest.mark.parametrize(("run", "tokenizer"), [("recurrent", "characters"), ("transformer", "pieces")])
def test_a_text_is_the_same_alone_among_others_and_again(project: Path, monkeypatch: pytest.MonkeyPatch, run: str, tokenizer: str) -> None:
    together = drawn(project, monkeypatch, run, tokenizer=tokenizer)
    written = (project / "samples.json").read_bytes()
    assert drawn(project, monkeypatch, run, tokenizer=tokenizer) == together
    assert (project / "samples.json").read_bytes() == written
    for entry in together:
        (alone,) = drawn(project, monkeypatch, run, tokenizer=tokenizer, prompts=[entry["prompt"]], seeds=[entry["seed"]])
        assert alone["output"] == entry["output"] and alone["tokens"] == entry["tokens"]
        assert alone["mean_log_probability"] == pytest.approx(entry["mean_log_probability"], rel=1e-5)


def test_a_sample_says_how_it_was_drawn_and_how_probable_it_is(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = load_vocabulary(project / "characters").size
    for entry, prompt, seed in zip(drawn(project, monkeypatch, "even"), SETTINGS["prompts"], SETTINGS["seeds"], strict=True):  # type: ignore[call-overload]
        assert (entry["prompt"], entry["seed"]) == (prompt, seed)
        assert entry["settings"] == {name: value for name, value in SETTINGS.items() if name not in ("prompts", "seeds")}
        assert entry["tokens"] == 30
        assert entry["mean_log_probability"] == pytest.approx(-math.log(size), rel=1e-6)  # the model gives all tokens the same
        assert entry["uniform_log_probability"] == pytest.approx(-math.log(size))


def test_logits_of_contexts_of_several_lengths_are_those_of_each_alone(project: Path) -> None:
    model = write_run(project / "again", project / "pieces", 60, TRANSFORMER)
    contexts = [[5, 6, 7], [8], [9, 10, 11], [5, 6, 7, 8, 9, 10][:LENGTH]]
    together = last_logits(model, contexts)
    for context, row in zip(contexts, together, strict=True):
        assert row == pytest.approx(model(torch.tensor([context]))[0, -1].detach().double().numpy(), abs=1e-5)
    assert not np.allclose(together[0], together[2])


def test_a_prompt_begins_as_the_runs_documents_do(project: Path) -> None:
    characters, pieces = load_vocabulary(project / "characters"), load_vocabulary(project / "pieces")
    assert prompt_ids(characters, "o gato") == characters.encode("o gato")
    assert prompt_ids(pieces, "o gato") == [pieces.bos, *pieces.encode("o gato")]


def test_prompts_are_lower_cased_for_a_run_of_lower_cased_text(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upper = ["O GATO", "A CASA E O GATO NA CASA", "O"]
    plain = drawn(project, monkeypatch, "recurrent")
    lowered = drawn(project, monkeypatch, "recurrent", "--lowercase", prompts=upper)
    assert [entry["output"] for entry in lowered] == [entry["output"] for entry in plain]
    assert [entry["prompt"] for entry in lowered] == upper and lowered[0]["prompt_lowercased"]
    assert [entry["output"] for entry in drawn(project, monkeypatch, "recurrent", prompts=upper)] != [e["output"] for e in plain]


def test_what_cannot_be_drawn_is_said_and_changes_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(run: str = "recurrent", **changes: Any) -> str:
        (project / "samples.json").write_text("earlier")
        with pytest.raises(SystemExit) as stopped:
            drawn(project, monkeypatch, run, **changes)
        assert stopped.value.code == 1 and (project / "samples.json").read_text() == "earlier"
        return capsys.readouterr().err

    assert "found 1 for 3 prompts, expected one for each" in refused(seeds=[1])
    assert "found -1" in refused(seeds=[1, 2, -1])
    assert "at least one prompt" in refused(prompts=[], seeds=[])
    assert "at least one token" in refused(prompts=["o", "", "a"])
    assert "another tokenizer" in refused(tokenizer="pieces")
    assert "diverged" in refused("broken")
