"""The typed models of how a trained model is evaluated and sampled."""

from typing import Annotated

from pydantic import Field

from stages.strict import Count, Fraction, Seed, Size, Strict
from stages.text_parameters import Cleaning


class Windowed(Strict):
    """The thesis's windowed evaluation: the token after each window, over the first windows of the corpus's first documents."""

    documents: Size
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

    prompts: list[str] = Field(default=[])
    seeds: list[Seed] = Field(default=[])
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
