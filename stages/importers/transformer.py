"""Runs v5 and v6: per-epoch training history in JSON, the head of the console output, guardrail reports."""

import re

from stages.document import Document
from stages.errors import UserError
from stages.files import parse_json
from stages.importer import Facts, Imported, best_epoch, best_epoch_facts, guardrail_facts, hours_of, largest, run_importer, stated_device
from stages.parameter_models import RunParameters
from stages.registry import Evidence
from stages.run_files import file_of, files_of, has_file
from stages.traced import Ref, Traced, compute

_EPOCH_FIELDS = {
    "train_loss_nats": "loss",
    "train_accuracy": "accuracy",
    "validation_loss_nats": "val_loss",
    "validation_accuracy": "val_accuracy",
    "validation_perplexity": "val_perplexity",
    "seconds": "epoch_time_sec",
}
_EPOCH_FILE = re.compile(r"epoch_(\d+)")
_TIME_STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_DEVICE_LINE = re.compile(r"device: \d+, name: ([^,]+),")
_MAPPING = {
    "tokenizer.vocabulary": "$.tokenizer_vocab_size",
    "data.sequence_length": "$.sequence_length",
    "data.stride": "$.stride",
    "training.batch_size": "$.batch_size",
    "architecture.model_size": "$.model.d_model",
    "architecture.layers": "$.model.num_layers",
    "architecture.heads": "$.model.num_heads",
    "architecture.feed_forward_size": "$.model.d_ff",
}


def read_transformer(evidence: Evidence, parameters: RunParameters) -> Imported:
    """Facts of one of the Transformer runs."""
    history, seconds = read_history(evidence, parameters)
    positions = history[-1]["processed_positions"]
    facts: Facts = {
        "environment.device": stated_device(parameters),
        "data.processed_positions": positions,
        "data.predicted_tokens": positions.named("every input position is predicted"),
        "data.epochs_run": history[-1]["epoch"],
        "time.seconds": seconds,
        "time.hours": hours_of(seconds),
        **best_epoch_facts(best_epoch(history)),
    }
    missing = {
        "environment.device": "the log that would name it is not in the evidence",
        "results.validation.bits_per_character": "the characters of the validation text are not logged",
    }
    if has_file(parameters, "console"):
        facts |= console_facts(evidence, file_of(parameters, "console"))
    if has_file(parameters, "mapping"):
        mapping = evidence.json(file_of(parameters, "mapping"))
        facts |= {f"configuration.{field}": mapping.integer(path) for field, path in _MAPPING.items()}
    if has_file(parameters, "guardrails"):
        facts |= guardrail_facts(evidence.json(file_of(parameters, "guardrails")))
    return Imported(facts, history, missing)


def read_history(evidence: Evidence, parameters: RunParameters) -> tuple[list[dict[str, Traced]], Traced]:
    """Epochs and total seconds: of the run's one history file, or of one file an epoch where that is all there is."""
    if has_file(parameters, "history"):
        log = evidence.json(file_of(parameters, "history"))
        history = [_epoch(log, f"$.history[{index}]") for index in range(len(log.sequence("$.history")))]
        return _in_order(history, log.file), log.number("$.total_time_sec", minimum=0)
    roles = files_of(parameters)
    numbered = {int(match[1]): file for role, file in roles.items() if (match := _EPOCH_FILE.fullmatch(role))}
    if not numbered:
        raise UserError(f"params/runs/{parameters.run}.yaml", "evidence.files", ", ".join(roles), "'history', or 'epoch_1', 'epoch_2', …")
    history = [_epoch(evidence.json(numbered[number]), "$") for number in sorted(numbered)]
    seconds = compute(lambda *parts: sum(parts), *(epoch["seconds"] for epoch in history), formula="sum of the epochs' seconds")
    return _in_order(history, "evidence.files of " + parameters.run), seconds


def _epoch(log: Document, here: str) -> dict[str, Traced]:
    numbers = {name: log.number(f"{here}.{key}", minimum=0, maximum=largest(name)) for name, key in _EPOCH_FIELDS.items()}
    return {"epoch": log.integer(f"{here}.epoch", minimum=1), "processed_positions": log.integer(f"{here}.tokens_seen_total"), **numbers}


def _in_order(history: list[dict[str, Traced]], file: str) -> list[dict[str, Traced]]:
    numbers = [epoch["epoch"].value for epoch in history]
    if numbers != list(range(1, len(numbers) + 1)):
        raise UserError(file, "epoch", str(numbers), f"the epochs 1 to {len(numbers)}, each once and in order")
    return history


def console_facts(evidence: Evidence, file: str) -> Facts:
    """Device and data counts of the console output's head."""
    lines = evidence.text(file).splitlines()
    summary = _embedded_json(lines, file, evidence.sha256(file))
    facts: Facts = {f"data.documents_{part}": summary.integer(f"$.{part}.docs") for part in ("train", "validation")}
    facts |= {f"data.unique_tokens_{part}": summary.integer(f"$.{part}.tokens") for part in ("train", "validation")}
    facts |= {f"data.windows_{part}": summary.integer(f"$.{part}.windows") for part in ("train", "validation")}
    for number, line in enumerate(lines, start=1):
        ref = Ref(file, f"line {number}", evidence.sha256(file))
        if "time.started_at" not in facts and (stamp := _TIME_STAMP.match(line)):
            facts["time.started_at"] = Traced(stamp[0], (ref,), "first time stamp of the console output")
        if device := _DEVICE_LINE.search(line):
            return facts | {"environment.device": Traced(device[1], (ref,))}
    raise UserError(file, "", "no line that names the GPU", "a line 'device: 0, name: …'")


def _embedded_json(lines: list[str], file: str, sha256: str) -> Document:
    """The JSON object that the training script prints on lines of its own."""
    try:
        start = lines.index("{")
        end = lines.index("}", start)
    except ValueError as error:
        raise UserError(file, "", "no JSON object on lines of its own", "the training script's summary of its data") from error
    content = parse_json("\n".join(lines[start : end + 1]), file, f"lines {start + 1}-{end + 1}")
    return Document(file, sha256, content, prefix=f"lines {start + 1}-{end + 1}: ")


if __name__ == "__main__":
    run_importer(read_transformer)
