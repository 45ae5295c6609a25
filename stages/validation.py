"""Validation of user input by a pydantic model, with errors that a user can act on."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from stages.errors import UserError, without_secrets

Model = TypeVar("Model", bound=BaseModel)


def validate(model: type[Model], value: Any, file: object) -> Model:
    """``value`` as ``model``; the first :class:`pydantic.ValidationError` becomes a :class:`UserError`."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        # A mistyped key shows twice, as unknown and as missing; the first of these says what to correct.
        first = next((each for each in error.errors() if each["type"] == "extra_forbidden"), error.errors()[0])
        field = ".".join(_keys_in(value, first["loc"]))
        if first["type"] == "extra_forbidden":
            key, known = str(first["loc"][-1]), _known_keys(model, first["loc"][:-1])
            near = difflib.get_close_matches(key, known, 1)
            do = f"Did you mean {near[0]!r}?" if near else "Remove the key, or correct its name."
            raise UserError(file, field, f"unknown key {key!r}", "one of: " + ", ".join(known), do) from error
        found = "nothing" if first["type"] == "missing" else f"{_short(first['input'])} ({type(first['input']).__name__})"
        raise UserError(file, field, found, first["msg"][0].lower() + first["msg"][1:]) from error


def _short(value: Any) -> str:
    """The value as it is written, cut where it is long."""
    text = without_secrets(repr(value))  # before it is cut, perhaps within one
    return text if len(text) <= 80 else f"{text[:77]}..."


def _keys_in(value: Any, location: Sequence[str | int]) -> list[str]:
    """The keys of ``location`` as the user wrote them: without the tags that pydantic adds for a union."""
    keys = []
    for position, key in enumerate(location):
        inside = (isinstance(value, Mapping) and key in value) or (isinstance(value, list) and isinstance(key, int))
        if inside:
            value = value[key]
        if inside or position == len(location) - 1:
            keys.append(str(key))
    return keys


def _known_keys(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Field names of the model at ``location``, found by asking the JSON schema."""
    schema = model.model_json_schema()
    here: Any = schema
    for key in location:
        here = _resolve(here, schema)
        if "discriminator" in here and key in here["discriminator"]["mapping"]:
            here = {"$ref": here["discriminator"]["mapping"][key]}
        elif "oneOf" in here:  # told apart by a function: the tag is the model's name
            here = next((option for option in here["oneOf"] if _resolve(option, schema)["title"].lower() == key), {})
        else:
            here = here.get("properties", {}).get(key) or here.get("additionalProperties") or here.get("items") or {}
    return sorted(_resolve(here, schema).get("properties", {}))


def _resolve(here: Any, schema: dict[str, Any]) -> Any:
    """Follow ``$ref`` and take the model out of an optional."""
    if "anyOf" in here:
        here = next((option for option in here["anyOf"] if option.get("type") != "null"), here)
    if "$ref" in here:
        return _resolve(schema["$defs"][here["$ref"].rsplit("/", 1)[1]], schema)
    return here
