"""The worked numbers of appendix B.1, against values worked here in plain arithmetic."""

from itertools import product
from pathlib import Path
from statistics import NormalDist

import pytest

from stages.worked_numbers import Held, check_file

FILE = Path("data/thesis_worked/5_appendix_b1.yaml")


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Held]:
    return {verdict.entry.id: verdict.held for verdict in check_file(FILE)}


def cells(table: int, rows: tuple[str, ...], columns: tuple[str, ...]) -> set[str]:
    return {f"Table {table} {row} {column}" for row, column in product(rows, columns)}


def test_every_equation_and_cell_has_an_entry(verdicts: dict[str, Held]) -> None:
    first = {id.partition(" ")[0] for id in verdicts}
    assert not {f"B.{number}" for number in range(1, 59)} - first
    wanted = cells(15, ("registers", "shared", "L2", "HBM"), ("capacity", "bandwidth", "latency", "energy"))
    wanted |= cells(16, ("A100 40GB", "A100 80GB", "H100", "TPU v4"), ("TFLOPS", "memory", "bandwidth", "TFLOPS/W", "price"))
    wanted |= cells(17, ("FP32", "FP16", "BF16", "INT8"), ("bits", "range", "precision", "speedup"))
    wanted |= cells(18, ("NVLink", "InfiniBand", "Ethernet"), ("bandwidth", "latency", "cost"))
    assert not wanted - set(verdicts)


def test_what_is_not_right_has_a_reason(verdicts: dict[str, Held]) -> None:
    assert [id for id, verdict in verdicts.items() if verdict.outcome not in ("follows", "definition") and not verdict.why] == []


def test_a_thousand_devices_are_missing_from_the_training_of_gpt3(verdicts: dict[str, Held]) -> None:
    seconds = 6 * 175e9 * 300e9 / (312e12 * 0.4)
    assert verdicts["B.23"].value == pytest.approx(seconds) and seconds / 2.52e6 == pytest.approx(1000, rel=2e-3)
    assert verdicts["B.23"].outcome == "differs" and verdicts["B.23"].why.startswith("1 000 times")
    assert (round(2.52e6 / 86400), verdicts["B.23 days"].outcome) == (29, "follows")


def test_operations_of_a_pass(verdicts: dict[str, Held]) -> None:
    layers, n, d, f, vocabulary = 2, 10, 8, 32, 50
    whole = 2 * vocabulary * d + 2 * n * d + layers * (8 * n * d**2 + 4 * n**2 * d + 4 * n * f * d + 10 * n * d) + 2 * n * d * vocabulary
    layers_alone = layers * n * d * (8 * d + 4 * n + 4 * f + 10)
    assert 2 * n * d * (vocabulary / n + 1 + vocabulary) + layers_alone == whole
    assert 2 * n * d * (vocabulary / n + 1 + vocabulary / n) + layers_alone < whole
    assert (verdicts["B.12"].outcome, verdicts["B.13"].outcome) == ("follows", "differs")
    assert verdicts["B.14"].outcome == "convention"
    assert verdicts["B.18"].outcome == "differs" and f"{3.6 * 24 / 12:.1f}" in verdicts["B.18"].why
    assert verdicts["B.1"].outcome == "differs"


def test_both_examples_of_attention_are_bound_by_computing(verdicts: dict[str, Held]) -> None:
    wide, narrow = (4 * n**2 * d / ((3 * n * d + n**2 + n * d) * 2) for n, d in ((2048, 1024), (8192, 128)))
    assert verdicts["B.31 wide"].value == pytest.approx(wide) and verdicts["B.31 narrow"].value == pytest.approx(narrow)
    assert verdicts["B.31 wide"].outcome == verdicts["B.31 narrow"].outcome == "differs"
    assert wide > narrow > 312 / 1.5 == verdicts["B.24 ratio"].value
    assert 128 < 208 < 341, "the printed ones, which the text goes on from"
    assert (verdicts["B.31 wide bound"].outcome, verdicts["B.31 narrow bound"].outcome) == ("follows", "follows")


def test_square_products_reach_the_peak_at_half_the_size(verdicts: dict[str, Held]) -> None:
    bytes_moved = 3 * 624**2 * 2
    assert 2 * 624**3 / bytes_moved == 208 and verdicts["B.28 precision"].value == 624
    assert (verdicts["B.28 size"].outcome, verdicts["B.28 precision"].outcome) == ("follows", "differs")


def test_tiles_save_as_many_loads_as_they_are_wide(verdicts: dict[str, Held]) -> None:
    size, tile = 12, 4
    plain = sum(2 for _ in product(range(size), repeat=3))
    tiled = sum(2 * tile**2 for _ in product(range(0, size, tile), repeat=3))
    assert plain / tiled == tile
    assert (verdicts["B.33"].outcome, verdicts["B.33 example"].outcome) == ("differs", "rounding")


def test_efficiencies(verdicts: dict[str, Held]) -> None:
    assert (verdicts["B.36 TFLOPS/W"].value, verdicts["B.37 TFLOPS/W"].value) == (312 / 400, 989 / 700)
    assert (verdicts["B.40"].value, verdicts["B.40"].outcome) == (275 / 192, "differs")
    assert {id: verdicts[id].value for id in ("B.42", "B.43", "B.44")} == {"B.42": 312 / 3.06, "B.43": 989 / 8, "B.44": 275 / 2.4}
    assert {verdicts[id].outcome for id in ("B.42", "B.43", "B.44")} == {"follows"} and verdicts["B.42 unit"].outcome == "differs"


def test_underflow(verdicts: dict[str, Held]) -> None:
    probability = 2 * NormalDist(sigma=1e-4).cdf(6e-8) - 1
    assert verdicts["B.1.3.2 probability"].value == pytest.approx(probability)
    assert (f"{probability:.1e}", verdicts["B.1.3.2 probability"].outcome) == ("4.8e-04", "follows")


def test_communication(verdicts: dict[str, Held]) -> None:
    assert (verdicts["B.50"].value, verdicts["B.50"].outcome) == (2 * 700 * 7 / (8 * 200 / 8), "follows")
    assert verdicts["B.51"].outcome == "not verifiable" and verdicts["B.51 efficiency"].outcome == "follows"


def test_hosts_of_a_fat_tree(verdicts: dict[str, Held]) -> None:
    ports = 6
    hosts = sum(1 for _ in product(range(ports), range(ports // 2), range(ports // 2)))
    assert hosts == ports**3 / 4 == 2 * (ports // 2) ** 3
    assert {verdicts["B.52 nodes"].outcome, verdicts["B.52"].outcome} == {"differs"}


def test_memory_at_the_printed_energy_would_outdraw_the_device(verdicts: dict[str, Held]) -> None:
    energy, watts = verdicts["Table 15 HBM energy"], verdicts["B.36"].value
    assert energy.value is not None and watts is not None
    assert energy.value * 1e-12 * 8 * 1.5e12 < watts < float(energy.stated) * 1e-12 * 8 * 1.5e12
    assert energy.outcome == "differs"


def test_speedups_depend_on_what_they_are_compared_with(verdicts: dict[str, Held]) -> None:
    assert {verdicts[f"Table 17 {name} speedup"].outcome for name in ("FP16", "BF16", "INT8")} == {"convention"}
    assert verdicts["Table 17 FP16 speedup"].value == 312 / 19.5


def test_prices_without_a_provider_are_not_verifiable(verdicts: dict[str, Held]) -> None:
    assert {verdicts[f"Table 16 {name} price"].outcome for name in ("A100 40GB", "A100 80GB", "H100")} == {"not verifiable"}
