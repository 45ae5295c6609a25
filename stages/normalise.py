"""Named text normalisers for scoring answers. A score always says which of them it was computed under.

``thesis-as-run`` is what the thesis's evaluation really did. Its text describes more (articles and repeated spaces removed),
but the patterns for that were escaped twice and never matched, so that only the first steps below took effect.
"""

import re
import unicodedata
from collections.abc import Callable

_NOT_KEPT = re.compile(r"[^a-z0-9\\]")


def thesis_as_run(text: str) -> str:
    """Lower case, no combining marks, anything but a-z, 0-9 and backslash turned into one space each, stripped."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    bare = "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
    return _NOT_KEPT.sub(" ", bare).strip()


NORMALISERS: dict[str, Callable[[str], str]] = {"thesis-as-run": thesis_as_run}
