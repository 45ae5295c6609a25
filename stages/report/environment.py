"""What the runs ran on and from: hardware, libraries, code, seeds, data and their terms, as the records have them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stages.errors import UserError
from stages.record import Record
from stages.yaml_files import read_yaml

CODE_FORGE = "https://github.com/"
"""Repositories there show a file of a revision under a known address."""


def environment_view(records: Sequence[Record]) -> dict[str, Any]:
    """One line a run, and each set of libraries once, with the runs that used it."""
    libraries: dict[str, list[str]] = {}
    for record in records:
        if record.environment.libraries:
            key = json.dumps(record.environment.libraries, sort_keys=True)
            libraries.setdefault(key, []).append(record.identity.run)
    return {
        "runs": [_run(record) for record in records],
        "libraries": [{"runs": runs, "versions": json.loads(key)} for key, runs in libraries.items()],
        "unknown": [record.identity.run for record in records if not record.environment.libraries],
    }


def _run(record: Record) -> dict[str, Any]:
    ran, configured = record.environment, record.configuration
    data = configured.data or configured.extrinsic
    seeds = configured.extrinsic.seeds if configured.extrinsic else [configured.seed]
    return {
        "run": record.identity.run,
        "version": record.identity.version,
        "device": ran.device,
        "count": ran.device_count,
        "memory_gb": ran.device_memory_gb,
        "processor": ran.processor,
        "threads": ran.threads,
        "precision": ran.precision,
        "commit": ran.git_commit,
        "dirty": ran.git_dirty,
        "seeds": seeds,
        "dataset": data.dataset if data else None,
    }


def data_view(registry: Mapping[str, Any] | None, sources: Mapping[str, Any]) -> dict[str, Any]:
    """Where the data come from: the registry of evidence, and what the campaign's parameters say of corpus and instructions."""
    return {
        "repository": registry["repository"] if registry else None,
        "commit": registry["commit"] if registry else None,
        "licence": registry["licence"] if registry else None,
        "files": len(registry["files"]) if registry else 0,
        "address": file_address(registry),
        "sources": {name: given for name, given in sources.items() if given},
    }


def file_address(registry: Mapping[str, Any] | None) -> str:
    """Beginning of the address of each file of the evidence at its revision; empty where none is known."""
    repository = (registry or {}).get("repository") or ""
    commit = (registry or {}).get("commit") or ""
    return f"{repository}/blob/{commit}/" if repository.startswith(CODE_FORGE) and commit else ""


def citation(path: Any) -> dict[str, str]:
    """How to cite, from a CITATION.cff: a sentence and BibTeX; :class:`UserError` where it lacks a key."""
    told = read_yaml(path)
    if missing := [key for key in ("title", "authors", "version", "license", "date-released") if not told.get(key)]:
        raise UserError(path, missing[0], "nothing", "what the page cites")
    named = [isinstance(each, dict) and ("name" in each or {"family-names", "given-names"} <= each.keys()) for each in told["authors"]]
    if not isinstance(told["authors"], list) or not all(named):
        raise UserError(path, "authors", repr(told["authors"])[:80], "a list, each with name, or family-names and given-names")
    authors = [author.get("name") or f"{author['family-names']}, {author['given-names']}" for author in told["authors"]]
    year = str(told["date-released"])[:4]
    fields = {
        "title": f"{{{told['title']}}}",
        "author": " and ".join(f"{{{author}}}" for author in authors),
        "year": year,
        "version": str(told["version"]),
        "license": told["license"],
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    key = f"{authors[0].split()[-2] if len(authors[0].split()) > 1 else authors[0]}{year}".lower()
    text = f"{'; '.join(authors)} ({year}). {told['title']}. Version {told['version']}. {told['license']}."
    return {"text": text, "bibtex": f"@software{{{key},\n{lines}\n}}"}
