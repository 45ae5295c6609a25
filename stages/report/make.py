"""The report of a campaign: one self-contained page for a reader, from tables, audit, figures and records.

    python -m stages.report.make --campaign published --tables TABLE.json … --page FILE

The same inputs give the same bytes; nothing on the page is fetched, and nothing but its own script runs.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from stages.errors import UserError, report_errors
from stages.files import parse_json, read_csv, write_atomic
from stages.number import LANGUAGES
from stages.record import load_record
from stages.registry import Registry
from stages.report.content import Inputs, page_content
from stages.report.environment import citation
from stages.report.image import image_address
from stages.report.page import render
from stages.report.shapes import FigureFile, FindingsFile, WorkedFile, read_as
from stages.table_file import read_table_file


def read_figure(path: Path) -> dict[str, Any]:
    """A figure's JSON with its images: ``<name>.svg`` beside it, and ``<name>.en.svg`` where it has one in English."""
    figure = dict(read_as(FigureFile, path))
    portuguese, english = path.with_suffix(".svg"), path.with_suffix(".en.svg")
    if not portuguese.exists():
        raise UserError(portuguese, "", "no such file", f"the image of figure {path.stem}")
    files = {"pt": portuguese, "en": english if english.exists() else portuguese}
    images = {language: {"address": image_address(file), "file": file.name} for language, file in files.items()}
    return figure | {"name": path.stem, "images": images}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.report.make", description="Write the report of a campaign as one page.")
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--source", choices=["evidence", "training"], required=True, help="where its records come from")
    parser.add_argument("--language", choices=LANGUAGES, default="pt", help="language that the page opens in")
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="JSON of its tables, and of those to stand beside them")
    parser.add_argument("--printed", type=Path, required=True, help="CSV of what the thesis prints")
    parser.add_argument("--claimed", action="store_true", help="these cells are the campaign's own claims")
    parser.add_argument("--findings", type=Path, help="JSON of its audit")
    parser.add_argument("--worked", type=Path, help="JSON of the worked numbers of the text")
    parser.add_argument("--figures", type=Path, nargs="*", default=[], help="JSON of its figures, the images beside them")
    parser.add_argument("--records", type=Path, nargs="*", default=[])
    parser.add_argument("--registry", type=Path, help="registry of its evidence")
    parser.add_argument("--sources", default="{}", help="corpus and instructions, as JSON")
    parser.add_argument("--citation", type=Path, required=True)
    parser.add_argument("--page", type=Path, required=True, help="HTML to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read everything, write the page."""
    content = page_content(
        Inputs(
            campaign=arguments.campaign,
            source=arguments.source,
            language=arguments.language,
            tables=[read_table_file(path) for path in arguments.tables],
            printed=read_csv(arguments.printed),
            claims_printed=arguments.claimed,
            findings=read_as(FindingsFile, arguments.findings) if arguments.findings else None,
            worked=read_as(WorkedFile, arguments.worked) if arguments.worked else None,
            figures=[read_figure(path) for path in arguments.figures],
            records=[load_record(path) for path in arguments.records],
            registry=read_as(Registry, arguments.registry) if arguments.registry else None,
            sources=parse_json(arguments.sources, "--sources"),
            citation=citation(arguments.citation),
        )
    )
    page = render(content)
    write_atomic(arguments.page, page)
    print(
        f"{arguments.page}: {len(content['data']['cells'])} cells of {len(content['data']['tables'])} tables, {len(page.encode()):,} bytes"
    )


if __name__ == "__main__":
    main()
