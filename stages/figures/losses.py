"""Loss and bits per character of every run: losses in groups that compare, bits across all of them."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from stages.figures.evaluations import KINDS, is_smoothed
from stages.figures.groups import grouped
from stages.figures.style import BAND, BLACK, canvas, localise, number, say_not_measured
from stages.figures.values import Described, Inputs, RunRecord, fill, listed, recorded
from stages.number import NOT_MEASURED

OFFSETS = {0: (), 1: (0.0,), 2: (-0.14, 0.14), 3: (-0.2, 0.0, 0.2)}
"""Points of one run stand a little apart, in lines, by their number."""
LABELS = {
    "loss": {"pt": "Perda (nats por token)\ncompara-se só dentro de uma faixa", "en": "Loss (nats per token)\ncompares only within a band"},
    "bits": {"pt": "Bits por caractere\ncompara-se entre faixas", "en": "Bits per character\ncompares across bands"},
    "smoothed": {"pt": "perda suavizada (label smoothing)", "en": "smoothed loss (label smoothing)"},
}
CAPTION = {
    "pt": "Perda e bits por caractere de cada execução da campanha {campaign}, agrupadas por tokenizer (faixas). Perdas por token só se "
    "comparam sob o mesmo tokenizer e na mesma avaliação; bits por caractere comparam-se entre tokenizers, na mesma avaliação; o texto da "
    "validação é de cada treino, o das janelas de cada fase. Não "
    "medidos: {missing}. "
    "Perda suavizada, maior que a entropia cruzada: {smoothed}.{bars}",
    "en": "Loss and bits per character of each run of campaign {campaign}, grouped by tokenizer (bands). Losses per token compare only "
    "under "
    "one tokenizer and in one evaluation; bits per character compare across tokenizers, in one evaluation; the validation text is each "
    "training's own, that of the windows each phase's. Not measured: {missing}. "
    "Smoothed loss, "
    "above the cross-entropy: {smoothed}.{bars}",
}
BARS = {
    "pt": " Barras: intervalo de 95 % do texto reservado (1,96 erro-padrão).",
    "en": " Bars: 95 % interval on the held-out text (1.96 standard errors).",
}
"""Said where some run was measured on the held-out text."""
ALT = {
    "pt": "Pontos por execução: perda à esquerda, bits por caractere à direita. Bits por caractere: {bits}.",
    "en": "Dots by run: loss on the left, bits per character on the right. Bits per character: {bits}.",
}


def describe(inputs: Inputs) -> Described:
    """Every loss and its bits per character, by run and evaluation."""
    groups: list[dict[str, Any]] = [{"label": label, "runs": [_run(run) for run in runs]} for label, runs in grouped(inputs.records)]
    runs = [run for group in groups for run in group["runs"]]
    silent = [run["run"] for run in runs if not run["bits"]]
    smoothed = [run["run"] for run in runs if run["smoothed"]]
    alt = fill(ALT, bits={language: "; ".join(_bits(run, language) for run in runs) for language in ALT})
    bars = BARS if any("errors" in run for run in runs) else dict.fromkeys(BARS, "")
    caption = fill(CAPTION, campaign=inputs.campaign, missing=listed(silent), smoothed=listed(smoothed), bars=bars)
    return Described(caption, alt, {"groups": groups})


def _run(run: RunRecord) -> dict[str, Any]:
    losses = {kind: recorded(run, f"{place}.loss_nats") for kind, (place, _, _) in KINDS.items()}
    bits = {kind: recorded(run, f"{KINDS[kind][0]}.bits_per_character") for kind in KINDS if losses[kind]["value"] is not None}
    return {
        "run": run.run,
        "smoothed": is_smoothed(run),
        "losses": {kind: value for kind, value in losses.items() if value["value"] is not None},
        "bits": {kind: value for kind, value in bits.items() if value["value"] is not None},
        **({"errors": recorded(run, "results.held_out.bits_standard_error")} if losses["held_out"]["value"] is not None else {}),
    }


def _bits(run: dict[str, Any], language: str) -> str:
    found = [number(value["value"], language, 3) for value in run["bits"].values()]
    return f"{run['run']} {' / '.join(found) or NOT_MEASURED[language]}"


def draw(data: dict[str, Any], language: str) -> Figure:
    """One line a run, a band a tokenizer; loss left, bits per character right."""
    rows = sum(len(group["runs"]) for group in data["groups"])
    figure = canvas(1.4 + 0.24 * rows)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.15, 1])
    names: list[str] = []
    for index, group in enumerate(data["groups"]):
        top, bottom = len(names) - 0.5, len(names) + len(group["runs"]) - 0.5
        for axes in (left, right):
            axes.axhspan(top, bottom, color=BAND if index % 2 == 0 else "white", zorder=0)
        beside = right.get_yaxis_transform()
        right.text(1.02, (top + bottom) / 2, group["label"][language], transform=beside, va="center", fontsize=7)
        for run in group["runs"]:
            _points(left, right, run, len(names), language)
            names.append(run["run"])
    left.set_yticks(range(rows), names)
    left.set_ylim(rows - 0.5, -0.5)
    for axes, label in ((left, "loss"), (right, "bits")):
        axes.set_xlabel(LABELS[label][language])
        axes.grid(False, axis="y")
        localise(axes, language, x=6, y=None)
    right.tick_params(left=False)
    figure.legend(handles=_legend(data, language), loc="outside upper center", ncols=3)
    return figure


def _points(left: Axes, right: Axes, run: dict[str, Any], y: int, language: str) -> None:
    offsets = dict(zip(run["losses"], OFFSETS[len(run["losses"])], strict=True))
    for kind, value in run["losses"].items():
        left.plot(value["value"], y + offsets[kind], linestyle="", **KINDS[kind][1])
    if run["smoothed"]:
        left.annotate("†", (run["losses"]["validation"]["value"], y), (4, 1), textcoords="offset points", fontsize=8)
    for kind, value in run["bits"].items():
        error = run["errors"]["value"] if kind == "held_out" else 0
        right.errorbar(
            value["value"], y + offsets[kind], xerr=1.96 * error, linestyle="", capsize=2 if error else 0, elinewidth=0.8, **KINDS[kind][1]
        )
    if not run["bits"]:
        say_not_measured(right, y, language)


def _legend(data: dict[str, Any], language: str) -> list[Line2D]:
    runs = [run for group in data["groups"] for run in group["runs"]]
    used = [kind for kind in KINDS if any(kind in run["losses"] for run in runs)]
    handles = [Line2D([], [], linestyle="", label=KINDS[kind][2][language], **KINDS[kind][1]) for kind in used]
    if any(run["smoothed"] for run in runs):
        handles.append(Line2D([], [], linestyle="", marker="$†$", color=BLACK, label=LABELS["smoothed"][language]))
    return handles
