"""The typed models behind ``params/``: what a run, a campaign and a price may say. Units stand in the field names."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """No unknown keys, no infinities; text that reads as a number is one (YAML takes ``1e-3`` for text)."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=1)]


class RecurrentArchitecture(Strict):
    """Character or subword LSTM/GRU (v1 to v4): embedding, stacked cells, softmax over the token after a window."""

    family: Literal["recurrent"]
    cell: Literal["lstm", "gru"]
    """A GRU is of the reset-after variant, with two bias vectors."""
    embedding_size: Size
    hidden_size: Size
    layers: Size
    dropout_input: Fraction = 0.0
    dropout_recurrent: Fraction = 0.0
    dropout_final: Fraction = 0.0
    layer_norm_epsilon: float | None = None
    """Of a LayerNorm after each layer; none where null."""
    parameter_count: Count | None = None


class TransformerArchitecture(Strict):
    """Decoder-only, pre-LayerNorm, learned positions, exact GELU (v5 and v6)."""

    family: Literal["transformer"]
    model_size: Size
    layers: Size
    heads: Size
    feed_forward_size: Size
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


class Cleaning(Strict):
    """Flags of the fourteen cleaning rules."""

    lowercase: bool
    normalize_numbers: bool
    drop_uppercase_lines: bool
    minimum_line_characters: Count
    minimum_alphabetic_ratio: Fraction


class TokenizerTraining(Strict):
    """How a SentencePiece model is trained, and on which text; a character tokenizer reads the training text of its run."""

    documents: Count
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
    kind: Literal["character", "bpe", "unigram", "pretrained"]
    name: str
    unknown: str | None = None
    """Character that stands for those which a character vocabulary lacks; a space where null."""
    training: TokenizerTraining | None = None
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
    sequence_length: Size
    stride: Size | None = None
    shuffle_buffer_windows: Count | None = None
    """0: all windows are shuffled together."""
    shuffle_buffer_documents: Count | None = None
    """Of a streamed dataset."""


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
    """``fp32``, ``bf16`` or ``fp16 mixed``; a device without mixed precision computes in fp32 and the record says so."""
    batch_size: Size
    drop_partial_batch: bool = False
    """Whether the windows that fill no whole batch at the end of an epoch are left out."""
    gradient_accumulation: Count = 1
    gradient_checkpointing: bool = False
    epochs: Count
    early_stopping: EarlyStopping | None = None
    evaluate_every_steps: Count | None = None
    """Null: once an epoch."""
    save_every_steps: Count | None = None


class Windowed(Strict):
    """The thesis's windowed evaluation: the token after each window, over the first windows of the corpus's first documents."""

    documents: Count
    stride: Size
    maximum_windows: Size


class HeldOut(Strict):
    """The same on text that no run trains on, cleaned one way for all runs, with the windows spread evenly over it."""

    documents: Size
    minimum_characters: Count
    cleaning: Cleaning
    maximum_windows: Size


class Evaluation(Strict):
    windowed: Windowed | None = None
    held_out: HeldOut | None = None
    batch_size: Size = 1024


class Sampling(Strict):
    """How texts are drawn from a trained model, and what their token shapes may be."""

    prompts: list[str] = []
    seeds: list[Count] = []
    """One a prompt."""
    temperature: Annotated[float, Field(gt=0)]
    top_k: Count | None = None
    """Null: all."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    maximum_new_tokens: Count
    minimum_new_tokens: Count = 0
    """An end of text is not drawn before."""
    frequency_penalty: float = 0.0
    """Taken from a token's logit for each time it was drawn already."""
    maximum_fallback_ratio: Fraction = 0.03
    maximum_short_piece_ratio: Fraction = 0.12


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
    keys: dict[str, str] = {}
    """Names under which a shared file holds this run."""


class Configuration(Strict):
    """What defines a run; a record keeps it."""

    seed: Count
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
    notes: dict[str, str] = {}
    """What is inferred or unknown, by field."""
    evidence: EvidenceFiles | None = None
