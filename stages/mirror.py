"""What MLflow shows of a campaign, from its records and prices alone: few names, the same for every run, so that runs compare.

A run that trained is one run there. A run that scored systems (base model, adapters) is one run a system, since base beside
adapter is what one wants to see. Everything else that a record holds stays in the record, which every run names.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from stages.campaign_models import Price
from stages.files import read_bytes, sha256_of, sha256_of_json
from stages.parameters import load_prices
from stages.record import Record, load_record
from stages.registry import load_registry, registry_file

Point = tuple[str, float, int]
"""A metric's name, value and step."""

GROUPS = {
    "models": "models trained from scratch (track 1)",
    "training": "base model and adapters in training (track 2)",
    "scores": "base model against adapters, by what they answer (track 2)",
}
"""Runs that are worth comparing with each other, by the name of their group."""

METRICS = {
    "accuracy": ("results.validation.accuracy",),
    "adapter_loss": ("results.intrinsic.adapter.loss_nats",),
    "base_loss": ("results.intrinsic.base.loss_nats",),
    "bits_per_character": ("results.held_out.bits_per_character", "results.validation.bits_per_character"),
    "energy_kwh": ("energy.kilowatt_hours",),
    "held_out_loss": ("results.held_out.loss_nats",),
    "hours": ("time.hours",),
    "loss": ("results.validation.loss_nats",),
    "parameters": ("configuration.architecture.parameter_count",),
    "perplexity": ("results.validation.perplexity",),
    "processed_positions": ("data.processed_positions",),
    "sample_fallback_ratio": ("results.guardrails.fallback_ratio",),
    "sample_short_piece_ratio": ("results.guardrails.short_piece_ratio",),
}
"""Headline figures and the fields of a record that they are read from, the first that has a value. Losses are in nats a token; of
``loss``, ``perplexity`` and ``accuracy`` the text is the run's own validation text; where a figure can be of several, the note says of
which."""

PARAMETERS = {
    "architecture": ("configuration.architecture.cell", "configuration.architecture.family"),
    "base_model": ("configuration.architecture.base_model",),
    "batch_size": ("configuration.training.batch_size",),
    "device": ("environment.device",),
    "documents": ("configuration.data.documents_train",),
    "epochs": ("configuration.training.epochs",),
    "hidden_size": ("configuration.architecture.hidden_size", "configuration.architecture.model_size"),
    "layers": ("configuration.architecture.layers",),
    "learning_rate": ("configuration.training.learning_rate",),
    "lora_rank": ("configuration.architecture.lora_rank",),
    "objective": ("configuration.training.objective",),
    "seed": ("configuration.seed",),
    "sequence_length": ("configuration.data.sequence_length",),
    "tokenizer": ("configuration.tokenizer.kind",),
    "vocabulary": ("configuration.tokenizer.vocabulary", "configuration.tokenizer.vocabulary_requested"),
}
"""What one looks for first when two runs differ, as ``METRICS``."""


@dataclass(frozen=True)
class Mirrored:
    """What MLflow shows as one run."""

    name: str
    group: str
    start_milliseconds: int
    end_milliseconds: int
    parameters: dict[str, str]
    metrics: list[Point]
    tags: dict[str, str]

    def digest(self) -> str:
        """Hash of all that is shown, so that an unchanged run is recognised."""
        return sha256_of_json([self.name, self.start_milliseconds, self.end_milliseconds, self.parameters, self.metrics, self.tags])


def campaigns_with_records() -> list[str]:
    """Campaigns that have at least one record."""
    return sorted({path.parts[1] for path in Path("versions").glob("*/*/*/record.json")})


def mirror_campaign(campaign: str) -> list[Mirrored]:
    """What MLflow shows of every record of ``campaign``, by name."""
    prices, data = load_prices(), _data_tags(campaign)
    shown = [each for path in Path("versions", campaign).glob("*/*/record.json") for each in mirror(load_record(path), path, prices, data)]
    return sorted(shown, key=lambda each: each.name)


def mirror(record: Record, path: Path, prices: Mapping[str, Price], data: Mapping[str, str]) -> list[Mirrored]:
    """What MLflow shows of ``record``, kept in the file ``path``: one run, or one a system that it scored."""
    start, end = _times(record)
    tags = {**_tags(record, path), **data}
    systems = _systems(record)
    if not systems:
        group = "models" if record.identity.track == 1 else "training"
        metrics = sorted([*_headlines(record, prices), *_curves(record)])
        return [Mirrored(record.identity.run, group, start, end, _parameters(record), metrics, {**tags, "lastro.group": group})]
    return [
        Mirrored(
            f"{record.identity.run}: {name}",
            "scores",
            start,
            end,
            _parameters(record) | _asked(record, name),
            sorted(_scores(record, system)),
            {**tags, "lastro.group": "scores", "lastro.system": name},
        )
        for system, name in systems.items()
    ]


def _first(record: Record, fields: tuple[str, ...]) -> Any:
    field = _first_field(record, fields)
    return None if field is None else record.values[field]


def _first_field(record: Record, fields: tuple[str, ...]) -> str | None:
    return next((field for field in fields if record.values.get(field) is not None), None)


def _parameters(record: Record) -> dict[str, str]:
    found = {name: _first(record, fields) for name, fields in PARAMETERS.items()}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in found.items() if value is not None}


def _headlines(record: Record, prices: Mapping[str, Price]) -> Iterator[Point]:
    for name, fields in METRICS.items():
        if (value := _first(record, fields)) is not None:
            yield name, float(value), 0
    if (cost := cost_of(record, prices)) is not None:
        yield "cost_usd", cost, 0


def cost_of(record: Record, prices: Mapping[str, Price]) -> float | None:
    """US dollars: what the run itself stated, or hours times devices times the device's price; ``None`` where one is not known."""
    if record.cost.usd is not None:
        return record.cost.usd
    price = prices.get(record.environment.device or "")
    if price is None or price.usd_per_hour is None or record.time.hours is None:
        return None
    return record.time.hours * price.usd_per_hour * (record.environment.device_count or 1)


def _curves(record: Record) -> Iterator[Point]:
    """The history by epoch; the name puts the curves in a section of their own, behind the headline figures."""
    for epoch in record.history:
        for name, value in epoch.model_dump(exclude={"epoch"}, exclude_none=True).items():
            yield f"training/{name}", float(value), epoch.epoch


def _systems(record: Record) -> dict[str, str]:
    """Name of each system that the record has scores or probes of."""
    results, extrinsic = record.results, record.configuration.extrinsic
    scored = [metric for task in (results.extrinsic or {}).values() for metric in task.metrics.values()]
    keys = sorted({key for entry in scored for key in entry} | {key for probe in (results.probes or {}).values() for key in probe})
    return {key: extrinsic.adapter_run if extrinsic and key != "base" else key for key in keys}


def _asked(record: Record, name: str) -> dict[str, str]:
    """Which model answered, and how it was scored."""
    if (extrinsic := record.configuration.extrinsic) is None:
        return {"model": name}
    examples = str(extrinsic.examples_per_task)
    return {"model": name, "base_model": extrinsic.base_model, "normaliser": extrinsic.normaliser, "examples_per_task": examples}


def _scores(record: Record, system: str) -> Iterator[Point]:
    """Means over seeds and failures of probes; behind them, under ``values``, each seed's score (its step is the seed), gains, shares."""
    for task, result in (record.results.extrinsic or {}).items():
        for metric, by_system in result.metrics.items():
            scores = by_system[system]
            yield f"{task}_{metric}", fmean(scores.score), 0
            yield from ((f"values/seeds/{task}_{metric}", score, seed) for seed, score in zip(scores.seeds, scores.score, strict=True))
        for metric, gain in (result.gains or {}).items() if system != "base" else ():
            yield from (
                (f"values/gain/{task}_{metric}{part}", value, 0)
                for part, value in (("", gain.mean), ("_low", gain.low), ("_high", gain.high))
            )
        for name, counts in (("cut", result.cut), ("loops", result.loops)):
            if counts:
                yield f"values/share/{task}_{name}", sum(counts[system]) / sum(result.examples), 0
    for probe, answers in (record.results.probes or {}).items():
        yield f"{probe}_failures", answers[system].failures / answers[system].examples, 0
    for task, spreads in (record.results.sampled or {}).items():
        for metric, spread in spreads.items():
            drawn = spread[system]
            yield from ((f"values/sampled/{task}_{metric}", score, seed) for seed, score in zip(drawn.seeds, drawn.score, strict=True))


def _tags(record: Record, path: Path) -> dict[str, str]:
    identity = record.identity
    return {
        "lastro.campaign": identity.campaign,
        "lastro.version": identity.version,
        "lastro.run": identity.run,
        "lastro.title": identity.title,
        "lastro.record": path.as_posix(),
        "lastro.record_sha256": sha256_of(read_bytes(path)),
        "mlflow.note.content": _note(record, path),
    }


def _note(record: Record, path: Path) -> str:
    """Markdown: where all the numbers are, and what of them is inferred, unknown or missing."""
    lines = [f"**{record.identity.title}** ({record.identity.version}). All its numbers, each with its source: `{path.as_posix()}`.", ""]
    lines += [f"- `{name}` is `{found}`" for name, fields in METRICS.items() if len(fields) > 1 and (found := _first_field(record, fields))]
    lines += [f"- `{field}`: {text}" for field, text in record.notes.items()]
    lines += [
        f"- `{field}` is missing: {text}" for field, text in record.missing.items() if "." not in field or field.startswith("results.")
    ]
    return "\n".join(lines)[:8000]  # as much as MLflow takes


def _data_tags(campaign: str) -> dict[str, str]:
    """Revision of the data: the registry's commit and hash, or the hash of the corpus that the campaign's runs are trained on."""
    corpus = Path("data", campaign, "corpus", "manifest.json")
    if corpus.exists():
        return {"lastro.corpus_sha256": sha256_of(read_bytes(corpus))}
    if not registry_file(campaign).exists():
        return {}
    revision = load_registry(campaign).commit or "a local folder"
    return {"lastro.data_revision": revision, "lastro.registry_sha256": sha256_of(read_bytes(registry_file(campaign)))}


def _times(record: Record) -> tuple[int, int]:
    """Start and end in milliseconds of Unix time, from the record alone; 1 stands for a start that was not logged.

    MLflow would put the present for 0, and the mirror would not be the same twice.
    """
    time = record.time
    length = round((time.seconds or 0) * 1000)
    if not time.started_at and not time.ended_at:
        return 1, 1 + length
    start = _milliseconds(time.started_at) if time.started_at else _milliseconds(time.ended_at or "") - length
    return start, start + length


def _milliseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
