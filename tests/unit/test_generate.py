import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stages.errors import UserError
from stages.files import sha256_of_json
from stages.generation.outputs import read_outputs
from stages.generation.partial import PARTIAL
from stages.tasks import TASKS
from tests.unit.drawn import LIMITS, PARAMETERS, write_draw


@pytest.fixture
def model(tmp_path: Path) -> Path:
    from tests.unit.small_llama import write_model

    return write_model(tmp_path / "model")


@pytest.fixture
def draws(tmp_path: Path) -> list[Path]:
    return [write_draw(tmp_path / "draws" / str(seed), seed) for seed in (2, 1)]


def arguments(model: Path, draws: list[Path], folder: Path, **changes: Any) -> dict[str, Any]:
    """Of the stage, with changes to how it answers."""
    parameters = PARAMETERS | {"generation": PARAMETERS["generation"] | changes}
    return {"model": model, "adapter": None, "draws": draws, "parameters": json.dumps(parameters), "folder": folder, "device": "cpu"}


def generate(model: Path, draws: list[Path], folder: Path, **changes: Any) -> None:
    from stages.generate import run

    run(argparse.Namespace(**arguments(model, draws, folder, **changes), threads=1))


DIE = """
import os, signal
from stages.generate import main
from stages.generation.partial import Partial

def add_and_die(made, number, done, add=Partial.add):
    add(made, number, done)
    if len(made.done) == 5:
        os.kill(os.getpid(), signal.SIGKILL)

Partial.add = add_and_die
main()
"""


def kill(model: Path, draws: list[Path], folder: Path) -> "subprocess.CompletedProcess[str]":
    """The same in a process of its own, killed once five batches are done."""
    options = [f"--{name}={value}" for name, value in arguments(model, draws, folder).items() if name not in ("adapter", "draws")]
    command = [sys.executable, "-c", DIE, *options, "--draws", *map(str, draws), "--threads", "1"]
    return subprocess.run(command, capture_output=True, text=True)


def test_every_example_is_answered_in_the_order_of_the_draws(model: Path, draws: list[Path], tmp_path: Path) -> None:
    from stages.tuning.chat import prompt_ids
    from stages.tuning.models import load_tokenizer

    generate(model, draws, tmp_path / "out")
    manifest, rows = read_outputs(tmp_path / "out")
    assert [(row.seed, row.task) for row in rows] == [(seed, task) for seed in (2, 1) for task in TASKS for _ in range(4)]
    examples = [json.loads(line) for draw in draws for line in (draw / "examples.jsonl").read_text().splitlines()]
    assert [row.hash for row in rows] == [example["hash"] for example in examples]
    first = load_tokenizer(model), f"{examples[1]['instruction']}\n\nEntrada:\n{examples[1]['input'].strip()}"
    assert rows[1].prompt_sha256 == sha256_of_json(ids := prompt_ids(*first)) and rows[1].prompt_tokens == len(ids)
    assert all(row.generated_tokens == LIMITS[row.task] for row in rows if row.stop == "length")
    assert manifest.facts["generated_tokens"] == sum(row.generated_tokens for row in rows)
    assert set(manifest.inputs) == {"model", "examples_2", "examples_1"}
    assert manifest.facts["environment"]["precision"] == "fp32" and manifest.facts["environment"]["libraries"]["transformers"]
    timing = json.loads((tmp_path / "out/timing.json").read_text())
    assert list(timing["seeds"]) == ["2", "1"] and set(timing["seeds"]["1"]) == set(TASKS)
    assert list(timing["kilowatt_hours"]) == ["2", "1"]
    assert timing["seconds"] == pytest.approx(sum(sum(tasks.values()) for tasks in timing["seeds"].values()))
    assert not (tmp_path / "out" / PARTIAL).exists()


def test_answers_do_not_depend_on_what_else_is_in_their_batch(model: Path, draws: list[Path], tmp_path: Path) -> None:
    rows = []
    for size in (1, 5):
        generate(model, draws, tmp_path / str(size), batch_size=size)
        rows.append(read_outputs(tmp_path / str(size))[1])
    assert rows[0] == rows[1]


def test_a_prompt_beyond_the_maximum_is_shortened_and_counted(model: Path, draws: list[Path], tmp_path: Path) -> None:
    generate(model, draws, tmp_path / "out", maximum_prompt_tokens=45)
    manifest, rows = read_outputs(tmp_path / "out")
    shortened = [row for row in rows if row.shortened]
    assert 0 < len(shortened) == manifest.facts["shortened"] < len(rows)
    assert all(40 < row.prompt_tokens <= 45 for row in shortened)


def test_a_prompt_beyond_the_context_is_refused_by_its_line(model: Path, draws: list[Path], tmp_path: Path) -> None:
    draw = write_draw(tmp_path / "long", 3, per_task=60)
    found = r"long/examples.jsonl: line \d+: prompt: found \d+ tokens of a prompt and 4 of its answer, "
    with pytest.raises(UserError, match=f"{found}expected 512 at most, the model's context"):
        generate(model, [draw], tmp_path / "out", maximum_prompt_tokens=2000)
    assert not (tmp_path / "out").exists()
    with pytest.raises(UserError, match="Lower extrinsic.maximum_new_tokens.qa"):
        generate(model, draws, tmp_path / "out", maximum_new_tokens=LIMITS | {"qa": 600})


def test_an_adapter_tells_and_must_be_of_the_model(model: Path, draws: list[Path], tmp_path: Path) -> None:
    from stages.generate import run

    adapter = write_adapter(tmp_path / "adapter", model)
    generate(model, draws[:1], tmp_path / "base")
    given = arguments(model, draws[:1], tmp_path / "sft") | {"adapter": adapter, "threads": 1}
    run(argparse.Namespace(**given))
    (base, one), (manifest, two) = (read_outputs(tmp_path / name) for name in ("base", "sft"))
    assert [row.prompt_sha256 for row in one] == [row.prompt_sha256 for row in two]
    assert sum(a.output != b.output for a, b in zip(one, two, strict=True)) > 6
    assert "adapter" in manifest.inputs and "adapter" not in base.inputs
    (model / "manifest.json").write_text((model / "manifest.json").read_text().replace('"facts"', ' "facts"'))
    with pytest.raises(UserError, match=r"adapter/manifest.json: inputs.model: found another model"):
        run(argparse.Namespace(**given))


def write_adapter(folder: Path, model: Path) -> Path:
    """A folder of kind ``adapter``, of random weights."""
    import torch

    from stages.manifest import write_manifest
    from stages.training_parameters import AdapterArchitecture
    from stages.tuning.models import add_adapter, load_base, save_adapter

    lora = {"lora_rank": 4, "lora_alpha": 8, "lora_dropout": 0.1, "lora_targets": ["q_proj", "down_proj"]}
    architecture = AdapterArchitecture.model_validate(PARAMETERS["architecture"] | lora | {"family": "qlora"})
    adapted = add_adapter(load_base(model, architecture, torch.device("cpu")), architecture, 1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter)
    save_adapter(adapted, folder, architecture)
    inputs = {"model": model / "manifest.json"}
    files = [path.name for path in folder.iterdir()]
    write_manifest(folder, "adapter", "stages.generate", files=files, facts={}, parameters={}, inputs=inputs)
    return folder


def test_what_cannot_be_answered_is_refused(model: Path, draws: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"line 5: task: found 'summarization', expected one of: qa"):
        generate(model, draws, tmp_path / "out", maximum_new_tokens={"qa": 4})
    with pytest.raises(UserError, match=r"--draws: seed: found 2, 2, expected each seed once"):
        generate(model, [draws[0], draws[0]], tmp_path / "out")
    with pytest.raises(UserError, match=r"--parameters: generation.batch_size"):
        generate(model, draws, tmp_path / "out", batch_size=0)


def test_vllm_is_refused_where_it_is_not(model: Path, draws: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"generation.engine: found no .* expected both, for vllm. Take the engine transformers"):
        generate(model, draws, tmp_path / "out", engine="vllm")


def test_a_killed_call_is_gone_on_with_and_the_bytes_are_the_same(
    model: Path, draws: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate(model, draws, tmp_path / "whole")
    killed, partial = kill(model, draws, tmp_path / "killed"), tmp_path / "killed" / PARTIAL
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "killed/manifest.json").exists() and partial.read_bytes().count(b"\n") == 1 + 5
    partial.write_bytes(partial.read_bytes() + b'{"batch": 6, "seconds": 1.0, "kilowa')
    capsys.readouterr()
    generate(model, draws, tmp_path / "killed")
    said = capsys.readouterr()
    assert "5 batches were done before" in said.out, said.err
    for name in ("outputs.jsonl", "manifest.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_another_model_answers_anew(model: Path, draws: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / PARTIAL).write_text('{"fingerprint": "of another model", "started_at": "2026-01-01T00:00:00+00:00"}\n{"batch": 0}\n')
    generate(model, draws, folder)
    said = capsys.readouterr()
    assert "all is answered anew" in said.err and "done before" not in said.out
    assert json.loads((folder / "timing.json").read_text())["started_at"] > "2026-01-02"
