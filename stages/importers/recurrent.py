"""Runs v1 to v4: Keras training logs, history CSV or console output, and the windowed evaluation."""

import math
import re

from stages.document import Document
from stages.errors import UserError
from stages.files import parse_csv
from stages.importer import (
    Facts,
    Imported,
    best_epoch,
    best_epoch_facts,
    bits_per_character,
    hours_of,
    largest,
    library_facts,
    perplexity_of,
    run_importer,
)
from stages.parameter_models import RunParameters
from stages.registry import Evidence
from stages.run_files import file_of, has_file, key_of
from stages.traced import Ref, Traced, compute

CONFIGURATION = {
    "seed": "$.train_config.seed",
    "training.epochs": "$.train_config.epocas",
    "training.batch_size": "$.train_config.batch_size",
    "data.sequence_length": "$.train_config.tamanho_sequencia",
    "data.stride": "$.train_config.stride",
    "data.shuffle_buffer_windows": "$.train_config.shuffle_buffer",
    "data.documents_train": "$.dataset.train_docs",
    "data.documents_validation": "$.dataset.val_docs",
    "data.minimum_characters": "$.dataset.min_len",
    "cleaning.minimum_line_characters": "$.cleaning.min_line_chars",
    "tokenizer.vocabulary": "$.model.vocab_size",
    "architecture.parameter_count": "$.model.params",
}
"""Whole numbers of the configuration that the logs state, by path; v1's log lacks the last two."""

_EPOCH_LINE = re.compile(
    r"^(?P<step>\d+)/(?P=step) - (?P<seconds>\d+)s .*?accuracy: (?P<train_accuracy>\S+) - loss: (?P<train_loss_nats>\S+)"
    r" - val_accuracy: (?P<validation_accuracy>\S+) - val_loss: (?P<validation_loss_nats>\S+)"
)
_CHARACTERS_LINE = re.compile(r"caracteres totais: (\d+)")
_HISTORY_COLUMNS = {
    "train_loss_nats": "loss",
    "train_accuracy": "accuracy",
    "validation_loss_nats": "val_loss",
    "validation_accuracy": "val_accuracy",
}


def read_recurrent(evidence: Evidence, parameters: RunParameters) -> Imported:
    """Facts of one of v1 to v4."""
    log = evidence.json(file_of(parameters, "training"))
    history = read_history(evidence, parameters)
    facts = training_facts(log) | windowed_facts(evidence, parameters)
    if history:
        facts |= validation_facts(log, best_epoch(history))
        facts["data.epochs_run"] = Traced(len(history), history[-1]["epoch"].refs, "number of epochs in the history")
    missing = {"data.predicted_tokens": "the log counts windows before a tenth of them is held out; how many were trained on is not logged"}
    if not history:
        missing |= {"history": "the history file that the log names is not in the evidence", "results.validation": "no history"}
    return Imported(facts, history, missing)


def training_facts(log: Document) -> Facts:
    """Environment, data, time and configuration of a Keras training log."""
    seconds = log.number("$.performance.elapsed_sec", minimum=0)
    subword = log.has("$.dataset.train_tokens")
    unit = "tokens" if subword else "chars"
    epochs = log.integer("$.train_config.epocas", minimum=1)
    windows = log.integer("$.model.train_windows")
    facts: Facts = {
        "environment.device": log.text("$.env.gpu_devices[0]"),
        "environment.device_count": Traced(
            len(log.sequence("$.env.gpu_devices")), (log.ref("$.env.gpu_devices"),), "number of devices listed"
        ),
        "environment.cpu_count": log.integer("$.env.cpu_count"),
        "environment.platform": log.text("$.env.os"),
        **library_facts(log, "python", "tensorflow"),
        "data.documents_train": log.integer("$.dataset.train_docs"),
        "data.documents_validation": log.integer("$.dataset.val_docs"),
        "data.characters_train": log.integer("$.dataset.train_chars"),
        "data.characters_validation": log.integer("$.dataset.val_chars"),
        "data.unique_tokens_train": log.integer(f"$.dataset.train_{unit}"),
        "data.unique_tokens_validation": log.integer(f"$.dataset.val_{unit}"),
        "data.windows_train": windows,
        "data.windows_validation": log.integer("$.model.val_windows"),
        "data.processed_positions": log.integer("$.performance.tokens_total_est"),
        "data.epochs_run": epochs.named("epochs asked for; no history to count"),
        "time.seconds": seconds,
        "time.hours": hours_of(seconds),
        "time.started_at": log.time("$.timestamps.started_at"),
        "time.ended_at": log.time("$.timestamps.ended_at"),
    }
    if log.integer("$.dataset.val_docs").value:
        formula = "train_windows * epochs: one target a window"
        facts["data.predicted_tokens"] = compute(lambda w, e: w * e, windows, epochs, formula=formula)
    if log.text("$.git.commit").value:
        facts["environment.git_commit"] = log.text("$.git.commit")
    logged = {field: path for field, path in CONFIGURATION.items() if log.has(path) or not path.startswith("$.model.")}
    return facts | {f"configuration.{field}": log.integer(path) for field, path in logged.items()}


def read_history(evidence: Evidence, parameters: RunParameters) -> list[dict[str, Traced]]:
    """Epochs of the history CSV, or of the console output where the CSV is absent; none where both are."""
    if has_file(parameters, "history"):
        return _history_from_csv(evidence, file_of(parameters, "history"))
    if has_file(parameters, "console"):
        return _history_from_console(evidence, file_of(parameters, "console"))
    return []


def _history_from_csv(evidence: Evidence, file: str) -> list[dict[str, Traced]]:
    rows = parse_csv(evidence.text(file), file)
    if not rows or not {"epoch", *_HISTORY_COLUMNS.values()} <= rows[0].keys():
        found = ", ".join(rows[0]) if rows else "no rows"
        raise UserError(file, "", found, "the columns epoch, " + ", ".join(_HISTORY_COLUMNS.values()))
    history = []
    for index, row in enumerate(rows):
        place = {name: Ref(file, f"row[{index}].{column}", evidence.sha256(file)) for name, column in _HISTORY_COLUMNS.items()}
        epoch = {
            name: Traced(_number(name, row[column], file, f"row[{index}].{column}"), (place[name],))
            for name, column in _HISTORY_COLUMNS.items()
        }
        if row["epoch"].strip() != str(index):
            raise UserError(file, f"row[{index}].epoch", repr(row["epoch"]), f"{index}: the epochs from 0, each once and in order")
        epoch["epoch"] = Traced(index + 1, (Ref(file, f"row[{index}].epoch", evidence.sha256(file)),), "epoch + 1, counted from 1")
        history.append(epoch | {"validation_perplexity": perplexity_of(epoch["validation_loss_nats"])})
    return history


def _history_from_console(evidence: Evidence, file: str) -> list[dict[str, Traced]]:
    history: list[dict[str, Traced]] = []
    for line, text in enumerate(evidence.text(file).splitlines(), start=1):
        if match := _EPOCH_LINE.match(text):
            ref = Ref(file, f"line {line}", evidence.sha256(file))
            epoch = {name: Traced(_number(name, match[name], file, f"line {line}"), (ref,)) for name in (*_HISTORY_COLUMNS, "seconds")}
            epoch["epoch"] = Traced(len(history) + 1, (ref,), "order of the epoch's line")
            history.append(epoch | {"validation_perplexity": perplexity_of(epoch["validation_loss_nats"])})
    if not history:
        raise UserError(file, "", "no line with an epoch's metrics", "Keras console output, one such line an epoch")
    return history


def _number(name: str, text: str, file: str, place: str) -> float:
    """Number of a history field; losses are not negative, accuracies at most 1."""
    maximum = largest(name)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or not 0 <= value <= maximum:
        raise UserError(file, place, repr(text), f"a finite number from 0 to {maximum:g}")
    return value


def validation_facts(log: Document, best: dict[str, Traced]) -> Facts:
    """Loss on the training's validation text, at its best epoch."""
    tokens, characters = (
        log.integer(f"$.dataset.val_{unit}") if log.has(f"$.dataset.val_{unit}") else None for unit in ("tokens", "chars")
    )
    bits = bits_per_character(best["validation_loss_nats"], tokens, characters)
    return {**best_epoch_facts(best), "results.validation.bits_per_character": bits}


def windowed_facts(evidence: Evidence, parameters: RunParameters) -> Facts:
    """Evaluation on a fixed set of windows (thesis Tables 7 and 8)."""
    report = evidence.json(file_of(parameters, "windowed"))
    key = key_of(parameters, "windowed")
    here, into = f"$.results.{key}", "results.windowed"
    loss = report.number(f"{here}.avg_loss", minimum=0)
    counts: tuple[Traced, ...] = ()
    if has_file(parameters, "windowed_text"):
        counts = (report.integer(f"{here}.dataset_tokens"), _characters(evidence, file_of(parameters, "windowed_text")))
    return {
        f"{into}.loss_nats": loss,
        f"{into}.perplexity": report.number(f"{here}.perplexity", minimum=1),
        f"{into}.accuracy": report.number(f"{here}.accuracy", minimum=0, maximum=1),
        f"{into}.windows": report.integer(f"{here}.windows"),
        f"{into}.weights": Traced("unknown"),
        f"{into}.bits_per_character": bits_per_character(loss, *counts),
    }


def _characters(evidence: Evidence, file: str) -> Traced:
    """Length of the evaluation text, which only the monitor's log states."""
    for line, text in enumerate(evidence.text(file).splitlines(), start=1):
        if match := _CHARACTERS_LINE.search(text):
            return Traced(int(match[1]), (Ref(file, f"line {line}", evidence.sha256(file)),))
    raise UserError(file, "", "no line with the text's length", "a line 'caracteres totais: N'")


if __name__ == "__main__":
    run_importer(read_recurrent)
