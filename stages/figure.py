"""One figure of one campaign: records and tables in; what is drawn as JSON, and SVG, PDF and PNG out.

The JSON comes first and the images are drawn from it alone, so that nothing is shown that it does not hold. The SVG is written in both
languages, PDF and PNG in the one asked for. The same inputs give the same bytes.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from stages.errors import UserError, report_errors
from stages.figures.style import image, styled
from stages.figures.values import Inputs, RunRecord
from stages.files import read_json, sha256_of_file, to_json, write_atomic
from stages.number import LANGUAGES
from stages.record import load_record
from stages.table_file import read_table_file

SUFFIXES = {"pt": "", "en": ".en"}
"""Of the names of SVG files, by language."""


def module_of(figure: str) -> ModuleType:
    """The module that describes and draws a figure."""
    try:
        return import_module(f"stages.figures.{figure}")
    except ModuleNotFoundError as error:
        raise UserError("--figure", "", repr(figure), "a module of stages/figures") from error


def read_inputs(campaign: str, records: Sequence[Path], data: Sequence[Path]) -> Inputs:
    """Everything that a figure may show."""
    found = [RunRecord(path.as_posix(), load_record(path)) for path in records]
    return Inputs(campaign, found, {path.stem: (path.as_posix(), _data(path)) for path in data})


def _data(path: Path) -> Any:
    """A table, or the JSON that something else is."""
    return read_table_file(path) if path.parent.name == "tables" else read_json(path)


def document_of(figure: str, inputs: Inputs, sources: Sequence[Path]) -> dict[str, Any]:
    """The figure as data: texts, the files that it rests on with their hashes, and every value that is drawn."""
    described = module_of(figure).describe(inputs)
    return {
        "schema_version": 1,
        "figure": figure,
        "campaign": inputs.campaign,
        "caption": described.caption,
        "alt": described.alt,
        "sources": [{"file": path.as_posix(), "sha256": sha256_of_file(path)} for path in sources],
        "data": described.data,
    }


def images_of(document: dict[str, Any], language: str) -> dict[str, bytes]:
    """Bytes of every image of a figure, by what follows its name."""
    figure = document["figure"]
    images: dict[str, bytes] = {}
    for each in LANGUAGES:
        with styled(figure):
            drawn = module_of(figure).draw(document["data"], each)
            images[f"{SUFFIXES[each]}.svg"] = image(drawn, "svg", f"{document['campaign']}-{figure}-{each}")
            if each == language:
                images |= {f".{kind}": image(drawn, kind, figure) for kind in ("pdf", "png")}
    return images


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.figure", description="Draw one figure of a campaign.")
    parser.add_argument("--figure", required=True, help="name of its module in stages/figures")
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--records", type=Path, nargs="*", default=[], help="record.json of every run that it shows")
    parser.add_argument("--data", type=Path, nargs="*", default=[], help="JSON of tables, analyses or the rule graph that it shows")
    parser.add_argument("--language", choices=LANGUAGES, default="pt", help="of PDF and PNG")
    parser.add_argument("--folder", type=Path, required=True, help="folder to write to")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read, describe, draw, and write all files of the figure."""
    inputs = read_inputs(arguments.campaign, arguments.records, arguments.data)
    document = document_of(arguments.figure, inputs, [*arguments.records, *arguments.data])
    images = images_of(document, arguments.language)
    for suffix, data in images.items():
        write_atomic(arguments.folder / f"{arguments.figure}{suffix}", data)
    write_atomic(arguments.folder / f"{arguments.figure}.json", to_json(document))
    print(f"{arguments.figure}: from {len(document['sources'])} files, {sum(map(len, images.values())) // 1024} KiB of images")


if __name__ == "__main__":
    main()
