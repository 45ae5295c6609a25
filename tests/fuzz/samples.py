"""Valid files of every kind that a user can hand in, each kind in a folder of its own, made once and small."""

import gzip
import json
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np

from stages.example_rows import write_objects
from stages.files import read_json, sha256_of_file, to_json, write_atomic
from stages.generation.answer import Answer
from stages.generation.partial import Done, open_partial
from stages.manifest import NAME, write_manifest
from tests.conftest import ROOT
from tests.unit.drawn import write_draw
from tests.unit.test_extrinsic import write_answers
from tests.unit.tokenizers import write_text
from tests.unit.trained import made_up_text, write_characters, write_pieces, write_run, write_tokens

RUN = "r"
CAMPAIGN = "c"
TEXT = "ação — ‏שלום ‎ e\u0301 \u2028 dois\ttrês 😀"


def write_parameters(folder: Path) -> None:
    """The project's own parameters, facts and registry."""
    for part in ("params", "data/published", "data/thesis_worked"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("evidence"))
    for name in ("data/thesis_cells.csv", "data/thesis_claims.yaml", "bench/results/attention.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)


def write_sources(folder: Path) -> None:
    """A user's own documents and instructions in every format."""
    import pyarrow
    from pyarrow.parquet import write_table

    rows = [{"text": f"{TEXT} {number}", "instruction": "Faça.", "input": TEXT, "output": f"Feito {number}."} for number in range(5)]
    lines = "\n".join(row["text"] for row in rows).encode()
    objects = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    written = {"a.txt": lines, "a.txt.gz": gzip.compress(lines, mtime=0), "a.jsonl": objects, "a.jsonl.gz": gzip.compress(objects, mtime=0)}
    for name, data in written.items():
        write_atomic(folder / name, data)
    write_table(pyarrow.Table.from_pylist(rows), folder / "a.parquet")


def write_blobs(folder: Path) -> None:
    """What stages leave for the next ones: texts, tokenizers, tokens, weights, samples."""
    write_text(folder / "text", made_up_text(50))
    write_text(folder / "corpus", made_up_text(50), "corpus")
    characters, pieces = write_characters(folder / "characters"), write_pieces(folder / "pieces")
    vocabulary = read_json(characters / NAME)["facts"]["vocabulary"]
    ids = np.arange(600) % vocabulary
    write_tokens(folder / "tokens", ids, characters, vocabulary, characters=1200)
    write_run(folder / "run", characters, vocabulary)
    sample = {
        "seed": 1, "prompt": "o gato", "output": "vê a casa", "prompt_lowercased": False, "settings": {}, "tokens": 9, "weights": "best",
        "mean_log_probability": -2.0, "uniform_log_probability": -3.0, "weights_sha256": "0" * 64,
        "tokenizer_sha256": sha256_of_file(pieces / "tokenizer.model"),
    }  # fmt: skip
    write_atomic(folder / "samples.json", to_json({RUN: [sample, sample | {"seed": 2}]}))


def write_examples(folder: Path) -> None:
    """Instructions, their split, a draw of one seed, and the answers of two systems to it."""
    for name, files in {"instructions": ["rows.jsonl"], "split": ["train.jsonl", "validation.jsonl", "test.jsonl"]}.items():
        for file in files:
            write_objects(
                folder / name / file, [{"instruction": f"O que é {n} ({name})?", "input": "", "output": f"Feito {n}."} for n in range(12)]
            )
        kind = "instructions" if name == "instructions" else "examples"
        write_manifest(folder / name, kind, "stages.split", files=files, facts={}, parameters={})
    draw = write_draw(folder / "draw", 7, per_task=2)
    for name in ("base", "adapter"):
        write_answers(folder / name, draw, ["Uma resposta", ""] * 3, adapter=name == "adapter")
    with suppress(KeyboardInterrupt), open_partial(folder / "partial", "f") as partial:
        partial.add(0, Done(1.0, None, [Answer([1], 1, "end")]))
        partial.add(1, Done(1.0, 0.5, [Answer([1, 2], 2, "length")]))
        raise KeyboardInterrupt


def write_model_folder(folder: Path) -> None:
    """A base model with its tokenizer, and an adapter of it."""
    from stages.training_parameters import AdapterArchitecture
    from stages.tuning.models import ADAPTER_CONFIGURATION, ADAPTER_WEIGHTS, add_adapter, save_adapter
    from tests.unit.small_llama import small_model, write_model
    from tests.unit.tuning import LORA

    write_model(folder / "model")
    architecture = AdapterArchitecture(**LORA)
    save_adapter(add_adapter(small_model(), architecture, 1), folder / "adapter", architecture)
    files = [ADAPTER_WEIGHTS, ADAPTER_CONFIGURATION]
    write_manifest(
        folder / "adapter", "adapter", "stages.tune", files=files, facts={}, parameters={}, inputs={"model": folder / "model" / NAME}
    )


def write_tables(folder: Path) -> None:
    """What the stages that show things read: records, tables, figures and findings of the published campaign."""
    for part in ("params", "data/published", "versions/published", "analysis/published", "reports/published"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("evidence"))
    for name in ("data/thesis_cells.csv", "data/thesis_claims.yaml", "CITATION.cff"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)


def write_sound(folder: Path) -> None:
    """A campaign of registered evidence: every log format of the thesis."""
    from tests.audit.sound import write_project

    write_project(folder)


def write_made_here(folder: Path) -> None:
    """A campaign of track 2 that was made here, and a run of track 1."""
    from tests.audit.tuned import write_tuned

    write_tuned(folder)


SAMPLES = {
    "parameters": write_parameters,
    "sources": write_sources,
    "blobs": write_blobs,
    "examples": write_examples,
    "model": write_model_folder,
    "tables": write_tables,
    "sound": write_sound,
    "made_here": write_made_here,
}
