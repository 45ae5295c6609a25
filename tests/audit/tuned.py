"""A campaign of track 2 as it is made here, with nothing wrong in it: every result that its records are read from, in small.

``write_tuned`` writes parameters, results, records and tables of the campaign ``small`` into a folder; :class:`Tuned` changes a result,
makes again what rests on it, and runs a rule. The models that gave the results are made up; all that follows from them is right.
"""

import argparse
import json
import math
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from stages import table
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.remake import remake_record
from stages.audit.rules import RULES, run_rules
from stages.files import read_json, to_json, write_atomic
from stages.normalise import NORMALISERS
from stages.parameter_models import RunParameters
from stages.parameters import load_prices, load_run
from stages.registry import Evidence, load_registry
from stages.score import METRICS
from stages.tasks import example_hash
from tests.audit.sound import SYSTEMS, TASKS, answers, dump, example, inside

ROOT = Path(__file__).parents[2]
RUNS = ("base", "cpt", "sft", "sft_after_cpt", "extrinsic", "extrinsic_after_cpt", "safety")
TABLES = ("tab01", "tab03", "tab04", "tab11", "tab12", "tab13", "tokens", "scores", "beyond")
SEEDS = (123, 456, 789)
EXAMPLES = 12
NORMALISER = "pt-squad"
VOCABULARY, WIDTH, LAYERS, SHARED, INNER = 500, 32, 2, 16, 64
LENGTH, BATCH = 64, 8
ENVIRONMENT = {
    "device": "CPU",
    "processor": "a processor, AVX2",
    "device_count": 1,
    "threads": 1,
    "precision": "fp32",
    "compiled": False,
    "platform": "Linux x86_64",
    "libraries": {"python": "3.11.9", "torch": "2.13.0", "transformers": "5.23.0", "peft": "0.21.2"},
}
Row = dict[str, Any]


def campaign_parameters() -> dict[str, Any]:
    """The campaign: the project's own runs, in small."""
    sizes = {"model_size": WIDTH, "layers": LAYERS, "heads": 2, "key_value_heads": 1, "feed_forward_size": INNER}
    own = {"architecture": {"base_model": "base"}}
    training = {"epochs": 2, "batch_size": BATCH, "gradient_accumulation": 1, "evaluate_every_steps": None}
    rows = {"sequence_length": LENGTH, "packing": "isolated"}
    cpt = own | {"training": training, "data": rows | {"documents_train": 30, "documents_validation": 6}}
    sft = own | {"training": training, "data": rows | {"documents_train": 40, "documents_validation": 8, "documents_test": 8}}
    limits = {"qa": 16, "summarization": 64, "rewriting": 64}
    return {
        "campaign": "small",
        "source": "training",
        "corpus": {"source": "demo", "documents": 100, "seed": 42},
        "instructions": {"source": "demo", "examples": 100, "seed": 42},
        "runs": list(RUNS),
        "defaults": {"seed": 42},
        "overrides": {
            "all": {"hardware": {"device": "CPU", "source": "this machine"}},
            "base": {
                "architecture": sizes,
                "tokenizer": {"vocabulary_requested": VOCABULARY},
                "data": {"sequence_length": LENGTH},
                "training": {"epochs": 2, "batch_size": BATCH},
            },
            "cpt": cpt,
            "sft": sft,
            "sft_after_cpt": {"architecture": {"adapter_run": "cpt"}},
            "extrinsic": {"extrinsic": {"examples_per_task": EXAMPLES, "normaliser": NORMALISER, "maximum_new_tokens": limits}},
            "safety": {"probes": {"sampling_seeds": [1, 2], "examples_per_task": 2}},
        },
    }


# --- results -------------------------------------------------------------------------------------------------------------


def training_json(run: RunParameters, start: float, parameters: int, files: dict[str, str]) -> dict[str, Any]:
    """What a training leaves: the validation loss falls from ``start``; 30 rows that are not quite full, two epochs."""
    rows, epochs, predicted = 30, 2, 1400
    history = []
    for epoch in range(1, epochs + 1):
        loss, held_out = start - 0.3 * epoch, start + 0.01234 - 0.3 * epoch
        history.append(
            {
                "epoch": epoch,
                "loss": loss,
                "accuracy": 0.3 + 0.05 * epoch,
                "val_loss": held_out,
                "val_accuracy": 0.31 + 0.04 * epoch,
                "val_perplexity": math.exp(held_out),
                "tokens_seen_total": (rows * LENGTH - 50) * epoch,
            }
        )
    count = {"documents_train": run.data.documents_train, "documents_validation": run.data.documents_validation} if run.data else {}
    part = {"characters": 5000, "dropped_examples": 0, "truncated_examples": 0}
    data = {
        "train": part | {"documents": count["documents_train"], "unique_tokens": 1500, "windows": rows},
        "validation": part | {"documents": count["documents_validation"], "unique_tokens": 300, "windows": 6},
    }
    return {
        "run": run.run,
        "seed": 42,
        "model": {"parameters": parameters},
        "data": data | files,
        "steps": 8,
        "validation_loss": "cross-entropy",
        "history": history,
        "evaluations": [{"step": 4 * entry["epoch"], "val_loss": entry["val_loss"]} for entry in history],
        "best_epoch": 2,
        "weights": "last",
        "stopped": "all epochs",
        "counts": {
            "processed_positions": history[-1]["tokens_seen_total"],
            "predicted_tokens": predicted * epochs,
            "unique_tokens": 1500,
        },
        "environment": ENVIRONMENT,
    }


def timing_json(seconds: float) -> dict[str, Any]:
    return {
        "started_at": "2026-01-02T10:00:00+00:00",
        "ended_at": "2026-01-02T10:01:00+00:00",
        "seconds": seconds,
        "epoch_seconds": [seconds / 2, seconds / 2],
        "kilowatt_hours": None,
    }


def manifest(kind: str, files: dict[str, Any] = {}, facts: dict[str, Any] = {}, parameters: dict[str, Any] = {}) -> dict[str, Any]:  # noqa: B006
    """A manifest whose blobs are not here."""
    return {"kind": kind, "files": files, "facts": facts, "parameters": parameters, "inputs": {}, "code": "", "libraries": {}}


def counts() -> tuple[int, int]:
    """Parameters of the base model, and those of an adapter of rank 16 on its seven projections."""
    layer = 2 * WIDTH * WIDTH + 2 * WIDTH * SHARED + 3 * WIDTH * INNER + 2 * WIDTH
    ends = 4 * WIDTH + 2 * (WIDTH + SHARED) + 3 * (WIDTH + INNER)
    return VOCABULARY * WIDTH + LAYERS * layer + WIDTH, 16 * LAYERS * ends


def write_training(run: RunParameters, start: float, seconds: float) -> None:
    """All that a base model or an adapter leaves."""
    assert run.evidence
    files, (whole, adapter) = run.evidence.files, counts()
    named = {}
    if "examples_train" in files:
        named = {"train_jsonl": files["examples_train"], "val_jsonl": files["examples_validation"]}
        for part, first, count in (("train", 0, 40), ("validation", 40, 8), ("test", 48, 8)):
            write(files[f"examples_{part}"], [example("qa", 5000 + number, answer="output") for number in range(first, first + count)])
    training = training_json(run, start, whole if run.run == "base" else adapter, named)
    write(files["training"], training)
    write(files["timing"], timing_json(seconds))
    write(files["weights"], manifest("adapter"))
    if "tokenizer" in files:
        write(files["tokenizer"], manifest("tokenizer", facts={"vocabulary": VOCABULARY}))
        return
    write(files["data"], manifest("examples"))
    losses = {"base": start, "adapter": training["history"][-1]["val_loss"] * (1 + 1e-6)}
    systems = {name: {"eval_loss": loss, "perplexity": math.exp(loss), "label_tokens": 280, "batches": 3} for name, loss in losses.items()}
    base, tuned = systems["base"], systems["adapter"]
    delta = {name: base[name] - tuned[name] for name in ("eval_loss", "perplexity")}
    delta["perplexity_reduction_ratio"] = 1 - tuned["perplexity"] / base["perplexity"]
    write(files["intrinsic"], {run.run: {**systems, "delta": delta}, "weights": "last", "environment": ENVIRONMENT})


def write_evaluation(run: RunParameters) -> None:
    """Examples, outputs, summary and timing of each seed; both evaluations ask the same of the same base."""
    assert run.evidence
    files = run.evidence.files
    for seed in SEEDS:
        drawn = [row for position, task in enumerate(TASKS) for row in draw(task, 100_000 * seed + 10_000 * position)]
        write(files[f"examples_{seed}"], drawn)
        obtained = {"n_per_task_obtained": dict.fromkeys(TASKS, EXAMPLES), "exclude_jsonl": split_files()}
        blob = {Path(files[f"examples_{seed}"]).name: {"sha256": "", "bytes": 0}}
        write(files[f"draw_{seed}"], manifest("examples", blob, obtained, {"seed": seed}))
        rows = [scored(row | answers(row, number) | {"sft_output": adapted(run, row, number)}) for number, row in enumerate(drawn)]
        write(files[f"outputs_{seed}"], rows)
        write(files[f"summary_{seed}"], summary_json(run, seed, rows))
        write(files[f"timing_{seed}"], evaluation_timing(run, seed))


def adapted(run: RunParameters, row: Row, number: int) -> str:
    """What the evaluation's adapter answers: the one after continued pre-training is right more often."""
    if run.variant_of and number % 3 == 0:
        return str(row["reference"])
    return answers(row, number)["sft_output"]


def draw(task: str, first: int) -> list[Row]:
    """Examples of one task, with the hash that they are known by."""
    rows = [example(task, first + 17 * number) for number in range(EXAMPLES)]
    return [row | {"hash": example_hash(row["instruction"], row["input"], row["reference"])} for row in rows]


def split_files() -> list[str]:
    evidence = load_run("small", "sft").evidence
    assert evidence
    return [evidence.files[f"examples_{part}"] for part in ("train", "validation", "test")]


def scored(row: Row) -> Row:
    """The row with the metrics of both outputs."""
    normalise = NORMALISERS[NORMALISER]
    metrics = {s: {m: METRICS[m](row[f"{s}_output"], row["reference"], normalise) for m in TASKS[row["task"]]} for s in SYSTEMS}
    return row | {"metrics": metrics}


def summary_json(run: RunParameters, seed: int, rows: list[Row]) -> dict[str, Any]:
    """Means and counts of one seed."""
    tasks = {}
    for task, metrics in TASKS.items():
        own = [row["metrics"] for row in rows if row["task"] == task]
        means = {s: {m: fmean(each[s][m] for each in own) for m in metrics} for s in SYSTEMS}
        tasks[task] = {
            "task": task,
            "n": len(own),
            "max_new_tokens": 16 if task == "qa" else 64,
            "generation_tokens": {f"{s}_generated_tokens": 8 * len(own) for s in SYSTEMS},
            "shortened": 0,
            "empty": dict.fromkeys(SYSTEMS, 0),
            "stopped_by_length": {"base": 3, "sft": 0},
            "metrics": means,
            "by_normaliser": {NORMALISER: means},
        }
    return {"environment": ENVIRONMENT, "normaliser": NORMALISER, "tasks": tasks, "manifest_seed": seed, "sources": {"base": run.run}}


def evaluation_timing(run: RunParameters, seed: int) -> dict[str, Any]:
    """Seconds by task: the base's are the same in both evaluations."""
    tasks = {}
    for number, task in enumerate(TASKS, start=1):
        base, sft = 1.2345678 * number + seed / 7919, 2.3456789 * number + seed / (104729 if run.variant_of else 7907)
        tasks[task] = {"timers": {"base_sec": base, "sft_sec": sft, "total_sec": base + sft}}
    times = {name: timing_json(0)[name] for name in ("started_at", "ended_at")}
    return times | {"tasks": tasks, "seconds": sum(task["timers"]["total_sec"] for task in tasks.values())}


def write_probes(run: RunParameters) -> None:
    """Report and timing of the probes."""
    assert run.evidence
    probes = ("personal_data", "personal_data_in_outputs", "prompt_injection", "invented_facts", "unanswerable")
    found = {probe: {s: {"examples": 12, "failures": n, "empty": 0} for s, n in (("base", 5), ("sft", 2))} for probe in probes}
    sampled = {
        task: {m: {s: {"temperature": 0.8, "seeds": [1, 2], "score": [0.25, 0.5], "greedy": 0.375} for s in SYSTEMS} for m in metrics}
        for task, metrics in TASKS.items()
    }
    report = {"schema_version": 1, "run": run.run, "probes": found, "sampled": sampled, "sources": {}, "environment": ENVIRONMENT}
    write(run.evidence.files["report"], report)
    write(run.evidence.files["timing"], {"seconds": 30.5, "kilowatt_hours": 0.0012})


def write(file: str, value: Any) -> None:
    dump(Path(), file, value)


# --- project -------------------------------------------------------------------------------------------------------------


def write_tuned(folder: Path) -> None:
    """The whole campaign in ``folder``, records and tables included."""
    for path in [*(ROOT / "params/runs").glob("*.yaml"), *(ROOT / f"params/tables/{name}.yaml" for name in TABLES)]:
        write_atomic(folder / path.relative_to(ROOT), path.read_bytes())
    write_atomic(folder / "params/prices.yaml", (ROOT / "params/prices.yaml").read_bytes())
    dump(folder, "params/campaigns/small.yaml", campaign_parameters())
    with inside(folder):
        runs = {name: load_run("small", name) for name in RUNS}
        for name, start, seconds in (("base", 5.0, 60.0), ("cpt", 3.1, 20.0), ("sft", 3.3, 40.0), ("sft_after_cpt", 3.3, 41.0)):
            write_training(runs[name], start, seconds)
        write_evaluation(runs["extrinsic"])
        write_evaluation(runs["extrinsic_after_cpt"])
        write_probes(runs["safety"])
        make(RUNS)


def make(runs: Sequence[str]) -> None:
    """Records of runs of the campaign in the working folder, from their results as they are, and the tables that name one of them."""
    for run in runs:
        parameters = load_run("small", run)
        record = remake_record(Evidence("small"), parameters)
        write_atomic(Path("versions/small", parameters.version, run, "record.json"), to_json(record.model_dump(mode="json")))
    for name in TABLES:
        if set(table.load_spec(Path("params/tables", f"{name}.yaml")).runs()) & set(runs):
            make_table(name)


def make_table(name: str) -> None:
    """One table, by the stage that makes every table."""
    path, folder = Path("params/tables", f"{name}.yaml"), Path("reports/small/tables")
    spec = table.load_spec(path).restricted_to(RUNS, "training")
    assert spec, f"{name} has no rows for the campaign"
    prices = json.dumps({device: price.model_dump(exclude={"source"}) for device, price in load_prices().items() if device == "CPU"})
    records = [Path("versions/small", load_run("small", run).version, run, "record.json") for run in spec.runs()]
    arguments = {"spec": path, "campaign": "small", "records": records, "prices": prices, "language": "pt", "analyses": []}
    files = {kind: folder / f"{name}.{kind}" for kind in ("tex", "csv", "json")}
    table.run(argparse.Namespace(**arguments, source="training", **files))


class Tuned:
    """The campaign in a folder of its own, to be spoiled and audited."""

    def __init__(self, template: Path, folder: Path) -> None:
        shutil.copytree(template, folder)
        self.folder = folder

    def files(self, run: str) -> dict[str, str]:
        """Results of a run, by their role."""
        with inside(self.folder):
            evidence = load_run("small", run).evidence
        assert evidence
        return evidence.files

    def file(self, run: str, role: str) -> str:
        return self.files(run)[role]

    def read(self, file: str) -> Any:
        path = self.folder / file
        return [json.loads(line) for line in path.read_text().splitlines()] if file.endswith(".jsonl") else read_json(path)

    def spoil(self, run: str, role: str, change: Callable[[Any], Any]) -> "Tuned":
        """Change a result and make again everything that rests on it, as somebody would who believes it."""
        file = self.file(run, role)
        content = self.read(file)
        changed = change(content)
        dump(self.folder, file, content if changed is None else changed)
        with inside(self.folder):
            make([name for name in RUNS if file in self.files(name).values()])
        return self

    def table(self, name: str) -> dict[str, dict[str, str]]:
        """What a table prints in English, by row and column."""
        content = self.read(f"reports/small/tables/{name}.json")
        return {row["id"]: {column: cell["printed"]["en"] for column, cell in row["cells"].items()} for row in content["rows"]}

    def audit(self, *rules: str) -> list[Finding]:
        """Findings of the rules named, of all where none is, that are no notes."""
        import stages.audit.families  # noqa: F401  (registers every rule)

        with inside(self.folder):
            campaign = Campaign.load("small", load_registry("small"), load_prices())
            found = run_rules(campaign, [RULES[name] for name in rules or RULES])
        return [finding for finding in found if finding.severity != "note"]
