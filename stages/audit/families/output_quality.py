"""Rules on what stored outputs look like: cut off, repeating themselves, begun twice, or damaged in storing."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding, Severity
from stages.audit.residue import has_double_bos
from stages.audit.rules import rule
from stages.audit.stored import SHOWN, Stored, by, cells_of_scores, refs, share, stored, summaries, tasks_of
from stages.repetition import DEGENERATE, is_loop
from stages.traced import Ref

CHARACTERS_PER_TOKEN = 3
"""Fewest characters that a token of running Portuguese or English text holds on average: tokenizers of large models give 3 to 5.
A text of that many characters for each allowed token, without an end, stands at the limit."""
FEWEST_ITEMS = 2
"""Items of a list before the last one that show how its items end."""
LONGEST_ITEM = 4
"""Words of an item between commas; what is longer is a clause, and may go on."""
CUT_SHARE = 0.1
"""Share of a system's answers from which cutting shapes a comparison: a tenth of the texts is scored as fragments."""
DEGENERATE_SHARE = 0.02
"""Share of a system's answers from which loops matter: a mean score moves by up to that much, the second printed decimal."""
DAMAGED_SHARE = 0.05
"""Share of generated texts with replacement characters above which it is no slip: a model that splits a letter into bytes may end
one text in the middle of it."""

DAMAGED_LETTERS = 2
"""Different characters of a text that must come out when it is taken back to bytes: one does in correct text too (``É…``)."""
DAMAGED_FILE = 0.5
"""Share of a file's texts with signs beyond ASCII from which one such character a text is no chance: the whole file was read wrongly."""

REPLACED = "\ufffd"
MOST_FILES = 12

_END = re.compile(r"[.!?…:;\"”’»')\]}>`|*]\Z")
_ITEM = re.compile(r"\s*(?:[-*•–]|\d+[.)]|[a-z]\))\s")
_CONJUNCTION = re.compile(r" (?:e|ou|and|or) ")
_PICTURES = frozenset({"So", "Sk", "Cf", "Mn", "Me"})
"""Unicode categories of emoji, and of what modifies and joins them."""
_RUN = re.compile(r"[^\x00-\x7f]+")
_IDS = re.compile(r"(^|_)(ids|tokens)$")


@rule(
    "outputs.cut",
    "Answers cut off at the token limit",
    proves="Many answers of a system are as long as the limit allows and have no end: they are scored as fragments.",
    cannot="Length is judged in characters, since token counts of single answers are not stored; a list may end without a full stop.",
)
def cut(campaign: Campaign) -> Iterator[Finding]:
    limits = _limits(campaign)
    for (run, task), items in by(stored(campaign), lambda item: (item.outputs.run, item.task)).items():
        if not (limit := limits.get((run, task))):
            continue
        systems = by(items, lambda item: item.system)
        found = {system: [item for item in own if _is_cut(item, limit)] for system, own in systems.items()}
        if all(len(own) < CUT_SHARE * len(systems[system]) for system, own in found.items()):
            continue
        counts = "; ".join(f"{system} {share(len(own), len(systems[system]))}" for system, own in found.items())
        message = (
            f"Answers of {task} stop at the limit of {limit} tokens without an end; where systems differ in it, their scores differ by it."
        )
        cut_off, cells = [item for own in found.values() for item in own], cells_of_scores(campaign, run, tasks=[task])
        yield Finding(
            f"{run} {task}",
            _severity(campaign, run, task, "cut"),
            "protocol fault",
            message,
            f"limit {limit} tokens",
            counts,
            _lengths(items),
            refs(cut_off),
            cells=cells,
        )


def _severity(campaign: Campaign, run: str, task: str, kind: str) -> Severity:
    """A note where a table prints how many such answers there are of each system, so that a reader of the scores knows."""
    evaluations = {name: own.extrinsic for name, own in campaign.runs.items() if own.extrinsic}
    alike = [name for name, own in evaluations.items() if own.base_model == evaluations[run].base_model]
    told = [
        any(campaign.cells_printing(name, f"results.extrinsic.{task}.{kind}.{system}") for name in (alike if system == "base" else [run]))
        for system in {system for item in campaign.outputs if item.run == run for system in item.systems}
    ]
    return "note" if all(told) else "warning"


def _is_cut(item: Stored, limit: int) -> bool:
    answer = item.answer
    return len(answer) >= CHARACTERS_PER_TOKEN * limit and answer != item.reference.strip() and not _has_end(answer)


def _has_end(answer: str) -> bool:
    """Whether a text ends as whole ones do: with a stop, an emoji, or the item of a list whose items have no stop."""
    if _END.search(answer) or (unicodedata.category(answer[-1]) in _PICTURES and answer[-1] != REPLACED):
        return True
    lines = [line for line in answer.splitlines() if line.strip()]
    items = [line.rstrip() for line in lines if _ITEM.match(line)]
    listed = lines[-1].rstrip() in items[-1:] and len(items) > FEWEST_ITEMS and not any(_END.search(item) for item in items)
    return listed or _is_enumeration(lines[-1])


def _is_enumeration(line: str) -> bool:
    """Whether a line, or what stands behind its colon, is short items between commas, with a conjunction before the last."""
    *first, last = line.rpartition(":")[2].split(",")
    items = [item for item in (*first, *_CONJUNCTION.split(last)) if item.strip()]
    return bool(_CONJUNCTION.search(last)) and len(items) > FEWEST_ITEMS and all(len(item.split()) <= LONGEST_ITEM for item in items)


def _lengths(items: Sequence[Stored]) -> str:
    """Mean words of the references and of each system's answers."""
    systems = by(items, lambda item: item.system)
    words = {system: sum(len(item.answer.split()) for item in own) / len(own) for system, own in systems.items()}
    expected = sum(len(item.reference.split()) for item in items) / len(items)
    return "; ".join(["mean words: reference " + f"{expected:.1f}", *(f"{system} {mean:.1f}" for system, mean in words.items())])


def _limits(campaign: Campaign) -> dict[tuple[str, str], int]:
    """Most tokens that an answer may have, by run and task: as a summary states it, else as the parameters do."""
    limits = {
        (run, task): limit
        for run, parameters in campaign.runs.items()
        if parameters.extrinsic
        for task, limit in parameters.extrinsic.maximum_new_tokens.items()
    }
    for run, _, summary in summaries(campaign):
        limits |= {(run, task): limit for task, value in tasks_of(summary).items() if isinstance(limit := value.get("max_new_tokens"), int)}
    return limits


@rule(
    "outputs.repetition",
    "Answers that repeat themselves",
    proves="A system's answers fall into loops often enough to move its mean score, and more often than the references do.",
    cannot="Loops in short answers, and repetition of meaning in other words.",
)
def repetition(campaign: Campaign) -> Iterator[Finding]:
    for (run, task), items in by(stored(campaign), lambda item: (item.outputs.run, item.task)).items():
        systems = by(items, lambda item: item.system)
        found = {system: [item for item in own if is_loop(item.answer)] for system, own in systems.items()}
        rows = next(iter(systems.values()))
        human = sum(is_loop(item.reference) for item in rows)
        floor = max(DEGENERATE_SHARE, human / len(rows))
        if all(len(own) <= floor * len(systems[system]) for system, own in found.items()):
            continue
        counts = "; ".join(f"{system} {share(len(own), len(systems[system]))}" for system, own in found.items())
        message = f"Answers of {task} in which at least {100 * DEGENERATE:.0f} % of the four-word sequences are repeats."
        looping, cells = [item for own in found.values() for item in own], cells_of_scores(campaign, run, tasks=[task])
        references = f"references: {share(human, len(rows))}"
        severity = _severity(campaign, run, task, "loops")
        yield Finding(f"{run} {task}", severity, "protocol fault", message, "", counts, references, refs(looping), cells=cells)


@rule(
    "outputs.double_bos",
    "Sequences that begin twice",
    proves="A stored prompt, output or list of token ids has the start token twice: a template was tokenised with special tokens again.",
    cannot="Where neither ids nor special tokens are stored, a doubled start leaves no trace.",
)
def double_bos(campaign: Campaign) -> Iterator[Finding]:
    documents = [*campaign.documents.values(), *(row for rows in campaign.rows.values() for row in rows)]
    places: dict[str, list[Ref]] = {}
    lists: dict[tuple[str, str], list[tuple[Sequence[int], Ref]]] = {}
    for document in documents:
        for path, key, value in _leaves(document.content):
            if isinstance(value, str) and has_double_bos(value):
                places.setdefault(document.file, []).append(document.ref(path))
            elif isinstance(value, list):
                lists.setdefault((document.file, key), []).append((value, document.ref(path)))
    for (file, _), own in lists.items():
        if len(own) > 1 and _all_doubled([ids for ids, _ in own]):
            places.setdefault(file, []).extend(ref for _, ref in own)
    for file, found in places.items():
        message = f"{len(found):,} stored sequences begin with the start token twice; the model never saw that in training."
        yield Finding(file, "error", "protocol fault", message, "one start token", "two", f"{len(found):,} sequences", tuple(found[:SHOWN]))


def _all_doubled(lists: Sequence[Sequence[int]]) -> bool:
    """Whether all begin with the same id twice, and go on with another (padding on the left goes on for longer)."""
    return len({tuple(ids[:2]) for ids in lists}) == 1 and all(len(ids) > 2 and ids[0] == ids[1] != ids[2] for ids in lists)


def _leaves(value: Any, path: str = "$", key: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every text, and every list of whole numbers whose key says that they are ids, with its place."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if str(name).isidentifier() else f"{path}['{name}']", str(name))
    elif isinstance(value, list) and _IDS.search(key) and value and all(isinstance(entry, int) for entry in value):
        yield path, key, value
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]", key)
    elif isinstance(value, str):
        yield path, key, value


class _Text(NamedTuple):
    text: str
    given: bool
    """To a model (a prompt, a reference), not by it."""
    ref: Ref


@rule(
    "outputs.encoding",
    "Texts whose encoding is damaged",
    proves="UTF-8 was read as Windows-1252 and stored again, or bytes that are no text were replaced: letters are wrong or lost.",
    cannot="Damage that leaves valid text of another encoding, such as letters dropped or accents removed.",
)
def encoding(campaign: Campaign) -> Iterator[Finding]:
    scored = {outputs.file for outputs in campaign.outputs} | set(campaign.evaluation_files())
    files = by(_texts(campaign), lambda text: text.ref.file)
    for file, texts in files.items():
        damaged = _damaged(texts)
        if damaged:
            severity: Severity = "error" if file in scored else "warning"
            message = "UTF-8 text was read as Windows-1252 and stored again: each accented letter is two signs."
            counts, evidence = f"{share(len(damaged), len(texts))} texts double-encoded", tuple(damaged[:SHOWN])
            yield Finding(file, severity, "protocol fault", message, "UTF-8 text", counts, "", evidence)
    for given in (True, False):
        yield from _replaced(
            {file: own for file, texts in files.items() if (own := [text for text in texts if text.given is given])}, given
        )


def _replaced(files: Mapping[str, Sequence[_Text]], given: bool) -> Iterator[Finding]:
    """One finding on U+FFFD in the texts that were given to models, one on those that models gave."""
    lost = {file: [text.ref for text in texts if REPLACED in text.text] for file, texts in files.items()}
    allowed = 0.0 if given else DAMAGED_SHARE
    found = {file: own for file, own in lost.items() if len(own) > allowed * len(files[file])}
    if not found:
        return
    kind = "prompts and references" if given else "generated texts"
    cause = "the files are damaged" if given else "a model writes single bytes at random, or the files are damaged"
    total = sum(len(files[file]) for file in found)
    message = f"In {len(found)} files {kind} hold U+FFFD, which stands for bytes that are no text: {cause}."
    counts, evidence = f"{share(sum(map(len, found.values())), total)} texts", tuple(own[0] for own in found.values())
    yield Finding(kind, "warning", "protocol fault", message, "UTF-8 text", counts, "", evidence[:MOST_FILES])


def _texts(campaign: Campaign) -> list[_Text]:
    """Prompts, references and generated texts of samples, example sets and outputs."""
    samples = [sample for samples in campaign.sample_sets for sample in samples.samples]
    examples = [example for examples in campaign.examples.values() for example in examples.rows]
    return [
        *(_Text(text, given, sample.ref) for sample in samples for text, given in ((sample.prompt, True), (sample.output, False))),
        *(_Text(text, True, example.ref) for example in examples for text in (example.prompt, example.answer)),
        *(_Text(item.text, False, item.ref) for item in stored(campaign)),
    ]


def _damaged(texts: Sequence[_Text]) -> list[Ref]:
    """Places of texts that were encoded twice: of those that show it alone; of all that may be, where most of a file's texts may."""
    accented = [(text, taken_back(text.text)) for text in texts if not text.text.isascii()]
    possible = [(text, found) for text, found in accented if found]
    least = 1 if len(possible) >= max(DAMAGED_LETTERS, DAMAGED_FILE * len(accented)) else DAMAGED_LETTERS
    return [text.ref for text, found in possible if len(found) >= least]


def taken_back(text: str) -> set[str]:
    """Characters that come out where UTF-8 was read as Windows-1252, taken back to bytes; none where most signs beyond ASCII are no UTF-8.

    A single one comes out of correct text (``Ã”`` before a closing quotation mark), many of damaged text.
    """
    runs = [_decoded(run) for run in _RUN.findall(text)]
    found = [run for run in runs if run is not None]
    return set("".join(found)) if len(found) * 2 > len(runs) else set()


def _decoded(run: str) -> str | None:
    try:
        return b"".join(map(_byte, run)).decode("utf-8")
    except UnicodeError:
        return None


def _byte(character: str) -> bytes:
    """The byte that was read as this character: Windows-1252 leaves five of them to Latin-1."""
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")
