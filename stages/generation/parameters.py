"""What decides the answers of one system beside its weights and its prompts."""

from typing import Literal

from stages.strict import Size, Strict


class Base(Strict):
    """How the base model is loaded: an adapter's architecture without the adapter."""

    base_model: str
    revision: str | None = None
    quantisation: Literal["nf4"]
    double_quantisation: bool
    compute_dtype: str


class Generation(Strict):
    """How it answers; an evaluation has these among its parameters."""

    engine: Literal["transformers", "vllm"]
    decoding: Literal["greedy"]
    batch_size: Size
    maximum_prompt_tokens: Size
    maximum_new_tokens: dict[str, Size]
    """By task."""


class GenerateParameters(Strict):
    architecture: Base
    generation: Generation
