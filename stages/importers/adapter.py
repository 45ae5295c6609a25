"""Runs cpt and sft: QLoRA training logs, their configuration files, and the intrinsic evaluation of base against adapter."""

from stages.document import Document
from stages.importer import Facts, Imported, hours_of, intrinsic_facts, perplexity_of, run_importer, track2_environment
from stages.parameter_models import RunParameters
from stages.registry import Evidence
from stages.run_files import file_of, key_of
from stages.traced import Traced, compute

_INTEGERS = {
    "seed": "$.experiment.seed",
    "architecture.lora_rank": "$.lora.r",
    "architecture.lora_alpha": "$.lora.lora_alpha",
    "data.sequence_length": "$.data.seq_len",
    "training.epochs": "$.training.num_train_epochs",
    "training.batch_size": "$.training.per_device_train_batch_size",
    "training.gradient_accumulation": "$.training.gradient_accumulation_steps",
    "training.warmup_steps": "$.training.warmup_steps",
}
_NUMBERS = {
    "architecture.lora_dropout": "$.lora.lora_dropout",
    "training.learning_rate": "$.training.learning_rate",
    "training.weight_decay": "$.training.weight_decay",
}


def read_adapter(evidence: Evidence, parameters: RunParameters) -> Imported:
    """Facts of a QLoRA training."""
    log = evidence.json(file_of(parameters, "training"))
    configuration = evidence.json(file_of(parameters, "configuration"))
    report, key = evidence.json(file_of(parameters, "intrinsic")), key_of(parameters, "intrinsic")
    facts = training_facts(log) | intrinsic_facts(report, key, Traced("last"))
    facts |= {f"configuration.{field}": configuration.integer(path) for field, path in _INTEGERS.items()}
    facts |= {f"configuration.{field}": configuration.number(path) for field, path in _NUMBERS.items()}
    missing = {
        "data": "not logged",
        "data.predicted_tokens": "how many answer tokens are in the loss is not logged",
        "results.validation": "not logged",
        "results.intrinsic": "not logged",
        "history": "the evidence holds the final summary only, no per-epoch metrics",
    }
    return Imported(facts, [], missing)


def training_facts(log: Document) -> Facts:
    """Environment, data, time, cost and best validation loss of a QLoRA training log (thesis Table 11)."""
    seconds = log.number("$.timers.duration_sec", minimum=0)
    loss = log.number("$.training.best_eval_loss", minimum=0)
    facts: Facts = {
        **track2_environment(log),
        "data.windows_train": log.integer("$.training.train_samples"),
        "data.windows_validation": log.integer("$.training.eval_samples"),
        "data.processed_positions": log.integer("$.training.tokens_seen"),
        "data.epochs_run": _whole(log.number("$.training.trainer_metrics.epoch", minimum=0)),
        "time.seconds": seconds,
        "time.hours": hours_of(seconds),
        "time.started_at": log.time("$.timers.started_at"),
        "time.ended_at": log.time("$.timers.ended_at"),
        "results.validation.loss_nats": loss,
        "results.validation.perplexity": perplexity_of(loss),
        "results.validation.weights": Traced("best"),
        "cost.usd_per_hour": log.number("$.cost.cost_usd_per_hour", minimum=0),
        "cost.usd": log.number("$.cost.total_cost_usd", minimum=0),
    }
    if log.has("$.training.train_tokens_per_epoch"):  # continued pre-training alone: full blocks, every next token predicted
        blocks, length = log.integer("$.training.train_samples"), log.integer("$.data.seq_len", minimum=1)
        epochs = log.number("$.training.trainer_metrics.epoch", minimum=0)
        formula = "blocks * (sequence length - 1) * epochs: the first position of a block has no target"
        facts["data.unique_tokens_train"] = log.integer("$.training.train_tokens_per_epoch")
        facts["data.predicted_tokens"] = compute(lambda b, n, e: round(b * (n - 1) * e), blocks, length, epochs, formula=formula)
    return facts


def _whole(number: Traced) -> Traced:
    return Traced(round(number.value), number.refs, "rounded to whole epochs" if number.value % 1 else "")


if __name__ == "__main__":
    run_importer(read_adapter)
