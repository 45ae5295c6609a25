"""The evaluations that a record may have, as figures show them."""

from typing import Any

from stages.figures.style import BLACK, BLUE, GREEN, PURPLE, VERMILLION
from stages.figures.values import RunRecord, Words

KINDS: dict[str, tuple[str, dict[str, Any], Words]] = {
    "validation": (
        "results.validation",
        {"marker": "o", "color": BLUE},
        {"pt": "validação do próprio treino", "en": "the training's own validation"},
    ),
    "windowed": (
        "results.windowed",
        {"marker": "s", "color": VERMILLION, "markerfacecolor": "white"},
        {"pt": "janelas fixas da fase", "en": "fixed windows of the phase"},
    ),
    "held_out": (
        "results.held_out",
        {"marker": "D", "color": GREEN},
        {"pt": "texto reservado, o mesmo para todas", "en": "held-out text, one for all"},
    ),
    "base": (
        "results.intrinsic.base",
        {"marker": "v", "color": BLACK, "markerfacecolor": "white"},
        {"pt": "modelo base, quantizado", "en": "base model, quantised"},
    ),
    "adapter": ("results.intrinsic.adapter", {"marker": "^", "color": PURPLE}, {"pt": "com adaptador", "en": "with adapter"}),
}
"""Evaluations: where a record has them, how they are drawn, what they are called."""


def is_smoothed(run: RunRecord) -> bool:
    """Whether the validation loss holds label smoothing, as far as the record knows."""
    training, validation = run.record.configuration.training, run.record.results.validation
    return bool(training and training.label_smoothing and validation and not validation.plain)
