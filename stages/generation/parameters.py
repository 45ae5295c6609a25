"""What decides the answers of one system beside its weights and its prompts."""

from typing import Literal

from stages.strict import Size, Strict
from stages.training_parameters import QuantisedBase


class Generation(Strict):
    """How it answers."""

    engine: Literal["transformers", "vllm"] = "transformers"
    decoding: Literal["greedy"]
    batch_size: Size
    maximum_prompt_tokens: Size
    maximum_new_tokens: dict[str, Size]
    """By task."""


class GenerateParameters(Strict):
    architecture: QuantisedBase
    generation: Generation
