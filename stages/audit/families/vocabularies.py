"""Rule on vocabularies: the size that was asked for, the size that a log states, and the pieces that a tokenizer has."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from stages.audit.artifacts import TokenizerModel
from stages.audit.campaign import Campaign
from stages.audit.finding import Finding, Severity
from stages.audit.objects import SHOWN, Deviation, effect, effect_of, figure, is_number, number, objects
from stages.audit.objects import field as value_at
from stages.audit.rules import rule
from stages.traced import Ref

_STATED = (("tokenizer_model", "tokenizer_vocab_size"), ("tokenizer_model", "vocab_size"), ("tokenizer_path", "vocab_size_expected"))
"""Keys of a tokenizer's path and of its size, as logs and mappings state them together."""
_SETTINGS = ("model_path", "vocab_size")
"""The same in the settings of a tokenizer's training, where the size is the one asked for."""
_NOT_SETTINGS = {"vocab_size", "model_type"}
"""Settings that are not compared as they are: training overwrites the size that was asked for, and a model has a number for its kind."""
SAME_SETTING = 1e-6
"""Relative. Models hold their settings as 32-bit numbers."""
SAME_SCORE = 1e-5
"""Relative. Lists print scores with six digits."""


@rule(
    "counting.vocabulary",
    "Vocabularies of another size than stated",
    proves="A tokenizer has fewer pieces than were asked for and than a table says, or a log states another size than its model has.",
    cannot="Tokenizers whose model is not in the evidence and whose size no log states.",
)
def vocabulary(campaign: Campaign) -> Iterator[Finding]:
    yield from _asked_and_made(campaign)
    yield from _stated_and_made(campaign)
    yield from _listed(campaign)
    yield from _scored(campaign)
    yield from _settings(campaign)


@dataclass
class _Request:
    """A vocabulary that was asked for, and what came of it."""

    asked: int
    made: int
    model: TokenizerModel | None
    runs: list[str] = field(default_factory=list)
    refs: list[Ref] = field(default_factory=list)


def _asked_and_made(campaign: Campaign) -> Iterator[Finding]:
    requests: dict[tuple[str, int], _Request] = {}
    for run, record in campaign.records.items():
        tokenizer = record.configuration.tokenizer
        if tokenizer and tokenizer.vocabulary_requested and tokenizer.vocabulary:
            model = _model_of(campaign, run)
            made = len(model.pieces) if model else tokenizer.vocabulary
            key = model.file if model else tokenizer.name, tokenizer.vocabulary_requested
            request = requests.setdefault(key, _Request(tokenizer.vocabulary_requested, made, model))
            request.runs.append(run)
            request.refs += campaign.refs(run, "configuration.tokenizer.vocabulary")
    for file, document in campaign.documents.items():
        path, asked = value_at(document.content, _SETTINGS[0]), number(document.content, _SETTINGS[1])
        if (model := _found(campaign, path)) and asked:
            request = requests.setdefault((model.file, int(asked)), _Request(int(asked), len(model.pieces), model))
            request.refs.append(campaign.documents[file].ref(f"$.{_SETTINGS[1]}"))
    for (name, _), request in requests.items():
        if request.asked != request.made:
            yield _asked_finding(campaign, name, request)


def _model_of(campaign: Campaign, run: str) -> TokenizerModel | None:
    """Tokenizer of a run: the one that its mapping names, else the only one of its kind and size."""
    evidence, tokenizer = campaign.runs[run].evidence, campaign.records[run].configuration.tokenizer
    mapping = campaign.documents.get(evidence.files.get("mapping", "")) if evidence else None
    if mapping and (named := _found(campaign, value_at(mapping.content, "tokenizer_model"))):
        return named
    fitting = [m for m in campaign.tokenizers.values() if tokenizer and (m.kind, len(m.pieces)) == (tokenizer.kind, tokenizer.vocabulary)]
    return fitting[0] if len(fitting) == 1 else None


def _found(campaign: Campaign, path: object) -> TokenizerModel | None:
    return campaign.tokenizers.get(campaign.find(path) or "") if isinstance(path, str) else None


def _asked_finding(campaign: Campaign, name: str, request: _Request) -> Finding:
    cells = [cell for run in request.runs for cell in campaign.cells_printing(run, "configuration.tokenizer.vocabulary_requested")]
    message = f"{request.asked:,} pieces were asked for, the tokenizer has {request.made:,}.{_cause(request)}"
    message += f" Tables print the size asked for ({', '.join(request.runs)})." if cells else ""
    severity: Severity = "error" if cells else "warning"
    refs = dict.fromkeys([*([request.model.ref] if request.model else []), *request.refs])
    sides = f"{request.asked:,}", f"{request.made:,}"
    change = f"{request.made - request.asked:+,} pieces"
    subject = f"{name}, {request.asked} asked for"
    return Finding(subject, severity, "mismatch", message, *sides, change, tuple(refs)[:SHOWN], cells=tuple(sorted(cells)))


def _cause(request: _Request) -> str:
    model = request.model
    if model is None or model.hard_limit or model.kind != "unigram":
        return ""
    if model.seed_size <= request.asked:
        return (
            f" Its unigram training began with {model.seed_size:,} seed pieces, no more than were asked for, and under a soft limit: "
            "training only removes pieces, so it ended below."
        )
    return " Its limit was soft, so that training might end below."


def _stated_and_made(campaign: Campaign) -> Iterator[Finding]:
    """Sizes in logs and mappings against the model that they name."""
    for document in campaign.documents.values():
        for nested in objects(document):
            for path, size in _STATED:
                model, stated = _found(campaign, nested.content.get(path)), number(nested.content, size)
                if model and stated is not None and stated != len(model.pieces):
                    message = f"{size} is {figure(stated)}, but {model.file}, which stands beside it, has {len(model.pieces):,} pieces."
                    refs = nested.ref(size), nested.ref(path), model.ref
                    sides = figure(stated), f"{len(model.pieces):,}"
                    yield Finding(f"{nested.name} {size}", "error", "mismatch", message, *sides, effect(stated, len(model.pieces)), refs)


def _listed(campaign: Campaign) -> Iterator[Finding]:
    """Pieces of a model against the list that its training wrote beside it."""
    for file in campaign.files(".vocab"):
        model = campaign.tokenizers.get(str(PurePosixPath(file).with_suffix(".model")))
        if model is None:
            continue
        listed = [line.partition("\t")[0] for line in campaign.evidence.text(file).split("\n") if line]
        if (apart := sum(a != b for a, b in zip(listed, model.pieces, strict=False)) + abs(len(listed) - len(model.pieces))) > 0:
            message = f"The list of pieces written beside this model differs from it in {apart:,} places: one of the two was exchanged."
            refs = model.ref, Ref(file, "", campaign.evidence.sha256(file))
            sides = f"{len(listed):,} listed", f"{len(model.pieces):,} pieces"
            yield Finding(f"{model.file}, list", "error", "mismatch", message, *sides, f"{apart:,} pieces", refs)


def _scored(campaign: Campaign) -> Iterator[Finding]:
    """Scores of the pieces in the list beside a model, where the pieces are the same."""
    for file in campaign.files(".vocab"):
        model = campaign.tokenizers.get(str(PurePosixPath(file).with_suffix(".model")))
        lines = [line.split("\t") for line in campaign.evidence.text(file).split("\n") if line] if model else []
        if model is None or [line[0] for line in lines] != list(model.pieces) or not model.scores:
            continue
        sha256 = campaign.evidence.sha256(file)
        off = [
            Deviation(Ref(file, f"line {index}", sha256), stated, score)
            for index, (line, score) in enumerate(zip(lines, model.scores, strict=True), start=1)
            if (stated := _score(line)) is not None and abs(stated - score) > SAME_SCORE * max(abs(score), 1)
        ]
        if off:
            message = f"The list of pieces beside this model gives {len(off):,} of them another score, first at {off[0].place.path}."
            sides, refs = (figure(off[0].stated), figure(off[0].recomputed)), (model.ref, *(each.place for each in off[: SHOWN - 1]))
            yield Finding(f"{model.file}, scores", "error", "mismatch", message, *sides, effect_of(off[0], off), refs)


def _score(line: list[str]) -> float | None:
    try:
        return float(line[1]) if len(line) > 1 else None
    except ValueError:
        return None


def _settings(campaign: Campaign) -> Iterator[Finding]:
    """Settings of a tokenizer's training as a file states them, against those that the model itself holds."""
    for document in campaign.documents.values():
        for nested in objects(document):
            if not (model := _found(campaign, nested.content.get(_SETTINGS[0]))):
                continue
            stated = {key: value for key, value in nested.content.items() if isinstance(value, bool) or is_number(value)}
            off = [
                Deviation(nested.ref(key), stated[key], model.settings[key])
                for key in sorted(stated.keys() & model.settings.keys() - _NOT_SETTINGS)
                if abs(stated[key] - model.settings[key]) > SAME_SETTING * abs(model.settings[key])
            ]
            if off:
                texts = [f"{each.place.path} is {figure(each.stated)}, in the model {figure(each.recomputed)}" for each in off]
                message = f"{len(off)} settings are not those that {model.file} was trained with: {'; '.join(texts[:3])}."
                sides, refs = (figure(off[0].stated), figure(off[0].recomputed)), (*(each.place for each in off[: SHOWN - 1]), model.ref)
                yield Finding(f"{nested.name}, settings", "error", "mismatch", message, *sides, effect_of(off[0], off), refs)
