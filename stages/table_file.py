"""A table's JSON as those that show it need it; a file that was cut or edited is refused with its name and field."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, model_validator

from stages.errors import UserError
from stages.files import read_json
from stages.validation import validate


class Words(BaseModel):
    """One text in both languages."""

    pt: str
    en: str


class Place(BaseModel):
    """Where a value was read."""

    file: str
    path: str
    sha256: str
    origin: str


class Also(BaseModel):
    """The same value from a second source."""

    value: float
    formula: str
    lineage: list[Place]


class Thesis(BaseModel):
    """What it would be under a habit of the thesis."""

    habit: str
    value: float
    printed: str


class Part(BaseModel):
    """One value of a cell."""

    name: str
    value: Any
    printed: str
    formula: str
    lineage: list[Place]
    missing: str = ""
    also: Also | None = None
    thesis: Thesis | None = None

    @model_validator(mode="after")
    def _comparable(self) -> "Part":
        if self.also and not isinstance(self.value, int | float):
            raise ValueError("no number beside a second source")
        return self


class Cell(BaseModel):
    """One cell with its values."""

    printed: Words
    parts: list[Part]


class Row(BaseModel):
    """Cells by column."""

    id: str
    cells: dict[str, Cell]


class Column(BaseModel):
    """One column."""

    id: str
    header: Words
    show: bool


class TableFile(BaseModel):
    """What a table's JSON must hold; there is more in it."""

    table: str
    campaign: str
    label: str
    caption: Words
    caption_values: dict[str, Cell]
    columns: list[Column]
    rows: list[Row]


def read_table_file(path: Path) -> dict[str, Any]:
    """The table as it stands in the file; :class:`UserError` where it is no table, or a row lacks a column's cell."""
    content = read_json(path)
    table = validate(TableFile, content, path)
    for row in table.rows:
        if missing := [column.id for column in table.columns if column.id not in row.cells]:
            do = "Make the table again: remove the file, and ask Snakemake for it."
            raise UserError(path, f"rows.{row.id}.cells", f"no {missing[0]!r}", "a cell for each column", do)
    return dict(content)
