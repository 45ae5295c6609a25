"""The worked numbers of appendix C against values worked here, by other ways than the file's expressions."""

import math
import re
from pathlib import Path

import pytest

from stages.worked_numbers import Held, check_file

FILE = Path(__file__).parents[2] / "data" / "thesis_worked" / "8_appendix_c.yaml"
SECONDS_A_DAY = 60 * 60 * 24


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Held]:
    return {verdict.entry.id: verdict.held for verdict in check_file(FILE)}


def chinchilla_loss(parameters: float, tokens: float) -> float:
    return 1.69 + 406.4 / math.pow(parameters, 0.34) + 410.7 / math.pow(tokens, 0.28)


def least_loss(compute: float) -> tuple[float, float]:
    """Parameters and tokens of the least loss for a compute, by halving an interval of log10 N on the sign of the slope."""
    low, high = 6.0, 18.0
    for _ in range(100):
        middle = (low + high) / 2
        here, further = (chinchilla_loss(10**power, compute / 6 / 10**power) for power in (middle, middle + 1e-5))
        low, high = (middle, high) if further < here else (low, middle)
    return 10**low, compute / 6 / 10**low


def test_every_equation_has_an_entry(verdicts: dict[str, Held]) -> None:
    numbered = {int(match[1]) for id in verdicts if (match := re.fullmatch(r"C\.(\d+)(?: [^.]+)?", id))}
    assert numbered == set(range(1, 95))


def test_every_cell_of_its_tables_has_an_entry(verdicts: dict[str, Held]) -> None:
    models, columns = ("GPT-2", "GPT-3", "PaLM", "Chinchilla", "LLaMA-65B"), ("N", "D", "C", "days", "cost")
    strategies, qualities = ("LoRA", "quantisation", "distillation"), ("performance", "cost", "time")
    cells = {f"Table 20 {model} {column}" for model in models for column in columns}
    cells |= {f"Table 21 {strategy} {quality}" for strategy in strategies for quality in qualities} | {"Table 21 full training"}
    assert {id for id in verdicts if id.startswith("Table")} == cells


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("C.11", 0.076 * (8.8e13 / 1e10) ** 0.076 / 1e10),
        ("C.12", 0.095 * 540**0.095 / 1e11),
        ("C.35", 3.15e23 / (312e12 * 0.4) / SECONDS_A_DAY / 365),
        ("C.43 tokens", 410.7 / 4.1e12**0.28),
        ("C.62", 2048 * 700 * (5 * 8760) / 1000 * 0.10),
        ("C.67", 1.2e26 / (2.02e18 * 0.4) / SECONDS_A_DAY),
        ("C.69", 256 * 400 * (3 * 8760) / 1000 * 0.12),
        ("C.73", 5.88e23 / (80e15 * 0.35) / SECONDS_A_DAY),
        ("C.75", 32 * 450 * (2 * 8760) / 1000 * 0.15),
        ("C.94", 0.340 - 0.015 - 0.020 - 0.020),
        ("Table 20 PaLM cost", 2.5e24 / (312e12 * 0.4) / 3600 * 3.06),
    ],
)
def test_what_does_not_follow(verdicts: dict[str, Held], id: str, value: float) -> None:
    assert verdicts[id].outcome == "differs"
    assert verdicts[id].value == pytest.approx(value)


def test_a_sum_of_misprinted_terms_counts_them_once(verdicts: dict[str, Held]) -> None:
    assert round(1.69 + 0.012 + 0.018, 2) == 1.72
    assert (verdicts["C.43"].outcome, verdicts["C.43 parameters"].outcome) == ("follows", "differs")
    assert chinchilla_loss(4.1e12, 4.1e12) == pytest.approx(1.83, abs=0.005)


@pytest.mark.parametrize("id", ["C.22", "C.23", "C.34", "C.40", "C.60", "C.65", "C.66", "C.71", "C.72", "C.77", "C.82", "C.93"])
def test_what_follows(verdicts: dict[str, Held], id: str) -> None:
    assert verdicts[id].outcome == "follows"


@pytest.mark.parametrize("id", ["Tier 1 compute", "Tier 1 memory", "Tier 1 bandwidth"])
def test_a_sum_that_is_cut_off_is_no_error(verdicts: dict[str, Held], id: str) -> None:
    assert verdicts[id].outcome == "rounding"


def test_another_way_to_count_is_no_error(verdicts: dict[str, Held]) -> None:
    assert {id for id, verdict in verdicts.items() if verdict.outcome == "convention"} == {"C.39", "C.54", "C.88", "Tier 3 compute"}


def test_slips_are_named(verdicts: dict[str, Held]) -> None:
    assert verdicts["C.6 C_c"].why == "PF-days for FLOP"
    assert verdicts["C.62"].why == verdicts["C.69"].why == "kWh for dollars (the price is left out)"
    assert verdicts["C.67"].why == "millions of seconds for days"
    assert verdicts["C.75"].why == "one year for two"


def test_one_slip_explains_every_day_and_one_every_cost_of_table_20(verdicts: dict[str, Held]) -> None:
    rows = [id for id in verdicts if id.startswith("Table 20")]
    assert {verdicts[id].why for id in rows if id.endswith("days")} == {"ten times an A100's peak, utilisation left out"}
    assert {verdicts[id].why for id in rows if id.endswith("cost")} == {"a hundred GPUs for the days printed"}


def test_the_optimum_found_by_search(verdicts: dict[str, Held]) -> None:
    parameters, tokens = least_loss(1e26)
    assert verdicts["C.40 by the law"].value == pytest.approx(parameters, rel=1e-3)
    assert verdicts["C.41 by the law"].value == pytest.approx(tokens, rel=1e-3)


def test_the_exponents_found_by_search(verdicts: dict[str, Held]) -> None:
    """A hundred times the compute, at the least loss of each: N and D do not grow alike."""
    small, large = least_loss(1e22), least_loss(1e24)
    assert [large[0] / small[0], large[1] / small[1]] == pytest.approx([10 ** (2 * 0.4516), 10 ** (2 * 0.5484)], rel=1e-3)
    assert [verdicts[id].value for id in ("C.24", "C.25")] == pytest.approx([0.4516, 0.5484], abs=1e-4)
    assert {verdicts[id].outcome for id in ("C.24", "C.25")} == {"differs"}


def test_checkpoints_counted(verdicts: dict[str, Held]) -> None:
    """100 layers, every tenth kept: 90 run forward again, over the 300 of forward and backward; 10 kept and 10 of a segment in memory."""
    kept = list(range(0, 100, 10))
    again = [layer for layer in range(100) if layer not in kept]
    assert verdicts["C.89"].outcome == "differs"
    assert verdicts["C.89"].found == f"{len(again) / 300:g} and 0.1 at L = 100"
    assert min(count + 100 / count for count in range(1, 101)) == len(kept) + 10
    assert verdicts["C.88"].outcome == "convention"


def test_the_best_number_of_checkpoints_found_by_search(verdicts: dict[str, Held]) -> None:
    """The weights of the file's point: memory 3 a unit, of which a layer has 2, and time 5, of which a forward pass takes 7."""

    def objective(count: float) -> float:
        return 3 * 2 * (count + 96 / count) + 5 * 7 * (1 - count / 96)

    best = min((tenth / 100 for tenth in range(100, 9601)), key=objective)
    assert verdicts["C.91"].outcome == "differs"
    assert verdicts["C.91"].found.startswith(f"{best:.4g} and ")
