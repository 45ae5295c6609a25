"""What is counted as tokens, steps, pieces, epochs and examples: each rule finds what cannot be so."""

from typing import Any

import pytest

from tests.audit.sound import Sound
from tests.audit.test_recompute import put

IDS = tuple(
    f"counting.{name}"
    for name in ("padding", "flops", "rows", "overlap", "steps", "vocabulary", "epochs", "split", "divergence", "weights")
)


def test_silent_on_the_sound_campaign(sound: Sound) -> None:
    assert [finding for finding in sound.audit(*IDS) if finding.severity != "note"] == []


# --- padding, FLOPs, rows ------------------------------------------------------------------------------------------------


def test_examples_times_length_as_tokens(sound: Sound) -> None:
    sound.change("adapter/train.json", put("training.tokens_seen", 80 * 2048 * 2))
    sound.change("adapter/train.json", put("data.seq_len", 2048))
    [finding] = sound.audit("counting.padding")
    size = sum(len(text.encode()) for row in sound.read("adapter/data/sft_train.jsonl") for text in row.values())
    assert (finding.severity, finding.stated) == ("error", "327,680 tokens")
    assert finding.recomputed == f"at most {2 * (size + 80 * 100):,}"
    assert "examples times maximum length times epochs" in finding.message


def test_as_many_tokens_as_the_files_may_hold(sound: Sound) -> None:
    sound.change("adapter/train.json", put("training.tokens_seen", 20_000))
    assert sound.audit("counting.padding") == []


def test_operations_that_fit_a_smaller_model(sound: Sound) -> None:
    key = "training.trainer_metrics.total_flos"
    sound.change("adapter/train.json", put(key, lambda flops: flops / 12))
    [finding] = sound.audit("counting.flops")
    assert (finding.severity, finding.effect) == ("error", "12.6 times")
    assert "0.63B" in finding.message
    sound.change("adapter/train.json", put(key, lambda flops: flops * 12 / 2))  # packed weights, counted as they lie
    assert sound.audit("counting.flops") == []


@pytest.mark.parametrize(("name", "billions"), [("Mixtral-8x7B-v0.1", 46.4), ("Mixtral-8x7B-v0.1", 12.9), ("Scout-17B-16E", 109.0)])
def test_operations_of_a_mixture_of_experts(sound: Sound, name: str, billions: float) -> None:
    def change(factor: float) -> None:
        tokens = sound.read("adapter/train.json")["training"]["tokens_seen"]
        sound.change("adapter/train.json", put("training.trainer_metrics.total_flos", factor * 6 * tokens * billions * 1e9))
        sound.change("adapter/train.json", put("model.name_or_path", f"somebody/{name}"))

    change(1)
    assert sound.audit("counting.flops") == []
    change(1 / 30)
    assert [finding.severity for finding in sound.audit("counting.flops")] == ["error"]


def test_a_training_file_that_lost_a_row(sound: Sound) -> None:
    sound.change("adapter/data/sft_train.jsonl", lambda rows: rows[1:])
    finding, note = sound.audit("counting.rows")
    assert (finding.subject, finding.severity) == ("adapter/train.json training.train_samples", "error")
    assert (finding.stated, finding.recomputed) == ("80", "79")
    assert note.recomputed == "2 numbers"


# --- overlap -------------------------------------------------------------------------------------------------------------


def test_windows_that_overlap(sound: Sound) -> None:
    def change(log: Any) -> None:
        log["train_config"]["stride"] = 32
        log["dataset"]["train_chars"] = 20_608

    sound.spoil("char/train.json", change)
    [finding] = sound.audit("counting.overlap")
    assert (finding.subject, finding.severity, finding.verdict) == ("models", "warning", "protocol fault")
    assert (finding.stated, finding.recomputed, finding.effect) == ("163,840 tokens (char)", "41,216", "up to 3.98 times")
    assert finding.cells == ("models tokens.char",)


def test_overlap_by_the_stride_where_tokens_are_not_logged(sound: Sound) -> None:
    sound.change("lm/mapping.json", put("stride", 64))
    sound.change("lm/console.txt", lambda text: text.replace('"tokens": 81921', '"tokens": 41025'))
    sound.make()
    [finding] = sound.audit("counting.overlap")
    assert "lm 327,680, but 164,100 of text" in finding.message


def test_positions_that_no_table_prints_as_tokens(sound: Sound) -> None:
    sound.change_parameters("data/sound_claims.yaml", put("token_columns", {"models": "hours"}))
    sound.change_parameters("params/runs/char.yaml", put("training.objective", "many_to_one"))
    sound.make()
    assert sound.audit("counting.overlap") == []
    sound.change_parameters("data/sound_claims.yaml", put("token_columns", {}))
    assert "128 times" in sound.audit("counting.overlap")[0].effect

    def add_column(table: Any) -> None:
        table["columns"].append(
            {"id": "predicted", "header": "predicted", "parts": [{"value": "run.data.predicted_tokens", "decimals": 0}]}
        )

    sound.change_parameters("params/tables/models.yaml", add_column)
    sound.make()
    assert sound.audit("counting.overlap") == []  # the table says both


# --- steps ---------------------------------------------------------------------------------------------------------------


def inflate(log: Any) -> None:
    for epoch in log["history"]:
        epoch["tokens_epoch"] *= 2
        epoch["tokens_seen_total"] *= 2


def test_more_tokens_than_the_windows_make(sound: Sound) -> None:
    sound.spoil("lm/train.json", inflate)
    finding, note = sound.audit("counting.steps")
    assert (finding.subject, finding.severity) == ("lm, epochs", "error")
    assert (finding.stated, finding.recomputed, finding.effect) == ("80.00 steps", "40 steps", "+100.00%")
    assert note.recomputed == "2 runs"


def test_batches_that_the_windows_do_not_make(sound: Sound) -> None:
    sound.change("lm/console.txt", lambda text: text.replace('"batches": 40', '"batches": 41'))
    assert [finding.severity for finding in sound.audit("counting.steps")] == ["error", "note"]


def test_a_last_batch_that_is_not_full(sound: Sound) -> None:
    sound.change("lm/console.txt", lambda text: text.replace('"windows": 640', '"windows": 645'))
    sound.make()
    assert [finding.severity for finding in sound.audit("counting.steps")] == ["note"]


def test_steps_a_second_of_another_batch(sound: Sound) -> None:
    sound.spoil("adapter/configuration.json", put("training.gradient_accumulation_steps", 8))
    finding, _ = sound.audit("counting.steps")
    assert (finding.subject, finding.stated, finding.recomputed) == ("adapter, rate", "0.031", "0.016")


# --- vocabulary ----------------------------------------------------------------------------------------------------------


def unigram(sound: Sound, asked: int, seed_size: int) -> int:
    """Put a unigram tokenizer with a soft limit in the place of the campaign's; how many pieces it has."""
    import io

    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    from tests.audit.sound import sentence

    model = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=(sentence(seed) for seed in range(500)),
        model_writer=model,
        model_type="unigram",
        vocab_size=asked,
        seed_sentencepiece_size=seed_size,
        hard_vocab_limit=False,
        num_threads=1,
        minloglevel=2,
    )
    (sound.evidence / "tokenizer/spm.model").write_bytes(model.getvalue())
    return int(SentencePieceProcessor(model_proto=model.getvalue()).vocab_size())


def test_a_vocabulary_below_the_one_asked_for(sound: Sound) -> None:
    made = unigram(sound, 300, 300)
    assert made < 300
    for run in ("lm", "lm_wide"):
        sound.change(f"{run}/mapping.json", put("tokenizer_vocab_size", made))
        sound.change_parameters(f"params/runs/{run}.yaml", put("tokenizer.vocabulary_requested", 300))
    sound.make()
    [finding] = sound.audit("counting.vocabulary")
    assert (finding.subject, finding.severity) == ("tokenizer/spm.model, 300 asked for", "warning")
    assert (finding.stated, finding.recomputed) == ("300", str(made))
    assert "began with 300 seed pieces" in finding.message


def test_a_table_that_prints_the_size_asked_for(sound: Sound) -> None:
    def add_column(table: Any) -> None:
        value = "run.configuration.tokenizer.vocabulary_requested if run.identity.run == 'lm' else 0"
        table["columns"].append({"id": "pieces", "header": "pieces", "parts": [{"value": value, "decimals": 0}]})

    sound.change_parameters("params/tables/models.yaml", add_column)
    sound.change_parameters("params/runs/lm.yaml", put("tokenizer.vocabulary_requested", 1000))
    sound.make()
    [finding] = sound.audit("counting.vocabulary")
    assert (finding.severity, finding.cells) == ("error", ("models pieces.lm",))
    assert finding.effect == "-100 pieces"


def test_settings_of_a_tokenizer_that_has_fewer_pieces(sound: Sound) -> None:
    sound.write("tokenizer/meta.json", {"vocab_size": 900, "model_path": "tokenizer/spm.model"})
    sound.make()
    assert sound.audit("counting.vocabulary") == []
    sound.change("tokenizer/meta.json", put("vocab_size", 950))
    [finding] = sound.audit("counting.vocabulary")
    assert (finding.severity, finding.stated, finding.recomputed) == ("warning", "950", "900")


def test_settings_that_the_model_was_not_trained_with(sound: Sound) -> None:
    from stages.audit.artifacts import TokenizerModel
    from tests.audit.sound import tokenizer_bytes

    settings = TokenizerModel.parse("", tokenizer_bytes()).settings
    stated = {"vocab_size": 900, "model_path": "tokenizer/spm.model", "byte_fallback": True, "limit_docs": 5}
    sound.write("tokenizer/meta.json", stated | {"character_coverage": round(settings["character_coverage"], 6)})
    sound.make()
    assert sound.audit("counting.vocabulary") == []
    sound.change("tokenizer/meta.json", put("character_coverage", 0.98))
    sound.change("tokenizer/meta.json", put("byte_fallback", False))
    [finding] = sound.audit("counting.vocabulary")
    assert (finding.severity, finding.subject) == ("error", "tokenizer/meta.json, settings")
    assert "$.character_coverage is 0.98" in finding.message and "$.byte_fallback is 0, in the model 1" in finding.message


def test_scores_that_the_model_does_not_give(sound: Sound) -> None:
    from stages.audit.artifacts import TokenizerModel
    from tests.audit.sound import tokenizer_bytes

    model = TokenizerModel.parse("", tokenizer_bytes())
    lines = [f"{piece}\t{score:g}\n" for piece, score in zip(model.pieces, model.scores, strict=True)]
    sound.write("tokenizer/spm.vocab", "".join(lines))
    sound.make()
    assert sound.audit("counting.vocabulary") == []
    sound.write("tokenizer/spm.vocab", "".join([*lines[:-1], f"{model.pieces[-1]}\t-1\n"]))
    sound.make()
    [finding] = sound.audit("counting.vocabulary")
    assert (finding.severity, finding.stated) == ("error", "-1") and finding.evidence[1].path == "line 900"


def test_a_tokenizer_that_was_exchanged(sound: Sound) -> None:
    from stages.audit.artifacts import TokenizerModel
    from tests.audit.sound import tokenizer_bytes

    model = TokenizerModel.parse("", tokenizer_bytes())
    sound.write("tokenizer/spm.vocab", "".join(f"{piece}\t{score:g}\n" for piece, score in zip(model.pieces, model.scores, strict=True)))
    sound.make()
    assert sound.audit("counting.vocabulary") == []
    made = unigram(sound, 200, 1000)
    findings = {finding.subject: finding for finding in sound.audit("counting.vocabulary") if finding.severity == "error"}
    assert findings["lm/mapping.json tokenizer_vocab_size"].recomputed == str(made)
    assert "was exchanged" in findings["tokenizer/spm.model, list"].message


# --- epochs, splits, divergence, weights ---------------------------------------------------------------------------------


def test_a_training_that_was_broken_off(sound: Sound) -> None:
    sound.change_parameters("params/runs/lm.yaml", put("training.epochs", 12))
    sound.make()
    [finding] = sound.audit("counting.epochs")
    assert (finding.severity, finding.stated, finding.recomputed) == ("warning", "12 epochs", "4 epochs")
    assert "still falling: 3.2667, then 3.2000" in finding.message
    assert finding.cells == ("models loss.lm", "models perplexity.lm")


def test_early_stopping_that_had_a_cause(sound: Sound) -> None:
    def plan(run: Any) -> None:
        run["training"] |= {"epochs": 12, "early_stopping": {"monitor": "validation_loss", "patience": 2, "restore_best": True}}

    sound.change_parameters("params/runs/lm.yaml", plan)
    sound.make()
    assert len(sound.audit("counting.epochs")) == 1
    for epoch, loss in ((2, 3.41), (3, 3.42)):
        sound.change("lm/train.json", put(f"history.{epoch}.val_loss", loss))
    sound.make()
    assert sound.audit("counting.epochs") == []


@pytest.mark.parametrize(("losses", "found"), [((3.4, 3.3999, 3.3998), 0), ((3.4, 3.39, 3.38), 1), ((3.4, 3.3995, 3.389), 1)])
def test_early_stopping_by_a_minimum_delta(sound: Sound, losses: tuple[float, ...], found: int) -> None:
    def plan(run: Any) -> None:
        run["training"] |= {"epochs": 12, "early_stopping": {"monitor": "validation_loss", "patience": 2, "restore_best": True}}

    sound.change_parameters("params/runs/lm.yaml", plan)
    for epoch, loss in enumerate(losses, start=1):
        sound.change("lm/train.json", put(f"history.{epoch}.val_loss", loss))
    sound.make()
    assert len(sound.audit("counting.epochs")) == found


def test_a_split_that_was_not_made(sound: Sound) -> None:
    sound.change_parameters("data/sound_claims.yaml", put("splits.0.fractions", [0.7, 0.2, 0.1]))
    [finding] = sound.audit("counting.split")
    assert (finding.severity, finding.stated, finding.recomputed) == ("error", "70/20/10", "80/10/10")
    assert finding.claims == ("section 2",)
    assert finding.cells == ()


def test_a_split_by_a_setting(sound: Sound) -> None:
    sound.change("adapter/configuration.json", put("data.valid_split", 0.05))
    [finding] = sound.audit("counting.split")
    assert finding.recomputed == "95/5/0" and finding.effect == "+15 points of training data"


@pytest.mark.parametrize(("loss", "found"), [(3.45, 0), (3.8, 1)])
def test_a_loss_that_rose_again(sound: Sound, loss: float, found: int) -> None:
    sound.spoil("lm/train.json", put("history.3.val_loss", loss))  # the best is 3.2667, of epoch 3
    findings = sound.audit("counting.divergence")
    assert len(findings) == found
    if findings:
        assert (findings[0].severity, findings[0].recomputed, findings[0].effect) == ("warning", "3.8000 (epoch 4)", "+16.33%")


def test_mild_overfitting_of_a_low_loss(sound: Sound) -> None:
    for epoch, loss in enumerate((0.60, 0.50, 0.53, 0.56)):
        sound.change("lm/train.json", put(f"history.{epoch}.val_loss", loss))
    sound.make()
    assert sound.audit("counting.divergence") == []


def test_best_weights_printed_and_last_ones_evaluated(sound: Sound) -> None:
    def add_row(table: Any) -> None:
        column = {"value": "run.results.validation.loss_nats", "decimals": 3}
        table["rows"] = [{"id": "adapter", "run": "adapter"}]
        table["columns"] = [{"id": "best", "header": "best", "parts": [column]}]

    sound.change_parameters("params/tables/models.yaml", add_row)
    sound.make()
    notes = sound.audit("counting.weights")
    assert [finding.severity for finding in notes if finding.subject == "adapter"] == []
    sound.spoil("adapter/train.json", put("training.best_eval_loss", 1.22))
    [finding] = [finding for finding in sound.audit("counting.weights") if finding.severity != "note"]
    assert (finding.subject, finding.stated, finding.recomputed) == ("adapter", "1.2200 (best)", "1.2500 (last)")
    assert "extrinsic evaluates" in finding.message
    scores = [f"evaluation sft.{row}" for row in ("qa.em", "qa.f1", "rewriting.rouge_l_f1", "summarization.rouge_l_f1")]
    assert list(finding.cells or ()) == ["models best.adapter", *scores]  # not those of the base model


def test_weights_that_an_evaluation_does_not_name(sound: Sound) -> None:
    assert sound.audit("counting.weights") == []  # the last epochs are the best ones
    sound.spoil("lm/train.json", put("history.3.val_loss", 3.3))
    [finding] = sound.audit("counting.weights")
    assert (finding.severity, finding.verdict, finding.effect) == ("note", "not verifiable", "1 runs")
    assert "lm: samples" in finding.message
