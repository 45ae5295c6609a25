"""Runs that are trained here: what training, evaluation and guardrails left, each file with the hash of its bytes as they lie here.

python -m stages.importers.trained --campaign demo --parameters JSON --record FILE --history FILE
"""

from pathlib import Path

from stages.document import Document
from stages.importer import Facts, Imported, guardrail_facts, hours_of, perplexity_of, run_importer
from stages.parameter_models import RunParameters
from stages.registry import Evidence
from stages.run_files import file_of, has_file
from stages.traced import Traced, compute

PLAIN = "cross-entropy"
_EPOCH_FIELDS = {
    "train_loss_nats": "loss",
    "train_accuracy": "accuracy",
    "validation_loss_nats": "val_loss",
    "validation_perplexity": "val_perplexity",
    "validation_accuracy": "val_accuracy",
}
_DATA = ("documents", "characters", "unique_tokens", "windows")
_HELD_OUT = ("loss_nats", "perplexity", "accuracy", "bits_per_character", "bits_standard_error")


def read_trained(evidence: Evidence, parameters: RunParameters) -> Imported:
    """Facts of a run that was trained in this project."""
    training, timing = (evidence.json(file_of(parameters, role)) for role in ("training", "timing"))
    windows = evidence.json(file_of(parameters, "windows"))
    tokenizer = evidence.json(file_of(parameters, "tokenizer"))
    facts = training_facts(training) | time_facts(timing) | window_facts(windows, parameters.run)
    name = Path(file_of(parameters, "tokenizer")).parent.name
    facts |= {
        "configuration.tokenizer.name": Traced(name, (tokenizer.ref("$"),), "the folder that its settings name"),
        "configuration.architecture.parameter_count": training.integer("$.model.parameters"),
        "configuration.tokenizer.vocabulary": tokenizer.integer("$.facts.vocabulary"),
    }
    if has_file(parameters, "guardrails"):
        report = evidence.json(file_of(parameters, "guardrails"))
        facts |= guardrail_facts(report) | {"results.guardrails.weights": report.text("$.weights")}
    missing = {
        "environment": "not read from the machine",
        "data": "validated on windows of the training text",
        "history[*].seconds": "not measured",
        "results": "not evaluated in this way",
        "results.validation.bits_per_character": "given for the held-out text, which is the same for all runs",
        "results.windowed.bits_per_character": "given for the held-out text, which is the same for all runs",
        "energy": "not measured: no counter of energy can be read on this machine",
        "cost": "the tables compute it from hours and price",
    }
    return Imported(facts, epochs(training, timing), missing)


def training_facts(training: Document) -> Facts:
    """What the training counted, its environment, and the loss at the epoch whose weights were kept."""
    facts: Facts = {}
    for part in ("train", "validation"):
        # A run without validation documents is validated on windows of its training text.
        own = training.integer(f"$.data.{part}.documents").value > 0
        names = _DATA if own else ("windows",)
        facts |= {f"data.{name}_{part}": training.integer(f"$.data.{part}.{name}") for name in names}
    facts |= {f"data.{name}": training.integer(f"$.counts.{name}") for name in ("predicted_tokens", "processed_positions")}
    # Of the training text, what its windows cover: strides may skip some of it, and v1 keeps its end to validate with.
    facts["data.unique_tokens_train"] = training.integer("$.counts.unique_tokens")
    facts["data.epochs_run"] = training.integer(f"$.history[{len(training.sequence('$.history')) - 1}].epoch")
    facts |= environment_facts(training)
    weights = training.text("$.weights")
    kept = training.integer("$.best_epoch", minimum=1) if weights.value == "best" else facts["data.epochs_run"]
    assert isinstance(kept, Traced)
    here, into = f"$.history[{kept.value - 1}]", "results.validation"
    return facts | {
        f"{into}.loss_nats": training.number(f"{here}.val_loss", minimum=0),
        f"{into}.perplexity": training.number(f"{here}.val_perplexity", minimum=1),
        f"{into}.accuracy": training.number(f"{here}.val_accuracy", minimum=0, maximum=1),
        f"{into}.epoch": kept,
        f"{into}.weights": weights,
        f"{into}.plain": compute(lambda kind: kind == PLAIN, training.text("$.validation_loss"), formula=f"validation_loss is {PLAIN}"),
    }


def environment_facts(document: Document) -> Facts:
    """What was computed on, as a stage writes it below ``environment``."""
    here = "$.environment"
    facts: Facts = {f"environment.{name}": document.text(f"{here}.{name}") for name in ("device", "processor", "platform", "precision")}
    facts |= {f"environment.{name}": document.integer(f"{here}.{name}", minimum=1) for name in ("threads", "device_count")}
    libraries = list(document.mapping(f"{here}.libraries"))
    return facts | {f"environment.libraries.{name}": document.text(f"{here}.libraries.{name}") for name in libraries}


def time_facts(timing: Document) -> Facts:
    """How long the training took, interruptions left out, and when; and what energy it took."""
    seconds = timing.number("$.seconds", minimum=0)
    times = {f"time.{name}": timing.time(f"$.{name}") for name in ("started_at", "ended_at")}
    return {"time.seconds": seconds, "time.hours": hours_of(seconds), **times, **energy_facts(timing)}


def energy_facts(timing: Document) -> Facts:
    """Energy, where the machine counts it."""
    return {"energy.kilowatt_hours": timing.number("$.kilowatt_hours", minimum=0)} if is_measured(timing, "$.kilowatt_hours") else {}


def is_measured(timing: Document, path: str) -> bool:
    """Whether there is a number at ``path``, and not null."""
    return timing.has(path) and timing.find(path) is not None


def window_facts(windows: Document, run: str) -> Facts:
    """Loss by the thesis's windowed evaluation, where the run has one, and on the held-out text."""
    facts: Facts = {}
    if windows.has("$.results"):
        here, into = f"$.results['{run}']", "results.windowed"
        loss = windows.number(f"{here}.avg_loss", minimum=0)
        facts |= {
            f"{into}.loss_nats": loss,
            f"{into}.perplexity": perplexity_of(loss),
            f"{into}.accuracy": windows.number(f"{here}.accuracy", minimum=0, maximum=1),
            f"{into}.windows": windows.integer(f"{here}.windows", minimum=1),
            f"{into}.weights": windows.text("$.weights"),
        }
    if windows.has("$.held_out"):
        into = "results.held_out"
        facts |= {f"{into}.{name}": windows.number(f"$.held_out.{name}", minimum=0) for name in _HELD_OUT}
        counts = ("windows", "tokens", "characters", "unknown_tokens")
        facts |= {f"{into}.{name}": windows.integer(f"$.held_out.{name}") for name in counts}
        facts[f"{into}.text_sha256"] = windows.text("$.held_out.text_sha256")
        facts[f"{into}.weights"] = windows.text("$.weights")
        for name in ("uniform_loss_nats", "unigram_loss_nats"):
            facts[f"{into}.{name}"] = windows.number(f"$.held_out.baselines.{name}", minimum=0)
    return facts


def epochs(training: Document, timing: Document) -> list[dict[str, Traced]]:
    """The history, one mapping an epoch."""
    return [_epoch(training, timing, index) for index in range(len(training.sequence("$.history")))]


def _epoch(training: Document, timing: Document, index: int) -> dict[str, Traced]:
    here = f"$.history[{index}]"
    return {
        "epoch": training.integer(f"{here}.epoch", minimum=1),
        **{name: training.number(f"{here}.{key}", minimum=0) for name, key in _EPOCH_FIELDS.items()},
        "processed_positions": training.integer(f"{here}.tokens_seen_total"),
        "seconds": timing.number(f"$.epoch_seconds[{index}]", minimum=0),
    }


if __name__ == "__main__":
    run_importer(read_trained)
