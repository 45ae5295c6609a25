"""What tables, cells and findings are called on the page, and the anchors that lead to them."""

import re
from collections.abc import Mapping
from typing import Any

from stages.number import LANGUAGES

Words = dict[str, str]
"""Text by language."""

LAST_THESIS_TABLE = 13
"""Tables with a higher number are the thesis's appendices."""

GROUPS: dict[str, Words] = {
    "thesis": {"pt": "Tabelas da dissertação", "en": "The thesis's tables"},
    "corrected": {"pt": "Tabelas corrigidas", "en": "Corrected tables"},
    "appendix": {"pt": "Tabelas dos apêndices", "en": "Appendix tables"},
    "further": {"pt": "Outras tabelas", "en": "Further tables"},
    "audit": {"pt": "Tabela da auditoria", "en": "The audit's table"},
}
"""Groups of tables in the order of the page."""

FAMILIES: dict[str, Words] = {
    "integrity": {"pt": "Integridade", "en": "Integrity"},
    "recompute": {"pt": "Recálculo", "en": "Recomputation"},
    "outputs": {"pt": "Saídas", "en": "Outputs"},
    "samples": {"pt": "Amostras", "en": "Samples"},
    "metrics": {"pt": "Métricas", "en": "Metrics"},
    "counting": {"pt": "Contagem", "en": "Counting"},
    "data": {"pt": "Dados", "en": "Data"},
    "identity": {"pt": "Identidade", "en": "Identity"},
    "worked": {"pt": "Contas do texto", "en": "Worked numbers"},
}
"""Families of the audit's rules; one that is not here keeps its id."""

TABLES: dict[str, Words] = {
    "audit": {"pt": "Auditoria", "en": "Audit"},
    "beyond": {"pt": "Além da dissertação", "en": "Beyond the thesis"},
    "comparable": {"pt": "Comparáveis", "en": "Comparable"},
    "objectives": {"pt": "Objetivos de treino", "en": "Training objectives"},
    "scores": {"pt": "Notas por semente", "en": "Scores by seed"},
    "tokens": {"pt": "Tokens", "en": "Tokens"},
    "vram": {"pt": "Memória (VRAM)", "en": "Memory (VRAM)"},
    "worked": {"pt": "Contas do texto", "en": "Worked numbers"},
}
"""Names of tables that the thesis does not number; one that is not here keeps its id."""

PARTS = {"Appendix": "Apêndice", "Chapter": "Capítulo", "Abstract, introduction and conclusion": "Resumo, introdução e conclusão"}
"""Words of the names of a text's parts, in Portuguese."""


def both(text: str) -> Words:
    """Text that is the same in both languages."""
    return dict.fromkeys(LANGUAGES, text)


def slug(text: str) -> str:
    """``text`` as a part of an anchor."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")


def cell_anchor(table: str, column: str, row: str) -> str:
    """Anchor of a cell: ``tab13-sft-qa-em``."""
    return slug(f"{table}-{column}-{row}")


def finding_anchor(id: str) -> str:
    """Anchor of a finding on the report."""
    return f"finding-{slug(id)}"


def audit_anchor(id: str) -> str:
    """Anchor of a finding on the audit's own page."""
    return id.replace(":", "-").replace("/", "-")


def number_of(table: str) -> int | None:
    """Number of one of the thesis's tables; none of any other."""
    match = re.fullmatch(r"tab(\d\d)", table)
    return int(match[1]) if match else None


def group_of(table: str) -> str:
    """Group that a table is shown in."""
    number = number_of(table)
    if number is not None:
        return "thesis" if number <= LAST_THESIS_TABLE else "appendix"
    return "corrected" if table.endswith("_corrected") else "audit" if table == "audit" else "further"


def title_of(table: str) -> Words:
    """``Tabela 13``, ``Table 13, corrected``, or what a table without a number is called."""
    name, _, corrected = table.partition("_")
    number = number_of(name)
    if number is None or corrected not in ("", "corrected"):
        return TABLES.get(table, both(table))
    return {"pt": f"Tabela {number}" + (", corrigida" if corrected else ""), "en": f"Table {number}" + (", corrected" if corrected else "")}


def family_name(family: str) -> Words:
    """Name of a family of rules."""
    return FAMILIES.get(family, both(family.capitalize()))


def part_name(part: str) -> Words:
    """Name of a part of the text, such as ``Appendix A``."""
    words = next((words for words in PARTS if part.startswith(words)), "")
    return {"pt": PARTS.get(words, "") + part.removeprefix(words), "en": part}


def row_labels(table: Mapping[str, Any]) -> dict[str, Words]:
    """What each row of a table's JSON is called: its first printed cell, or, where that is blank, the one above it.

    Where two rows would be called the same, the next columns of words that tell rows apart are added.
    """
    shown = [column["id"] for column in table["columns"] if column["show"]] or [table["columns"][0]["id"]]
    labels: list[Words] = []
    for row in table["rows"]:
        printed = row["cells"][shown[0]]["printed"]
        labels.append(printed if printed["pt"] or not labels else labels[-1])
    for column in shown[1:]:
        if len({label["pt"] for label in labels}) == len(labels):
            break
        cells = [row["cells"][column] for row in table["rows"]]
        if all(isinstance(part["value"], str) for cell in cells for part in cell["parts"]):
            labels = [
                {name: f"{label[name]}, {cell['printed'][name]}" for name in label} for label, cell in zip(labels, cells, strict=True)
            ]
    return {row["id"]: label for row, label in zip(table["rows"], labels, strict=True)}
