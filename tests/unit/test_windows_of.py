from pathlib import Path

import numpy as np
import pytest

from stages.windows_of import Windows, window_starts


@pytest.mark.parametrize(
    ("tokens", "sequence_length", "stride", "expected"),
    [
        (0, 4, 1, 0),
        (4, 4, 1, 0),  # nothing follows the only four
        (5, 4, 1, 1),
        (5, 4, 9, 1),
        (10, 4, 1, 6),
        (10, 4, 2, 3),
        (10, 4, 5, 2),
        (10, 4, 6, 1),
    ],
)
def test_number_of_windows(tokens: int, sequence_length: int, stride: int, expected: int) -> None:
    assert window_starts(tokens, sequence_length, stride) == expected
    assert len(Windows(np.arange(tokens, dtype=np.uint16), sequence_length, stride)) == expected


def test_the_windows_of_v1_are_as_many_as_its_log_says() -> None:
    """20,000 documents of 43,364,793 characters, two line breaks after each (facts, 1.2)."""
    assert window_starts(43_364_793 + 2 * 20_000, sequence_length=160, stride=1) == 43_404_633


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32])
def test_a_batch_of_mapped_tokens(tmp_path: Path, dtype: type[np.unsignedinteger]) -> None:
    largest = np.iinfo(dtype).max
    np.save(tmp_path / "tokens.npy", largest - np.arange(20, dtype=dtype))
    windows = Windows(np.load(tmp_path / "tokens.npy", mmap_mode="r"), sequence_length=4, stride=3)
    inputs, targets = windows.batch(np.array([2, 0]))
    assert inputs.tolist() == [[largest - 6, largest - 7, largest - 8, largest - 9], [largest, largest - 1, largest - 2, largest - 3]]
    assert targets.tolist() == [[token - 1 for token in row] for row in inputs.tolist()]
    assert inputs.dtype == targets.dtype == np.int64
    assert inputs.flags.c_contiguous and targets.flags.c_contiguous


def test_the_last_window_ends_with_the_last_token_that_a_stride_reaches() -> None:
    windows = Windows(np.arange(11, dtype=np.uint16), sequence_length=4, stride=3)
    _, targets = windows.batch(np.array([len(windows) - 1]))
    assert targets[0, -1] == 10
    with pytest.raises(IndexError):
        windows.batch(np.array([len(windows)]))


def test_a_batch_is_a_copy() -> None:
    tokens = np.arange(10, dtype=np.uint16)
    inputs, _ = Windows(tokens, 4, 1).batch(np.array([0]))
    inputs[:] = 0
    assert tokens.tolist() == list(range(10))
