"""Rules on generated texts: are they the model's, does each stand there once, and do we know how they were drawn?"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from stages.audit.artifacts import GuardrailReport, Sample, SampleSet, TokenizerModel
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding, Severity
from stages.audit.reencode import continuation, label, report_refs, set_of
from stages.audit.rules import rule
from stages.traced import Ref

REPLAYED = 0.5
"""Share of words, in order, that a replayed draw and a stored text must have in common. A model's text and a draw share 0.02; a draw
and the text that a sampler made of it, dropping some pieces, more than 0.7."""
SAME = 0.6
"""Share of words, in order, from which two texts are copies of one. Different outputs to one prompt share less than 0.2; a text and its
copy in another encoding, more than 0.6."""
FEWEST_WORDS = 20
"""Different words below which texts may be the same by chance: short ones, and those that repeat one phrase."""
SHINGLE = 5
"""Words in a row that two texts must share to be compared at all; copies always do."""
REPLAYED_IDS = 400
"""Ids drawn for a replay; of a longer text, its beginning is compared."""
SHOWN = 10
"""Places given with a finding."""


def similarity(first: Sequence[str], second: Sequence[str], least: float) -> float:
    """Share of words in common, in order; 0 as soon as it is sure to be below ``least``."""
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least else 0.0


def reports_on(campaign: Campaign, sets: Sequence[SampleSet]) -> list[GuardrailReport]:
    """Guardrail reports that are on one of the sets."""
    names = {each.name for each in sets}
    chosen = [(report, set_of(report, campaign.sample_sets)) for report in campaign.guardrails]
    return [report for report, each in chosen if each is not None and each.name in names]


def _report_places(reports: Sequence[GuardrailReport]) -> tuple[Ref, ...]:
    return tuple(ref for report in reports for ref in report_refs(report))


# --- uniform draws ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Hit:
    """A sample that a uniform draw gives."""

    set: SampleSet
    sample: Sample
    model: TokenizerModel
    similarity: float


@rule(
    "samples.uniform",
    "Samples that are a uniform draw of tokens",
    proves="Token ids drawn uniformly under the sample's own stored seed, without any model, give the stored text: it is not the model's.",
    cannot="Only draws by NumPy's default generator under a stored seed, over the vocabulary of a tokenizer that is here, can be replayed.",
)
def uniform(campaign: Campaign) -> Iterator[Finding]:
    replay = cache(_replays)
    by_file: dict[str, list[_Hit]] = defaultdict(list)
    for each in campaign.sample_sets:
        for sample in each.samples:
            if hit := _replayed(each, sample, list(campaign.tokenizers.values()), replay):
                by_file[each.file].append(hit)
    for file, hits in by_file.items():
        yield _uniform_finding(campaign, file, hits)


def _replays(seed: int, file: str, size: int, decode: Callable[[list[int]], str]) -> list[list[str]]:
    """Words of what uniform draws under ``seed`` decode to, in the two ways in which an id below ``size`` is drawn."""
    import numpy

    scaled = (numpy.random.default_rng(seed).random(REPLAYED_IDS) * size).astype(int)
    drawn = numpy.random.default_rng(seed).integers(0, size, REPLAYED_IDS)
    return [decode([int(id) for id in ids]).split() for ids in (scaled, drawn)]


def _replayed(each: SampleSet, sample: Sample, models: Sequence[TokenizerModel], replay: Callable[..., list[list[str]]]) -> _Hit | None:
    """The draw that comes nearest to the sample; none where none is near."""
    words = continuation(sample).split()
    if sample.seed is None or sample.seed < 0 or len(set(words)) < FEWEST_WORDS:
        return None
    hits = []
    for model in models:
        for drawn in replay(sample.seed, model.file, len(model.pieces), model.processor.decode):
            hits.append(_Hit(each, sample, model, similarity(words[: len(drawn)], drawn[: len(words)], REPLAYED)))
    best = max(hits, key=lambda hit: hit.similarity, default=None)
    return best if best and best.similarity >= REPLAYED else None


def _uniform_finding(campaign: Campaign, file: str, hits: Sequence[_Hit]) -> Finding:
    names = ", ".join(sorted({hit.set.model for hit in hits if hit.set.model})) or "a model"
    tokenizers = {hit.model.file: hit.model for hit in hits}.values()
    total = sum(len(each.samples) for each in campaign.sample_sets if each.file == file)
    reports = reports_on(campaign, [hit.set for hit in hits])
    message = (
        f"{len(hits)} of {total} samples are no model's text. Token ids drawn uniformly under the stored seeds, with no model, over the "
        f"pieces of {', '.join(map(label, tokenizers))}, decode to them; whatever is concluded from them is not about {names}."
    )
    if reports:
        message += f" Guardrail reports on them: {', '.join(report.file for report in reports)}."
    refs = (*(hit.sample.ref for hit in hits[:SHOWN]), *(model.ref for model in tokenizers), *_report_places(reports))
    low, high = min(hit.similarity for hit in hits), max(hit.similarity for hit in hits)
    effect = f"{len(hits)} of {total} samples; {low:.2f} to {high:.2f} of the words are those of the draw"
    return Finding(file, "error", "mismatch", message, f"text of {names}", "a uniform draw of tokens", effect, refs)


# --- one text, several samples ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Text:
    """A sample's continuation as words, in whatever case it is written."""

    set: SampleSet
    sample: Sample
    words: tuple[str, ...]


def _words(sample: Sample) -> tuple[str, ...]:
    return tuple(continuation(sample).casefold().split())


def _comparable(words: Sequence[str]) -> bool:
    return len(set(words)) >= FEWEST_WORDS


@rule(
    "samples.same_text",
    "One text stored as several samples",
    proves="The same text stands under the names of several models or prompts, so it cannot be what each of them gave.",
    cannot="Texts of fewer than 20 different words, and copies that were reworded, are not seen.",
)
def same_text(campaign: Campaign) -> Iterator[Finding]:
    texts = [_Text(each, sample, _words(sample)) for each in campaign.sample_sets for sample in each.samples]
    groups: dict[tuple[str, ...], list[_Text]] = defaultdict(list)
    repeats: dict[str, list[_Text]] = defaultdict(list)
    for cluster in _clusters([text for text in texts if _comparable(text.words)]):
        held: dict[str, list[_Text]] = defaultdict(list)
        for text in cluster:
            held[text.set.name].append(text)
        if len(held) > 1:
            groups[_models(cluster) if len(_models(cluster)) > 1 else tuple(sorted(held))] += cluster
        for name, own in held.items():
            repeats[name] += own if len(own) > 1 else []
    yield from (_repeated(campaign, name, own) for name, own in repeats.items() if own)
    copies = [group for group in groups.values() if len(_models(group)) < 2 and _whole(group)]
    yield from (_shared(campaign, names, group) for names, group in groups.items() if group not in copies)
    if copies:
        yield _copies(copies)


def _clusters(texts: Sequence[_Text]) -> list[list[_Text]]:
    """Groups of two or more that are one text."""
    group = list(range(len(texts)))
    for first, second in sorted(_candidates(texts)):
        if group[first] != group[second] and similarity(texts[first].words, texts[second].words, SAME) >= SAME:
            old, new = group[second], group[first]
            group = [new if each == old else each for each in group]
    members: dict[int, list[_Text]] = defaultdict(list)
    for each, text in zip(group, texts, strict=True):
        members[each].append(text)
    return [cluster for cluster in members.values() if len(cluster) > 1]


def _candidates(texts: Sequence[_Text]) -> set[tuple[int, int]]:
    """Pairs of texts that share some words in a row."""
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, text in enumerate(texts):
        for shingle in {text.words[start : start + SHINGLE] for start in range(len(text.words) - SHINGLE + 1)}:
            places[shingle].append(number)
    return {(first, second) for numbers in places.values() for first in numbers for second in numbers if first < second}


def _sets(group: Sequence[_Text]) -> list[SampleSet]:
    return list({text.set.name: text.set for text in group}.values())


def _models(group: Sequence[_Text]) -> tuple[str, ...]:
    """Names of models; a set without one may be anybody's."""
    return tuple(sorted({text.set.model for text in group if text.set.model}))


def _whole(group: Sequence[_Text]) -> bool:
    """Whether every set is there with all of its samples that can be compared: copies of a set, not of single samples."""
    return all(
        sum(text.set.name == each.name for text in group) == sum(_comparable(_words(sample)) for sample in each.samples)
        for each in _sets(group)
    )


def _shared(campaign: Campaign, names: Sequence[str], group: Sequence[_Text]) -> Finding:
    sets, models = _sets(group), _models(group)
    files = list(dict.fromkeys(each.file for each in sets))
    if len(models) > 1:
        severity: Severity = "error"
        message = f"The same text is stored as the output of different models: {', '.join(models)}. At most one of them gave it."
    else:
        severity = "warning"
        message = f"Sets of {models[0] if models else 'an unnamed model'} that are otherwise different share the same text."
    message += f" Files: {', '.join(files)}."
    refs = (*(text.sample.ref for text in group[:SHOWN]), *_report_places(reports_on(campaign, sets)))
    effect = f"{len(group)} samples of {len(sets)} sets in {len(files)} files"
    return Finding(" = ".join(names), severity, "mismatch", message, effect=effect, evidence=refs)


def _repeated(campaign: Campaign, name: str, own: Sequence[_Text]) -> Finding:
    prompts = len({text.sample.prompt for text in own})
    severity: Severity = "error" if prompts > 1 else "warning"
    under = "different prompts" if prompts > 1 else "the same prompt"
    message = f"One set holds the same text more than once, under {under}: {len(own)} of its {len(own[0].set.samples)} samples are copies."
    refs = (*(text.sample.ref for text in own[:SHOWN]), *_report_places(reports_on(campaign, [own[0].set])))
    return Finding(f"{name}, repeated", severity, "mismatch", message, effect=f"{len(own)} samples", evidence=refs)


def _copies(groups: Sequence[Sequence[_Text]]) -> Finding:
    """Sets that are stored more than once under one model name."""
    lists = dict.fromkeys(", ".join(dict.fromkeys(each.file for each in _sets(group))) for group in groups)
    message = f"Whole sets are stored more than once under one model's name, some in another encoding or layout: {'; '.join(lists)}."
    refs = tuple(dict.fromkeys(group[0].set.ref for group in groups))[:SHOWN]
    return Finding("copies of sets", "note", "confirmed", message, effect=f"{len(groups)} sets", evidence=refs)
