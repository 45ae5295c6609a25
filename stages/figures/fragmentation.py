"""Fragmentation: token shapes of generated samples against their limits, and tokens per character of each tokenizer."""

from math import log
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from stages.figures.evaluations import KINDS
from stages.figures.groups import grouped
from stages.figures.style import (
    BAND,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    canvas,
    localise,
    number,
    say_not_measured,
    shown,
)
from stages.figures.values import Described, Inputs, RunRecord, Value, Words, cell, computed, fill, listed, recorded

TABLE = "tab10_corrected"
SAMPLES_OF = {"pt": "amostras de", "en": "samples of"}
STATED: dict[str, Any] = {"color": BLACK, "marker": "o", "markerfacecolor": "white"}
OWN: dict[str, Any] = {"color": BLUE, "marker": "s"}
OTHERS: list[dict[str, Any]] = [
    {"color": VERMILLION, "marker": "^", "markersize": 4},
    {"color": GREEN, "marker": "v", "markersize": 4},
    {"color": ORANGE, "marker": "<", "markersize": 4},
    {"color": PURPLE, "marker": ">", "markersize": 4},
    {"color": SKY, "marker": "P", "markersize": 4},
]
"""Of the tokenizers that samples are encoded with beside their own."""
LABELS = {
    "short": {"pt": "Peças curtas\n(fração dos tokens)", "en": "Short pieces\n(share of tokens)"},
    "fallback": {"pt": "Peças de byte\n(fração dos tokens)", "en": "Byte pieces\n(share of tokens)"},
    "tokens": {"pt": "Tokens por caractere do texto avaliado", "en": "Tokens per character of the evaluated text"},
    "limit": {"pt": "limite (acima, reprova)", "en": "limit (above, it fails)"},
    "stated": {"pt": "como registrado ou publicado", "en": "as recorded or published"},
    "own": {"pt": "só a continuação, tokenizer próprio", "en": "continuation alone, own tokenizer"},
    "other": {"pt": "sob {name}", "en": "under {name}"},
}
CAPTION = {
    "pt": "Fragmentação na campanha {campaign}. Em cima, formas dos tokens das amostras geradas: peças curtas de letras e peças de "
    "byte, com os limites que "
    "reprovam uma execução{corrected}. Embaixo, tokens por caractere de cada tokenizer, da perda e dos bits por caractere do mesmo "
    "texto. Sem amostras "
    "no registro: {silent}.",
    "en": "Fragmentation in campaign {campaign}. Above, token shapes of generated samples: short pieces of letters and byte pieces, "
    "with the limits that fail "
    "a run{corrected}. Below, tokens per character of each tokenizer, from loss and bits per character of the same text. No samples in the "
    "record: {silent}.",
}
CORRECTION = {
    "pt": "; os símbolos cheios são da tabela corrigida, que lê só a continuação, sob um tokenizer de cada vez",
    "en": "; full symbols are of the corrected table, which reads the continuation alone, under one tokenizer at a time",
}
ALT = {
    "pt": "Peças curtas por execução: {short}. Tokens por caractere: {tokens}.",
    "en": "Short pieces by run: {short}. Tokens per character: {tokens}.",
}


def describe(inputs: Inputs) -> Described:
    """Ratios of every run that has guardrails, and tokens per character of every tokenizer."""
    runs = _rows(inputs)
    silent = [run.run for run in inputs.records if not run.record.results.guardrails and not _is_character(run)]
    tokenizers = [{"label": label, "tokens_per_character": _density(group)} for label, group in grouped(inputs.records)]
    corrected = CORRECTION if TABLE in inputs.data else ""
    caption = fill(CAPTION, campaign=inputs.campaign, corrected=corrected, silent=listed(silent))
    data = {"runs": runs, "tokenizers": tokenizers}
    alt = {language: text.format(short=_shorts(data, language), tokens=_tokens(data, language)) for language, text in ALT.items()}
    return Described(caption, alt, data)


def _is_character(run: RunRecord) -> bool:
    tokenizer = run.record.configuration.tokenizer
    return tokenizer is not None and tokenizer.kind == "character"


def _rows(inputs: Inputs) -> list[dict[str, Any]]:
    """One row a run with guardrails; where there is the corrected table its rows, which are sets of samples."""
    records = {run.run: run for run in inputs.records if run.record.results.guardrails}
    if TABLE not in inputs.data:
        return [_recorded_row(run) for run in records.values()]
    rows = []
    for entry in inputs.data[TABLE][1]["rows"]:
        run = records[max((name for name in records if entry["id"].startswith(name)), key=len)]
        rows.append(_recorded_row(run) | _corrected(inputs, entry, run.run == entry["id"]))
    return rows


def _recorded_row(run: RunRecord) -> dict[str, Any]:
    names = {"short": "short_piece", "fallback": "fallback"}
    return {
        "name": _name(run),
        "limits": {shape: recorded(run, f"configuration.sampling.maximum_{name}_ratio") for shape, name in names.items()},
        **{shape: recorded(run, f"results.guardrails.{name}_ratio") for shape, name in names.items()},
        "others": {},
    }


def _name(run: RunRecord) -> Words:
    """The run; under it the model whose samples were measured, where the record names another."""
    samples_of = recorded(run, "results.guardrails.samples_of")["value"]
    if samples_of.endswith(run.run):
        return dict.fromkeys(SAMPLES_OF, run.run)
    return {language: f"{run.run}\n({words} {samples_of})" for language, words in SAMPLES_OF.items()}


def _corrected(inputs: Inputs, entry: dict[str, Any], is_run: bool) -> dict[str, Any]:
    """What the corrected table says of a row; of one that is no run's, its name and what was stated, too."""
    columns = [column["id"] for column in inputs.data[TABLE][1]["columns"]]
    found: dict[str, Any] = {
        "own": cell(inputs, TABLE, entry["id"], "short"),
        "others": {name: cell(inputs, TABLE, entry["id"], name) for name in columns[columns.index("passes") + 1 :]},
    }
    if is_run:
        return found
    nothing = {"value": None, "missing": "the corrected table has no such column"}
    return found | {
        "name": entry["cells"]["experiment"]["printed"],
        "short": cell(inputs, TABLE, entry["id"], "stated"),
        "fallback": nothing,
    }


def _density(group: list[RunRecord]) -> Value:
    """Tokens per character: bits per character x ln 2 / loss, of the first run and evaluation that has both."""
    pairs = [
        (recorded(run, f"{KINDS[kind][0]}.bits_per_character"), recorded(run, f"{KINDS[kind][0]}.loss_nats"))
        for run in group
        for kind in ("held_out", "windowed", "validation")
    ]
    bits, loss = next(((bits, loss) for bits, loss in pairs if bits["value"] is not None), pairs[0])
    return computed(lambda bits, loss: bits * log(2) / loss, "bits_per_character * ln 2 / loss_nats", bits, loss)


def _shorts(data: dict[str, Any], language: str) -> str:
    return "; ".join(f"{run['name'][language]} {shown(run['short'], language)}".replace("\n", " ") for run in data["runs"]) or "–"


def _tokens(data: dict[str, Any], language: str) -> str:
    return "; ".join(f"{each['label'][language]} {shown(each['tokens_per_character'], language)}" for each in data["tokenizers"])


def draw(data: dict[str, Any], language: str) -> Figure:
    """Ratios of samples above, where there are any; tokens per character below."""
    runs, tokenizers = data["runs"], data["tokenizers"]
    heights = [0.75 + (0.5 if any("own" in run for run in runs) else 0.27) * len(runs)] * bool(runs) + [0.7 + 0.22 * len(tokenizers)]
    figure = canvas(sum(heights) + 0.6 * bool(runs))
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights, width_ratios=[1.8, 1])
    if runs:
        short = figure.add_subplot(grid[0, 0])
        _shape_panel(short, runs, "short", language)
        _shape_panel(figure.add_subplot(grid[0, 1], sharey=short), runs, "fallback", language)
        figure.legend(handles=_legend(runs, language), loc="outside upper center", ncols=3)
    _token_panel(figure.add_subplot(grid[-1, :]), tokenizers, language)
    return figure


def _shape_panel(axes: Axes, runs: list[dict[str, Any]], shape: str, language: str) -> None:
    for y, run in enumerate(runs):
        if y % 2 == 0:
            axes.axhspan(y - 0.5, y + 0.5, color=BAND, zorder=0)
        if (limit := run["limits"][shape]["value"]) is not None:
            axes.plot([limit, limit], [y - 0.5, y + 0.5], color=GREY, linestyle="--")
        if run[shape]["value"] is not None:
            axes.plot(run[shape]["value"], y - 0.3 * ("own" in run and shape == "short"), linestyle="", **STATED)
        if shape == "short":
            _corrected_points(axes, run, y)
    axes.set_ylim(len(runs) - 0.5, -0.5)
    axes.set_yticks(range(len(runs)), [run["name"][language] for run in runs])
    axes.tick_params(axis="y", length=0, labelleft=shape == "short")
    axes.set_xlabel(LABELS[shape][language])
    axes.grid(False, axis="y")
    axes.set_xlim(left=min(-0.02 * axes.get_xlim()[1], axes.get_xlim()[0]) if shape == "fallback" else 0)
    localise(axes, language, x=5, y=None)


def _corrected_points(axes: Axes, run: dict[str, Any], y: int) -> None:
    if "own" in run and run["own"]["value"] is not None:
        axes.plot(run["own"]["value"], y - 0.14, linestyle="", **OWN)
    for place, value in enumerate(run["others"].values()):
        if value["value"] is not None:
            axes.plot(value["value"], y + 0.02 + 0.1 * place, linestyle="", **OTHERS[place])


def _token_panel(axes: Axes, tokenizers: list[dict[str, Any]], language: str) -> None:
    for y, each in enumerate(tokenizers):
        if (value := each["tokens_per_character"]["value"]) is None:
            say_not_measured(axes, y, language)
            continue
        axes.barh(y, value, height=0.6, color=SKY, edgecolor=BLUE)
        axes.text(value, y, f" {number(value, language, 3)}", va="center", fontsize=7)
    axes.set_ylim(len(tokenizers) - 0.5, -0.5)
    axes.set_xlim(0, max([each["tokens_per_character"]["value"] or 0 for each in tokenizers] + [0.1]) * 1.1)
    axes.set_yticks(range(len(tokenizers)), [each["label"][language] for each in tokenizers])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(LABELS["tokens"][language])
    axes.grid(False, axis="y")
    localise(axes, language, x=6, y=None)


def _legend(runs: list[dict[str, Any]], language: str) -> list[Line2D]:
    handles = [Line2D([], [], linestyle="", label=LABELS["stated"][language], **STATED)]
    if any("own" in run for run in runs):
        handles.append(Line2D([], [], linestyle="", label=LABELS["own"][language], **OWN))
    others = list(dict.fromkeys(name for run in runs for name in run["others"]))
    for name, style in zip(others, OTHERS, strict=False):
        handles.append(Line2D([], [], linestyle="", label=LABELS["other"][language].format(name=name), **style))
    return [*handles, Line2D([], [], color=GREY, linestyle="--", label=LABELS["limit"][language])]
