"""Which figures a campaign gets, and which runs and tables each is drawn from. Light: the rules import it."""

from collections.abc import Callable, Collection, Sequence

from stages.parameter_models import RunParameters
from stages.places import has_guardrails

THESIS_RUNS = (
    "v1",
    "v2",
    "v3",
    "v4_subword",
    "v4_subword_ep6",
    "v4k_bf_ep2",
    "v4k_bf_lstm_ep2",
    "v5_main",
    "v5b_long",
    "v6_rc16k_v5b",
    "v6_rc16k_v5b_aligned",
    "base",
    "cpt",
    "sft",
    "sft_after_cpt",
)
"""Runs of the thesis's roadmap, as it developed, and of its second track; a campaign's variants of them are not on it."""


def _is_model(run: RunParameters) -> bool:
    return run.architecture is not None


def _is_scored(run: RunParameters) -> bool:
    return run.extrinsic is not None


def _is_on_roadmap(run: RunParameters) -> bool:
    return run.run in THESIS_RUNS


RUNS: dict[str, Callable[[RunParameters], bool]] = {
    "learning_curves": _is_model,
    "losses": _is_model,
    "cost_quality": _is_model,
    "scores": _is_scored,
    "fragmentation": lambda run: _is_model(run) and run.track == 1,
    "roadmap": _is_on_roadmap,
}
"""What runs a figure shows, by its name; the figure ``workflow`` shows none."""
TABLES = {"cost_quality": ["tab03"], "fragmentation": ["tab10_corrected"]}
"""Tables that a figure shows cells of, where the campaign has them."""
ANALYSES = {"scores": {"tab13_corrected": "corrected_scores"}}
"""Results that a figure shows, by the table that prints them: where the campaign has the table, it has the result."""


def figures_of(runs: Sequence[RunParameters]) -> list[str]:
    """Figures of a campaign with these runs: those that have something to show."""
    found = [name for name, shows in RUNS.items() if any(map(shows, runs))]
    if not any(map(has_guardrails, runs)) and not any(run.evidence for run in runs):
        found = [name for name in found if name != "fragmentation"]
    return [*found, "workflow"]


def runs_of(figure: str, runs: Sequence[RunParameters]) -> list[RunParameters]:
    """The runs that a figure shows, in the campaign's order."""
    return [run for run in runs if figure in RUNS and RUNS[figure](run)]


def tables_of(figure: str, tables: Collection[str]) -> list[str]:
    """Tables that a figure reads, of those that the campaign has."""
    return [name for name in TABLES.get(figure, []) if name in tables]


def analyses_of(figure: str, tables: Collection[str]) -> list[str]:
    """Results of the audit that a figure reads, of a campaign with these tables."""
    return [name for table, name in ANALYSES.get(figure, {}).items() if table in tables]
