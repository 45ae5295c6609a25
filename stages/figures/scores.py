"""Scores by task of the base and the adapted models: seeds as points, their mean, and the gain with its interval."""

from statistics import fmean, stdev
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from stages.figures.style import BAND, BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, canvas, localise, number, say_not_measured
from stages.figures.values import Described, Inputs, RunRecord, Value, computed, fill, listed, looked_up, recorded

CORRECTED = "corrected_scores"
READINGS = {
    "published": {"pt": "saídas como publicadas", "en": "outputs as published"},
    "answer_as_run": {"pt": "só a resposta", "en": "answer alone"},
    "record": {"pt": "saídas avaliadas", "en": "scored outputs"},
}
STYLES: list[dict[str, Any]] = [
    {"color": BLACK, "marker": "o", "markerfacecolor": "white"},
    {"color": BLUE, "marker": "s"},
    {"color": VERMILLION, "marker": "D"},
    {"color": GREEN, "marker": "^"},
    {"color": PURPLE, "marker": "v"},
    {"color": ORANGE, "marker": "P"},
]
SEED: dict[str, Any] = {"linestyle": "", "marker": "|", "markersize": 5, "markeredgewidth": 1.1}
"""A little below the mean, so that neither hides the other."""
TASKS = {
    "qa": {"pt": "QA", "en": "QA"},
    "summarization": {"pt": "Sumarização", "en": "Summarisation"},
    "rewriting": {"pt": "Reescrita", "en": "Rewriting"},
}
METRICS = {"em": "EM", "f1": "F1", "rouge_l_f1": "ROUGE-L"}
LABELS = {
    "score": {"pt": "Nota (0 a 1)", "en": "Score (0 to 1)"},
    "gain": {"pt": "Ganho sobre o modelo base\n(diferença de notas)", "en": "Gain over the base model\n(difference of scores)"},
    "base": {"pt": "modelo base", "en": "base model"},
    "seed": {"pt": "uma seed", "en": "one seed"},
}
CAPTION = {
    "pt": "Notas por tarefa na campanha {campaign}: {systems}. Traços são seeds, que sorteiam os exemplos; o símbolo é a média, a barra o "
    "desvio-padrão amostral. À direita, o ganho de cada modelo adaptado com intervalo de 95 % de um bootstrap pareado.{corrected}",
    "en": "Scores by task in campaign {campaign}: {systems}. Ticks are seeds, which draw the examples; the symbol is their mean, the "
    "bar the "
    "sample standard deviation. On the right, the gain of each adapted model with the 95 % interval of a paired bootstrap.{corrected}",
}
CORRECTION = {
    "pt": " As mesmas saídas são lidas de dois modos: como foram publicadas, com restos do prompt, e só a resposta.",
    "en": " The same outputs are read in two ways: as they were published, with what is left of the prompt, and the answer alone.",
}
ALT = {
    "pt": "Médias por tarefa e métrica, modelo base e adaptados: {means}.",
    "en": "Means by task and metric, base and adapted models: {means}.",
}


def describe(inputs: Inputs) -> Described:
    """Scores of every system by reading, task and metric; the base model's are those of the first evaluation."""
    systems = ["base", *(_adapter(run) for run in inputs.records)]
    if CORRECTED in inputs.data:
        readings = {reading: _corrected(inputs, reading, systems[1]) for reading in ("published", "answer_as_run")}
    else:
        readings = {"record": _rows(inputs.records)}
    corrected = CORRECTION if CORRECTED in inputs.data else ""
    caption = fill(CAPTION, campaign=inputs.campaign, systems=listed(systems), corrected=corrected)
    data = {"systems": systems, "readings": [{"reading": name, "rows": rows} for name, rows in readings.items()]}
    alt = fill(ALT, means={language: _means(data, language) for language in ALT})
    return Described(caption, alt, data)


def _adapter(run: RunRecord) -> str:
    evaluation = run.record.configuration.extrinsic
    assert evaluation is not None
    return evaluation.adapter_run


def _rows(records: list[RunRecord]) -> list[dict[str, Any]]:
    """Tasks and metrics of the records, with the scores of each system."""
    first = records[0].record.results.extrinsic or {}
    rows = []
    for task, metric in [(task, metric) for task, found in first.items() for metric in found.metrics]:
        systems = {"base": _scores(records[0], task, metric, "base")}
        gains: dict[str, dict[str, Value]] = {}
        for run in records:
            systems[_adapter(run)] = _scores(run, task, metric, "sft")
            gains[_adapter(run)] = {
                part: recorded(run, f"results.extrinsic.{task}.gains.{metric}.{part}") for part in ("mean", "low", "high")
            }
        rows.append({"task": task, "metric": metric, "systems": systems, "gains": gains})
    return rows


def _scores(run: RunRecord, task: str, metric: str, system: str) -> dict[str, Any]:
    place = f"results.extrinsic.{task}.metrics.{metric}.{system}"
    count = len((run.record.results.extrinsic or {})[task].metrics[metric][system].seeds)
    seeds = {str(recorded(run, f"{place}.seeds[{index}]")["value"]): recorded(run, f"{place}.score[{index}]") for index in range(count)}
    values = list(seeds.values())
    spread = computed(lambda *scores: stdev(scores) if len(scores) > 1 else 0.0, "sample standard deviation", *values)
    return {"seeds": seeds, "mean": computed(lambda *scores: fmean(scores), "mean", *values), "sd": spread}


def _corrected(inputs: Inputs, reading: str, adapter: str) -> list[dict[str, Any]]:
    """The rows of one reading of the stored outputs."""
    found = looked_up(inputs, CORRECTED, "readings", reading)["value"]
    rows = []
    for task, metric in [(name, metric) for name, metrics in found.items() for metric in metrics if metric in METRICS]:
        place = ("readings", reading, task, metric)
        systems = {
            name: {
                "seeds": {
                    seed: looked_up(inputs, CORRECTED, *place, system, "seeds", seed) for seed in found[task][metric][system]["seeds"]
                },
                "mean": looked_up(inputs, CORRECTED, *place, system, "mean"),
                "sd": looked_up(inputs, CORRECTED, *place, system, "sd"),
            }
            for name, system in (("base", "base"), (adapter, "sft"))
        }
        gain = {part: looked_up(inputs, CORRECTED, *place, key) for part, key in (("mean", "gain"), ("low", "low"), ("high", "high"))}
        rows.append({"task": task, "metric": metric, "systems": systems, "gains": {adapter: gain}})
    return rows


def _name(row: dict[str, Any], language: str) -> str:
    return f"{TASKS.get(row['task'], {language: row['task']})[language]}, {METRICS.get(row['metric'], row['metric'])}"


def _means(data: dict[str, Any], language: str) -> str:
    texts = []
    for reading in data["readings"]:
        for row in reading["rows"]:
            means = (f"{system} {number(scores['mean']['value'], language, 3)}" for system, scores in row["systems"].items())
            texts.append(f"{_name(row, language)} ({READINGS[reading['reading']][language]}): {', '.join(means)}")
    return "; ".join(texts)


def draw(data: dict[str, Any], language: str) -> Figure:
    """A panel of scores a reading, and one of gains."""
    readings, systems = data["readings"], data["systems"]
    rows = readings[0]["rows"]
    figure = canvas(1.1 + len(rows) * (0.3 + 0.16 * max(len(systems), 2)))
    panels = figure.subplots(1, len(readings) + 1, sharey=True, width_ratios=[*[1.2] * len(readings), 1])
    for axes, reading in zip(panels, readings, strict=False):
        _score_panel(axes, reading["rows"], systems)
        _finish(axes, rows, LABELS["score"][language], READINGS[reading["reading"]][language], language)
        axes.set_xlim(-0.02, 0.02 + max(1e-9, *(_highest(each["rows"]) for each in readings)))
    _gain_panel(panels[-1], readings, systems, language)
    _finish(panels[-1], rows, LABELS["gain"][language], "", language)
    panels[0].set_yticks(range(len(rows)), [_name(row, language) for row in rows])
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    figure.legend(handles=_legend(data, language), loc="outside upper center", ncols=4)
    return figure


def _highest(rows: list[dict[str, Any]]) -> float:
    return max(float(value["value"]) for row in rows for scores in row["systems"].values() for value in scores["seeds"].values())


def _offset(place: int, count: int) -> float:
    """Where in its row a system stands, of ``count``."""
    return (place - (count - 1) / 2) * 0.7 / max(count, 2)


def _score_panel(axes: Axes, rows: list[dict[str, Any]], systems: list[str]) -> None:
    for y, row in enumerate(rows):
        for place, system in enumerate(systems):
            scores, style, height = row["systems"][system], STYLES[place], y + _offset(place, len(systems))
            seeds = [value["value"] for value in scores["seeds"].values()]
            axes.errorbar(scores["mean"]["value"], height, xerr=scores["sd"]["value"], linestyle="", capsize=2, elinewidth=0.8, **style)
            axes.plot(seeds, [height + 0.13] * len(seeds), **SEED, color=style["color"])


def _gain_panel(axes: Axes, readings: list[dict[str, Any]], systems: list[str], language: str) -> None:
    axes.axvline(0, color=GREY, linewidth=0.8)
    kinds = [(reading, system) for reading in range(len(readings)) for system in systems[1:]]
    for y in range(len(readings[0]["rows"])):
        for place, (reading, system) in enumerate(kinds):
            gain, height = readings[reading]["rows"][y]["gains"][system], y + _offset(place, len(kinds))
            mean, low, high = (gain[part]["value"] for part in ("mean", "low", "high"))
            if mean is None:
                say_not_measured(axes, height, language)
                continue
            style = _reading_style(reading) if len(readings) > 1 else STYLES[systems.index(system)]
            axes.errorbar(mean, height, xerr=[[mean - low], [high - mean]], linestyle="", capsize=2, elinewidth=0.8, **style)


def _reading_style(reading: int) -> dict[str, Any]:
    """Of the gain under the first reading, and under the second."""
    return [{"color": GREY, "marker": "s", "markerfacecolor": "white"}, {"color": GREEN, "marker": "D"}][reading]


def _finish(axes: Axes, rows: list[dict[str, Any]], label: str, title: str, language: str) -> None:
    for y in range(0, len(rows), 2):
        axes.axhspan(y - 0.5, y + 0.5, color=BAND, zorder=0)
    axes.set_xlabel(label)
    axes.set_title(title, loc="left", fontweight="bold", fontsize=7.5)
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)
    localise(axes, language, x=4, y=None)


def _legend(data: dict[str, Any], language: str) -> list[Line2D]:
    names = [LABELS["base"][language], *data["systems"][1:]]
    handles = [Line2D([], [], linestyle="", label=name, **style) for name, style in zip(names, STYLES, strict=False)]
    handles.append(Line2D([], [], color=GREY, **SEED, label=LABELS["seed"][language]))
    if len(data["readings"]) > 1:
        word = {"pt": "ganho", "en": "gain"}[language]
        names = [f"{word}, {READINGS[reading['reading']][language]}" for reading in data["readings"]]
        handles += [Line2D([], [], linestyle="", label=name, **_reading_style(place)) for place, name in enumerate(names)]
    return handles
