"""Track 2 as its users run it: from instructions to audited tables, on a model of seconds, and on the published instructions."""

import json
import re
from pathlib import Path

import pytest

from stages.files import read_json
from tests.conftest import copy_project, run_in, snakemake
from tests.end_to_end.test_track1 import planned, tables

TINY = ("--config", "campaign=tiny-qlora")
RUNS = Path("versions/tiny-qlora/trilha2-lora")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the campaign ``tiny-qlora``, made and audited."""
    folder = copy_project(tmp_path_factory.mktemp("track2") / "project")
    snakemake(folder, "track2", "audit", *TINY)
    return folder


def planned_with(folder: Path, setting: str) -> list[str]:
    return planned(folder, "track2", "--config", "campaign=tiny-qlora", f"set={setting}")


def test_every_table_of_track_2_comes_out(tuned: Path) -> None:
    found = dict(tables(tuned, "tiny-qlora"))
    assert {"tab01", "tab02", "tab03", "tab04", "tab11", "tab12", "tab13", "scores", "beyond"} <= found.keys()
    assert set(found["tab13"]) == {"qa.em", "qa.f1", "summarization.rouge_l", "rewriting.rouge_l"}
    measured = [cell for name in ("tab12", "tab13", "scores") for row in found[name].values() for cell in row.values()]
    assert "not measured" not in " ".join(measured)
    assert {row["cost"] for row in found["tab03"].values()} == {"not measured"}  # nobody rents a machine of one's own
    text = (tuned / "reports/tiny-qlora/tables/tab13.tex").read_text() + (tuned / "reports/tiny-qlora/tables/tab12.tex").read_text()
    assert "LLaMA" not in text  # what the thesis adapts is not what this campaign does


def test_the_audit_reads_it_all_and_stays_silent(tuned: Path) -> None:
    result = read_json(tuned / "analysis/tiny-qlora/audit/findings.json")
    assert [finding for finding in result["findings"] if finding["severity"] in ("error", "warning")] == []


def test_base_and_adapter_are_held_against_each_other_on_the_same_tokens(tuned: Path) -> None:
    for run in ("cpt", "sft"):
        intrinsic = read_json(tuned / RUNS / run / "record.json")["results"]["intrinsic"]
        assert intrinsic["base"]["label_tokens"] == intrinsic["adapter"]["label_tokens"] > 0
        assert intrinsic["adapter"]["loss_nats"] < intrinsic["base"]["loss_nats"]
        assert intrinsic["base"]["weights"] == "base"


def test_a_second_call_has_nothing_to_do(tuned: Path) -> None:
    assert planned(tuned, "track2", "audit", *TINY) == []


def test_another_normaliser_scores_again_and_asks_no_model(tuned: Path) -> None:
    jobs = planned_with(tuned, "extrinsic.extrinsic.normaliser=strict")
    assert any(job.startswith("Scoring the answers") for job in jobs)
    assert not any(job.startswith(("Answering", "Tuning", "Training", "Drawing")) for job in jobs)


def test_a_learning_rate_tunes_its_run_again_and_leaves_the_base_model_s_answers(tuned: Path) -> None:
    jobs = planned_with(tuned, "sft.training.learning_rate=0.001")
    assert [job for job in jobs if job.startswith(("Tuning", "Training"))] == ["Tuning run sft of campaign tiny-qlora"]
    answering = [job for job in jobs if job.startswith("Answering")]
    assert len(answering) == 1 and ": sft-" in answering[0]
    assert not any("cpt" in job for job in jobs)


def test_a_run_tuned_and_answers_given_again_have_the_same_bytes(tuned: Path) -> None:
    answers = next((tuned / "analysis/tiny-qlora/outputs").glob("sft-*"))
    files = [tuned / RUNS / "sft" / name for name in ("adapter_model.safetensors", "training.json", "manifest.json")]
    files += [answers / "outputs.jsonl", answers / "manifest.json"]
    before = [file.read_bytes() for file in files]
    snakemake(tuned, *(str(file.relative_to(tuned)) for file in files), "--forcerun", "tune", "generate", *TINY)
    assert [file.read_bytes() for file in files] == before


def test_an_altered_answer_is_found_and_nothing_is_made_from_it(tuned: Path) -> None:
    answers = next((tuned / "analysis/tiny-qlora/outputs").glob("sft-*/outputs.jsonl"))
    before = answers.read_text()
    answers.write_text(re.sub(r'"output": ?"', '"output": "x', before, count=1))
    done = run_in(tuned, "snakemake", "-c1", "track2", "--forcerun", "extrinsic", *TINY)
    answers.write_text(before)
    assert done.returncode != 0 and "outputs.jsonl: sha256: found" in done.stdout + done.stderr


@pytest.mark.evidence
def test_published_instructions_tune_the_small_model(tuned: Path, evidence: Path) -> None:
    """Real text: the thesis's own 10,000 instructions, as files of the user's."""
    source = {"source": "local", "path": str(evidence / "versions/trilha2-lora/datasets"), "licence": "CC BY-NC 4.0"}
    split = {"seed": 42, "documents_train": 300, "documents_validation": 60, "documents_test": 0}
    record = read_json(tuned / RUNS / "sft/manifest.json")["parameters"]
    tune = record | {"data": record["data"] | {"documents_train": 300, "documents_validation": 60}}
    model, examples, adapter = str(RUNS / "base"), "data/canarim/split", "versions/canarim/sft"
    stage(tuned, "instructions", "--parameters", json.dumps(source), "--folder", "data/canarim")
    stage(tuned, "split", "--instructions", "data/canarim", "--parameters", json.dumps(split), "--folder", examples)
    told = ("--model", model, "--examples", examples)
    run = ("--campaign", "canarim", "--run", "sft", "--parameters", json.dumps(tune))
    stage(tuned, "tune", *run, *told, "--folder", adapter, "--threads", "1")
    stage(tuned, "intrinsic", "--run", "sft", *told, "--adapter", adapter, "--output", "intrinsic.json", "--threads", "1")
    losses = read_json(tuned / "intrinsic.json")["sft"]
    assert losses["adapter"]["eval_loss"] < losses["base"]["eval_loss"]
    assert losses["base"]["label_tokens"] == losses["adapter"]["label_tokens"] > 1000


def stage(folder: Path, name: str, *arguments: str) -> None:
    done = run_in(folder, "python", "-m", f"stages.{name}", *arguments)
    assert done.returncode == 0, done.stderr
