"""The prompt of an example, cut to a number of tokens where it is longer: in the user's message, so that what follows it stays whole."""

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from stages.errors import UserError
from stages.tuning.chat import prompt_ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class Prompt(NamedTuple):
    ids: list[int]
    shortened: bool


def fitted_prompt(tokenizer: "PreTrainedTokenizerFast", message: str, maximum: int, place: str) -> Prompt:
    """Ids of the chat template around ``message``, of which as much is kept, from its beginning, as ``maximum`` tokens hold.

    The message loses its end, never the prompt: its last tokens close the message and open the answer. :class:`UserError`, which names
    ``place``, where the template alone is longer.
    """
    ids = prompt_ids(tokenizer, message)
    if len(ids) <= maximum:
        return Prompt(ids, False)
    kept = bisect_right(range(len(message)), maximum, key=lambda length: len(prompt_ids(tokenizer, message[:length])))
    for length in range(kept, -1, -1):  # one step, or a few: a longer text can have fewer tokens
        if len(ids := prompt_ids(tokenizer, message[:length])) <= maximum:
            return Prompt(ids, True)
    do = "Raise extrinsic.maximum_prompt_tokens."
    raise UserError(place, "prompt", f"{len(ids)} tokens of the chat template alone", f"at most {maximum}", do)
