"""The typed models of what a run's weights are: architectures of both tracks, and how they are trained."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stages.strict import Count, Fraction, Positive, Share, Size, Strict

Packing = Literal["padded", "blocks", "isolated"]
"""How track 2's documents become rows: one a row, padded; run together and cut into blocks; or several a row, none seeing another."""


class RecurrentArchitecture(Strict):
    """Character or subword LSTM/GRU (v1 to v4): embedding, stacked cells, softmax over the token after a window."""

    family: Literal["recurrent"]
    cell: Literal["lstm", "gru"]
    """A GRU is of the reset-after variant, with two bias vectors."""
    embedding_size: Size
    hidden_size: Size
    layers: Size
    dropout_input: Share = 0.0
    dropout_recurrent: Share = 0.0
    dropout_final: Share = 0.0
    layer_norm_epsilon: Positive | None = None
    """Of a LayerNorm after each layer; none where null."""
    parameter_count: Count | None = None


class TransformerArchitecture(Strict):
    """Decoder-only, pre-LayerNorm, learned positions, exact GELU (v5 and v6)."""

    family: Literal["transformer"]
    model_size: Size
    layers: Size
    heads: Size
    feed_forward_size: Size
    dropout: Share
    layer_norm_epsilon: Positive = 1e-5
    tied_output: bool = True
    """Whether the output shares the token embedding."""
    parameter_count: Count | None = None

    @model_validator(mode="after")
    def _divide_among_heads(self) -> "TransformerArchitecture":
        if self.model_size % self.heads:
            raise ValueError(f"{self.heads} heads cannot share a model size of {self.model_size} equally")
        return self


class LlamaArchitecture(Strict):
    """A small LLaMA that is trained here: what adapters are trained on where no released model is at hand."""

    family: Literal["llama"]
    model_size: Size
    layers: Size
    heads: Size
    key_value_heads: Size
    feed_forward_size: Size
    rope_theta: Positive = 10000.0
    tied_output: bool = True
    parameter_count: Count | None = None


class QuantisedBase(Strict):
    """A language model as it is loaded: quantised to 4 bits, with adapters on it or without."""

    base_model: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)?$")]
    """``owner/name`` on the Hugging Face hub, or a run of the campaign that trains a model."""
    revision: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]*$")] | None = None
    """Commit of the hub's repository; null for a run, and where it is unknown."""
    quantisation: Literal["nf4"]
    double_quantisation: bool
    compute_dtype: str


class AdapterArchitecture(QuantisedBase):
    """LoRA adapters on a 4-bit quantised language model (track 2; Dettmers et al., 2023)."""

    family: Literal["qlora"]
    adapter_run: str | None = None
    """Run whose adapter the training goes on from; null: from a new one."""
    lora_rank: Size
    lora_alpha: Size
    lora_dropout: Share
    lora_targets: Annotated[list[str], Field(min_length=1)]
    parameter_count: Count | None = None
    """Trainable parameters."""


Architecture = RecurrentArchitecture | TransformerArchitecture | LlamaArchitecture | AdapterArchitecture


class EarlyStopping(Strict):
    monitor: Literal["train_loss", "validation_loss"]
    patience: Count
    """Epochs without a better value."""
    restore_best: bool


class Plateau(Strict):
    """Learning rate multiplied by ``factor`` after ``patience`` epochs without a better value."""

    factor: Fraction
    patience: Count
    minimum_learning_rate: Annotated[float, Field(ge=0)]


class Training(Strict):
    objective: Literal["many_to_one", "all_positions", "answer_tokens"]
    """Which tokens are in the loss: the one after each window, every next token, or those of the answer."""
    optimiser: Literal["adam", "adamw"]
    beta1: Share
    beta2: Share
    epsilon: Positive
    learning_rate: Positive
    schedule: Literal["constant", "cosine"]
    warmup_steps: Count = 0
    schedule_steps: Count | None = None
    """Step at which the schedule ends."""
    plateau: Plateau | None = None
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    clip: Literal["none", "tensor", "global"]
    """Whether the norm of each gradient tensor or of all together is clipped."""
    clip_norm: Positive | None = None
    label_smoothing: Share = 0.0
    tail_penalty: Annotated[float, Field(ge=0)] | None = 0.0
    """Weight of the mean probability of the last 256 ids, added to the loss; null where unknown."""
    precision: str
    """``fp32``, ``bf16`` or ``fp16 mixed``; a device without mixed precision computes in fp32 and the record says so."""
    batch_size: Size
    drop_partial_batch: bool = False
    """Whether the windows that fill no whole batch at the end of an epoch are left out."""
    gradient_accumulation: Size = 1
    gradient_checkpointing: bool = False
    epochs: Count
    early_stopping: EarlyStopping | None = None
    evaluate_every_steps: Count | None = None
    """Null: once an epoch."""
    save_every_steps: Count | None = None
