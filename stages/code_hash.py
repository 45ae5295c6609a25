"""The hash of a stage's code, so that Snakemake can treat code as a parameter.

A rule that calls ``python -m stages.<name>`` passes the hash of every source file that this module imports, directly or not,
from the ``stages`` package. Editing one of them re-runs what it made and what hangs on that; editing another re-runs nothing.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
SHOWING = {"stages.training.live", "stages.training.progress"}
"""Modules that only show how a stage goes: nothing that it writes depends on them."""


@cache
def code_hash(module: str) -> str:
    """SHA-256 over name and bytes of ``module`` and all that it imports from its package."""
    digest = hashlib.sha256()
    for name in sorted(_closure(module)):
        digest.update(f"{name}\n".encode() + _source(name).read_bytes() + b"\0")
    return digest.hexdigest()


def _closure(module: str) -> set[str]:
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found | SHOWING:
            found.add(name)
            waiting += _imports(name)
    return found


@cache
def _imports(module: str) -> list[str]:
    """Modules of the package that ``module`` imports anywhere in its code, and the packages it lies in."""
    names = [module.rpartition(".")[0]]
    for node in _statements(ast.parse(_source(module).read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] == PACKAGE.name and _source(name).exists()]


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Every statement within ``node``; expressions, of which there are many more, hold no import and are not entered."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for inner in getattr(node, field, ()):
            if isinstance(inner, ast.stmt):
                yield inner
            yield from _statements(inner)


def _source(module: str) -> Path:
    path = PACKAGE.parent.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
