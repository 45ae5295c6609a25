import pytest

from stages.number import printed_number, rounded, rounded_scientific, scientific_number


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [(2.675, 2, "2.68"), (0.125, 2, "0.13"), (-0.125, 2, "-0.13"), (1.005, 2, "1.01"), (13876682560 / 1e9, 2, "13.88"), (3, 1, "3.0")],
)
def test_halves_are_rounded_away_from_zero_on_the_decimal_form(value: float, decimals: int, expected: str) -> None:
    assert str(rounded(value, decimals)) == expected


def test_a_rounded_zero_has_no_sign() -> None:
    assert printed_number(-0.0004, 3, "en") == "0.000"


def test_a_value_too_small_for_its_decimals_keeps_the_digits_asked_for() -> None:
    assert [printed_number(value, 1, "en", significant=2) for value in (0.00414, 0.0, 0.87, 13.3154)] == ["0.0041", "0.0", "0.9", "13.3"]


def test_portuguese_takes_a_comma_and_english_a_point() -> None:
    assert (printed_number(1234.5, 1, "pt"), printed_number(1234.5, 1, "en")) == ("1234,5", "1234.5")


def test_sign_and_trim() -> None:
    assert printed_number(0.053, 3, "en", signed=True) == "+0.053"
    assert printed_number(-19.2, 1, "en") == "\u221219.2"
    assert [printed_number(value, 1, "en", trim=True) for value in (4.0, 3.2, 10.0)] == ["4", "3.2", "10"]


def test_very_large_and_very_small_numbers_are_in_scientific_notation() -> None:
    assert [scientific_number(value, 2, "en") for value in (3.15e23, 5.9604645e-8, -9.996e4, 0.0)] == [
        "3.15×10²³",
        "5.96×10⁻⁸",
        "−1.00×10⁵",
        "0.00×10⁰",
    ]
    assert scientific_number(6.5504e4, 1, "pt") == "6,6×10⁴"
    assert float(rounded_scientific(3.4028234663852886e38, 2)) == 3.40e38
