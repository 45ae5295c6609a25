"""The roadmap, Figure 1 of the thesis: from foundations to experiments, version by version, with what each changed; from the records."""

from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from stages.figures.evaluations import KINDS, is_smoothed
from stages.figures.style import BAND, BLACK, BLUE, GREY, VERMILLION, WIDTH, canvas
from stages.figures.values import Described, Inputs, RunRecord, Value, fill, recorded
from stages.number import LANGUAGES, NOT_MEASURED, printed_number

FOUNDATIONS: list[tuple[str, dict[str, str], int]] = [
    ("3.1", {"pt": "Tokenização", "en": "Tokenisation"}, 1),
    ("3.2", {"pt": "Arquiteturas", "en": "Architectures"}, 1),
    ("3.3", {"pt": "Compute e VRAM", "en": "Compute and VRAM"}, 1),
    ("3.5", {"pt": "Scaling laws", "en": "Scaling laws"}, 0),
    ("3.4", {"pt": "LoRA e QLoRA", "en": "LoRA and QLoRA"}, 2),
]
"""Sections of chapter 3 and the track that each leads to, 0 being the step from one to the other (thesis, Figure 1)."""
TRACKS = {
    1: {"pt": "Trilha 1: modelos treinados do zero", "en": "Track 1: models trained from scratch"},
    2: {"pt": "Trilha 2: adaptação de um modelo pronto", "en": "Track 2: a ready model is adapted"},
}
COLORS = {1: BLUE, 2: VERMILLION}
HEADER = {
    "run": {"pt": "execução", "en": "run"},
    "architecture": {"pt": "arquitetura, parâmetros", "en": "architecture, parameters"},
    "tokenizer": {"pt": "tokenizer", "en": "tokenizer"},
    "loss": {"pt": "perda (nats/token)", "en": "loss (nats/token)"},
}
PLACES = {"run": 1.55, "architecture": 2.72, "tokenizer": 4.84, "loss": 5.98}
"""Inches from the left of each column."""
ORDER = ("held_out", "validation", "windowed")
SHORT = {
    "held_out": {"pt": "res.", "en": "held."},
    "validation": {"pt": "val.", "en": "val."},
    "windowed": {"pt": "jan.", "en": "win."},
}
WORDS = {
    "layers": {"pt": "camadas", "en": "layers"},
    "layer": {"pt": "camada", "en": "layer"},
    "character": {"pt": "caracteres", "en": "characters"},
    "pretrained": {"pt": "o do modelo", "en": "the model's"},
    "none": {"pt": "mesma arquitetura e mesmo tokenizer", "en": "same architecture and tokenizer"},
}
CAPTION = {
    "pt": "Do fundamento ao experimento: as versões da campanha {campaign}, na ordem em que se seguiram, e o que mudou de uma à outra; "
    "à esquerda, as seções do capítulo 3 "
    "em que se apoiam. Perda: no texto reservado (res.), na validação do próprio treino (val.) ou em janelas fixas (jan.); † suavizada; "
    "só se compara sob o "
    "mesmo tokenizer. Na Trilha 2, do modelo base ao adaptado.",
    "en": "From foundation to experiment: the versions of campaign {campaign} in the order in which they followed, and what changed "
    "from one to the next; on the "
    "left, the sections of chapter 3 that they rest on. Loss: on held-out text (held.), on the training's own validation (val.) or on "
    "fixed windows (win.); † smoothed; "
    "it compares only under one tokenizer. In track 2, from the base to the adapted model.",
}
ALT = {"pt": "Sequência de versões. {steps}.", "en": "Sequence of versions. {steps}."}
LINE, GAP, TITLE = 0.165, 0.3, 0.2
"""Heights in inches: of a run, between versions, of a version's name."""


def describe(inputs: Inputs) -> Described:
    """Versions with their runs, and what changes from one version to the next."""
    versions: dict[tuple[int, str], list[RunRecord]] = {}
    for run in sorted(inputs.records, key=lambda run: run.record.identity.track):
        versions.setdefault((run.record.identity.track, run.record.identity.version), []).append(run)
    steps: list[dict[str, Any]] = [
        {"track": track, "version": version, "runs": [_run(run) for run in runs]} for (track, version), runs in versions.items()
    ]
    for before, after in pairwise(steps):
        if before["track"] == after["track"]:
            after["changed"] = _changed(before["runs"][-1], after["runs"][0])
    alt = {language: ALT[language].format(steps="; ".join(_told(step, language) for step in steps)) for language in ALT}
    return Described(fill(CAPTION, campaign=inputs.campaign), alt, {"steps": steps})


def _run(run: RunRecord) -> dict[str, Any]:
    family = recorded(run, "configuration.architecture.family")["value"]
    fields = {
        "recurrent": ("cell", "layers", "hidden_size"),
        "transformer": ("layers", "model_size"),
        "llama": ("layers", "model_size"),
        "qlora": ("base_model", "lora_rank"),
    }[family]
    losses = {kind: recorded(run, f"{KINDS[kind][0]}.loss_nats") for kind in (*ORDER, "base", "adapter")}
    kept = {kind: losses[kind] for kind in ("base", "adapter") if losses[kind]["value"] is not None}
    best = next(({kind: losses[kind]} for kind in ORDER if losses[kind]["value"] is not None), {})
    return {
        "run": run.run,
        "architecture": {"family": family, **{name: recorded(run, f"configuration.architecture.{name}") for name in fields}},
        "parameters": recorded(run, "configuration.architecture.parameter_count"),
        "tokenizer": {name: recorded(run, f"configuration.tokenizer.{name}") for name in ("kind", "vocabulary", "byte_fallback")},
        "smoothed": is_smoothed(run),
        "losses": kept or best,
    }


def _architecture(run: dict[str, Any], language: str) -> str:
    """The architecture in a few words."""
    facts = {name: value["value"] for name, value in run["architecture"].items() if name != "family"}
    match run["architecture"]["family"]:
        case "recurrent":
            word = WORDS["layer" if facts["layers"] == 1 else "layers"][language]
            return f"{facts['cell'].upper()} {facts['hidden_size']}, {facts['layers']} {word}"
        case "qlora":
            return f"QLoRA r={facts['lora_rank']}, {facts['base_model'].rpartition('/')[2]}"
    name = {"transformer": "Transformer", "llama": "LLaMA"}[run["architecture"]["family"]]
    return f"{name} {facts['model_size']}, {facts['layers']} {WORDS['layers'][language]}"


def _parameters(value: Value, language: str) -> str:
    count = value["value"]
    if count is None:
        return NOT_MEASURED[language]
    return f"{printed_number(count / 1e6, 1, language)} M" if count >= 1e6 else f"{printed_number(count / 1e3, 0, language)} k"


def _tokenizer(run: dict[str, Any], language: str) -> str:
    kind, vocabulary, fallback = (run["tokenizer"][name].get("value") for name in ("kind", "vocabulary", "byte_fallback"))
    if kind == "pretrained":
        return WORDS["pretrained"][language]
    name = {"bpe": "BPE", "byte_bpe": "byte BPE", "character": WORDS["character"][language]}.get(kind, kind)
    return f"{name} {vocabulary}{' +bytes' if fallback else ''}"


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    """What the next version changed, in both languages."""
    changes: dict[str, str] = {}
    for language in LANGUAGES:
        told = [
            f"{tell(before, language)} → {tell(after, language)}"
            for tell in (_architecture, _tokenizer)
            if tell(before, language) != tell(after, language)
        ]
        changes[language] = "; ".join(told) or WORDS["none"][language]
    return changes


def _loss(run: dict[str, Any], language: str) -> str:
    losses = {kind: printed_number(value["value"], 3, language) for kind, value in run["losses"].items()}
    if "adapter" in losses:
        return f"{losses.get('base', '–')} → {losses['adapter']}"
    text = ", ".join(f"{value} {SHORT[kind][language]}" for kind, value in losses.items()) or NOT_MEASURED[language]
    return text + "†" * (run["smoothed"] and "validation" in losses)


def _told(step: dict[str, Any], language: str) -> str:
    runs = (f"{run['run']} ({_architecture(run, language)}; {_tokenizer(run, language)}; {_loss(run, language)})" for run in step["runs"])
    return f"{step['version']}: {', '.join(runs)}"


def draw(data: dict[str, Any], language: str) -> Figure:
    """Foundations on the left, versions on the right from top to bottom."""
    tracks = sorted({step["track"] for step in data["steps"]})
    height = 0.36 + sum(_height(data, track) for track in tracks) + 0.35 * (len(tracks) - 1)
    figure = canvas(height, layout="none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    for column, x in PLACES.items():
        axes.text(x, 0.18, HEADER[column][language], fontsize=6.5, color=GREY)
    top, frames = 0.3, {}
    for track in tracks:
        frames[track] = (top, top + _height(data, track))
        _track(axes, [step for step in data["steps"] if step["track"] == track], track, top, language)
        top = frames[track][1] + 0.35
    _foundations(axes, frames, language)
    if len(tracks) == 2:
        _arrow(axes, (4.2, frames[1][1]), (4.2, frames[2][0]), BLACK)
    return figure


def _height(data: dict[str, Any], track: int) -> float:
    steps = [step for step in data["steps"] if step["track"] == track]
    return 0.27 + sum(TITLE + 0.06 + LINE * len(step["runs"]) for step in steps) + GAP * (len(steps) - 1) + 0.1


def _track(axes: Axes, steps: list[dict[str, Any]], track: int, top: float, language: str) -> None:
    """The frame of a track and its versions, the arrows between them saying what changed."""
    _frame(axes, (1.38, top, WIDTH - 0.06, top + _height({"steps": steps}, track)), COLORS[track], "white")
    axes.text(1.46, top + 0.16, TRACKS[track][language], fontsize=7.5, fontweight="bold", color=COLORS[track], va="center")
    y = top + 0.27
    for step in steps:
        if "changed" in step:
            _arrow(axes, (1.8, y), (1.8, y + GAP), COLORS[track])
            axes.text(1.92, y + GAP / 2, step["changed"][language], fontsize=6, fontstyle="italic", va="center")
            y += GAP
        bottom = y + TITLE + 0.06 + LINE * len(step["runs"])
        _frame(axes, (1.46, y, WIDTH - 0.14, bottom), GREY, BAND)
        axes.text(1.55, y + 0.12, step["version"], fontsize=7, fontweight="bold", va="center")
        for place, run in enumerate(step["runs"]):
            _line(axes, run, y + TITLE + LINE * (place + 0.5), language)
        y = bottom


def _line(axes: Axes, run: dict[str, Any], y: float, language: str) -> None:
    architecture = f"{_architecture(run, language)}, {_parameters(run['parameters'], language)}"
    texts = {"run": run["run"], "architecture": architecture, "tokenizer": _tokenizer(run, language), "loss": _loss(run, language)}
    for column, text in texts.items():
        axes.text(PLACES[column], y, text, fontsize=6, va="center")


def _foundations(axes: Axes, frames: dict[int, tuple[float, float]], language: str) -> None:
    """Sections of chapter 3, each beside the track that it leads to."""
    for track in (0, 1, 2):
        own = [(section, words) for section, words, leads_to in FOUNDATIONS if leads_to == track]
        if not (track in frames or (track == 0 and len(frames) == 2)):
            continue
        top, bottom = frames[track] if track else (frames[1][1], frames[2][0])
        for place, (section, words) in enumerate(own):
            y = top + (bottom - top) * (place + 0.5) / len(own)
            _frame(axes, (0.06, y - 0.17, 1.2, y + 0.17), BLACK, "white")
            axes.text(0.63, y - 0.06, section, fontsize=6.5, fontweight="bold", ha="center", va="center")
            axes.text(0.63, y + 0.08, words[language], fontsize=6.5, ha="center", va="center")
            _arrow(axes, (1.2, y), (1.38 if track else 4.17, y), BLACK)


def _frame(axes: Axes, corners: tuple[float, float, float, float], edge: str, face: str) -> None:
    left, top, right, bottom = corners
    style = "round,pad=0,rounding_size=0.05"
    axes.add_patch(FancyBboxPatch((left, top), right - left, bottom - top, boxstyle=style, fc=face, ec=edge, lw=0.8))


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
    axes.annotate(
        "", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "lw": 0.8, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8}
    )
