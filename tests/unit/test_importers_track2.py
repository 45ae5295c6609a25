"""Importers of track 2's own results: what they read, what they refuse, and what the record says of it."""

import math
from pathlib import Path
from typing import Any

import pytest

from stages.audit.remake import remake_record
from stages.errors import UserError
from stages.files import read_json
from stages.mirror import mirror
from stages.parameters import load_run
from stages.record import Record, load_record, trace
from stages.registry import Evidence
from stages.statistics import Paired, bootstrap_interval
from tests.audit.sound import TASKS, dump, inside
from tests.audit.tuned import EXAMPLES, SEEDS, Tuned, write_tuned


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    folder = tmp_path_factory.mktemp("made") / "project"
    write_tuned(folder)
    return Tuned(folder, folder.with_name("copy"))


def record_of(made: Tuned, run: str) -> Record:
    with inside(made.folder):
        return load_record(Path("versions/small", load_run("small", run).version, run, "record.json"))


def test_an_adapter_beside_its_base(made: Tuned) -> None:
    record = record_of(made, "cpt")
    assert record.results.intrinsic and record.results.validation
    base, adapter = record.results.intrinsic.base, record.results.intrinsic.adapter
    assert (base.weights, adapter.weights, record.results.validation.weights) == ("base", "last", "last")
    assert base.plain and adapter.plain
    assert record.results.intrinsic.perplexity_reduction == 1 - math.exp(adapter.loss_nats) / math.exp(base.loss_nats)
    assert record.results.validation.loss_nats == record.history[-1].validation_loss_nats
    assert (record.data.unique_tokens_train, record.data.predicted_tokens, record.data.processed_positions) == (1500, 2800, 3740)
    assert record.environment.libraries["peft"] == "0.21.2"
    assert trace(record, "environment.libraries.peft").refs[0].path == "$.environment.libraries.peft"


def test_a_base_model_and_its_tokenizer(made: Tuned) -> None:
    record = record_of(made, "base")
    assert record.configuration.architecture and record.configuration.tokenizer
    assert record.configuration.architecture.parameter_count == 34592
    assert record.configuration.tokenizer.vocabulary == 500
    assert record.configuration.tokenizer.name.startswith("byte_bpe-")
    assert record.results.intrinsic is None


def test_energy_is_what_was_measured_or_null_with_a_reason(made: Tuned) -> None:
    record = record_of(made, "sft")
    assert record.energy.kilowatt_hours is None
    assert record.missing["energy"].startswith("not measured")
    assert record_of(made, "safety").energy.kilowatt_hours == 0.0012


def test_scores_of_every_seed_and_the_interval_of_the_gain(made: Tuned) -> None:
    task = (record_of(made, "extrinsic").results.extrinsic or {})["qa"]
    assert task.examples == [EXAMPLES] * 3
    assert task.gains and task.cut and task.loops
    base, sft = (task.metrics["f1"][system] for system in ("base", "sft"))
    assert (base.seeds, sft.seeds) == (list(SEEDS), list(SEEDS))
    assert base.score == pytest.approx(base.published)
    gain = task.gains["f1"]
    assert gain.mean == pytest.approx(sum(sft.score) / 3 - sum(base.score) / 3)
    assert gain.low < gain.mean < gain.high
    assert (task.cut["base"], task.loops["base"]) == ([3, 3, 3], [0, 0, 0])
    rows = [made.read(made.file("extrinsic", f"outputs_{seed}")) for seed in SEEDS]
    own = [[row for row in seed if row["task"] == "qa"] for seed in rows]
    paired = [
        Paired([row["metrics"]["sft"]["f1"] - row["metrics"]["base"]["f1"] for row in seed], [row["instruction"] for row in seed])
        for seed in own
    ]
    assert (gain.low, gain.high) == bootstrap_interval(paired)


def test_a_variant_does_not_count_the_base_s_answers_again(made: Tuned) -> None:
    first, variant = (record_of(made, run) for run in ("extrinsic", "extrinsic_after_cpt"))
    timers = [
        made.read(made.file(run, f"timing_{seed}"))["tasks"][task]["timers"][name]
        for run, name in (("extrinsic", "total_sec"), ("extrinsic_after_cpt", "sft_sec"))
        for seed in SEEDS
        for task in TASKS
    ]
    assert first.time.seconds == pytest.approx(sum(timers[:9]))
    assert variant.time.seconds == pytest.approx(sum(timers[9:]))
    assert "those of extrinsic" in trace(variant, "time.seconds").formula


def test_probes_and_sampled_answers(made: Tuned) -> None:
    results = record_of(made, "safety").results
    assert results.probes and results.sampled
    assert (results.probes["prompt_injection"]["sft"].failures, results.probes["prompt_injection"]["sft"].examples) == (2, 12)
    spread = results.sampled["qa"]["em"]["base"]
    assert (spread.temperature, spread.seeds, spread.score, spread.greedy) == (0.8, [1, 2], [0.25, 0.5], 0.375)


def test_tables_of_the_campaign(made: Tuned) -> None:
    scores = made.table("scores")
    assert list(scores)[:3] == ["qa.em.base", "qa.em.sft", "qa.em.sft_after_cpt"]
    assert scores["qa.em.sft"] | {"interval": ""} == {
        "task": "",
        "system": "SFT",
        "seed_a": "0.500",
        "seed_b": "0.500",
        "seed_c": "0.500",
        "mean": "0.500±0.000",
        "gain": "+0.250",
        "interval": "",
        "cut": "0.0%",
        "loops": "0.0%",
    }
    trained = made.table("tab11")
    assert [trained[run]["model"] for run in ("base", "cpt", "sft")] == ["–", "base", "base"]
    assert trained["cpt"]["data"] == "demo 36"
    assert trained["cpt"]["cost"] == "not measured"
    assert trained["sft"]["kept_loss"].endswith(", last")
    assert "loss" not in trained["sft"]
    assert made.table("beyond")["invented_facts"]["base"] == "5 of 12"
    assert made.table("beyond")["qa.em"] == {
        "probe": "QA, EM",
        "base": "0.375±0.177",
        "base_greedy": "0.375",
        "sft": "0.375±0.177",
        "sft_greedy": "0.375",
    }


def test_what_mlflow_gets_of_an_evaluation(made: Tuned) -> None:
    """One run a system, so that base and adapter stand side by side; what the adapter gains stands with the adapter."""
    with inside(made.folder):
        base, sft = mirror(record_of(made, "extrinsic"), Path("versions/small/trilha2-lora/extrinsic/record.json"), {}, {})
        probed = mirror(record_of(made, "safety"), Path("versions/small/trilha2-lora/safety/record.json"), {}, {})
    assert [(each.name, each.group, each.parameters["model"]) for each in (base, sft)] == [
        ("extrinsic: base", "scores", "base"),
        ("extrinsic: sft", "scores", "sft"),
    ]
    shown = {name: value for name, value, _ in sft.metrics}
    seeds = {step: value for name, value, step in sft.metrics if name == "values/seeds/qa_em"}
    assert list(seeds) == list(SEEDS)
    assert shown["qa_em"] == sum(seeds.values()) / len(seeds)
    assert {name for name, _, _ in sft.metrics} - {name for name, _, _ in base.metrics} >= {"values/gain/qa_f1", "values/gain/qa_f1_low"}
    assert [each.name for each in probed] == ["safety: base", "safety: sft"]
    assert "personal_data_failures" in {name for name, _, _ in probed[1].metrics}


@pytest.mark.parametrize(
    ("run", "role", "change", "message"),
    [
        ("extrinsic", "summary_123", {"manifest_seed": 7}, r"\$.manifest_seed: found 7, expected 123"),
        ("sft", "timing", {"seconds": -1}, r"timing.json: \$.seconds: found -1"),
        ("sft", "intrinsic", {"sft": {}}, r"\$.sft"),
        ("safety", "report", {"probes": {"p": {"base": {"examples": 3, "failures": 1.5, "empty": 0}}}}, r"failures: found 1.5"),
    ],
)
def test_results_that_cannot_be_are_refused(made: Tuned, run: str, role: str, change: dict[str, Any], message: str) -> None:
    file = made.folder / made.file(run, role)
    before = read_json(file)
    try:
        dump(made.folder, made.file(run, role), before | change)
        with inside(made.folder), pytest.raises(UserError, match=message):
            remake_record(Evidence("small"), load_run("small", run))
    finally:
        dump(made.folder, made.file(run, role), before)


def test_outputs_without_a_task_are_refused(made: Tuned) -> None:
    name = made.file("extrinsic", "outputs_456")
    rows = made.read(name)
    try:
        dump(made.folder, name, [row for row in rows if row["task"] != "rewriting"])
        with inside(made.folder), pytest.raises(UserError, match=r"task rewriting: found no rows"):
            remake_record(Evidence("small"), load_run("small", "extrinsic"))
    finally:
        dump(made.folder, name, rows)
