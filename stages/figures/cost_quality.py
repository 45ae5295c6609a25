"""Cost against quality: what a run took, in dollars where every run has a price, else in hours, against its loss and bits per character."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stages.figures.evaluations import KINDS, is_smoothed
from stages.figures.groups import grouped
from stages.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    canvas,
    label_points,
    localise,
    log_x,
    shown,
)
from stages.figures.values import Described, Inputs, RunRecord, Words, cell, fill, listed, recorded

TABLE = "tab03"
COLUMNS = 4
STYLES = [(BLUE, "o"), (VERMILLION, "s"), (GREEN, "D"), (BLACK, "^"), (PURPLE, "v"), (SKY, "P"), (ORANGE, "X"), (GREY, "p")]
"""Colour and marker of each group."""
LABELS = {
    "usd": {"pt": "Custo do treino (US$)", "en": "Cost of training (US$)"},
    "hours": {"pt": "Tempo de treino (h)", "en": "Training time (h)"},
    "bits": {"pt": "Bits por caractere", "en": "Bits per character"},
    "loss": {"pt": "Perda, {on}\n(nats por token)", "en": "Loss, {on}\n(nats per token)"},
    "held_out": {"pt": "texto reservado", "en": "held-out text"},
    "windowed": {"pt": "janelas fixas", "en": "fixed windows"},
    "adapter": {"pt": "com adaptador", "en": "with adapter"},
    "validation": {"pt": "validação", "en": "validation"},
    "all": {"pt": "Todas, onde foi medido", "en": "All, where measured"},
    "base": {"pt": "modelo base", "en": "base model"},
}
CAPTION = {
    "pt": "Custo contra qualidade na campanha {campaign}: {cost}. No primeiro painel, bits por caractere na avaliação mais comparável "
    "que cada execução tem (não medidos: {missing}); nos outros, a perda por token, um painel por tokenizer, porque só dentro dele se "
    "compara. Perda suavizada (†): "
    "{smoothed}. Linha tracejada: o modelo base antes da adaptação. Os pontos são numerados na ordem da legenda.",
    "en": "Cost against quality in campaign {campaign}: {cost}. The first panel has bits per character, in the most comparable "
    "evaluation that each run has (not measured: {missing}); the others have the loss per token, one panel a tokenizer, for it compares "
    "only within one. Smoothed loss (†): "
    "{smoothed}. Dashed line: the base model before it is adapted. Dots are numbered in the order of the key.",
}
COSTS = {
    "usd": {"pt": "dólares da Tabela 3", "en": "dollars of Table 3"},
    "hours": {"pt": "horas, pois nem todo dispositivo tem preço", "en": "hours, for not every device has a price"},
}
ALT = {
    "pt": "Dispersão de {axis} e qualidade. {points}.",
    "en": "Scatter of {axis} against quality. {points}.",
}
ORDER = ("held_out", "windowed", "adapter", "validation")
"""Evaluations that may stand for a run, the most comparable one first."""


def describe(inputs: Inputs) -> Described:
    """Hours and dollars of each run, with its loss and bits per character in one evaluation."""
    groups: list[dict[str, Any]] = [
        {"label": label, "runs": [_run(inputs, run) for run in runs]} for label, runs in grouped(inputs.records)
    ]
    for group, (_, records) in zip(groups, grouped(inputs.records), strict=True):
        _add_losses(group, records)
    runs = [run for group in groups for run in group["runs"]]
    axis = "usd" if all(run["usd"] and run["usd"]["value"] for run in runs) else "hours"
    silent = listed([run["run"] for run in runs if run["bits"]["value"] is None])
    smoothed = listed([run["run"] for run in runs if run["smoothed"]])
    caption = fill(CAPTION, campaign=inputs.campaign, cost=COSTS[axis], missing=silent, smoothed=smoothed)
    points = {language: "; ".join(_point(run, axis, language) for run in runs) for language in ALT}
    return Described(caption, fill(ALT, axis=LABELS[axis], points=points), {"axis": axis, "groups": groups})


def _run(inputs: Inputs, run: RunRecord) -> dict[str, Any]:
    bits = [recorded(run, f"{KINDS[kind][0]}.bits_per_character") for kind in ORDER]
    return {
        "run": run.run,
        "hours": recorded(run, "time.hours"),
        "usd": cell(inputs, TABLE, run.run, "cost"),
        "bits": next((value for value in bits if value["value"] is not None), bits[0]),
    }


def _add_losses(group: dict[str, Any], records: list[RunRecord]) -> None:
    """The loss of each run in the one evaluation that most of the group's runs have."""
    found = {kind: [recorded(run, f"{KINDS[kind][0]}.loss_nats") for run in records] for kind in ORDER}
    count = {kind: sum(value["value"] is not None for value in values) for kind, values in found.items()}
    group["evaluation"] = max(ORDER, key=lambda kind: count[kind])
    for entry, loss, run in zip(group["runs"], found[group["evaluation"]], records, strict=True):
        entry["loss"] = loss
        entry["smoothed"] = group["evaluation"] == "validation" and is_smoothed(run)
    base = recorded(records[0], "results.intrinsic.base.loss_nats")
    if base["value"] is not None:
        group["base"] = base


def _point(run: dict[str, Any], axis: str, language: str) -> str:
    loss = {"pt": "perda", "en": "loss"}[language]
    return f"{run['run']}: {shown(run[axis], language)}, {loss} {shown(run['loss'], language)}, bits {shown(run['bits'], language)}"


def draw(data: dict[str, Any], language: str) -> Figure:
    """Bits and the key to the numbered dots above, one panel a group below; these share the axis of costs."""
    groups = data["groups"]
    panels = [group for group in groups if any(run["loss"]["value"] is not None for run in group["runs"])]
    names = [run["run"] for group in groups for run in group["runs"]]
    has_bits = any(run["bits"]["value"] is not None for group in groups for run in group["runs"])
    rows, key = -(-len(panels) // COLUMNS), 0.17 * (-(-len(names) // 2))
    top = max(key + 0.3, 2.2 if has_bits else 0)
    figure = canvas(1.75 * rows + top)
    grid = figure.add_gridspec(rows + 1, COLUMNS, height_ratios=[top, *[1.75] * rows])
    _key(figure.add_subplot(grid[0, COLUMNS // 2 if has_bits else 0 :]), groups)
    if has_bits:
        points = [(run, "bits", groups.index(group)) for group in groups for run in group["runs"]]
        _panel(figure.add_subplot(grid[0, : COLUMNS // 2]), data, points, (LABELS["all"], LABELS["bits"]), language)
    for place, group in enumerate(panels):
        axes = figure.add_subplot(grid[1 + place // COLUMNS, place % COLUMNS])
        if "base" in group:
            _base_line(axes, group["base"]["value"], language)
        _panel(
            axes,
            data,
            [(run, "loss", groups.index(group)) for run in group["runs"]],
            (group["label"], fill(LABELS["loss"], on=LABELS[group["evaluation"]])),
            language,
        )
    return figure


def _panel(
    axes: Axes, data: dict[str, Any], points: list[tuple[dict[str, Any], str, int]], titles: tuple[Words, Words], language: str
) -> None:
    """Numbered dots of some runs: what of them, and the place of their group, which gives colour and marker."""
    names = [run["run"] for group in data["groups"] for run in group["runs"]]
    labels = []
    for run, what, group in points:
        x, y = run[data["axis"]]["value"], run[what]["value"]
        if x is not None and y is not None:
            color, marker = STYLES[group % len(STYLES)]
            axes.plot(x, y, linestyle="", color=color, marker=marker)
            labels.append((x, y, f"{names.index(run['run']) + 1}{'†' if what == 'loss' and run['smoothed'] else ''}"))
    axes.set_title(titles[0][language], fontsize=7, loc="left", fontweight="bold")
    axes.set_ylabel(titles[1][language], fontsize=6.5)
    axes.set_xlabel(LABELS[data["axis"]][language], fontsize=7)
    axes.set_xscale("log")
    axes.margins(x=0.1, y=0.25)
    localise(axes, language, x=None, y=4)
    if all(what == "loss" for _, what, _ in points):
        axes.set_xlim(*_limits(data))
    log_x(axes, language)
    label_points(axes, labels)


def _limits(data: dict[str, Any]) -> tuple[float, float]:
    """Of the axis of costs: all runs, and some room."""
    costs = [run[data["axis"]]["value"] for group in data["groups"] for run in group["runs"]]
    known = [cost for cost in costs if cost is not None]
    return min(known) / 1.7, max(known) * 1.7


def _base_line(axes: Axes, loss: float, language: str) -> None:
    axes.axhline(loss, color=BLACK, linestyle="--", linewidth=0.8)
    axes.text(0.98, loss, LABELS["base"][language], transform=axes.get_yaxis_transform(), ha="right", va="bottom", fontsize=6)


def _key(axes: Axes, groups: list[dict[str, Any]]) -> None:
    """Number, marker and name of every run, in two columns."""
    axes.axis("off")
    runs = [(run["run"], STYLES[place % len(STYLES)]) for place, group in enumerate(groups) for run in group["runs"]]
    rows, size = -(-len(runs) // 2), min(6.5, 145 / max(len(run) for run, _ in runs))
    axes.set(xlim=(0, 2), ylim=(rows - 0.5, -0.5))
    for place, (run, (color, marker)) in enumerate(runs):
        x, y = place // rows, place % rows
        axes.plot(x + 0.03, y, color=color, marker=marker, linestyle="")
        axes.text(x + 0.09, y, f"{place + 1}  {run}", va="center", fontsize=size)
