from pathlib import Path

import numpy as np
import pytest

from stages.training.data import VALIDATION_SHARE, load_data, unique_tokens
from stages.training.order import batches, epoch_order, sha256_of_order, steps_per_epoch
from stages.training.parameters import parse_train_parameters
from stages.windows_of import Windows
from tests.unit.trained import write_tokens
from tests.unit.training import parameters_of, write_inputs, write_tokenizer


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


def test_an_order_is_a_permutation_of_all_windows_of_its_own_for_seed_and_epoch() -> None:
    orders = [epoch_order(1000, seed, epoch) for seed, epoch in ((1, 1), (1, 2), (2, 1), (1, 1))]
    assert all(sorted(order) == list(range(1000)) for order in orders)
    hashes = [sha256_of_order(order) for order in orders]
    assert len(set(hashes)) == 3 and hashes[0] == hashes[3]


@pytest.mark.parametrize(("drop", "sizes"), [(False, [4, 4, 2]), (True, [4, 4])])
def test_batches_cover_the_order_with_or_without_the_partial_one(drop: bool, sizes: list[int]) -> None:
    order = epoch_order(10, 0, 1)
    found = list(batches(order, 4, steps_per_epoch(10, 4, drop)))
    assert [len(batch) for batch in found] == sizes
    assert np.array_equal(np.concatenate(found), order[: sum(sizes)])
    assert np.array_equal(next(batches(order, 4, 2, first=1)), order[4:8])


def test_without_validation_text_the_last_tenth_of_the_windows_validates(inputs: Path) -> None:
    assert int(43_404_633 * (1 - VALIDATION_SHARE)) == 39_064_169, "as the thesis's v1"
    data = load_data(parse_train_parameters(parameters_of()), inputs / "train", None, inputs / "tokenizer")
    assert (data.train.count, data.validation.count) == (133, 15)
    tokens = np.load(inputs / "train/tokens.npy")
    read, following = data.validation.batch(np.array([0, 14], np.uint32))
    assert np.array_equal(read[0], tokens[133 * 4 : 133 * 4 + 8]) and np.array_equal(following[1], tokens[147 * 4 + 1 : 147 * 4 + 9])
    assert data.facts["validation"] == {"documents": 0, "characters": 0, "unique_tokens": 0, "windows": 15}


@pytest.mark.parametrize(("length", "stride"), [(8, 3), (8, 9), (8, 20)])
def test_unique_tokens_are_the_positions_that_windows_cover(length: int, stride: int) -> None:
    positions = Windows(np.arange(200, dtype=np.uint16), length, stride)
    reads, targets = positions.batch(np.arange(len(positions)))
    assert unique_tokens(len(positions), length, stride) == len(set(reads.flat) | set(targets.flat))


def test_a_text_too_small_for_a_batch_says_how_many_tokens_it_takes(tmp_path: Path) -> None:
    inputs = write_inputs(tmp_path, train=50, validation=8)
    short = parse_train_parameters(parameters_of())
    with pytest.raises(ValueError, match=r"validation: found 0 windows of 8 tokens, expected at least 1, that is 9 tokens"):
        load_data(short, inputs / "train", inputs / "validation", inputs / "tokenizer")
    whole = parse_train_parameters(parameters_of(drop_partial_batch=True))
    with pytest.raises(ValueError, match=r"train: found 9 windows of 8 tokens, expected at least 16, that is 69 tokens"):
        load_data(whole, inputs / "train", None, inputs / "tokenizer")


def test_no_token_at_all_is_an_error_like_any_other(tmp_path: Path) -> None:
    tokenizer = write_tokenizer(tmp_path / "tokenizer")
    tokens = write_tokens(tmp_path / "train", np.zeros(0), tokenizer, 30, characters=0)
    with pytest.raises(ValueError, match="expected"):
        load_data(parse_train_parameters(parameters_of()), tokens, None, tokenizer)


def test_tokens_of_another_tokenizer_are_refused(inputs: Path, tmp_path: Path) -> None:
    other = write_tokenizer(tmp_path / "other")
    with pytest.raises(ValueError, match=r"inputs.tokenizer: .* Encode the text again"):
        load_data(parse_train_parameters(parameters_of()), inputs / "train", None, other)
