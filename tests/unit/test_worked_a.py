"""The worked numbers of appendix A, against values worked here in plain arithmetic."""

import math
import struct
from pathlib import Path

import pytest

from stages.worked_numbers import Held, check_file

FILE = Path("data/thesis_worked/4_appendix_a.yaml")
Matrix = list[list[float]]


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Held]:
    return {verdict.entry.id: verdict.held for verdict in check_file(FILE)}


def product(one: Matrix, other: Matrix) -> Matrix:
    return [[sum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*other, strict=True)] for row in one]


def attention(queries: Matrix, keys: Matrix, values: Matrix) -> Matrix:
    scores = product(queries, [list(column) for column in zip(*keys, strict=True)])
    weights = [[math.exp(score) for score in row] for row in scores]
    return product([[weight / sum(row) for weight in row] for row in weights], values)


def test_every_equation_and_cell_has_an_entry(verdicts: dict[str, Held]) -> None:
    first = {id.partition(" ")[0] for id in verdicts}
    assert not {f"A.{number}" for number in range(1, 66)} - first
    methods, columns = ("standard", "flash", "Longformer", "BigBird"), ("time", "memory", "quality")
    assert {f"Table 14 {method} {column}" for method in methods for column in columns} <= set(verdicts)


def test_what_is_not_right_has_a_reason(verdicts: dict[str, Held]) -> None:
    assert [id for id, verdict in verdicts.items() if verdict.outcome not in ("follows", "definition") and not verdict.why] == []


def test_permuting_positions_takes_the_matrix_on_the_left(verdicts: dict[str, Held]) -> None:
    queries, keys, values = [[0.3, -1.0], [0.9, 0.2]], [[1.1, 0.4], [-0.6, 0.5]], [[2.0, 5.0], [3.0, -7.0]]
    swap = [[0.0, 1.0], [1.0, 0.0]]
    output = attention(queries, keys, values)
    positions = attention(product(swap, queries), product(swap, keys), product(swap, values))
    assert positions == [pytest.approx(row) for row in product(swap, output)]
    assert positions != [pytest.approx(row) for row in product(output, swap)]
    assert verdicts["A.2"].outcome == "differs" and "wrong side" in verdicts["A.2"].why


def test_counts_of_half_the_operations_are_a_convention_until_they_meet_a_peak(verdicts: dict[str, Held]) -> None:
    assert {verdicts[f"A.{number}"].outcome for number in range(15, 21)} == {"convention"}
    assert verdicts["A.20 sum"].outcome == "follows"
    assert verdicts["A.44"].outcome == "differs" and "peak" in verdicts["A.44"].why


def test_lengths_and_bytes_that_follow(verdicts: dict[str, Held]) -> None:
    assert (verdicts["A.1.3.2 tokens"].value, verdicts["A.1.3.2 tokens"].outcome) == (6 * 512, "follows")
    assert (verdicts["A.21"].value, verdicts["A.21"].outcome) == (8192 * 8192 * 4 / 1e6, "follows")
    assert verdicts["A.40"].value == pytest.approx(4.36207616) and verdicts["A.40"].outcome == "rounding"


def test_time_of_computing_is_halved_and_the_conclusion_goes_on_from_it(verdicts: dict[str, Held]) -> None:
    one_product = 8192**2 * 32 * 128 / 312e12 * 1e3
    assert round(one_product, 1) == 0.9
    assert verdicts["A.44 ms"].value == pytest.approx(2 * one_product, rel=1e-3) and verdicts["A.44 ms"].outcome == "differs"
    moving = 2 * 32 * (8192**2 + 8192 * 128) / 1.6e12 * 1e3
    assert round(moving, 1) == 2.7 and verdicts["A.2.1.2 transfer"].outcome == "follows"
    assert moving < 4 * one_product
    assert verdicts["A.2.1.2 memory-bound"].outcome == "follows", "2.7 is more than the 0.9 that is printed"


def test_flash_attention(verdicts: dict[str, Held]) -> None:
    assert verdicts["A.52"].value == pytest.approx(858.99, rel=1e-4) and verdicts["A.52"].outcome == "differs"
    assert {verdicts[id].outcome for id in ("A.45", "A.46", "A.47", "A.48", "Algorithm 6 update")} == {"follows"}
    assert verdicts["A.2.2.3 factor"].why == "n for d in the divisor"


def test_eigenvalues_bound_no_norm(verdicts: dict[str, Held]) -> None:
    squared = product([[0.5, 1.0], [0.0, 0.5]], [[0.5, 1.0], [0.0, 0.5]])
    assert math.hypot(squared[0][1], squared[1][1]) > 1 > 0.5**2
    assert verdicts["A.30"].outcome == "differs" and "singular" in verdicts["A.30"].why


def test_ranges_are_those_of_the_bits(verdicts: dict[str, Held]) -> None:
    half, full = struct.unpack("<ee", bytes.fromhex("0100ff7b")), struct.unpack("<ff", bytes.fromhex("01000000ffff7f7f"))
    for id, number in zip(("A.61", "A.61 largest", "A.62", "A.62 largest"), (*half, *full), strict=True):
        assert verdicts[id].value == number
    assert [verdicts[id].outcome for id in ("A.61", "A.61 largest", "A.62", "A.62 largest")] == [
        "follows",
        "rounding",
        "follows",
        "follows",
    ]
    assert math.exp(88) < full[1] < math.exp(89) and verdicts["A.2.4.1 overflow"].outcome == "rounding"


def test_qualities_without_a_measure_are_not_verifiable(verdicts: dict[str, Held]) -> None:
    assert {verdicts[f"Table 14 {method} quality"].outcome for method in ("Longformer", "BigBird")} == {"not verifiable"}
