import random
import time

import pytest

from stages.tuning.packing import pack


def test_the_longest_goes_first_into_the_fullest_row_that_it_fits_in() -> None:
    assert pack([2, 6, 4, 3, 5], 10) == [[1, 2], [0, 3, 4]]
    assert pack([5, 7, 3, 5], 10) == [[1, 2], [0, 3]]
    assert pack([6, 7, 3], 10) == [[1, 2], [0]], "3 fits in both: the fuller one"
    assert pack([10, 10], 10) == [[0], [1]]
    assert pack([], 10) == []


@pytest.mark.parametrize("seed", range(20))
def test_every_segment_is_in_one_row_and_no_row_is_too_long(seed: int) -> None:
    generator = random.Random(seed)
    size = generator.randint(1, 60)
    lengths = [generator.randint(1, size) for _ in range(generator.randint(1, 200))]
    rows = pack(lengths, size)
    assert sorted(segment for row in rows for segment in row) == list(range(len(lengths)))
    sums = [sum(lengths[segment] for segment in row) for row in rows]
    assert max(sums) <= size
    assert sum(total <= size / 2 for total in sums) <= 1, "two half-empty rows would have been one"
    assert pack(lengths, size) == rows == naive(lengths, size)


def naive(lengths: list[int], size: int) -> list[list[int]]:
    """The same, with a look at every row; of rows with equal space the one that was filled last."""
    rows: list[list[int]] = []
    filled: list[int] = []
    for segment in sorted(range(len(lengths)), key=lambda each: -lengths[each]):
        fitting = [row for row in filled if size - sum(lengths[each] for each in rows[row]) >= lengths[segment]]
        if fitting:
            row = max(fitting, key=lambda row: (sum(lengths[each] for each in rows[row]), filled.index(row)))
            filled.remove(row)
        else:
            row = len(rows)
            rows.append([])
        rows[row].append(segment)
        filled.append(row)
    return [sorted(row) for row in rows]


def test_many_segments_take_no_time() -> None:
    generator = random.Random(0)
    lengths = [min(int(generator.expovariate(1 / 300)) + 1, 2048) for _ in range(50_000)]
    started = time.process_time()
    rows = pack(lengths, 2048)
    assert time.process_time() - started < 2
    assert sum(lengths) / (len(rows) * 2048) > 0.99
