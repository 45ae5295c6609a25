"""The typed model of a text: which documents of a corpus, in which order, cleaned how."""

from typing import Annotated, Literal

from pydantic import Field

from stages.strict import Count, Fraction, Seed, Strict

Selection = Literal["train", "validation", "held_out", "adaptation", "head", "shuffled"]


class Cleaning(Strict):
    """Flags of the fourteen cleaning rules."""

    lowercase: bool
    normalize_numbers: bool
    drop_uppercase_lines: bool
    minimum_line_characters: Count
    minimum_alphabetic_ratio: Fraction


class TextParameters(Strict):
    """A selection of cleaned documents."""

    selection: Selection
    """``train`` and ``validation``: parts of the thesis's split; ``held_out``: the latter from its end, so that no run is stopped by it;
    ``adaptation``: the former from its end, which a base model trained on its beginning has not read; ``head``: the first rows as they
    stand; ``shuffled``: all, shuffled."""
    documents: Annotated[int, Field(ge=1)]
    """Documents to keep; of ``head``, rows to read."""
    minimum_characters: Count
    """Shorter documents are left out."""
    cleaning: Cleaning
    seed: Seed
