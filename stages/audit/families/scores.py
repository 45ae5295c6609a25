"""Rule on scores: every stored score computed anew from its output, and every mean from the values below it."""

from collections.abc import Iterator
from statistics import fmean, stdev
from typing import Any, NamedTuple

from stages.audit.artifacts import Outputs
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.objects import SHOWN, Nested, effect, is_number, number, objects, walk
from stages.audit.rules import rule
from stages.document import Document
from stages.normalise import NORMALISERS
from stages.score import METRICS, TOLERANCE
from stages.traced import Ref


class _Score(NamedTuple):
    """A stored score of one output."""

    row: Document
    task: str
    system: str
    metric: str
    stored: float

    def anew(self, normaliser: str) -> float:
        content = self.row.content
        prediction, reference = str(content.get(f"{self.system}_output") or ""), str(content.get("reference") or "")
        return METRICS[self.metric](prediction, reference, NORMALISERS[normaliser])

    @property
    def ref(self) -> Ref:
        return self.row.ref(f"$.metrics.{self.system}.{self.metric}")


@rule(
    "recompute.scores",
    "Scores that do not follow from their outputs",
    proves="A stored score is not what its metric gives for the stored output and reference, or a mean is not that of the scores.",
    cannot="Whether the output is the model's whole answer and the metric the one that the text describes.",
)
def scores(campaign: Campaign) -> Iterator[Finding]:
    equal, texts = 0, 0
    for outputs in campaign.outputs:
        stored = list(_stored(outputs))
        off = [score for score in stored if abs(score.anew(outputs.evaluation.normaliser) - score.stored) > TOLERANCE]
        equal, texts = equal + len(stored) - len(off), texts + len(outputs.rows) * len(outputs.systems)
        if off:
            yield _finding(outputs, off, len(stored))
        yield from _summary(campaign, outputs, stored)
    for document in campaign.documents.values():
        yield from _aggregate(campaign, document)
    if equal:
        message = "Stored scores were computed anew from their outputs and references."
        yield Finding("all scores", "note", "confirmed", message, recomputed=f"{equal:,} scores of {texts:,} outputs equal", cells=())


def _stored(outputs: Outputs) -> Iterator[_Score]:
    """Scores of an outputs file, under the metrics that its task has."""
    for row in outputs.rows:
        task, metrics = str(row.content.get("task")), row.content.get("metrics")
        for system in outputs.systems:
            for metric in outputs.evaluation.tasks.get(task, []):
                value = number(metrics, f"{system}.{metric}")
                if metric in METRICS and value is not None:
                    yield _Score(row, task, system, metric, value)


def _finding(outputs: Outputs, off: list[_Score], checked: int) -> Finding:
    named = outputs.evaluation.normaliser
    worst = max(off, key=lambda score: abs(score.anew(named) - score.stored))
    lines = list(dict.fromkeys(score.row.prefix.rstrip(": ") for score in off))
    fits = [name for name in NORMALISERS if name != named and all(abs(s.anew(name) - s.stored) <= TOLERANCE for s in off)]
    message = (
        f"{len(off)} of {checked} scores in {len(lines)} rows ({', '.join(lines[:5])}{', …' if len(lines) > 5 else ''}) are not what "
        f"their metric gives under the normaliser {named}; the one farthest off is {worst.metric} of {worst.system}, {worst.row.prefix}"
        f"{worst.stored:.4f} stored, {worst.anew(named):.4f} computed."
    )
    message += f" They are what it gives under {' or '.join(fits)}." if fits else ""
    sides = f"{worst.stored:.4f}", f"{worst.anew(named):.4f}"
    refs = tuple(score.ref for score in sorted(off, key=lambda score: score is not worst))[:SHOWN]
    return Finding(outputs.file, "error", "mismatch", message, *sides, f"{len(off) / checked:.1%} of scores", refs)


def _summary(campaign: Campaign, outputs: Outputs, stored: list[_Score]) -> Iterator[Finding]:
    """Means and numbers of examples that the seed's summary states, against the rows."""
    parameters = campaign.runs[outputs.run].evidence
    summary = campaign.documents.get(parameters.files.get(f"summary_{outputs.seed}", "")) if parameters else None
    if summary is None:
        return
    values: dict[str, list[float]] = {}
    for score in stored:
        values.setdefault(f"tasks.{score.task}.metrics.{score.system}.{score.metric}", []).append(score.stored)
    means = {path: fmean(scores) for path, scores in values.items()}
    counts = {f"tasks.{task}.n": float(len(outputs.of_task(task))) for task in outputs.tasks}
    expected = {**means, **counts}
    off = {path: (said, value) for path, value in expected.items() if (said := number(summary.content, path)) not in (None, value)}
    off = {path: (said, value) for path, (said, value) in off.items() if said is not None and abs(said - value) > TOLERANCE}
    if off:
        refs = (*(summary.ref(f"$.{path}") for path in list(off)[: SHOWN - 1]), outputs.ref)
        yield _off(f"{summary.file}, rows", f"figures of the summary are not those of the rows of {outputs.file}", off, refs)


def _aggregate(campaign: Campaign, document: Document) -> Iterator[Finding]:
    """Means and sample deviations over the runs of an aggregate; the runs against the summaries that they name."""
    content = document.content
    runs = content.get("runs") if isinstance(content, dict) else None
    if not isinstance(runs, list) or not all(isinstance(run, dict) for run in runs):
        return
    off: dict[str, tuple[float, float]] = {}
    for nested in objects(Document(document.file, document.sha256, content.get("aggregate"))):
        values = [value for run in runs if (value := number(run, nested.path.removeprefix("$."))) is not None]
        if len(values) == len(runs) > 1:
            for name, expected in (("mean", fmean(values)), ("std", stdev(values))):
                said = number(nested.content, name)
                if said is not None and abs(said - expected) > TOLERANCE:
                    off[f"aggregate{nested.path[1:]}.{name}"] = said, expected
    if off:
        refs = tuple(document.ref(f"$.{path}") for path in off)[:SHOWN]
        yield _off(f"{document.file}, aggregate", "means or deviations are not those of the runs beside them", off, refs)
    for index, run in enumerate(runs):
        yield from _named_summary(campaign, Nested(document, f"$.runs[{index}]", run))


def _named_summary(campaign: Campaign, run: Nested) -> Iterator[Finding]:
    """One run of an aggregate against the summaries that it names."""
    named = dict.fromkeys(campaign.find(value) for _, value in walk(run.content) if isinstance(value, str))
    for file in named:
        summary = campaign.documents.get(file or "")
        if summary is None or not isinstance(summary.content, dict):
            continue
        pairs = {path[2:]: (value, _there(summary.content, path[2:])) for path, value in walk(run.content) if is_number(value)}
        off = {path: (said, other) for path, (said, other) in pairs.items() if other is not None and abs(said - other) > TOLERANCE}
        if off:
            refs = (*(run.document.ref(f"{run.path}.{path}") for path in list(off)[: SHOWN - 1]), summary.ref("$"))
            yield _off(f"{run.name}, {file}", f"figures are not those of {file}, which it names", off, refs)


def _there(summary: dict[str, Any], path: str) -> float | None:
    """The summary's figure for one of the aggregate: where it stands, or among the metrics of its task."""
    task, _, rest = path.partition(".")
    return number(summary, path, f"tasks.{task}.metrics.{rest}")


def _off(subject: str, what: str, off: dict[str, tuple[float, float]], refs: tuple[Ref, ...]) -> Finding:
    path, (said, expected) = max(off.items(), key=lambda item: abs(item[1][0] - item[1][1]))
    message = f"{len(off)} {what}; the one farthest off is {path}: {said:.6g} stated, {expected:.6g} computed."
    return Finding(subject, "error", "mismatch", message, f"{said:.6g}", f"{expected:.6g}", effect(said, expected), refs)
