"""The cleaning rules one after the other, character by character: slow, and plainly what facts.md section 2 says.

The tests hold :mod:`stages.cleaning` against it, and the benchmark measures how much faster that is.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable

from stages.text_parameters import Cleaning

EXTRA = frozenset(",.;:!?\"'()[]{}-–—_/\\%&*+=@#$°ºª|«»`´’‘“”~^…·•<>€")


def clean_plainly(text: str, rules: Cleaning) -> tuple[str, Counter[str]]:
    """``text`` after rules 1 to 13, and what they took from it."""
    counts: Counter[str] = Counter()
    text = unicodedata.normalize("NFKC", text)
    text = remove_invisible(text, counts)
    text = replace_markers(text, counts)
    text = replace_runs(text, counts, "urls", url_start)
    text = replace_runs(text, counts, "emails", email_start)
    text = "".join(" " if character == "\t" else character for character in text if character != "\r")
    text = filter_characters(text, counts)
    text = merge_repeated(merge_repeated(text, " "), "\n")
    if rules.normalize_numbers:
        text = replace_numbers(text, counts)
    return filter_lines(text, rules, counts), +counts


def remove_invisible(text: str, counts: Counter[str]) -> str:
    """Rule 2."""
    kept = [character for character in text if character not in "\ufeff\u200b"]
    counts["invisible_characters"] = len(text) - len(kept)
    return "".join(kept)


def replace_markers(text: str, counts: Counter[str]) -> str:
    """Rule 3: the marker and the white space around it."""
    result: list[str] = []
    position = 0
    while position < len(text):
        if text[position] == "<" and text[position : position + 5] == "<END>":
            counts["end_markers"] += 1
            while result and result[-1].isspace():
                result.pop()
            result.append("\n")
            position += 5
            while position < len(text) and text[position].isspace():
                position += 1
        else:
            result.append(text[position])
            position += 1
    return "".join(result)


def url_start(run: str) -> int | None:
    """Where in a run of non-space characters a URL starts (rule 4)."""
    for position in range(len(run)):
        if run[position] == "h":
            for scheme in ("http://", "https://"):
                if run[position : position + len(scheme)] == scheme and position + len(scheme) < len(run):
                    return position
    return None


def email_start(run: str) -> int | None:
    """0 where a run of non-space characters holds an @ between others (rule 5)."""
    for position in range(1, len(run) - 1):
        if run[position] == "@":
            return 0
    return None


def replace_runs(text: str, counts: Counter[str], name: str, start_of: Callable[[str], int | None]) -> str:
    """Each run of non-space characters, from where ``start_of`` says, as one space."""
    result: list[str] = []
    run: list[str] = []
    for character in text + "\n":
        if not character.isspace():
            run.append(character)
            continue
        if run:
            start = start_of("".join(run))
            counts[name] += start is not None
            result += run if start is None else [*run[:start], " "]
            run = []
        result.append(character)
    return "".join(result[:-1])


def filter_characters(text: str, counts: Counter[str]) -> str:
    """Rule 7."""
    result = []
    for character in text:
        if character == "\n" or character in EXTRA or unicodedata.category(character)[0] in "LN":
            result.append(character)
        else:
            counts["other_characters"] += not character.isspace()
            result.append(" ")
    return "".join(result)


def merge_repeated(text: str, wanted: str) -> str:
    """Rule 8 for one character."""
    result: list[str] = []
    for character in text:
        if not (character == wanted and result and result[-1] == wanted):
            result.append(character)
    return "".join(result)


def replace_numbers(text: str, counts: Counter[str]) -> str:
    """Rule 9."""
    result: list[str] = []
    digits: list[str] = []
    for character in text + "\n":
        if character.isdecimal():
            digits.append(character)
            continue
        if len(digits) >= 2:
            counts["numbers"] += 1
            result.append("0")
        else:
            result += digits
        digits = []
        result.append(character)
    return "".join(result[:-1])


def filter_lines(text: str, rules: Cleaning, counts: Counter[str]) -> str:
    """Rules 10 to 13."""
    kept = []
    for raw in text.split("\n"):
        line = " ".join(raw.split())
        printed = line.lower() if rules.lowercase else line
        if not line:
            continue
        if len(printed) < rules.minimum_line_characters:
            counts["short_lines"] += 1
        elif sum(character.isalpha() for character in printed) / len(printed) < rules.minimum_alphabetic_ratio:
            counts["lines_of_few_letters"] += 1
        elif rules.drop_uppercase_lines and line.isupper() and len(line) < 80:
            counts["uppercase_lines"] += 1
        else:
            kept.append(printed)
    return "\n".join(kept)
