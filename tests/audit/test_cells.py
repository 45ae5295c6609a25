"""Printed cells against the evidence."""

from stages.audit.families.cells import cell_counts
from tests.audit.sound import Sound, inside


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


def test_a_table_that_could_not_be_made_is_not_forgotten(sound: Sound) -> None:
    (sound.folder / "reports/sound/tables/models.json").unlink()
    (sound.folder / "versions/sound/sound-a/lm/record.json").unlink()
    [finding] = sound.audit("recompute.cells")
    assert (finding.severity, finding.verdict, finding.subject) == ("error", "not verifiable", "models")
    assert "no record of lm" in finding.message
    with inside(sound.folder):
        counts = cell_counts(sound.load())
    assert counts["no such cell"] == 18
    assert sum(counts.values()) == len((sound.folder / "data/sound_cells.csv").read_text().splitlines()) - 1
