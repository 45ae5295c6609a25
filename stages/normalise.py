"""Named text normalisers for scoring answers. A score always says which of them it was computed under.

``thesis-as-run`` is what the thesis's evaluation really did. Its patterns for articles and repeated spaces were escaped twice and
never matched, so that only the first steps took effect; ``pt-squad`` is what they were written for, and ``case-accents`` is all
that the thesis's text describes. ``strict`` forgives white space alone.
"""

import re
import unicodedata
from collections.abc import Callable

_NOT_KEPT = re.compile(r"[^a-z0-9\\]")
_PUNCTUATION = re.compile(r"[^a-z0-9\s]")
_ARTICLES = re.compile(r"\b(?:o|a|os|as|um|uma|uns|umas)\b")


def _bare(text: str) -> str:
    """Lower case without combining marks."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(character for character in decomposed if unicodedata.category(character) != "Mn")


def strict(text: str) -> str:
    """Composed characters (NFC), each run of white space one space, stripped."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def case_accents(text: str) -> str:
    """Lower case, no combining marks, each run of white space one space, stripped."""
    return " ".join(_bare(text).split())


def pt_squad(text: str) -> str:
    """Lower case, no combining marks, punctuation and Portuguese articles turned into spaces, runs of spaces into one, stripped."""
    return " ".join(_ARTICLES.sub(" ", _PUNCTUATION.sub(" ", _bare(text))).split())


def thesis_as_run(text: str) -> str:
    """Lower case, no combining marks, anything but a-z, 0-9 and backslash turned into one space each, stripped."""
    return _NOT_KEPT.sub(" ", _bare(text)).strip()


NORMALISERS: dict[str, Callable[[str], str]] = {
    "strict": strict,
    "case-accents": case_accents,
    "pt-squad": pt_squad,
    "thesis-as-run": thesis_as_run,
}
