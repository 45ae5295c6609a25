"""The frame of the benchmarks: what is timed, what is made of it, and that page and README say what the JSON does."""

import math
import subprocess
import sys
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from bench import measure, page
from bench.__main__ import MODULES, add, run
from bench.growth_figure import FIGURE, draw
from bench.headline import SENTENCES, figure, headline
from bench.measure import Result, Usage, command, entry, growth, in_turn, not_measured, python
from bench.planning import CAMPAIGN, copy_project, write_campaign
from bench.results import PLACE, Bench, load_bench
from stages.errors import UserError
from stages.files import to_json
from stages.parameters import load_campaign, load_run
from tests.conftest import ROOT


@pytest.fixture
def found() -> Bench:
    """A run of two made-up modules, of which one has no GPU."""
    bench = Bench(machine={"cpu": "a processor", "cores": 2, "GPU": measure.NO_GPU}, modules={}, entries={}, growth={})
    fast = entry("Ours", "MB/s", [8, 12, 20], "plain", [2, 2, 4])
    usage = [[Usage(9, 3.0 * size, 50)] for size in (1, 2, 4)]
    result = Result(
        {"plain": entry("Plain", "MB/s", [2, 2, 4]), "ours": fast}, {"MB": 1234.5}, (), {"size": growth("It", "MB", (1, 2, 4), usage)}
    )
    add(bench, "cleaning", result, 12.3, (0.5, 1))
    add(bench, "tuning", Result({"8b": not_measured("An 8B model", "tokens/s")}, {}, ("numpy",)), 0.1, (0, 0))
    return bench


def test_ways_take_turns_and_the_first_round_is_not_counted() -> None:
    numbers = count()
    calls = dict.fromkeys("ab", lambda: next(numbers))
    assert in_turn(calls, 2) == {"a": [2, 4], "b": [3, 5]}
    assert in_turn(calls, 1, warm_up=False) == {"a": [6], "b": [7]}


def test_a_ratio_is_of_the_same_round() -> None:
    """The machine was twice as slow in the second round: the ratio does not care, the ratio of medians would."""
    made = entry("ours", "s", [1, 2, 9], "plain", [2, 4, 3])
    assert (made.value, made.spread) == (2, (1, 9))
    assert (made.ratio, made.ratio_spread) == (0.5, (0.5, 3))
    with pytest.raises(ValueError):
        entry("ours", "s", [1, 2], "plain", [1])


def test_growth_is_the_power_of_the_size() -> None:
    sizes = (1, 2, 4, 8)
    made = growth("It", "MB", sizes, [[Usage(0, 3 * size**1.5 * noise, 70) for noise in (0.9, 1, 7)] for size in sizes])
    assert made.exponent == pytest.approx(1.5) and made.memory_exponent == pytest.approx(0, abs=1e-12)
    assert made.seconds[1] == pytest.approx(3 * 2**1.5) and made.spreads[0] == pytest.approx((2.7, 21))


def test_memory_is_a_command_s_own_and_not_its_parent_s() -> None:
    held = np.ones(25_000_000)  # 200 MB, which a process started from here counts as its own
    small = python("-c", "pass")
    large = python("-c", "held = bytearray(b'1') * 100_000_000")
    assert small.mebibytes < 60 < 95 < large.mebibytes < 160 < held.nbytes / 2**20
    assert 0 < small.processor <= large.seconds + large.processor


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        command(sys.executable, "-c", "print('why'); raise SystemExit(3)")
    assert failed.value.returncode == 3 and "why" in failed.value.output


def test_the_page_has_every_figure_with_its_baseline_and_what_was_not_measured(found: Bench) -> None:
    written = page.page(found)
    assert "| Ours | 12 (8 to 20) MB/s | 5 (4 to 6) | Plain |" in written
    assert "| An 8B model | not measured: no GPU | – | – |" in written
    assert "MB: 1,234" in written and "numpy 2" in written and "load 0.50 before, 1.00 after" in written
    assert "| *grows as the size to the power of* | 1.00 | 0.00 |" in written
    assert "character by character" in written, "what a module measures is its docstring"
    assert "python -m bench.tuning" not in written, "its commands are not"


def test_every_module_explains_itself_and_has_a_result() -> None:
    for name in MODULES:
        heading, text = page.explanation(name)
        assert heading and len(text) > 200, name
        assert "def result() -> Result:" in (ROOT / f"bench/{name}.py").read_text()


@pytest.mark.parametrize(("value", "printed"), [(0.0123, "0.0123"), (3.14159, "3.14"), (5.0, "5"), (99.96, "100"), (1234.5, "1,234")])
def test_figures_have_three_digits(value: float, printed: str) -> None:
    assert figure(value) == printed


def test_sentences_want_every_figure(found: Bench) -> None:
    with pytest.raises(KeyError, match="cleaning.one_process"):
        headline(found)


def test_the_readme_gets_its_sentences_between_the_marks_alone(monkeypatch: pytest.MonkeyPatch, found: Bench) -> None:
    monkeypatch.setattr("bench.headline.SENTENCES", "{cleaning.ours} times on {cores}. GPU: {gpu}.")
    text = f"before\n{page.START}old\n{page.END}after\n"
    new = page.readme(text, found)
    assert new == f"before\n{page.START}5.0 times on 2. GPU: not measured, there was none.\n{page.END}after\n"
    assert page.readme(new, found) == new
    assert page.readme("no marks\n", found) == "no marks\n"


def test_a_file_of_another_shape_is_refused(tmp_path: Path, found: Bench) -> None:
    path = tmp_path / "bench.json"
    path.write_text(to_json(found.model_dump(mode="json")))
    assert load_bench(path) == found
    path.write_text(path.read_text().replace('"unit"', '"units"', 1))
    with pytest.raises(UserError, match="units"):
        load_bench(path)


def test_page_figure_and_readme_are_those_of_the_committed_figures(tmp_path: Path) -> None:
    """``python -m bench.page`` makes them again."""
    bench = load_bench(ROOT / PLACE)
    assert set(bench.modules) == set(MODULES)
    assert (ROOT / page.PAGE).read_text() == page.page(bench)
    draw(bench.growth, tmp_path / "growth.svg")
    assert (ROOT / FIGURE).read_bytes() == (tmp_path / "growth.svg").read_bytes()
    readme = (ROOT / page.README).read_text()
    assert page.START in readme and page.END in readme, "the README marks where the sentences on speed stand"
    assert page.readme(readme, bench) == readme
    assert SENTENCES.count("{") == len(set(SENTENCES.split("{"))) - 1, "no figure twice"


def test_a_campaign_of_any_number_of_runs_is_a_campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    write_campaign(copy_project(tmp_path), 12)
    monkeypatch.chdir(tmp_path)
    runs = [load_run(CAMPAIGN, run) for run in load_campaign(CAMPAIGN).runs]
    rates = {run.training.learning_rate for run in runs if run.training}
    assert len(rates) == len(runs) == 12 and math.isclose(max(rates), 0.001011)


def test_a_module_alone_is_printed_and_nothing_written(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.__main__.write_atomic", lambda *_: pytest.fail("written"))
    run(["attention"])
    printed = capsys.readouterr().out
    assert "| Attention over 8192 tokens, standard |" in printed and " s  attention" in printed
