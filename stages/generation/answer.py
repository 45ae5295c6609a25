"""What a model says to a prompt."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class Answer(NamedTuple):
    ids: list[int]
    """Without the token that ended it."""
    tokens: int
    """That the model generated: with the one that ended it."""
    stop: Literal["end", "length"]
    """Whether the model ended the answer, or the number of tokens that it may have."""


def answer_of(generated: Sequence[int], stops: Collection[int]) -> Answer:
    """The answer in the tokens after a prompt, which ends at the first of ``stops``; what a batch pads it with lies behind."""
    length = next((place for place, each in enumerate(generated) if each in stops), None)
    if length is None:
        return Answer(list(generated), len(generated), "length")
    return Answer(list(generated[:length]), length + 1, "end")


def texts_of(tokenizer: "PreTrainedTokenizerFast", answers: Sequence[Answer]) -> list[str]:
    """What the answers say, without control tokens, stripped."""
    texts = tokenizer.batch_decode([answer.ids for answer in answers], skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return [text.strip() for text in texts]
