"""How numbers are printed: one rounding rule, a decimal comma in Portuguese, a point in English."""

from decimal import ROUND_HALF_UP, Decimal

LANGUAGES = ("pt", "en")
NOT_MEASURED = {"pt": "não medido", "en": "not measured"}
"""What stands where there is no number."""


def rounded(value: float, decimals: int, significant: int = 0) -> Decimal:
    """``value`` to ``decimals`` places, halves away from zero, on its shortest decimal form (so 2.675 gives 2.68).

    Of a value below one in the last place, ``significant`` digits are kept: a short training took 0.0041 hours, not 0.0.
    """
    exact = Decimal(repr(value))
    places = max(decimals, significant - 1 - exact.adjusted()) if 0 < abs(exact) < Decimal(1).scaleb(-decimals) else decimals
    result = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result


def rounded_scientific(value: float, decimals: int) -> Decimal:
    """``value`` to ``decimals`` places of its mantissa, in scientific notation."""
    exact = Decimal(repr(value))
    return exact.quantize(Decimal(1).scaleb(exact.adjusted() - decimals), rounding=ROUND_HALF_UP) if exact else Decimal(0)


def scientific_number(value: float, decimals: int, language: str) -> str:
    """``value`` as a table prints very large and very small ones: 3,40×10³⁸."""
    number = rounded_scientific(value, decimals)
    exponent = number.adjusted()
    mantissa = printed_number(float(number.scaleb(-exponent)), decimals, language)
    return f"{mantissa}×10{str(exponent).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def printed_number(value: float, decimals: int, language: str, *, signed: bool = False, trim: bool = False, significant: int = 0) -> str:
    """``value`` as a table prints it, with a true minus sign; ``trim`` drops zeros after the decimal sign, ``signed`` writes a plus too."""
    number = rounded(value, decimals, significant)
    text = f"{number:+f}" if signed else f"{number:f}"
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    text = text.replace("-", "\u2212")
    return text.replace(".", ",") if language == "pt" else text
