"""What is left of a prompt in front of a stored answer, and the answer without it.

Generated text that was cut at the wrong place begins with the prompt's tail: words of the question, then the template's header of
the answering turn. The header is what tells where the answer begins; several families of chat templates are known here, with
their special tokens kept or skipped. Most headers no answer holds. Some an answer may hold too (``## Resposta:``, a line
``assistant``): they count where the prompt, or the same text in every system's output, stands before them.
"""

import re
from collections.abc import Iterator, Sequence

SHORTEST_ECHO = 20
"""Characters of the prompt's end that must stand at the output's start to count as an echo; shorter ones occur by chance."""

_SURE_HEADER = re.compile(
    # Llama 3, special tokens kept or skipped: then the word is glued to the prompt's end, unlike one in a sentence or in a list.
    r"<\|start_header_id\|>assistant<\|end_header_id\|>\r?\n\r?\n|(?:\A\s*|(?<![\s@#_-]))(?:assistant\r?\n\r?\n)+"
    r"|<\|assistant\|>\r?\n?"  # Phi, Zephyr
    r"|<\|im_start\|>assistant\r?\n"  # ChatML
    r"|<start_of_turn>model\r?\n"  # Gemma
    r"|\[/INST\]"  # Llama 2, Mistral
)
_LIKELY_HEADER = re.compile(
    r"^assistant\r?\n"  # ChatML, special tokens skipped
    r"|^#{2,3} ?(?:Response|Resposta|Assistant|Assistente):",  # Alpaca and its kind
    re.MULTILINE,
)
_SPECIAL = re.compile(r"<\|[a-z0-9_]+\|>|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>|</?s>|<(?:pad|unk|bos|eos)>")
_STRUCK = re.compile(r"<s>((?:(?!</?s>).)*)</s>", re.DOTALL)
"""In HTML, text that is struck through."""
_DOUBLE_BOS = re.compile(r"(?:<s>\s*){2}|(?:<\|begin_of_text\|>\s*){2}|(?:<bos>\s*){2}")


def answer_of(output: str, prompt: str = "", others: Sequence[str] = ()) -> str:
    """``output`` from behind the last header of an answering turn, stripped; the whole of it, stripped, where there is none.

    ``others`` are outputs of other systems for the same prompt. Without prompt and others only sure headers count.
    """
    return output[max(_ends_of_headers(output, prompt, others), default=0) :].strip()


def has_header(output: str, prompt: str = "", others: Sequence[str] = ()) -> bool:
    """Whether a template's header of an answering turn stands in ``output``."""
    return any(_ends_of_headers(output, prompt, others))


def may_have_header(text: str) -> bool:
    """Whether ``text`` holds what is a header in front of an answer, and may be a part of one."""
    return _LIKELY_HEADER.search(text) is not None


def _ends_of_headers(output: str, prompt: str, others: Sequence[str]) -> Iterator[int]:
    for header in _SURE_HEADER.finditer(output):
        yield header.end()
    for header in _LIKELY_HEADER.finditer(output):
        before = output[: header.end()].lstrip()
        if _is_end(output[: header.start()], prompt) or (others and all(other.lstrip().startswith(before) for other in others)):
            yield header.end()


def _is_end(text: str, prompt: str) -> bool:
    """Whether ``text`` ends as ``prompt`` does, apart from white space: a template puts lines between the prompt's parts."""
    end = " ".join(text.split())[-SHORTEST_ECHO:]
    return bool(end) and len(end) >= min(SHORTEST_ECHO, len(asked := " ".join(prompt.split()))) and asked.endswith(end)


def special_tokens(output: str) -> list[str]:
    """Special tokens of chat templates that stand in ``output``, each once; what is struck through inside of it is no sequence."""
    text = output if _STRUCK.fullmatch(output.strip()) else _STRUCK.sub(r"\1", output)
    return list(dict.fromkeys(_SPECIAL.findall(text)))


def has_double_bos(text: str) -> bool:
    """Whether ``text`` begins a sequence twice, as a template that is tokenised with special tokens does."""
    return _DOUBLE_BOS.search(text) is not None


def echoed(prompt: str, output: str) -> int:
    """Characters at the start of ``output`` that are the end of ``prompt`` (0 where fewer than :data:`SHORTEST_ECHO`)."""
    asked, given = prompt.strip(), output.lstrip()
    if len(given) < SHORTEST_ECHO:
        return 0
    # From the first place on: the first that fits is the whole echo.
    starts = (match.start() for match in re.finditer(f"(?={re.escape(given[:SHORTEST_ECHO])})", asked))
    return next((len(asked) - start for start in starts if given.startswith(asked[start:])), 0)


def echoed_inside_word(prompt: str, output: str) -> int:
    """Characters of the echo with which ``output`` begins, where it begins inside a word of ``prompt``; else 0.

    An answer may repeat its source, or go on with a sentence that the prompt leaves open; hardly one begins in the middle of a word.
    """
    length = echoed(prompt, output)
    start = len(prompt.strip()) - length
    inside = length and start > 0 and prompt.strip()[start - 1].isalnum() and output.lstrip()[0].isalnum()
    return length if inside else 0
