"""Cleaning of web documents: the thesis's ordered rules, on many documents at a time (facts, section 2).

Rules 1 to 6 (Unicode, markers, addresses) are calls on each document's string. Rules 7 to 13 (characters, numbers, lines) look at
every character, so they run on arrays (:mod:`stages.cleaning_arrays`). Rule 14, the length of a document, is for who selects.
"""

import re
import unicodedata
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context

import numpy as np

from stages.cleaning_arrays import SEPARATOR, Counts, clean_lines
from stages.text_parameters import Cleaning
from stages.text_store import in_batches

COUNTED = (
    "invisible_characters",
    "end_markers",
    "urls",
    "emails",
    "other_characters",
    "numbers",
    "short_lines",
    "lines_of_few_letters",
    "uppercase_lines",
)
"""What is counted, in the order of the rules (2, 3, 4, 5, 7, 9, 11, 12, 13); white space that is merged or stripped is not."""

INVISIBLE = ("\ufeff", "\u200b")
MARKER = "<END>"
URL = re.compile(r"https?://\S+")
NON_SPACE = re.compile(r"\S+")

BATCH_CHARACTERS = 1 << 18
POOL_BATCHES = 16
"""Batches after which other processes are worth starting."""
BATCHES_AHEAD = 64
"""Most batches between what is read and what is given out: some tens of megabytes, and work while processes start."""

Cleaned = tuple[list[str], Counts]


def clean(text: str, rules: Cleaning) -> str:
    """``text`` after rules 1 to 13; empty where no line stays."""
    return clean_batch([text], rules)[0][0]


def clean_all(texts: Iterable[str], rules: Cleaning, processes: int) -> Iterator[tuple[str, Counter[str]]]:
    """Each text cleaned, in order, and what was taken from it by :data:`COUNTED`; the same for any number of ``processes``.

    No more than :data:`BATCHES_AHEAD` are in memory, or read ahead of what is taken.
    """
    batches = in_batches(texts, BATCH_CHARACTERS)
    here = islice(batches, POOL_BATCHES if processes > 1 else None)
    elsewhere = _clean_in_pool(batches, rules, processes) if processes > 1 else ()
    for documents, counts in chain((clean_batch(batch, rules) for batch in here), elsewhere):
        for document, row in zip(documents, counts.tolist(), strict=True):
            yield document, Counter(dict(zip(COUNTED, row, strict=True)))


def clean_batch(texts: list[str], rules: Cleaning) -> Cleaned:
    """Each of ``texts`` cleaned, and how often each rule of :data:`COUNTED` applied: one row a text."""
    edited, counts = zip(*map(_edit, texts), strict=True)
    documents, more_counts = clean_lines(list(edited), rules)
    return documents, np.hstack([np.array(counts, dtype=np.int64), more_counts])


def _edit(text: str) -> tuple[str, tuple[int, int, int, int]]:
    """Rules 1 to 6, and the first four of :data:`COUNTED`.

    White space that a rule merges or strips is left where the lines' own stripping takes it anyway.
    """
    normalised = _normalise(text)
    text = normalised
    for character in INVISIBLE:
        text = _replace(text, character, "")
    invisible = len(normalised) - len(text)
    markers = text.count(MARKER)
    text, urls = URL.subn(" ", _replace(text, MARKER, "\n"))
    text, emails = _blank_emails(text)
    return _replace(_replace(text, "\r", ""), SEPARATOR, " "), (invisible, markers, urls, emails)


def _replace(text: str, old: str, new: str) -> str:
    """``text.replace``, which takes ten times as long to find nothing."""
    return text.replace(old, new) if old in text else text


def _normalise(text: str) -> str:
    """NFKC, by sentences: nothing composes across ". ", and a sentence that is in NFKC already costs a tenth."""
    return ". ".join([unicodedata.normalize("NFKC", sentence) for sentence in text.split(". ")])


def _blank_emails(text: str) -> tuple[str, int]:
    """Each run of non-space with an @ inside it, neither first nor last, as one space; how many. Goes from @ to @, in linear time."""
    pieces: list[str] = []
    done, emails = 0, 0
    while (at := text.find("@", done)) >= 0:
        start = at + 1 - len(text[done : at + 1].rsplit(maxsplit=1)[-1])
        end = NON_SPACE.match(text, at).end()  # type: ignore[union-attr]  # the @ matches
        is_email = "@" in text[start + 1 : end - 1]
        pieces += text[done:start], " " if is_email else text[start:end]
        done, emails = end, emails + is_email
    return "".join([*pieces, text[done:]]), emails


def _clean_in_pool(batches: Iterable[list[str]], rules: Cleaning, processes: int) -> Iterator[Cleaned]:
    """The batches cleaned by ``processes``, in order. This one is among them: it cleans what the others, two batches each, cannot take.

    The others are spawned, not forked: a caller may hold threads.
    """
    pool = ProcessPoolExecutor(processes - 1, mp_context=get_context("spawn"))
    in_order: deque[Future[Cleaned]] = deque()
    try:
        for batch in batches:
            if sum(not each.done() for each in in_order) < 2 * (processes - 1):
                in_order.append(pool.submit(clean_batch, batch, rules))
            else:
                in_order.append(Future())
                in_order[-1].set_result(clean_batch(batch, rules))
            while in_order and (in_order[0].done() or len(in_order) >= BATCHES_AHEAD):
                yield in_order.popleft().result()
        while in_order:
            yield in_order.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
