"""What a text states beyond its tables, kept as facts: what the audit holds against the evidence.

``data/thesis_claims.yaml`` has the thesis's. Quotations are kept as digests of their beginnings, so that nobody's text is
copied and the longest beginning that agrees can still be told.
"""

from pathlib import Path

from pydantic import Field

from stages.files import sha256_of
from stages.normalise import case_accents
from stages.strict import Strict
from stages.validation import validate
from stages.yaml_files import read_yaml

STEP = 20
"""Characters between two digests of a quotation."""


class CitedFile(Strict):
    """A path that the text gives as the place of its evidence."""

    path: str
    where: str


class Quotation(Strict):
    """A text that is quoted as the output of a model."""

    where: str
    file: str
    """Cited as the place of the whole text."""
    model: str = ""
    """Name of the model in that file; empty where the file has one model and no name."""
    number: int
    """Of the sample in the file's list, from 0."""
    characters: int
    """Letters and digits that it has."""
    digests: list[str]
    """First eight hex digits of the SHA-256 of its first 20, 40, … letters and digits (see :func:`letters_of`), and of all."""


class Split(Strict):
    """Shares of training, validation and test that the text states."""

    run: str
    where: str
    fractions: list[float]


class Seeds(Strict):
    """How many seeds the text says samples were drawn with."""

    where: str
    table: str
    seeds: int


class Conclusion(Strict):
    """A conclusion and the files that it rests on."""

    where: str
    rests_on: list[str]


class Claims(Strict):
    """Everything that one text claims beside its tables."""

    normaliser: str | None = None
    """Name of the answer normaliser that the text describes."""
    normaliser_where: str = ""
    token_columns: dict[str, str] = Field(default_factory=dict)
    """Columns that print tokens, by table."""
    cited_files: list[CitedFile] = Field(default_factory=list)
    quotations: list[Quotation] = Field(default_factory=list)
    splits: list[Split] = Field(default_factory=list)
    seeds: list[Seeds] = Field(default_factory=list)
    conclusions: list[Conclusion] = Field(default_factory=list)


def load_claims(path: Path | None) -> Claims:
    """Claims of the file ``path``; none where there is no file."""
    return Claims() if path is None else validate(Claims, read_yaml(path), path)


def letters_of(text: str) -> str:
    """Letters and digits of ``text``, lower-case and without accents: line breaks, dashes and accents of a page may be the printer's."""
    return "".join(character for character in case_accents(text) if character.isalnum())


def digests_of(text: str) -> list[str]:
    """Digests of the beginnings of ``text``, the last one of all of it (see :class:`Quotation`)."""
    bare = letters_of(text)
    ends = [*range(STEP, len(bare), STEP), len(bare)]
    return [sha256_of(bare[:end].encode())[:8] for end in ends]


def agreeing_characters(quotation: Quotation, text: str) -> int:
    """How many of the quotation's characters are a beginning of ``text``, to the last digest that agrees."""
    bare, agreed = letters_of(text), 0
    ends = [*range(STEP, quotation.characters, STEP), quotation.characters]
    for end, digest in zip(ends, quotation.digests, strict=True):
        if len(bare) >= end and sha256_of(bare[:end].encode())[:8] == digest:
            agreed = end
    return agreed
