"""The typed models of a tokenizer and of how one is trained."""

from typing import Annotated, Literal

from pydantic import Field

from stages.strict import Count, Size, Strict
from stages.text_parameters import Cleaning


class TokenizerTraining(Strict):
    """How a SentencePiece model is trained, and on which text; a character tokenizer reads the training text of its run."""

    documents: Size
    """First documents of the shuffled corpus that pass the cleaning."""
    minimum_characters: Count
    cleaning: Cleaning
    hard_vocabulary_limit: bool = True
    """False: a unigram vocabulary may end below the size asked for."""
    seed_pieces: Count = 1_000_000
    """Pieces that a unigram training starts from; as few as the vocabulary asks for under-fill it."""
    normaliser: Literal["nmt_nfkc", "identity"] = "nmt_nfkc"
    remove_extra_whitespace: bool = True
    maximum_lines: Count = 2_000_000
    """Lines that are learnt from, drawn with the run's seed where there are more."""
    maximum_line_bytes: Count = 4192
    """Longer lines are skipped."""


class Tokenizer(Strict):
    kind: Literal["character", "bpe", "unigram", "byte_bpe", "pretrained"]
    """``byte_bpe``: of bytes, with a chat template, for a language model that is trained here."""
    name: str
    unknown: str | None = None
    """Character that stands for those which a character vocabulary lacks; a space where null."""
    training: TokenizerTraining | None = None
    vocabulary_requested: Count | None = None
    vocabulary: Count | None = None
    """Entries that the tokenizer really has."""
    byte_fallback: bool = False
    character_coverage: Annotated[float, Field(ge=0.98, le=1)] | None = None
    """Share of the text that the vocabulary's characters must write; SentencePiece takes no less than 0.98."""
    add_bos: bool = False
    """Whether each document begins with a token of its own."""
    add_eos: bool = False
