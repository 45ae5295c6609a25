"""The three tasks of the extrinsic evaluation: which one an example is of, what it is known by, and how it is asked (facts, section 6)."""

import hashlib
import re

TASKS = ("qa", "summarization", "rewriting")

_WORD = re.compile(r"\w+")
_OPTIONS = ("?", "opções de resposta", "(a)", "(b)")
_SUMMARISE = frozenset({"resuma", "resumo", "sumarize", "sumarização", "sumariza", "sumário", "sintetize", "síntese"})
_REWRITE = frozenset(
    {"reescreva", "reformule", "corrija", "melhore", "parafrase", "paráfrase", "revise", "revisão", "simplifique", "transforme"}
)


def classify(instruction: str, input: str, output: str) -> str | None:
    """The first task whose rule the example meets, counted in words; ``None`` where it meets none or has no answer."""
    text = f"{instruction}\n{input}".lower()
    asked, given, answered = set(_WORD.findall(text)), len(_WORD.findall(input)), len(_WORD.findall(output))
    if not answered:
        return None
    if answered <= 12 and any(sign in text for sign in _OPTIONS):
        return "qa"
    if asked & _SUMMARISE or (given >= 120 and 30 <= answered <= 140 and answered <= int(0.55 * given)):
        return "summarization"
    if asked & _REWRITE or (20 <= given <= 220 and 20 <= answered <= 220 and 0.6 <= answered / given <= 1.6):
        return "rewriting"
    return None


def example_hash(instruction: str, input: str, output: str) -> str:
    """Hex SHA-1 of the stripped parts with ``---`` between them: how a row of one set is known in another."""
    parts = (part.strip() for part in (instruction, input, output))
    return hashlib.sha1("\n---\n".join(parts).strip().encode(), usedforsecurity=False).hexdigest()


def prompt_of(instruction: str, input: str) -> str:
    """Instruction and input, by which two examples ask the same; not how a model is asked."""
    return f"{instruction}\n{input}".strip()


def user_message(instruction: str, input: str) -> str:
    """What the user says: the instruction, and below it the input where there is one."""
    return (f"{instruction}\n\nEntrada:\n{input}" if input else instruction).strip()
