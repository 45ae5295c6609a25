"""Rules on the sets that models were trained and tested on: what the rows are, and whether results can be compared over them."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from stages.audit.artifacts import Example
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding, Severity
from stages.audit.rules import rule
from stages.audit.sets import evaluated, manifests, trained
from stages.audit.stored import SHOWN, by, cells_of_task, share
from stages.compare import cells_of
from stages.record import Record
from stages.repetition import is_loop

ODD_SHARE = 0.1
"""Share of a task's rows from which it is not the task that its name says: a tenth of the score is of something else."""
SHORTEST_TEXT = 3
"""Words of a reference below which it is a label, no summary or rewriting; unless the text that is given is hardly longer."""
LABELLED = 2
"""Times the words of such a reference that a text must have to be labelled by it: ``Valeu.`` becomes ``Muito obrigado.``"""
UNNAMED = 0.5
"""Share of a task's rows without a word that asks for it from which this is no gap in the list of words, which cannot name all."""


class Kind(NamedTuple):
    """A kind of task, known by the beginning of its name."""

    names: tuple[str, ...]
    words: tuple[str, ...]
    """Beginnings of words that ask for it, in Portuguese and English, without accents."""
    growth: float | None
    """Times the words of a given text that the expected one may have; ``None`` where none is given."""


_REWRITE = ("reescr", "reformul", "parafras", "corri", "melhor", "revis", "simplif", "transform", "substitu", "rewrit", "rephras", "edit")
_QUESTION = "pergunt quest respo qual quai quem quando onde quant como what who when where which how".split()  # noqa: SIM905
_DEMAND = "cite diga nomei inform complet list indiq apont identif defin calcul determin name tell give".split()  # noqa: SIM905
KINDS = (
    Kind(("summ", "sumar", "resum"), ("resum", "sumar", "sintet", "sintes", "condens", "summar", "abstract"), 1),
    Kind(("rewrit", "reescr", "paraphr", "parafr"), _REWRITE, 5),
    Kind(("qa", "quest", "pergunt"), (*_QUESTION, *_DEMAND), None),
)
"""Kinds of tasks that are known here; a task of another name is left alone."""


@rule(
    "data.filters",
    "What the tasks' examples really ask for",
    proves="Of a task's rows, a share does not ask for the task, expects a label, or gives no text that the answer could be made of.",
    cannot="Words and lengths are counted, meaning is not read: a row may ask for the task in other words, or name it and mean another.",
)
def filters(campaign: Campaign) -> Iterator[Finding]:
    stated = _stated_filters(campaign)
    for task, rows in by(evaluated(campaign), lambda row: row.task).items():
        kind = next((kind for kind in KINDS if task.lower().startswith(kind.names)), None)
        if not kind:
            continue
        asked = [_asking(row, kind) for row in rows]
        none = [row for row, words in zip(rows, asked, strict=True) if not words]
        texts = _odd_texts(rows, kind.growth) if kind.growth else {}
        odd = {"without a word that asks for it": none} | texts
        many = len(none) >= UNNAMED * len(rows) or any(len(found) >= ODD_SHARE * len(rows) for found in texts.values())
        severity: Severity = "warning" if many else "note"
        counts = "; ".join(f"{name}: {share(len(found), len(rows))}" for name, found in odd.items())
        words = Counter(word for own in asked for word in own).most_common(SHOWN)
        message = f"What the {len(rows):,} rows of {task} ask for, by their words: {', '.join(f'{word} {count}' for word, count in words)}."
        evidence = tuple(row.ref for found in odd.values() for row in found[:3])
        cells = cells_of_task(campaign, task)
        yield Finding(task, severity, "protocol fault", message, stated.get(task, ""), counts, "", evidence, cells=cells)


def _asking(row: Example, kind: Kind) -> set[str]:
    """Words of the prompt that ask for the task; a question mark asks for an answer."""
    words = {word for word in re.findall(r"\w+", row.prompt.lower()) if _bare(word).startswith(kind.words)}
    return words | ({"?"} if not kind.growth and "?" in row.prompt else set())


def _bare(text: str) -> str:
    return "".join(character for character in unicodedata.normalize("NFD", text) if not unicodedata.combining(character))


def _odd_texts(rows: Sequence[Example], growth: float) -> dict[str, list[Example]]:
    """Rows whose reference is a label of the text, and rows that give too little text for it; without an input, the prompt is the text."""
    lengths = [(row, _words(row.answer), _words(row.input) or _words(row.prompt), bool(row.input.strip())) for row in rows]
    return {
        f"reference under {SHORTEST_TEXT} words": [
            row for row, answer, given, apart in lengths if answer < SHORTEST_TEXT and (not apart or given > LABELLED * answer)
        ],
        "too little text for the reference": [
            row for row, answer, given, apart in lengths if answer >= max(given, SHORTEST_TEXT) * (growth if apart else 1)
        ],
    }


def _words(text: str) -> int:
    return len(re.findall(r"\w+", text))


def _stated_filters(campaign: Campaign) -> dict[str, str]:
    """How the manifests describe the choice of each task's rows."""
    found: dict[str, str] = {}
    for manifest in manifests(campaign):
        described = manifest.facts.get("filters")
        found |= {str(task): str(text) for task, text in described.items()} if isinstance(described, dict) else {}
    return found


_PLACEHOLDER = re.compile(r"\W*(no ?input|no ?output|nan|n/a|placeholder|lorem ipsum.*)\W*", re.IGNORECASE | re.DOTALL)


@rule(
    "data.references",
    "Expected answers that are none",
    proves="Rows are scored against, or trained on, an answer that is empty, has no letter or digit, stands for nothing, or is a loop.",
    cannot="A wrong or badly translated answer in good form.",
)
def references(campaign: Campaign) -> Iterator[Finding]:
    for task, rows in by(evaluated(campaign), lambda row: row.task).items():
        bad = _bad_answers(rows)
        severity: Severity = "error" if bad["empty"] or bad["without letters"] else "warning" if bad["placeholder"] else "note"
        message = f"References of {task or 'the evaluation'} that nothing can be scored against, or that are no text."
        yield from _bad_finding(task or "evaluation", severity, message, rows, bad, cells_of_task(campaign, task))
    rows = trained(campaign)
    message = "Answers in the training files that teach nothing, or to say nothing."
    yield from _bad_finding("training files", "note", message, rows, _bad_answers(rows), ())


def _bad_finding(
    subject: str, severity: Severity, message: str, rows: Sequence[Example], bad: Mapping[str, Sequence[Example]], cells: tuple[str, ...]
) -> Iterator[Finding]:
    total = sum(map(len, bad.values()))
    if total:
        counts = "; ".join(f"{name}: {len(found)}" for name, found in bad.items() if found)
        evidence = tuple(row.ref for found in bad.values() for row in found[:3])
        yield Finding(
            subject, severity, "protocol fault", message, "answers", counts, f"{share(total, len(rows))} rows", evidence, cells=cells
        )


def _bad_answers(rows: Sequence[Example]) -> dict[str, list[Example]]:
    """Rows by what is wrong with their answer, each under the first that fits."""
    found: dict[str, list[Example]] = {"empty": [], "without letters": [], "placeholder": [], "loop": []}
    for row in rows:
        if not row.answer.strip():
            found["empty"].append(row)
        elif not re.search(r"\w", row.answer):
            found["without letters"].append(row)
        elif _PLACEHOLDER.fullmatch(row.answer):
            found["placeholder"].append(row)
        elif is_loop(row.answer):
            found["loop"].append(row)
    return found


@rule(
    "data.from_training",
    "Evaluation sets drawn from a training split",
    proves="An evaluation set and the training data come from the training split of one dataset: it is no test set that was held out.",
    cannot="What else a pretrained model has seen of the dataset.",
)
def from_training(campaign: Campaign) -> Iterator[Finding]:
    draws = [document for document in campaign.documents.values() if _is_training_draw(campaign, document.content)]
    trained_on = {str(document.content["dataset"]): document for document in draws}
    drawn = [manifest for manifest in manifests(campaign) if _is_train_split(manifest.document.content)]
    for dataset, own in by(drawn, lambda manifest: str(manifest.document.content.get("dataset"))).items():
        if dataset not in trained_on:
            continue
        sets = sum(len(manifest.files) for manifest in own)
        message = (
            f"{sets} evaluation sets and the training data are drawn from the split train of {dataset}. "
            "Scores say how well a model does on more of what it was trained on, in its style and with its faults."
        )
        evidence = (trained_on[dataset].ref("$.split"), *(manifest.document.ref("$.split") for manifest in own))
        cells = tuple(dict.fromkeys(cell for manifest in own for task in manifest.files for cell in cells_of_task(campaign, task)))
        yield Finding(dataset, "warning", "protocol fault", message, "evaluation", "split train", f"{sets} sets", evidence, cells=cells)


def _is_train_split(content: Any) -> bool:
    return isinstance(content, dict) and content.get("split") == "train" and isinstance(content.get("dataset"), str)


def _is_training_draw(campaign: Campaign, content: Any) -> bool:
    """Whether a document tells how training files were drawn from a training split."""
    named = content.get("artifacts") if isinstance(content, dict) else None
    paths = [str(path) for path in named.values()] if isinstance(named, dict) else []
    return _is_train_split(content) and any(campaign.find(path) in campaign.training_files for path in paths)


@rule(
    "data.validation_text",
    "Losses on different texts in one table",
    proves="A table sets validation results side by side that were measured on different texts, cleaned or chosen in different ways.",
    cannot="Equal settings do not show that the very same documents were used.",
)
def validation_text(campaign: Campaign) -> Iterator[Finding]:
    for name, table in campaign.tables.items():
        cells = {f"{name} {column}.{row}": _validated(cell) for (row, column), cell in cells_of(table).items()}
        runs = sorted(
            {run for found in cells.values() for run in found if run in campaign.records and not _beside_base(campaign, name, run)}
        )
        texts = {run: _text_of(campaign.records[run]) for run in runs}
        settings = dict.fromkeys(key for text in texts.values() for key in text)
        differing = [key for key in settings if len({text.get(key) for text in texts.values()}) > 1]
        if not differing or campaign.compares_on_one_text(runs):
            continue
        message = f"{len(runs)} runs are compared on validation results, and their validation texts differ in {len(differing)} settings."
        values = "; ".join(f"{key}: {_values(key, texts)}" for key in differing)
        evidence = tuple(ref for run in runs for ref in campaign.refs(run, "configuration.data.documents_validation"))
        own = tuple(cell for cell, found in cells.items() if found)
        yield Finding(name, "warning", "protocol fault", message, "results side by side", values, "", evidence, cells=own)


def _beside_base(campaign: Campaign, table: str, run: str) -> bool:
    """Whether the table prints the loss of the run's base model on the same text: it is that which the run's is compared with."""
    return any(cell.startswith(f"{table} ") for cell in campaign.cells_printing(run, "results.intrinsic.base.loss_nats"))


def _validated(cell: Mapping[str, Any]) -> set[str]:
    """Runs whose validation results a cell reads."""
    places = [place for part in cell["parts"] for place in part["lineage"]]
    return {place["record"] for place in places if place.get("field", "").startswith("results.validation.")}


def _text_of(record: Record) -> dict[str, str]:
    """Settings that decide what the validation text is."""
    configuration = record.configuration.model_dump(mode="json")
    data, cleaning = configuration["data"] or {}, configuration["cleaning"] or {}
    chosen = {key: str(data[key]) for key in ("dataset", "documents_validation", "minimum_characters") if data.get(key) is not None}
    return chosen | {f"cleaning {key}": str(value).lower() for key, value in cleaning.items()}


def _values(key: str, texts: Mapping[str, Mapping[str, str]]) -> str:
    groups = by(texts, lambda run: texts[run].get(key, "not stated"))
    return ", ".join(f"{value} ({', '.join(runs)})" for value, runs in groups.items())
