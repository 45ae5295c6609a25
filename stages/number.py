"""How numbers are printed: one rounding rule, a decimal comma in Portuguese, a point in English."""

from decimal import ROUND_HALF_UP, Decimal

LANGUAGES = ("pt", "en")


def rounded(value: float, decimals: int) -> Decimal:
    """``value`` to ``decimals`` places, halves away from zero, on its shortest decimal form (so 2.675 gives 2.68)."""
    result = Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result


def printed_number(value: float, decimals: int, language: str, *, signed: bool = False, trim: bool = False) -> str:
    """``value`` as a table prints it, with a true minus sign; ``trim`` drops zeros after the decimal sign, ``signed`` writes a plus too."""
    number = rounded(value, decimals)
    text = f"{number:+f}" if signed else f"{number:f}"
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    text = text.replace("-", "\u2212")
    return text.replace(".", ",") if language == "pt" else text
