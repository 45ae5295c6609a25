"""The results part of a record: losses, guardrails, scores and probes. Units stand in the field names."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


class Loss(Part):
    """Loss on held-out text, in nats per token, and what follows from it."""

    loss_nats: float
    perplexity: float | None = None
    accuracy: float | None = None
    """Share of positions whose most probable token is right, 0 to 1."""
    bits_per_character: float | None = None
    epoch: int | None = None
    """The epoch it belongs to, counted from 1."""
    windows: int | None = None
    label_tokens: int | None = None
    weights: Literal["best", "last", "base", "unknown"] = "unknown"
    """Which weights were evaluated."""
    plain: bool | None = None
    """Whether it is known to be cross-entropy alone, without smoothing or penalties."""


class HeldOut(Loss):
    """Loss on text that no run of the campaign trains on, and what needs no model on the same targets."""

    tokens: int
    characters: int
    """Of the text; what separates its documents is not counted."""
    unknown_tokens: int
    """Where there are any, the text was not read in full, and bits per character are too few by what they hide."""
    text_sha256: str
    """Of the text's manifest: runs compare where it is the same."""
    bits_standard_error: float
    """Of the bits per character, from the spread of the windows' losses."""
    uniform_loss_nats: float
    """Of every token being as probable as any other."""
    unigram_loss_nats: float
    """Of the frequencies of the training tokens."""


class Guardrails(Part):
    """Token shapes of generated samples, re-encoded with a tokenizer."""

    fallback_ratio: float
    short_piece_ratio: float
    passes: bool
    samples: int
    tokens: int
    tokenizer: str
    samples_of: str
    """Name under which the samples were published."""
    weights: Literal["best", "last", "unknown"] = "unknown"
    """Which weights they were drawn from."""


class Intrinsic(Part):
    """Token-weighted validation loss of the base model and with the adapter, on the same quantised weights."""

    base: Loss
    adapter: Loss
    perplexity_reduction: float
    """1 - perplexity with adapter / perplexity of base."""


class Scores(Part):
    """One metric of one system on one task, one value a seed."""

    seeds: list[int]
    score: list[float]
    """Recomputed from the per-example outputs."""
    published: list[float | None]
    """As the run itself reported it."""


class Gain(Part):
    """What the adapted system scores above the base, with the 95 % interval of a paired bootstrap (:mod:`stages.statistics`)."""

    mean: float
    """Over seeds, of the mean difference over a seed's examples."""
    low: float
    high: float


class Task(Part):
    examples: list[int]
    """Per-example outputs found, one count a seed."""
    metrics: dict[str, dict[str, Scores]]
    """By metric, then system (``base``, ``sft``)."""
    gains: dict[str, Gain] | None = None
    """By metric."""
    cut: dict[str, list[int]] | None = None
    """Answers that were ended by the limit of tokens, not by the model; by system, one count a seed."""
    loops: dict[str, list[int]] | None = None
    """Answers that repeat themselves (:mod:`stages.repetition`); by system, one count a seed."""


class Probe(Part):
    """What one system answered to one probe's prompts."""

    examples: int
    failures: int
    empty: int
    """Answers without text, which fail nothing."""


class Spread(Part):
    """One metric of one system on one task, answered anew for each sampling seed."""

    temperature: float
    seeds: list[int]
    score: list[float]
    greedy: float
    """Of the same examples, answered greedily."""


class Results(Part):
    validation: Loss | None = None
    """On the training's own validation text; the best epoch's."""
    windowed: Loss | None = None
    """On a fixed set of windows, the same within a phase."""
    held_out: HeldOut | None = None
    """On text that no run trains on, the same for all of them."""
    guardrails: Guardrails | None = None
    intrinsic: Intrinsic | None = None
    extrinsic: dict[str, Task] | None = None
    probes: dict[str, dict[str, Probe]] | None = None
    """By probe, then system."""
    sampled: dict[str, dict[str, dict[str, Spread]]] | None = None
    """By task, metric and system."""
