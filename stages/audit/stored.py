"""Stored outputs of evaluations, one a system and row, and what the rules say of them: counts, places, cells."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from stages.audit.artifacts import Example, Outputs, example_of
from stages.audit.campaign import Campaign
from stages.audit.residue import answer_of, has_header, may_have_header
from stages.document import Document
from stages.normalise import NORMALISERS
from stages.run_files import files_of
from stages.score import METRICS
from stages.traced import Ref

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

SHOWN = 6
"""Places that a finding names: enough to look, few enough to read."""


class Stored(NamedTuple):
    """What one system gave for one row."""

    outputs: Outputs
    row: Document
    task: str
    system: str
    text: str

    @property
    def ref(self) -> Ref:
        return self.row.ref(f"$.{self.system}_output")

    @property
    def example(self) -> Example:
        return example_of(self.row)

    @property
    def answer(self) -> str:
        """The text without what is left of the prompt, as far as a header shows it."""
        return answer_of(self.text, self.example.prompt, self._others)

    @property
    def has_header(self) -> bool:
        """Whether a template's header of an answering turn is left in the text."""
        return has_header(self.text, self.example.prompt, self._others)

    @property
    def _others(self) -> list[str]:
        """What the other systems gave for the row; nothing where the expected answer may have a header: then it is the answers' own."""
        if may_have_header(self.reference):
            return []
        texts = [self.row.content.get(f"{system}_output") for system in self.outputs.systems if system != self.system]
        return [text for text in texts if isinstance(text, str)]

    @property
    def reference(self) -> str:
        return self.example.answer

    def stated(self, metric: str) -> float | None:
        """The metric that the row states."""
        value: Any = self.row.content.get("metrics")
        for key in (self.system, metric):
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def scored(self, metric: str, text: str) -> float | None:
        """The metric of ``text`` in the place of the output; ``None`` where the evaluation's normaliser is unknown."""
        normalise = NORMALISERS.get(self.outputs.evaluation.normaliser)
        return METRICS[metric](text, self.reference, normalise) if normalise else None

    @property
    def metrics(self) -> list[str]:
        """Metrics of the task that are known here."""
        return [metric for metric in self.outputs.evaluation.tasks.get(self.task, []) if metric in METRICS]


def stored(campaign: Campaign) -> list[Stored]:
    """Every output of every system, in the order of the files."""
    return [
        Stored(outputs, row, str(row.content.get("task", "")), system, text)
        for outputs in campaign.outputs
        for row in outputs.rows
        for system in outputs.systems
        if isinstance(text := row.content.get(f"{system}_output"), str)
    ]


def by(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Items by their key, in order of first appearance."""
    groups = defaultdict[K, list[T]](list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)


def cells_of_scores(
    campaign: Campaign, run: str, *, tasks: Iterable[str], systems: Iterable[str] = (), metrics: Iterable[str] = ()
) -> tuple[str, ...]:
    """Table cells that print scores of some of a run's tasks: of some systems or metrics, where they are named."""
    evaluation = campaign.runs[run].extrinsic
    scores = [
        f"results.extrinsic.{task}.metrics.{metric}"
        for task in tasks
        for metric in metrics or (evaluation.tasks.get(task, ()) if evaluation else ())
    ]
    fields = [f"{score}.{system}" for score in scores for system in systems] if systems else scores
    return tuple(sorted({cell for field in fields for cell in campaign.cells_printing(run, field)}))


def cells_of_task(campaign: Campaign, task: str) -> tuple[str, ...]:
    """Table cells that read scores of a task, of whatever evaluation."""
    runs = [run for run, parameters in campaign.runs.items() if parameters.extrinsic and task in parameters.extrinsic.tasks]
    return tuple(cell for run in runs for cell in cells_of_scores(campaign, run, tasks=[task]))


def per_seed(found: Sequence[Stored], everything: Sequence[Stored]) -> str:
    """How many of each seed's outputs were found: ``seed 1: 3 of 10; seed 2: 4 of 10``."""
    counts = {seed: len(items) for seed, items in by(found, lambda item: item.outputs.seed).items()}
    totals = by(everything, lambda item: item.outputs.seed)
    return "; ".join(f"seed {seed}: {counts.get(seed, 0):,} of {len(items):,}" for seed, items in totals.items())


def per_task(found: Sequence[Stored], everything: Sequence[Stored]) -> str:
    """How many of each task's outputs were found: ``qa: 3 of 10``."""
    totals = by(everything, lambda item: item.task)
    return "; ".join(f"{task}: {len(own):,} of {len(totals[task]):,}" for task, own in by(found, lambda item: item.task).items())


def tasks_in(items: Iterable[Stored]) -> list[str]:
    """Tasks of the items, each once."""
    return list(dict.fromkeys(item.task for item in items))


def share(part: int, whole: int) -> str:
    """``3 of 10 (30.0 %)``."""
    return f"{part:,} of {whole:,} ({100 * part / whole:.1f} %)" if whole else "0 of 0"


def refs(items: Iterable[Stored]) -> tuple[Ref, ...]:
    """Places of the first items, of every file at least one."""
    ordered = by(items, lambda item: item.outputs.file).values()
    return tuple(item.ref for own in ordered for item in own[: max(1, SHOWN // len(ordered))])


def summaries(campaign: Campaign) -> list[tuple[str, str, Document]]:
    """Run, seed and content of every summary (``summary_<seed>``) of an evaluation that can be read."""
    return [
        (run, role.removeprefix("summary_"), campaign.documents[file])
        for run, parameters in campaign.runs.items()
        for role, file in files_of(parameters).items()
        if role.startswith("summary_") and file in campaign.documents
    ]


def tasks_of(summary: Document) -> dict[str, Mapping[str, Any]]:
    """What a summary says of each task."""
    tasks = summary.content.get("tasks") if isinstance(summary.content, dict) else None
    return {str(task): value for task, value in tasks.items() if isinstance(value, dict)} if isinstance(tasks, dict) else {}
