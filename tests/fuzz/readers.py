"""Every reader of what a user can hand in: in which sample its files lie, which of them it reads, and how it is called on one."""

import argparse
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.fuzz.law import OUT
from tests.fuzz.samples import CAMPAIGN, RUN
from tests.unit.tokenizers import CLEANING

FAST, SLOW = 12, 2
"""Examples a reader gets in every run of the tests: one that takes milliseconds, and one that takes longer."""


class Reader(NamedTuple):
    """A reader of files of a sample; paths are below the sample's folder, in which it is called."""

    sample: str
    files: str
    """Glob of those that are damaged, one at a time; several are parted by spaces."""
    read: Callable[[Path], object]
    written: tuple[str, ...] = ()
    """What it writes below ``out`` when all is well."""
    examples: int = FAST


def _campaign(path: Path) -> object:
    from stages.parameters import load_campaign, load_run

    return [load_run(path.stem, run) for run in load_campaign(path.stem).runs[-2:]]


def _run(path: Path) -> object:
    from stages.parameters import load_run

    return load_run("published", path.stem)


def _prices(path: Path) -> object:
    from stages.parameters import load_prices

    return load_prices()


def _spec(path: Path) -> object:
    from stages.table import load_spec

    spec = load_spec(path)
    return spec.runs(), spec.uses_prices(), spec.listed_rows()


def _table_input(path: Path) -> object:
    from stages.table_inputs import TABLE_INPUTS, load_table_input

    return load_table_input(next(name for name, each in TABLE_INPUTS.items() if Path(each.file) == path))


def _worked(path: Path) -> None:
    from stages.worked_numbers import run

    run(argparse.Namespace(files=[path], campaign=CAMPAIGN, output=OUT / "worked.json"))


def _claims(path: Path) -> object:
    from stages.audit.claims import load_claims

    return load_claims(path)


def _accepted(path: Path) -> object:
    from stages.audit.baseline import load_baseline

    return load_baseline(path.stem).fingerprints()


def _registry(path: Path) -> object:
    from stages.registry import load_registry

    return load_registry("published")


def _verify(path: Path) -> object:
    from stages.evidence import verify

    return verify("sound")


def _corpus(path: Path) -> None:
    from stages.corpus import run

    described = json.dumps({"source": "local", "path": str(path), "fields": ["text"], "licence": "CC0"})
    run(argparse.Namespace(parameters=described, folder=OUT / "corpus", cache=None))


def _instructions(path: Path) -> None:
    from stages.instructions import run

    described = json.dumps({"source": "local", "path": str(path), "licence": "CC0"})
    run(argparse.Namespace(parameters=described, folder=OUT / "instructions", cache=None))


def _text(path: Path) -> None:
    from stages.text import run

    parameters = {"selection": "head", "documents": 20, "minimum_characters": 1, "cleaning": CLEANING, "seed": 1}
    run(argparse.Namespace(corpus=path.parent, parameters=json.dumps(parameters), folder=OUT / "text", processes=1))


def _tokenizer(path: Path) -> None:
    from stages.tokenizer import run
    from tests.unit.tokenizers import parameters

    run(argparse.Namespace(text=path.parent, parameters=parameters("character"), seed=1, folder=OUT / "characters"))


def _encode(path: Path) -> None:
    from stages.encode import run

    run(argparse.Namespace(text=Path("text"), tokenizer=path.parent, folder=OUT / "tokens", processes=1))


def _decode(path: Path) -> object:
    from stages.vocabulary import load_vocabulary

    vocabulary = load_vocabulary(path.parent)
    return vocabulary.decode(vocabulary.encode_document("o gato")), vocabulary.pieces("o gato")


def _tokens(path: Path) -> object:
    from stages.files import sha256_of_file
    from stages.token_store import read_tokens
    from stages.windows_of import Windows

    tokens, _ = read_tokens(path.parent, sha256_of_file(Path("characters/manifest.json")))
    return Windows(tokens, 4, 1).batch(np.arange(2))


def _windows(path: Path) -> None:
    from stages.windows import run

    held_out = {"documents": 1, "minimum_characters": 0, "cleaning": CLEANING, "maximum_windows": 10}
    parameters = json.dumps({"held_out": held_out, "batch_size": 8})
    names = {"run": RUN, "weights": Path("run"), "head": None, "held_out": Path("tokens"), "train": Path("tokens"), "threads": 1}
    run(argparse.Namespace(**names, parameters=parameters, output=OUT / "windows.json"))


def _guardrails(path: Path) -> None:
    from stages.guardrails import run

    parameters = json.dumps({"temperature": 1.0, "maximum_new_tokens": 9})
    run(argparse.Namespace(run=RUN, samples=path, tokenizer=Path("pieces"), parameters=parameters, output=OUT / "guardrails.json"))


def _manifest(path: Path) -> object:
    from stages.manifest import load_manifest, read_manifest

    return read_manifest(path.parent, load_manifest(path).kind)


def _split(path: Path) -> None:
    from stages.split import run

    parameters = json.dumps({"seed": 1, "documents_train": 4, "documents_validation": 2, "documents_test": 1})
    run(argparse.Namespace(instructions=path.parent, parameters=parameters, folder=OUT / "split"))


def _draw(path: Path) -> None:
    from stages.draw import run

    parameters = json.dumps({"seed": 1, "tasks": ["qa"], "examples_per_task": 1, "exclude_near_duplicates": False})
    run(argparse.Namespace(instructions=Path("instructions"), split=Path("split"), parameters=parameters, folder=OUT / "draw"))


def _extrinsic(path: Path) -> None:
    from stages.extrinsic import run
    from tests.unit.test_extrinsic import EXTRINSIC

    places = {"examples": Path("draw"), "base": Path("base"), "adapter": Path("adapter"), "output_folder": OUT}
    run(argparse.Namespace(parameters=json.dumps(EXTRINSIC), seed=7, **places))


def _partial(path: Path) -> None:
    from stages.generation.partial import open_partial

    with suppress(KeyboardInterrupt), open_partial(path.parent, "f"):
        raise KeyboardInterrupt  # so that the file stays


def _imported(path: Path, campaign: str) -> object:
    """Every run that reads the file, whatever its registered hash; then its record as it is written."""
    from stages.audit.campaign import EvidenceAsFound
    from stages.audit.remake import remake_record
    from stages.files import to_json
    from stages.importer import contradictions
    from stages.parameters import load_campaign, load_run
    from stages.record import history_csv
    from stages.registry import evidence_root, load_registry

    registry = load_registry(campaign)
    root = evidence_root(registry)
    runs = [load_run(campaign, run) for run in load_campaign(campaign).runs]
    reading = [run for run in runs if run.evidence and path.relative_to(root).as_posix() in run.evidence.files.values()]
    records = {run.run: remake_record(EvidenceAsFound(registry, root), run) for run in reading}
    return [
        (to_json(records[run.run].model_dump(mode="json")), history_csv(records[run.run]), list(contradictions(records[run.run], run)))
        for run in reading
    ]


def _import_sound(path: Path) -> object:
    return _imported(path, "sound")


def _import_made_here(path: Path) -> object:
    return _imported(path, "small")


def _audit(path: Path) -> object:
    """The audit goes on over whatever lies there, and no rule breaks off at it."""
    import stages.audit.families  # noqa: F401  (registers every rule)
    from stages.audit.campaign import Campaign
    from stages.audit.rules import RULES, run_rules
    from stages.parameters import load_prices
    from stages.registry import load_registry

    findings = run_rules(Campaign.load("sound", load_registry("sound"), load_prices()), RULES.values())
    broken = [f"{finding.rule}: {finding.message}" for finding in findings if "could not be carried out" in finding.message]
    assert all("UserError" in each for each in broken), broken
    return findings


def _record(path: Path) -> None:
    from stages.metrics import run

    run(argparse.Namespace(records=[path], metrics=OUT / "metrics.json"))


def _table(path: Path) -> None:
    """The table in both languages, its explanation, and itself against what the thesis prints."""
    from stages.compare import cells_of
    from stages.compare import run as compare
    from stages.show import run as show
    from stages.table_file import read_table_file
    from stages.why import explain

    show(argparse.Namespace(table=path.stem, campaign="published", language="pt"))
    table = read_table_file(path)
    for row, column in list(cells_of(table))[:3]:
        list(explain(table, f"{column}.{row}", "published"))
    cells = Path("data/thesis_cells.csv")
    compare(argparse.Namespace(tables=[path], cells=cells, verdicts=OUT / "verdicts.csv", summary=OUT / "summary.json"))


def _cells(path: Path) -> None:
    from stages.compare import run as compare

    table = Path("reports/published/tables/tab13.json")
    compare(argparse.Namespace(tables=[table], cells=path, verdicts=OUT / "verdicts.csv", summary=OUT / "summary.json"))


def _page(path: Path) -> None:
    from stages.report.make import run

    named: dict[str, Any] = {"campaign": "published", "source": "evidence", "language": "pt", "claimed": True, "sources": "{}"}
    audit = Path("analysis/published/audit")
    places = {
        "tables": [path if path.parent.name == "tables" else Path("reports/published/tables/tab13.json")],
        "findings": audit / "findings.json",
        "worked": audit / "worked_numbers.json",
        "figures": [path if path.parent.name == "figures" else Path("reports/published/figures/losses.json")],
        "records": [path if path.name == "record.json" else next(Path("versions/published").glob("*/v2/record.json"))],
        "printed": Path("data/thesis_cells.csv"),
        "registry": Path("data/published/registry.json"),
        "citation": Path("CITATION.cff"),
    }
    run(argparse.Namespace(**named, **places, page=OUT / "index.html"))


def _gate(path: Path) -> object:
    from stages.audit.baseline import load_baseline
    from stages.audit.gate import load_audit, report

    return report(load_audit("published"), [], load_baseline("published").fingerprints())


def _scores(path: Path) -> object:
    from stages.importers.extrinsic import read_scores

    return read_scores(path)


def _model(path: Path) -> object:
    import torch

    from stages.generation.engine import load_system
    from stages.generation.transformers_engine import ids_of
    from stages.training_parameters import QuantisedBase
    from stages.tuning.models import load_tokenizer
    from tests.unit.drawn import PARAMETERS

    tokenizer = load_tokenizer(Path("model"))
    tokenizer.decode(tokenizer.encode("uma ação"))
    architecture = QuantisedBase.model_validate(PARAMETERS["architecture"])
    network = load_system(architecture, Path("model"), Path("adapter"), torch.device("cpu"), 1)
    return ids_of(tokenizer, network.generation_config), network.config.max_position_embeddings


TOKENIZERS = "characters/*.json pieces/*.model pieces/*.json"
READERS = {
    "campaign": Reader("parameters", "params/campaigns/t*.yaml", _campaign),
    "run": Reader("parameters", "params/runs/*.yaml", _run),
    "prices": Reader("parameters", "params/prices.yaml", _prices),
    "table spec": Reader("parameters", "params/tables/*.yaml", _spec),
    "table input": Reader("parameters", "params/appendix/*.yaml params/[br]*.yaml bench/results/attention.json", _table_input),
    "worked numbers": Reader("parameters", "data/thesis_worked/*.yaml", _worked, ("worked.json",), 4),
    "claims": Reader("parameters", "data/thesis_claims.yaml", _claims),
    "accepted findings": Reader("parameters", "params/audit/published.yaml", _accepted, (), 4),
    "registry": Reader("parameters", "data/published/registry.json", _registry),
    "corpus": Reader("sources", "a.*", _corpus, ("corpus/documents.txt", "corpus/manifest.json"), 40),
    "instructions": Reader("sources", "a.json* a.parquet", _instructions, ("instructions/rows.jsonl", "instructions/manifest.json"), 30),
    "text": Reader("blobs", "corpus/*", _text, ("text/documents.txt", "text/manifest.json")),
    "tokenizer's text": Reader("blobs", "text/*", _tokenizer, ("characters/characters.json", "characters/manifest.json")),
    "tokenizer to encode": Reader("blobs", TOKENIZERS, _encode, ("tokens/tokens.npy", "tokens/manifest.json"), 30),
    "tokenizer to decode": Reader("blobs", TOKENIZERS, _decode),
    "tokens": Reader("blobs", "tokens/*", _tokens, (), 30),
    "weights": Reader("blobs", "run/* tokens/*", _windows, ("windows.json",), 30),
    "samples": Reader("blobs", "samples.json", _guardrails, ("guardrails.json",)),
    "manifest": Reader("blobs", "*/manifest.json", _manifest),
    "rows": Reader("examples", "instructions/*", _split, ("split/train.jsonl", "split/manifest.json")),
    "rows to draw from": Reader("examples", "instructions/* split/*", _draw, ("draw/examples.jsonl", "draw/manifest.json")),
    "answers": Reader("examples", "draw/* base/* adapter/*", _extrinsic, ("summary.json", "outputs.jsonl", "timing.json"), 30),
    "half an answering": Reader("examples", "partial/.partial.jsonl", _partial),
    "evidence": Reader("sound", "data/sound/registry.json data/sound/evidence/*/*", _verify, (), 4),
    "logs of the thesis": Reader("sound", "data/sound/evidence/**/*.*", _import_sound, (), 60),
    "logs made here": Reader("made_here", "versions/small/*/*/*.json analysis/small/**/*.json*", _import_made_here, (), 30),
    "audit": Reader("sound", "data/sound/evidence/**/*.* data/sound_*", _audit, (), SLOW),
    "record": Reader("tables", "versions/published/*/*/record.json", _record, ("metrics.json",)),
    "table": Reader("tables", "reports/published/tables/*.json", _table, ("verdicts.csv", "summary.json")),
    "cells of the text": Reader("tables", "data/thesis_cells.csv", _cells, ("verdicts.csv", "summary.json")),
    "page": Reader(
        "tables",
        "reports/published/tables/*.json reports/published/figures/*.json reports/published/figures/losses.svg data/thesis_cells.csv"
        " analysis/published/audit/findings.json analysis/published/audit/worked_numbers.json data/published/registry.json CITATION.cff",
        _page,
        ("index.html",),
        SLOW,
    ),
    "findings": Reader("tables", "analysis/published/audit/findings.json params/audit/published.yaml", _gate, (), SLOW),
    "scores": Reader("tables", "analysis/published/extrinsic/scores.csv", _scores, (), SLOW),
    "model": Reader("model", "model/* adapter/*", _model, (), SLOW),
}  # fmt: skip
"""By name."""
