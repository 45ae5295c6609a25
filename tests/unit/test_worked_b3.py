"""Worked numbers of appendix B.3: known errors and sound figures, worked here on their own."""

import math
import random
import struct
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist, fmean

import pytest

from stages.worked_numbers import Held, check_file

FILE = Path(__file__).parents[2] / "data" / "thesis_worked" / "7_appendix_b3.yaml"
NORMAL = NormalDist()


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Held]:
    return {verdict.entry.id: verdict.held for verdict in check_file(FILE)}


def test_every_equation_has_an_entry_in_order(verdicts: dict[str, Held]) -> None:
    numbers = [int(id.split()[0].removeprefix("B.")) for id in verdicts if id.split()[0].removeprefix("B.").isdigit()]
    assert sorted(set(numbers)) == list(range(107, 149))
    assert numbers == sorted(numbers)


def test_a_matrix_times_a_vector_waits_for_memory(verdicts: dict[str, Held]) -> None:
    assert verdicts["B.112"].value == 1.5e12 / 2 == 750e9
    assert verdicts["B.3.1.1 share"].value == pytest.approx(750 / 312_000 * 100)
    assert verdicts["B.112"].outcome == verdicts["B.3.1.1 share"].outcome == "follows"


def test_the_roofline_in_bytes_is_a_convention(verdicts: dict[str, Held]) -> None:
    bytes_a_second = min(312e12 / 0.5, 1.5e12)
    assert bytes_a_second * 0.5 == 750e9
    assert verdicts["B.108"].outcome == "convention"


def test_fused_attention_moves_17_times_fewer_bytes(verdicts: dict[str, Held]) -> None:
    scores = 2048 * 2048 * 4
    matrix = 2048 * 128 * 4
    fused = matrix + matrix + matrix + matrix  # Q, K, V, O
    assert (4 * scores + fused) / fused == 17
    assert (4 * scores + 2 * matrix) / (2 * matrix) == 33
    assert (verdicts["B.3.1.2 speed-up"].value, verdicts["B.3.1.2 speed-up"].outcome) == (33, "follows"), "from B.116 as printed"
    assert [verdicts[id].outcome for id in ("B.113", "B.114", "B.115", "B.116")] == ["differs", "follows", "follows", "follows"]


def test_softmaxes_of_blocks_do_not_add_up_to_one(verdicts: dict[str, Held]) -> None:
    scores = [0.3, -1.2, 0.9, 2.0]
    blocks = [scores[:2], scores[2:]]
    assert sum(math.exp(score) / sum(map(math.exp, block)) for block in blocks for score in block) == pytest.approx(2)
    assert verdicts["Algorithm 19"].outcome == "differs"


def test_the_cache_of_llama_7b(verdicts: dict[str, Held]) -> None:
    assert verdicts["B.126"].value == 2 * 32 * 4096 * 4096 * 2 == 2 * 1024**3
    assert verdicts["B.126"].outcome == "follows"
    assert verdicts["B.124 length"].outcome == "convention"


def test_the_best_limit_for_8_bits_is_nearer_4_than_2_5(verdicts: dict[str, Held]) -> None:
    best = min(range(200, 500), key=lambda hundredth: _squared_error(hundredth / 100, 127)) / 100
    assert best == verdicts["B.3.2.2 limit"].value == 3.92
    assert verdicts["B.3.2.2 limit"].outcome == "differs"
    assert min(range(200, 500), key=lambda hundredth: _squared_error(hundredth / 100, 7)) == 247
    assert _squared_error(2.5, 127) / _squared_error(best, 127) == pytest.approx(27.5, abs=0.05)


def _squared_error(limit: float, steps: int) -> float:
    """Mean squared error of normal values that are rounded to one of ``steps`` codes a side, or cut off at ``limit``."""
    step = limit / steps
    edges = [0.0, *((code + 0.5) * step for code in range(steps)), 40.0]
    return 2 * sum(_around(low, high, code * step) for code, (low, high) in enumerate(pairwise(edges)))


def _around(low: float, high: float, centre: float) -> float:
    """Integral of (x - ``centre``)² over the normal density from ``low`` to ``high``."""
    mass = NORMAL.cdf(-low) - NORMAL.cdf(-high)
    first = NORMAL.pdf(low) - NORMAL.pdf(high)
    second = mass + low * NORMAL.pdf(low) - high * NORMAL.pdf(high)
    return second - 2 * centre * first + centre**2 * mass


def test_rounding_to_127_steps_errs_by_half_of_what_is_stated(verdicts: dict[str, Held]) -> None:
    values = [number / 50_000 for number in range(-50_000, 50_001)]
    error = math.sqrt(fmean((value - round(value * 127) / 127) ** 2 for value in values))
    assert error == pytest.approx(0.00227, abs=5e-6)
    assert 1 / (127 * math.sqrt(3)) == pytest.approx(2 * error, rel=0.001)
    assert verdicts["B.131"].outcome == "differs"
    assert verdicts["B.131 factor"].value == pytest.approx(2 * error, rel=0.001), "of the equation as printed"
    assert verdicts["B.131 factor"].outcome == "rounding"


def test_what_paging_saves_of_the_waste(verdicts: dict[str, Held]) -> None:
    before, after = (100 - 38.2, 100 - 20.4), 100 - 96.3
    saved = [100 * (1 - after / waste) for waste in before]
    assert [verdicts["B.3.2.3 least waste saved"].value, verdicts["B.3.2.3 most waste saved"].value] == pytest.approx(saved)
    assert min(saved) > 90
    assert verdicts["B.3.2.3 least waste saved"].outcome == verdicts["B.3.2.3 most waste saved"].outcome == "differs"


@pytest.mark.parametrize(("sequences", "reaches"), [(2, True), (4, True), (6, False), (16, False)])
def test_padding_of_truncated_exponential_lengths(verdicts: dict[str, Held], sequences: int, reaches: bool) -> None:
    """From a cut at a hundredth of the mean, which makes lengths all but uniform, to one at 8 times the mean."""
    generator = random.Random(0)
    means = [fmean(_used(generator, sequences, cut) for _ in range(2000)) for cut in (0.01, 1, 8)]
    assert means[0] == pytest.approx((sequences + 1) / (2 * sequences), abs=0.01)
    assert means == sorted(means, reverse=True)
    assert (means[0] >= 0.6) == reaches
    assert verdicts["B.3.3.1 utilisation"].outcome == "not verifiable"


def _used(generator: random.Random, sequences: int, cut: float) -> float:
    """Share of one padded batch that is not padding; lengths in means of the exponential, cut off at ``cut``."""
    lengths = [-math.log(1 - generator.random() * (1 - math.exp(-cut))) for _ in range(sequences)]
    return sum(lengths) / (sequences * max(lengths))


def test_numbers_below_the_smallest_normal_are_not_zero_in_fp16(verdicts: dict[str, Held]) -> None:
    assert _fp16(2.0**-15) == 2.0**-15 < 6.1e-5
    assert (_fp16(2.0**-24), _fp16(2.0**-26)) == (2.0**-24, 0)
    assert (verdicts["B.137"].value, verdicts["B.137"].outcome) == (2.0**-24, "differs")
    assert verdicts["B.137 value"].outcome == "follows"


def test_the_largest_scale_leaves_twice_the_room(verdicts: dict[str, Held]) -> None:
    assert _fp16(65504.0) == 65504
    with pytest.raises(OverflowError):
        _fp16(65536.0)
    assert math.isclose(65504 / 2**15, 2, rel_tol=0.001)
    assert verdicts["B.141"].outcome == "convention"


def _fp16(value: float) -> float:
    """``value`` rounded to FP16."""
    rounded: float = struct.unpack("<e", struct.pack("<e", value))[0]
    return rounded


def test_codes_of_asymmetric_quantisation(verdicts: dict[str, Held]) -> None:
    low, high = -0.9, 0.4
    step = (high - low) / 255
    zero = -128 - low / step
    assert [round(low / step + zero), round(high / step + zero)] == [-128, 127]
    assert [verdicts[id].outcome for id in ("B.142", "B.143", "B.144", "B.145", "B.147")] == ["follows"] * 5
    shares = [(8 / steps) ** 2 / 12 for steps in (255, 15)]  # from -4 to 4 standard deviations
    assert [f"{share:.1g}" for share in shares] == ["8e-05", "0.02"]
