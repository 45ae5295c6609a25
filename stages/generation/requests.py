"""From examples to what the model gets: a prompt each, which fits its context."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stages.errors import UserError
from stages.generation.batches import Request
from stages.generation.examples import Draw
from stages.generation.parameters import Generation
from stages.generation.prompts import fitted_prompt
from stages.tasks import user_message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def requests_of(draws: Sequence[Draw], tokenizer: "PreTrainedTokenizerFast", generation: Generation, context: int) -> list[Request]:
    """Requests of all draws in their order; :class:`UserError` names the first example whose prompt and answer the context cannot hold."""
    seeds = [draw.seed for draw in draws]
    if len(set(seeds)) < len(seeds):
        raise UserError("--draws", "seed", ", ".join(map(str, seeds)), "each seed once")
    return [request for draw in draws for request in _of_draw(draw, tokenizer, generation, context)]


def _of_draw(draw: Draw, tokenizer: "PreTrainedTokenizerFast", generation: Generation, context: int) -> Iterator[Request]:
    for line, example in enumerate(draw.examples):
        place, limits = draw.place(line), generation.maximum_new_tokens
        if example.task not in limits:
            raise UserError(place, "task", repr(example.task), "one of: " + ", ".join(limits))
        message = user_message(example.instruction, example.input)
        prompt, new = fitted_prompt(tokenizer, message, generation.maximum_prompt_tokens, place), limits[example.task]
        do = f"Lower extrinsic.maximum_prompt_tokens to {context - new}: prompts beyond are shortened, and counted."
        if new >= context:
            do = f"Lower extrinsic.maximum_new_tokens.{example.task}."
        check_context(place, "prompt", prompt.ids, new, context, do)
        yield Request(draw.seed, example.task, example.hash, prompt.ids, prompt.shortened, new)


def check_context(place: str, field: str, prompt: Sequence[int], new: int, context: int, do: str) -> None:
    """:class:`UserError` where a model of so many tokens of ``context`` cannot hold a prompt and an answer of ``new`` tokens."""
    if len(prompt) + new > context:
        found = f"{len(prompt)} tokens of a prompt and {new} of its answer"
        raise UserError(place, field, found, f"{context} at most, the model's context", do)
