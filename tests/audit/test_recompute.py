"""Values that follow from others: each rule finds one that does not, and leaves alone what only looks so."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stages.audit.families.parameter_counts import adapter_count
from stages.model_sizes import recurrent_count, transformer_count
from stages.training_parameters import AdapterArchitecture, RecurrentArchitecture, TransformerArchitecture
from tests.audit import sound as fixture
from tests.audit.sound import Sound, dump, write_project

IDS = tuple(
    f"recompute.{name}"
    for name in ("identities", "perplexity", "order", "best", "prices", "copies", "durations", "batches", "scores", "parameters")
)


def test_silent_on_the_sound_campaign(sound: Sound) -> None:
    assert [finding for finding in sound.audit(*IDS) if finding.severity != "note"] == []


def put(path: str, value: Any) -> Callable[[Any], None]:
    """A change that puts ``value`` at a dotted path; list entries by their number."""

    def change(content: Any) -> None:
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in steps:
            content = content[step]
        content[last] = value(content[last]) if callable(value) else value

    return change


# --- identities ----------------------------------------------------------------------------------------------------------


def test_a_total_that_is_not_the_product(sound: Sound) -> None:
    sound.change("char/train.json", put("performance.tokens_total_est", 163940))
    finding, _ = sound.audit("recompute.identities")
    assert (finding.severity, finding.verdict, finding.subject) == ("error", "mismatch", "char/train.json")
    assert "tokens_total_est" in finding.message and "3 of" in finding.message  # it, tokens per second, and FLOPs
    assert "All of them rest on $.performance.tokens_total_est" in finding.message


def test_a_duration_that_rates_were_not_made_of(sound: Sound) -> None:
    sound.change("char/train.json", put("performance.elapsed_sec", 410.0))
    finding, _ = sound.audit("recompute.identities")
    assert "All of them rest on $.performance.elapsed_sec" in finding.message
    assert finding.effect.startswith("+2.50%; 4 values, digest ")


def test_a_window_more_at_the_end_is_another_way_to_count(sound: Sound) -> None:
    def change(log: Any) -> None:
        log["dataset"]["train_chars"] += 1  # now the last window has a target, and both counts are in use
        log["dataset"]["avg_train_chars_per_doc"] = log["dataset"]["train_chars"] / 900

    sound.change("char/train.json", change)
    assert [finding.severity for finding in sound.audit("recompute.identities")] == ["note"]


def test_a_rate_as_rounded_by_the_trainer(sound: Sound) -> None:
    key = "training.trainer_metrics.train_samples_per_second"
    sound.change("adapter/train.json", put(key, 0.2504))
    assert [finding.severity for finding in sound.audit("recompute.identities")] == ["note"]
    sound.change("adapter/train.json", put(key, 0.26))
    finding, _ = sound.audit("recompute.identities")
    assert (finding.stated, finding.recomputed) == ("0.26", "0.25")


def test_a_cost_of_another_number_of_seconds(sound: Sound) -> None:
    right = sound.read("evaluation/summary_11.json")["cost"]["total_duration_sec"]
    sound.change("evaluation/summary_11.json", put("cost.total_duration_sec", 205.5))
    finding, *_ = sound.audit("recompute.identities")
    assert f"sum(each(tasks, 'timers.total_sec')) gives {right:.7g}" in finding.message


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("results.lm.windows", 400_000, "dataset_windows is 300,000, less than windows gives 400,000"),
        ("config.max_windows", 250_000, "config.max_windows is 250,000, less than largest(each(results, 'windows')) gives 300,000"),
    ],
)
def test_more_windows_than_there_may_be(sound: Sound, path: str, value: int, message: str) -> None:
    scored = {"windows": 300_000, "dataset_windows": 300_000}
    sound.write("lm/scores.json", {"config": {"max_windows": 300_000}, "results": {"lm": scored, "lm_wide": scored}})
    sound.make()
    assert [finding.severity for finding in sound.audit("recompute.identities")] == ["note"]
    sound.change("lm/scores.json", put(path, value))
    assert any(message in finding.message for finding in sound.audit("recompute.identities") if finding.severity == "error")


def test_more_kept_than_requested(sound: Sound) -> None:
    sound.write("data/stats.json", {"requested_docs": 10_000, "raw_docs_scanned": 11_620, "kept_docs": 9_990})
    sound.write("data/split.json", {"requested_samples": 100, "total_samples": 100, "splits": {"train": 80, "test": 20}})
    sound.make()
    assert [finding.severity for finding in sound.audit("recompute.identities")] == ["note"]
    sound.change("data/stats.json", put("kept_docs", 10_300))
    sound.change("data/split.json", put("requested_samples", 90))
    findings = {finding.subject: finding for finding in sound.audit("recompute.identities")}
    assert (findings["data/stats.json"].stated, findings["data/stats.json"].recomputed) == ("10,000", "10,300")
    assert "requested_samples is 90, less than total_samples gives 100" in findings["data/split.json"].message


# --- perplexity ----------------------------------------------------------------------------------------------------------


def test_a_perplexity_of_another_loss(sound: Sound) -> None:
    sound.change("lm/train.json", put("history.2.val_perplexity", 27.0))
    finding, _ = sound.audit("recompute.perplexity")
    assert (finding.severity, finding.subject, finding.stated) == ("error", "lm/train.json", "27")
    assert finding.recomputed == f"{math.exp(3.0 + 0.8 / 3):.7g}"
    assert finding.evidence[1].path == "$.history[2].val_perplexity"


def test_a_difference_of_losses_has_no_perplexity(sound: Sound) -> None:
    sound.change("adapter/intrinsic.json", put("adapter.delta.perplexity", 3.0))
    assert [finding.severity for finding in sound.audit("recompute.perplexity")] == ["note"]


# --- order ---------------------------------------------------------------------------------------------------------------


def test_shifted_and_missing_epochs(sound: Sound) -> None:
    sound.change("lm/train.json", lambda log: log["history"].pop(1) and None)
    sound.change("lm_wide/metrics/metrics_epoch_01.json", put("epoch", 5))
    subjects = {finding.subject: finding for finding in sound.audit("recompute.order") if finding.severity == "error"}
    assert subjects["lm/train.json, epochs"].stated == "1, 3, 4"
    assert subjects["lm_wide/metrics, epochs"].stated == "2, 3, 4, 5"
    assert "lm/history.csv, epochs" not in subjects


def test_tokens_seen_that_are_not_the_sum(sound: Sound) -> None:
    sound.change("lm/train.json", put("history.3.tokens_seen_total", 327780))
    finding, _ = sound.audit("recompute.order")
    assert (finding.stated, finding.recomputed, finding.effect) == ("327,780", "327,680", "+0.03%")


@pytest.mark.parametrize(
    ("rule", "first", "second"),
    [
        ("recompute.order", ("history.2.tokens_seen_total", 1), ("history.3.tokens_seen_total", 2)),
        ("recompute.perplexity", ("history.2.val_perplexity", 90.0), ("history.1.val_perplexity", 30.0)),
    ],
)
def test_another_value_altered_beside_one_that_is_known(sound: Sound, rule: str, first: tuple[str, Any], second: tuple[str, Any]) -> None:
    sound.change("lm/train.json", put(*first))
    known, _ = sound.audit(rule)
    sound.change("lm/train.json", put(*second))
    two, _ = sound.audit(rule)
    assert "; 2 values, digest " in two.effect and two.fingerprint != known.fingerprint
    sound.change("lm/train.json", put(second[0], second[1] + 1))
    other, _ = sound.audit(rule)
    assert other.stated == two.stated and other.fingerprint != two.fingerprint


def test_another_figure_altered_beside_one_that_is_known(sound: Sound) -> None:
    sound.change("char/train.json", put("performance.windows_per_sec", 1.0))
    sound.change("char/train.json", put("model.tokens_per_epoch_est", lambda tokens: tokens + 1))
    first, _ = sound.audit("recompute.identities")
    sound.change("char/train.json", put("model.tokens_per_epoch_est", lambda tokens: tokens + 1))
    second, _ = sound.audit("recompute.identities")
    assert first.stated == second.stated and first.fingerprint != second.fingerprint


def test_epochs_of_two_sizes_that_sum_up(sound: Sound) -> None:
    def change(log: Any) -> None:
        log["history"][3]["tokens_epoch"] += 100
        log["history"][3]["tokens_seen_total"] += 100

    sound.change("lm/train.json", change)
    assert [finding.severity for finding in sound.audit("recompute.order")] == ["note"]


def test_an_epoch_file_that_holds_another_epoch(sound: Sound) -> None:
    def name_epochs(run: Any) -> None:
        run["evidence"]["files"] |= {"epoch_1": "lm/metrics/metrics_epoch_02.json", "epoch_2": "lm/metrics/metrics_epoch_02.json"}

    sound.change_parameters("params/runs/lm.yaml", name_epochs)
    finding, _ = sound.audit("recompute.order")
    assert finding.message == "lm/metrics/metrics_epoch_02.json is the file of epoch 1 of lm, but holds epoch 2."


# --- best ----------------------------------------------------------------------------------------------------------------


def record_of(sound: Sound, run: str, change: Callable[[Any], None]) -> None:
    """Change a run's record."""
    import json

    path = next((sound.folder / "versions/sound").glob(f"*/{run}/record.json"))
    record = json.loads(path.read_text())
    change(record)
    dump(path.parent, path.name, record)


def test_a_best_loss_that_is_not_the_smallest(sound: Sound) -> None:
    record_of(sound, "lm", put("results.validation.loss_nats", 3.15))
    finding, _ = sound.audit("recompute.best")
    assert (finding.severity, finding.stated, finding.recomputed) == ("error", "3.15000", "3.20000")


def test_last_weights_that_beat_the_best(sound: Sound) -> None:
    sound.spoil("adapter/train.json", put("training.best_eval_loss", 1.52))
    [finding] = [finding for finding in sound.audit("recompute.best") if finding.severity != "note"]
    assert (finding.subject, finding.severity) == ("adapter, last weights", "warning")
    sound.spoil("adapter/train.json", put("training.best_eval_loss", 1.26))
    assert [finding.severity for finding in sound.audit("recompute.best")] == ["note"]


# --- prices --------------------------------------------------------------------------------------------------------------


def test_a_price_that_the_logs_do_not_state(sound: Sound) -> None:
    sound.change_parameters("params/prices.yaml", lambda prices: next(iter(prices.values())).update(usd_per_hour=0.35))
    findings = sound.audit("recompute.prices")
    assert {finding.subject for finding in findings} == {"adapter, price", "extrinsic, price"}
    assert findings[0].stated == "0.35 USD/h" and findings[0].recomputed == "0.30 USD/h"


def test_a_cost_of_another_time(sound: Sound) -> None:
    sound.spoil("adapter/train.json", put("cost.total_cost_usd", 0.0633))
    [finding] = sound.audit("recompute.prices")
    assert (finding.subject, finding.stated, finding.recomputed) == ("adapter, cost", "0.0633 USD", "0.0533 USD")


# --- copies --------------------------------------------------------------------------------------------------------------


def test_one_changed_digit_is_told_from_two_copies(sound: Sound) -> None:
    sound.change("lm/train.json", put("history.1.val_loss", lambda loss: loss + 0.01))
    errors = [finding for finding in sound.audit("recompute.copies") if finding.severity == "error"]
    assert [finding.subject for finding in errors] == ["lm/train.json"]
    assert errors[0].stated == "3.41" and errors[0].recomputed == "3.4"
    assert "val_loss of epoch 2" in errors[0].message
    assert {ref.file for ref in errors[0].evidence} == {"lm/train.json", "lm/metrics/metrics_epoch_02.json", "lm/history.csv"}


def test_copies_under_a_shift_of_epochs(sound: Sound) -> None:
    def shift(text: str) -> str:
        head, *rows = text.splitlines()
        rows = [f"0,{rows[0].partition(',')[2]}9", *(f"{number},{row.partition(',')[2]}" for number, row in enumerate(rows, start=1))]
        return "\n".join([head, *rows]) + "\n"

    sound.change("lm/history.csv", shift)
    subjects = [finding.subject for finding in sound.audit("recompute.copies") if finding.severity == "error"]
    assert subjects == ["lm/metrics and lm/history.csv, shift", "lm/train.json and lm/history.csv, shift"]


def test_a_copy_that_lacks_its_last_epoch(sound: Sound) -> None:
    sound.change("lm/train.json", lambda log: log["history"].pop() and None)
    [finding] = [finding for finding in sound.audit("recompute.copies") if finding.severity != "note"]
    assert (finding.severity, finding.verdict, finding.effect) == ("warning", "not verifiable", "1 epochs")


def test_two_clocks_for_one_epoch(sound: Sound) -> None:
    sound.change("lm/metrics/metrics_epoch_02.json", put("epoch_time_sec", lambda seconds: seconds + 0.0003))
    assert [finding.severity for finding in sound.audit("recompute.copies")] == ["note"]
    sound.change("lm/metrics/metrics_epoch_02.json", put("epoch_time_sec", lambda seconds: seconds + 1))
    assert sound.audit("recompute.copies")[0].severity == "error"


def test_a_copied_log_that_was_changed(sound: Sound) -> None:
    log = sound.read("adapter/train.json")
    log["training"] |= {"best_eval_loss": 1.2345678, "other": 2.3456789, "tokens_per_sec": 10.123456}
    log["timers"]["duration_sec"] = 640.0001234
    sound.write("adapter/train.json", log)
    sound.change("adapter/intrinsic.json", put("adapter.training_log", log | {"training": log["training"] | {"best_eval_loss": 1.2245678}}))
    [finding] = [finding for finding in sound.audit("recompute.copies") if finding.severity == "error"]
    assert finding.subject == "adapter/intrinsic.json $.adapter.training_log and adapter/train.json"
    assert (finding.stated, finding.recomputed) == ("1.224568", "1.234568")


def test_seeds_that_score_alike(sound: Sound) -> None:
    first, second = (sound.read(f"evaluation/summary_{seed}.json") for seed in (11, 22))
    for task, summary in second["tasks"].items():
        summary["metrics"] = {s: {m: 0.123456789 + n / 10 for n, m in enumerate(v)} for s, v in summary["metrics"].items()}
        first["tasks"][task]["metrics"] = summary["metrics"]
    sound.write("evaluation/summary_11.json", first)
    sound.write("evaluation/summary_22.json", second)
    assert [finding.severity for finding in sound.audit("recompute.copies")] == ["note"]
    for task, summary in second["tasks"].items():
        summary["timers"] = first["tasks"][task]["timers"]  # no two evaluations take the same time to the last digit
    sound.write("evaluation/summary_22.json", second)
    errors = [finding for finding in sound.audit("recompute.copies") if finding.severity == "error"]
    assert [finding.subject for finding in errors] == ["evaluation/summary_11.json and evaluation/summary_22.json"]


def test_small_ratios_and_costs_are_no_fingerprint(sound: Sound) -> None:
    shares = {f"right_{n}": n / 12 for n in (1, 5, 7, 11)} | {"loss": 1.2345678}
    cost = {"cost_usd": 0.0533333333, "env": {"gpu_memory_gb": 23.5244140625}, "learning_rate": 0.00012345678}
    sound.write("adapter/first.json", shares | cost)
    sound.write("adapter/second.json", shares | cost | {"loss": 1.3456789})
    sound.make()
    assert [finding.severity for finding in sound.audit("recompute.copies")] == ["note"]
    losses = {f"loss_{n}": n + 0.2345678 for n in range(4)}
    sound.write("adapter/first.json", losses | {"last": 1.5})
    sound.write("adapter/second.json", losses | {"last": 1.6})
    sound.make()
    assert [finding.severity for finding in sound.audit("recompute.copies")] == ["error", "note"]


@pytest.mark.parametrize("seeds", [(11, 22, 33), (11, 22, 33, 44, 55)])
def test_another_number_of_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seeds: tuple[int, ...]) -> None:
    monkeypatch.setattr(fixture, "SEEDS", seeds)
    write_project(tmp_path / "template")
    findings = Sound(tmp_path / "template", tmp_path / "project").audit(*IDS)
    assert [finding for finding in findings if finding.severity != "note"] == []


# --- durations -----------------------------------------------------------------------------------------------------------


def test_time_stamps_that_contradict_the_duration(sound: Sound) -> None:
    sound.change("char/train.json", put("timestamps.ended_at", "2026-01-02 08:07:40"))
    finding, note = sound.audit("recompute.durations")
    assert (finding.severity, finding.stated, finding.recomputed) == ("error", "400 s", "460 s")
    assert note.recomputed.startswith("3 of 5 runs")


def test_stamps_without_fractions_of_a_second(sound: Sound) -> None:
    sound.change("char/train.json", put("timestamps.elapsed_sec", 400.9))
    assert [finding.severity for finding in sound.audit("recompute.durations")] == ["note"]


@pytest.mark.parametrize(
    ("duration", "found"), [(640.048, []), (640.0, []), (640, []), (640.028, []), (639.048, ["error"]), (641.048, ["error"])]
)
def test_stamps_with_fractions_and_a_rounded_duration(sound: Sound, duration: float, found: list[str]) -> None:
    stamps = {"started_at": "2026-01-03T10:00:00.120000+00:00", "ended_at": "2026-01-03T10:10:40.168000+00:00"}
    sound.change("adapter/train.json", lambda log: log["timers"].update(stamps, duration_sec=duration))
    stamped = [finding for finding in sound.audit("recompute.durations") if "time stamps" in finding.subject]
    assert [finding.severity for finding in stamped] == found


@pytest.mark.parametrize(("seconds", "severity"), [(400.0, "error"), (415.0, "note"), (600.0, "warning")])
def test_epochs_against_their_total(sound: Sound, seconds: float, severity: str) -> None:
    sound.change("lm/train.json", put("total_time_sec", seconds))  # the epochs take 412 s
    assert sound.audit("recompute.durations")[0].severity == severity


# --- batches -------------------------------------------------------------------------------------------------------------

START = 1767340800
"""2026-01-02 08:00:00, in UTC."""


def batch_log(sound: Sound, *losses: float, start: int = START + 5, seconds: int = 190) -> None:
    """A log of batches for the character model: forty batches an epoch, the last of each with a loss of ``losses``."""
    lines = []
    for epoch, loss in enumerate(losses):
        lines += [f"{start + seconds * epoch + 4 * batch},batch {batch} - loss {loss + (39 - batch) / 10:.4f}" for batch in range(0, 40, 3)]
    sound.write("char/batches.log", "\n".join(lines) + "\n")
    sound.change("char/train.json", put("artifacts.batch_log", "/root/elsewhere/char/batches.log"))
    sound.make()


def test_a_log_of_batches_that_fits(sound: Sound) -> None:
    batch_log(sound, 1.752, 1.503)
    assert [finding.severity for finding in sound.audit("recompute.batches", "recompute.durations")] == ["note", "note"]
    batch_log(sound, 1.752, 1.503, start=START + 5 - 3 * 3600)  # another time zone
    assert [finding.severity for finding in sound.audit("recompute.batches")] == ["note"]


def test_batches_of_another_run(sound: Sound) -> None:
    batch_log(sound, 1.85, 1.503)
    [finding] = sound.audit("recompute.batches")
    assert (finding.subject, finding.severity) == ("char/batches.log, loss", "error")
    assert (finding.stated, finding.recomputed) == ("1.7500", "1.8500")


def test_windows_that_were_not_trained_on(sound: Sound) -> None:
    batch_log(sound, 1.752, 1.503)
    sound.change("char/train.json", put("model.train_windows", 710))
    [finding] = sound.audit("recompute.batches")
    assert (finding.subject, finding.stated, finding.recomputed) == ("char/batches.log, batches", "45 batches", "40 to 42 batches")
    assert finding.cells == ("models tokens.char",)
    sound.change("char/train.json", put("model.train_windows", 650))  # a partial batch more
    assert [finding.severity for finding in sound.audit("recompute.batches")] == ["note"]


def test_batches_at_another_time(sound: Sound) -> None:
    batch_log(sound, 1.752, 1.503, start=START + 450)
    assert [finding.subject for finding in sound.audit("recompute.batches")] == ["char/batches.log, time"]


def test_batches_out_of_order(sound: Sound) -> None:
    batch_log(sound, 1.752, 1.503)
    sound.change("char/batches.log", lambda text: text.replace(f"{START + 17},", f"{START + 1},"))
    [finding] = sound.audit("recompute.batches")
    assert (finding.subject, finding.effect) == ("char/batches.log, order", "1 lines")


@pytest.mark.parametrize(("old", "new"), [("batch 15 ", "batch 16 "), ("batch 15 ", "batch 5 "), ("batch 15 ", "batch 150 ")])
def test_a_batch_of_another_number(sound: Sound, old: str, new: str) -> None:
    batch_log(sound, 1.752, 1.503)
    sound.change("char/batches.log", lambda text: text.replace(old, new, 1))
    [finding] = [finding for finding in sound.audit("recompute.batches") if finding.subject == "char/batches.log, numbers"]
    assert finding.severity == "error" and finding.evidence[0].path == "line 6"


def test_an_epoch_that_ends_with_a_line_of_its_own(sound: Sound) -> None:
    batch_log(sound, 1.752, 1.503)
    sound.change("char/batches.log", lambda text: text.replace("batch 39 ", "batch 38 "))
    assert [finding.severity for finding in sound.audit("recompute.batches")] == ["note"]


def test_a_running_mean_that_jumps(sound: Sound) -> None:
    batch_log(sound, 1.752, 1.503)
    sound.change("char/batches.log", lambda text: text.replace("batch 21 - loss 3.55", "batch 21 - loss 4.55"))
    [finding] = sound.audit("recompute.batches")
    assert (finding.subject, finding.severity) == ("char/batches.log, jumps", "error")
    assert finding.stated == "4.5520" and finding.evidence[0].path == "line 8"
    sound.change("char/batches.log", lambda text: text.replace("batch 21 - loss 4.55", "batch 21 - loss 3.56"))
    assert [finding.severity for finding in sound.audit("recompute.batches")] == ["note"]


def test_a_console_that_prints_other_losses(sound: Sound) -> None:
    batch_log(sound, 1.752, 1.503)
    log = (sound.evidence / "char/batches.log").read_text().splitlines()
    console = "Epoch 1/2\n20" + "\n".join(line.partition(",")[2] for line in log[:-3]) + "\n"  # it broke off
    sound.write("char/console.out", console)
    sound.make()
    assert [finding.severity for finding in sound.audit("recompute.batches")] == ["note"]
    sound.change("char/console.out", lambda text: text.replace("batch 21 - loss 3.5520", "batch 21 - loss 3.5530"))
    [finding] = [finding for finding in sound.audit("recompute.batches") if finding.severity != "note"]
    assert (finding.stated, finding.recomputed) == ("3.5530", "3.5520")
    assert finding.message.startswith("1 of ")


# --- scores --------------------------------------------------------------------------------------------------------------


def test_a_stored_score_that_was_changed(sound: Sound) -> None:
    sound.change("evaluation/outputs_11.jsonl", put("14.metrics.sft.rouge_l_f1", lambda score: score - 0.1))
    findings = {finding.subject: finding for finding in sound.audit("recompute.scores")}
    assert "1 of 96 scores in 1 rows (line 15)" in findings["evaluation/outputs_11.jsonl"].message
    assert findings["evaluation/summary_11.json, rows"].severity == "error"
    assert findings["all scores"].recomputed == "191 scores of 144 outputs equal"


def test_scores_under_another_normaliser(sound: Sound) -> None:
    sound.change_parameters("params/runs/extrinsic.yaml", put("extrinsic.normaliser", "strict"))
    finding = sound.audit("recompute.scores")[0]
    assert finding.severity == "error" and "They are what it gives under" in finding.message and "pt-squad" in finding.message


def test_a_mean_that_is_not_that_of_the_rows(sound: Sound) -> None:
    sound.change("evaluation/summary_22.json", put("tasks.qa.metrics.sft.em", 0.7))
    subjects = [finding.subject for finding in sound.audit("recompute.scores") if finding.severity == "error"]
    named = "evaluation/aggregate.json $.runs[1], evaluation/summary_22.json"
    assert subjects == [named, "evaluation/summary_22.json, rows"]


def test_a_deviation_of_the_population(sound: Sound) -> None:
    sound.change("evaluation/aggregate.json", put("aggregate.rewriting.sft.rouge_l_f1.std", lambda sd: sd / math.sqrt(2)))
    [finding] = [finding for finding in sound.audit("recompute.scores") if finding.severity == "error"]
    assert finding.subject == "evaluation/aggregate.json, aggregate" and finding.effect == "-29.29%"


def test_scores_equal_but_for_the_last_bits(sound: Sound) -> None:
    sound.change("evaluation/outputs_11.jsonl", put("14.metrics.sft.rouge_l_f1", lambda score: score + 1e-12))
    assert [finding.severity for finding in sound.audit("recompute.scores")] == ["note"]


# --- parameters ----------------------------------------------------------------------------------------------------------


def test_a_parameter_count_of_another_model(sound: Sound) -> None:
    sound.spoil("char/train.json", put("model.params", 35748))
    [finding] = sound.audit("recompute.parameters")
    assert (finding.severity, finding.stated, finding.recomputed) == ("error", "35,748", "34,532")


def test_a_count_that_only_the_parameters_state_confirms_nothing(sound: Sound) -> None:
    counted = put("architecture.parameter_count", 14 * 64 * 64)
    sound.change_parameters("params/runs/lm.yaml", counted)
    sound.make()
    assert [finding.subject for finding in sound.audit("recompute.parameters") if finding.severity == "error"] == ["lm"]
    right = sound.audit("recompute.parameters")[0].recomputed
    sound.change_parameters("params/runs/lm.yaml", put("architecture.parameter_count", int(right.replace(",", ""))))
    sound.make()
    [note] = sound.audit("recompute.parameters")
    assert note.recomputed == "1 runs have the stated number"
    assert note.message.endswith("No log states them for lm, lm_wide.")


def recurrent(cell: str, embedding: int, hidden: int, layers: int, norm: float | None = None) -> RecurrentArchitecture:
    dimensions = {"embedding_size": embedding, "hidden_size": hidden, "layers": layers, "layer_norm_epsilon": norm}
    return RecurrentArchitecture.model_validate({"family": "recurrent", "cell": cell} | dimensions)


@pytest.mark.parametrize(
    ("model", "vocabulary", "count"),
    [
        (recurrent("lstm", 64, 256, 1), 277, 417_621),
        (recurrent("lstm", 256, 512, 1), 277, 1_787_925),
        (recurrent("lstm", 256, 512, 2, 1e-5), 277, 3_889_173),
        (recurrent("gru", 512, 512, 2), 3200, 6_431_872),
        (recurrent("gru", 512, 512, 2), 4000, 7_251_872),
        (recurrent("lstm", 512, 512, 2), 4000, 8_298_400),
    ],
)
def test_counts_of_recurrent_models(model: RecurrentArchitecture, vocabulary: int, count: int) -> None:
    assert recurrent_count(model, vocabulary) == count


@pytest.mark.parametrize(
    ("width", "layers", "vocabulary", "count"), [(256, 4, 4000, 4_253_088), (320, 6, 11_294, 11_105_694), (320, 6, 14_500, 12_134_820)]
)
def test_counts_of_transformers(width: int, layers: int, vocabulary: int, count: int) -> None:
    dimensions = {"model_size": width, "layers": layers, "heads": 8, "feed_forward_size": 4 * width, "dropout": 0.1}
    assert transformer_count(TransformerArchitecture.model_validate({"family": "transformer"} | dimensions), vocabulary, 256) == count


def test_counts_of_adapters() -> None:
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    model = AdapterArchitecture(
        family="qlora",
        base_model="llama-8B",
        quantisation="nf4",
        double_quantisation=True,
        compute_dtype="bfloat16",
        lora_rank=16,
        lora_alpha=32,
        lora_dropout=0.05,
        lora_targets=targets,
    )
    dimensions = {"layers": 32, "hidden": 4096, "key_value": 1024, "feed_forward": 14336}
    assert adapter_count(model, dimensions) == 41_943_040
    assert adapter_count(model, None) is None
