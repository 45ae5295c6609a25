"""Extrinsic evaluations that are made here: scores computed anew from the per-example outputs, and what the adapter gains.

python -m stages.importers.evaluated --campaign demo --parameters JSON --record FILE --history FILE
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

from stages.document import Document
from stages.errors import UserError
from stages.importer import Facts, Imported, hours_of, run_importer
from stages.importers.trained import environment_facts, is_measured
from stages.importers.tuned import WHY_MISSING
from stages.normalise import NORMALISERS
from stages.output_rows import of_task, prompt_of_row
from stages.parameter_models import Extrinsic, RunParameters
from stages.registry import Evidence
from stages.repetition import is_loop
from stages.run_files import extrinsic_of, file_of
from stages.score import METRICS, SYSTEMS
from stages.statistics import Paired, bootstrap_interval
from stages.traced import Ref, Traced, compute

Rows = Mapping[int, Sequence[Document]]
"""Rows of one task, by seed."""


def read_evaluated(evidence: Evidence, parameters: RunParameters) -> Imported:
    """Facts of an extrinsic evaluation over all its seeds."""
    extrinsic = extrinsic_of(parameters)
    summaries = {seed: _summary(evidence, parameters, seed) for seed in extrinsic.seeds}
    outputs = {seed: evidence.json_lines(file_of(parameters, f"outputs_{seed}")) for seed in extrinsic.seeds}
    facts = environment_facts(summaries[extrinsic.seeds[0]]) | _time_facts(evidence, parameters)
    for task in extrinsic.tasks:
        rows = {seed: of_task(own, task) for seed, own in outputs.items()}
        facts |= _counts(rows, summaries, task) | _scores(rows, summaries, extrinsic, task)
    missing = {"data": "an evaluation trains on nothing", "history": "an evaluation has no epochs"}
    return Imported(facts, [], WHY_MISSING | missing)


def _summary(evidence: Evidence, parameters: RunParameters, seed: int) -> Document:
    """Summary of one seed, which must say that it is that seed's."""
    summary = evidence.json(file_of(parameters, f"summary_{seed}"))
    if (found := summary.integer("$.manifest_seed")).value != seed:
        raise UserError(summary.file, "$.manifest_seed", found.value, seed)
    return summary


def _time_facts(evidence: Evidence, parameters: RunParameters) -> Facts:
    """Time and energy of generating, all seeds together; base answers that another evaluation has too are the first one's."""
    assert parameters.extrinsic and parameters.evidence
    first = parameters.evidence.keys.get("base_answers")
    timings = [evidence.json(file_of(parameters, f"timing_{seed}")) for seed in parameters.extrinsic.seeds]
    own = "sft" if first else "total"
    parts = [timing.number(f"$.tasks.{task}.timers.{own}_sec", minimum=0) for timing in timings for task in parameters.extrinsic.tasks]
    formula = f"sum of {own}_sec over seeds and tasks" + (f"; the base's answers are those of {first}" if first else "")
    seconds = compute(lambda *values: sum(values), *parts, formula=formula)
    # Of all seeds, which are answered in one go.
    times = {f"time.{name}": timings[0].time(f"$.{name}") for name in ("started_at", "ended_at")}
    return {
        "time.seconds": seconds,
        "time.hours": hours_of(seconds),
        **times,
        **_energy_facts(timings, ("sft",) if first else SYSTEMS),
    }


def _energy_facts(timings: Sequence[Document], systems: Sequence[str]) -> Facts:
    """Energy of generating, where all of it was measured."""
    paths = [f"$.kilowatt_hours.{system}" for system in systems]
    if not all(is_measured(timing, path) for timing in timings for path in paths):
        return {}
    parts = [timing.number(path, minimum=0) for timing in timings for path in paths]
    return {"energy.kilowatt_hours": compute(lambda *values: sum(values), *parts, formula="sum over seeds and systems")}


def _counts(rows: Rows, summaries: Mapping[int, Document], task: str) -> Facts:
    """How many examples were answered, how many answers the limit ended, and how many repeat themselves."""
    into = f"results.extrinsic.{task}"
    facts: Facts = {f"{into}.examples": [Traced(len(own), (_lines(own, task),), "number of outputs") for own in rows.values()]}
    for system in SYSTEMS:
        facts[f"{into}.cut.{system}"] = [summaries[seed].integer(f"$.tasks.{task}.stopped_by_length.{system}") for seed in summaries]
        facts[f"{into}.loops.{system}"] = [
            Traced(sum(map(is_loop, _outputs(own, system))), (_lines(own, task),), "number of outputs that repeat themselves")
            for own in rows.values()
        ]
    return facts


def _scores(rows: Rows, summaries: Mapping[int, Document], extrinsic: Extrinsic, task: str) -> Facts:
    """Mean scores of a task, each seed's, beside those that the summaries state; and what the adapted system gains."""
    facts: Facts = {}
    for metric in extrinsic.tasks[task]:
        scores = {system: [_scored(own, system, metric, extrinsic.normaliser) for own in rows.values()] for system in SYSTEMS}
        formula = f"mean of {metric} over the examples, normaliser {extrinsic.normaliser}"
        for system in SYSTEMS:
            into = f"results.extrinsic.{task}.metrics.{metric}.{system}"
            facts[f"{into}.seeds"] = [summary.integer("$.manifest_seed") for summary in summaries.values()]
            facts[f"{into}.score"] = [
                Traced(fmean(values), (_lines(own, task, f"$.{system}_output, $.reference"),), formula)
                for values, own in zip(scores[system], rows.values(), strict=True)
            ]
            facts[f"{into}.published"] = [
                summary.number(f"$.tasks.{task}.metrics.{system}.{metric}", minimum=0, maximum=1) for summary in summaries.values()
            ]
        facts |= _gain(rows, scores, task, metric)
    return facts


def _gain(rows: Rows, scores: Mapping[str, Sequence[Sequence[float]]], task: str, metric: str) -> Facts:
    """Mean difference of the systems with its interval, examples of one prompt taken together."""
    first, second = (scores[system] for system in SYSTEMS)
    paired = [
        Paired([after - before for before, after in zip(one, other, strict=True)], [prompt_of_row(row) for row in own])
        for one, other, own in zip(first, second, rows.values(), strict=True)
    ]
    refs = tuple(_lines(own, task, "$.base_output, $.sft_output, $.reference") for own in rows.values())
    low, high = bootstrap_interval(paired)
    mean = fmean(fmean(each.differences) for each in paired)
    formula = "mean over seeds of the mean difference; interval: paired bootstrap, items in seeds, clustered by prompt"
    values = {"mean": mean, "low": low, "high": high}
    return {f"results.extrinsic.{task}.gains.{metric}.{name}": Traced(value, refs, formula) for name, value in values.items()}


def _lines(rows: Sequence[Document], task: str, fields: str = "") -> Ref:
    return Ref(rows[0].file, f"lines of task {task}" + (f": {fields}" if fields else ""), rows[0].sha256)


def _outputs(rows: Sequence[Document], system: str) -> list[str]:
    return [str(row.text(f"$.{system}_output").value) for row in rows]


def _scored(rows: Sequence[Document], system: str, metric: str, normaliser: str) -> list[float]:
    references = [str(row.text("$.reference").value) for row in rows]
    pairs = zip(_outputs(rows, system), references, strict=True)
    return [METRICS[metric](output, reference, NORMALISERS[normaliser]) for output, reference in pairs]


if __name__ == "__main__":
    run_importer(read_evaluated)
