"""The typed model of a run: ``params/runs/<run>.yaml``. Units stand in the field names."""

from typing import Annotated, Literal

from pydantic import Field

from stages.evaluation_parameters import Evaluation, Sampling
from stages.strict import Count, Fraction, Seed, Size, Strict
from stages.text_parameters import Cleaning
from stages.tokenizer_parameters import Tokenizer
from stages.training_parameters import RecurrentArchitecture, Training, TransformerArchitecture


class AdapterArchitecture(Strict):
    """LoRA adapters on a 4-bit quantised language model (track 2)."""

    family: Literal["qlora"]
    base_model: str
    quantisation: Literal["nf4"]
    double_quantisation: bool
    compute_dtype: str
    lora_rank: Count
    lora_alpha: Count
    lora_dropout: Fraction
    lora_targets: list[str]
    parameter_count: Count | None = None
    """Trainable parameters."""


class Data(Strict):
    dataset: str
    documents_train: Count
    documents_validation: Count
    documents_test: Count | None = None
    minimum_characters: Count | None = None
    sequence_length: Size
    stride: Size | None = None
    shuffle_buffer_windows: Count | None = None
    """0: all windows are shuffled together."""
    shuffle_buffer_documents: Count | None = None
    """Of a streamed dataset."""


class Extrinsic(Strict):
    """Evaluation of base and adapted model on tasks, over seeds that draw the examples."""

    base_model: str
    adapter_run: str
    dataset: str | None = None
    """Whose rows the examples are drawn from."""
    tasks: dict[str, list[str]]
    """Metrics by task."""
    seeds: Annotated[list[int], Field(min_length=1)]
    examples_per_task: Count
    normaliser: str
    quantisation: Literal["nf4"]
    decoding: Literal["greedy"]
    batch_size: Count
    maximum_prompt_tokens: Count
    maximum_new_tokens: dict[str, int]


class Hardware(Strict):
    device: str
    """As the driver names it."""
    source: str
    """Where that is known from."""


class EvidenceFiles(Strict):
    """Which importer reads the run from published files, and which files."""

    importer: Literal["recurrent", "transformer", "adapter", "extrinsic", "trained"]
    files: dict[str, str]
    """Paths below the evidence root, by the role that the importer gives them."""
    keys: dict[str, str] = Field(default={})
    """Names under which a shared file holds this run."""


class Configuration(Strict):
    """What defines a run; a record keeps it."""

    seed: Seed
    architecture: Annotated[RecurrentArchitecture | TransformerArchitecture | AdapterArchitecture, Field(discriminator="family")] | None = (
        None
    )
    tokenizer: Tokenizer | None = None
    data: Data | None = None
    cleaning: Cleaning | None = None
    training: Training | None = None
    evaluation: Evaluation | None = None
    sampling: Sampling | None = None
    extrinsic: Extrinsic | None = None


class RunParameters(Configuration):
    """One run: ``params/runs/<run>.yaml``."""

    run: str
    variant_of: str | None = None
    """Run whose file and overrides lie below this one's."""
    version: str
    track: Literal[1, 2]
    title: str
    """Name in the thesis's tables."""
    hardware: Hardware
    notes: dict[str, str] = Field(default={})
    """What is inferred or unknown, by field."""
    evidence: EvidenceFiles | None = None
