"""One table of one campaign: records and parameters in, ``.tex``, ``.csv`` and ``.json`` out.

The JSON holds each cell's value, its printed form in both languages and its lineage; the CSV the values at full precision; the
LaTeX, in the language asked for, what an author inputs. The same inputs give the same bytes.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args

from stages.cell import PrintedPart, build_parts, in_language
from stages.errors import UserError, report_errors
from stages.expression import ParameterNode, Prices, RecordNode, Scope, evaluate
from stages.files import parse_json, read_json, sha256_of_file, sha256_of_json, to_csv, to_json, write_atomic
from stages.latex import latex_table
from stages.number import LANGUAGES
from stages.record import Record, load_record
from stages.table_inputs import load_table_input
from stages.table_spec import Row, Source, TableSpec
from stages.traced import Ref, Traced
from stages.validation import validate
from stages.yaml_files import read_yaml

BuiltRow = dict[str, list[PrintedPart]]
"""Printed parts by column."""


def build_rows(spec: TableSpec, records: Mapping[str, Record], names: Scope, language: str) -> dict[str, BuiltRow]:
    """Every cell of the table, by row and column. ``names`` holds prices and inputs."""
    rows = _device_rows(names) if spec.rows == "devices" else spec.listed_rows()
    built: dict[str, BuiltRow] = {}
    for row in rows:
        scope = {**names, **{run: RecordNode(record) for run, record in records.items()}}
        if row.run:
            scope["run"] = RecordNode(records[row.run])
        scope |= {"row": Traced(row.id), "language": Traced(language)}
        scope |= {name: Traced(in_language(words, language)) for name, words in row.words.items()}
        scope["over_seeds"] = partial(over_seeds, spec.seeds, spec.file)
        built[row.id] = _build_row(spec, row, scope, built, language)
    return built


def _device_rows(names: Scope) -> list[Row]:
    return [Row(id=node.child("name").resolve().value, words={"device": device}) for device, node in names["prices"].devices.items()]


def _build_row(spec: TableSpec, row: Row, scope: dict[str, Any], above: Mapping[str, BuiltRow], language: str) -> BuiltRow:
    scope["rows"] = {name: _values(cells) for name, cells in above.items()}
    for name in (column.id for column in spec.columns):
        cells = [cells[name][0] for cells in above.values()]
        scope.setdefault("column", {})[name] = [part.exact for part in cells]
        scope.setdefault("printed_column", {})[name] = [part.rounded() for part in cells]
    for name, expression in spec.let.items():
        scope[name] = evaluate(expression, scope, f"{spec.file}: let.{name}")
    built: BuiltRow = {}
    for column in spec.columns:
        parts = row.cells[column.id].parts if column.id in row.cells else column.parts
        place = f"{spec.file}: {column.id}.{row.id}"
        built[column.id] = build_parts(parts, scope, column.id, place, language, row.decimals.get(column.id))
    return built


def _values(cells: BuiltRow) -> dict[str, Traced]:
    return {name: parts[0].exact for name, parts in cells.items()}


def over_seeds(declared: Sequence[int], file: str, scores: RecordNode) -> list[Traced]:
    """Values of a record's list over its seeds; fewer or other seeds than the spec declares are an error, not a blank."""
    if not isinstance(scores, RecordNode):
        raise UserError(file, "over_seeds", repr(scores), "a record's list over its seeds")
    seeds = RecordNode(scores.record, scores.field.rpartition(".")[0] + ".seeds").resolve()
    found = [seed.value for seed in seeds] if isinstance(seeds, list) else []
    if sorted(found) != sorted(declared):
        raise UserError(file, "seeds", f"{found} in {scores.record.identity.run}: {scores.field}", f"the seeds {list(declared)}")
    values = scores.resolve()
    assert isinstance(values, list)
    return values


@dataclass(frozen=True)
class Built:
    """A table in one language: its caption and every cell."""

    caption: str
    caption_parts: BuiltRow
    rows: dict[str, BuiltRow]


def build_table(spec: TableSpec, records: Mapping[str, Record], names: Scope, language: str) -> Built:
    """The whole table in one language."""
    scope = {**names, **{run: RecordNode(record) for run, record in records.items()}}
    parts = {
        name: build_parts([part], scope, name, f"{spec.file}: caption_values.{name}", language, None)
        for name, part in spec.caption_values.items()
    }
    try:
        caption = in_language(spec.caption, language).format_map({name: parts[name][0].printed for name in parts})
    except (KeyError, ValueError, IndexError) as error:
        known = ", ".join(parts) or "none"
        raise UserError(spec.file, "caption", f"braces around {error}", f"names of caption_values: {known}") from error
    return Built(caption, parts, build_rows(spec, records, names, language))


def as_json(spec: TableSpec, campaign: str, built: Mapping[str, Built]) -> dict[str, Any]:
    """The table as data: every cell with its printed form in both languages, its values, formulas and lineage."""
    rows = built["pt"].rows
    headers = {column.id: {language: in_language(column.header, language) for language in LANGUAGES} for column in spec.columns}
    return {
        "schema_version": 1,
        "table": spec.table,
        "campaign": campaign,
        **({"analyses": spec.analyses} if spec.analyses else {}),
        "label": spec.label,
        "caption": {language: built[language].caption for language in LANGUAGES},
        "caption_values": {
            name: _cell_json({language: built[language].caption_parts[name] for language in LANGUAGES})
            for name in built["pt"].caption_parts
        },
        "columns": [{"id": column.id, "header": headers[column.id], "show": column.show} for column in spec.columns],
        "rows": [
            {
                "id": row,
                "cells": {
                    column: _cell_json({language: built[language].rows[row][column] for language in LANGUAGES}) for column in rows[row]
                },
            }
            for row in rows
        ],
    }


def _cell_json(by_language: Mapping[str, list[PrintedPart]]) -> dict[str, Any]:
    printed = {language: "".join(part.printed for part in parts) for language, parts in by_language.items()}
    return {"printed": printed, "parts": [_part_json(part) for part in by_language["pt"]]}


def _part_json(part: PrintedPart) -> dict[str, Any]:
    value = {"name": part.name, "value": part.exact.value, "printed": part.printed, "formula": part.exact.formula}
    if part.reason:
        value["missing"] = part.reason
    if part.also:
        value["also"] = {"value": part.also.value, "formula": part.also.formula, "lineage": _lineage(part.also.refs)}
    if part.thesis:
        value["thesis"] = {"habit": part.habit, "value": part.thesis.value, "printed": part.thesis_printed}
    return value | {"lineage": _lineage(part.exact.refs)}


def _lineage(refs: Sequence[Ref]) -> list[dict[str, str]]:
    return [{key: value for key, value in asdict(ref).items() if value} for ref in refs]


def as_csv(spec: TableSpec, rows: Mapping[str, BuiltRow]) -> str:
    """The values at full precision, one column a part."""
    records = []
    for name, cells in rows.items():
        record: dict[str, Any] = {"row": name}
        for column, parts in cells.items():
            record |= {f"{column}_{part.name}" if part.name else column: part.exact.value for part in parts}
        records.append(record)
    columns = list(dict.fromkeys(name for record in records for name in record))
    return to_csv(columns, records)


def load_spec(path: Path) -> TableSpec:
    """Spec of one table; its name must be its file's."""
    spec = validate(TableSpec, read_yaml(path), path)
    if spec.table != path.stem:
        raise UserError(path, "table", repr(spec.table), repr(path.stem))
    return spec


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.table", description="Write one table of a campaign.")
    parser.add_argument("--spec", type=Path, required=True)
    parser.add_argument("--campaign", required=True)
    parser.add_argument("--records", type=Path, nargs="*", default=[], help="record.json of every run that the table names")
    parser.add_argument("--analyses", type=Path, nargs="*", default=[], help="JSON of every analysis that the table names")
    parser.add_argument("--prices", default="{}", help="the prices it uses, as JSON by device")
    parser.add_argument("--source", choices=get_args(Source), default="evidence", help="where the campaign's records come from")
    parser.add_argument("--language", choices=LANGUAGES, default="pt")
    for kind in ("tex", "csv", "json"):
        parser.add_argument(f"--{kind}", type=Path, required=True)
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read spec and records, build the table, write its three files."""
    spec, language = load_spec(arguments.spec), arguments.language
    loaded = [load_record(path) for path in arguments.records]
    records = {record.identity.run: record for record in loaded}
    spec = spec.restricted_to(records, arguments.source) or spec
    if absent := set(spec.runs()) - records.keys():
        raise UserError(arguments.spec, "records", "none of " + ", ".join(sorted(absent)), "a record of every run that the table names")
    names = parameter_names(spec, parse_json(arguments.prices, "--prices")) | analysis_names(spec, arguments.analyses)
    built = {name: build_table(spec, records, names, name) for name in LANGUAGES}
    data = to_json(as_json(spec, arguments.campaign, built))
    tex = latex_table(spec, built[language].caption, built[language].rows, language)
    write_atomic(arguments.csv, as_csv(spec, built[language].rows))
    write_atomic(arguments.tex, tex)
    write_atomic(arguments.json, data)


def parameter_names(spec: TableSpec, prices: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Prices by device and the spec's inputs, as expressions name them.

    Each price is hashed on its own: a cell depends on the price it uses and on no other.
    """
    names: dict[str, Any] = {name: load_table_input(name) for name in spec.inputs}
    nodes = {device: Ref("params/prices.yaml", f"$['{device}']", sha256_of_json(price), "parameters") for device, price in prices.items()}
    return names | {"prices": Prices({device: ParameterNode(prices[device], ref) for device, ref in nodes.items()})}


def analysis_names(spec: TableSpec, paths: Sequence[Path]) -> dict[str, Any]:
    """Analyses by name; their values are traced to the analysis, which itself says what it was made from."""
    files = {path.stem: path for path in paths}
    if absent := set(spec.analyses) - files.keys():
        raise UserError(spec.file, "analyses", "none of " + ", ".join(sorted(absent)), "a file of every analysis that the table names")
    return {
        name: ParameterNode(read_json(files[name]), Ref(files[name].as_posix(), "$", sha256_of_file(files[name]), "project"))
        for name in spec.analyses
    }


if __name__ == "__main__":
    main()
