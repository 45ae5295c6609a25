import pytest

from stages.errors import UserError
from stages.latex import escape


def test_characters_that_mean_something_to_latex_are_escaped() -> None:
    assert (
        escape("50% & a_b #1 $2 {x} \\ ~ ^", "here") == r"50\% \& a\_b \#1 \$2 \{x\} \textbackslash{} \textasciitilde{} \textasciicircum{}"
    )


def test_signs_become_mathematics() -> None:
    assert escape("≤ 24 ± 1 – ção", "here") == r"$\leq$ 24 $\pm$ 1 -- ção"
    assert escape("10⁻⁴¹", "here") == "10$^{-}$$^4$$^1$"


def test_a_character_without_a_glyph_is_an_error_not_a_gap() -> None:
    with pytest.raises(UserError, match=r"cell a.b: found U\+6F22"):
        escape("漢", "cell a.b")
