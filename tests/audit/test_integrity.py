"""Bytes, records and tables that are not what they should be made from."""

import json

import pytest

from stages.audit.finding import Finding
from tests.audit.sound import Sound

RULES = ("integrity.bytes", "integrity.readable", "integrity.records", "integrity.sources", "integrity.tables")


def test_a_sound_campaign_is_whole(sound: Sound) -> None:
    assert sound.audit(*RULES) == []


def test_one_changed_byte(sound: Sound) -> None:
    sound.change("char/train.json", lambda log: log["performance"].update(elapsed_sec=401.0))
    found = {finding.rule: finding for finding in sound.audit(*RULES)}
    assert found.keys() == {"integrity.bytes", "integrity.records", "integrity.sources"}
    assert found["integrity.bytes"].subject == "char/train.json"
    assert found["integrity.records"].stated.startswith("400.0")
    assert found["integrity.records"].recomputed.startswith("401.0")
    assert "models hours.char" in (found["integrity.bytes"].cells or ())


def test_a_missing_file(sound: Sound) -> None:
    (sound.evidence / "lm/metrics/metrics_epoch_02.json").unlink()
    [finding] = sound.audit(*RULES)
    assert (finding.rule, finding.recomputed) == ("integrity.bytes", "no file")


def test_a_missing_file_that_a_record_needs(sound: Sound) -> None:
    (sound.evidence / "lm/train.json").unlink()
    found = [(finding.rule, finding.verdict) for finding in sound.audit(*RULES)]
    assert found == [("integrity.bytes", "mismatch"), ("integrity.records", "not verifiable"), ("integrity.sources", "mismatch")]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("lm/guardrails.json", "{"),
        ("adapter/data/sft_test.jsonl", '{"a": 1}\n{"b"\n'),
        ("tokenizer/spm.model", "no model"),
        ("tokenizer/spm.model", ""),
    ],
)
def test_a_file_that_cannot_be_read_ends_no_audit(sound: Sound, file: str, text: str) -> None:
    (sound.evidence / file).write_text(text)
    assert file in [finding.subject for finding in sound.audit("integrity.readable")]
    assert sound.audit(), "every other rule still runs"


def test_a_record_that_was_edited(sound: Sound) -> None:
    path = sound.folder / "versions/sound/sound-a/lm/record.json"
    record = json.loads(path.read_text())
    record["results"]["validation"]["loss_nats"] = 2.5
    path.write_text(json.dumps(record))
    found = {finding.rule: finding for finding in sound.audit(*RULES)}
    assert "2.5" in found["integrity.records"].stated
    assert found["integrity.tables"].cells == ("models loss.lm", "models perplexity.lm")


def test_parameters_that_did_not_make_the_record(sound: Sound) -> None:
    """What ``snakemake --touch`` leaves behind: parameters on record that never made the file."""
    sound.change_parameters("params/runs/lm.yaml", lambda run: run["training"].update(learning_rate=99.0))
    [finding] = sound.audit(*RULES)
    assert (finding.rule, finding.subject, finding.recomputed) == ("integrity.records", "lm", "99.0")


def test_a_price_that_did_not_make_the_table(sound: Sound) -> None:
    sound.change_parameters("params/prices.yaml", lambda prices: next(iter(prices.values())).update(usd_per_hour=0.35))
    [finding] = sound.audit(*RULES)
    assert (finding.rule, finding.subject) == ("integrity.tables", "models")
    assert all(cell.startswith("models cost.") for cell in finding.cells or ())


@pytest.mark.parametrize("kind", ["tex", "csv"])
def test_a_printed_table_that_was_edited(sound: Sound, kind: str) -> None:
    path = sound.folder / f"reports/sound/tables/models.{kind}"
    path.write_text(path.read_text().replace("4375", "4357"))
    findings: list[Finding] = sound.audit(*RULES)
    assert [finding.subject for finding in findings] == [f"models.{kind}"]


def test_a_cell_that_was_edited(sound: Sound) -> None:
    path = sound.folder / "reports/sound/tables/evaluation.json"
    path.write_text(path.read_text().replace('"pt": "0,500"', '"pt": "0,600"').replace('"en": "0.500"', '"en": "0.600"'))
    [finding] = sound.audit(*RULES)
    assert (finding.stated, finding.recomputed, finding.cells) == ("0.600", "0.500", ("evaluation sft.qa.em",))


def test_other_spaces_in_a_file_are_other_bytes_and_the_same_record(sound: Sound) -> None:
    path = sound.evidence / "char/train.json"
    path.write_text(path.read_text() + "\n")
    assert {finding.rule for finding in sound.audit(*RULES)} == {"integrity.bytes", "integrity.sources"}


def test_a_number_beyond_all_bounds_is_named_and_ends_nothing(sound: Sound) -> None:
    text = (sound.evidence / "lm_wide/guardrails.json").read_text()
    (sound.evidence / "lm_wide/guardrails.json").write_text(text.replace('"samples_count": 6', f'"samples_count": {10**400}'))
    assert "lm_wide/guardrails.json" in [finding.subject for finding in sound.audit("integrity.readable")]
    assert not any("could not be carried out" in finding.message for finding in sound.audit())
