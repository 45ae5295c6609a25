"""Runs whose losses per token compare: those under one tokenizer."""

from stages.figures.values import RunRecord, Words
from stages.number import LANGUAGES
from stages.parameter_models import Configuration

_CHARACTERS = {"pt": "Caracteres", "en": "Characters"}
_LEARNT = {"all_positions": {"pt": "texto", "en": "text"}, "answer_tokens": {"pt": "respostas", "en": "answers"}}


def grouped(records: list[RunRecord]) -> list[tuple[Words, list[RunRecord]]]:
    """Runs by tokenizer, with a label for each; adapters by base model and by whether text or answers are predicted."""
    groups: dict[str, tuple[Words, list[RunRecord]]] = {}
    for run in records:
        key, label = _group_of(run.record.configuration)
        groups.setdefault(key, (label, []))[1].append(run)
    return list(groups.values())


def _group_of(configuration: Configuration) -> tuple[str, Words]:
    architecture, tokenizer = configuration.architecture, configuration.tokenizer
    if architecture is not None and architecture.family == "qlora":
        learnt = configuration.training.objective if configuration.training else ""
        model = architecture.base_model.rpartition("/")[2]
        return f"{model} {learnt}", {language: f"{model}, {_LEARNT[learnt][language]}" for language in LANGUAGES}
    if tokenizer is None or tokenizer.kind == "character":
        return "character", _CHARACTERS
    kind = {"bpe": "BPE", "byte_bpe": "byte BPE"}.get(tokenizer.kind, tokenizer.kind)
    return tokenizer.name, dict.fromkeys(LANGUAGES, f"{kind} {tokenizer.vocabulary}")
