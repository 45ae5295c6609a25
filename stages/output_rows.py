"""Rows of an evaluation's ``outputs.jsonl``: an example, what each system answered, and its scores."""

from collections.abc import Sequence

from stages.document import Document
from stages.errors import UserError
from stages.tasks import prompt_of


def of_task(rows: Sequence[Document], task: str) -> list[Document]:
    """Rows of one task; :class:`UserError` where there are none."""
    if not (found := [row for row in rows if row.text("$.task").value == task]):
        raise UserError(rows[0].file, f"task {task}", "no rows", "outputs of every task of the evaluation")
    return found


def prompt_of_row(row: Document) -> str:
    """Instruction and input of a row's example."""
    return prompt_of(str(row.text("$.instruction").value), str(row.text("$.input").value))
