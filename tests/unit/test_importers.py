"""Importers on small files of their own: what is wrong with a log is found, and what it contradicts is said."""

from pathlib import Path
from typing import Any

import pytest

from stages.document import Document
from stages.errors import UserError
from stages.files import sha256_of
from stages.importer import contradictions, perplexity_of
from stages.importers.extrinsic import _seeds
from stages.importers.recurrent import read_history
from stages.parameter_models import EvidenceFiles, Extrinsic, Hardware
from stages.registry import Evidence, RegisteredFile, Registry
from stages.traced import Ref, Traced
from tests.unit.records import make_record, parameters_of

HEADER = "epoch,accuracy,loss,val_accuracy,val_loss\n"


def evidence_with(folder: Path, text: str) -> Evidence:
    (folder / "history.csv").write_text(text)
    evidence = Evidence.__new__(Evidence)
    files = {"history.csv": RegisteredFile(sha256=sha256_of(text.encode()), bytes=len(text))}
    evidence.registry, evidence.root = Registry(campaign="c", licence="none", files=files), folder
    return evidence


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("0,0.5,1.5,0.5,1.4\n2,0.5,1.5,0.5,1.4\n", r"row\[1\].epoch: found '2', expected 1"),
        ("1,0.5,1.5,0.5,1.4\n0,0.5,1.5,0.5,1.4\n", r"row\[0\].epoch: found '1', expected 0"),
        ("0,0.5,-1.5,0.5,1.4\n", r"row\[0\].loss: found '-1.5', expected a finite number from 0 to inf"),
        ("0,5,1.5,0.5,1.4\n", r"row\[0\].accuracy: found '5', expected a finite number from 0 to 1"),
        ("0,0.5,nan,0.5,1.4\n", r"row\[0\].loss: found 'nan'"),
        ("0,0.5,1.5,0.5,1e6\n", r"row\[0\].val_loss: found 1000000.0 .math range error."),
        ("", "found no rows, expected the columns epoch"),
    ],
)
def test_a_history_that_cannot_be_true_is_refused(tmp_path: Path, rows: str, message: str) -> None:
    parameters = parameters_of().model_copy(update={"evidence": EvidenceFiles(importer="recurrent", files={"history": "history.csv"})})
    with pytest.raises(UserError, match=message):
        read_history(evidence_with(tmp_path, HEADER + rows), parameters)


def test_a_perplexity_without_a_value_names_the_loss() -> None:
    with pytest.raises(UserError, match=r"log.json: \$.loss: found 5000.0"):
        perplexity_of(Traced(5000.0, (Ref("log.json", "$.loss", ""),)))


def test_what_the_files_contradict_is_said() -> None:
    record = make_record(configuration__seed=Traced(7, (Ref("log.json", "$.seed", "a" * 64),)))
    moved = parameters_of().model_copy(update={"hardware": Hardware(device="cpu", source="here")})
    assert list(contradictions(make_record(), parameters_of())) == []
    assert list(contradictions(record, moved)) == [
        "the files say seed = 7, the parameters 1",
        "the files say that it ran on NVIDIA GeForce RTX 3080, the parameters cpu",
    ]


@pytest.mark.parametrize(("seed", "path"), [(2, "a/s1.json"), (1, "a/s2.json")])
def test_a_seed_belongs_to_its_summary(seed: int, path: str) -> None:
    extrinsic: dict[str, Any] = {"base_model": "m", "adapter_run": "sft", "tasks": {}, "seeds": [1], "examples_per_task": 1}
    extrinsic |= {"normaliser": "thesis-as-run", "quantisation": "nf4", "decoding": "greedy", "batch_size": 1}
    extrinsic |= {"maximum_prompt_tokens": 1, "maximum_new_tokens": {}}
    files = EvidenceFiles(importer="extrinsic", files={"summary_1": "x/s1.json"})
    parameters = parameters_of().model_copy(update={"extrinsic": Extrinsic(**extrinsic), "evidence": files})
    with pytest.raises(UserError, match=r"multi.json: \$.runs\[0\]: found seed . in a/s..json, expected seed 1 in x/s1.json"):
        _seeds(Document("multi.json", "", {"runs": [{"seed": seed, "eval_path": path}]}), parameters)
