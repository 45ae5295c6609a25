"""The one style of all figures: palette, sizes, numbers in the reader's language, and images with stable bytes.

Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), told apart with any colour vision; markers and line styles
tell the same apart in grey. DejaVu Sans comes with matplotlib; text in SVG is drawn as paths, so that it looks alike everywhere.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import hypot
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from stages.number import NOT_MEASURED

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
GREY, LIGHT, BAND = "#595959", "#D9D9D9", "#F2F2F2"
WIDTH = 7.0
"""Inches: what a page of A4 holds between its margins, a little enlarged."""
_SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LIGHT,
    "grid.linewidth": 0.5,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": BLACK,
    "ytick.labelcolor": BLACK,
    "lines.linewidth": 1.2,
    "lines.markersize": 4.5,
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "savefig.dpi": 120,
}
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
"""What the formats would say of day and program, left out."""


@contextmanager
def styled(name: str) -> Iterator[None]:
    """Draw and write in this style, whatever a user's matplotlibrc says; ``name`` tells the identifiers of one SVG from another's."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)  # type: ignore[arg-type]
        matplotlib.rcParams["svg.hashsalt"] = name
        yield


def canvas(height: float, layout: str = "constrained") -> Figure:
    """A figure of the common width and a ``height`` in inches."""
    return Figure(figsize=(WIDTH, height), layout=layout)  # type: ignore[arg-type]


def image(figure: Figure, kind: str, name: str) -> bytes:
    """The figure as ``svg``, ``pdf`` or ``png``: the same figure gives the same bytes. ``name`` begins every identifier of an SVG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, metadata=_METADATA[kind], facecolor="white")
    return _fit_for_pages(buffer.getvalue().decode(), name).encode() if kind == "svg" else buffer.getvalue()


def _fit_for_pages(svg: str, name: str) -> str:
    """An SVG that can stand in an HTML page beside others: its root alone, no style sheet for the whole page, identifiers of its own.

    Identifiers that nothing refers to go, and indentation, too.
    """
    root = svg[svg.index("<svg") :].replace("<svg", '<svg style="stroke-linejoin: round; stroke-linecap: butt"', 1)
    bare = re.sub(r"<metadata>.*?</metadata>|<defs>\s*<style[^>]*>.*?</style>\s*</defs>|<!--.*?-->", "", root, flags=re.DOTALL)
    found = [first or second for first, second in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', bare)]
    own = {old: f"{name}-{place}" for place, old in enumerate(dict.fromkeys(found))}
    named = re.sub(r' id="([^"]+)"', lambda match: f' id="{own[match[1]]}"' if match[1] in own else "", bare)
    referred = re.sub(r'(href="#|url\(#)([^")]+)', lambda match: match[1] + own[match[2]], named)
    return re.sub(r"\n\s*", "\n", referred)


def number(value: float, language: str, digits: int = 4) -> str:
    """``value`` to some significant digits, with a comma in Portuguese and a true minus sign."""
    text = f"{value:.{digits}g}" if 1e-4 <= abs(value) < 1e6 or value == 0 else f"{value:.{digits - 1}e}"
    text = text.replace("-", "\u2212")
    return text.replace(".", ",") if language == "pt" else text


def shown(value: Mapping[str, Any] | None, language: str) -> str:
    """A figure's value to three significant digits, or the words where it was not measured."""
    return NOT_MEASURED[language] if value is None or value["value"] is None else number(value["value"], language, 3)


def say_not_measured(axes: Axes, y: float, language: str) -> None:
    """The words for a value that was not measured, at the left of the line ``y``."""
    place = axes.get_yaxis_transform()
    axes.text(0.02, y, NOT_MEASURED[language], transform=place, va="center", fontsize=6.5, color=GREY, fontstyle="italic")


def localise(axes: Axes, language: str, *, x: int | None = 5, y: int | None = 5) -> None:
    """Some ticks in the reader's language on linear axes; an axis of names is passed over with ``None``."""
    for axis, ticks in ((axes.xaxis, x), (axes.yaxis, y)):
        if ticks is not None:
            axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
            axis.set_major_formatter(FuncFormatter(lambda value, _: number(value, language, 6)))


def log_x(axes: Axes, language: str) -> None:
    """A logarithmic x axis, labelled at each power of ten, and between them where it spans few."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if high / low > 30 else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, language)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def label_points(axes: Axes, points: Sequence[tuple[float, float, str]]) -> None:
    """Short labels beside points, each at the corner that is farthest from what is drawn already; limits must be set before."""
    places = [tuple(axes.transData.transform((x, y))) for x, y, _ in points]
    taken = list(places)
    scale = axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]
    for (x, y, text), (left, bottom) in zip(points, places, strict=True):
        corners = [(dx, dy) for dy in (5, -5) for dx in (6, -6)]

        def room(corner: tuple[int, int], left: float = left, bottom: float = bottom) -> float:
            place = (left + scale * corner[0] * 1.3, bottom + scale * corner[1])
            return min((hypot(place[0] - other[0], place[1] - other[1]) for other in taken if other != (left, bottom)), default=1e9)

        # A little more room is no reason to leave the usual corner.
        best = next(corner for corner in corners if room(corner) >= min(max(map(room, corners)), 14 * scale))
        taken.append((left + scale * best[0] * 1.3, bottom + scale * best[1]))
        sides: dict[str, Any] = {"ha": "left" if best[0] > 0 else "right", "va": "bottom" if best[1] > 0 else "top"}
        axes.annotate(text, (x, y), (best[0] * 0.6, best[1] * 0.4), textcoords="offset points", fontsize=6.5, **sides)
