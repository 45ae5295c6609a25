"""Vocabularies: text to token ids and back, for characters and for SentencePiece models alike."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, model_validator

from stages.errors import UserError
from stages.files import decode_text, parse_json, read_bytes, sha256_of
from stages.manifest import NAME, read_manifest
from stages.tokenizer_parameters import Tokenizer
from stages.validation import validate

CHARACTERS = "characters.json"
MODEL = "tokenizer.model"
DOCUMENT_END = "\n\n"
"""What follows each document in a stream of characters, the thesis's blank line."""


class Encoded(NamedTuple):
    """Documents as one stream of tokens."""

    ids: NDArray[Any]
    unknown: int
    """Tokens that stand for text which the vocabulary lacks."""
    bytes: int
    """Tokens that are single bytes."""


class Vocabulary(Protocol):
    """What every tokenizer offers; ids run from 0 to ``size`` - 1. A special token that it lacks is null."""

    kind: str
    size: int
    sha256: str
    """Of the file that defines it."""
    bos: int | None
    eos: int | None
    pad: int | None
    unknown: int | None

    def encode_document(self, text: str) -> list[int]:
        """Ids of a whole document with what begins and ends one in a token stream."""

    def encode_documents(self, texts: Sequence[str], threads: int) -> Encoded:
        """The same ids of documents, at least one, one after the other."""

    def encode(self, text: str) -> list[int]:
        """Ids of the text alone."""

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the ids; tokens that begin, end or pad are no text."""

    def pieces(self, text: str) -> list[str]:
        """The text as the vocabulary cuts it."""


def code_points(text: str) -> NDArray[np.uint32]:
    """Unicode code points of ``text``."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


class CharacterVocabulary:
    """Characters by code point; any other is ``unknown``. Encodes through a table with an entry for every code point."""

    kind = "character"

    def __init__(self, characters: str, unknown: str, sha256: str) -> None:
        self._characters, self.size, self.sha256 = characters, len(characters), sha256
        self.bos: int | None = None
        self.eos: int | None = None
        self.pad: int | None = None
        self._substitute = characters.index(unknown)
        self.unknown: int | None = self._substitute
        self._table = np.full(sys.maxunicode + 1, self.size, dtype=np.uint32)
        self._table[code_points(characters)] = np.arange(self.size)

    def encode_document(self, text: str) -> list[int]:
        return self.encode(text + DOCUMENT_END)

    def encode_documents(self, texts: Sequence[str], threads: int) -> Encoded:
        """One gather from the table, which memory bounds: ``threads`` would not speed it up."""
        ids = self._table[code_points("".join(text + DOCUMENT_END for text in texts))]
        missing = ids == self.size
        ids[missing] = self._substitute
        return Encoded(ids, int(missing.sum()), 0)

    def encode(self, text: str) -> list[int]:
        ids = self._table[code_points(text)]
        ids[ids == self.size] = self._substitute
        return [int(each) for each in ids]

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(self._characters[each] for each in ids)

    def pieces(self, text: str) -> list[str]:
        return [self._characters[each] for each in self.encode(text)]


class SentencePieceVocabulary:
    """A SentencePiece model. Its text round-trips exactly with byte pieces, the identity normaliser and extra whitespace kept.

    Except for ``▁`` (U+2581): SentencePiece writes spaces as that character, and reads it back as one.
    """

    def __init__(self, model: bytes, kind: str, add_bos: bool, add_eos: bool) -> None:
        """``ValueError`` where the bytes are no model."""
        from sentencepiece import SentencePieceProcessor  # here: only what reads such models pays for it

        try:
            self._processor = SentencePieceProcessor(model_proto=model)
        except RuntimeError as error:
            raise ValueError("no SentencePiece model") from error
        if not model:  # which SentencePiece takes, to be given one later
            raise ValueError("an empty file")
        self.kind, self.size, self.sha256 = kind, len(self._processor), sha256_of(model)
        specials = (self._processor.bos_id(), self._processor.eos_id(), self._processor.pad_id(), self._processor.unk_id())
        self.bos, self.eos, self.pad, self.unknown = (None if each < 0 else each for each in specials)
        for asked, each, name in ((add_bos, self.bos, "begins"), (add_eos, self.eos, "ends")):
            if asked and (each is None or not self._processor.is_control(each)):
                raise ValueError(f"no token that {name} a text")
        self._add_bos, self._add_eos = add_bos, add_eos
        self._is_byte = np.array(self._processor.is_byte(list(range(self.size))))

    def encode_document(self, text: str) -> list[int]:
        return list(self._processor.encode(text.encode(), add_bos=self._add_bos, add_eos=self._add_eos))

    def encode_documents(self, texts: Sequence[str], threads: int) -> Encoded:
        """SentencePiece's own threads: measured as fast as processes, without copying ids between them."""
        each = self._processor.encode(list(texts), return_type="numpy", num_threads=threads, add_bos=self._add_bos, add_eos=self._add_eos)
        ids = np.concatenate(each)
        return Encoded(ids, int((ids == self.unknown).sum()), int(self._is_byte[ids].sum()))

    def encode(self, text: str) -> list[int]:
        return list(self._processor.encode(text.encode()))

    def decode(self, ids: Sequence[int]) -> str:
        ends = {self.bos, self.eos, self.pad}
        return str(self._processor.decode([int(each) for each in ids if each not in ends]))

    def pieces(self, text: str) -> list[str]:
        return list(self._processor.encode(text.encode(), return_type=str))


class Characters(BaseModel):
    """``characters.json``."""

    characters: str
    """Each once; its position is its id."""
    unknown: str

    @model_validator(mode="after")
    def _each_once(self) -> "Characters":
        if len(set(self.characters)) < len(self.characters):
            raise ValueError("a character is given twice")
        if len(self.unknown) != 1 or self.unknown not in self.characters:
            raise ValueError("'unknown' is none of the characters")
        return self


def load_vocabulary(folder: Path) -> Vocabulary:
    """Vocabulary of a tokenizer's folder; :class:`UserError` unless its file is the one that the manifest describes."""
    manifest = read_manifest(folder, "tokenizer")
    tokenizer = validate(Tokenizer, manifest.parameters.get("tokenizer"), f"{folder / NAME}: parameters.tokenizer")
    path = folder / (CHARACTERS if tokenizer.kind == "character" else MODEL)
    data = read_bytes(path)
    if path.name not in manifest.files:
        raise UserError(folder / NAME, "files", ", ".join(manifest.files) or "nothing", path.name, "Make the tokenizer again.")
    if tokenizer.kind == "character":
        content = validate(Characters, parse_json(decode_text(data, path), path), path)
        return CharacterVocabulary(content.characters, content.unknown, manifest.files[path.name].sha256)
    try:
        return SentencePieceVocabulary(data, tokenizer.kind, tokenizer.add_bos, tokenizer.add_eos)
    except ValueError as error:
        raise UserError(path, "", error, "a SentencePiece model") from error
