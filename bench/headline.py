"""The README's sentences on speed, every figure in them out of the JSON."""

from textwrap import fill

from bench.results import Bench

SENTENCES = """\
Measured by `make bench` on {cpu}, {cores} cores, each ratio against a baseline of the same run; all of it, with rounds, spread
and what it does not say, is in [docs/speed.md](docs/speed.md). Cleaning is {cleaning.one_process} times as fast as the same rules
character by character on one core and {cleaning.two_processes} times on two; encoding in batches {tokenising.unigram_in_batches} times
as fast as a call per document for unigram, {tokenising.character_in_batches} times for characters. A training step takes
{training.transformer_ours} (Transformer) and {training.lstm_ours} (LSTM) of the time of a minimal loop's. Tuning on packed rows of 512
goes {packing.isolated_512} times as fast as the thesis's padded batches, on rows of 2,048 {packing.isolated_2048} times; answers
sorted by length, 16 at once, come {generating.sorted_16} times as fast as 4 at once as they come, word for word the same. A corpus of
{streaming: MB of corpus} MB streams through cleaning with a peak {streaming.cleaning_peak} times that of its first quarter. The
whole audit takes {audit.audit} times as long as scoring the outputs once. With the size of the corpus, a whole process, its start
included, grows to the power of {growth.cleaning} in cleaning, {growth.encoding} in encoding, {growth.learning} in learning a
tokenizer; a dry run of 1,000 runs takes {planning.runs 1000} processor seconds. GPU: {gpu}.
"""


def headline(bench: Bench) -> str:
    """The sentences with the figures of ``bench``: ratios, exponents, seconds; :class:`KeyError` where one was not measured."""
    found = {"{cpu}": str(bench.machine["cpu"]), "{cores}": f"{bench.machine['cores']:.0f}", "{gpu}": gpu(bench)}
    found |= {f"{{{name}}}": ratio(entry.ratio) for name, entry in bench.entries.items() if entry.ratio is not None}
    found |= {f"{{{name}}}": f"{each.exponent:.2f}" for name, each in bench.growth.items()}
    found |= {f"{{{name} {each.sizes[-1]:.0f}}}": f"{each.seconds[-1]:.0f}" for name, each in bench.growth.items()}
    found |= {f"{{{name}: {key}}}": words(value) for name, module in bench.modules.items() for key, value in module.setting.items()}
    text = " ".join(SENTENCES.split())
    for name, value in found.items():
        text = text.replace(name, value)
    if "{" in text:
        raise KeyError(text[text.index("{") : text.index("}") + 1])
    return fill(text, 140, break_on_hyphens=False, break_long_words=False) + "\n"


def figure(value: float) -> str:
    """Three digits, or all before the point; a whole number as it is."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:#.3g}".rstrip(".")


def words(value: float | str) -> str:
    """A setting."""
    return figure(value) if isinstance(value, float) else value


def ratio(value: float) -> str:
    """A ratio in two digits or three."""
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 2 else f"{value:.2f}"


def gpu(bench: Bench) -> str:
    """The GPU, or that there was none."""
    name = str(bench.machine["GPU"])
    return "not measured, there was none" if name == "no GPU" else f"{name}, its figures on that page"
