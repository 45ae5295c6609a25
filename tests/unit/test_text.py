"""Texts made from a corpus as the workflow makes them: which documents, how cleaned, what the manifest says."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from stages import cleaning, text
from stages.errors import UserError
from stages.manifest import NAME, read_manifest
from stages.selection import select
from stages.text_store import TextStore, write_texts
from tests.unit.tokenizers import write_text

CLEANING = {
    "lowercase": True,
    "normalize_numbers": True,
    "drop_uppercase_lines": True,
    "minimum_line_characters": 10,
    "minimum_alphabetic_ratio": 0.4,
}
COUNT = 60


def document(row: int) -> str:
    """Two lines and a menu; each seventh is too short."""
    number = "".join("abcdefghij"[int(digit)] for digit in str(row))
    return "Só isto." if row % 7 == 0 else f"Documento {number} da lista <END> MENU <END> Tem ainda outra linha, em http://a.br e aqui."


def cleaned(row: int) -> str:
    number = "".join("abcdefghij"[int(digit)] for digit in str(row))
    return f"documento {number} da lista\ntem ainda outra linha, em e aqui."


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_text(tmp_path / "corpus", map(document, range(COUNT)), "corpus")


def make(corpus: Path, name: str = "text", processes: int = 1, **changes: Any) -> Path:
    """The text made as its stage makes it, in a folder beside the corpus."""
    parameters = {"selection": "train", "documents": 20, "minimum_characters": 30, "cleaning": CLEANING, "seed": 42, **changes}
    folder = corpus.parent / name
    text.run(Namespace(corpus=corpus, parameters=json.dumps(parameters), folder=folder, processes=processes))
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("selection", ["train", "validation", "shuffled"])
def test_the_first_documents_of_the_order_that_are_long_enough_are_kept(selection: Any, corpus: Path) -> None:
    folder = make(corpus, selection=selection, documents=3)
    order = [row for row in select(COUNT, selection, 42).tolist() if row % 7]
    assert list(TextStore(folder)) == [cleaned(row) for row in order[:3]]


def test_of_the_head_so_many_rows_are_read_and_those_long_enough_kept(corpus: Path) -> None:
    folder = make(corpus, selection="head", documents=15)
    assert list(TextStore(folder)) == [cleaned(row) for row in range(15) if row % 7]
    facts = read_manifest(folder, "text").facts
    assert (facts["rows_scanned"], facts["documents"], facts["removed"]["short_documents"]) == (15, 12, 3)


def test_the_manifest_counts_what_was_read_and_removed_and_not_what_was_read_ahead(corpus: Path) -> None:
    folder = make(corpus)
    order = select(COUNT, "train", 42).tolist()
    last = [index for index, row in enumerate(order) if row % 7][19]
    short = sum(row % 7 == 0 for row in order[:last])
    manifest, texts = read_manifest(folder, "text"), list(TextStore(folder))
    assert manifest.facts == {
        "documents_asked": 20,
        "documents": 20,
        "characters": sum(map(len, texts)),
        "bytes": sum(len(each.encode()) for each in texts),
        "rows_scanned": last + 1,
        "removed": dict.fromkeys(cleaning.COUNTED, 0)
        | {"end_markers": 40, "urls": 20, "short_lines": 20 + short, "short_documents": short},
        "fingerprint": write_texts(corpus.parent / "again", texts)["fingerprint"],
        "unicode": "14.0.0",
    }
    assert manifest.parameters["cleaning"] == CLEANING
    assert list(manifest.inputs) == ["corpus"]


def test_processes_and_batches_change_no_byte(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = files_of(make(corpus, "first"))
    monkeypatch.setattr(cleaning, "BATCH_CHARACTERS", 300)
    monkeypatch.setattr(cleaning, "POOL_BATCHES", 2)
    assert files_of(make(corpus, "second", processes=2)) == first


def test_fewer_documents_than_asked_for_are_kept_and_said(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make(corpus, selection="validation", documents=500)
    kept = sum(row % 7 > 0 for row in select(COUNT, "validation", 42).tolist())
    assert len(TextStore(folder)) == kept
    assert capsys.readouterr().out.startswith(f"{kept} documents (of 500 asked for: the corpus has no more) of ")
    make(corpus, "head", selection="head", documents=15)
    assert "asked" not in capsys.readouterr().out


def test_a_document_without_a_line_is_kept_by_no_length(corpus: Path) -> None:
    assert "" not in list(TextStore(make(corpus, minimum_characters=0, documents=40)))


def test_without_any_document_an_earlier_text_stays(corpus: Path) -> None:
    before = files_of(make(corpus))
    with pytest.raises(UserError, match=r"found none of 54 documents kept, expected one of at least 5000 characters"):
        make(corpus, minimum_characters=5000)
    assert files_of(corpus.parent / "text") == before


def test_a_corpus_too_small_to_split_is_an_error(tmp_path: Path) -> None:
    one = write_text(tmp_path / "corpus", [document(1)], "corpus")
    with pytest.raises(UserError, match="none of 0 documents"):
        make(one)
    assert list(TextStore(make(one, selection="validation"))) == [cleaned(1)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"selection": "test"}, "selection: found 'test'"),
        ({"documents": 0}, "documents: found 0"),
        ({"seed": -1}, "seed: found -1 .int., expected input should be greater"),
        ({"cleaning": {**CLEANING, "lower": True}}, "unknown key 'lower'"),
    ],
)
def test_parameters_that_cannot_be_are_named(changes: dict[str, Any], message: str, corpus: Path) -> None:
    with pytest.raises(UserError, match=message):
        make(corpus, **changes)
    assert not (corpus.parent / "text").exists()


def test_a_folder_that_is_no_corpus_is_named(corpus: Path) -> None:
    with pytest.raises(UserError, match="kind: found 'text', expected 'corpus'"):
        make(make(corpus), "other")
    (corpus / NAME).unlink()
    with pytest.raises(UserError, match="No such file"):
        make(corpus, "other")
