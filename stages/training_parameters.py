"""The typed models of what a run's weights are: architectures of track 1, and how they are trained."""

from typing import Annotated, Literal

from pydantic import Field

from stages.strict import Count, Fraction, Size, Strict


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
