"""Identity rules: one name for one thing. A run has one tokenizer and one device; a name in two places means the same."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from stages.audit.campaign import Campaign
from stages.audit.families.counting_training import SAME_WEIGHTS
from stages.audit.finding import Finding, Severity
from stages.audit.objects import effect
from stages.audit.rules import rule
from stages.document import Document
from stages.parameter_models import RunParameters
from stages.run_files import files_of, key_of
from stages.traced import Ref

_TOKENIZER_KEYS = {"tokenizer", "tokenizer_model", "tokenizer_path"}
_SIZE_KEYS = {"vocab_size", "tokenizer_vocab_size", "vocab_size_expected"}
_DEVICE_KEYS = {"gpu_model", "gpu_devices"}
_HASH = re.compile(r"[0-9a-f]{64}")  # says which file it is, and not by name
TOLERANCE = 1e-9
"""Largest difference between two statements of one metric, relative to its size."""
VISIBLE = 1e-4
"""Relative difference from which a printed digit may change."""
_METRICS = ("avg_loss", "perplexity", "accuracy")


@rule(
    "identity.tokenizer",
    "Runs whose files name more than one tokenizer",
    proves="Files or tables about one run were made with another tokenizer than the run was trained with, so they are about another model.",
    cannot="Two tokenizers of the same name and size cannot be told apart where their files are absent.",
)
def tokenizer(campaign: Campaign) -> Iterator[Finding]:
    for run, parameters in campaign.runs.items():
        own = campaign.records[run].configuration.tokenizer if run in campaign.records else None
        if own is None or own.kind in ("character", "pretrained"):
            continue
        for name, ref in _named(campaign, parameters, _TOKENIZER_KEYS):
            found, reason = _other_tokenizer(campaign, str(name), own.name, own.vocabulary)
            if reason:
                message = (
                    f"{run} was trained with the tokenizer {own.name} ({own.vocabulary} pieces), but {ref.file} is about {found}: {reason}."
                )
                whole = Ref(ref.file, ref.path.rpartition(".")[0], ref.sha256)
                yield Finding(f"{run} in {ref.file}", "error", "protocol fault", message, own.name, found, "another model", (ref, whole))
        for size, ref in _named(campaign, parameters, _SIZE_KEYS):
            if isinstance(size, int) and own.vocabulary and size != own.vocabulary:
                message = f"{run} has a vocabulary of {own.vocabulary}, {ref.file} says {size}."
                yield Finding(f"{run} in {ref.file}, vocabulary", "error", "mismatch", message, str(own.vocabulary), str(size), "", (ref,))


def _named(campaign: Campaign, parameters: RunParameters, keys: set[str]) -> Iterator[tuple[Any, Ref]]:
    """Values under one of ``keys`` in the run's own files; of a shared file, only those below the run's entry."""
    for role, file in files_of(parameters).items():
        if document := campaign.documents.get(file):
            entry, path = _entry(document, key_of(parameters, role))
            yield from _values(entry, path, keys, document)


def _entry(document: Document, key: str) -> tuple[Any, str]:
    """What a document says of one run: its entry in ``results``, or at the top, or the whole document."""
    content = document.content
    if isinstance(content, dict):
        if isinstance(results := content.get("results"), dict):
            return results.get(key, {}), f"$.results.{key}"
        if isinstance(content.get(key), dict):
            return content[key], f"$.{key}"
    return content, "$"


def _values(value: Any, path: str, keys: set[str], document: Document) -> Iterator[tuple[Any, Ref]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in keys and isinstance(inner, str | int) and not isinstance(inner, bool) and not _HASH.fullmatch(str(inner)):
                yield inner, document.ref(f"{path}.{name}")
            yield from _values(inner, f"{path}.{name}", keys, document)


def _other_tokenizer(campaign: Campaign, path: str, name: str, vocabulary: int | None) -> tuple[str, str]:
    """The tokenizer that ``path`` means and why it is not the run's; no reason where it is."""
    found = campaign.find(path)
    if found in campaign.tokenizers:
        size = len(campaign.tokenizers[found].pieces)
        return found, f"that has {size} pieces" if vocabulary and size != vocabulary else ""
    words, parts = set(re.split(r"[\s_/-]+", name.lower())), set(re.split(r"[\s_/\\.-]+", path.lower()))
    return path, "" if words <= parts else f"its path lacks {', '.join(sorted(words - parts))}, and the file is not here"


@rule(
    "identity.models",
    "Files about another model than the one they stand for",
    proves="A file that belongs to a run, by the campaign's parameters or by its name, holds the samples or the report of another model.",
    cannot="A model that is called by the right name may still be another one.",
)
def models(campaign: Campaign) -> Iterator[Finding]:
    held = [(report.file, report.model, report.document.ref("$")) for report in campaign.guardrails]
    held += [(sample_set.file, sample_set.model, sample_set.ref) for sample_set in campaign.sample_sets]
    owners = {file: run for run, parameters in campaign.runs.items() for file in files_of(parameters).values()}
    for file, model, ref in held:
        run, found = owners.get(file) or _run_in(campaign, file.rpartition("/")[2]), _run_in(campaign, model)
        if run and model and found != run and (found or file in owners):
            message = f"{file} stands for {run}, but holds what is called {model}" + (
                f", which is {found}." if found else ": no run has that name."
            )
            severity: Severity = "error" if found else "warning"
            yield Finding(f"{file} {model}", severity, "protocol fault", message, run, found or model, "another model", (ref,))


def _run_in(campaign: Campaign, text: str) -> str | None:
    """The run whose name stands in ``text`` as a whole, between signs or at its ends; the longest where there are several."""
    named = [run for run in campaign.runs if re.search(rf"(?<![a-z0-9]){re.escape(run)}(?![a-z0-9])", text.lower())]
    return max(named, key=len, default=None)


@rule(
    "identity.device",
    "Runs whose device is stated, not logged, or logged twice",
    proves="No file of the run names the device that its hours are priced at, or two of them name different ones.",
    cannot="A log can only name the device that the driver reported.",
)
def device(campaign: Campaign) -> Iterator[Finding]:
    for run, record in campaign.records.items():
        named = record.environment.device
        refs = campaign.refs(run, "environment.device")
        found = {str(value): ref for value, ref in _devices(campaign, campaign.runs[run])}
        if named and not any(ref.origin == "evidence" for ref in refs):
            message = f"No file in the evidence says that {run} ran on {named}; its price and cost rest on the text's word."
            cells = tuple(campaign.cells_printing(run, "environment.device"))
            yield Finding(run, "warning", "not verifiable", message, named, "no log", "the cost of the run", refs, cells=cells)
        elif len(found) > 1:
            message = f"The files of {run} name {len(found)} devices."
            yield Finding(run, "error", "mismatch", message, str(named), "; ".join(sorted(found)), "", tuple(found.values()))


def _devices(campaign: Campaign, parameters: RunParameters) -> Iterator[tuple[Any, Ref]]:
    for file in files_of(parameters).values():
        document = campaign.documents.get(file)
        environment = document.content.get("env") if document and isinstance(document.content, dict) else None
        for key in _DEVICE_KEYS & (environment.keys() if isinstance(environment, dict) else set()):
            assert document and isinstance(environment, dict)
            listed = environment[key] if isinstance(environment[key], list) else [environment[key]]
            yield from ((name, document.ref(f"$.env.{key}")) for name in listed)


@rule(
    "identity.prices",
    "Prices without a source in the evidence",
    proves="A price that a table multiplies hours by is stated in the text alone: no log of the campaign names it for that device.",
    cannot="Whether a price that a log names was the market's.",
)
def prices(campaign: Campaign) -> Iterator[Finding]:
    used = {record.environment.device for record in campaign.records.values()}
    for name, price in campaign.prices.items():
        runs = [run for run, record in campaign.records.items() if record.environment.device == name]
        logged = [campaign.records[run].cost.usd_per_hour for run in runs if campaign.records[run].cost.usd_per_hour is not None]
        if price.usd_per_hour is None:
            continue  # nothing is costed with it
        if name in used and not logged:
            price_text = f"{price.usd_per_hour:.2f} USD an hour"
            message = f"The price of {name}, {price_text}, stands in no log ({price.source}); {len(runs)} runs are costed with it."
            ref = Ref("params/prices.yaml", f"$['{name}']", "", "parameters")
            cells = tuple(cell for cell in _cells_with_price(campaign, name))
            yield Finding(
                name, "warning", "not verifiable", message, f"{price.usd_per_hour:.2f}", "no log", f"{len(runs)} runs", (ref,), cells=cells
            )
        for other in sorted({usd for usd in logged if usd is not None} - {price.usd_per_hour}):
            message = f"Logs price {name} at {other}, the price list at {price.usd_per_hour}."
            yield Finding(f"{name} {other}", "error", "mismatch", message, str(price.usd_per_hour), str(other))


def _cells_with_price(campaign: Campaign, name: str) -> list[str]:
    priced = {cell for cell, place in campaign.lineage if place["file"].endswith("prices.yaml") and f"'{name}'" in place["path"]}
    return sorted(priced)


@rule(
    "identity.metrics",
    "Files that report the same metric of the same model and disagree",
    proves="Two files give different values for one metric of one model under the same settings, so at most one is what was measured.",
    cannot="Which of them is right.",
)
def disagreements(campaign: Campaign) -> Iterator[Finding]:
    for (model, _), entries in sorted(_stated_metrics(campaign).items()):
        spreads = {metric: _spread([entry[metric] for entry, _ in entries if metric in entry]) for metric in _METRICS}
        differing = {metric: spread for metric, spread in spreads.items() if spread > TOLERANCE}
        if differing:
            listed = {metric: " / ".join(f"{entry[metric]:.8g}" for entry, _ in entries if metric in entry) for metric in differing}
            message = f"{len(entries)} files give {', '.join(differing)} of {model} under the same settings, and they differ."
            severity: Severity = "error" if max(differing.values()) > VISIBLE else "warning"
            size = f"{max(differing.values()):.2g} relative"
            stated = "; ".join(f"{metric} {values}" for metric, values in listed.items())
            yield Finding(model, severity, "mismatch", message, stated, "", size, tuple(ref for _, ref in entries))
    yield from _validation_and_intrinsic(campaign)


def _validation_and_intrinsic(campaign: Campaign) -> Iterator[Finding]:
    """The validation loss that a training logs and the one that was measured again afterwards, of the same weights."""
    for run, record in campaign.records.items():
        logged, measured = record.results.validation, record.results.intrinsic.adapter if record.results.intrinsic else None
        if not (logged and measured and logged.plain and measured.plain) or logged.weights != measured.weights:
            continue
        if abs(logged.loss_nats - measured.loss_nats) > SAME_WEIGHTS * measured.loss_nats:
            message = (
                f"The training of {run} logs a validation loss of {logged.loss_nats:.4f} for its {logged.weights} weights; measured again "
                f"on the same text, the loss of these weights is {measured.loss_nats:.4f}."
            )
            refs = campaign.refs(run, "results.validation.loss_nats") + campaign.refs(run, "results.intrinsic.adapter.loss_nats")
            sides = f"{logged.loss_nats:.4f}", f"{measured.loss_nats:.4f}"
            change = effect(logged.loss_nats, measured.loss_nats)
            yield Finding(f"{run}, measured again", "error", "mismatch", message, *sides, change, refs)


def _spread(values: list[float]) -> float:
    """Difference of the largest and the smallest value, relative to the largest magnitude; 0 for fewer than two."""
    scale = max(map(abs, values), default=0.0)
    return (max(values) - min(values)) / scale if len(values) > 1 and scale else 0.0


def _stated_metrics(campaign: Campaign) -> Mapping[tuple[str, str], list[tuple[dict[str, float], Ref]]]:
    """Metrics by model and settings of every evaluation that keeps its results by model."""
    found: dict[tuple[str, str], list[tuple[dict[str, float], Ref]]] = defaultdict(list)
    for document in campaign.documents.values():
        results = document.content.get("results") if isinstance(document.content, dict) else None
        for model, entry in (results if isinstance(results, dict) else {}).items():
            if isinstance(entry, dict):
                numbers = {metric: float(entry[metric]) for metric in _METRICS if isinstance(entry.get(metric), int | float)}
                found[str(model), repr(document.content.get("config"))].append((numbers, document.ref(f"$.results.{model}")))
    return found
