"""The typed model of a run: ``params/runs/<run>.yaml``. Units stand in the field names."""

from typing import Annotated, Literal

from pydantic import Field

from stages.evaluation_parameters import Evaluation, Sampling
from stages.generation.parameters import Generation
from stages.strict import Count, Positive, Seed, Seeds, Size, Strict
from stages.text_parameters import Cleaning
from stages.tokenizer_parameters import Tokenizer
from stages.training_parameters import Architecture, Packing, Training


class Data(Strict):
    dataset: str
    documents_train: Count
    documents_validation: Count
    documents_test: Count | None = None
    minimum_characters: Count | None = None
    sequence_length: Size
    packing: Packing | None = None
    stride: Size | None = None
    shuffle_buffer_windows: Count | None = None
    """0: all windows are shuffled together."""
    shuffle_buffer_documents: Count | None = None
    """Of a streamed dataset."""


class Extrinsic(Generation):
    """Evaluation of base and adapted model on tasks, over seeds that draw the examples."""

    base_model: str
    adapter_run: str
    dataset: str | None = None
    """Whose rows the examples are drawn from."""
    tasks: dict[str, list[str]]
    """Metrics by task."""
    seeds: Annotated[Seeds, Field(min_length=1)]
    examples_per_task: Size
    exclude_near_duplicates: bool = False
    """Whether examples that nearly repeat a prompt of the split that models are tuned on are passed over, as those that it holds are."""
    normaliser: str
    quantisation: Literal["nf4"]


class Probes(Strict):
    """What is asked of base and adapted model beyond the thesis's tasks: built-in prompts, and sampled answers."""

    evaluation_run: str
    """Whose base and adapted model are asked; sampled answers are to its first seed's examples."""
    batch_size: Size
    maximum_new_tokens: Size
    temperature: Positive
    sampling_seeds: Annotated[Seeds, Field(min_length=2)]
    examples_per_task: Size
    """First ones of the evaluation's, answered once a sampling seed."""


class Hardware(Strict):
    device: str
    """As the driver names it."""
    source: str
    """Where that is known from."""
    processes: Size = Field(default=1, exclude_if=lambda count: count == 1)  # what is not said changes no hash of the parameters
    """That share a training, one a device."""


class EvidenceFiles(Strict):
    """Which importer reads the run from published files, and which files."""

    importer: Literal["recurrent", "transformer", "adapter", "extrinsic", "trained", "tuned", "evaluated", "probed"]
    files: dict[str, str]
    """Paths below the evidence root, by the role that the importer gives them."""
    keys: dict[str, str] = Field(default={})
    """Names under which a shared file holds this run."""


class Configuration(Strict):
    """What defines a run; a record keeps it."""

    seed: Seed
    architecture: Annotated[Architecture, Field(discriminator="family")] | None = None
    tokenizer: Tokenizer | None = None
    data: Data | None = None
    cleaning: Cleaning | None = None
    training: Training | None = None
    evaluation: Evaluation | None = None
    sampling: Sampling | None = None
    extrinsic: Extrinsic | None = None
    probes: Probes | None = None


class RunParameters(Configuration):
    """One run: ``params/runs/<run>.yaml``."""

    run: str
    variant_of: str | None = None
    """Run whose file and overrides lie below this one's."""
    version: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """A folder's name."""
    track: Literal[1, 2]
    title: str
    """Name in the thesis's tables."""
    hardware: Hardware
    notes: dict[str, str] = Field(default={})
    """What is inferred or unknown, by field."""
    evidence: EvidenceFiles | None = None
