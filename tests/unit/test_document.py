import pytest

from stages.document import Document
from stages.errors import UserError
from stages.traced import Ref

LOG = Document("log.json", "0" * 64, {"history": [{"loss": 1.5}, {"loss": "2"}], "runs": {"v1 20k": {"n": 3, "ok": True}}})


def test_a_value_carries_its_file_path_and_hash() -> None:
    assert LOG.number("$.history[0].loss").refs == (Ref("log.json", "$.history[0].loss", "0" * 64),)
    assert LOG.integer("$.runs['v1 20k'].n").value == 3


def test_a_missing_field_says_what_is_there_instead() -> None:
    with pytest.raises(UserError, match=r"log.json: \$.runs.v2: found the keys v1 20k, expected \$.runs.v2.n to be there"):
        LOG.number("$.runs.v2.n")
    with pytest.raises(UserError, match=r"found a list of 2"):
        LOG.number("$.history[2].loss")


@pytest.mark.parametrize("path", ["$.history[1].loss", "$.runs['v1 20k'].ok"])
def test_text_and_flags_are_no_numbers(path: str) -> None:
    with pytest.raises(UserError, match="expected a finite number"):
        LOG.number(path)


def test_bounds_are_checked() -> None:
    with pytest.raises(UserError, match="found 1.5, expected a finite number from 0 to 1"):
        LOG.number("$.history[0].loss", minimum=0, maximum=1)
    with pytest.raises(UserError, match="expected a whole number of at least 5"):
        LOG.integer("$.runs['v1 20k'].n", minimum=5)


def test_an_overflowing_number_is_not_finite() -> None:
    with pytest.raises(UserError, match="found inf, expected a finite number"):
        Document("log.json", "", {"loss": float("inf")}).number("$.loss")
