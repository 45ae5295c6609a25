"""From ``bench/results/bench.json`` to what people read: docs/speed.md with its figure, and the sentences of the README.

    python -m bench.page          writes them again from the JSON; measures nothing

What a module measures, against what, and what it does not say is the module's own docstring.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

from bench.growth_figure import FIGURE, draw
from bench.headline import figure, headline, words
from bench.results import PLACE, Bench, Entry, Growth, load_bench
from stages.files import read_text, write_atomic

PAGE = Path("docs/speed.md")
README = Path("README.md")
START, END = "<!-- what python -m bench.page writes: -->\n", "<!-- to here -->\n"
INTRODUCTION = f"""# Speed

`make bench` measured all of this in one run and wrote it to `{PLACE}`; this page is made from that file (`python -m bench.page`).

- **Value** is the median of the rounds, with the least and the most of them in brackets. It is of this machine.
- **Against the baseline** is the median of the rounds' ratios, value over the baseline's value in the same round: of a rate (…/s) how many
  times as fast, of seconds how many times as long, of MiB as much. It travels better to other machines
  than a value does.
- Ways that are compared take turns within every round, so that what disturbs one disturbs the other. Where a setting says *processor
  seconds*, other work on the machine counts for little; all else is time on the wall.
- The load average before a module says whether something else ran.
"""


def with_spread(value: float | None, spread: tuple[float, float] | None) -> str:
    """A value, and the least and most of its rounds where these differ."""
    if value is None:
        return "–"
    return figure(value) + (f" ({figure(spread[0])} to {figure(spread[1])})" if spread and spread[0] < spread[1] else "")


def entry_table(bench: Bench, entries: Mapping[str, Entry]) -> str:
    """Entries as a table."""
    rows = ["| What | Value | Against the baseline | Baseline |", "|---|---|---|---|"]
    for entry in entries.values():
        value = (
            f"not measured: {entry.reason}" if entry.value is None else f"{with_spread(entry.value, entry.spread)} {entry.unit}".rstrip()
        )
        baseline = bench.entries[entry.baseline].label if entry.baseline else "–"
        rows.append(f"| {entry.label} | {value} | {with_spread(entry.ratio, entry.ratio_spread)} | {baseline} |")
    return "\n".join(rows)


def growth_table(grown: Mapping[str, Growth]) -> str:
    """Seconds and memory at each size, a table each."""
    return "\n\n".join(_growth(each) for each in grown.values())


def _growth(each: Growth) -> str:
    rows = [f"| {each.label}: {each.unit} | Processor seconds | MiB at the peak |", "|---|---|---|"]
    for size, seconds, spread, mebibytes in zip(each.sizes, each.seconds, each.spreads, each.mebibytes, strict=True):
        rows.append(f"| {figure(size)} | {with_spread(seconds, spread)} | {figure(mebibytes)} |")
    rows.append(f"| *grows as the size to the power of* | {each.exponent:.2f} | {each.memory_exponent:.2f} |")
    return "\n".join(rows)


def explanation(module: str) -> tuple[str, str]:
    """Heading and text of a module: the first line of its docstring, and all else, the commands left out."""
    docstring = ast.get_docstring(ast.parse(read_text(Path(f"bench/{module}.py")))) or ""
    heading, *paragraphs = docstring.split("\n\n")
    return heading.rstrip("."), "\n\n".join(text for text in paragraphs if not text.startswith("    "))


def section(bench: Bench, name: str) -> str:
    """All that there is about a module."""
    (heading, text), module = explanation(name), bench.modules[name]
    setting = "; ".join(f"{key}: {words(value)}" for key, value in module.setting.items())
    libraries = ", ".join(f"{library} {found}" for library, found in module.libraries.items())
    about = [setting, libraries, f"load {module.load[0]:.2f} before, {module.load[1]:.2f} after", f"{module.seconds:.0f} s in all"]
    prefix = f"{name}."
    parts = [f"## {heading}", text, f"`bench/{name}.py`. " + ". ".join(filter(None, about)) + "."]
    if entries := {key: entry for key, entry in bench.entries.items() if key.startswith(prefix)}:
        parts.append(entry_table(bench, entries))
    if grown := {key: each for key, each in bench.growth.items() if key.startswith(prefix)}:
        parts.append(growth_table(grown))
    return "\n\n".join(filter(None, parts))


def page(bench: Bench) -> str:
    """The page."""
    machine = "\n".join(f"| {key} | {words(value)} |" for key, value in bench.machine.items())
    total = sum(module.seconds for module in bench.modules.values())
    compared = {key: entry for key, entry in bench.entries.items() if entry.ratio is not None}
    parts = [
        INTRODUCTION.rstrip(),
        f"| Machine | |\n|---|---|\n{machine}\n| the whole run | {total / 60:.0f} minutes |",
        "## Every ratio at a glance",
        entry_table(bench, compared),
        "## Growth at a glance",
        f"![Seconds and memory at growing sizes, with the exponent of each]({FIGURE.relative_to(PAGE.parent)})",
        *(section(bench, name) for name in bench.modules),
    ]
    return "\n\n".join(parts) + "\n"


def readme(text: str, bench: Bench) -> str:
    """The README with the sentences that the figures make, between its two marks; as it is where it has none."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    return f"{before}{start}{headline(bench)}{end}{after}" if end else text


def publish() -> None:
    """Write page, figure and the README's sentences."""
    bench = load_bench()
    draw(bench.growth, FIGURE)
    write_atomic(PAGE, page(bench))
    write_atomic(README, readme(read_text(README), bench))


if __name__ == "__main__":
    publish()
