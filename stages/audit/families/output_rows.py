"""Rules on rows: whether stored outputs are of the rows that were drawn, and whether rows are still what their hash says."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from stages.audit.artifacts import Example, Outputs, example_of
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.rules import rule
from stages.audit.sets import manifests, rows_of
from stages.audit.stored import SHOWN, by, summaries, tasks_of
from stages.tasks import example_hash
from stages.traced import Ref

Key = tuple[str, str, str]
"""Instruction, input and answer of a row."""
MATCHING = 0.5
"""Share of rows that two files must have in common to be of one draw; files of different draws share a few."""


class _Problem(NamedTuple):
    text: str
    refs: tuple[Ref, ...]


@rule(
    "outputs.rows",
    "Outputs against the rows that were drawn",
    proves="Stored outputs are of other rows than the example set has (doubled, missing, altered), or of another number than stated.",
    cannot="An alteration that was made in the example set and in the outputs alike, where rows have no hash of their own.",
)
def rows(campaign: Campaign) -> Iterator[Finding]:
    compared = 0
    for outputs in campaign.outputs:
        problems = [*_counts(campaign, outputs), *_missing_outputs(outputs)]
        for task in outputs.tasks:
            drawn = _drawn(campaign, outputs, task)
            problems += _against(outputs, task, drawn) if drawn else []
            compared += len(drawn)
        if problems:
            yield _finding(f"{outputs.run} seed {outputs.seed}", "Outputs are not of the rows that were drawn", outputs.ref, problems)
    for manifest in manifests(campaign):
        stated = manifest.facts.get("n_per_task_obtained")
        sizes = {task: len(rows_of(campaign, file, task)) for task, file in manifest.files.items()}
        place = manifest.document.ref(f"{manifest.place}.n_per_task_obtained")
        problems = [
            _Problem(f"{task}: {number} rows stated, {sizes[task]} in the set", (place, campaign.examples[manifest.files[task]].ref))
            for task, number in (stated if isinstance(stated, dict) else {}).items()
            if task in sizes and number != sizes[task]
        ]
        if problems:
            yield _finding(manifest.document.file, "Example sets have another number of rows than was drawn", place, problems)
    if compared:
        message = f"{compared:,} drawn rows were compared with the outputs' rows, field by field."
        yield Finding("compared", "note", "confirmed", message, recomputed=f"{compared:,} rows compared")


def _finding(subject: str, what: str, place: Ref, problems: Sequence[_Problem]) -> Finding:
    found = "; ".join(problem.text for problem in problems)
    evidence = dict.fromkeys([place, *(ref for problem in problems for ref in problem.refs)])
    return Finding(subject, "error", "mismatch", f"{what}: {found}.", "the rows drawn", found, "", tuple(evidence)[: 2 * SHOWN])


def _counts(campaign: Campaign, outputs: Outputs) -> Iterator[_Problem]:
    """Tasks with another number of rows than the parameters or the summary state."""
    stated = [("declared", task, outputs.evaluation.examples_per_task, outputs.ref) for task in outputs.evaluation.tasks]
    for run, seed, summary in summaries(campaign):
        if (run, seed) == (outputs.run, str(outputs.seed)):
            stated += [
                ("in the summary", task, value["n"], summary.ref(f"$.tasks.{task}.n"))
                for task, value in tasks_of(summary).items()
                if "n" in value
            ]
    for where, task, number, ref in stated:
        if number != (found := len(outputs.of_task(task))):
            yield _Problem(f"{task}: {number} {where}, {found} outputs", (ref,))


def _missing_outputs(outputs: Outputs) -> Iterator[_Problem]:
    """Systems whose output some rows lack."""
    for system in outputs.systems:
        lacking = [row.ref("$") for row in outputs.rows if not isinstance(row.content.get(f"{system}_output"), str)]
        if lacking:
            yield _Problem(f"{len(lacking)} rows without an output of {system}", tuple(lacking[:SHOWN]))


def _drawn(campaign: Campaign, outputs: Outputs, task: str) -> Sequence[Example]:
    """Rows that were drawn for a task: of the set that a manifest of the seed names, else of the set most like the outputs."""
    named = [manifest.files[task] for manifest in manifests(campaign) if manifest.seed == outputs.seed and task in manifest.files]
    if named:
        return rows_of(campaign, named[0], task)
    keys = {_key(example_of(row)) for row in outputs.of_task(task)}
    sets = [rows_of(campaign, file, task) for file in campaign.evaluation_files()]
    alike = [rows for rows in sets if rows and sum(_key(row) in keys for row in rows) >= MATCHING * len(rows)]
    return alike[0] if alike else ()


def _key(example: Example) -> Key:
    return example.instruction.strip(), example.input.strip(), example.answer.strip()


def _against(outputs: Outputs, task: str, drawn: Sequence[Example]) -> Iterator[_Problem]:
    """What of a task's outputs is not of the drawn rows."""
    given = [example_of(row) for row in outputs.of_task(task)]
    counts, wanted = Counter(map(_key, given)), Counter(map(_key, drawn))
    if sum((counts & wanted).values()) < MATCHING * len(drawn):
        yield _Problem(f"{task}: {len(given) - sum((counts & wanted).values())} outputs of another draw", (drawn[0].ref,))
        return
    extra, missing = counts - wanted, wanted - counts
    altered = _altered(extra, missing)
    kinds = {
        "repeated": [key for key in extra.elements() if key in wanted],
        "altered": altered,
        "of no row that was drawn": [key for key in extra if key not in wanted and key not in altered],
    }
    for kind, keys in kinds.items():
        if keys:
            yield _Problem(f"{task}: {len(keys)} outputs {kind}", _places(given, keys))
    if lost := missing.total() - len(altered):
        yield _Problem(f"{task}: {lost} rows without outputs", _places(drawn, missing))
    hashes = {_key(row): row.hash for row in drawn}
    if other := [row.ref for row in given if hashes.get(_key(row), row.hash) != row.hash]:
        yield _Problem(f"{task}: {len(other)} outputs with another hash", tuple(other[:SHOWN]))


def _altered(extra: Mapping[Key, int], missing: Mapping[Key, int]) -> list[Key]:
    """Keys of outputs that share the prompt, or the answer and a part of the prompt, with a row that has none."""
    parts = {part for key in missing for part in _parts(key)}
    return [key for key in extra if parts & set(_parts(key))]


def _parts(key: Key) -> tuple[tuple[str, ...], ...]:
    instruction, given, answer = key
    return ("prompt", instruction, given), ("instruction", instruction, answer), ("input", given, answer) if given else ("all", *key)


def _places(rows: Sequence[Example], keys: Sequence[Key] | Mapping[Key, int]) -> tuple[Ref, ...]:
    wanted = set(keys)
    return tuple(row.ref for row in rows if _key(row) in wanted)[:SHOWN]


@rule(
    "data.hashes",
    "Rows that are not what their hash says",
    proves="The hash of a row is that of other text: the row was altered after it was drawn, or its hash was.",
    cannot="It speaks where most rows of a file have the SHA-1 of instruction, input and answer; other hashes are not known here.",
)
def hashes(campaign: Campaign) -> Iterator[Finding]:
    sets = {file: list(examples.rows) for file, examples in campaign.examples.items()}
    sets |= {outputs.file: [example_of(row) for row in outputs.rows] for outputs in campaign.outputs}
    fitting = 0
    for file, rows in sets.items():
        hashed = [row for row in rows if row.hash]
        altered = [row for row in hashed if row.hash != example_hash(*_key(row))]
        if not hashed or len(altered) > MATCHING * len(hashed):
            continue
        fitting += len(hashed) - len(altered)
        for_tasks = "; ".join(f"{task or 'rows'}: {len(own)}" for task, own in by(altered, lambda row: row.task).items())
        if altered:
            message = f"{len(altered)} of {len(hashed):,} rows are not the text that their hash was made of."
            yield Finding(file, "error", "mismatch", message, "hashes", for_tasks, "", tuple(row.ref for row in altered[:SHOWN]))
    if fitting:
        yield Finding(
            "fitting", "note", "confirmed", f"{fitting:,} rows are the text that their hash was made of.", recomputed=f"{fitting:,} rows"
        )
