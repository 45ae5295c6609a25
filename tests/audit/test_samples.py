"""Rules on generated texts: drawn uniformly, stored twice, with their prompt, with too few seeds, without settings."""

from typing import Any

import numpy

from stages.audit.artifacts import TokenizerModel
from tests.audit.sound import Sound, guardrails, tokenizer_bytes

RULES = ("samples.uniform", "samples.same_text", "samples.prompt_included", "samples.seeds", "samples.settings")


def test_the_sound_campaign_is_sound(sound: Sound) -> None:
    assert sound.audit(*RULES) == []


def rewrite(sound: Sound, change: Any, run: str = "lm") -> None:
    """Change a run's samples and report on them again, as one would who believes them."""
    content = sound.read(f"{run}/samples.json")
    change(content[run])
    sound.write(f"{run}/samples.json", content)
    sound.write(f"{run}/guardrails.json", guardrails(run, content[run]))
    sound.make()


def draw(seed: int, count: int, way: str) -> str:
    """Text of ids drawn uniformly."""
    model = TokenizerModel.parse("spm.model", tokenizer_bytes())
    random, size = numpy.random.default_rng(seed), len(model.pieces)
    ids = (random.random(count) * size).astype(int) if way == "scaled" else random.integers(0, size, count)
    return str(model.processor.decode([int(id) for id in ids]))


def test_a_uniform_draw_under_the_stored_seed(sound: Sound) -> None:
    for way in ("scaled", "integers"):
        rewrite(sound, lambda samples, way=way: samples[1].update(output=draw(samples[1]["seed"], 250, way)))
        [finding] = sound.audit("samples.uniform")
        assert (finding.subject, finding.severity, finding.verdict) == ("lm/samples.json", "error", "mismatch")
        assert "1 of 6 samples" in finding.effect
        assert "lm/guardrails.json" in finding.message
        assert finding.claims == ("section 4: the samples read well",)
        assert "guardrails passes.lm" in (finding.cells or ())


def test_a_draw_that_the_sampler_cleaned_up(sound: Sound) -> None:
    def change(samples: list[dict[str, Any]]) -> None:
        words = draw(samples[0]["seed"], 250, "scaled").split()
        samples[0]["output"] = " ".join(word for number, word in enumerate(words) if number % 8)

    rewrite(sound, change)
    assert [finding.subject for finding in sound.audit("samples.uniform")] == ["lm/samples.json"]


def test_a_draw_under_another_seed_is_not_proved(sound: Sound) -> None:
    rewrite(sound, lambda samples: samples[0].update(output=draw(999, 250, "scaled")))
    assert sound.audit("samples.uniform") == []


def test_one_text_of_two_models(sound: Sound) -> None:
    copied = sound.read("lm/samples.json")["lm"][2]["output"]
    rewrite(sound, lambda samples: samples[2].update(output=copied.replace(" ", "  ")), "lm_wide")
    [finding] = sound.audit("samples.same_text")
    assert (finding.subject, finding.severity, finding.effect) == ("lm = lm_wide", "error", "2 samples of 2 sets in 2 files")


def test_a_copy_in_another_case(sound: Sound) -> None:
    copied = sound.read("lm/samples.json")["lm"][2]["output"]
    for change in (str.upper, str.title):
        rewrite(sound, lambda samples, change=change: samples[2].update(output=change(copied)), "lm_wide")
        [finding] = sound.audit("samples.same_text")
        assert (finding.subject, finding.severity, finding.effect) == ("lm = lm_wide", "error", "2 samples of 2 sets in 2 files")
    rewrite(sound, lambda samples: samples[2].update(output=" ".join(copied.upper().split()[::-1])), "lm_wide")
    assert sound.audit("samples.same_text") == []


def test_a_whole_set_in_another_case_is_a_copy(sound: Sound) -> None:
    content = sound.read("lm/samples.json")["lm"]
    sound.write("copy.json", [sample | {"output": sample["output"].upper()} for sample in content])
    sound.make()
    assert [(finding.subject, finding.severity) for finding in sound.audit("samples.same_text")] == [("copies of sets", "note")]


def test_one_text_under_two_prompts_and_under_two_seeds(sound: Sound) -> None:
    rewrite(sound, lambda samples: samples[4].update(output=samples[0]["output"] + "\n"))
    [finding] = sound.audit("samples.same_text")
    assert (finding.subject, finding.severity) == ("lm/samples.json lm, repeated", "error")
    rewrite(sound, lambda samples: samples[4].update(output=samples[3]["output"]))
    [finding] = sound.audit("samples.same_text")
    assert (finding.severity, finding.effect) == ("warning", "2 samples")


def test_a_copy_of_a_whole_set_is_a_note_and_of_a_part_a_warning(sound: Sound) -> None:
    content = sound.read("lm/samples.json")
    sound.write("copy.json", content["lm"])
    sound.make()
    [finding] = sound.audit("samples.same_text")
    assert (finding.subject, finding.severity) == ("copies of sets", "note")
    for number in (3, 4, 5):
        content["lm"][number]["output"] = sound.read("lm_wide/samples.json")["lm_wide"][number]["output"][::-1]
    sound.write("copy.json", content["lm"])
    sound.make()
    [finding] = sound.audit("samples.same_text")
    assert (finding.subject, finding.severity) == ("copy.json = lm/samples.json lm", "warning")


def test_short_texts_may_be_equal(sound: Sound) -> None:
    rewrite(sound, lambda samples: [sample.update(output="Não sei.") for sample in samples])
    assert sound.audit("samples.same_text") == []


def test_outputs_that_begin_with_their_prompt(sound: Sound) -> None:
    def change(samples: list[dict[str, Any]]) -> None:
        for sample in samples[:2]:
            sample["output"] = f"{sample['prompt']} {sample['output']}"

    rewrite(sound, change)
    [finding] = sound.audit("samples.prompt_included")
    assert (finding.subject, finding.severity, finding.verdict) == ("lm/samples.json", "error", "protocol fault")
    assert finding.message.startswith("2 of 6 outputs")
    assert "guardrails short.lm" in (finding.cells or ())


def test_a_set_with_prompts_that_no_report_is_on_is_a_note(sound: Sound) -> None:
    sound.write("other.json", [{"prompt": "A casa", "output": "A casa verde e o rio"}])
    sound.make()
    [finding] = sound.audit("samples.prompt_included")
    assert finding.severity == "note"


def test_fewer_seeds_than_stated(sound: Sound) -> None:
    sound.change_parameters("data/sound_claims.yaml", lambda claims: claims["seeds"][0].update(seeds=5))
    [finding] = sound.audit("samples.seeds")
    assert (finding.severity, finding.stated, finding.recomputed) == ("warning", "5 seeds a run", "2 prompts, 3 seeds each")
    assert finding.claims[0] == "Table 2"


def test_no_seed_recorded(sound: Sound) -> None:
    rewrite(sound, lambda samples: [sample.update(seed=None) for sample in samples])
    [finding] = sound.audit("samples.seeds")
    assert (finding.effect, finding.recomputed) == ("1 of 2 rows", "2 prompts, no seed recorded")
    assert finding.cells == ("guardrails fallback.lm", "guardrails passes.lm", "guardrails short.lm")


def test_settings_not_recorded_or_not_equal(sound: Sound) -> None:
    rewrite(sound, lambda samples: [sample["settings"].update(temperature=0.7) for sample in samples])
    [finding] = sound.audit("samples.settings")
    assert (finding.subject, finding.severity) == ("guardrails", "warning")
    assert "temperature (0.7 or 0.8)" in finding.message
    rewrite(sound, lambda samples: samples[0].pop("settings"))
    [finding] = sound.audit("samples.settings")
    assert "No decoding settings are recorded for lm:" in finding.message


def test_settings_of_sets_that_no_table_uses_are_one_note(sound: Sound) -> None:
    for name in ("first", "second"):
        sound.write(f"{name}.json", {name: [{"prompt": "A casa", "output": "é verde"}]})
    sound.make()
    [finding] = sound.audit("samples.settings")
    assert (finding.severity, finding.effect) == ("note", "2 sets")


def test_entries_that_name_their_model_are_sets_of_their_own(sound: Sound) -> None:
    samples = sound.read("lm/samples.json")["lm"]
    sound.write("review.json", {"entries": [sample | {"model": "lm"} for sample in samples]})
    sound.make()
    assert [finding.severity for finding in sound.audit("samples.same_text")] == ["note"]
