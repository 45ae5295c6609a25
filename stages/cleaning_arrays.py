"""The cleaning rules that look at every character (7 to 13), on a batch of documents as one array of code points.

Each character has a class, kept in a table that fills as characters are met. A document or a line is a stretch that ends with a
break, so that counting letters by line is one sum over stretches. ``C`` stands for characters, ``L`` for lines, ``D`` for documents.
"""

import sys
import unicodedata

import numpy as np
from numpy.typing import NDArray

from stages.text_parameters import Cleaning

EXTRA = frozenset(",.;:!?\"'()[]{}-–—_/\\%&*+=@#$°ºª|«»`´’‘“”~^…·•<>€")
"""Characters that rule 7 keeps beside letters, numbers and line breaks."""
UPPERCASE_LINE_CHARACTERS = 80
"""Length from which a line in upper case stays (rule 13)."""
SEPARATOR = "\x1e"
"""Ends each document of a batch. Rule 7 would replace it, so that the text between holds none."""
DOTTED_I = 0x130
"""İ, the one character whose lower case is longer: by a combining dot."""
SIGMA = 0x3A3
"""Σ, the one character whose lower case depends on what stands beside it: another one ends a word."""

KNOWN, KEPT, SPACE, BREAK, LETTER, DIGIT, UPPER, LOWER = (1 << bit for bit in range(8))
"""Classes of a character, as bits. Title case is both UPPER, which ``str.lower`` changes, and LOWER, which ``str.isupper`` denies."""

Classes = NDArray[np.uint8]
Codes = NDArray[np.uint32]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]


def clean_lines(documents: list[str], rules: Cleaning) -> tuple[list[str], Counts]:
    """``documents``, which hold no :data:`SEPARATOR`, after rules 7 to 13, and what was taken from each.

    Counts [document, rule]: characters replaced (7), numbers replaced (9), lines dropped as too short (11), of too few letters (12),
    in upper case (13).
    """
    codes_C = _codes(SEPARATOR.join([*documents, ""]))
    codes_C, classes_C, characters = _filter_characters(codes_C, _classes(codes_C), rules)
    codes_C, classes_C, lines = _filter_lines(codes_C, classes_C, rules)
    text = _lower(codes_C, classes_C) if rules.lowercase else _text(codes_C)
    cleaned = text.split(SEPARATOR)[:-1]
    return [document.removesuffix("\n") for document in cleaned], np.column_stack([*characters, *lines])


def _codes(text: str) -> Codes:
    """Code points of ``text``, in an array to write in. Half a surrogate pair is one too, of a class that rule 7 replaces."""
    return np.frombuffer(bytearray(text.encode("utf-32-le", "surrogatepass")), dtype="<u4")


def _filter_characters(codes_C: Codes, classes_C: Classes, rules: Cleaning) -> tuple[Codes, Classes, list[Counts]]:
    """Rules 7 to 9: of a run of white space the first stays, and none that begins a line."""
    ends_D = np.flatnonzero(codes_C == ord(SEPARATOR))
    blank_C = classes_C & KEPT == 0
    other_D = _by_document(blank_C & (classes_C & SPACE == 0), ends_D)
    codes_C[blank_C & (codes_C != ord(" "))] = ord(" ")  # of few, not of every space: a third of the time
    dropped_C = blank_C & _after(blank_C | (classes_C & BREAK != 0), first=True)
    numbers_D = np.zeros_like(other_D)
    if rules.normalize_numbers:
        digit_C = classes_C & DIGIT != 0
        inner_C = digit_C & _after(digit_C, first=False)
        number_C = np.append(inner_C[1:] & ~inner_C[:-1], False)  # the digit before the first inner one
        codes_C[number_C] = ord("0")
        numbers_D = _by_document(number_C, ends_D)
        dropped_C |= inner_C
    kept_C = ~dropped_C
    return codes_C[kept_C], classes_C[kept_C], [other_D, numbers_D]


def _filter_lines(codes_C: Codes, classes_C: Classes, rules: Cleaning) -> tuple[Codes, Classes, list[Counts]]:
    """Rules 10 to 13: of the lines that stay, each with its break, and every document's separator."""
    ends_L = np.flatnonzero(classes_C & BREAK != 0)
    starts_L = np.append(0, ends_L[:-1] + 1)
    padded_L = codes_C[ends_L - 1] == ord(" ")
    last_L = codes_C[ends_L] == ord(SEPARATOR)
    stays_L, dropped = _judge_lines(codes_C, classes_C, starts_L, ends_L - starts_L - padded_L, rules)
    kept_C = np.repeat(stays_L, ends_L - starts_L + 1)
    kept_C[ends_L[padded_L] - 1] = False
    kept_C[ends_L[last_L]] = True
    ends_D = np.flatnonzero(last_L)
    return codes_C[kept_C], classes_C[kept_C], [_by_document(each, ends_D) for each in dropped]


def _judge_lines(codes_C: Codes, classes_C: Classes, starts_L: Counts, lengths_L: Counts, rules: Cleaning) -> tuple[Mask, list[Mask]]:
    """Which lines stay, and which of the others that are not empty each rule (11, 12, 13) drops."""
    letters_L = np.add.reduceat(classes_C & LETTER != 0, starts_L, dtype=np.int64)
    classes_L = np.bitwise_or.reduceat(classes_C, starts_L)
    uppercase_L = (classes_L & (UPPER | LOWER) == UPPER) & (lengths_L < UPPERCASE_LINE_CHARACTERS) & rules.drop_uppercase_lines
    measured_L = lengths_L
    if rules.lowercase:
        measured_L = lengths_L + np.add.reduceat(codes_C == DOTTED_I, starts_L, dtype=np.int64)
    stays_L = lengths_L > 0
    dropped = []
    for fails_L in (
        measured_L < rules.minimum_line_characters,
        letters_L / np.maximum(measured_L, 1) < rules.minimum_alphabetic_ratio,
        uppercase_L,
    ):
        dropped.append(stays_L & fails_L)
        stays_L = stays_L & ~fails_L
    return stays_L, dropped


def _text(codes_C: Codes) -> str:
    return codes_C.tobytes().decode("utf-32-le")


def _lower(codes_C: Codes, classes_C: Classes) -> str:
    """Lower case as ``str.lower`` has it, which looks at every character and is called only where one depends on its neighbours."""
    upper_C = np.flatnonzero(classes_C & UPPER != 0)
    kinds, which = np.unique(codes_C[upper_C], return_inverse=True)
    if np.isin(kinds, (DOTTED_I, SIGMA)).any():
        return _text(codes_C).lower()
    lowered = np.array([ord(chr(kind).lower()) for kind in kinds.tolist()], dtype=np.uint32)
    codes_C[upper_C] = lowered[which]
    return _text(codes_C)


def _after(mask: Mask, first: bool) -> Mask:
    """Whether the place before each is marked; ``first`` for the one that has none before it."""
    return np.append(first, mask[:-1])


def _by_document(mask: Mask, ends_D: Counts) -> Counts:
    """How many marked places lie in each document; ``ends_D`` are their last places."""
    return np.bincount(np.searchsorted(ends_D, np.flatnonzero(mask)), minlength=len(ends_D))


def _classes(codes_C: Codes) -> Classes:
    """Class of each character."""
    classes_C = _TABLE[codes_C]
    if not classes_C.all():  # a character that was not met before
        for code in np.unique(codes_C[classes_C == 0]).tolist():
            _TABLE[code] = _class(chr(code))
        classes_C = _TABLE[codes_C]
    return classes_C


_TABLE: Classes = np.zeros(sys.maxunicode + 1, dtype=np.uint8)
"""Class by code point; 0 where not met yet. The whole of Unicode at once would take a second."""


def _class(character: str) -> int:
    """Class of one character, as Python's ``str`` and Unicode's categories have it; what rule 7 replaces is white space or nothing."""
    is_break = character in ("\n", SEPARATOR)
    is_kept = is_break or character in EXTRA or unicodedata.category(character)[0] in "LN"
    properties = {
        KEPT: is_kept,
        SPACE: character.isspace(),
        BREAK: is_break,
        LETTER: is_kept and character.isalpha(),
        DIGIT: is_kept and character.isdecimal(),
        UPPER: is_kept and character.istitle(),  # of one character: upper or title case
        LOWER: is_kept and not character.isupper() and (character.islower() or character.istitle()),
    }
    return KNOWN + sum(bit for bit, holds in properties.items() if holds)
