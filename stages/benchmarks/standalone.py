"""Source of some of a module's functions with all of the project that they use, in one file that runs without the project."""

import ast
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple


class _Definition(NamedTuple):
    source: str
    uses: frozenset[str]


class _Import(NamedTuple):
    module: str
    name: str
    """What is imported of it; nothing: itself."""
    alias: str


def standalone(module: str, names: Sequence[str]) -> str:
    """Source that defines ``names`` of ``module``: what they need of other libraries is imported, what they need of the project copied.

    Imports inside functions are left as they are; names of two modules of the project must not clash.
    """
    imports: set[str] = set()
    done: dict[str, tuple[str, str]] = {}
    for name in names:
        _collect(module, name, imports, done)
    return "\n".join(sorted(imports)) + "\n\n\n" + "\n\n\n".join(source for _, source in done.values()) + "\n"


def _collect(module: str, name: str, imports: set[str], done: dict[str, tuple[str, str]]) -> None:
    """Add the definition of ``name`` to ``done``, after those of all that it uses."""
    if name in done:
        assert done[name][0] == module, f"{name} of {done[name][0]} and of {module}"
        return
    known = _names_of(module).get(name)
    if isinstance(known, _Definition):
        for used in sorted(known.uses - {name}):
            _collect(module, used, imports, done)
        done[name] = (module, known.source)
    elif known and known.module.startswith("stages."):
        assert known.name == known.alias, f"{known.name} goes by another name in {module}"
        _collect(known.module, known.name, imports, done)
    elif known:
        alias = f" as {known.alias}" if known.alias != (known.name or known.module) else ""
        imports.add(f"from {known.module} import {known.name}{alias}" if known.name else f"import {known.module}{alias}")


def _names_of(module: str) -> dict[str, _Definition | _Import]:
    """What each name at the top of a module stands for."""
    found = find_spec(module)
    assert found and found.origin, f"{module} has no source"
    text = Path(found.origin).read_text(encoding="utf-8")
    return {name: what for node in ast.parse(text).body for name, what in _named(node, text)}


def _named(node: ast.stmt, text: str) -> Iterator[tuple[str, _Definition | _Import]]:
    if isinstance(node, ast.Import):
        yield from ((alias.asname or alias.name, _Import(alias.name, "", alias.asname or alias.name)) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from ((alias.asname or alias.name, _Import(node.module, alias.name, alias.asname or alias.name)) for alias in node.names)
    else:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        names += [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        source = "\n".join(text.splitlines()[first - 1 : node.end_lineno])
        uses = frozenset(each.id for each in ast.walk(node) if isinstance(each, ast.Name))
        yield from ((name, _Definition(source, uses)) for name in names)
