"""A text: documents of a corpus that are selected, cleaned and long enough, in one text store.

    python -m stages.text --corpus data/CAMPAIGN/corpus --parameters JSON --folder data/CAMPAIGN/texts/TEXT --processes 2

Rows are read in the selection's order until enough documents are kept; of ``head`` so many rows are read, whatever is kept of them.
"""

import argparse
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from stages.cleaning import COUNTED, clean_all
from stages.errors import UserError, report_errors
from stages.files import parse_json
from stages.manifest import NAME, read_manifest, write_manifest
from stages.selection import select
from stages.text_parameters import TextParameters
from stages.text_store import DOCUMENTS, OFFSETS, TextStore, write_texts
from stages.validation import validate

SHORT = "short_documents"


@dataclass
class Tally:
    """What was read so far for the documents that were kept, which does not depend on how far ahead others were cleaned."""

    rows: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    """By rule: :data:`stages.cleaning.COUNTED`, and the documents that rule 14 leaves out."""


def kept_documents(corpus: Sequence[str], parameters: TextParameters, processes: int, tally: Tally) -> Iterator[str]:
    """The cleaned documents of at least ``minimum_characters`` (rule 14), never empty, in the selection's order.

    :class:`UserError` where there is none.
    """
    rows = select(len(corpus), parameters.selection, parameters.seed)
    is_head = parameters.selection == "head"
    texts = (corpus[int(row)] for row in (rows[: parameters.documents] if is_head else rows))
    kept = 0
    for text, removed in clean_all(texts, parameters.cleaning, processes):
        tally.rows += 1
        tally.removed.update(removed)
        if len(text) < max(parameters.minimum_characters, 1):
            tally.removed[SHORT] += 1
            continue
        yield text
        kept += 1
        if kept == parameters.documents and not is_head:
            return
    if not kept:
        found, expected = f"none of {tally.rows} documents kept", f"one of at least {parameters.minimum_characters} characters"
        do = "Take a larger corpus, or ask for shorter documents or lines in the parameters."
        raise UserError("the corpus", parameters.selection, found, expected, do)


def store(corpus: Sequence[str], parameters: TextParameters, processes: int, folder: Path) -> dict[str, Any]:
    """Write the text; what its manifest says of it."""
    tally = Tally()
    counts = write_texts(folder, kept_documents(corpus, parameters, processes, tally))
    return {
        "documents_asked": parameters.documents,
        **counts,
        "rows_scanned": tally.rows,
        "removed": {name: tally.removed[name] for name in (*COUNTED, SHORT)},
        "unicode": unicodedata.unidata_version,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.text", description="Select and clean documents of a corpus.")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of the corpus")
    parser.add_argument("--parameters", required=True, help="the text's parameters, as JSON")
    parser.add_argument("--folder", type=Path, required=True, help="text store to write")
    parser.add_argument("--processes", type=int, default=1, help="processes to clean with; the text does not depend on it")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read the corpus, write the text and its manifest."""
    parameters = validate(TextParameters, parse_json(arguments.parameters, "--parameters"), "--parameters")
    read_manifest(arguments.corpus, "corpus", DOCUMENTS, OFFSETS)
    facts = store(TextStore(arguments.corpus), parameters, arguments.processes, arguments.folder)
    write_manifest(
        arguments.folder,
        "text",
        "stages.text",
        files=[DOCUMENTS, OFFSETS],
        facts=facts,
        parameters=parameters.model_dump(mode="json"),
        inputs={"corpus": arguments.corpus / NAME},
        libraries=["numpy"],
    )
    print(summary(parameters, facts))


def summary(parameters: TextParameters, facts: dict[str, Any]) -> str:
    """One line of figures, which says where fewer documents were kept than asked for."""
    missing = parameters.selection != "head" and facts["documents"] < parameters.documents
    asked = f" (of {parameters.documents} asked for: the corpus has no more)" if missing else ""
    kept = f"{facts['documents']} documents{asked} of {facts['characters']} characters"
    return f"{kept}, from {facts['rows_scanned']} rows, {facts['removed'][SHORT]} too short"


if __name__ == "__main__":
    main()
