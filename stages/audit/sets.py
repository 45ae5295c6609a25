"""Example sets of a campaign: which are evaluated on, what their manifests say of them, and when two rows are the same."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from stages.audit.artifacts import Example
from stages.audit.campaign import Campaign
from stages.document import Document


def squeezed(text: str) -> str:
    """``text`` with each run of white space one space."""
    return " ".join(text.split())


def whole(example: Example) -> tuple[str, str]:
    """What makes two rows the same: prompt and answer."""
    return squeezed(example.prompt), squeezed(example.answer)


def evaluated(campaign: Campaign) -> list[Example]:
    """Rows of every evaluation set."""
    return [example for file in campaign.evaluation_files() for example in campaign.examples[file].rows]


def trained(campaign: Campaign) -> list[Example]:
    """Rows of every training file."""
    return [example for file in campaign.training_files for example in campaign.examples[file].rows]


class Manifest(NamedTuple):
    """What was written down when evaluation sets were drawn."""

    document: Document
    seed: int | None
    files: dict[str, str]
    """Sets by task; one file may hold several."""
    facts: Mapping[str, Any]
    """What it says of the draw."""
    place: str
    """Where in the document these facts stand."""


def rows_of(campaign: Campaign, file: str, task: str) -> list[Example]:
    """Rows of a set that are of ``task``, as far as they say."""
    return [row for row in campaign.examples[file].rows if row.task in ("", task)]


def manifests(campaign: Campaign) -> Iterator[Manifest]:
    """Documents that name evaluation sets by task, and manifests of the draws that were made here."""
    sets = set(campaign.evaluation_files())
    for document in campaign.documents.values():
        if isinstance(document.content, dict) and (found := _named(campaign, document, sets) or _drawn(document, sets)):
            yield found


def _named(campaign: Campaign, document: Document, sets: set[str]) -> Manifest | None:
    named = document.content.get("files")
    paths = {str(task): campaign.find(path) for task, path in named.items() if isinstance(path, str)} if isinstance(named, dict) else {}
    files = {task: file for task, file in paths.items() if file in sets and file}
    seed = document.content.get("seed")
    return Manifest(document, seed if isinstance(seed, int) else None, files, document.content, "$") if files else None


def _drawn(document: Document, sets: set[str]) -> Manifest | None:
    """The manifest that a draw made here leaves beside its file: seed among the parameters, what was met among the facts."""
    content, folder = document.content, PurePosixPath(document.file).parent
    facts, parameters, named = (content.get(key) for key in ("facts", "parameters", "files"))
    if not (isinstance(facts, dict) and isinstance(parameters, dict) and isinstance(named, dict)):
        return None
    file = next((path for name in named if (path := (folder / name).as_posix()) in sets), None)
    tasks, seed = facts.get("n_per_task_obtained"), parameters.get("seed")
    if file is None or not isinstance(tasks, dict):
        return None
    return Manifest(document, seed if isinstance(seed, int) else None, dict.fromkeys(tasks, file), facts, "$.facts")


def excluded_files(campaign: Campaign) -> dict[str, set[str]]:
    """Files whose rows an evaluation set is said to exclude, by set."""
    found: dict[str, set[str]] = {}
    for manifest in manifests(campaign):
        named = manifest.facts.get("exclude_jsonl")
        paths = [named] if isinstance(named, str) else named if isinstance(named, list) else []
        excluded = {file for path in paths if isinstance(path, str) and (file := campaign.find(path))}
        for file in manifest.files.values():
            found.setdefault(file, set()).update(excluded)
    return found
