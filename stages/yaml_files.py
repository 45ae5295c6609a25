"""YAML parameter files: safely loaded, no key twice, no more values than one could write."""

from pathlib import Path
from typing import Any

import yaml

from stages.errors import UserError
from stages.files import read_text

LARGEST = 1_000_000
"""Values of a file, each counted as often as aliases repeat it: a few lines of aliases of aliases stand for more than a memory holds."""
DEEPEST = 200
"""Levels of nesting: many thousands would end the interpreter itself, in the middle of the parser."""
SHALLOW = 1000
"""Brackets of a file, and characters of its lines, up to which its nesting needs no count."""


def read_yaml(path: Path) -> dict[str, Any]:
    """Mapping of a YAML file, which is read as :func:`parse_yaml` says."""
    if not path.exists():
        there = ", ".join(sorted(other.stem for other in path.parent.glob("*.yaml")))
        raise UserError(path, "", "no such file", f"one of: {there}")
    value = parse_yaml(read_text(path), path)
    if not isinstance(value, dict):
        raise UserError(path, "", type(value).__name__, "a mapping of keys to values")
    return value


def parse_yaml(text: str, name: object, field: str = "") -> Any:
    """Value of YAML ``text``: plain data, whatever tags it has; :class:`UserError` that names ``name`` and ``field`` where it is none."""
    try:
        _check_depth(text)
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 (a safe loader, made stricter)
    except yaml.YAMLError as error:
        raise UserError(name, field, f"invalid YAML ({' '.join(str(error).split())})", "valid YAML") from error
    except (ValueError, LookupError, AttributeError) as error:  # a date that there is not, a number of thousands of digits, a wrong tag
        raise UserError(name, field, f"a value that cannot be read ({error})", "valid YAML") from error


def _check_depth(text: str) -> None:
    """Refuse nesting that is too deep, which only brackets or long lines can make; the events of the parser do not nest."""
    if text.count("[") + text.count("{") <= SHALLOW and max(map(len, text.split("\n"))) <= SHALLOW:
        return
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.composer.ComposerError(None, None, f"more than {DEEPEST} levels of nesting", None)


class _StrictLoader(yaml.CSafeLoader):
    def get_single_node(self) -> yaml.Node | None:
        """The document, unless its aliases stand for too much, or an alias for itself."""
        try:
            node: yaml.Node | None = super().get_single_node()
            size = 0 if node is None else _size(node, {})
        except RecursionError as error:
            raise yaml.composer.ComposerError(None, None, "nesting without end", None) from error
        if size > LARGEST:
            raise yaml.composer.ComposerError(None, None, f"aliases that stand for more than {LARGEST} values", None)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """PyYAML keeps the last of two equal keys in silence; here the second is an error."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if repeated := [key for key in keys if keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(None, None, f"key {repeated[0]!r} given twice", node.start_mark)
        return dict(super().construct_mapping(node, deep))


def _size(node: yaml.Node, known: dict[int, float]) -> float:
    """Values below ``node``, each as often as it is repeated; ``known`` has those of nodes seen before, infinite while they are counted."""
    if id(node) not in known:
        known[id(node)] = float("inf")
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + sum(_size(part, known) for part in parts if isinstance(part, yaml.Node))
    return known[id(node)]
