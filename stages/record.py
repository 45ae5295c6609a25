"""The record: one JSON file that says all a table may need of a run, every number with its source.

A table never knows whether a record was imported, made on a laptop or on a GPU. Units stand in the field names; a missing
value is ``null`` with a reason in ``missing``; ``sources`` gives, for each field, the file and place it was read from.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from stages.errors import UserError
from stages.files import read_json, to_csv
from stages.parameter_models import Configuration
from stages.record_results import Part, Results
from stages.traced import Ref, Traced
from stages.validation import validate

SCHEMA_VERSION = 1


class MissingValue(UserError):
    """A record holds no value here, and says why; a table prints it as not measured."""


class Identity(Part):
    campaign: str
    version: str
    run: str
    track: int
    title: str


class Environment(Part):
    device: str | None = None
    """GPU or CPU, as the driver names it."""
    device_count: int | None = None
    device_memory_gb: float | None = None
    cpu_count: int | None = None
    platform: str | None = None
    processor: str | None = None
    """The CPU, as the system names it."""
    threads: int | None = None
    """Of the CPU, used in training; its bytes depend on their number."""
    precision: str | None = None
    """In which the training really computed."""
    libraries: dict[str, str] = Field(default={})
    """Versions by name, Python among them."""
    git_commit: str | None = None
    git_dirty: bool | None = None


class DataFacts(Part):
    documents_train: int | None = None
    documents_validation: int | None = None
    characters_train: int | None = None
    characters_validation: int | None = None
    unique_tokens_train: int | None = None
    """Tokens of the training text, each once; of a run trained here, those that its windows cover."""
    unique_tokens_validation: int | None = None
    windows_train: int | None = None
    windows_validation: int | None = None
    predicted_tokens: int | None = None
    """Targets in the loss over the whole training, repeats of epochs and overlaps included."""
    processed_positions: int | None = None
    """Input positions over the whole training, overlap and padding included: the thesis's "tokens"."""
    epochs_run: int | None = None


class Time(Part):
    seconds: float | None = None
    hours: float | None = None
    started_at: str | None = None
    ended_at: str | None = None


class Epoch(Part):
    epoch: int
    """Counted from 1."""
    train_loss_nats: float | None = None
    train_accuracy: float | None = None
    validation_loss_nats: float | None = None
    validation_perplexity: float | None = None
    validation_accuracy: float | None = None
    processed_positions: int | None = None
    """Since the start of training."""
    seconds: float | None = None


class Energy(Part):
    kilowatt_hours: float | None = None
    """Measured, never modelled."""


class Cost(Part):
    """As the run itself stated it; tables compute costs from hours and ``params/prices.yaml``."""

    usd_per_hour: float | None = None
    usd: float | None = None


class SourcedFile(Part):
    origin: Literal["evidence", "parameters", "project"]
    sha256: str


class Place(Part):
    file: str
    path: str


class Source(Part):
    places: list[Place]
    """For a list field, ``[*]`` in the one place, or one place an entry."""
    formula: str = ""
    """How the value follows from the places; empty where it is read as it is."""


class Content(Part):
    """All that a record holds; :class:`Record` adds that everything in it is accounted for."""

    schema_version: Literal[1]
    identity: Identity
    configuration: Configuration
    """The run's parameters; what the log states overrides what its YAML says."""
    notes: dict[str, str]
    """What of it is inferred or unknown, by field."""
    environment: Environment
    data: DataFacts
    time: Time
    history: list[Epoch]
    results: Results
    energy: Energy
    cost: Cost
    files: dict[str, SourcedFile]
    """Every file that a source names."""
    sources: dict[str, Source]
    """By field; an entry covers the fields below it that have none of their own."""
    missing: dict[str, str] = Field(default_factory=dict)
    """Reason by field, for what is null; an entry covers the fields below it."""

    def facts(self) -> Iterator[tuple[str, Any]]:
        """Every scalar that needs a source or a reason, with its field."""
        return leaves(self.model_dump(exclude={"schema_version", "identity", "notes", "files", "sources", "missing"}))


class Record(Content):
    """One run of one campaign."""

    @cached_property
    def values(self) -> dict[str, Any]:
        """Every scalar by its field."""
        return dict(leaves(self.model_dump(exclude={"files", "sources", "missing"})))

    @model_validator(mode="after")
    def _account_for_everything(self) -> "Record":
        """No number without a source, no null without a reason, no reason for what is there, no source from nowhere."""
        used = set()
        for field, value in self.facts():
            if value is None:
                used.add(reason := covering(field, self.missing))
                assert reason is not None, f"{field} is null without a reason"
            elif isinstance(value, int | float):
                assert covering(field, self.sources) is not None, f"{field} has no source"
        assert set(self.missing) <= used, f"reasons for what is not missing: {sorted(set(self.missing) - used)}"
        for field, source in self.sources.items():
            for place in source.places:
                assert place.file in self.files, f"source of {field} names an unknown file {place.file}"
        return self


def leaves(value: Any, field: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar of nested mappings and lists with its field, as ``history[3].seconds``; an empty list counts as null."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, f"{field}.{key}" if field else str(key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{field}[{index}]")
    else:
        yield field, None if value == [] else value


def covering(field: str, entries: Mapping[str, Any]) -> str | None:
    """The longest key of ``entries`` that is ``field`` or a field above it; list indices match ``[*]``."""
    while field:
        for candidate in (field, re.sub(r"\[\d+\]", "[*]", field)):
            if candidate in entries:
                return candidate
        field = field[: max(field.rfind("."), field.rfind("["), 0)]
    return None


def trace(record: Record, field: str) -> Traced:
    """The value of ``field`` with its places; :class:`MissingValue` where it is null, :class:`UserError` where there is no such field."""
    if (value := record.values.get(field)) is None:
        raise _absence(record, field)
    key = covering(field, record.sources)
    source = record.sources[key] if key else Source(places=[])
    refs = tuple(
        Ref(
            file=p.file,
            path=p.path,
            sha256=record.files[p.file].sha256,
            origin=record.files[p.file].origin,
            record=record.identity.run,
            field=field,
        )
        for p in _places_of(source.places, field)
    )
    return Traced(value, refs, source.formula)


def _absence(record: Record, field: str) -> UserError:
    """Why there is no value: null here or above, with its reason, or no such field."""
    null = any(value is None and f"{field}.".startswith(f"{known}.") for known, value in record.values.items())
    if null and (reason := covering(field, record.missing)) is not None:
        return MissingValue(f"record of {record.identity.run}", field, f"null ({record.missing[reason]})", "a value")
    place = f"record of {record.identity.run} in campaign {record.identity.campaign}"
    return UserError(place, field, "no such field", "a field of the record")


def _places_of(places: list[Place], field: str) -> list[Place]:
    """The places of one entry of a list field, of the ``places`` of the whole list."""
    index = re.search(r"\[(\d+)\]", field)
    if index is None or not places:
        return places
    number = int(index[1])
    if len(places) == 1:
        return [Place(file=places[0].file, path=places[0].path.replace("[*]", f"[{number}]", 1))]
    return [places[number]] if number < len(places) else places


def load_record(path: Path) -> Record:
    """Record of the file ``path``; :class:`UserError` names the field that is not as it must be."""
    content = read_json(path)
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        raise UserError(path, "schema_version", repr(version), str(SCHEMA_VERSION), "Make the record again with this version of Lastro.")
    return validate(Record, content, path)


def history_csv(record: Record) -> str:
    """The history as CSV, one row an epoch (a header alone where there is none)."""
    return to_csv(list(Epoch.model_fields), [epoch.model_dump() for epoch in record.history])
