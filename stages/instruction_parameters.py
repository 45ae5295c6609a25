"""The typed models of where a campaign's instructions with their answers come from, and of what is made of them."""

from typing import Annotated, Literal

from pydantic import Field

from stages.strict import Count, Seed, Size, Strict


class DemoInstructions(Strict):
    """Examples that our own generator writes, in the three tasks, with answers that follow from what is asked."""

    source: Literal["demo"]
    examples: Size
    seed: Seed


class LocalInstructions(Strict):
    """A JSONL or Parquet file, or a folder of them, of ``instruction``, ``input`` and ``output``."""

    source: Literal["local"]
    path: str
    licence: str


class CanarimInstructions(Strict):
    """Canarim on the Hugging Face hub, the training split's Parquet files."""

    source: Literal["canarim"]
    repository: str = "dominguesm/Canarim-Instruct-PTBR-Dataset"
    revision: str
    """Commit of the dataset's repository."""


InstructionParameters = Annotated[DemoInstructions | LocalInstructions | CanarimInstructions, Field(discriminator="source")]


class SplitParameters(Strict):
    """The instructions that models are tuned on: shuffled, the first of them cut in order (facts, section 6.2)."""

    seed: Seed
    documents_train: Size
    documents_validation: Size
    documents_test: Count


class DrawParameters(Strict):
    """The examples of one seed of the extrinsic evaluation: none of the split's, so many a task (facts, section 6.5)."""

    seed: Seed
    tasks: Annotated[list[str], Field(min_length=1)]
    examples_per_task: Size
    exclude_near_duplicates: bool
