"""What a campaign's files are, told by their content: samples, reports, outputs, example sets, histories, tokenizers.

A file that does not have a kind's shape is simply not of that kind. Names and folders decide nothing, so that a rule works on
any campaign.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stages.document import Document
from stages.errors import UserError
from stages.files import parse_csv
from stages.parameter_models import Extrinsic, RunParameters
from stages.piece_shapes import piece_shapes
from stages.run_files import files_of
from stages.tasks import prompt_of
from stages.traced import Ref


@dataclass(frozen=True)
class Sample:
    """One generated text."""

    prompt: str
    output: str
    seed: int | None
    settings: Mapping[str, Any]
    """Decoding settings recorded with it; empty where there are none."""
    ref: Ref


@dataclass(frozen=True)
class SampleSet:
    """The samples of one model in one file."""

    file: str
    model: str
    """Name of the model in the file; empty where it has none."""
    samples: tuple[Sample, ...]
    ref: Ref

    @property
    def name(self) -> str:
        return f"{self.file} {self.model}".strip()


def read_sample_sets(documents: Mapping[str, Document]) -> list[SampleSet]:
    """Every set of ``{prompt, output}``: of an object by model, or of a list, whose entries may name their model themselves."""
    sets: list[SampleSet] = []
    for file, document in documents.items():
        content = document.content if isinstance(document.content, dict) else {"": document.content}
        for model, entries in content.items():
            here = f"$['{model}']" if model else "$"
            if isinstance(entries, list) and entries and all(isinstance(e, dict) and {"prompt", "output"} <= e.keys() for e in entries):
                by_model: dict[str, list[Sample]] = {}
                for index, entry in enumerate(entries):
                    by_model.setdefault(str(entry.get("model", model)), []).append(_sample(entry, document.ref(f"{here}[{index}]")))
                sets += [SampleSet(file, name, tuple(samples), document.ref(here)) for name, samples in by_model.items()]
    return sets


def _sample(entry: Mapping[str, Any], ref: Ref) -> Sample:
    seed, settings = entry.get("seed"), entry.get("settings")
    return Sample(
        str(entry["prompt"]),
        str(entry["output"]),
        seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
        settings if isinstance(settings, dict) else {},
        ref,
    )


@dataclass(frozen=True)
class GuardrailReport:
    """A report on the token shapes of samples."""

    document: Document
    model: str
    tokenizer: str
    """Path of the tokenizer as the report gives it."""

    @property
    def file(self) -> str:
        return self.document.file

    def stated(self, key: str) -> Any:
        """A figure of the aggregate."""
        return self.document.content["aggregate"].get(key)


def read_guardrails(documents: Mapping[str, Document]) -> list[GuardrailReport]:
    """Every report with an aggregate, figures a sample and thresholds."""
    reports = []
    for document in documents.values():
        content = document.content
        named = isinstance(content, dict) and {"aggregate", "per_sample", "thresholds", "tokenizer"} <= content.keys()
        if named and isinstance(content["aggregate"], dict):
            reports.append(GuardrailReport(document, str(content.get("model_key", "")), str(content["tokenizer"])))
    return reports


@dataclass(frozen=True)
class Example:
    """An instruction with its expected answer."""

    instruction: str
    input: str
    answer: str
    hash: str
    task: str
    ref: Ref

    @property
    def prompt(self) -> str:
        """Instruction and input."""
        return prompt_of(self.instruction, self.input)


@dataclass(frozen=True)
class Examples:
    """One set of examples."""

    file: str
    rows: tuple[Example, ...]
    ref: Ref


def read_examples(rows: Mapping[str, Sequence[Document]]) -> dict[str, Examples]:
    """Every JSONL file of instructions with an ``output`` or ``reference``, and no outputs of systems."""
    sets = {}
    for file, documents in rows.items():
        if all(isinstance(row.content, dict) and "instruction" in row.content and not systems_of(row.content) for row in documents):
            examples = tuple(example_of(row) for row in documents)
            sets[file] = Examples(file, examples, Ref(file, "", documents[0].sha256))
    return sets


def example_of(row: Document) -> Example:
    """Example of one row; absent fields are empty."""
    content = row.content
    answer = content.get("reference", content.get("output", ""))
    texts = [str(content.get(key) or "") for key in ("instruction", "input")]
    return Example(texts[0], texts[1], str(answer or ""), str(content.get("hash", "")), str(content.get("task", "")), row.ref("$"))


def systems_of(row: Mapping[str, Any]) -> list[str]:
    """Systems whose outputs a row holds, in its order: ``base`` of ``base_output``."""
    return [key.removesuffix("_output") for key in row if key.endswith("_output")]


@dataclass(frozen=True)
class Outputs:
    """Per-example outputs of one seed of an evaluation."""

    file: str
    run: str
    seed: int
    evaluation: Extrinsic
    rows: tuple[Document, ...]
    ref: Ref
    systems: tuple[str, ...]

    def of_task(self, task: str) -> list[Document]:
        """Rows of one task."""
        return [row for row in self.rows if row.content.get("task") == task]

    @property
    def tasks(self) -> list[str]:
        """Tasks of the rows, in order of their first."""
        return list(dict.fromkeys(str(row.content.get("task")) for row in self.rows))


def read_outputs(rows: Mapping[str, Sequence[Document]], runs: Mapping[str, RunParameters]) -> list[Outputs]:
    """Outputs that the parameters of an evaluation name (``outputs_<seed>``), those that are here."""
    found = []
    for run, parameters in runs.items():
        for role, file in files_of(parameters).items():
            if (match := re.fullmatch(r"outputs_(\d+)", role)) and parameters.extrinsic and file in rows:
                documents = tuple(row for row in rows[file] if isinstance(row.content, dict))
                systems = tuple(dict.fromkeys(system for row in documents for system in systems_of(row.content)))
                ref = Ref(file, "", rows[file][0].sha256)
                found.append(Outputs(file, run, int(match[1]), parameters.extrinsic, documents, ref, systems))
    return found


@dataclass(frozen=True)
class Series:
    """A per-epoch history: one mapping of numbers an epoch, each with its place."""

    file: str
    """The file; the folder, where each epoch has a file of its own."""
    epochs: tuple[Mapping[str, float], ...]
    refs: tuple[Ref, ...]
    """Place of each epoch."""
    total_seconds: float | None = None

    def column(self, name: str) -> list[float]:
        """Values of one field over the epochs that have it."""
        return [epoch[name] for epoch in self.epochs if name in epoch]

    def value_ref(self, index: int, name: str) -> Ref:
        """Place of one value of one epoch."""
        ref = self.refs[index]
        return Ref(ref.file, f"{ref.path}.{name}", ref.sha256)


def read_series(documents: Mapping[str, Document], tables: Mapping[str, str], sha256: Callable[[str], str]) -> list[Series]:
    """Every history with a loss an epoch, as numbers; epochs count from 1."""
    found, folders = [], dict[str, list[Document]]()
    for file, document in documents.items():
        content = document.content
        if isinstance(content, dict) and _is_history(content.get("history")):
            refs = tuple(document.ref(f"$.history[{index}]") for index in range(len(content["history"])))
            total = content.get("total_time_sec")
            found.append(Series(file, tuple(map(_numbers, content["history"])), refs, total if isinstance(total, int | float) else None))
        elif isinstance(content, dict) and _is_history([content]):
            folders.setdefault(file.rpartition("/")[0], []).append(document)
    for folder, entries in folders.items():
        ordered = sorted(entries, key=lambda entry: _numbers(entry.content).get("epoch", math.inf))
        found.append(Series(folder, tuple(_numbers(entry.content) for entry in ordered), tuple(entry.ref("$") for entry in ordered)))
    return found + [series for file, text in tables.items() if (series := _series_of_csv(file, text, sha256))]


def _is_history(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, dict) and {"epoch", "loss"} <= entry.keys() for entry in value)


def _series_of_csv(file: str, text: str, sha256: Callable[[str], str]) -> Series | None:
    """History of a CSV file whose epochs count from 0; none where it is something else, or has no rows."""
    try:
        rows = [{name: float(value) for name, value in row.items()} for row in parse_csv(text, file)]
    except (UserError, ValueError):
        return None
    if not rows or not _is_history(rows):
        return None
    refs = tuple(Ref(file, f"row[{index}]", sha256(file)) for index in range(len(rows)))
    return Series(file, tuple(row | {"epoch": row["epoch"] + 1} for row in rows), refs)


def _numbers(entry: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in entry.items() if isinstance(value, int | float) and not isinstance(value, bool)}


@dataclass(frozen=True)
class TokenizerModel:
    """A SentencePiece model."""

    file: str
    sha256: str
    asked: int
    """Vocabulary in its training's settings; a training with a soft limit writes what came out here, not what was asked for."""
    seed_size: int
    """Pieces that a unigram training started from."""
    hard_limit: bool
    kind: str
    pieces: tuple[str, ...]
    byte_pieces: int
    processor: Any = field(compare=False, repr=False)
    scores: tuple[float, ...] = field(default=(), repr=False)
    settings: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)
    """Numbers and flags of its training's settings, by name."""

    @property
    def ref(self) -> Ref:
        return Ref(self.file, "trainer_spec, pieces", self.sha256)

    def shapes(self, text: str) -> Counter[str]:
        """Counts of ``tokens``, byte ``fallback`` and ``short`` pieces (at most two letters inside a word) of ``text`` as encoded anew."""
        return piece_shapes(self.processor.encode(text, out_type=str))

    @classmethod
    def parse(cls, file: str, data: bytes) -> "TokenizerModel":
        """The model of the bytes; :class:`UserError` where they are none."""
        # Imported here: only what reads tokenizers pays for it.
        from google.protobuf.message import DecodeError
        from sentencepiece import SentencePieceProcessor, sentencepiece_model_pb2

        from stages.files import sha256_of

        proto = sentencepiece_model_pb2.ModelProto()
        try:
            proto.ParseFromString(data)
            processor = SentencePieceProcessor(model_proto=data)
        except (DecodeError, RuntimeError) as error:
            raise UserError(file, "", f"no SentencePiece model ({error})", "a SentencePiece model") from error
        if not proto.pieces:
            raise UserError(file, "", "a model without pieces", "a SentencePiece model")
        spec = proto.trainer_spec
        kind = {1: "unigram", 2: "bpe", 3: "word", 4: "character"}[spec.model_type]
        pieces = tuple(piece.piece for piece in proto.pieces)
        byte_pieces = sum(piece.type == piece.BYTE for piece in proto.pieces)
        limits = spec.seed_sentencepiece_size, spec.hard_vocab_limit
        settings = {each.name: value for each in spec.DESCRIPTOR.fields if isinstance(value := getattr(spec, each.name), int | float)}
        scores = tuple(piece.score for piece in proto.pieces)
        return cls(file, sha256_of(data), spec.vocab_size, *limits, kind, pieces, byte_pieces, processor, scores, settings)
