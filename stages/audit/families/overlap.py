"""Prompts that two sets share, word for word or nearly, and what distinct prompts are left."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from stages.audit.artifacts import Example
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding, Severity, Verdict
from stages.audit.rules import rule
from stages.audit.sets import evaluated, excluded_files, squeezed, trained, whole
from stages.audit.stored import SHOWN, by, cells_of_task, share
from stages.near_duplicates import near_duplicates
from stages.traced import Ref

OVERLAPPING = 0.01
"""Share of an evaluation set from which prompts known from training matter: they can move its mean by as much."""
LEAKED_SHARE = 0.01
"""Share of a validation set that was trained on from which its loss is too good to compare with another one's."""
REPEATED = 0.05
"""Share of repeated prompts from which the stated number of items is misleading."""


@rule(
    "data.overlap",
    "Evaluation prompts that are in the training data",
    proves="Rows of an evaluation set are in the training files: whole, with another answer, or in nearly the same words.",
    cannot="Paraphrases and translations share no words; what a base model was trained on is not known here.",
)
def overlap(campaign: Campaign) -> Iterator[Finding]:
    training, rows = trained(campaign), evaluated(campaign)
    if not training or not rows:
        return
    known, totals = by(_known(rows, training), lambda pair: pair.row.task), by(rows, lambda row: row.task)
    for task, pairs in known.items():
        yield _task_overlap(campaign, task, pairs, len(totals[task]))
    if not known:
        message = f"None of {len(rows):,} evaluation prompts is in the {len(training):,} training rows, whole, asked alike, or nearly so."
        yield Finding("all tasks", "note", "confirmed", message, "no overlap", "no overlap")


class _Pair(NamedTuple):
    """An evaluation row and the training row that it is known from, in the strongest way."""

    kind: str
    row: Example
    training: Example


_WHOLE, _ASKED, _NEAR = _KINDS = "whole", "same prompt, another answer", "nearly the same prompt"


def _known(rows: Sequence[Example], training: Sequence[Example]) -> Iterator[_Pair]:
    wholes, prompts = {whole(example): example for example in training}, {squeezed(example.prompt): example for example in training}
    similar = {first: training[second] for first, second in near_duplicates(rows, training)}
    for position, row in enumerate(rows):
        if example := wholes.get(whole(row)):
            yield _Pair(_WHOLE, row, example)
        elif example := prompts.get(squeezed(row.prompt)):
            yield _Pair(_ASKED, row, example)
        elif example := similar.get(position):
            yield _Pair(_NEAR, row, example)


def _task_overlap(campaign: Campaign, task: str, pairs: Sequence[_Pair], total: int) -> Finding:
    excluded = excluded_files(campaign)
    stated = any(pair.training.ref.file in excluded.get(pair.row.ref.file, ()) for pair in pairs)
    counts = Counter(pair.kind for pair in pairs)
    severity: Severity = "error" if counts[_WHOLE] else "warning" if len(pairs) >= OVERLAPPING * total else "note"
    verdict: Verdict = "mismatch" if counts[_WHOLE] and stated else "protocol fault"
    meaning = "models are tested on what they were trained on" if counts[_WHOLE] else "none is there whole, but its prompt is, or nearly so"
    message = f"{share(len(pairs), total)} rows of {task or 'the evaluation'} are known from the training files: {meaning}."
    kinds, exclusion = "; ".join(f"{kind}: {counts[kind]}" for kind in _KINDS), "training files excluded" if stated else ""
    evidence = tuple(ref for pair in pairs[: SHOWN // 2] for ref in (pair.row.ref, pair.training.ref))
    return Finding(task or "evaluation", severity, verdict, message, exclusion, kinds, "", evidence, cells=cells_of_task(campaign, task))


@rule(
    "data.distinct",
    "Distinct items behind the number of examples",
    proves="The examples of all sets are fewer distinct prompts than their number says: seeds that drew them are no independent samples.",
    cannot="Whether the distinct prompts ask about different things. One set for several seeds is no draw, and only noted.",
)
def distinct(campaign: Campaign) -> Iterator[Finding]:
    everything = evaluated(campaign)
    clusters = _clusters(everything, near_duplicates(everything, everything) if everything else [])
    for task, positions in by(range(len(everything)), lambda position: everything[position].task).items():
        drawn = _without_copies(positions, everything)
        rows = [everything[position] for position in drawn]
        prompts, kinds = len({squeezed(row.prompt) for row in rows}), len({clusters[position] for position in drawn})
        if kinds == len(positions):
            continue
        severity: Severity = "warning" if len(rows) - kinds >= REPEATED * len(rows) else "note"
        files, stated = by(rows, lambda row: row.ref.file), f"{len(positions):,} rows"
        sets = len({everything[position].ref.file for position in positions})
        counts = f"{prompts:,} distinct prompts, {kinds:,} without near duplicates"
        message = f"The {stated} of {task or 'the evaluation'} in {sets} sets are {counts}: {_MEANING[len(drawn) < len(positions)]}."
        evidence, cells = _repeated([everything[position] for position in positions]), cells_of_task(campaign, task)
        subject = task or "evaluation"
        yield Finding(subject, severity, "protocol fault", message, stated, counts, _shared(files), evidence, cells=cells)


_MEANING = {
    False: "a spread over seeds takes them for independent",
    True: "some sets are one and the same, and a spread over their seeds is not of the choice of examples",
}
"""What repeated prompts mean; by whether whole sets are the same."""


def _without_copies(positions: Sequence[int], examples: Sequence[Example]) -> list[int]:
    """Positions of the rows of each set that does not hold the same rows as one before it."""
    sets = by(positions, lambda position: examples[position].ref.file)
    first = {frozenset(Counter(whole(examples[position]) for position in own).items()): own for own in reversed(sets.values())}
    return [position for own in reversed(first.values()) for position in own]


def _clusters(rows: Sequence[Example], pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Number of the cluster of each row: rows with one prompt, or nearly one, directly or by way of others."""
    parent = list(range(len(rows)))

    def root(position: int) -> int:
        while parent[position] != position:
            position = parent[position]
        return position

    first = dict[tuple[str, str], int]()
    same = [(first.setdefault((row.task, squeezed(row.prompt)), position), position) for position, row in enumerate(rows)]
    for one, other in [*same, *(pair for pair in pairs if rows[pair[0]].task == rows[pair[1]].task)]:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return [root(position) for position in range(len(rows))]


def _shared(files: Mapping[str, Sequence[Example]]) -> str:
    """Rows repeated in each set, and shared by each two, with their answers."""
    contents = [Counter(whole(row) for row in rows) for rows in files.values()]
    within = [sum(counts.values()) - len(counts) for counts in contents]
    between = [len(first.keys() & second.keys()) for index, first in enumerate(contents) for second in contents[index + 1 :]]
    inside = f"whole rows repeated in a set: {', '.join(map(str, within))}"
    return f"{inside}; shared by two sets: {', '.join(map(str, between))}" if between else inside


def _repeated(rows: Sequence[Example]) -> tuple[Ref, ...]:
    repeated = [own for own in by(rows, lambda row: squeezed(row.prompt)).values() if len(own) > 1]
    return tuple(row.ref for own in repeated for row in own)[:SHOWN]


@rule(
    "data.duplicates",
    "Rows that the training files hold twice",
    proves="Rows of the training files are the same, prompt and answer; where one is for validation, its loss is of a row trained on.",
    cannot="Near duplicates inside the training files are not looked for.",
)
def duplicates(campaign: Campaign) -> Iterator[Finding]:
    rows = trained(campaign)
    repeated = [own for own in by(rows, whole).values() if len(own) > 1]
    if repeated:
        total = sum(len(own) - 1 for own in repeated)
        message = f"{share(total, len(rows))} rows of the training files repeat another one, prompt and answer."
        evidence = tuple(row.ref for own in repeated for row in own)[:SHOWN]
        rest = f"{len(rows) - total:,} distinct rows"
        yield Finding("training files", "note", "protocol fault", message, f"{len(rows):,} rows", rest, "", evidence)
    for training, validation in sorted(_splits(campaign)):
        yield from _leaked(campaign, training, validation)


def _leaked(campaign: Campaign, training: str, validation: str) -> Iterator[Finding]:
    known = {whole(row) for row in campaign.examples[training].rows}
    prompts = {prompt for prompt, _ in known}
    rows = campaign.examples[validation].rows
    leaked = [row for row in rows if whole(row) in known]
    asked = sum(squeezed(row.prompt) in prompts for row in rows)
    if not leaked:
        return
    severity: Severity = "warning" if len(leaked) >= LEAKED_SHARE * len(rows) else "note"
    message = f"{share(len(leaked), len(rows))} validation rows are training rows too: the validation loss is partly of text trained on."
    counts, evidence = f"whole: {len(leaked)}; same prompt: {asked}", tuple(row.ref for row in leaked[:SHOWN])
    cells = _cells_of_losses(campaign, validation)
    yield Finding(validation, severity, "protocol fault", message, "no row in both", counts, "", evidence, cells=cells)


def _cells_of_losses(campaign: Campaign, validation: str) -> tuple[str, ...]:
    """Table cells that print losses of runs whose own log or configuration names the validation set."""
    runs = {
        run
        for run, parameters in campaign.runs.items()
        for file in (parameters.evidence.files.values() if parameters.evidence else ())
        if file in campaign.documents and validation == _validated_on(campaign, campaign.documents[file].content)
    }
    fields = ("results.validation", "results.intrinsic")
    return tuple(sorted({cell for run in runs for field in fields for cell in campaign.cells_printing(run, field)}))


def _validated_on(campaign: Campaign, content: Any) -> str | None:
    data = content.get("data") if isinstance(content, dict) else None
    return campaign.find(str(data.get("val_jsonl", ""))) if isinstance(data, dict) else None


def _splits(campaign: Campaign) -> set[tuple[str, str]]:
    """Training and validation sets that a log or configuration names together."""
    named = [inner for document in campaign.documents.values() for inner in _mappings(document.content) if "train_jsonl" in inner]
    pairs = {(campaign.find(str(inner["train_jsonl"])), campaign.find(str(inner.get("val_jsonl", "")))) for inner in named}
    return {(train, val) for train, val in pairs if train in campaign.examples and val in campaign.examples and train and val}


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _mappings(inner)
