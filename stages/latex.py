"""A small booktabs writer: LaTeX that needs the booktabs package and nothing else."""

from collections.abc import Mapping

from stages.cell import PrintedPart, in_language
from stages.errors import UserError
from stages.table_spec import Column, TableSpec

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "≈": r"$\approx$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≫": r"$\gg$",
    "Σ": r"$\sum$",
    "–": "--",
    "—": "---",
    "−": "$-$",
    "…": r"\dots{}",
    **{raised: f"$^{plain}$" for raised, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)},
    "⁻": "$^{-}$",
    "ε": r"$\varepsilon$",
    "’": "'",
    "“": "``",
    "”": "''",
}


def escape(text: str, place: str) -> str:
    """``text`` for LaTeX with T1 fonts; :class:`UserError` for a character that they do not have."""
    for character in text:
        if character not in _ESCAPES and not (" " <= character <= "~" or "\u00a1" <= character <= "\u00ff"):
            raise UserError(place, "", f"U+{ord(character):04X} {character!r}", "a character that the table's fonts have")
    return "".join(_ESCAPES.get(character, character) for character in text)


def latex_table(spec: TableSpec, caption: str, rows: Mapping[str, Mapping[str, list[PrintedPart]]], language: str) -> str:
    """A ``table`` environment with caption and label, ready for ``\\input``."""
    shown = [column for column in spec.columns if column.show]
    above = {row.id for row in spec.listed_rows() if row.rule_above}
    place = spec.file
    lines = [
        "\\begin{table}[htbp]",
        "\\centering",
        f"\\caption{{{escape(caption, place)}}}",
        f"\\label{{{spec.label}}}",
        "\\smallskip",
        f"\\{spec.size}\\setlength{{\\tabcolsep}}{{4pt}}",
        f"\\begin{{tabular}}{{@{{}}{''.join(column.align for column in shown)}@{{}}}}",
        "\\toprule",
        " & ".join(escape(in_language(column.header, language), place) for column in shown) + " \\\\",
        "\\midrule",
    ]
    for row, cells in rows.items():
        if row in above:
            lines.append("\\midrule")
        lines.append(" & ".join(_cell(column, cells[column.id], f"{place}: {column.id}.{row}") for column in shown) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", "\\end{table}"]) + "\n"


def _cell(column: Column, parts: list[PrintedPart], place: str) -> str:
    text = escape("".join(part.printed for part in parts), place)
    if column.mono:
        text = "\\texttt{" + text.replace("/", "/\\allowbreak{}").replace("\\_", "\\_\\allowbreak{}") + "}"
    if column.width:
        text = f"\\parbox[t]{{{column.width:g}\\linewidth}}{{\\raggedright\\strut {text}\\strut}}"
    return text
