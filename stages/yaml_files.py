"""YAML parameter files: safely loaded, no key twice."""

from pathlib import Path
from typing import Any

import yaml

from stages.errors import UserError
from stages.files import read_text


def read_yaml(path: Path) -> dict[str, Any]:
    """Mapping of a YAML file, safely loaded; a key given twice is an error."""
    if not path.exists():
        there = ", ".join(sorted(other.stem for other in path.parent.glob("*.yaml")))
        raise UserError(path, "", "no such file", f"one of: {there}")
    try:
        value = yaml.load(read_text(path), Loader=_UniqueKeyLoader)  # noqa: S506 (a safe loader, made stricter)
    except yaml.YAMLError as error:
        raise UserError(path, "", f"invalid YAML ({' '.join(str(error).split())})", "valid YAML") from error
    if not isinstance(value, dict):
        raise UserError(path, "", type(value).__name__, "a mapping of keys to values")
    return value


class _UniqueKeyLoader(yaml.CSafeLoader):
    """PyYAML keeps the last of two equal keys in silence; here the second is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if repeated := [key for key in keys if keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(None, None, f"key {repeated[0]!r} given twice", node.start_mark)
        return dict(super().construct_mapping(node, deep))
