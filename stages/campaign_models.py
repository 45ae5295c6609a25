"""The typed models of a campaign and of a price: ``params/campaigns/<campaign>.yaml``, ``params/prices.yaml``."""

from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import Field

from stages.corpora.parameters import BrwacCorpus, CorpusParameters, LocalCorpus
from stages.instruction_parameters import CanarimInstructions, InstructionParameters, LocalInstructions
from stages.strict import Strict


def dataset_name(corpus: CorpusParameters | None) -> str:
    """What a record calls the data of its run; a local file by its own name, since its folder is this machine's."""
    if isinstance(corpus, LocalCorpus):
        return f"local: {PurePath(corpus.path).name}"
    return f"{corpus.repository} at {corpus.revision}" if isinstance(corpus, BrwacCorpus) else "demo"


def instructions_name(instructions: InstructionParameters | None) -> str:
    """The same of instructions."""
    if isinstance(instructions, LocalInstructions):
        return f"local: {PurePath(instructions.path).name}"
    return f"{instructions.repository} at {instructions.revision}" if isinstance(instructions, CanarimInstructions) else "demo"


class CampaignParameters(Strict):
    """One campaign: ``params/campaigns/<campaign>.yaml``."""

    campaign: str
    source: Literal["evidence", "training"]
    """Where the records come from: published files, or runs that this machine trains."""
    runs: list[str]
    defaults: dict[str, Any] = Field(default={})
    """Run parameters that hold unless a run says otherwise."""
    overrides: dict[str, dict[str, Any]] = Field(default={})
    """Parameters laid over the files of runs, by run; below them those of ``track1`` and ``track2``, and below these those of ``all``."""
    corpus: CorpusParameters | None = None
    """What its runs are trained on."""
    instructions: InstructionParameters | None = None
    """What the models of track 2 are tuned and tested on."""
    threads: Annotated[int, Field(ge=1)] | None = None
    """Threads that a training computes with on a CPU, on which its bytes depend; null: all."""
    live_curves: bool = False
    """Whether a training shows its losses in MLflow while it runs."""
    claims: str | None = None
    """YAML of what a text about the campaign states; the audit holds it against the evidence."""
    printed_cells: str | None = None
    """CSV of the cells that the text prints: table, row, column, printed."""
    worked_numbers: str | None = None
    """Folder of YAML files with the figures and equations that the text works out beside its tables (:mod:`stages.worked_entries`)."""


class Price(Strict):
    """Price of one device, ``params/prices.yaml``."""

    name: str
    """Short name, as printed."""
    usd_per_hour: Annotated[float, Field(ge=0)] | None
    """Null where nothing is paid by the hour: not measured, never zero."""
    source: str
