"""The typed models behind ``params/``: what a run, a campaign and a price may say. Units stand in the field names."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """No unknown keys, no infinities; text that reads as a number is one (YAML takes ``1e-3`` for text)."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class RecurrentArchitecture(Strict):
    """Character or subword LSTM/GRU (v1 to v4): embedding, stacked cells, softmax over the token after a window."""

    family: Literal["recurrent"]
    cell: Literal["lstm", "gru"]
    """A GRU is of the reset-after variant, with two bias vectors."""
    embedding_size: Count
    hidden_size: Count
    layers: Count
    dropout_input: Fraction = 0.0
    dropout_recurrent: Fraction = 0.0
    dropout_final: Fraction = 0.0
    layer_norm_epsilon: float | None = None
    """Of a LayerNorm after each layer; none where null."""
    parameter_count: Count | None = None


class TransformerArchitecture(Strict):
    """Decoder-only, pre-LayerNorm, learned positions, exact GELU (v5 and v6)."""

    family: Literal["transformer"]
    model_size: Count
    layers: Count
    heads: Count
    feed_forward_size: Count
    dropout: Fraction
    layer_norm_epsilon: float = 1e-5
    tied_output: bool = True
    """Whether the output shares the token embedding."""
    parameter_count: Count | None = None


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


class Tokenizer(Strict):
    kind: Literal["character", "bpe", "unigram", "pretrained"]
    name: str
    vocabulary_requested: Count | None = None
    vocabulary: Count | None = None
    """Entries that the tokenizer really has."""
    byte_fallback: bool = False
    character_coverage: Fraction | None = None
    add_bos: bool = False
    """Whether each document begins with a token of its own."""
    add_eos: bool = False


class Data(Strict):
    dataset: str
    documents_train: Count
    documents_validation: Count
    documents_test: Count | None = None
    minimum_characters: Count | None = None
    sequence_length: Count
    stride: Count | None = None
    shuffle_buffer_windows: Count | None = None
    """0: all windows are shuffled together."""
    shuffle_buffer_documents: Count | None = None
    """Of a streamed dataset."""


class Cleaning(Strict):
    """Flags of the fourteen cleaning rules."""

    lowercase: bool
    normalize_numbers: bool
    drop_uppercase_lines: bool
    minimum_line_characters: Count
    minimum_alphabetic_ratio: Fraction


class EarlyStopping(Strict):
    monitor: Literal["train_loss", "validation_loss"]
    patience: Count
    """Epochs without a better value."""
    restore_best: bool


class Plateau(Strict):
    """Learning rate multiplied by ``factor`` after ``patience`` epochs without a better value."""

    factor: Fraction
    patience: Count
    minimum_learning_rate: float


class Training(Strict):
    objective: Literal["many_to_one", "all_positions", "answer_tokens"]
    """Which tokens are in the loss: the one after each window, every next token, or those of the answer."""
    optimiser: Literal["adam", "adamw"]
    beta1: float
    beta2: float
    epsilon: float
    learning_rate: Annotated[float, Field(gt=0)]
    schedule: Literal["constant", "cosine"]
    warmup_steps: Count = 0
    schedule_steps: Count | None = None
    """Step at which the schedule ends."""
    plateau: Plateau | None = None
    weight_decay: float = 0.0
    clip: Literal["none", "tensor", "global"]
    """Whether the norm of each gradient tensor or of all together is clipped."""
    clip_norm: float | None = None
    label_smoothing: Fraction = 0.0
    tail_penalty: float | None = 0.0
    """Weight of the mean probability of the last 256 ids, added to the loss; null where unknown."""
    precision: str
    batch_size: Count
    gradient_accumulation: Count = 1
    gradient_checkpointing: bool = False
    epochs: Count
    early_stopping: EarlyStopping | None = None
    evaluate_every_steps: Count | None = None
    """Null: once an epoch."""
    save_every_steps: Count | None = None


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

    importer: Literal["recurrent", "transformer", "adapter", "extrinsic"]
    files: dict[str, str]
    """Paths below the evidence root, by the role that the importer gives them."""
    keys: dict[str, str] = {}
    """Names under which a shared file holds this run."""


class Configuration(Strict):
    """What defines a run; a record keeps it."""

    seed: int
    architecture: Annotated[RecurrentArchitecture | TransformerArchitecture | AdapterArchitecture, Field(discriminator="family")] | None = (
        None
    )
    tokenizer: Tokenizer | None = None
    data: Data | None = None
    cleaning: Cleaning | None = None
    training: Training | None = None
    extrinsic: Extrinsic | None = None


class RunParameters(Configuration):
    """One run: ``params/runs/<run>.yaml``."""

    run: str
    version: str
    track: Literal[1, 2]
    title: str
    """Name in the thesis's tables."""
    hardware: Hardware
    notes: dict[str, str] = {}
    """What is inferred or unknown, by field."""
    evidence: EvidenceFiles | None = None


class CampaignParameters(Strict):
    """One campaign: ``params/campaigns/<campaign>.yaml``."""

    campaign: str
    source: Literal["evidence"]
    """Where the records come from."""
    runs: list[str]
    defaults: dict[str, Any] = {}
    """Run parameters that hold unless a run says otherwise."""
    claims: str | None = None
    """YAML of what a text about the campaign states; the audit holds it against the evidence."""
    printed_cells: str | None = None
    """CSV of the cells that the text prints: table, row, column, printed."""


class Price(Strict):
    """Price of one device, ``params/prices.yaml``."""

    name: str
    """Short name, as printed."""
    usd_per_hour: Annotated[float, Field(ge=0)]
    source: str
