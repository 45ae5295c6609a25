"""The figure of docs/speed.md: processor seconds and memory at growing sizes, as multiples of the smallest, on logarithmic axes."""

from collections.abc import Mapping
from pathlib import Path

from bench.results import Growth
from stages.figures.style import BLUE, GREEN, GREY, ORANGE, PURPLE, canvas, image, styled
from stages.files import write_atomic

FIGURE = Path("docs/images/growth.svg")
COLOURS, MARKERS = (BLUE, ORANGE, GREEN, PURPLE), "os^D"


def draw(grown: Mapping[str, Growth], path: Path) -> None:
    """Write the figure as SVG: the same figures give the same bytes."""
    with styled("growth"):
        figure = canvas(2.8)
        axes = figure.subplots(1, 2)
        for each, colour, marker in zip(grown.values(), COLOURS, MARKERS, strict=True):
            sizes = [size / each.sizes[0] for size in each.sizes]
            for panel, values, exponent in zip(axes, (each.seconds, each.mebibytes), (each.exponent, each.memory_exponent), strict=True):
                multiples = [value / values[0] for value in values]
                panel.plot(sizes, multiples, color=colour, marker=marker, label=f"{each.label} ({exponent:.2f})")
        for panel, title in zip(axes, ("Processor seconds", "Memory at the peak"), strict=True):
            most = panel.get_xlim()[1]
            panel.plot([1, most], [1, most], color=GREY, linestyle=":", linewidth=0.8, label="as the size (1)")
            panel.set(xscale="log", yscale="log", title=title, xlabel="size, times the smallest")
            panel.legend(loc="upper left")
        axes[0].set_ylabel("times the smallest size's")
        write_atomic(path, image(figure, "svg", "growth"))
