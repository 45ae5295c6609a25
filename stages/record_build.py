"""How a record is built: from traced facts, each of which leaves its source behind."""

from collections.abc import Mapping, Sequence
from typing import Any

from stages.files import sha256_of_json
from stages.parameter_models import Configuration, RunParameters
from stages.record import SCHEMA_VERSION, Content, Record, covering
from stages.traced import Ref, Traced


def build_record(
    campaign: str,
    parameters: RunParameters,
    facts: Mapping[str, Traced | list[Traced]],
    history: Sequence[Mapping[str, Traced]],
    missing: Mapping[str, str],
) -> Record:
    """Record of one run from its ``facts`` (traced values by dotted field) and ``history`` (one mapping an epoch).

    Facts below ``configuration`` override the parameters: what a log states counts more than what a YAML says of it.
    """
    stated = parameters.model_dump(mode="json", include=set(Configuration.model_fields))
    content: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "identity": {"campaign": campaign} | parameters.model_dump(include={"version", "run", "track", "title"}),
        "configuration": stated,
        "notes": parameters.notes,
        **{name: {} for name in ("environment", "data", "time", "results", "energy", "cost")},
        "history": [{name: traced.value for name, traced in epoch.items()} for epoch in history],
    }
    for field, fact in facts.items():
        _set(content, field.split("."), [item.value for item in fact] if isinstance(fact, list) else fact.value)
    everything: dict[str, Traced | list[Traced]] = {"configuration": Traced(stated, (parameters_ref(parameters),)), **facts}
    for name in history[0] if history else ():
        everything[f"history[*].{name}"] = [epoch[name] for epoch in history]
    content["sources"] = {field: _source(fact) for field, fact in everything.items()}
    refs = sorted({ref for fact in everything.values() for ref in _refs(fact)}, key=lambda ref: ref.file)
    content["files"] = {ref.file: {"origin": ref.origin, "sha256": ref.sha256} for ref in refs}
    nulls = [field for field, value in Content.model_validate(content).facts() if value is None]
    used = {covering(field, missing) for field in nulls}
    content["missing"] = {field: reason for field, reason in missing.items() if field in used}
    return Record.model_validate(content)


def parameters_ref(parameters: RunParameters, path: str = "$") -> Ref:
    """Place in a run's merged parameters, hashed as canonical JSON (they may come from several files)."""
    return Ref(f"params/runs/{parameters.run}.yaml", path, sha256_of_json(parameters.model_dump(mode="json")), "parameters")


def _set(content: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        content = content.setdefault(key, {})
    content[keys[-1]] = value


def _refs(fact: Traced | list[Traced]) -> list[Ref]:
    return [ref for item in fact for ref in item.refs] if isinstance(fact, list) else list(fact.refs)


def _source(fact: Traced | list[Traced]) -> dict[str, Any]:
    """One source of a fact; a list's places are folded into one with ``[*]`` where they differ by their index alone."""
    if not isinstance(fact, list):
        return {"places": [{"file": ref.file, "path": ref.path} for ref in fact.refs], "formula": fact.formula}
    places = [{"file": ref.file, "path": ref.path} for item in fact for ref in item.refs]
    starred = [{"file": place["file"], "path": place["path"].replace(f"[{index}]", "[*]", 1)} for index, place in enumerate(places)]
    folds = len(places) == len(fact) > 1 and all(place == starred[0] for place in starred) and "[*]" in starred[0]["path"]
    return {"places": starred[:1] if folds else places, "formula": fact[0].formula if fact else ""}
