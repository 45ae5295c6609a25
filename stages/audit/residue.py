"""What is left of a prompt in front of a stored answer, and the answer without it.

Generated text that was cut at the wrong place begins with the prompt's tail: words of the question, then the template's header of
the answering turn. The header is what tells where the answer begins; several families of chat templates are known here, with
their special tokens kept or skipped.
"""

import re

SHORTEST_ECHO = 20
"""Characters of the prompt's end that must stand at the output's start to count as an echo; shorter ones occur by chance."""

_ANSWER_HEADER = re.compile(
    # Llama 3, special tokens kept or skipped: then the word is glued to the prompt's end, unlike one in a sentence.
    r"<\|start_header_id\|>assistant<\|end_header_id\|>\r?\n\r?\n|(?<![ \t])assistant\r?\n\r?\n"
    r"|<\|assistant\|>\r?\n?"  # Phi, Zephyr
    r"|<\|im_start\|>assistant\r?\n|^assistant\r?\n"  # ChatML, special tokens kept or skipped
    r"|<start_of_turn>model\r?\n"  # Gemma
    r"|\[/INST\]"  # Llama 2, Mistral
    r"|^#{2,3} ?(?:Response|Resposta|Assistant|Assistente):",  # Alpaca and its kind
    re.MULTILINE,
)
_SPECIAL = re.compile(r"<\|[a-z0-9_]+\|>|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>|</?s>|<(?:pad|unk|bos|eos)>")
_DOUBLE_BOS = re.compile(r"(?:<s>\s*){2}|(?:<\|begin_of_text\|>\s*){2}|(?:<bos>\s*){2}")


def answer_of(output: str) -> str:
    """``output`` from behind the last header of an answering turn, stripped; the whole of it, stripped, where there is none."""
    headers = list(_ANSWER_HEADER.finditer(output))
    return output[headers[-1].end() if headers else 0 :].strip()


def has_header(output: str) -> bool:
    """Whether a template's header of an answering turn stands in ``output``."""
    return _ANSWER_HEADER.search(output) is not None


def special_tokens(output: str) -> list[str]:
    """Special tokens of chat templates that stand in ``output``, each once."""
    return list(dict.fromkeys(_SPECIAL.findall(output)))


def has_double_bos(text: str) -> bool:
    """Whether ``text`` begins a sequence twice, as a template that is tokenised with special tokens does."""
    return _DOUBLE_BOS.search(text) is not None


def echoed(prompt: str, output: str) -> int:
    """Characters at the start of ``output`` that are the end of ``prompt`` (0 where fewer than :data:`SHORTEST_ECHO`)."""
    asked, given = prompt.strip(), output.lstrip()
    longest = min(len(asked), len(given))
    # From long to short: the first that fits is the whole echo.
    return next((length for length in range(longest, SHORTEST_ECHO - 1, -1) if asked.endswith(given[:length])), 0)


def left_of_prompt(prompt: str, output: str) -> bool:
    """Whether ``output`` holds a template's header, or begins inside a word of ``prompt`` and runs to its end.

    An answer may repeat its source, or go on with a sentence that the prompt leaves open; none begins in the middle of a word.
    """
    if has_header(output):
        return True
    start = len(prompt.strip()) - (length := echoed(prompt, output))
    return bool(length) and start > 0 and prompt.strip()[start - 1].isalnum() and output.lstrip()[0].isalnum()
