"""A message and its answer as ids, by the chat template of the model's own tokenizer.

The template's text is tokenised once, with no control tokens beyond those that the template writes: what a message holds of them
stays ordinary text. Dates in a template's header are pinned, so that the same message gives the same ids on any day.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stages.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

TODAY = "26 Jul 2024"
"""The day that LLaMA-3.1's template takes where it is given none."""
PIN = f"{{%- set date_string = '{TODAY}' -%}}{{%- macro strftime_now(format) -%}}{TODAY}{{%- endmacro -%}}"
"""Put before a template, which reads the day from one of the two."""
SPARE = ("<|finetune_right_pad_id|>", "<|reserved_special_token_0|>")
"""Control tokens of LLaMA 3 that no text holds."""


def prompt_ids(tokenizer: "PreTrainedTokenizerFast", message: str) -> list[int]:
    """Ids of a user's message up to where its answer begins: one beginning of text, first of all.

    :class:`UserError` where the tokenizer has no chat template, or one that begins otherwise.
    """
    return prompts(tokenizer, [message])[0]


def example_ids(tokenizer: "PreTrainedTokenizerFast", message: str, answer: str) -> tuple[list[int], int]:
    """Ids of message and answer up to the end of its turn, which is the last of them; how many are the prompt's."""
    return examples(tokenizer, [(message, answer)])[0]


def prompts(tokenizer: "PreTrainedTokenizerFast", messages: Sequence[str]) -> list[list[int]]:
    """:func:`prompt_ids` of each message, tokenised together."""
    found = _ids(tokenizer, [[_turn("user", message)] for message in messages], add_generation_prompt=True)
    begin = tokenizer.bos_token_id
    for ids in found:
        if begin is not None and (ids.count(begin) != 1 or ids[0] != begin):
            count = f"{ids.count(begin)} of {tokenizer.bos_token} in {tokenizer.decode(ids[:8])!r}…"
            raise _unfit(tokenizer, count, "a template that writes it once, before all else")
    return found


def examples(tokenizer: "PreTrainedTokenizerFast", pairs: Sequence[tuple[str, str]]) -> list[tuple[list[int], int]]:
    """:func:`example_ids` of each message and answer, tokenised together."""
    ends = end_of_turn(tokenizer)
    begun = prompts(tokenizer, [message for message, _ in pairs])
    whole = _ids(tokenizer, [[_turn("user", message), _turn("assistant", answer)] for message, answer in pairs])
    answers = [_after(tokenizer, prompt, ids) for prompt, ids in zip(begun, whole, strict=True)]
    return [(prompt + answer[: answer.index(ends) + 1], len(prompt)) for prompt, answer in zip(begun, answers, strict=True)]


def end_of_turn(tokenizer: "PreTrainedTokenizerFast") -> int:
    """The token with which the template closes an answer; :class:`UserError` where it closes it with no token of its own."""
    chat = [_turn("user", "a"), _turn("assistant", "b")]
    prompt, whole = _ids(tokenizer, [chat[:1]], add_generation_prompt=True)[0], _ids(tokenizer, [chat])[0]
    control = {token for token, added in tokenizer.added_tokens_decoder.items() if added.special}
    closing = next((token for token in _after(tokenizer, prompt, whole) if token in control), None)
    if closing is None:
        raise _unfit(tokenizer, "no control token after an answer", "a template that closes each turn with one")
    return closing


def _after(tokenizer: "PreTrainedTokenizerFast", prompt: list[int], ids: list[int]) -> list[int]:
    """What follows the prompt in ``ids``: the answer, the end of its turn, and what some templates write after that."""
    if ids[: len(prompt)] != prompt:
        found = f"{tokenizer.decode(ids)[:200]!r}, which does not go on from its prompt"
        raise _unfit(tokenizer, found, "a template that writes an answer after the header that asks for it")
    return ids[len(prompt) :]


def pad_id(tokenizer: "PreTrainedTokenizerFast") -> int:
    """A token to fill rows with that ends nothing, for what is filled is not learnt: the tokenizer's own, or else a spare one.

    :class:`UserError` where it has none.
    """
    taken = {tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id}
    if tokenizer.chat_template:
        taken.add(end_of_turn(tokenizer))
    vocabulary = tokenizer.get_vocab()
    candidates: list[int | None] = [tokenizer.pad_token_id, *(vocabulary.get(name) for name in SPARE)]
    for token in candidates:
        if token is not None and token not in taken:
            return token
    found = f"{tokenizer.pad_token!r}, which also ends texts or turns" if tokenizer.pad_token else "nothing"
    do = "Add one to its tokenizer_config.json."
    raise UserError(tokenizer.name_or_path or "the tokenizer", "pad_token", found, f"a token of its own, or one of {', '.join(SPARE)}", do)


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _ids(tokenizer: "PreTrainedTokenizerFast", chats: list[list[dict[str, str]]], **settings: Any) -> list[list[int]]:
    """Ids of each chat by the tokenizer's template."""
    if not tokenizer.chat_template:
        raise _unfit(tokenizer, "nothing", "the template of a model that answers", "Take an Instruct model.")
    if not chats:
        return []
    template = PIN + tokenizer.get_chat_template()
    encoded: Any = tokenizer.apply_chat_template(chats, chat_template=template, sanitize_control_tokens=True, **settings)
    found: list[list[int]] = encoded["input_ids"]
    return found


def _unfit(tokenizer: "PreTrainedTokenizerFast", found: str, expected: str, do: str = "") -> UserError:
    return UserError(tokenizer.name_or_path or "the tokenizer", "chat_template", found, expected, do)
