"""A small sound record that tests change."""

from pathlib import Path
from typing import Any

from stages.files import to_json, write_atomic
from stages.parameter_models import Hardware, RunParameters
from stages.record import Record
from stages.record_build import build_record
from stages.traced import Ref, Traced

MISSING = dict.fromkeys(
    ("configuration", "environment", "data", "time.started_at", "time.ended_at", "results", "energy", "cost", "history[*].train_loss_nats"),
    "not logged",
)
MISSING |= {
    f"history[*].{name}": "not logged" for name in ("train_accuracy", "validation_perplexity", "validation_accuracy", "processed_positions")
}


def parameters_of(run: str = "r1") -> RunParameters:
    """Parameters of a run with nothing to train."""
    return RunParameters(
        run=run, version="v", track=1, title=run, seed=1, hardware=Hardware(device="NVIDIA GeForce RTX 3080", source="log")
    )


def make_record(run: str = "r1", /, **facts: Any) -> Record:
    """Record of ``run``: two epochs, an hour and a half, and the ``facts`` given (dots as double underscores)."""
    log = Ref("log.json", "$.seconds", "a" * 64)
    known: dict[str, Traced | list[Traced]] = {
        "environment.device": Traced("NVIDIA GeForce RTX 3080", (Ref("log.json", "$.gpu", "a" * 64),)),
        "time.seconds": Traced(5400.0, (log,)),
        "time.hours": Traced(1.5, (log,), "seconds / 3600"),
    }
    known |= {name.replace("__", "."): value for name, value in facts.items()}
    history = [
        {
            name: Traced(value, (Ref("log.json", f"$.history[{index}].{name}", "a" * 64),))
            for name, value in (("epoch", index + 1), ("validation_loss_nats", 2.0 - index), ("seconds", 60.0))
        }
        for index in range(2)
    ]
    return build_record("c", parameters_of(run), known, history, MISSING)


def save_record(folder: Path, record: Record) -> Path:
    """Write a record where a campaign keeps it."""
    identity = record.identity
    path = folder / "versions" / identity.campaign / identity.version / identity.run / "record.json"
    write_atomic(path, to_json(record.model_dump(mode="json")))
    return path
