"""Artifacts of trained campaigns are named by the parameters that make them: runs that agree share them, others do not."""

import pytest

from stages.errors import UserError
from stages.parameter_models import RunParameters
from stages.parameters import load_campaign, load_run
from stages.places import PARTS, has_guardrails, result_files, text_name, text_of, tokenizer_name


def names(parameters: RunParameters) -> dict[str, str | None]:
    """Text of each part, and the tokenizer."""
    texts = {part: text_of(parameters, part) for part in PARTS}
    return {part: text_name(text) if text else None for part, text in texts.items()} | {"tokenizer": tokenizer_name(parameters)}


def test_runs_that_agree_share_texts_and_tokenizers() -> None:
    v2, v3, v1 = (names(load_run("thesis", run)) for run in ("v2", "v3", "v1"))
    assert v2 == v3
    assert v1["train"] == v2["train"]
    assert v1["tokenizer"] != v2["tokenizer"]  # v1 has no character for those that it does not know
    assert v1["validation"] is None
    assert names(load_run("thesis", "v4k_bf_ep2"))["tokenizer"] == names(load_run("thesis", "v5_main"))["tokenizer"]
    runs = [run for name in load_campaign("thesis").runs if (run := load_run("thesis", name)).track == 1]
    assert len({names(run)["held_out"] for run in runs}) == 1


def test_a_variant_reads_what_its_run_reads() -> None:
    assert names(load_run("thesis", "v1_all_positions")) == names(load_run("thesis", "v1"))


def test_a_vocabulary_changes_its_own_tokenizer_and_no_text() -> None:
    before, after = (load_run("demo", "v6_rc16k_v5b", settings) for settings in ((), ("v6_rc16k_v5b.tokenizer.vocabulary_requested=1100",)))
    changed = {part for part, name in names(after).items() if names(before)[part] != name}
    assert changed == {"tokenizer"}
    aligned = names(load_run("demo", "v6_rc16k_v5b_aligned", ("v6_rc16k_v5b.tokenizer.vocabulary_requested=1100",)))
    assert aligned["tokenizer"] == names(before)["tokenizer"]


def test_what_is_only_known_of_a_tokenizer_does_not_name_it() -> None:
    run = load_run("thesis", "v6_rc16k_v5b")
    assert run.tokenizer
    other = run.model_copy(update={"tokenizer": run.tokenizer.model_copy(update={"vocabulary": 1, "name": "another"})})
    assert tokenizer_name(other) == tokenizer_name(run)


def test_characters_have_no_guardrails_and_variants_no_samples() -> None:
    assert not has_guardrails(load_run("thesis", "v1"))
    assert has_guardrails(load_run("thesis", "v4_subword"))
    assert "samples" not in result_files("thesis", load_run("thesis", "v4_subword_all_positions")).files


def test_a_variant_lies_above_its_run_and_below_the_overrides() -> None:
    run, variant = load_run("demo", "v1"), load_run("demo", "v1_all_positions")
    assert run.training and variant.training
    assert variant.training.objective == "all_positions"
    assert variant.training.model_copy(update={"objective": "many_to_one"}) == run.training
    assert variant.architecture == run.architecture
    changed = load_run("demo", "v1_all_positions", ["v1.training.batch_size=8"]).training
    assert changed and changed.batch_size == 8


def test_an_override_of_an_unknown_run_is_named(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from stages import parameters

    content = {"campaign": "demo", "source": "training", "runs": ["v1"], "corpus": {"source": "demo", "documents": 1, "seed": 1}}
    monkeypatch.setattr(parameters, "read_yaml", lambda path: content | {"overrides": {"v9": {}}})
    with pytest.raises(UserError, match="overrides: found 'v9', expected all, track1, track2, or one of: base"):
        load_campaign("demo")
    monkeypatch.setattr(parameters, "read_yaml", lambda path: content | {"corpus": None})
    with pytest.raises(UserError, match=r"params/campaigns/demo.yaml: corpus: found nothing, expected the text"):
        load_campaign("demo")
