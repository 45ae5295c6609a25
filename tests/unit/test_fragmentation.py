import json
from argparse import Namespace
from pathlib import Path

import pytest

from stages import fragmentation as stage
from stages.errors import UserError
from stages.fragmentation import drawn_documents, fragmentation, without_markers
from stages.piece_shapes import piece_shapes
from stages.vocabulary import CharacterVocabulary
from tests.unit.tokenizers import invented_documents, make_tokenizer, parameters, write_text


def report_on(tmp_path: Path, corpus: Path, tokenizer: Path, documents: int = 2000) -> dict[str, dict[str, float]]:
    output = tmp_path / "fragmentation.json"
    stage.run(Namespace(corpus=corpus, tokenizer=tokenizer, documents=documents, seed=42, output=output))
    report: dict[str, dict[str, float]] = json.loads(output.read_text())
    return report


def test_only_letters_inside_words_are_short_and_only_byte_pieces_are_bytes() -> None:
    pieces = ["▁", "▁a", "a", "ão", "que", "1", "a1", "<0x0A>", "<0xfF>", "<0x1>", "x<0x0A>", "ª"]
    assert piece_shapes(pieces) == {"tokens": 12, "fallback": 2, "short": 3}


def test_counts_and_ratios_by_hand() -> None:
    vocabulary = CharacterVocabulary("\n ab1~", "~", "hash")
    assert fragmentation(["ab 1", "b"], vocabulary) == {
        "docs": 2,
        "total_tokens": 5,
        "avg_tokens_per_doc": 2.5,
        "tokens_per_char_ratio": 1.0,
        "byte_fallback_tokens": 0,
        "byte_fallback_ratio": 0.0,
        "short_alpha_pieces": 3,
        "short_alpha_ratio": 0.6,
    }


def test_markers_fall_apart_into_bytes_and_letters_unless_they_are_taken_out(tmp_path: Path) -> None:
    """As in the thesis: two bytes a marker, ``<`` and ``>``, and the letters of END."""
    documents = invented_documents(40)
    text = write_text(tmp_path / "text", [*documents, "e END\n" * 99])
    tokenizer = make_tokenizer(tmp_path / "t", text, parameters("bpe", vocabulary_requested=400, byte_fallback=True))
    corpus = write_text(tmp_path / "corpus", [document.replace("\n", " <END> ") for document in documents], "corpus")
    report = report_on(tmp_path, corpus, tokenizer)
    assert report["as_run"]["byte_fallback_tokens"] == 2 * 2 * 40, "two markers a document"
    assert report["without_markers"]["byte_fallback_tokens"] == 0
    extra = report["as_run"]["total_tokens"] - report["without_markers"]["total_tokens"]
    assert extra >= 2 * 3 * 40, "and something for END"
    characters = sum(len(document) + 2 * len(" <END") + 2 for document in documents)
    assert report["as_run"]["tokens_per_char_ratio"] == report["as_run"]["total_tokens"] / characters
    assert report["as_run"]["docs"] == report["without_markers"]["docs"] == 40


def test_a_marker_goes_with_the_white_space_around_it() -> None:
    assert without_markers("<END> um \n <END><END>\tdois <END>") == "um\ndois"


def test_documents_are_the_first_of_the_head_as_datasets_shuffles_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from datasets import Dataset

    monkeypatch.setattr(stage, "HEAD", 50)
    corpus = ["" if row % 7 == 0 else f" documento {row}\n" for row in range(90)]
    shuffled = Dataset.from_dict({"text": corpus}).select(range(50)).shuffle(seed=42)["text"]
    expected = [text.strip() for text in shuffled if text.strip()]
    assert list(drawn_documents(corpus, 20, 42)) == expected[:20]
    assert list(drawn_documents(corpus, 1000, 42)) == expected, "all there are"
    assert len(list(drawn_documents(corpus[:3], 20, 42))) == 2, "a corpus smaller than the head"


def test_a_corpus_without_text_is_refused(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(tmp_path / "t", write_text(tmp_path / "text", ["bola"]), parameters("character"))
    corpus = write_text(tmp_path / "corpus", [" ", "\n"], "corpus")
    with pytest.raises(UserError, match="not blank"):
        report_on(tmp_path, corpus, tokenizer)
    with pytest.raises(UserError, match="kind"):
        report_on(tmp_path, tmp_path / "text", tokenizer)
