"""The workflow itself: the rules of the campaign and which reads what another makes, in layers."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import networkx as nx
from grandalf.graphs import Edge, Graph, Vertex
from grandalf.layouts import SugiyamaLayout
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Patch

from stages.figures.style import BLACK, GREY, WIDTH, canvas
from stages.figures.values import Described, Inputs, fill, listed

GRAPH = "rule_graph"
PARTS: dict[str, tuple[dict[str, str], str, tuple[str, ...]]] = {
    "data": ({"pt": "dados", "en": "data"}, "#CFE8F7", ("corpus", "instructions")),
    "tokenizer": ({"pt": "tokenizer", "en": "tokenizer"}, "#F9E2B3", ("tokenizer",)),
    "train": ({"pt": "treino", "en": "training"}, "#F4C3A5", ("train", "tune")),
    "evaluate": ({"pt": "avaliação", "en": "evaluation"}, "#B5E0D3", ("evaluation", "extrinsic")),
    "records": ({"pt": "registros", "en": "records"}, "#F9F3A8", ("records",)),
    "tables": ({"pt": "tabelas", "en": "tables"}, "#A9CBE3", ("tables", "comparison")),
    "report": ({"pt": "auditoria e relatório", "en": "audit and report"}, "#EBCADC", ("audit",)),
}
"""Parts of the workflow: name, a light tint of a colour of the palette, and the rule files; files named nowhere are the report's."""
RULES = {"record_run": "records", "byte_tokenizer": "tokenizer", "intrinsic": "evaluate", "score_outputs": "evaluate"}
"""Rules that belong to another part than the rest of their file."""
HEIGHT, GAP, POINTS = 0.3, 0.32, 6.5
"""Of a box and between layers, in inches; of the font."""
CAPTION = {
    "pt": "O fluxo de trabalho da campanha {campaign}, como o Snakemake o planeja: cada caixa é uma regra, cada seta leva do que uma "
    "regra produz à que "
    "o lê, de cima para baixo. Setas que decorrem de outras não são desenhadas. A cor e o número dão a parte. Tracejada, uma regra de "
    "volta a uma anterior: "
    "outra saída da mesma regra.",
    "en": "The workflow of campaign {campaign}, as Snakemake plans it: every box is a rule, every arrow leads from what a rule makes to "
    "the rule that reads "
    "it, downwards. Arrows that follow from others are not drawn. Colour and number tell the part. Dashed, from a rule back to an "
    "earlier one: another "
    "output of the same rule.",
}
ALT = {"pt": "Grafo de {count} regras em camadas. {arrows}.", "en": "Graph of {count} rules in layers. {arrows}."}


def describe(inputs: Inputs) -> Described:
    """Rules with their part, and the arrows between them that are drawn."""
    file, content = inputs.data[GRAPH]
    names = [rule["rule"] for rule in content["rules"]]
    forward, back = split_edges(names, [(first, second) for first, second in content["edges"]])
    rules = [{"rule": rule["rule"], "part": part_of(rule["rule"], rule["file"])} for rule in content["rules"]]
    arrows = {name: listed([second for first, second in forward if first == name]) for name in names}
    text = "; ".join(f"{name} → {targets}" for name, targets in arrows.items() if targets != "–")
    data = {"file": file, "rules": rules, "arrows": [list(pair) for pair in forward], "back": [list(pair) for pair in back]}
    return Described(fill(CAPTION, campaign=inputs.campaign), fill(ALT, count=len(names), arrows=text), data)


def part_of(rule: str, file: str) -> str:
    """The part of the workflow that a rule belongs to."""
    stem = PurePosixPath(file).stem
    return RULES.get(rule) or next((part for part, (_, _, files) in PARTS.items() if stem in files), "report")


def split_edges(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Edges without those that follow from others, and apart those that lead back in a circle of rules.

    One rule makes many files, so that rules can form circles where files form none; the edge to the earlier rule of ``names`` leads back.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(edges)
    circles = {name: index for index, circle in enumerate(nx.strongly_connected_components(graph)) for name in circle}
    back = [(first, second) for first, second in edges if circles[first] == circles[second] and names.index(first) > names.index(second)]
    graph.remove_edges_from(back)
    reduced = nx.transitive_reduction(graph)
    return [edge for edge in edges if reduced.has_edge(*edge)], back


def draw(data: dict[str, Any], language: str) -> Figure:
    """Boxes in layers, arrows between them, a key to the parts."""
    parts = {rule["rule"]: rule["part"] for rule in data["rules"]}
    places, routes, scale = _layout(list(parts), [tuple(pair) for pair in data["arrows"]])
    height = max(y for _, y in places.values()) + HEIGHT / 2 + 0.05
    figure = canvas(height + 0.5, layout="none")
    axes = figure.add_axes((0, 0, 1, height / (height + 0.5)))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    for route in routes:
        _arrow(axes, route)
    for first, second in data["back"]:
        _back_arrow(axes, places[first], places[second], scale * (_width(second) - 0.06) / 2)
    used = [part for part in PARTS if part in parts.values()]
    for rule, (x, y) in places.items():
        _box(axes, f"{used.index(parts[rule]) + 1}", rule, (x, y), PARTS[parts[rule]][1], scale)
    handles = [
        Patch(facecolor=PARTS[part][1], edgecolor=GREY, label=f"{place + 1} {PARTS[part][0][language]}") for place, part in enumerate(used)
    ]
    figure.legend(handles=handles, loc="upper center", ncols=4, fontsize=7.5)
    return figure


def _width(rule: str) -> float:
    """Inches of a rule's box."""
    return 0.3 + len(rule) * POINTS * 0.62 / 72


class _Vertex(Vertex):  # type: ignore[misc]
    """A vertex that is hashed by its place in the list, not by its address, so that sets of them have the same order in every process."""

    def __hash__(self) -> int:
        return int(self.data)


class _Edge(Edge):  # type: ignore[misc]
    """The same for an edge."""

    def __hash__(self) -> int:
        return int(self.data)


class _View:
    """Size that the layout needs of a box, and the place that it gives."""

    def __init__(self, width: float) -> None:
        self.w, self.h = width, HEIGHT
        self.xy = (0.0, 0.0)


def _layout(
    names: list[str], arrows: list[tuple[str, ...]]
) -> tuple[dict[str, tuple[float, float]], list[list[tuple[float, float]]], float]:
    """Centre of each box and the points of each arrow, in inches from the upper left, within the common width; the boxes' scale."""
    vertices = {name: _Vertex(place) for place, name in enumerate(names)}
    for name, vertex in vertices.items():
        vertex.view = _View(_width(name))
    edges = [_Edge(vertices[first], vertices[second], data=place) for place, (first, second) in enumerate(arrows)]
    places: dict[str, tuple[float, float]] = {}
    routes: list[list[tuple[float, float]]] = []
    left = 0.0
    for component in Graph(list(vertices.values()), edges).C:
        layout = SugiyamaLayout(component)
        layout.xspace, layout.yspace = 0.12, GAP
        layout.init_all(roots=[vertex for vertex in component.sV if not vertex.e_in()], optimize=True)
        layout.draw(12)
        width, shift = _extent(component, left)
        places |= {names[vertex.data]: (vertex.view.xy[0] + shift, vertex.view.xy[1]) for vertex in component.sV}
        routes += [[(x + shift, y) for x, y in _route(layout, edge)] for edge in component.sE]
        left += width + 0.12
    return _fit(places, routes)


def _extent(component: Any, left: float) -> tuple[float, float]:
    """Width of a laid-out component, and what to add to its x so that it begins at ``left``."""
    low = min(vertex.view.xy[0] - vertex.view.w / 2 for vertex in component.sV)
    high = max(vertex.view.xy[0] + vertex.view.w / 2 for vertex in component.sV)
    return high - low, left - low


def _route(layout: Any, edge: Any) -> list[tuple[float, float]]:
    """From below one box to above the other, through the places that the layers between keep free."""
    first, second = edge.v
    control = layout.ctrls.get(edge, {})
    between = [control[rank].view.xy for rank in sorted(control) if control[rank] not in (first, second)]
    start, end = (first.view.xy[0], first.view.xy[1] + HEIGHT / 2), (second.view.xy[0], second.view.xy[1] - HEIGHT / 2)
    return [start, *between, end]


def _fit(
    places: dict[str, tuple[float, float]], routes: list[list[tuple[float, float]]]
) -> tuple[dict[str, tuple[float, float]], list[list[tuple[float, float]]], float]:
    """The same, moved to the top and, where too wide, drawn together sideways to the common width; the scale of that."""
    low = min(x - _width(name) / 2 for name, (x, _) in places.items())
    high = max(x + _width(name) / 2 for name, (x, _) in places.items())
    top, margin = min(y for _, y in places.values()) - HEIGHT / 2 - 0.05, 0.1
    scale = min(1.0, (WIDTH - 2 * margin) / (high - low))
    start = (WIDTH - scale * (high - low)) / 2

    def moved(point: tuple[float, float]) -> tuple[float, float]:
        return (start + scale * (point[0] - low), point[1] - top)

    return {name: moved(place) for name, place in places.items()}, [[moved(point) for point in route] for route in routes], scale


def _box(axes: Axes, number: str, rule: str, place: tuple[float, float], color: str, scale: float) -> None:
    (x, y), width, height = place, scale * (_width(rule) - 0.06), HEIGHT - 0.06
    style = "round,pad=0,rounding_size=0.05"
    axes.add_patch(FancyBboxPatch((x - width / 2, y - height / 2), width, height, boxstyle=style, fc=color, ec=BLACK, lw=0.7))
    axes.text(x - width / 2 + 0.05 * scale, y, number, ha="left", va="center", fontsize=5 * scale, color=GREY)
    axes.text(x + 0.04 * scale, y, rule, ha="center", va="center", fontsize=POINTS * scale)


def _arrow(axes: Axes, route: list[tuple[float, float]]) -> None:
    axes.plot(*zip(*route, strict=True), color=GREY, linewidth=0.7, zorder=0)
    axes.annotate(
        "",
        route[-1],
        route[-2],
        arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 0.7, "shrinkA": 0, "shrinkB": 1, "mutation_scale": 7},
    )


def _back_arrow(axes: Axes, first: tuple[float, float], second: tuple[float, float], half: float) -> None:
    """Dashed, up from a box to the side of one above it, which lies ``half`` its width from its centre."""
    side = 1 if first[0] > second[0] else -1
    style = {"arrowstyle": "-|>", "color": GREY, "lw": 0.7, "linestyle": "--", "mutation_scale": 7, "shrinkA": 0, "shrinkB": 1}
    start, end = (first[0] + 0.2 * side, first[1] - HEIGHT / 2 + 0.03), (second[0] + half * side, second[1])
    axes.annotate("", end, start, arrowprops=style | {"connectionstyle": f"arc3,rad={0.35 * side}"}, zorder=0)
