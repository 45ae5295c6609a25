"""Learning curves: training and validation loss of every run, epoch by epoch."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from stages.figures.style import BLUE, GREY, VERMILLION, canvas, localise, number
from stages.figures.values import Described, Inputs, fill, listed, series

COLUMNS = 4
LINES: dict[str, dict[str, Any]] = {
    "train": {"color": BLUE, "linestyle": "-", "marker": "o"},
    "validation": {"color": VERMILLION, "linestyle": "--", "marker": "s", "markerfacecolor": "white"},
}
LABELS = {
    "train": {"pt": "treino", "en": "training"},
    "validation": {"pt": "validação", "en": "validation"},
    "x": {"pt": "Época (contada de 1)", "en": "Epoch (counted from 1)"},
    "y": {"pt": "Perda (nats por token)", "en": "Loss (nats per token)"},
    "none": {"pt": "Sem época no registro", "en": "No epoch in the record"},
    "one": {"pt": "uma época registrada", "en": "one epoch logged"},
}
CAPTION = {
    "pt": "Curvas de aprendizado da campanha {campaign}, um painel por execução, com a versão abaixo do nome. Cada painel tem sua própria "
    "escala: perdas por token só se comparam sob o mesmo tokenizer. Sem época no registro: {none}. Uma só época: {one}.",
    "en": "Learning curves of campaign {campaign}, one panel a run, with its version below the name. Every panel has its own scale: losses "
    "per token compare only under one tokenizer. No epoch in the record: {none}. One epoch only: {one}.",
}
ALT = {
    "pt": "Painéis de linhas, perda por época. Primeira e última perda de validação de cada execução: {ends}.",
    "en": "Panels of lines, loss by epoch. First and last validation loss of each run: {ends}.",
}


def describe(inputs: Inputs) -> Described:
    """Losses of every epoch of every run, in nats per token."""
    versions = list(dict.fromkeys(run.record.identity.version for run in inputs.records))
    runs: list[dict[str, Any]] = [
        {
            "run": run.run,
            "version": run.record.identity.version,
            "epochs": [epoch.epoch for epoch in run.record.history],
            "train": series(run, "train_loss_nats"),
            "validation": series(run, "validation_loss_nats"),
            **({} if run.record.history else {"missing": run.record.missing.get("history", "not logged")}),
        }
        for run in sorted(inputs.records, key=lambda run: versions.index(run.record.identity.version))
    ]
    by_count = {count: listed([run["run"] for run in runs if len(run["epochs"]) == count]) for count in (0, 1)}
    caption = fill(CAPTION, campaign=inputs.campaign, none=by_count[0], one=by_count[1])
    alt = {language: text.format(ends="; ".join(_ends(run, language) for run in runs if run["epochs"])) for language, text in ALT.items()}
    return Described(caption, alt, {"runs": runs})


def _ends(run: dict[str, Any], language: str) -> str:
    known = [value for value in run["validation"]["values"] if value is not None]
    return f"{run['run']} {number(known[0], language)} → {number(known[-1], language)}" if known else f"{run['run']} –"


def draw(data: dict[str, Any], language: str) -> Figure:
    """One small panel for each run that has epochs; the others are named below."""
    shown = [run for run in data["runs"] if run["epochs"]]
    silent = [run["run"] for run in data["runs"] if not run["epochs"]]
    columns = min(COLUMNS, max(len(shown), 1))
    rows = max(-(-len(shown) // columns), 1)
    figure = canvas(0.8 + 1.45 * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, run in zip(panels, shown, strict=False):
        _panel(axes, run, language)
    for axes in panels[len(shown) :]:
        axes.axis("off")
    below = f"\n{LABELS['none'][language]}: {listed(silent)}" if silent else ""
    figure.supxlabel(LABELS["x"][language] + below, fontsize=8)
    figure.supylabel(LABELS["y"][language], fontsize=8)
    handles = [Line2D([], [], label=LABELS[name][language], **line) for name, line in LINES.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return figure


def _panel(axes: Axes, run: dict[str, Any], language: str) -> None:
    size = min(7.0, 140 / len(run["run"]))  # the longest names still fit above their panel
    axes.annotate(run["run"], (0, 1), (0, 12), "axes fraction", textcoords="offset points", fontsize=size, fontweight="bold")
    axes.annotate(run["version"], (0, 1), (0, 4), "axes fraction", textcoords="offset points", fontsize=6, color=GREY)
    epochs = run["epochs"]
    for name, line in LINES.items():
        known = [(epoch, value) for epoch, value in zip(epochs, run[name]["values"], strict=True) if value is not None]
        if known:
            axes.plot(*zip(*known, strict=True), **line, markersize=3.5 if len(known) < 10 else 0)
    localise(axes, language, x=None, y=4)
    axes.set_xticks(sorted({epochs[0], (epochs[0] + epochs[-1] + 1) // 2, epochs[-1]}))
    if len(epochs) == 1:
        _name_points(axes, run, language)


def _name_points(axes: Axes, run: dict[str, Any], language: str) -> None:
    """A single epoch has no curve: its values in figures, and a word on it."""
    axes.set_xlim(0, 3)
    axes.margins(y=0.8)
    for name, line in LINES.items():
        if (value := run[name]["values"][0]) is not None:
            axes.text(1.2, value, number(value, language), va="center", fontsize=7, color=line["color"])
    axes.text(0.5, 0.04, LABELS["one"][language], ha="center", transform=axes.transAxes, color=GREY, fontsize=6)
