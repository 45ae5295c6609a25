"""Figures and equations that a text works out: each fault in a text that is otherwise right."""

from typing import Any

import pytest

from tests.audit.sound import Sound

RULES = ("worked.figures", "worked.equations", "worked.sources", "worked.statements")
FILE = "data/sound_worked/chapter.yaml"


def _entry(sound: Sound, number: int, **changed: Any) -> None:
    sound.change_parameters(FILE, lambda chapter: chapter["entries"][number].update(changed))


def test_a_sound_campaign_is_silent(sound: Sound) -> None:
    found = sound.audit(*RULES)
    assert [(finding.severity, finding.verdict) for finding in found] == [("note", "confirmed")] * len(RULES)


def test_kilowatt_hours_for_dollars(sound: Sound) -> None:
    _entry(sound, 1, stated="10.8", slips=[{"name": "kWh for dollars", "gives": "found['2.1']"}])
    [finding] = [each for each in sound.audit("worked.figures") if each.severity == "error"]
    assert (finding.id, finding.verdict) == ("worked.figures:2.2", "mismatch")
    assert (finding.stated, finding.recomputed, finding.effect) == ("10.8", "1.62", "6.67 times too large")
    assert "Likely slip: kWh for dollars" in finding.message and "2.1: 10.8, as printed" in finding.message
    assert finding.cells == () and finding.evidence[0].file == FILE


def test_a_difference_without_a_known_slip_names_none(sound: Sound) -> None:
    _entry(sound, 1, stated="2.5")
    [finding] = [each for each in sound.audit("worked.figures") if each.severity == "error"]
    assert "slip" not in finding.message
    assert finding.effect == "1.54 times too large"


def test_a_figure_that_goes_on_from_a_wrong_one_is_not_blamed_for_it(sound: Sound) -> None:
    _entry(sound, 0, stated="9.0")
    _entry(sound, 1, stated="1.35")
    assert [each.id for each in sound.audit("worked.figures") if each.severity == "error"] == ["worked.figures:2.1"]


@pytest.mark.parametrize(
    ("number", "changed", "rule"),
    [
        (2, {"right": "5*n"}, "worked.equations"),
        (3, {"stated": "32"}, "worked.sources"),
        (4, {"outcome": "differs"}, "worked.statements"),
    ],
)
def test_every_kind_of_entry_is_held_to_account(sound: Sound, number: int, changed: dict[str, Any], rule: str) -> None:
    _entry(sound, number, **changed)
    errors = [finding for finding in sound.audit(*RULES) if finding.severity == "error"]
    assert [finding.rule for finding in errors] == [rule]


def test_a_convention_is_a_note_and_names_itself(sound: Sound) -> None:
    _entry(sound, 3, stated="22.4", conventions=[{"name": "GiB", "gives": "24e9 / 2**30"}])
    [finding] = [each for each in sound.audit("worked.sources") if each.verdict != "confirmed"]
    assert (finding.severity, finding.verdict) == ("note", "convention")
    assert "GiB" in finding.message


def test_what_is_not_verifiable_is_a_warning(sound: Sound) -> None:
    _entry(sound, 4, outcome="not verifiable", why="its inputs are not given")
    [finding] = [each for each in sound.audit("worked.statements") if each.verdict != "confirmed"]
    assert (finding.severity, finding.verdict) == ("warning", "not verifiable")
