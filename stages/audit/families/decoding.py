"""Rules on how samples were drawn and what a ratio on them counts: prompts in the output, seeds, decoding settings."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from stages.audit.artifacts import GuardrailReport, SampleSet
from stages.audit.campaign import Campaign
from stages.audit.families.samples import SHOWN, reports_on
from stages.audit.finding import Finding
from stages.audit.reencode import (
    Printed,
    begins_with_prompt,
    by_table,
    continuation,
    label,
    limits_of,
    measure,
    printed_reports,
    report_refs,
    set_of,
    tokenizer_of,
)
from stages.audit.rules import rule


@rule(
    "samples.prompt_included",
    "Outputs that begin with their prompt",
    proves="The stored output repeats the prompt, so that a ratio on it counts words that a person wrote as the model's.",
    cannot="A prompt that was changed on the way (cleaned, re-encoded) is not recognised at the output's beginning.",
)
def prompt_included(campaign: Campaign) -> Iterator[Finding]:
    same: dict[tuple[str, ...], list[SampleSet]] = defaultdict(list)
    for each in campaign.sample_sets:
        if any(map(begins_with_prompt, each.samples)):
            same[tuple(sample.output for sample in each.samples)].append(each)
    unused = [sets for sets in same.values() if not reports_on(campaign, sets)]
    yield from (_prompt_finding(campaign, sets) for sets in same.values() if sets not in unused)
    if unused:
        files = [each.file for sets in unused for each in sets]
        message = f"Outputs begin with their prompt; no guardrail report is on them: {', '.join(files)}."
        refs = tuple(sets[0].ref for sets in unused)[:SHOWN]
        yield Finding("sets without a report", "note", "protocol fault", message, effect=f"{len(files)} sets", evidence=refs)


def _prompt_finding(campaign: Campaign, sets: Sequence[SampleSet]) -> Finding:
    with_prompt = [sample for sample in sets[0].samples if begins_with_prompt(sample)]
    characters = sum(len(sample.output) for sample in sets[0].samples)
    prompts = characters - sum(len(continuation(sample)) for sample in sets[0].samples)
    reports = reports_on(campaign, sets)
    message = (
        f"{len(with_prompt)} of {len(sets[0].samples)} outputs begin with their prompt: {prompts / characters:.0%} of the characters that "
        f"{', '.join(report.file for report in reports)} measures are the prompts'."
    )
    if len(sets) > 1:
        message += f" The same outputs are in {', '.join(each.file for each in sets[1:])}."
    reports_refs = tuple(ref for report in reports for ref in report_refs(report))
    refs = (*(sample.ref for sample in with_prompt[:SHOWN]), *reports_refs)
    stated, recomputed = _with_and_without(campaign, sets[0], reports)
    effect = f"{prompts:,} of {characters:,} characters"
    return Finding(sets[0].file, "error", "protocol fault", message, stated, recomputed, effect, refs)


def _with_and_without(campaign: Campaign, each: SampleSet, reports: Sequence[GuardrailReport]) -> tuple[str, str]:
    """Short-piece ratio of the outputs and of their continuations, under the reports' tokenizers, or under all where none is here."""
    named = {model.file: model for report in reports if (model := tokenizer_of(report, campaign))} or campaign.tokenizers
    limits = limits_of(reports[0])
    outputs = [f"{measure(model, [s.output for s in each.samples], limits).short:.4f} ({label(model)})" for model in named.values()]
    alone = [f"{measure(model, map(continuation, each.samples), limits).short:.4f} ({label(model)})" for model in named.values()]
    return "short ratio with the prompt: " + ", ".join(outputs), "without: " + ", ".join(alone)


@rule(
    "samples.seeds",
    "Fewer seeds than the text says",
    proves="The sample sets behind a table hold fewer seeds of each prompt than the text states, or record none.",
    cannot="Seeds that are recorded are not shown to be those that the sampler used.",
)
def seeds(campaign: Campaign) -> Iterator[Finding]:
    rows = by_table(printed_reports(campaign))
    for claim in campaign.claims.seeds:
        found = {each.row: (set_of(each.report, campaign.sample_sets), each) for each in rows.get(claim.table, [])}
        fewer = {row: (each, printed) for row, (each, printed) in found.items() if each and seeds_of_a_prompt(each) < claim.seeds}
        if fewer:
            yield _seeds_finding(claim.where, claim.table, claim.seeds, fewer, len(found))


def seeds_of_a_prompt(each: SampleSet) -> int:
    """Different recorded seeds of the prompt that has the fewest."""
    prompts: dict[str, set[int]] = defaultdict(set)
    for sample in each.samples:
        prompts[sample.prompt] |= set() if sample.seed is None else {sample.seed}
    return min(map(len, prompts.values()))


def _seeds_finding(where: str, table: str, stated: int, fewer: Mapping[str, tuple[SampleSet | None, Printed]], rows: int) -> Finding:
    told = {row: _told(each) for row, (each, _) in fewer.items() if each}
    message = (
        f"The text gives {table} {stated} seeds a run; each prompt of its samples has fewer "
        f"({'; '.join(f'{row}: {how}' for row, how in told.items())}). "
        "With one sample a prompt, the spread between seeds cannot be told from the spread between prompts."
    )
    refs = tuple(ref for each, printed in fewer.values() if each for ref in (each.ref, *report_refs(printed.report)))
    recomputed, effect = "; ".join(dict.fromkeys(told.values())), f"{len(told)} of {rows} rows"
    return Finding(table, "warning", "mismatch", message, f"{stated} seeds a run", recomputed, effect, refs, (where,))


def _told(each: SampleSet) -> str:
    prompts = len({sample.prompt for sample in each.samples})
    count = seeds_of_a_prompt(each)
    how = "no seed recorded" if all(sample.seed is None for sample in each.samples) else f"{count} seed{'s' if count != 1 else ''} each"
    return f"{prompts} prompts, {how}"


@rule(
    "samples.settings",
    "Decoding settings that are not recorded or not the same",
    proves="Samples that a table compares do not say how they were decoded, or were decoded differently.",
    cannot="Settings that are recorded are not shown to be those that the sampler used.",
)
def settings(campaign: Campaign) -> Iterator[Finding]:
    tables = by_table(printed_reports(campaign))
    used: set[str] = set()
    for table, rows in tables.items():
        sets = {each.row: found for each in rows if (found := set_of(each.report, campaign.sample_sets))}
        used |= {each.name for each in sets.values()}
        refs = tuple(ref for each in rows for ref in report_refs(each.report))
        if message := _unlike(sets):
            yield Finding(table, "warning", "not verifiable", message, evidence=(*(each.ref for each in sets.values()), *refs))
    silent = [each for each in campaign.sample_sets if each.name not in used and not any(sample.settings for sample in each.samples)]
    if silent:
        message = f"{len(silent)} sets of samples that no table uses do not record how they were decoded."
        refs = tuple(each.ref for each in silent[:SHOWN])
        yield Finding("sets without a table", "note", "not verifiable", message, effect=f"{len(silent)} sets", evidence=refs)


def _unlike(sets: Mapping[str, SampleSet]) -> str:
    """What is wrong with the settings of the sets that one table compares; empty where they are recorded and equal."""
    silent = [row for row, each in sets.items() if not all(sample.settings for sample in each.samples)]
    if silent:
        return f"No decoding settings are recorded for {', '.join(silent)}: the differences between the rows may be the sampler's."
    values: dict[str, set[str]] = defaultdict(set)
    names = {name for each in sets.values() for sample in each.samples for name in sample.settings}
    for each in sets.values():
        for name in names:
            values[name] |= {str(sample.settings.get(name)) for sample in each.samples}
    differing = sorted(f"{name} ({' or '.join(sorted(found))})" for name, found in values.items() if len(found) > 1)
    return f"The rows were decoded with different settings: {', '.join(differing)}." if differing else ""
