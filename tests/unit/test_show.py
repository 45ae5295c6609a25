import pytest

from stages.errors import UserError
from stages.show import lines_of, read_table
from tests.conftest import ROOT


def test_a_table_is_printed_as_it_is_in_print_numbers_to_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    header, *rows = lines_of(read_table("published", "tab02"), "en")
    assert header.split() == ["GPU", "(1x)", "Price", "(USD/h)"]
    assert rows == ["RTX 3080           0.07", "RTX 3090           0.13", "RTX 4090           0.30"]


def test_an_unknown_table_is_named_with_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match="tab99.json: found no such table, expected one of: audit, tab01"):
        read_table("published", "tab99")
