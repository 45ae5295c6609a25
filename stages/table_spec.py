"""What a table is: ``params/tables/<table>.yaml``, rows, columns, and for each cell where its value comes from."""

import ast
from collections.abc import Collection, Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator


def _check_syntax(text: str) -> str:
    """An expression that can be parsed."""
    try:
        ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"not an expression: {error.msg}") from error
    return text


Expression = Annotated[str, AfterValidator(_check_syntax)]
Source = Literal["evidence", "training"]
"""Where a campaign's records come from."""
InputName = Literal[
    "budget",
    "risks",
    "accelerators",
    "attention",
    "interconnects",
    "memory_hierarchy",
    "models",
    "number_formats",
    "parallelism",
    "strategies",
]
COUNTING = {"findings", "worked_numbers"}
"""Analyses of the audit that tables count; from the others they correct."""
Decimals = Annotated[int, Field(ge=0, le=12)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Text(Strict):
    """Words in both languages."""

    pt: str
    en: str


Words = Text | str
"""Text that depends on the language, or does not."""


class ThesisHabit(Strict):
    """How the thesis arrives at what it prints, where that differs from rounding the exact value once."""

    habit: Literal["rounded-hours", "sum-of-rounded", "exp-of-rounded-loss"]
    value: Expression


class Part(Strict):
    """One value of a cell and how it is printed; most cells have one, "mean±sd" has two."""

    name: str = ""
    """Empty for the first part of a cell."""
    value: Expression
    """See :mod:`stages.expression`."""
    decimals: Decimals | None = None
    """Digits after the decimal sign; none for text."""
    significant: Decimals = 0
    """Significant digits that a value too small for its decimals keeps, so that a laptop's hours do not print as 0.0."""
    scientific: bool = False
    """Written as 3.40×10³⁸; the decimals are those before the times sign."""
    signed: bool = False
    trim: bool = False
    prefix: Words = ""
    suffix: Words = ""
    also: Expression | None = None
    """Expression for the same value from another source; the check says whether both agree."""
    thesis: ThesisHabit | None = None
    optional: bool = False
    """Where it has no value nothing is printed, in place of "not measured"."""


class Cell(Strict):
    parts: Annotated[list[Part], Field(min_length=1)]


class Column(Strict):
    id: str
    header: Words
    parts: Annotated[list[Part], Field(min_length=1)]
    align: Literal["l", "r", "c"] = "l"
    width: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of the line for text that wraps."""
    mono: bool = False
    """Typewriter, with breaks allowed in paths."""
    sources: list[Source] = ["evidence", "training"]
    """Kinds of campaigns whose table has the column."""
    show: bool = True
    """Whether the LaTeX table has the column (CSV and JSON always do)."""


class Row(Strict):
    id: str
    run: str | None = None
    """Run whose record the name ``run`` stands for."""
    words: dict[str, Words] = {}
    """Text and names of the row, by the name that expressions use."""
    decimals: dict[str, Decimals] = {}
    """Decimals by column, where they are not the column's."""
    cells: dict[str, Cell] = {}
    """Cells by column that are not as the column says."""
    rule_above: bool = False


class TableSpec(Strict):
    table: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    label: Annotated[str, Field(pattern=r"^[A-Za-z0-9:._-]+$")]
    """As LaTeX's ``\\ref`` takes it."""
    caption: Words
    """May name ``caption_values`` in braces."""
    caption_values: dict[str, Part] = {}
    size: Literal["normalsize", "small", "footnotesize", "scriptsize"] = "small"
    records: list[str] = []
    """Runs that cells name, beside those of the rows."""
    inputs: list[InputName] = []
    """Files of parameters or measurements that expressions name, see :mod:`stages.table_inputs`."""
    analyses: list[Literal["corrected_scores", "guardrail_cross", "findings", "worked_numbers"]] = []
    """Results of the audit that expressions name, from ``analysis/<campaign>/audit/<name>.json``."""
    seeds: list[int] = []
    """Seeds that an aggregate must have, all of them."""
    let: dict[str, Expression] = {}
    """Expressions by name, evaluated for each row."""
    partial: bool = False
    """Whether a campaign that has only some of the runs gets the table, with the rows that it has."""
    sources: list[Source] = ["evidence", "training"]
    """Kinds of campaigns that get it."""
    rows: Annotated[list[Row], Field(min_length=1)] | Literal["devices"]
    """``devices``: one row for each priced device of the campaign's runs."""
    columns: Annotated[list[Column], Field(min_length=1)]

    @field_validator("columns")
    @classmethod
    def _name_columns_once(cls, columns: list[Column]) -> list[Column]:
        names = [column.id for column in columns]
        assert len(names) == len(set(names)), "column ids must differ"
        return columns

    @model_validator(mode="after")
    def _name_rows_once(self) -> "TableSpec":
        names = [row.id for row in self.listed_rows()]
        assert len(names) == len(set(names)), "row ids must differ"
        columns = {column.id for column in self.columns}
        for row in self.listed_rows():
            assert (strange := {*row.cells, *row.decimals} - columns) == set(), f"row {row.id} names unknown columns {sorted(strange)}"
        return self

    @property
    def file(self) -> str:
        """File that the spec is kept in."""
        return f"params/tables/{self.table}.yaml"

    def listed_rows(self) -> list[Row]:
        """Rows that the spec lists; none where devices are its rows."""
        return self.rows if isinstance(self.rows, list) else []

    def runs(self) -> list[str]:
        """Runs whose records the table reads, each once."""
        rows = [row.run for row in self.listed_rows() if row.run]
        return list(dict.fromkeys([*rows, *self.records]))

    def restricted_to(self, runs: Collection[str], source: Source) -> "TableSpec | None":
        """The table of a campaign of a ``source`` that has ``runs``: its columns, its rows, fewer of them where ``partial``.

        ``None`` where such a campaign has no such table.
        """
        rows = [row for row in self.listed_rows() if row.run is None or row.run in runs]
        own: dict[str, Any] = {"columns": [column for column in self.columns if source in column.sources]}
        if self.partial and rows:
            own["rows"] = rows
        restricted = self.model_copy(update=own)
        return restricted if source in self.sources and set(restricted.runs()) <= set(runs) else None

    def expressions(self) -> Iterator[str]:
        """Every expression of the spec."""
        parts = [*self.caption_values.values(), *(part for column in self.columns for part in column.parts)]
        parts += [part for row in self.listed_rows() for cell in row.cells.values() for part in cell.parts]
        for part in parts:
            yield part.value
            yield from filter(None, [part.also, part.thesis.value if part.thesis else None])
        yield from self.let.values()

    def uses_prices(self) -> bool:
        """Whether any expression reads a price."""
        return any(
            isinstance(node, ast.Name) and node.id == "prices"
            for text in self.expressions()
            for node in ast.walk(ast.parse(text.strip(), mode="eval"))
        )
