"""What a metric is: the normaliser behind scores, smoothed losses, losses of different vocabularies."""

import math
from typing import Any

import stages.audit.families  # noqa: F401  (registers every rule)
from stages.audit.rules import RULES, run_rules
from stages.normalise import NORMALISERS
from stages.score import METRICS
from tests.audit.sound import SEEDS, Sound, inside

IDS = ("metrics.normaliser", "metrics.smoothed_loss", "metrics.bits_per_character")


def test_the_sound_campaign_is_sound(sound: Sound) -> None:
    assert [finding.severity for finding in sound.audit(*IDS)] == ["note", "note"]


def rescore(sound: Sound, name: str) -> None:
    """Store the scores that another normaliser gives, for outputs that it scores differently."""
    for seed in SEEDS:
        rows = sound.read(f"evaluation/outputs_{seed}.jsonl")
        for row in rows:
            row["sft_output"] = f"O {row['reference'].rstrip('.')}!"
            for system, metrics in row["metrics"].items():
                texts = row[f"{system}_output"], row["reference"]
                row["metrics"][system] = {metric: METRICS[metric](*texts, NORMALISERS[name]) for metric in metrics}
        sound.write(f"evaluation/outputs_{seed}.jsonl", rows)


def test_scores_under_another_normaliser_than_the_text_says(sound: Sound) -> None:
    rescore(sound, "strict")
    [finding] = sound.audit("metrics.normaliser")
    assert (finding.severity, finding.verdict, finding.stated, finding.recomputed) == ("error", "mismatch", "pt-squad", "strict")
    assert "strict gives 192" in finding.message
    assert "qa em sft 1.0000 instead of 0.0000" in finding.effect
    assert finding.claims == ("section 2",)


def test_another_normaliser_touches_scores_and_no_counts(sound: Sound) -> None:
    def add_counts(table: dict[str, Any]) -> None:
        value = "mean(extrinsic.results.extrinsic[task].examples)"
        table["columns"].append({"id": "n", "header": "n", "parts": [{"value": value, "decimals": 0}]})

    sound.change_parameters("params/tables/evaluation.yaml", add_counts)
    rescore(sound, "strict")
    sound.make()
    [finding] = sound.audit("metrics.normaliser")
    assert {cell.split(".")[0] for cell in finding.cells or ()} == {"evaluation base", "evaluation sft"}


def test_without_claims_the_parameters_state_the_normaliser(sound: Sound) -> None:
    rescore(sound, "strict")
    sound.change_parameters("data/sound_claims.yaml", lambda claims: claims.pop("normaliser"))
    [finding] = sound.audit("metrics.normaliser")
    assert "as the parameters say" in finding.message
    assert finding.claims == ()


def test_a_wrong_score_is_not_another_normaliser(sound: Sound) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["metrics"]["sft"]["em"] = 0.5

    sound.change(f"evaluation/outputs_{SEEDS[0]}.jsonl", change)
    assert sound.audit("metrics.normaliser") == []


def test_a_smoothed_loss_is_no_perplexity(sound: Sound) -> None:
    sound.change_parameters("params/runs/lm.yaml", lambda run: run["training"].update(label_smoothing=0.1))
    sound.make()
    [finding] = sound.audit("metrics.smoothed_loss")
    assert (finding.subject, finding.severity, finding.verdict) == ("lm", "error", "protocol fault")
    bound = (3.2 - 0.1 * math.log(900)) / 0.9
    assert finding.recomputed == f"at most {bound:.3f} nats, perplexity {math.exp(bound):.1f}"
    assert finding.cells == ("models loss.lm", "models perplexity.lm")


def test_an_unknown_penalty_or_inferred_smoothing_is_a_note(sound: Sound) -> None:
    sound.change_parameters("params/runs/lm.yaml", lambda run: run["training"].update(tail_penalty=None))
    sound.change_parameters("params/runs/lm_wide.yaml", lambda run: run.update(notes={"training.label_smoothing": "inferred"}))
    sound.make()
    findings = sound.audit("metrics.smoothed_loss")
    assert [(finding.subject, finding.severity, finding.verdict) for finding in findings] == [
        ("lm", "note", "not verifiable"),
        ("lm_wide", "note", "not verifiable"),
    ]


def reversed_records(sound: Sound, bits: dict[str, float]) -> list[Any]:
    """Findings of a campaign whose records give bits per character."""
    with inside(sound.folder):
        campaign = sound.load()
        for run, value in bits.items():
            record = campaign.records[run]
            assert record.results.validation
            record.results.validation.bits_per_character = value
            record.values["results.validation.bits_per_character"] = value
        return run_rules(campaign, [RULES["metrics.bits_per_character"]])


def test_bits_per_character_turn_the_order(sound: Sound) -> None:
    # By perplexity per token: char 4.2 < lm_wide 22.2 < lm 24.5.
    [finding] = reversed_records(sound, {"lm": 1.2, "lm_wide": 1.1, "char": 2.1})
    assert (finding.subject, finding.severity) == ("models", "warning")
    assert finding.message.endswith("By bits per character, the order of lm and char, lm_wide and char is the other way round.")
    assert "lm to char -55.1% by loss, +75.0% by bits per character" in finding.effect
    assert finding.recomputed == "bits per character: lm_wide 1.100 < lm 1.200 < char 2.100"


def test_bits_per_character_that_are_level_turn_no_order_and_bear_none_out(sound: Sound) -> None:
    for char in (2.108, 2.092):
        [finding] = reversed_records(sound, {"lm": 2.1, "lm_wide": 2.2, "char": char})
        assert "do not tell lm from char: they differ by at most 0.5%" in finding.message
        assert "the other way round" not in finding.message
        assert finding.effect == f"lm to char -55.1% by loss, {char / 2.1 - 1:+.1%} by bits per character"


def test_bits_per_character_in_the_same_order_are_silent(sound: Sound) -> None:
    assert reversed_records(sound, {"lm": 2.4, "lm_wide": 2.3, "char": 2.1}) == []


def test_runs_of_one_vocabulary_compare(sound: Sound) -> None:
    def change(spec: dict[str, Any]) -> None:
        spec["rows"] = spec["rows"][:2]

    sound.change_parameters("params/tables/models.yaml", change)
    sound.make()
    assert reversed_records(sound, {"lm": 1.1, "lm_wide": 1.2}) == []


def test_without_bits_per_character_the_order_is_not_known(sound: Sound) -> None:
    [finding] = sound.audit("metrics.bits_per_character")
    assert (finding.severity, finding.verdict, finding.effect) == ("note", "not verifiable", "2 rows")
