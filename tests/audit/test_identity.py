"""One name for one thing; what is cited is there; what was run is counted."""

import copy
from typing import Any

from tests.audit.sound import DEVICE, Sound

RULES = (
    "identity.tokenizer",
    "identity.models",
    "identity.device",
    "identity.prices",
    "identity.metrics",
    "identity.cited",
    "identity.quotations",
    "identity.names",
    "identity.uncounted",
)


def test_a_sound_campaign_is_silent(sound: Sound) -> None:
    assert sound.audit(*RULES) == []


def test_a_report_about_another_tokenizer_that_is_not_here(sound: Sound) -> None:
    sound.spoil("lm/guardrails.json", lambda report: report.update(tokenizer="tokenizers\\unigram_40k\\other.model"))
    [finding] = sound.audit("identity.tokenizer")
    assert (finding.severity, finding.verdict) == ("error", "protocol fault")
    assert "guardrails short.lm" in (finding.cells or ())


def test_a_log_of_another_vocabulary(sound: Sound) -> None:
    sound.change("lm/mapping.json", lambda mapping: mapping.update(tokenizer_vocab_size=901))
    [finding] = sound.audit("identity.tokenizer")
    assert (finding.stated, finding.recomputed) == ("900", "901")


def test_the_same_tokenizer_under_another_root_is_the_same(sound: Sound) -> None:
    sound.spoil("lm/guardrails.json", lambda report: report.update(tokenizer="/workspace/x/tokenizer/spm.model"))
    assert sound.audit("identity.tokenizer") == []


def test_a_device_that_no_log_names(sound: Sound) -> None:
    def leave_out(run: dict[str, Any]) -> None:
        del run["evidence"]["files"]["console"]

    sound.change_parameters("params/runs/lm.yaml", leave_out)
    sound.make()
    [finding] = sound.audit("identity.device")
    assert (finding.severity, finding.verdict, finding.subject) == ("warning", "not verifiable", "lm")
    assert "models cost.lm" in (finding.cells or ())


def test_a_run_on_two_devices(sound: Sound) -> None:
    sound.spoil("char/train.json", lambda log: log["env"]["gpu_devices"].append("NVIDIA A100"))
    [finding] = sound.audit("identity.device")
    assert (finding.severity, finding.recomputed) == ("error", f"NVIDIA A100; {DEVICE}")


def test_a_price_that_stands_in_no_log(sound: Sound) -> None:
    def other_device(prices: dict[str, Any]) -> None:
        prices["NVIDIA A100"] = {"name": "A100", "usd_per_hour": 1.2, "source": "a table"}

    sound.change_parameters("params/prices.yaml", other_device)
    assert sound.audit("identity.prices") == [], "nobody used it"
    sound.spoil("char/train.json", lambda log: log["env"].update(gpu_devices=["NVIDIA A100"]))
    [finding] = sound.audit("identity.prices")
    assert (finding.severity, finding.subject) == ("warning", "NVIDIA A100")
    assert finding.cells == ("models cost.char",)


def test_a_price_other_than_the_logs(sound: Sound) -> None:
    sound.change_parameters("params/prices.yaml", lambda prices: prices[DEVICE].update(usd_per_hour=0.31))
    [finding] = sound.audit("identity.prices")
    assert (finding.verdict, finding.stated, finding.recomputed) == ("mismatch", "0.31", "0.3")


def test_two_files_disagree_on_one_metric(sound: Sound) -> None:
    report = sound.read("char/windowed.json")
    sound.write("char/again.json", report)
    sound.make()
    assert sound.audit("identity.metrics") == [], "a copy agrees"
    report["results"]["char"]["avg_loss"] = 1.4501
    sound.write("char/again.json", report)
    sound.make()
    [finding] = sound.audit("identity.metrics")
    assert (finding.severity, finding.stated) == ("warning", "avg_loss 1.4501 / 1.45")
    report["config"]["max_windows"] = 100
    sound.write("char/again.json", report)
    sound.make()
    assert sound.audit("identity.metrics") == [], "other settings may give another value"


def test_cited_files(sound: Sound) -> None:
    def cite(claims: dict[str, Any]) -> None:
        for path in ("lm/", "lm/metrics/metrics_epoch_*.json", "logs/train.json", "lm/console.log"):
            claims["cited_files"].append({"path": path, "where": "section 5"})

    sound.change_parameters("data/sound_claims.yaml", cite)
    found = {finding.subject: (finding.severity, finding.claims) for finding in sound.audit("identity.cited")}
    assert found == {"logs/train.json": ("note", ("section 5",)), "lm/console.log": ("warning", ("section 5",))}


def test_slashes_in_printed_cells_are_no_paths(sound: Sound) -> None:
    path = sound.folder / "data/sound_cells.csv"
    for number, printed in enumerate(("meta-llama/Llama-3.1-8B", "3.92/4.01", "huggingface.co/datasets/x.y", "lm 0.5/0.25")):
        path.write_text(path.read_text() + f"models,lm,extra{number},{printed}\n")
    assert sound.audit("identity.cited") == []
    path.write_text(path.read_text() + "models,lm,extra9,logs/train_lm.json (RTX 4090)\n")
    assert [finding.stated for finding in sound.audit("identity.cited")] == ["logs/train_lm.json"]


def test_a_quotation_that_was_changed(sound: Sound) -> None:
    def change(samples: dict[str, Any]) -> None:
        samples["lm"][0]["output"] = samples["lm"][0]["output"].replace(" ", "  ").upper()

    sound.change("lm/samples.json", change)
    assert sound.audit("identity.quotations") == [], "spaces and case may be the printer's"
    sound.change("lm/samples.json", lambda samples: samples["lm"][0].update(output="Outro texto. " + samples["lm"][0]["output"]))
    [finding] = sound.audit("identity.quotations")
    assert (finding.severity, finding.recomputed) == ("warning", "1 differ")
    sound.write("other.json", {"lm": [{"prompt": "", "output": sound.read("lm/samples.json")["lm"][0]["output"][13:]}]})
    sound.make()
    [finding] = sound.audit("identity.quotations")
    assert "stand in other.json" in finding.message


def test_one_file_under_the_names_of_two_runs(sound: Sound) -> None:
    sound.write("lm_wide/train.json", sound.read("lm/train.json"))
    sound.make()
    [finding] = sound.audit("identity.names")
    assert (finding.severity, finding.recomputed) == ("warning", "one file")


def test_a_training_that_no_table_counts(sound: Sound) -> None:
    log = copy.deepcopy(sound.read("lm/train.json"))
    sound.write("lm/copy_of_train.json", log)
    sound.make()
    assert sound.audit("identity.uncounted") == [], "a copy of a counted training"
    for epoch in log["history"]:
        epoch["val_loss"] += 0.125
    log["total_time_sec"] = 7200.0
    sound.write("lm/copy_of_train.json", log)
    sound.make()
    [finding] = sound.audit("identity.uncounted")
    assert (finding.severity, finding.effect) == ("warning", "2.00 h, 0.60 USD")
    assert [(ref.file, ref.path) for ref in finding.evidence] == [("lm/copy_of_train.json", "$.total_time_sec")]
    assert finding.cells == (), "no cell sums over runs"


def test_swapped_reports_and_samples(sound: Sound) -> None:
    for name in ("guardrails", "samples"):
        own, other = sound.read(f"lm/{name}.json"), sound.read(f"lm_wide/{name}.json")
        sound.write(f"lm/{name}.json", other)
        sound.write(f"lm_wide/{name}.json", own)
    sound.make()
    found = {finding.subject: (finding.severity, finding.recomputed) for finding in sound.audit("identity.models")}
    assert found == {"lm/guardrails.json lm_wide": ("error", "lm_wide"), "lm_wide/guardrails.json lm": ("error", "lm")}


def test_a_file_named_for_one_run_that_holds_another(sound: Sound) -> None:
    sound.write("extra/samples_lm_wide_greedy.json", {"lm_wide": sound.read("lm_wide/samples.json")["lm_wide"]})
    sound.make()
    assert sound.audit("identity.models") == []
    sound.write("extra/samples_lm_wide_greedy.json", {"lm": sound.read("lm/samples.json")["lm"]})
    sound.make()
    [finding] = sound.audit("identity.models")
    assert (finding.severity, finding.stated, finding.recomputed) == ("error", "lm_wide", "lm")


def test_a_report_whose_model_no_run_is_called(sound: Sound) -> None:
    sound.spoil("lm/guardrails.json", lambda report: report.update(model_key="final_model"))
    [finding] = sound.audit("identity.models")
    assert (finding.severity, finding.recomputed) == ("warning", "final_model")
