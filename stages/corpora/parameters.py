"""The typed models of a campaign's corpus."""

from typing import Annotated, Literal

from pydantic import Field

from stages.strict import Seed, Strict


class DemoCorpus(Strict):
    """Documents that our own generator writes."""

    source: Literal["demo"]
    documents: Annotated[int, Field(ge=1)]
    seed: Seed


class LocalCorpus(Strict):
    """A file, or a folder of files, of text, JSONL or Parquet, gzipped or not."""

    source: Literal["local"]
    path: str
    fields: list[str] = Field(default=["text"], min_length=1)
    """Of JSONL and Parquet; several are joined by line breaks into one document."""
    licence: str


class BrwacCorpus(Strict):
    """The gzipped text shards of BrWaC on the Hugging Face hub, one document a line."""

    source: Literal["brwac"]
    repository: str = "nlpufg/brwac"
    revision: str
    """Commit of the dataset's repository."""


CorpusParameters = Annotated[DemoCorpus | LocalCorpus | BrwacCorpus, Field(discriminator="source")]
