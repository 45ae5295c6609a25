"""A small campaign that nothing is wrong with, and the tools to spoil it.

``write_project`` writes parameters, evidence, registry, records, tables and claims of the campaign ``sound`` into a folder: two
Transformers and a character model with logs in three witnesses, samples with seeds and settings, guardrail reports, an adapter,
and an evaluation of two systems over two seeds. ``Sound`` changes a file, makes again what rests on it, and runs a rule.
"""

import argparse
import csv
import json
import math
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import yaml

from stages import table
from stages.audit.campaign import Campaign
from stages.audit.claims import digests_of, letters_of
from stages.audit.finding import Finding
from stages.audit.remake import remake_record
from stages.audit.rules import RULES, run_rules
from stages.compare import cells_of
from stages.files import read_json, sha256_of_file, to_json, write_atomic
from stages.normalise import NORMALISERS
from stages.parameters import load_campaign, load_prices, load_run
from stages.registry import Evidence, RegisteredFile, Registry, load_registry, registry_file
from stages.score import METRICS

DEVICE = "NVIDIA GeForce RTX 4090"
TASKS = {"qa": ["em", "f1"], "summarization": ["rouge_l_f1"], "rewriting": ["rouge_l_f1"]}
KEYWORD = {"qa": "", "summarization": "Resuma o texto", "rewriting": "Reescreva a frase"}
SEEDS = (11, 22)
EXAMPLES = 12
SYSTEMS = ("base", "sft")
WORDS = """casa rio cidade escola governo empresa mercado estado tempo trabalho pessoa mundo problema projeto grupo presidente produto
livro mesa porta janela caminho viagem cozinha comida música história ciência montanha floresta animal criança professor
médico justiça cultura economia política futebol esporte verão inverno manhã noite semana energia estrada ponte navio avião
jardim mostra recebe apresenta precisa encontra começa termina visita constrói defende explica descobre oferece escolhe
protege grande pequeno novo antigo público moderno simples forte rápido difícil importante brasileiro tranquilo verde claro""".split()  # noqa: SIM905 (one word a line would hide the rest)
"""Nouns, verbs and adjectives, enough for sentences that no two of are alike."""


def sentence(seed: int, words: int = 12) -> str:
    """A sentence of its own for each seed."""
    chosen = random.Random(seed).choices(WORDS, k=words)
    return " ".join(chosen).capitalize() + "."


def text(seed: int, sentences: int) -> str:
    """Sentences in a row."""
    return " ".join(sentence(1000 * seed + number) for number in range(sentences))


def dump(folder: Path, file: str, value: Any) -> None:
    """Write JSON, JSONL (a list of rows for a name that ends so) or YAML."""
    if file.endswith(".jsonl"):
        content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in value)
    else:
        content = yaml.safe_dump(value, sort_keys=False, allow_unicode=True) if file.endswith(".yaml") else to_json(value)
    write_atomic(folder / file, content)


@cache
def tokenizer_bytes() -> bytes:
    """A BPE model with byte pieces that has the vocabulary it was asked for."""
    import io

    from sentencepiece import SentencePieceTrainer

    model = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=(sentence(seed) for seed in range(3000)),
        model_writer=model,
        model_type="bpe",
        vocab_size=900,
        byte_fallback=True,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


# --- evidence -----------------------------------------------------------------------------------------------------------


def transformer_log(name: str, epochs: int, best: float) -> dict[str, Any]:
    """History of a Transformer: losses fall, every sum is right."""
    history: list[dict[str, float]] = []
    for epoch in range(1, epochs + 1):
        loss, held_out = best + 0.9 / epoch + 0.031, best + 0.8 / epoch
        history.append(
            {
                "epoch": epoch,
                "accuracy": 0.2 + 0.01 * epoch,
                "loss": loss,
                "val_accuracy": 0.21 + 0.01 * epoch,
                "val_loss": held_out,
                "perplexity": math.exp(loss),
                "val_perplexity": math.exp(held_out),
                "tokens_epoch": 40 * 16 * 128,
                "tokens_seen_total": 40 * 16 * 128 * epoch,
                "epoch_time_sec": 100.5 + epoch,
            }
        )
    return {"history": history, "total_time_sec": sum(epoch["epoch_time_sec"] for epoch in history) + 3.25}


def write_transformer(folder: Path, name: str, best: float) -> None:
    """Log, its copies, mapping, console head, samples and guardrails of one run."""
    log = transformer_log(name, 4, best)
    dump(folder, f"{name}/train.json", log)
    columns = ("epoch", "accuracy", "loss", "val_accuracy", "val_loss")
    lines = [",".join(columns)]
    for epoch in log["history"]:
        dump(folder, f"{name}/metrics/metrics_epoch_{epoch['epoch']:02}.json", epoch)
        lines.append(",".join(str(epoch[column] - (column == "epoch")) for column in columns))
    write_atomic(folder / f"{name}/history.csv", "\n".join(lines) + "\n")
    counts = {"docs": 900, "tokens": 81921, "windows": 640, "batches": 40}
    summary = {"train": counts, "validation": {"docs": 90, "tokens": 8193, "windows": 64, "batches": 4}}
    console = ["2026-01-01 10:00:00 start", f"Created device: 0, name: {DEVICE}, bus", *json.dumps(summary, indent=2).splitlines()]
    write_atomic(folder / f"{name}/console.txt", "\n".join([*console[:1], *console[2:], console[1]]) + "\n")
    dump(folder, f"{name}/mapping.json", mapping())
    write_samples(folder, name, 100 if name == "lm" else 200)


def mapping() -> dict[str, Any]:
    """What a training run says of its tokenizer and model."""
    model = {"d_model": 64, "num_layers": 2, "num_heads": 4, "d_ff": 256, "dropout": 0.1}
    return {
        "tokenization": "sentencepiece",
        "tokenizer_model": "tokenizer/spm.model",
        "tokenizer_vocab_size": 900,
        "sequence_length": 128,
        "stride": 128,
        "batch_size": 16,
        "model": model,
    }


SETTINGS = {"temperature": 0.8, "top_k": 0, "top_p": 0.95, "max_new_tokens": 120}


def write_samples(folder: Path, name: str, base: int) -> None:
    """Two prompts, three seeds each, with settings; and the report on them."""
    samples = [
        {"seed": base + seed, "prompt": sentence(prompt), "output": text(base + 10 * prompt + seed, 4), "settings": SETTINGS}
        for prompt in (1, 2)
        for seed in (1, 2, 3)
    ]
    dump(folder, f"{name}/samples.json", {name: samples})
    dump(folder, f"{name}/guardrails.json", guardrails(name, samples))


def guardrails(name: str, samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Report on samples, as encoded with the campaign's tokenizer."""
    from stages.audit.artifacts import TokenizerModel

    model = TokenizerModel.parse("tokenizer/spm.model", tokenizer_bytes())
    rows = []
    for sample in samples:
        shapes = model.shapes(sample["output"])
        rows.append(
            _shares(shapes["tokens"], shapes["fallback"], shapes["short"]) | {"seed": sample["seed"], "char_count": len(sample["output"])}
        )
    total = {key: sum(row[key] for row in rows) for key in ("token_count", "fallback_tokens", "short_alpha_tokens", "char_count")}
    aggregate = _shares(total["token_count"], total["fallback_tokens"], total["short_alpha_tokens"])
    aggregate |= {"samples_count": len(rows), "total_tokens": aggregate.pop("token_count"), "total_chars": total["char_count"]}
    limits = {"max_fallback_ratio": 0.03, "max_short_piece_ratio": 0.12}
    passes = all(row["fallback_ratio"] <= 0.03 and row["short_alpha_ratio"] <= 0.12 for row in [*rows, aggregate])
    return {
        "model_key": name,
        "tokenizer": "tokenizer/spm.model",
        "thresholds": limits,
        "aggregate": aggregate,
        "per_sample": rows,
        "passes": passes,
        "violations": [],
    }


def _shares(tokens: int, fallback: int, short: int) -> dict[str, Any]:
    return {
        "token_count": tokens,
        "fallback_tokens": fallback,
        "fallback_ratio": fallback / tokens,
        "short_alpha_tokens": short,
        "short_alpha_ratio": short / tokens,
    }


def keras_log() -> dict[str, Any]:
    """Log of a character model whose windows do not overlap; every figure follows from the others."""
    windows, length, epochs, seconds, flops = 640, 128, 2, 400.0, 5000.0
    positions = windows * length
    return {
        "timestamps": {"started_at": "2026-01-02 08:00:00", "ended_at": "2026-01-02 08:06:40", "elapsed_sec": seconds},
        "env": {"python": "3.11.9", "tensorflow": "2.20.0", "os": "Linux", "cpu_count": 8, "gpu_devices": [DEVICE]},
        "dataset": {
            "train_docs": 900,
            "val_docs": 90,
            "min_len": 100,
            "train_chars": positions + 128,
            "val_chars": 8320,
            "avg_train_chars_per_doc": (positions + 128) / 900,
            "avg_val_chars_per_doc": 8320 / 90,
        },
        "cleaning": {"min_line_chars": 40},
        "train_config": {
            "epocas": epochs,
            "batch_size": 16,
            "tamanho_sequencia": length,
            "stride": 128,
            "shuffle_buffer": 0,
            "seed": 42,
        },
        "model": {
            "vocab_size": 100,
            "train_windows": windows,
            "val_windows": 64,
            "train_batches": 40,
            "val_batches": 4,
            "train_windows_est": windows,
            "val_windows_est": 64,
            "tokens_per_epoch_est": positions,
            "params": 34532,
        },
        "artifacts": {"csv_history": "char/history.csv"},
        "performance": {
            "elapsed_sec": seconds,
            "elapsed_per_epoch_sec": seconds / epochs,
            "train_windows_total": windows * epochs,
            "tokens_per_epoch_est": positions,
            "tokens_total_est": positions * epochs,
            "windows_per_sec": windows * epochs / seconds,
            "tokens_per_sec": positions * epochs / seconds,
            "approx_flops_per_token_train": flops,
            "approx_total_flops_train": flops * positions * epochs,
            "approx_total_tflops_train": flops * positions * epochs / 1e12,
        },
        "git": {"commit": "0" * 40},
    }


def write_char(folder: Path) -> None:
    """Log, history and windowed evaluation of the character model."""
    dump(folder, "char/train.json", keras_log())
    write_atomic(folder / "char/history.csv", "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.5,1.75,0.51,1.625\n1,0.55,1.5,0.56,1.4375\n")
    result = {"avg_loss": 1.45, "perplexity": math.exp(1.45), "accuracy": 0.556, "windows": 500, "seq_len": 128, "dataset_windows": 500}
    dump(folder, "char/windowed.json", {"config": {"max_docs": 50, "max_windows": 500}, "results": {"char": result}})


def write_adapter(folder: Path) -> None:
    """Instruction splits, training log, configuration and intrinsic evaluation of the adapter."""
    for split, start, count in (("train", 0, 80), ("val", 80, 10), ("test", 90, 10)):
        rows = [example("qa", 5000 + number, answer="output") for number in range(start, start + count)]
        dump(folder, f"adapter/data/sft_{split}.jsonl", rows)
    data = {"train_jsonl": "adapter/data/sft_train.jsonl", "val_jsonl": "adapter/data/sft_val.jsonl", "seq_len": 128}
    tokens, seconds = 80 * 40 * 2, 640.0
    training = {
        "train_samples": 80,
        "eval_samples": 10,
        "tokens_seen": tokens,
        "tokens_per_sec": tokens / seconds,
        "best_eval_loss": 1.25,
        "trainer_metrics": {
            "train_runtime": seconds,
            "train_samples_per_second": 80 * 2 / seconds,
            "train_steps_per_second": 20 / seconds,
            "total_flos": 6 * tokens * 7.6e9,
            "train_loss": 1.3,
            "epoch": 2.0,
        },
    }
    log = {
        "experiment": "adapter",
        "timers": {"started_at": "2026-01-03T10:00:00+00:00", "ended_at": "2026-01-03T10:10:40+00:00", "duration_sec": seconds},
        "env": environment(),
        "model": {"name_or_path": "base-8B", "use_4bit": True},
        "data": data,
        "training": training,
        "cost": {"cost_usd_per_hour": 0.3, "total_cost_usd": seconds / 3600 * 0.3},
    }
    dump(folder, "adapter/train.json", log)
    dump(folder, "adapter/configuration.json", adapter_configuration(data))
    systems = {
        name: {"eval_loss": loss, "perplexity": math.exp(loss), "label_tokens": 400} for name, loss in (("base", 1.9), ("adapter", 1.25))
    }
    delta = {"eval_loss": -0.65, "perplexity_reduction_ratio": 1 - math.exp(-0.65)}
    dump(
        folder,
        "adapter/intrinsic.json",
        {"adapter": {"dataset": "adapter/data/sft_val.jsonl", "eval_samples": 10, **systems, "delta": delta}},
    )


def environment() -> dict[str, Any]:
    """What track 2 logs say of their machine."""
    versions = dict.fromkeys(("python", "torch", "transformers", "datasets", "peft", "bitsandbytes", "accelerate"), "1.0")
    return versions | {"platform": "Linux", "cuda_device_count": 1, "gpu_model": DEVICE, "gpu_memory_gb": 24.0}


def adapter_configuration(data: dict[str, Any]) -> dict[str, Any]:
    training = {
        "num_train_epochs": 2,
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 4,
        "warmup_steps": 2,
        "learning_rate": 1e-4,
        "weight_decay": 0.01,
    }
    lora = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.05}
    return {"experiment": {"seed": 42, "cost_usd_per_hour": 0.3}, "lora": lora, "data": data, "training": training}


def example(task: str, seed: int, answer: str = "reference") -> dict[str, Any]:
    """An instruction with its answer, of its own for each seed."""
    source = text(seed, 4) if task == "summarization" else sentence(seed, 24) if task == "rewriting" else ""
    instruction = f"{KEYWORD[task]} {sentence(seed + 7, 6)}" if KEYWORD[task] else f"O que {sentence(seed + 7, 8)[:-1].lower()}?"
    expected = " ".join(source.split()[:14]) + "." if source else " ".join(random.Random(seed + 13).choices(WORDS, k=3))
    row = {"instruction": instruction, "input": source, answer: expected}
    return row if answer == "output" else row | {"task": task, "hash": f"{seed:040x}"}


def answers(row: dict[str, Any], number: int) -> dict[str, str]:
    """Outputs of both systems: the adapted one is right more often."""
    words = row["reference"].rstrip(".").split()
    wrong = " ".join(random.Random(f"{row['hash']} base").choices(WORDS, k=max(len(words), 2))) + "."
    near = " ".join([*words[: max(1, len(words) - 1 - number % 3)], WORDS[number % len(WORDS)]]) + "."
    base = row["reference"] if number % 4 == 0 else wrong
    return {"base_output": base, "sft_output": row["reference"] if number % 2 == 0 else near}


def write_evaluation(folder: Path) -> None:
    """Example sets, outputs, summaries and aggregate of both seeds."""
    runs = []
    for seed in SEEDS:
        rows: list[dict[str, Any]] = []
        sets = f"evaluation/sets_{seed}"
        for position, task in enumerate(TASKS):
            examples = [example(task, 100_000 * seed + 10_000 * position + 17 * number) for number in range(EXAMPLES)]
            dump(folder, f"{sets}/{task}.jsonl", examples)
            rows += [scored(row | answers(row, number)) for number, row in enumerate(examples)]
        dump(folder, f"evaluation/outputs_{seed}.jsonl", rows)
        counts = dict.fromkeys(TASKS, EXAMPLES)
        files = {task: f"{sets}/{task}.jsonl" for task in TASKS}
        manifest = {"dataset": "local", "split": "test", "seed": seed, "n_per_task_requested": EXAMPLES, "n_per_task_obtained": counts}
        dump(
            folder,
            f"{sets}/manifest.json",
            manifest
            | {
                "files": files,
                "exclude_jsonl": ["adapter/data/sft_train.jsonl", "adapter/data/sft_val.jsonl", "adapter/data/sft_test.jsonl"],
            },
        )
        runs.append(summarise(folder, seed, rows))
    aggregate: dict[str, Any] = {}
    for task, metrics in TASKS.items():
        values = {s: {m: [run[task][s][m] for run in runs] for m in metrics} for s in SYSTEMS}
        aggregate[task] = {s: {m: {"mean": fmean(v), "std": stdev(v)} for m, v in values[s].items()} for s in SYSTEMS}
    seconds = [run["cost"]["total_duration_sec"] for run in runs]
    usd = [run["cost"]["total_cost_usd"] for run in runs]
    aggregate["cost"] = {
        "total_duration_sec_sum": sum(seconds),
        "total_duration_sec_mean": fmean(seconds),
        "total_cost_usd_sum": sum(usd),
        "total_cost_usd_mean": fmean(usd),
    }
    dump(folder, "evaluation/aggregate.json", {"generated_at": "2026-01-04T12:00:00Z", "runs": runs, "aggregate": aggregate})


def scored(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the metrics of both outputs."""
    normalise = NORMALISERS["pt-squad"]
    metrics = {s: {m: METRICS[m](row[f"{s}_output"], row["reference"], normalise) for m in TASKS[row["task"]]} for s in SYSTEMS}
    return row | {"metrics": metrics}


def summarise(folder: Path, seed: int, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Write the summary of one seed; give its entry in the aggregate."""
    tasks: dict[str, Any] = {}
    for task, metrics in TASKS.items():
        own = [row for row in rows if row["task"] == task]
        means = {s: {m: fmean(row["metrics"][s][m] for row in own) for m in metrics} for s in SYSTEMS}
        clock = random.Random(f"{task} of seed {seed}")
        base_seconds, sft_seconds = clock.uniform(28, 32), clock.uniform(30, 34)
        timers = {"base_sec": base_seconds, "sft_sec": sft_seconds, "total_sec": base_seconds + sft_seconds}
        limit = 16 if task == "qa" else 64
        tokens = {f"{s}_generated_tokens": EXAMPLES * 8 for s in SYSTEMS}
        tasks[task] = {
            "task": task,
            "n": len(own),
            "max_new_tokens": limit,
            "timers": timers,
            "generation_tokens": tokens,
            "metrics": means,
        }
    seconds = sum(task["timers"]["total_sec"] for task in tasks.values())
    cost = {"cost_usd_per_hour": 0.3, "total_duration_sec": seconds, "total_cost_usd": seconds / 3600 * 0.3}
    generation = {"do_sample": False, "temperature": 0.0, "top_p": 1.0, "max_prompt_tokens": 512, "batch_size": 4}
    summary = {"generated_at": "2026-01-04T11:00:00Z", "env": environment(), "generation": generation, "tasks": tasks, "cost": cost}
    dump(folder, f"evaluation/summary_{seed}.json", summary)
    entry = {"seed": seed, "eval_path": f"evaluation/summary_{seed}.json", "cost": cost}
    return entry | {task: tasks[task]["metrics"] for task in TASKS}


# --- parameters ---------------------------------------------------------------------------------------------------------

DATA = {
    "dataset": "local",
    "documents_train": 900,
    "documents_validation": 90,
    "minimum_characters": 100,
    "sequence_length": 128,
    "stride": 128,
}
CLEANING = {
    "lowercase": False,
    "normalize_numbers": False,
    "drop_uppercase_lines": False,
    "minimum_line_characters": 40,
    "minimum_alphabetic_ratio": 0.5,
}
TRAINING = {
    "objective": "all_positions",
    "optimiser": "adamw",
    "beta1": 0.9,
    "beta2": 0.95,
    "epsilon": 1e-8,
    "learning_rate": 1e-3,
    "schedule": "constant",
    "clip": "none",
    "precision": "fp32",
    "batch_size": 16,
    "epochs": 4,
}


def run_parameters() -> dict[str, dict[str, Any]]:
    """Every run file of the campaign."""
    hardware = {"device": DEVICE, "source": "the run's own log"}
    subword = {"kind": "bpe", "name": "spm", "vocabulary_requested": 900, "vocabulary": 900, "byte_fallback": True}
    transformer = {"family": "transformer", "model_size": 64, "layers": 2, "heads": 4, "feed_forward_size": 256, "dropout": 0.1}
    runs: dict[str, dict[str, Any]] = {}
    for name in ("lm", "lm_wide"):
        files = {role: f"{name}/{file}" for role, file in _LM_FILES.items()}
        own = {"architecture": transformer, "tokenizer": subword, "data": DATA, "cleaning": CLEANING, "training": TRAINING}
        runs[name] = own | {"evidence": {"importer": "transformer", "files": files}}
    recurrent = {"family": "recurrent", "cell": "lstm", "embedding_size": 32, "hidden_size": 64, "layers": 1, "parameter_count": 34532}
    character = {"kind": "character", "name": "characters", "vocabulary": 100}
    files = {"training": "char/train.json", "history": "char/history.csv", "windowed": "char/windowed.json"}
    runs["char"] = {
        "architecture": recurrent,
        "tokenizer": character,
        "data": DATA,
        "cleaning": CLEANING,
        "training": TRAINING | {"epochs": 2},
        "evidence": {"importer": "recurrent", "files": files},
    }
    runs["adapter"] = {
        "training": TRAINING | {"objective": "answer_tokens", "batch_size": 2, "gradient_accumulation": 4, "epochs": 2},
        "data": DATA | {"documents_train": 80, "documents_validation": 10, "documents_test": 10},
        "tokenizer": {"kind": "pretrained", "name": "base"},
        "architecture": {
            "family": "qlora",
            "base_model": "base-8B",
            "quantisation": "nf4",
            "double_quantisation": True,
            "compute_dtype": "bfloat16",
            "lora_rank": 16,
            "lora_alpha": 32,
            "lora_dropout": 0.05,
            "lora_targets": ["q_proj"],
        },
        "evidence": {
            "importer": "adapter",
            "files": {
                name: f"adapter/{name if name != 'training' else 'train'}.json" for name in ("training", "configuration", "intrinsic")
            },
        },
    }
    outputs = {
        f"{role}_{seed}": f"evaluation/{role}_{seed}.{end}" for seed in SEEDS for role, end in (("summary", "json"), ("outputs", "jsonl"))
    }
    runs["extrinsic"] = {
        "extrinsic": {
            "base_model": "base-8B",
            "adapter_run": "adapter",
            "dataset": "local",
            "tasks": TASKS,
            "seeds": list(SEEDS),
            "examples_per_task": EXAMPLES,
            "normaliser": "pt-squad",
            "quantisation": "nf4",
            "decoding": "greedy",
            "batch_size": 4,
            "maximum_prompt_tokens": 512,
            "maximum_new_tokens": {"qa": 16, "summarization": 64, "rewriting": 64},
        },
        "evidence": {"importer": "extrinsic", "files": outputs | {"aggregate": "evaluation/aggregate.json"}},
    }
    for name, run in runs.items():
        track = 2 if name in ("adapter", "extrinsic") else 1
        run |= {"run": name, "version": "sound-" + ("b" if track == 2 else "a"), "track": track, "title": name, "hardware": hardware}
    return runs


_LM_FILES = {
    "history": "train.json",
    "console": "console.txt",
    "mapping": "mapping.json",
    "guardrails": "guardrails.json",
}


def table_specs() -> dict[str, dict[str, Any]]:
    """Tables of the campaign: language models, guardrails, evaluation."""
    lm_rows = [{"id": name, "run": name} for name in ("lm", "lm_wide")]
    name = {"id": "run", "header": "Run", "parts": [{"value": "run.identity.title"}]}

    def number(id: str, value: str, decimals: int, **more: Any) -> dict[str, Any]:
        return {"id": id, "header": id, "parts": [{"value": value, "decimals": decimals, **more}]}

    perplexity = number("perplexity", "run.results.validation.perplexity", 2, also="exp(run.results.validation.loss_nats)")
    models = [
        name,
        number("hours", "run.time.hours", 2),
        number("cost", "run.time.hours * prices[run.environment.device].usd_per_hour", 3),
        number("tokens", "run.data.processed_positions", 0),
        number("loss", "run.results.validation.loss_nats", 4),
        perplexity,
    ]
    guard = [
        name,
        number("fallback", "run.results.guardrails.fallback_ratio", 3),
        number("short", "run.results.guardrails.short_piece_ratio", 3),
        {"id": "passes", "header": "passes", "parts": [{"value": "run.results.guardrails.passes"}]},
    ]
    rows = [{"id": f"{task}.{metric}", "words": {"task": task, "metric": metric}} for task, metrics in TASKS.items() for metric in metrics]
    scores = {s: f"over_seeds(extrinsic.results.extrinsic[task].metrics[metric].{s}.score)" for s in SYSTEMS}
    evaluation = [number(s, f"mean({s}_scores)", 3) for s in SYSTEMS]
    common = {"label": "tab:x", "caption": "A table"}
    return {
        "models": common | {"table": "models", "rows": [*lm_rows, {"id": "char", "run": "char"}], "columns": models},
        "guardrails": common | {"table": "guardrails", "rows": lm_rows, "columns": guard},
        "evaluation": common
        | {"table": "evaluation", "records": ["extrinsic"], "seeds": list(SEEDS), "rows": rows, "columns": evaluation}
        | {"let": {f"{s}_scores": text for s, text in scores.items()}},
    }


def claims(folder: Path) -> dict[str, Any]:
    """What a text about the campaign would state, all of it true."""
    output = read_json(folder / "lm/samples.json")["lm"][0]["output"]
    quoted = output[:90]
    quotation = {"where": "section 3", "file": "lm/samples.json", "model": "lm", "number": 0, "characters": len(letters_of(quoted))}
    return {
        "normaliser": "pt-squad",
        "normaliser_where": "section 2",
        "token_columns": {"models": "tokens"},
        "cited_files": [{"path": "lm/train.json", "where": "Table 1"}],
        "quotations": [quotation | {"digests": digests_of(quoted)}],
        "splits": [{"run": "adapter", "where": "section 2", "fractions": [0.8, 0.1, 0.1]}],
        "seeds": [{"where": "Table 2", "table": "guardrails", "seeds": 3}],
        "conclusions": [{"where": "section 4: the samples read well", "rests_on": ["lm/samples.json"]}],
    }


def worked_numbers() -> dict[str, Any]:
    """Figures that the text would work out beside its tables, all of them right."""
    common = {"where": "section 2"}
    return {
        "part": "Chapter 2",
        "inputs": {"watts": {"value": 450.0, "unit": "W", "source": "section 2"}},
        "entries": [
            common | {"id": "2.1", "what": "energy of a day", "unit": "kWh", "stated": "10.8", "follows": "watts * 24 / 1000"},
            common | {"id": "2.2", "what": "its price", "unit": "USD", "stated": "1.62", "follows": "stated['2.1'] * 0.15"},
            common | {"id": "2.3", "what": "a sum", "left": "3*n + n", "right": "4*n", "at": {"n": [3.0, 70.0]}},
            common | {"id": "2.4", "what": "memory of the device", "stated": "24", "known": 24.0, "source": "data sheet"},
            common | {"id": "2.5", "what": "cost of a step", "outcome": "follows", "why": "one product a parameter"},
            common | {"id": "2.6", "what": "utilisation", "definition": True},
        ],
    }


# --- project ------------------------------------------------------------------------------------------------------------


def write_project(folder: Path) -> None:
    """The whole campaign in ``folder``, records and tables included."""
    evidence = folder / "data/sound/evidence"
    write_atomic(evidence / "tokenizer/spm.model", tokenizer_bytes())
    write_transformer(evidence, "lm", 3.0)
    write_transformer(evidence, "lm_wide", 2.9)
    write_char(evidence)
    write_adapter(evidence)
    write_evaluation(evidence)
    runs = run_parameters()
    for name, run in runs.items():
        dump(folder, f"params/runs/{name}.yaml", run)
    campaign = {"campaign": "sound", "source": "evidence", "runs": list(runs), "defaults": {"seed": 42}}
    places = {"claims": "data/sound_claims.yaml", "printed_cells": "data/sound_cells.csv", "worked_numbers": "data/sound_worked"}
    dump(folder, "params/campaigns/sound.yaml", campaign | places)
    price = {"name": "RTX 4090", "usd_per_hour": 0.3, "source": "the logs"}
    dump(folder, "params/prices.yaml", {DEVICE: price})
    for name, spec in table_specs().items():
        dump(folder, f"params/tables/{name}.yaml", spec)
    dump(folder, "data/sound_claims.yaml", claims(evidence))
    dump(folder, "data/sound_worked/chapter.yaml", worked_numbers())
    with inside(folder):
        make()
        print_cells()


def make() -> None:
    """Registry, records and tables of the campaign in the working folder, from its evidence as it is."""
    root = Path("data/sound/evidence")
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    files = {path.relative_to(root).as_posix(): RegisteredFile(sha256=sha256_of_file(path), bytes=path.stat().st_size) for path in paths}
    write_atomic(registry_file("sound"), to_json(Registry(campaign="sound", licence="ours", files=files).model_dump()))
    for run in load_campaign("sound").runs:
        parameters = load_run("sound", run)
        record = remake_record(Evidence("sound"), parameters)
        write_atomic(Path("versions/sound", parameters.version, run, "record.json"), to_json(record.model_dump(mode="json")))
    for spec in sorted(Path("params/tables").glob("*.yaml")):
        make_table(spec)


def make_table(spec: Path) -> None:
    """One table, by the stage that makes every table."""
    folder = Path("reports/sound/tables")
    prices = {device: price.model_dump(exclude={"source"}) for device, price in load_prices().items()}
    loaded = table.load_spec(spec)
    records = [Path("versions/sound", load_run("sound", run).version, run, "record.json") for run in loaded.runs()]
    arguments = {"spec": spec, "campaign": "sound", "records": records, "prices": json.dumps(prices), "language": "pt", "analyses": []}
    arguments |= {"source": "evidence"}
    table.run(argparse.Namespace(**arguments, **{kind: folder / f"{loaded.table}.{kind}" for kind in ("tex", "csv", "json")}))


def print_cells() -> None:
    """What the text prints: every cell of every table."""
    with Path("data/sound_cells.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["table", "row", "column", "printed"])
        for path in sorted(Path("reports/sound/tables").glob("*.json")):
            for (row, column), cell in cells_of(read_json(path)).items():
                writer.writerow([path.stem, row, column, cell["printed"]["pt"]])


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in ``folder``."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


class Sound:
    """The campaign in a folder of its own, to be spoiled and audited."""

    def __init__(self, template: Path, folder: Path) -> None:
        shutil.copytree(template, folder)
        self.folder, self.evidence = folder, folder / "data/sound/evidence"

    def read(self, file: str) -> Any:
        """Content of a file of the evidence: JSON, rows of a JSONL file, or text."""
        path = self.evidence / file
        if file.endswith(".jsonl"):
            return [json.loads(line) for line in path.read_text().splitlines()]
        return read_json(path) if file.endswith(".json") else path.read_text()

    def write(self, file: str, content: Any) -> None:
        """Write a file of the evidence."""
        if isinstance(content, str):
            write_atomic(self.evidence / file, content)
        else:
            dump(self.evidence, file, content)

    def change(self, file: str, change: Callable[[Any], Any]) -> None:
        """Read a file of the evidence, change it (in place, or into what ``change`` gives), write it."""
        content = self.read(file)
        changed = change(content)
        self.write(file, content if changed is None else changed)

    def change_parameters(self, file: str, change: Callable[[Any], None]) -> None:
        """Change a YAML file of the project."""
        content = yaml.safe_load((self.folder / file).read_text())
        change(content)
        dump(self.folder, file, content)

    def make(self) -> None:
        """Register and make again everything, as somebody would who believes the changed files."""
        with inside(self.folder):
            make()

    def load(self) -> Campaign:
        """The campaign, as an auditor finds it."""
        with inside(self.folder):
            return Campaign.load("sound", load_registry("sound"), load_prices())

    def audit(self, *rules: str) -> list[Finding]:
        """Findings of the rules named; of all where none is."""
        import stages.audit.families  # noqa: F401  (registers every rule)

        with inside(self.folder):
            campaign = Campaign.load("sound", load_registry("sound"), load_prices())
            return run_rules(campaign, [RULES[name] for name in rules or RULES])

    def spoil(self, file: str, change: Callable[[Any], Any]) -> "Sound":
        """Change a file of the evidence and make again everything that rests on it."""
        self.change(file, change)
        self.make()
        return self
