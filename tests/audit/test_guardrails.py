"""Guardrail reports against their samples, what their ratios can mean, and the samples under every tokenizer."""

import io
import json
import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from stages import guardrail_cross
from stages.audit.artifacts import TokenizerModel
from stages.audit.families import guardrail_meaning
from stages.errors import UserError
from stages.files import read_json
from stages.record import load_record
from stages.registry import Evidence
from tests.audit.sound import Sound, example, guardrails, inside, sentence

RULES = ("recompute.guardrails", "metrics.zero_by_construction", "metrics.metamorphic", "metrics.ranking")


def test_the_sound_campaign_is_sound(sound: Sound) -> None:
    findings = sound.audit(*RULES)
    assert [(finding.severity, finding.verdict, finding.effect) for finding in findings] == [("note", "confirmed", "2 of 2 reports")]


def train(texts: Iterable[str], **settings: Any) -> bytes:
    """A tokenizer of ``texts``."""
    from sentencepiece import SentencePieceTrainer

    model = io.BytesIO()
    SentencePieceTrainer.train(sentence_iterator=iter(texts), model_writer=model, num_threads=1, minloglevel=2, **settings)
    return model.getvalue()


def add_tokenizer(sound: Sound, file: str, texts: Iterable[str] = (), **settings: Any) -> TokenizerModel:
    """Write another tokenizer into the evidence; of the sound campaign's text where no other is given."""
    data = train(texts or map(sentence, range(3000)), **settings)
    (sound.evidence / file).parent.mkdir(parents=True, exist_ok=True)
    (sound.evidence / file).write_bytes(data)
    return TokenizerModel.parse(file, data)


def report_with(sound: Sound, run: str, model: TokenizerModel) -> None:
    """Report on a run's samples as encoded with another tokenizer."""
    samples = sound.read(f"{run}/samples.json")[run]
    report, limits = guardrails(run, samples), {"max_fallback_ratio": 0.03, "max_short_piece_ratio": 0.12}
    for row, sample in zip(report["per_sample"], samples, strict=True):
        row.update(counted(model, [sample["output"]]))
    report["aggregate"].update(counted(model, [sample["output"] for sample in samples]))
    report["aggregate"]["total_tokens"] = report["aggregate"].pop("token_count")
    report |= {"tokenizer": model.file, "thresholds": limits}
    found = violations(report)
    sound.write(f"{run}/guardrails.json", report | {"passes": not found, "violations": found})


def violations(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Ratios of a report that are above its limits."""
    found = []
    entries: list[tuple[str, dict[str, int], dict[str, Any]]] = [("aggregate", {}, report["aggregate"])]
    entries += [("sample", {"seed": -1 if row["seed"] is None else row["seed"]}, row) for row in report["per_sample"]]
    for part, seed, row in entries:
        for name, key in (("fallback_ratio", "fallback_ratio"), ("short_piece_ratio", "short_alpha_ratio")):
            if row[key] > (limit := report["thresholds"][f"max_{name}"]):
                found.append({"type": f"{part}_{name}", **seed, "value": row[key], "threshold": limit})
    return found


def counted(model: TokenizerModel, texts: list[str]) -> dict[str, Any]:
    tokens, fallback, short = (sum(model.shapes(text)[name] for text in texts) for name in ("tokens", "fallback", "short"))
    ratios = {"fallback_ratio": fallback / tokens, "short_alpha_ratio": short / tokens}
    return {"token_count": tokens, "fallback_tokens": fallback, "short_alpha_tokens": short} | ratios


# --- recompute.guardrails -----------------------------------------------------------------------------------------------


def errors(sound: Sound, rule: str = "recompute.guardrails") -> list[tuple[str, str]]:
    return [(finding.subject, finding.verdict) for finding in sound.audit(rule) if finding.severity == "error"]


def test_an_inflated_count_contradicts_the_samples_and_the_report(sound: Sound) -> None:
    sound.spoil("lm/guardrails.json", lambda report: report["aggregate"].update(total_tokens=report["aggregate"]["total_tokens"] + 9))
    assert errors(sound) == [("lm/guardrails.json, sums", "mismatch")]


def test_counts_inflated_throughout_contradict_the_samples(sound: Sound) -> None:
    def change(report: dict[str, Any]) -> None:
        for row in [report["aggregate"], *report["per_sample"]]:
            for key in ("total_tokens", "token_count", "fallback_tokens", "short_alpha_tokens"):
                row.update({key: 2 * row[key]} if key in row else {})

    sound.spoil("lm/guardrails.json", change)
    assert errors(sound) == [("lm/guardrails.json", "mismatch")]
    [finding] = [finding for finding in sound.audit("recompute.guardrails") if finding.severity == "error"]
    assert "sample 1:" in finding.message
    assert finding.cells == ("guardrails fallback.lm", "guardrails passes.lm", "guardrails short.lm")


def test_a_verdict_that_does_not_follow(sound: Sound) -> None:
    sound.spoil("lm/guardrails.json", lambda report: report.update(passes=False))
    assert errors(sound) == [("lm/guardrails.json, sums", "mismatch")]
    fail(sound)
    assert errors(sound) == []


def fail(sound: Sound, change: Callable[[dict[str, Any]], object] = lambda report: None) -> None:
    """Report with many short pieces, limited so that all samples but one are above, then change the report."""
    report_with(sound, "lm", add_tokenizer(sound, "other/spm.model", model_type="bpe", vocab_size=120))

    def spoil(report: dict[str, Any]) -> None:
        lowest = min(row["short_alpha_ratio"] for row in report["per_sample"])
        report["thresholds"]["max_short_piece_ratio"] = lowest
        report["violations"] = violations(report)
        report["passes"] = False
        change(report)

    sound.spoil("lm/guardrails.json", spoil)


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found[0].update(value=found[0]["value"] + 0.3),
        lambda found: found[-1].update(threshold=0.5),
        lambda found: found[-1].update(seed=999),
        lambda found: found[-1].update(type="sample_fallback_ratio"),
        lambda found: found[-1].pop("value"),
        lambda found: found.pop(),
        lambda found: found.append(dict(found[-1])),
    ],
)
def test_a_violation_that_does_not_follow(sound: Sound, change: Callable[[list[dict[str, Any]]], object]) -> None:
    fail(sound, lambda report: change(report["violations"]))
    [finding] = [finding for finding in sound.audit("recompute.guardrails") if finding.severity == "error"]
    assert (finding.subject, finding.verdict) == ("lm/guardrails.json, sums", "mismatch")
    assert re.search("it lists .*, which its ratios and limits do not give|it does not list", finding.message)
    assert "$.violations" in [ref.path for ref in finding.evidence]


def test_violations_in_another_order_without_seeds_or_not_listed(sound: Sound) -> None:
    def change(report: dict[str, Any]) -> None:
        assert [entry["type"] for entry in report["violations"]] == ["aggregate_short_piece_ratio"] + ["sample_short_piece_ratio"] * 5
        report["violations"] = [entry | {"value": float(f"{entry['value']:.12f}")} for entry in reversed(report["violations"])]

    fail(sound, change)
    assert errors(sound) == []

    def unseeded(report: dict[str, Any]) -> None:
        for row in report["per_sample"]:
            row["seed"] = None
        report["violations"] = violations(report)

    fail(sound, unseeded)
    assert errors(sound) == []
    fail(sound, lambda report: report.pop("violations"))
    assert errors(sound) == []


def test_a_changed_sample(sound: Sound) -> None:
    def change(content: dict[str, Any]) -> None:
        content["lm"][2]["output"] = content["lm"][3]["output"]

    sound.spoil("lm/samples.json", change)
    assert errors(sound) == [("lm/guardrails.json", "mismatch")]


def test_a_dropped_sample(sound: Sound) -> None:
    sound.spoil("lm/samples.json", lambda content: content.update(lm=content["lm"][:-1]))
    [finding] = [finding for finding in sound.audit("recompute.guardrails") if finding.severity == "error"]
    assert "5 samples, not 6" in finding.message


def test_a_swapped_tokenizer_is_named(sound: Sound) -> None:
    add_tokenizer(sound, "other/spm.model", model_type="unigram", vocab_size=200)
    sound.spoil("lm/guardrails.json", lambda report: report.update(tokenizer="C:\\runs\\other\\spm.model"))
    [finding] = [finding for finding in sound.audit("recompute.guardrails") if finding.severity == "error"]
    assert finding.message.endswith("its counts are those of bpe 900 (tokenizer/spm.model).")


def test_a_tokenizer_that_is_not_here(sound: Sound) -> None:
    other = add_tokenizer(sound, "other/spm.model", model_type="unigram", vocab_size=200)
    report_with(sound, "lm", other)
    (sound.evidence / "other/spm.model").unlink()
    sound.make()
    [warning, *_] = sound.audit("recompute.guardrails")
    assert (warning.subject, warning.severity, warning.verdict) == ("lm/guardrails.json", "warning", "not verifiable")
    sound.change("lm/guardrails.json", lambda report: sound.write("lm/unused.json", report))
    assert [finding.severity for finding in sound.audit("recompute.guardrails")] == ["warning", "note"]


def test_a_report_on_samples_that_are_not_here_is_a_note(sound: Sound) -> None:
    report = sound.read("lm/guardrails.json")
    for row in report["per_sample"]:
        row["char_count"] += 5
    report["aggregate"]["total_chars"] += 5 * len(report["per_sample"])
    sound.write("other.json", report)
    sound.make()
    notes = [finding for finding in sound.audit("recompute.guardrails") if finding.subject == "other.json"]
    assert [(finding.severity, finding.verdict) for finding in notes] == [("note", "not verifiable")]


# --- what the ratios mean -----------------------------------------------------------------------------------------------


def test_a_ratio_that_can_only_be_zero(sound: Sound) -> None:
    report_with(sound, "lm", add_tokenizer(sound, "other/spm.model", model_type="bpe", vocab_size=600))
    sound.make()
    [finding] = sound.audit("metrics.zero_by_construction")
    assert (finding.subject, finding.severity, finding.cells) == ("other/spm.model", "warning", ("guardrails fallback.lm",))


def test_a_limit_that_reference_text_fails(sound: Sound) -> None:
    report_with(sound, "lm", add_tokenizer(sound, "other/spm.model", model_type="bpe", vocab_size=120))
    sound.make()
    [finding] = sound.audit("metrics.metamorphic")
    assert (finding.subject, finding.severity, finding.verdict) == ("other/spm.model", "warning", "protocol fault")
    assert "reference texts have a short-piece ratio" in finding.message
    assert "guardrails passes.lm" in (finding.cells or ())


def test_a_ratio_that_ranks_noise_above_text(sound: Sound) -> None:
    draw = random.Random(0)
    words = ["".join(draw.choices("abcdefghijlmnopqrstuvxzáéíóúçãõâêô", k=9)) for _ in range(120)]
    texts = (" ".join(draw.choices(words, k=8)) for _ in range(3000))
    report_with(sound, "lm", add_tokenizer(sound, "other/spm.model", texts, model_type="bpe", vocab_size=900, byte_fallback=True))
    sound.make()
    [finding] = sound.audit("metrics.metamorphic")
    assert (finding.subject, finding.severity) == ("other/spm.model", "error")
    assert "Noise does better than text" in finding.message


def limit_short_pieces(sound: Sound, limit: float) -> None:
    for run in ("lm", "lm_wide"):
        sound.change(f"{run}/guardrails.json", lambda report: report["thresholds"].update(max_short_piece_ratio=limit))
    sound.make()


def test_text_a_little_over_a_limit_that_noise_is_far_over(sound: Sound) -> None:
    model = TokenizerModel.parse("tokenizer/spm.model", (sound.evidence / "tokenizer/spm.model").read_bytes())
    rows = [row for file in sound.evidence.rglob("*.jsonl") for row in map(json.loads, file.read_text().splitlines())]
    short = counted(model, [f"{row['instruction']}\n{row.get('input', '')}" for row in rows])["short_alpha_ratio"]
    limit_short_pieces(sound, short / 1.5)
    assert sound.audit("metrics.metamorphic") == []
    limit_short_pieces(sound, short / 10)
    [finding] = sound.audit("metrics.metamorphic")
    assert (finding.severity, "Noise does" in finding.message) == ("warning", False)


def test_noise_that_falls_back_to_bytes_is_no_better_than_text(sound: Sound) -> None:
    report_with(sound, "lm", add_tokenizer(sound, "other/spm.model", model_type="unigram", vocab_size=480, byte_fallback=True))
    sound.make()
    assert sound.audit("metrics.metamorphic") == []


def test_the_ratio_of_reference_text_is_that_of_all_of_it(sound: Sound) -> None:
    kinds = ["summarization"] * 200 + ["qa"] * 400
    rows = [example(kind, 900_000 + 31 * number, answer="output") for number, kind in enumerate(kinds)]
    sound.write("more/examples.jsonl", rows)
    limit_short_pieces(sound, 0.001)
    with inside(sound.folder):
        campaign = sound.load()
        [model] = campaign.tokenizers.values()
        texts = [f"{row.prompt}\n{row.answer}" for file in campaign.examples.values() for row in file.rows]
    assert sum(map(len, texts)) > 80_000
    [finding] = sound.audit("metrics.metamorphic")
    assert finding.recomputed.startswith(f"text {counted(model, texts)['short_alpha_ratio']:.4f}, ")


def test_a_limit_that_noise_passes(sound: Sound) -> None:
    def change(report: dict[str, Any]) -> None:
        report["thresholds"] = {"max_fallback_ratio": 0.99, "max_short_piece_ratio": 0.99}

    sound.change("lm/guardrails.json", change)
    sound.spoil("lm_wide/guardrails.json", change)
    [finding] = sound.audit("metrics.metamorphic")
    assert (finding.severity, finding.subject) == ("warning", "tokenizer/spm.model")


def test_a_report_that_tells_noise_by_its_distance_from_uniform_draws(sound: Sound) -> None:
    def change(report: dict[str, Any]) -> None:
        report["thresholds"] = {"max_fallback_ratio": 0.99, "max_short_piece_ratio": 0.99, "min_distance_from_uniform": 0.25}

    sound.change("lm/guardrails.json", change)
    sound.change("lm_wide/guardrails.json", change)
    sound.make()
    assert sound.audit("metrics.metamorphic") == []
    sound.spoil("lm/guardrails.json", lambda report: report["thresholds"].update(max_short_piece_ratio=0.001))
    sound.spoil("lm_wide/guardrails.json", lambda report: report["thresholds"].update(max_short_piece_ratio=0.001))
    [finding] = sound.audit("metrics.metamorphic")
    assert "reference texts" in finding.message  # a limit that text is far over stays a fault


def test_a_verdict_that_depends_on_the_tokenizer(sound: Sound) -> None:
    report_with(sound, "lm", add_tokenizer(sound, "other/spm.model", model_type="bpe", vocab_size=120))
    sound.make()
    [finding] = sound.audit("metrics.ranking")
    assert (finding.subject, finding.severity) == ("guardrails", "warning")
    assert "verdict on lm turns under 1 of 2 tokenizers" in finding.effect


def test_a_row_that_fails_on_fallback_is_told_so_and_has_no_place_in_the_order(sound: Sound) -> None:
    foreign = "дом " * 12
    own_model = TokenizerModel.parse("tokenizer/spm.model", (sound.evidence / "tokenizer/spm.model").read_bytes())
    sound.change("lm/samples.json", lambda content: [s.update(output=f"rrttssnn {s['output']}") for s in content["lm"]] and None)
    sound.change("lm_wide/samples.json", lambda content: [s.update(output=f"{foreign}{s['output']}") for s in content["lm_wide"]] and None)
    report_with(sound, "lm", own_model)
    texts = [*map(sentence, range(3000)), *[foreign] * 300]
    report_with(sound, "lm_wide", add_tokenizer(sound, "other/spm.model", texts, model_type="bpe", vocab_size=300))
    sound.make()
    [finding] = sound.audit("metrics.ranking")
    own, common = finding.stated, finding.recomputed.split("(tokenizer/spm.model): ")[1]
    assert "fallback" not in own
    assert re.fullmatch(r"lm 0\.\d{4} passes, lm_wide 0\.\d{4} \(fallback 0\.\d{4}, limit 0\.03\) fails", common)
    before, after = ([float(figure) for figure in re.findall(r"lm\S* (0\.\d+)", told)] for told in (own, common))
    assert (before[0] < before[1]) != (after[0] < after[1]), "the order by short pieces alone is another"
    assert finding.message.endswith("the order of the rows changes under bpe 300 (other/spm.model).")


def test_ratios_that_are_nearly_equal_have_no_order_to_lose(sound: Sound, monkeypatch: pytest.MonkeyPatch) -> None:
    report_with(sound, "lm_wide", add_tokenizer(sound, "other/spm.model", model_type="bpe", vocab_size=400))
    sound.make()
    assert sound.audit("metrics.ranking") == []
    monkeypatch.setattr(guardrail_meaning, "APART", 0.0)
    [finding] = sound.audit("metrics.ranking")
    assert (finding.severity, finding.effect) == ("warning", "")
    assert "the order of the rows changes under bpe 400" in finding.message


def test_a_verdict_that_depends_on_the_prompt(sound: Sound) -> None:
    prompt = "rrttssnn " * 20

    def change(content: dict[str, Any]) -> None:
        for sample in content["lm"]:
            sample.update(prompt=prompt, output=f"{prompt} {sample['output']}")

    sound.change("lm/samples.json", change)
    report_with(sound, "lm", TokenizerModel.parse("tokenizer/spm.model", (sound.evidence / "tokenizer/spm.model").read_bytes()))
    assert sound.read("lm/guardrails.json")["passes"] is False
    sound.make()
    [finding] = sound.audit("metrics.ranking")
    assert (finding.severity, finding.effect) == ("error", "verdict on lm turns under 1 of 1 tokenizers")
    assert "the prompt counted for lm." in finding.message


def test_another_tokenizer_in_the_campaign_changes_nothing_for_runs_that_share_one(sound: Sound) -> None:
    add_tokenizer(sound, "other/spm.model", model_type="bpe", vocab_size=120)
    sound.make()
    assert sound.audit("metrics.ranking") == []


# --- the cross table ----------------------------------------------------------------------------------------------------


def cross(sound: Sound) -> dict[str, Any]:
    with inside(sound.folder):
        records = [load_record(Path(f"versions/sound/sound-a/{run}/record.json")) for run in ("lm", "lm_wide")]
        return guardrail_cross.cross_table(Evidence("sound"), records)


def test_the_cross_table_has_every_tokenizer_and_the_continuation_alone(sound: Sound) -> None:
    other = add_tokenizer(sound, "other/spm.model", model_type="bpe", vocab_size=120)
    texts = [sample["output"] for sample in sound.read("lm/samples.json")["lm"]]
    sound.change("lm/samples.json", lambda content: [s.update(output=f"{s['prompt']} {s['output']}") for s in content["lm"]] and None)
    report_with(sound, "lm", TokenizerModel.parse("tokenizer/spm.model", (sound.evidence / "tokenizer/spm.model").read_bytes()))
    sound.make()
    analysis = cross(sound)
    row = analysis["rows"]["lm"]
    assert list(row["cross"]) == ["other/spm.model", "tokenizer/spm.model"]
    assert row["cross"]["other/spm.model"]["tokens"] == counted(other, texts)["token_count"]
    assert (row["prompt_included"], row["own"]) == (True, row["cross"]["tokenizer/spm.model"])
    assert "lm_wide/samples.json" in [source["file"] for source in analysis["sources"]]


def test_a_run_whose_report_is_by_another_tokenizer_gets_its_own_samples_too(sound: Sound) -> None:
    sound.write("own/report.json", sound.read("lm/guardrails.json") | {"model_key": "sound_lm"})
    report_with(sound, "lm", add_tokenizer(sound, "other/spm.model", model_type="unigram", vocab_size=200))
    (sound.evidence / "other/spm.model").unlink()
    sound.make()
    rows = cross(sound)["rows"]
    assert list(rows) == ["lm", "lm_own_1", "lm_wide"]
    assert rows["lm"]["own"] == {"tokens": None, "fallback": None, "short": None, "passes": None}
    assert rows["lm_own_1"]["own_tokenizer"] == "tokenizer/spm.model"


def test_the_stage_writes_the_same_bytes_again(sound: Sound, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sound.folder)
    records = ["versions/sound/sound-a/lm/record.json", "versions/sound/sound-a/char/record.json"]
    monkeypatch.setattr("sys.argv", ["guardrail_cross", "--campaign", "sound", "--records", *records, "--output", "cross.json"])
    guardrail_cross.main()
    first = Path("cross.json").read_bytes()
    guardrail_cross.main()
    assert Path("cross.json").read_bytes() == first
    assert list(read_json(Path("cross.json"))["rows"]) == ["lm"]


def test_no_samples_for_a_report_is_an_error(sound: Sound) -> None:
    sound.spoil("lm/samples.json", lambda content: [sample.update(output="curto") for sample in content["lm"]] and None)
    with pytest.raises(UserError, match="a set of samples that it is on"):
        cross(sound)
