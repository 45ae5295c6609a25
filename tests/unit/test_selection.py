import datasets
import pytest

from stages.selection import select


@pytest.mark.parametrize("count", [2, 3, 9, 10, 11, 30, 70, 997, 20_000])
@pytest.mark.parametrize("seed", [0, 42])
def test_the_rows_are_those_that_datasets_draws(count: int, seed: int) -> None:
    shuffled = datasets.Dataset.from_dict({"row": list(range(count))}).shuffle(seed=seed)
    parts = shuffled.train_test_split(test_size=0.1, seed=seed)
    assert select(count, "shuffled", seed).tolist() == shuffled["row"][:]
    assert select(count, "train", seed).tolist() == parts["train"]["row"][:]
    assert select(count, "validation", seed).tolist() == parts["test"]["row"][:]


def test_the_split_of_brwac_has_the_sizes_that_its_logs_state() -> None:
    assert (len(select(3_530_808, "train", 42)), len(select(3_530_808, "validation", 42))) == (3_177_727, 353_081)


def test_the_head_is_the_first_rows_as_they_stand() -> None:
    assert select(4, "head", 42).tolist() == [0, 1, 2, 3]


def test_one_row_is_held_out_and_leaves_none_to_train_on() -> None:
    assert (select(1, "train", 42).tolist(), select(1, "validation", 42).tolist()) == ([], [0])


def test_held_out_rows_are_the_validation_part_from_its_end() -> None:
    validation, held_out = (select(1000, part, 42).tolist() for part in ("validation", "held_out"))
    assert held_out == validation[::-1]
    assert not set(held_out[:50]) & set(validation[:50])
