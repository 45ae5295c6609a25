"""Rules on stored outputs and their scores: what stands in the text that was scored, and whether the score can be right."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding, Verdict
from stages.audit.residue import echoed_inside_word, special_tokens
from stages.audit.rules import rule
from stages.audit.stored import Stored, by, cells_of_scores, per_seed, per_task, refs, share, stored, summaries, tasks_in, tasks_of
from stages.normalise import NORMALISERS
from stages.score import TOLERANCE, first_line
from stages.traced import Ref

FIRST_LINE = frozenset({"em", "f1"})
"""Metrics of :data:`stages.score.METRICS` that read the first line alone."""
ECHOING_SHARE = 0.2
"""Share of a system's outputs from which echoes without a header are no chance: prompts end in all sorts of places, and a cut at the
wrong one leaves a part of a word in most of them."""


def means(items: Sequence[Stored], metrics: Iterable[str]) -> dict[str, tuple[float, float]]:
    """By metric: the mean that the rows state, and the mean where the answers alone are scored."""
    found = {}
    for metric in metrics:
        stated = [(item, value) for item in items if (value := item.stated(metric)) is not None]
        anew = [value if item.answer == item.text.strip() else item.scored(metric, item.answer) for item, value in stated]
        if stated and None not in anew:
            found[metric] = fmean(value for _, value in stated), fmean(value for value in anew if value is not None)
    return found


def _answers_alone(items: Sequence[Stored]) -> str:
    """Mean scores of all tasks, as stated and of the answers alone."""
    tasks = by(items, lambda item: item.task).items()
    scores = [f"{task} {metric} {old:.3f} → {new:.3f}" for task, own in tasks for metric, (old, new) in means(own, own[0].metrics).items()]
    return f"with the answers alone: {'; '.join(scores)}" if scores else ""


@rule(
    "outputs.residue",
    "Stored outputs that hold a part of the prompt",
    proves="The text that was scored is not the answer alone: a template's header, a special token or the prompt's cut-off end is in it.",
    cannot="Residue without a header looks like an answer that repeats its source where it begins at a word's border, or is in a few rows "
    "of one system alone; a heading such as 'Resposta:' looks like the answer's own where no prompt stands before it.",
)
def residue(campaign: Campaign) -> Iterator[Finding]:
    everything = stored(campaign)
    left = _with_residue(everything)
    for (run, system), items in by(everything, lambda item: (item.outputs.run, item.system)).items():
        found = [item for item in items if system in left.get(_row(item), ())]
        if not found:
            continue
        message = (
            f"{share(len(found), len(items))} outputs of {system} hold a part of the prompt or of its template{_in_others(found, left)}. "
            "Generated text was cut at the wrong place, and the scores are of the whole."
        )
        cells, counts = cells_of_scores(campaign, run, tasks=tasks_in(found), systems=[system]), per_seed(found, items)
        effect = _answers_alone(items)
        yield Finding(f"{run} {system}", "error", "protocol fault", message, "answers alone", counts, effect, refs(found), cells=cells)


_Row = tuple[str, str]
"""File and place of a row."""


def _row(item: Stored) -> _Row:
    return item.row.file, item.row.prefix


def _with_residue(items: Sequence[Stored]) -> dict[_Row, set[str]]:
    """Systems in whose output something of the prompt is left, by row.

    An echo alone is none of it where one system has it in a few rows: to leave out the beginning of a word can be what is asked for.
    """
    sure = [item for item in items if _has_template(item)]
    rows = {row: {item.system for item in own} for row, own in by(sure, _row).items()}
    echoing = [item for item in items if item.system not in rows.get(_row(item), ()) and _is_echo(item)]
    echoes, totals = (Counter((item.outputs.file, item.system) for item in own) for own in (echoing, items))
    for row, own in by(echoing, _row).items():
        often = {item.system for item in own if echoes[key := (item.outputs.file, item.system)] >= ECHOING_SHARE * totals[key]}
        everywhere = {item.system for item in own} | rows.get(row, set())
        rows[row] = everywhere if len(everywhere) > 1 else often
    return rows


def _has_template(item: Stored) -> bool:
    """Whether a header is left, or a special token that the task is not about."""
    about = f"{item.example.prompt} {item.reference}"
    return item.has_header or any(token not in about for token in special_tokens(item.text))


def _is_echo(item: Stored) -> bool:
    """Whether the output begins inside a word of the prompt, as the reference does not, and runs to the prompt's end."""
    length = echoed_inside_word(item.example.prompt, item.text)
    return bool(length) and not item.reference.casefold().startswith(item.text.lstrip()[:length].casefold())


def _in_others(found: Sequence[Stored], left: Mapping[_Row, set[str]]) -> str:
    """In how many of the rows the other systems have residue too: what is left depends on the prompt, so it should be in all."""
    alone = sum(
        any(isinstance(item.row.content.get(f"{system}_output"), str) and system not in left[_row(item)] for system in item.outputs.systems)
        for item in found
    )
    several = any(len(item.outputs.systems) > 1 for item in found)
    return "" if not several else f", {alone:,} of them for this system alone" if alone else ", the same rows for every system"


@rule(
    "outputs.scored_line",
    "Scored lines that are not of the answer",
    proves="The task is scored on the first line of the output, and that line is of the prompt: the score says nothing of the answer.",
    cannot="A first line of the answer may still be an introduction and not the answer proper.",
)
def scored_line(campaign: Campaign) -> Iterator[Finding]:
    for (run, task, system), items in by(_first_line_items(campaign), lambda item: (item.outputs.run, item.task, item.system)).items():
        found = [item for item in items if first_line(item.text) != first_line(item.answer)]
        if not found:
            continue
        metrics = [metric for metric in items[0].metrics if metric in FIRST_LINE]
        scores = means(items, metrics)
        stated, anew = ("; ".join(f"{metric} {pair[index]:.3f}" for metric, pair in scores.items()) for index in (0, 1))
        message = f"In {share(len(found), len(items))} outputs of {system} the line that {task} is scored on is left of the prompt."
        cells, counts = cells_of_scores(campaign, run, tasks=[task], systems=[system], metrics=metrics), per_seed(found, items)
        yield Finding(f"{run} {task} {system}", "error", "protocol fault", message, stated, anew, counts, refs(found), cells=cells)


def _first_line_items(campaign: Campaign) -> list[Stored]:
    return [item for item in stored(campaign) if FIRST_LINE & set(item.metrics)]


@rule(
    "outputs.identical",
    "Different answers that the score cannot tell apart",
    proves="The text that is scored is the same for every system though their answers differ: no difference between them can come out.",
    cannot="Whether the systems differ where their scored texts do.",
)
def identical(campaign: Campaign) -> Iterator[Finding]:
    for (run, task), items in by(_first_line_items(campaign), lambda item: (item.outputs.run, item.task)).items():
        rows = [own for own in by(items, lambda item: (item.row.file, item.row.prefix)).values() if len(own) > 1]
        same = [own for own in rows if _one_line(own, [item.text for item in own])]
        found = [own[0] for own in same if not _one_line(own, [item.answer for item in own])]
        if not found:
            continue
        message = (
            f"In {share(len(found), len(rows))} rows of {task} the systems give different answers and the line that is scored is "
            "the same, so that they get the same score."
        )
        counts, differing = per_seed(found, [own[0] for own in rows]), share(len(rows) - len(same), len(rows))
        effect, cells = f"scored lines differ in {differing} rows only", cells_of_scores(campaign, run, tasks=[task], metrics=FIRST_LINE)
        stated = "the systems compared on every row"
        yield Finding(f"{run} {task}", "error", "protocol fault", message, stated, counts, effect, refs(found), cells=cells)


def _one_line(items: Sequence[Stored], texts: Iterable[str]) -> bool:
    """Whether the first lines of the texts are all the same to the evaluation's normaliser."""
    normalise = NORMALISERS.get(items[0].outputs.evaluation.normaliser, str)
    return len({normalise(first_line(text)) for text in texts}) == 1


@rule(
    "outputs.exact",
    "Answers that equal their reference and do not get the full score",
    proves="The output, or the answer in it, is the reference letter by letter, and a metric that must be 1 there is not.",
    cannot="A score of an answer that differs from its reference is not looked at here.",
)
def exact(campaign: Campaign) -> Iterator[Finding]:
    for (run, system), items in by(stored(campaign), lambda item: (item.outputs.run, item.system)).items():
        equal = [item for item in items if item.answer == item.reference.strip() and _lacks_full_score(item)]
        raw = [item for item in equal if item.answer == item.text.strip()]
        inside = [item for item in equal if item.answer != item.text.strip()]
        kinds: list[tuple[str, list[Stored], Verdict, str]] = [
            ("output", raw, "mismatch", f"{len(raw):,} outputs of {system} are their reference letter by letter and are not scored 1."),
            ("answer", inside, "protocol fault", f"{len(inside):,} answers of {system} are their reference letter by letter. {_BEFORE}"),
        ]
        for kind, found, verdict, message in kinds:
            if found:
                cells = cells_of_scores(campaign, run, tasks=tasks_in(found), systems=[system])
                counts, evidence = per_task(found, items), refs(found)
                yield Finding(f"{run} {system} {kind}", "error", verdict, message, "scored below 1", counts, "", evidence, cells=cells)


_BEFORE = "The prompt's residue before them takes them below 1."


def _lacks_full_score(item: Stored) -> bool:
    """Whether a metric that gives the reference itself 1 is stated below 1."""
    return any(
        (stated := item.stated(metric)) is not None and stated < 1 - TOLERANCE and item.scored(metric, item.reference) == 1
        for metric in item.metrics
    )


@rule(
    "outputs.token_limit",
    "More generated tokens than the limit allows",
    proves="The count of generated tokens is above the number of examples times the most that one of them may generate.",
    cannot="A count below that limit may be wrong too.",
)
def token_limit(campaign: Campaign) -> Iterator[Finding]:
    for (run, subject), counts in by(_counts(campaign), lambda count: (count.run, count.subject)).items():
        over = [count for count in counts if count.tokens > count.most]
        if not over:
            continue
        stated = "; ".join(f"seed {count.seed}: {count.tokens:,}" for count in over)
        most = "; ".join(f"seed {count.seed}: at most {count.most:,}" for count in over)
        factor = max(count.tokens / max(count.most, 1) for count in over)
        message = f"{subject}: more tokens are counted as generated than the limit allows. The counts hold the prompt's tokens or padding."
        evidence = tuple(count.ref for count in over)
        yield Finding(f"{run} {subject}", "error", "mismatch", message, stated, most, f"up to {factor:.2f} times the limit", evidence)


class _Count(NamedTuple):
    """Generated tokens of one task, system and seed, with the most that there can be."""

    run: str
    subject: str
    seed: str
    tokens: int
    most: int
    ref: Ref


def _counts(campaign: Campaign) -> Iterator[_Count]:
    for run, seed, summary in summaries(campaign):
        for task, value in tasks_of(summary).items():
            n, limit, counts = value.get("n"), value.get("max_new_tokens"), value.get("generation_tokens")
            for key, tokens in (counts if isinstance(counts, dict) else {}).items():
                if isinstance(n, int) and isinstance(limit, int) and isinstance(tokens, int):
                    ref = summary.ref(f"$.tasks.{task}.generation_tokens.{key}")
                    yield _Count(run, f"{task} {key.removesuffix('_generated_tokens')}", seed, tokens, n * limit, ref)
