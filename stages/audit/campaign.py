"""A campaign as an auditor finds it: parameters, records, tables, and every file of its evidence, read as it lies here.

The rules get this and nothing else. Files are read without asking whether their hash is the registered one: that is a rule's
question, and an altered file is to be audited too. Each finding carries the hash of the bytes that were really read.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from stages.audit.artifacts import (
    Examples,
    GuardrailReport,
    Outputs,
    SampleSet,
    Series,
    TokenizerModel,
    read_examples,
    read_guardrails,
    read_outputs,
    read_sample_sets,
    read_series,
)
from stages.audit.claims import Claims, load_claims
from stages.campaign_models import CampaignParameters, Price
from stages.compare import cells_of
from stages.document import Document
from stages.errors import UserError
from stages.files import read_bytes, read_csv, sha256_of
from stages.parameter_models import RunParameters
from stages.parameters import load_campaign, load_run
from stages.record import Record, load_record, trace
from stages.registry import Evidence, Registry, evidence_root, registered
from stages.table_file import read_table_file
from stages.table_spec import COUNTING
from stages.traced import Ref
from stages.worked_entries import worked_files
from stages.worked_numbers import Verdict, check


class EvidenceAsFound(Evidence):
    """Evidence whose bytes are read as they are; ``sha256`` is that of those bytes."""

    def __init__(self, registry: Registry, root: Path) -> None:
        self.registry, self.root = registry, root
        self._kept: dict[str, bytes] = {}
        self._hashes: dict[str, str] = {}

    def read(self, file: str) -> bytes:
        """Bytes of a registered file; :class:`UserError` where it is not registered or not here."""
        registered(self.registry, file)
        if file not in self._kept:
            self._kept[file] = read_bytes(self.root / file)
        return self._kept[file]

    def sha256(self, file: str) -> str:
        """Hash of the bytes that are here."""
        if file not in self._hashes:
            self._hashes[file] = sha256_of(self.read(file))
        return self._hashes[file]

    def names(self) -> list[str]:
        """Registered files that are here."""
        return [file for file in self.registry.files if (self.root / file).is_file()]


class Campaign:
    """What there is to audit. Every attribute is read once, when first asked for."""

    def __init__(
        self, parameters: CampaignParameters, runs: Mapping[str, RunParameters], evidence: EvidenceAsFound, prices: Mapping[str, Price]
    ) -> None:
        self.parameters, self.runs, self.evidence, self.prices = parameters, dict(runs), evidence, dict(prices)
        self.name = parameters.campaign
        self.unreadable: dict[str, UserError] = {}
        """Files that are not what their name says, with the error of reading them."""

    @classmethod
    def load(
        cls, name: str, registry: Registry, prices: Mapping[str, Price], settings: Sequence[str] = (), root: Path | None = None
    ) -> "Campaign":
        """Campaign ``name`` of the project in the working folder.

        ``settings`` are overrides that its records were made under; ``root`` holds the evidence, where it is not where the registry says.
        """
        parameters = load_campaign(name)
        runs = {run: load_run(name, run, settings) for run in parameters.runs}
        return cls(parameters, runs, EvidenceAsFound(registry, root or evidence_root(registry)), prices)

    @cached_property
    def records(self) -> dict[str, Record]:
        """Record of every run that has one."""
        paths = {run: self.record_file(run) for run in self.runs}
        return {run: load_record(path) for run, path in paths.items() if path.exists()}

    def record_file(self, run: str) -> Path:
        """File of a run's record."""
        return Path("versions", self.name, self.runs[run].version, run, "record.json")

    @cached_property
    def used_prices(self) -> dict[str, dict[str, Any]]:
        """Prices of the devices that its runs ran on, as its tables get them."""
        ran = {run: record.environment.device for run, record in self.records.items()}
        devices = {ran.get(run) or parameters.hardware.device for run, parameters in self.runs.items()}
        return {device: price.model_dump(exclude={"source"}) for device, price in self.prices.items() if device in devices}

    @cached_property
    def _all_tables(self) -> dict[str, Any]:
        return {path.stem: read_table_file(path) for path in sorted(Path("reports", self.name, "tables").glob("*.json"))}

    @cached_property
    def tables(self) -> dict[str, Any]:
        """Data of every table that does not itself rest on the audit, by name."""
        return {name: table for name, table in self._all_tables.items() if not table.get("analyses")}

    @cached_property
    def corrected_tables(self) -> dict[str, Any]:
        """Data of the tables that correct others by what the audit measured, by name; those that only count are not among them."""
        made_of = {name: set(table.get("analyses", ())) for name, table in self._all_tables.items()}
        return {name: self._all_tables[name] for name, analyses in made_of.items() if analyses and not analyses & COUNTING}

    @cached_property
    def claims(self) -> Claims:
        """What the text about the campaign states."""
        return load_claims(Path(self.parameters.claims) if self.parameters.claims else None)

    @cached_property
    def printed(self) -> list[dict[str, str]]:
        """Cells as the text prints them: table, row, column, printed."""
        return read_csv(Path(self.parameters.printed_cells)) if self.parameters.printed_cells else []

    @cached_property
    def worked_numbers(self) -> list[Verdict]:
        """Verdicts on what the text works out beside its tables."""
        return check(worked_files(self.parameters.worked_numbers))

    @cached_property
    def documents(self) -> dict[str, Document]:
        """Every JSON file that can be read."""
        return {file: document for file in self.files(".json") if (document := self._try(file, self.evidence.json))}

    @cached_property
    def rows(self) -> dict[str, list[Document]]:
        """Rows of every JSONL file that can be read."""
        return {file: rows for file in self.files(".jsonl") if (rows := self._try(file, self.evidence.json_lines))}

    @cached_property
    def texts(self) -> dict[str, str]:
        """Text of every log, console output and other text file that can be read."""
        return {file: text for file in self.files(".log", ".out", ".txt") if (text := self._try(file, self.evidence.text)) is not None}

    @cached_property
    def series(self) -> list[Series]:
        """Per-epoch histories: of JSON logs, of folders of one file an epoch, of CSV files."""
        tables = {file: text for file in self.files(".csv") if (text := self._try(file, self.evidence.text)) is not None}
        return read_series(self.documents, tables, self.evidence.sha256)

    @cached_property
    def sample_sets(self) -> list[SampleSet]:
        """Generated texts, one set a model and file."""
        return read_sample_sets(self.documents)

    @cached_property
    def guardrails(self) -> list[GuardrailReport]:
        """Reports on the token shapes of samples."""
        return read_guardrails(self.documents)

    @cached_property
    def examples(self) -> dict[str, Examples]:
        """Sets of instructions with their answers, by file."""
        return read_examples(self.rows)

    @cached_property
    def outputs(self) -> list[Outputs]:
        """Per-example outputs of every evaluation, one entry a file, with their seed."""
        return read_outputs(self.rows, self.runs)

    @cached_property
    def tokenizers(self) -> dict[str, TokenizerModel]:
        """SentencePiece models that can be loaded, by file."""
        found = {file: self._try(file, lambda name: TokenizerModel.parse(name, self.evidence.read(name))) for file in self.files(".model")}
        return {file: model for file, model in found.items() if model}

    @cached_property
    def training_files(self) -> list[str]:
        """Example sets that some log says it trained or validated on, or that an evaluation set excludes."""
        named = [text for document in self.documents.values() for key, text in _texts(document.content) if _TRAINING_KEY.search(key)]
        return sorted({file for text in named if (file := self.find(text)) in self.examples and file})

    def evaluation_files(self) -> list[str]:
        """Example sets that are evaluated on: those that are not trained on."""
        return sorted(self.examples.keys() - set(self.training_files))

    def files(self, *endings: str) -> list[str]:
        """Registered files that are here, by the end of their name."""
        return [file for file in self.evidence.names() if file.endswith(endings)]

    def find(self, path: str) -> str | None:
        """The file that ``path`` of some log or text means (see :func:`find_file`)."""
        return find_file(self.evidence.registry.files, path)

    def refs(self, run: str, field: str) -> tuple[Ref, ...]:
        """Places that a field of a run's record was read from; none where it is null."""
        try:
            return trace(self.records[run], field).refs
        except UserError:
            return ()

    @cached_property
    def lineage(self) -> list[tuple[str, dict[str, str]]]:
        """Every cell of every table, as ``tab13 sft.qa.em``, with each place that its value was read from."""
        return [
            (f"{name} {column}.{row}", place)
            for name, table in self.tables.items()
            for (row, column), cell in cells_of(table).items()
            for part in cell["parts"]
            for place in part["lineage"]
        ]

    @cached_property
    def _lineage_by_file(self) -> dict[str, list[tuple[str, str]]]:
        """Places and cells by file."""
        found: dict[str, list[tuple[str, str]]] = {}
        for cell, place in self.lineage:
            found.setdefault(place["file"], []).append((place["path"], cell))
        return found

    def cells_printing(self, run: str, field: str) -> list[str]:
        """Cells that print a field of a run's record, or one below it."""
        below = (f"{field}.", f"{field}[")
        return sorted({cell for cell, place in self.lineage if place.get("record") == run and f"{place.get('field')}.".startswith(below)})

    def compares_on_one_text(self, runs: Collection[str]) -> bool:
        """Whether tables print the runs' bits per character on one and the same held-out text, so that other losses need not compare."""
        results = [self.records[run].results.held_out for run in runs]
        texts = {result.text_sha256 if result else None for result in results}
        return (
            len(texts) == 1 and None not in texts and all(self.cells_printing(run, "results.held_out.bits_per_character") for run in runs)
        )

    def cells_resting_on(self, evidence: Iterable[Ref]) -> list[str]:
        """Cells of the tables whose lineage meets one of the places."""
        return sorted({cell for ref in evidence for path, cell in self._lineage_by_file.get(ref.file, []) if _meet(path, ref.path)})

    def claims_resting_on(self, evidence: Iterable[Ref]) -> list[str]:
        """Conclusions of the text that rest on one of the files."""
        files = {ref.file for ref in evidence}
        return [conclusion.where for conclusion in self.claims.conclusions if files & set(conclusion.rests_on)]

    def _try(self, file: str, read: Any) -> Any:
        """What ``read`` makes of the file, or ``None``; why not is kept in ``unreadable``."""
        try:
            return read(file)
        except UserError as error:
            self.unreadable[file] = error
            return None


def find_file(files: Collection[str], path: str) -> str | None:
    """The one of ``files`` that ``path`` means: the same path, or the only one of which one path is the other's end."""
    wanted = path.replace("\\", "/").strip()
    if wanted in files:
        return wanted
    ends = [file for file in files if f"/{wanted}".endswith(f"/{file}") or f"/{file}".endswith(f"/{wanted}")]
    return ends[0] if len(ends) == 1 else None


_TRAINING_KEY = re.compile(r"(^|\.)(dataset_jsonl|train_jsonl|val_jsonl|exclude_jsonl(\[\d+\])?)$")


def _texts(value: Any, key: str = "") -> Iterable[tuple[str, str]]:
    """Every text of a JSON value with its dotted key."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{key}[{index}]")
    elif isinstance(value, str):
        yield key, value


def _meet(first: str, second: str) -> bool:
    """Whether two places of one file meet: one JSON path is the other's beginning, or one of them is no JSON path at all."""
    if not (first.startswith("$") and second.startswith("$")):
        return True
    shorter, longer = sorted((first, second), key=len)
    return longer == shorter or longer.startswith((f"{shorter}.", f"{shorter}[")) or shorter == "$"
