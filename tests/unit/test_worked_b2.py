"""Worked numbers of appendix B.2: known errors and sound figures, worked here on their own."""

import math
from pathlib import Path

import pytest

from stages.worked_numbers import Held, check_file

FILE = Path(__file__).parents[2] / "data" / "thesis_worked" / "6_appendix_b2.yaml"


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Held]:
    return {verdict.entry.id: verdict.held for verdict in check_file(FILE)}


def test_every_equation_has_an_entry_in_order(verdicts: dict[str, Held]) -> None:
    numbers = [int(id.split()[0].removeprefix("B.")) for id in verdicts if id.split()[0].removeprefix("B.").isdigit()]
    assert sorted(set(numbers)) == list(range(59, 107))
    assert numbers == sorted(numbers)


def test_every_cell_of_table_19_has_an_entry(verdicts: dict[str, Held]) -> None:
    rows, columns = ("data", "model", "pipeline"), ("memory", "communication", "efficiency")
    assert [id for id in verdicts if id.startswith("Table 19")] == [f"Table 19 {row} {column}" for row in rows for column in columns]


def test_an_efficiency_does_not_grow_with_the_workers(verdicts: dict[str, Held]) -> None:
    assert [120 / (workers * (120 / workers)) for workers in (2, 4, 8)] == [1, 1, 1]
    assert verdicts["Table 19 data efficiency"].outcome == verdicts["Table 19 pipeline efficiency"].outcome == "differs"
    assert verdicts["Table 19 model efficiency"].outcome == "follows"


def test_zero_1_keeps_whole_gradients(verdicts: dict[str, Held]) -> None:
    """By hand, 8 workers: 4 bytes of weight, 4 of gradient and an eighth of 8 are 9, not 5."""
    weight, gradient, moments, workers = 4, 4, 8, 8
    assert weight + gradient + moments / workers == 9
    assert 4 + 8 / workers == 5
    assert verdicts["B.88"].outcome == "differs"
    assert verdicts["B.88"].why.startswith("gradients left out")
    assert [verdicts[id].outcome for id in ("B.87", "B.89", "B.90")] == ["follows"] * 3


def test_zero_3_communicates_half_more_than_data_parallelism(verdicts: dict[str, Held]) -> None:
    gathers, reductions, data_parallel = 2, 1, 2
    assert (gathers + reductions) / data_parallel == 1.5
    assert [verdicts[id].outcome for id in ("B.91", "B.92", "B.93")] == ["follows", "differs", "differs"]
    assert verdicts["B.92"].why.startswith("counted twice") and "called bytes" in verdicts["B.93"].why, "each slip once"
    assert (verdicts["B.2.5.2 overhead"].value, verdicts["B.2.5.2 overhead"].outcome) == (2, "follows"), "4 M as printed over 2 M"


def test_a_weight_split_by_rows_takes_an_input_split_by_columns(verdicts: dict[str, Held]) -> None:
    row, weight = [2, 3, 5, 7], [[1, -1], [0, 4], [2, 2], [-3, 6]]
    whole = _times(row, weight)
    parts = [_times(row[:2], weight[:2]), _times(row[2:], weight[2:])]
    assert [sum(column) for column in zip(*parts, strict=True)] == whole
    with pytest.raises(ValueError, match="shorter"):
        _times(row, weight[:2])
    assert verdicts["B.71"].outcome == "differs"
    assert verdicts["B.69"].outcome == "follows"


def _times(row: list[int], matrix: list[list[int]]) -> list[int]:
    return [sum(x * w for x, w in zip(row, column, strict=True)) for column in zip(*matrix, strict=True)]


def test_a_wider_layer_communicates_less_for_its_work(verdicts: dict[str, Held]) -> None:
    narrow, wide = (width / (2 * width**2 / 8) for width in (1024, 2048))
    assert wide == narrow / 2
    assert [verdicts[id].outcome for id in ("B.72", "B.73")] == ["follows", "differs"]
    assert verdicts["B.74"].outcome == "follows", "of the two as printed"


def test_the_bound_of_descent_needs_a_small_step(verdicts: dict[str, Held]) -> None:
    """On x²/2, whose L is 1 and whose gradient is x, from 1."""
    place, step = 1.0, 1.9
    for _ in range(3):
        place -= step * place
    bound = 2 * (1 / 2) / (step * 3)
    assert place**2 > 3 * bound
    assert (verdicts["B.62"].outcome, verdicts["B.62"].why) == ("differs", "a condition left out, that the step is at most 1/L")


@pytest.mark.parametrize("delay", [0, 1, 3, 10])
def test_descent_with_old_gradients_converges_at_the_stated_step(verdicts: dict[str, Held], delay: int) -> None:
    places = [1.0] * (delay + 1)
    for _ in range(200 * (delay + 1)):
        places.append(places[-1] - 1 / (1 + delay) * places[-1 - delay])
    assert abs(places[-1]) < 1e-6
    assert verdicts["B.67"].outcome == "follows"


@pytest.mark.parametrize("workers", range(2, 8))
def test_algorithm_17_leaves_every_sum_with_every_worker(verdicts: dict[str, Held], workers: int) -> None:
    """Each sends the chunk that the algorithm names; worker w starts with 10^w in every chunk."""
    chunks = [[10**worker] * workers for worker in range(workers)]
    steps = 0
    for phase, shift in (("reduce", 0), ("gather", 1)):
        for step in range(1, workers):
            sent = [(worker, (worker - step + shift) % workers) for worker in range(workers)]
            for worker, chunk, value in [(worker, chunk, chunks[worker][chunk]) for worker, chunk in sent]:
                after = (worker + 1) % workers
                chunks[after][chunk] = value + (chunks[after][chunk] if phase == "reduce" else 0)
            steps += 1
    assert chunks == [[sum(10**worker for worker in range(workers))] * workers] * workers
    assert steps == 2 * (workers - 1)
    assert [verdicts[id].outcome for id in ("Algorithm 17", "B.97", "B.98", "B.99")] == ["follows"] * 4


def test_no_broadcast_is_as_fast_as_stated(verdicts: dict[str, Held]) -> None:
    """In a chain of 8, k pieces of M/k take k + 6 steps; however many pieces, that is above M/β, and what is stated is below."""
    size, devices, bandwidth = 14e9, 8, 300e9
    fastest = min((pieces + devices - 2) * size / pieces / bandwidth for pieces in (1, 10, 1000, 10**6))
    assert fastest > size / bandwidth > (devices - 1) * size / (devices * bandwidth)
    assert [verdicts[id].outcome for id in ("B.101", "B.102", "B.103")] == ["follows", "follows", "differs"]


def test_what_a_published_run_says_of_the_serial_share(verdicts: dict[str, Held]) -> None:
    speedup, devices = 15.1e15 / 39e12, 512
    share = (1 / speedup - 1 / devices) / (1 - 1 / devices)
    assert round(speedup) == 387
    assert round(share, 4) == 0.0006
    assert math.isclose(1 / (share + (1 - share) / devices), speedup)
    assert verdicts["B.2.8.1 serial share"].outcome == "not verifiable"
    assert (verdicts["B.2.8.1 least"].value, verdicts["B.2.8.1 most"].value) == (5, 10)


def test_activations_of_a_batch_do_not_grow_with_its_pieces(verdicts: dict[str, Held]) -> None:
    batch, stages = 24e9, 8
    assert {pieces * (batch / pieces) / stages for pieces in (4, 8, 32)} == {3e9}
    assert verdicts["B.85"].outcome == "convention"
