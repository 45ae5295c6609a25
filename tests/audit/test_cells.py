"""Printed cells against the evidence."""

from tests.audit.sound import Sound


def reprint(sound: Sound, old: str, new: str) -> None:
    path = sound.folder / "data/sound_cells.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_cell_that_prints_another_value(sound: Sound) -> None:
    reprint(sound, 'models,char,loss,"1,4375"', 'models,char,loss,"1,4357"')
    [finding] = sound.audit("recompute.cells")
    assert (finding.severity, finding.verdict, finding.stated, finding.recomputed) == ("error", "mismatch", "1,4357", "1.4375")
    assert finding.cells == ("models loss.char",)
    assert finding.evidence[0].file == "char/history.csv"


def test_a_decimal_point_for_a_comma_is_the_same_cell(sound: Sound) -> None:
    reprint(sound, 'models,char,loss,"1,4375"', "models,char,loss,1.4375")
    assert sound.audit("recompute.cells") == []


def test_two_sources_of_one_value_disagree(sound: Sound) -> None:
    def change(log: dict) -> None:  # type: ignore[type-arg]
        log["history"][3]["val_perplexity"] *= 1.001

    sound.spoil("lm/train.json", change)
    assert "models perplexity.lm, second source" in [finding.subject for finding in sound.audit("recompute.cells")]
