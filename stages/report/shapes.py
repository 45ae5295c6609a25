"""What the page needs of the JSON of figures, audit and worked numbers; a file that was cut or edited is refused by name and field."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from stages.files import read_json
from stages.table_file import Words
from stages.validation import validate


class FigureFile(BaseModel):
    """Texts of a figure."""

    caption: Words
    alt: Words


class Rule(BaseModel):
    """One rule of the audit."""

    id: str
    family: str
    title: str


class Finding(BaseModel):
    """One finding; its other fields may be empty."""

    id: str
    rule: str
    subject: str
    severity: str
    message: str
    stated: str
    recomputed: str
    effect: str
    claims: list[str]
    cells: list[str]
    evidence: list[dict[str, Any]]


class CellCounts(BaseModel):
    """Counts of printed cells."""

    confirmed_on_faulty_evidence: int


class Summary(BaseModel):
    """Counts of the audit."""

    rules: int
    cells: CellCounts
    families: dict[str, Any]


class FindingsFile(BaseModel):
    """What the audit found."""

    summary: Summary
    rules: list[Rule]
    findings: list[Finding]


class Worked(BaseModel):
    """One worked number."""

    id: str
    part: str
    where: str
    what: str
    unit: str
    kind: str
    outcome: str
    stated: str
    found: str
    inputs: list[str]
    why: str
    remark: str


class WorkedFile(BaseModel):
    """What became of the worked numbers."""

    entries: list[Worked]


def read_as(model: type[BaseModel], path: Path) -> Any:
    """JSON of a file, as it stands there, that holds what ``model`` asks for; :class:`UserError` where it does not."""
    content = read_json(path)
    validate(model, content, path)
    return content
