"""What every importer shares: the facts of one run, read from verified evidence, become its record.

An importer is a function ``(Evidence, RunParameters) -> Imported`` in ``stages/importers/``. It reads numbers by path, so
that each carries its file, place and hash, and gives a reason for what the evidence does not hold.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from stages.document import Document
from stages.errors import report_errors
from stages.files import to_json, write_atomic
from stages.parameter_models import Configuration, RunParameters
from stages.record import Record, history_csv, leaves
from stages.record_build import build_record, parameters_ref
from stages.registry import Evidence, is_trained_here, registry_of_results
from stages.run_files import parse_parameters
from stages.traced import Traced, compute

Facts = dict[str, Traced | list[Traced]]


@dataclass
class Imported:
    """A run as its files tell it: facts by record field, one mapping an epoch, reasons for what is absent."""

    facts: Facts
    history: list[dict[str, Traced]] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)


NOT_IN_EVIDENCE = {
    "configuration": "does not apply to this run, or unknown: see its notes",
    "environment.device_memory_gb": "not logged",
    "environment.device_count": "not logged",
    "environment.cpu_count": "not logged",
    "environment.platform": "not logged",
    "environment.processor": "not logged",
    "environment.threads": "not logged",
    "environment.precision": "not logged; the configuration holds what was asked for",
    "environment.git_commit": "not logged",
    "environment.git_dirty": "not logged",
    "data": "not in the run's files; the configuration holds what was asked for",
    "time.started_at": "not logged",
    "time.ended_at": "not logged",
    "history": "no per-epoch metrics in the evidence",
    "results": "not evaluated in this way, or not in the evidence",
    "energy": "not measured: no file holds an energy reading",
    "cost": "not stated by the run; the tables compute it from hours and price",
}


def read_run(evidence: Evidence, parameters: RunParameters, read: Callable[[Evidence, RunParameters], Imported]) -> Record:
    """Record of one run; missing values get the importer's own reason, else a general one."""
    imported = read(evidence, parameters)
    missing = NOT_IN_EVIDENCE | {f"history[*].{name}": "not logged" for name in _EPOCH_FIELDS} | imported.missing
    return build_record(evidence.registry.campaign, parameters, imported.facts, imported.history, missing)


_EPOCH_FIELDS = ("train_loss_nats", "train_accuracy", "validation_accuracy", "validation_perplexity", "processed_positions", "seconds")


def hours_of(seconds: Traced) -> Traced:
    """Hours of a time in seconds."""
    return compute(lambda value: value / 3600, seconds, formula=f"({seconds.formula}) / 3600" if seconds.formula else "seconds / 3600")


def perplexity_of(loss: Traced) -> Traced:
    """Exponential of a loss in nats."""
    return compute(math.exp, loss, formula="exp(loss)")


def bits_per_character(loss: Traced, tokens: Traced | None = None, characters: Traced | None = None) -> Traced:
    """Loss in nats per token as bits per character; a token is a character unless counts of both say otherwise."""
    if tokens is None or characters is None:
        return compute(lambda nats: nats / math.log(2), loss, formula="loss / ln 2")
    formula = "loss / ln 2 * tokens / characters, over the whole evaluation text"
    return compute(lambda nats, t, c: nats / math.log(2) * t / c, loss, tokens, characters, formula=formula)


def best_epoch(history: list[dict[str, Traced]]) -> dict[str, Traced]:
    """The epoch with the smallest validation loss (the first of equals)."""
    return min(history, key=lambda epoch: epoch["validation_loss_nats"].value)


def best_epoch_facts(best: dict[str, Traced]) -> Facts:
    """Loss on the training's validation text at its best epoch, as the training's own loss function gives it."""
    into = "results.validation"
    return {
        f"{into}.loss_nats": best["validation_loss_nats"].named("smallest of the history"),
        f"{into}.perplexity": best["validation_perplexity"],
        f"{into}.accuracy": best["validation_accuracy"],
        f"{into}.epoch": best["epoch"],
        f"{into}.weights": Traced("best"),
    }


def largest(field: str) -> float:
    """Largest value that a field of the history can have: an accuracy is a share."""
    return 1 if field.endswith("accuracy") else math.inf


def stated_device(parameters: RunParameters) -> Traced:
    """Device that the run's parameters state, for runs whose log is absent."""
    return Traced(parameters.hardware.device, (parameters_ref(parameters, "$.hardware.device"),), f"stated: {parameters.hardware.source}")


def library_facts(log: Document, *names: str) -> Facts:
    """Versions of the libraries ``names``, which every log keeps below ``env``."""
    return {f"environment.libraries.{name}": log.text(f"$.env.{name}") for name in names}


def track2_environment(log: Document) -> Facts:
    """Device and libraries of a track 2 log, which all keep them below ``env``."""
    return {
        "environment.device": log.text("$.env.gpu_model"),
        "environment.device_count": log.integer("$.env.cuda_device_count"),
        "environment.device_memory_gb": log.number("$.env.gpu_memory_gb", minimum=0),
        "environment.platform": log.text("$.env.platform"),
        **library_facts(log, "python", "torch", "transformers", "datasets", "peft", "bitsandbytes", "accelerate"),
    }


def intrinsic_facts(report: Document, key: str, weights: Traced) -> Facts:
    """Token-weighted loss of base and adapter on the validation rows, on the same quantised weights (thesis Table 12).

    ``weights``: which of the adapter's were evaluated.
    """
    facts: Facts = {"results.intrinsic.perplexity_reduction": report.number(f"$.{key}.delta.perplexity_reduction_ratio", maximum=1)}
    for system in ("base", "adapter"):
        here, into = f"$.{key}.{system}", f"results.intrinsic.{system}"
        facts[f"{into}.loss_nats"] = report.number(f"{here}.eval_loss", minimum=0)
        facts[f"{into}.perplexity"] = report.number(f"{here}.perplexity", minimum=1)
        facts[f"{into}.label_tokens"] = report.integer(f"{here}.label_tokens", minimum=1)
        facts[f"{into}.weights"] = Traced("base") if system == "base" else weights
    return facts


def guardrail_facts(report: Document) -> Facts:
    """Guardrails of a run's samples (thesis Table 10)."""
    into = "results.guardrails"
    return {
        f"{into}.fallback_ratio": report.number("$.aggregate.fallback_ratio", minimum=0, maximum=1),
        f"{into}.short_piece_ratio": report.number("$.aggregate.short_alpha_ratio", minimum=0, maximum=1),
        f"{into}.passes": report.flag("$.passes"),
        f"{into}.samples": report.integer("$.aggregate.samples_count"),
        f"{into}.tokens": report.integer("$.aggregate.total_tokens"),
        f"{into}.tokenizer": report.text("$.tokenizer"),
        f"{into}.samples_of": report.text("$.model_key"),
    }


def run_importer(read: Callable[[Evidence, RunParameters], Imported]) -> None:
    """``main`` of an importer that needs nothing but evidence and parameters."""
    report_errors(partial(import_run, importer_arguments().parse_args(), read))


def importer_arguments() -> argparse.ArgumentParser:
    """Command line that every importer has."""
    parser = argparse.ArgumentParser(description="Import one run of a campaign's evidence.")
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--parameters", required=True, help="the run's merged parameters, as JSON")
    parser.add_argument("--record", type=Path, required=True, help="JSON to write")
    parser.add_argument("--history", type=Path, required=True, help="CSV to write")
    return parser


def import_run(arguments: argparse.Namespace, read: Callable[[Evidence, RunParameters], Imported]) -> Record:
    """Read the run, write its record and history, say where its files contradict its parameters (the files count)."""
    parameters = parse_parameters(arguments.parameters)
    # What a run that is trained here left depends on the settings it was trained under, which its parameters hold.
    registry = registry_of_results(arguments.campaign, [parameters]) if is_trained_here(arguments.campaign) else None
    record = read_run(Evidence(arguments.campaign, registry), parameters, read)
    for note in contradictions(record, parameters):
        print(f"note: {record.identity.run}: {note}")
    write_atomic(arguments.history, history_csv(record))
    write_atomic(arguments.record, to_json(record.model_dump(mode="json")))
    return record


def contradictions(record: Record, parameters: RunParameters) -> Iterator[str]:
    """What the run's files say otherwise than its parameters, where these say anything; the record holds what the files say."""
    stated = dict(leaves(parameters.model_dump(mode="json", include=set(Configuration.model_fields))))
    found = dict(leaves(record.configuration.model_dump(mode="json")))
    for name, value in found.items():
        if stated.get(name) not in (None, value):
            yield f"the files say {name} = {value}, the parameters {stated.get(name)}"
    if record.environment.device != parameters.hardware.device:
        yield f"the files say that it ran on {record.environment.device}, the parameters {parameters.hardware.device}"
