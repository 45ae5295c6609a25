import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stages.errors import UserError
from stages.example_rows import write_objects
from stages.extrinsic import run
from stages.files import read_json
from stages.manifest import write_manifest
from stages.normalise import NORMALISERS
from stages.tasks import TASKS
from tests.unit.drawn import LIMITS, PARAMETERS, write_draw

METRICS = {"qa": ["em", "f1"], "summarization": ["rouge_l_f1"], "rewriting": ["rouge_l_f1"]}
EXTRINSIC: dict[str, Any] = {
    "base_model": "base",
    "adapter_run": "sft",
    "tasks": METRICS,
    "seeds": [7],
    "examples_per_task": 2,
    "normaliser": "pt-squad",
    "quantisation": "nf4",
    "decoding": "greedy",
    "batch_size": 3,
    "maximum_prompt_tokens": 120,
    "maximum_new_tokens": LIMITS,
}
ENVIRONMENT = {"device": "CPU", "precision": "fp32", "threads": 1}
TIMES = {"started_at": "2026-01-01T00:00:0{}+00:00", "ended_at": "2026-01-01T01:00:0{}+00:00"}


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_answers(folder: Path, draw: Path, answers: Sequence[str], adapter: bool, **changes: Any) -> Path:
    """A folder of kind ``outputs``: the answers to the examples of the draw."""
    examples = lines_of(draw / "examples.jsonl")
    common = {"seed": 7, "prompt_sha256": "0" * 64, "prompt_tokens": 9, "shortened": False}
    own = {"generated_tokens": 3, "stop": "length" if adapter else "end"}
    told = zip(examples, answers, strict=True)
    rows = [{"task": each["task"], "hash": each["hash"], "output": answer} | common | own for each, answer in told]
    write_objects(folder / "outputs.jsonl", rows)
    seconds = dict.fromkeys({row["task"] for row in rows}, 2.0 if adapter else 1.0)
    times = {name: each.format(int(adapter)) for name, each in TIMES.items()}
    (folder / "timing.json").write_text(json.dumps(times | {"seeds": {"7": seconds}, "kilowatt_hours": {"7": 0.25 if adapter else None}}))
    inputs = {"model": draw / "manifest.json", "examples_7": draw / "manifest.json"}
    inputs |= {"adapter": draw / "manifest.json"} if adapter else {}
    facts = {"environment": ENVIRONMENT | changes}
    write_manifest(folder, "outputs", "stages.extrinsic", files=["outputs.jsonl"], facts=facts, parameters=PARAMETERS, inputs=inputs)
    return folder


def arguments(tmp_path: Path, draw: Path, base: Path, adapter: Path, **changes: Any) -> argparse.Namespace:
    return argparse.Namespace(
        parameters=json.dumps(EXTRINSIC | changes),
        seed=7,
        examples=draw,
        base=base,
        adapter=adapter,
        output_folder=tmp_path / "out",
    )


@pytest.fixture
def draw(tmp_path: Path) -> Path:
    return write_draw(tmp_path / "draw", 7, per_task=2)


@pytest.fixture
def base(tmp_path: Path, draw: Path) -> Path:
    """A system that says nothing to some and something else to others."""
    return write_answers(tmp_path / "base", draw, ["Uma resposta", ""] * 3, adapter=False)


@pytest.fixture
def adapter(tmp_path: Path, draw: Path) -> Path:
    """A system that is right but for case and punctuation."""
    return write_answers(tmp_path / "adapter", draw, ["RESPOSTA 0.", "RESPOSTA 1."] * 3, adapter=True)


def test_rows_have_the_published_schema(tmp_path: Path, draw: Path, base: Path, adapter: Path) -> None:
    run(arguments(tmp_path, draw, base, adapter))
    rows = lines_of(tmp_path / "out/outputs.jsonl")
    assert [row["task"] for row in rows] == [task for task in TASKS for _ in range(2)]
    assert list(rows[0]) == ["task", "hash", "instruction", "input", "reference", "base_output", "sft_output", "metrics"]
    assert rows[0]["metrics"] == {"base": {"em": 0.0, "f1": pytest.approx(2 / 3)}, "sft": {"em": 1.0, "f1": 1.0}}
    assert rows[3]["base_output"] == "" and rows[3]["metrics"]["base"] == {"rouge_l_f1": 0.0}, "an empty answer is kept and scores nothing"


def test_the_summary_counts_and_scores_under_every_normaliser(tmp_path: Path, draw: Path, base: Path, adapter: Path) -> None:
    run(arguments(tmp_path, draw, base, adapter))
    summary = read_json(tmp_path / "out/summary.json")
    assert summary["manifest_seed"] == 7 and summary["normaliser"] == "pt-squad"
    assert summary["models"]["sft"] == {"model": "base", "use_4bit": True, "adapter_run": "sft"}
    assert summary["generation"]["batch_size"] == 3 and summary["generation"]["engine"] == "transformers"
    qa = summary["tasks"]["qa"]
    assert (qa["n"], qa["max_new_tokens"], qa["shortened"]) == (2, 4, 0)
    assert qa["generation_tokens"] == {"base_generated_tokens": 6, "sft_generated_tokens": 6}
    assert qa["empty"] == {"base": 1, "sft": 0} and qa["stopped_by_length"] == {"base": 0, "sft": 2}
    assert qa["metrics"] == qa["by_normaliser"]["pt-squad"]
    assert list(qa["by_normaliser"]) == list(NORMALISERS)
    assert qa["by_normaliser"]["strict"]["sft"]["em"] == 0, "where case tells, none is right"
    timing = read_json(tmp_path / "out/timing.json")
    assert timing["tasks"]["qa"]["timers"] == {"base_sec": 1.0, "sft_sec": 2.0, "total_sec": 3.0} and timing["seconds"] == 9.0
    assert timing["kilowatt_hours"] == {"base": None, "sft": 0.25}, "what was not measured is not made up"
    assert (timing["started_at"], timing["ended_at"]) == ("2026-01-01T00:00:00+00:00", "2026-01-01T01:00:01+00:00")


def test_the_clock_changes_neither_rows_nor_summary(tmp_path: Path, draw: Path, base: Path, adapter: Path) -> None:
    run(arguments(tmp_path, draw, base, adapter))
    before = [(tmp_path / "out" / name).read_bytes() for name in ("outputs.jsonl", "summary.json")]
    timing = read_json(base / "timing.json")
    (base / "timing.json").write_text(json.dumps(timing | {"started_at": "2025-01-01T00:00:00+00:00"}))
    run(arguments(tmp_path, draw, base, adapter))
    assert [(tmp_path / "out" / name).read_bytes() for name in ("outputs.jsonl", "summary.json")] == before


def test_answers_that_do_not_compare_are_refused(tmp_path: Path, draw: Path, base: Path, adapter: Path) -> None:
    other = write_draw(tmp_path / "other", 7, per_task=3)
    elsewhere = write_answers(tmp_path / "elsewhere", other, [""] * 9, adapter=True)
    wide = write_answers(tmp_path / "wide", draw, [""] * 6, adapter=True, threads=2)
    for given, message in (
        ((base, elsewhere), r"inputs.examples_7: found other examples, expected those of .*draw"),
        ((base, base), r"inputs.adapter: found as in the base's answers"),
        ((adapter, adapter), r"inputs.adapter: found as in the base's answers"),
        ((base, wide), r"facts.environment: found .*'threads': 2.* Make both on one machine"),
    ):
        with pytest.raises(UserError, match=message):
            run(arguments(tmp_path, draw, *given))
    assert not (tmp_path / "out").exists()


def test_unknown_names_are_refused(tmp_path: Path, draw: Path, base: Path, adapter: Path) -> None:
    for changes, message in (
        ({"normaliser": "mine"}, r"normaliser: found 'mine', expected one of: strict"),
        ({"tasks": METRICS | {"qa": ["bleu"]}}, r"tasks.qa: found 'bleu', expected one of: em, f1, rouge_l_f1"),
        ({"tasks": {"qa": ["em"]}}, r"examples.jsonl: line 3: task: found 'summarization', expected one of: qa"),
    ):
        with pytest.raises(UserError, match=message):
            run(arguments(tmp_path, draw, base, adapter, **changes))
    with pytest.raises(UserError, match="seed: found 7, expected 8"):
        run(argparse.Namespace(**{**vars(arguments(tmp_path, draw, base, adapter)), "seed": 8}))


@pytest.mark.evidence
def test_the_published_outputs_get_the_published_scores(evidence: Path, tmp_path: Path) -> None:
    analysis, scored = evidence / "versions/trilha2-lora/analysis", 0
    for ending in ("", "_seed456", "_seed789"):
        published, folder = lines_of(analysis / f"eval_trilha2_extrinsic_details{ending}.jsonl"), tmp_path / f"seed{ending}"
        given = ("task", "hash", "instruction", "input", "reference")
        write_objects(folder / "draw/examples.jsonl", [{name: row[name] for name in given} for row in published])
        draw = folder / "draw"
        write_manifest(draw, "examples", "stages.draw", files=["examples.jsonl"], facts={}, parameters={"seed": 7})
        systems = [
            write_answers(folder / system, draw, [row[f"{system}_output"] for row in published], adapter)
            for system, adapter in (("base", False), ("sft", True))
        ]
        run(arguments(folder, draw, *systems, normaliser="thesis-as-run"))
        rows = lines_of(folder / "out/outputs.jsonl")
        for row, expected in zip(rows, published, strict=True):
            for system in ("base", "sft"):
                assert row["metrics"][system] == pytest.approx(expected["metrics"][system], abs=1e-9)
                assert row[f"{system}_output"] == expected[f"{system}_output"]
                scored += 1
        means = read_json(analysis / f"eval_trilha2_extrinsic{ending}.json")["tasks"]
        for task, own in read_json(folder / "out/summary.json")["tasks"].items():
            assert own["n"] == means[task]["n"]
            for system in ("base", "sft"):
                assert own["metrics"][system] == pytest.approx(means[task]["metrics"][system], abs=1e-9)
    assert scored == 3600
