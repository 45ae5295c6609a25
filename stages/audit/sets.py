"""Example sets of a campaign: which are evaluated on, what their manifests say of them, and when two rows are the same."""

from collections.abc import Iterator
from typing import NamedTuple

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
    """Sets by task."""


def manifests(campaign: Campaign) -> Iterator[Manifest]:
    """Documents that name evaluation sets by task."""
    sets = set(campaign.evaluation_files())
    for document in campaign.documents.values():
        named = document.content.get("files") if isinstance(document.content, dict) else None
        paths = {str(task): campaign.find(path) for task, path in named.items() if isinstance(path, str)} if isinstance(named, dict) else {}
        files = {task: file for task, file in paths.items() if file in sets and file}
        seed = document.content.get("seed") if files else None
        if files:
            yield Manifest(document, seed if isinstance(seed, int) else None, files)


def excluded_files(campaign: Campaign) -> dict[str, set[str]]:
    """Files whose rows an evaluation set is said to exclude, by set."""
    found: dict[str, set[str]] = {}
    for manifest in manifests(campaign):
        named = manifest.document.content.get("exclude_jsonl")
        paths = [named] if isinstance(named, str) else named if isinstance(named, list) else []
        excluded = {file for path in paths if isinstance(path, str) and (file := campaign.find(path))}
        for file in manifest.files.values():
            found.setdefault(file, set()).update(excluded)
    return found
