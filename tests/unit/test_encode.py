import io
import json
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from stages import encode
from stages.encode import token_type, write_tokens
from stages.errors import UserError
from stages.manifest import read_manifest
from stages.vocabulary import CharacterVocabulary, load_vocabulary
from tests.unit.tokenizers import SOUND, invented_documents, make_tokenizer, parameters, write_text


def encode_text(folder: Path, text: Path, tokenizer: Path, processes: int = 2) -> Path:
    encode.run(Namespace(text=text, tokenizer=tokenizer, folder=folder, processes=processes))
    return folder


def test_the_tokens_are_the_documents_in_order_as_numpy_would_have_saved_them(tmp_path: Path) -> None:
    text = write_text(tmp_path / "text", ["bola", "", "a água"])
    tokenizer = make_tokenizer(tmp_path / "tokenizer", write_text(tmp_path / "other", ["a bola"]), parameters("character", unknown="~"))
    folder = encode_text(tmp_path / "tokens", text, tokenizer)
    expected = io.BytesIO()
    np.save(expected, np.array([3, 5, 4, 2, 0, 0, 0, 0, 2, 1, 6, 6, 6, 2, 0, 0], dtype=np.uint16))  # of "\n ablo~"
    assert (folder / "tokens.npy").read_bytes() == expected.getvalue()
    facts = {"documents": 3, "characters": 10, "tokens": 16, "unknown_tokens": 3, "byte_tokens": 0, "vocabulary": 7}
    assert read_manifest(folder, "tokens").facts == facts


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_documents_in_batches_on_both_cores_are_those_of_one_by_one(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [*invented_documents(80), "日本"]
    text = write_text(tmp_path / "text", documents)
    settings = {"vocabulary_requested": 400, "byte_fallback": True, "add_bos": True, "add_eos": True}
    tokenizer = make_tokenizer(tmp_path / "tokenizer", text, parameters(kind, SOUND, **settings))
    vocabulary = load_vocabulary(tokenizer)
    expected = [token for document in documents for token in vocabulary.encode_document(document)]
    first = encode_text(tmp_path / "first", text, tokenizer, processes=1)
    assert np.load(first / "tokens.npy", mmap_mode="r").tolist() == expected
    monkeypatch.setattr(encode, "BATCH_CHARACTERS", 500)
    again = encode_text(tmp_path / "again", text, tokenizer, processes=2)
    assert [(again / name).read_bytes() for name in ("tokens.npy", "manifest.json")] == [
        (first / name).read_bytes() for name in ("tokens.npy", "manifest.json")
    ]
    facts = read_manifest(first, "tokens").facts
    assert facts["byte_tokens"] == sum(piece.startswith("<0x") for text in documents for piece in vocabulary.pieces(text)) > 0
    assert (facts["unknown_tokens"], facts["characters"]) == (0, sum(map(len, documents)))


def test_a_vocabulary_of_65536_entries_takes_four_bytes_a_token() -> None:
    assert (token_type(65_535).itemsize, token_type(65_536).itemsize) == (2, 4)
    many = "".join(map(chr, [10, *range(0x20000, 0x20000 + 65_536)]))
    file = io.BytesIO()
    write_tokens(file, [many[-1]], CharacterVocabulary(many, many[1], "hash"), threads=1)
    file.seek(0)
    stored = np.load(file)
    assert (stored.dtype, stored.tolist()) == (np.uint32, [65_536, 0, 0])


def test_an_unreadable_text_or_a_wrong_folder_leaves_the_earlier_tokens(tmp_path: Path) -> None:
    text = write_text(tmp_path / "text", ["bola"])
    tokenizer = make_tokenizer(tmp_path / "tokenizer", text, parameters("character"))
    folder = encode_text(tmp_path / "tokens", text, tokenizer)
    before = (folder / "tokens.npy").read_bytes()
    with pytest.raises(UserError, match="kind"):
        encode_text(folder, tokenizer, tokenizer)
    (text / "documents.txt").write_bytes(b"\xff" * (text / "documents.txt").stat().st_size)
    with pytest.raises(UserError, match="documents.txt: sha256: found"):
        encode_text(folder, text, tokenizer)
    assert (folder / "tokens.npy").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "tokens.npy"]


@pytest.mark.evidence
@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_real_text_comes_back_from_sound_tokens_and_not_from_the_thesis_settings(kind: str, evidence: Path, tmp_path: Path) -> None:
    rows = (evidence / "versions/trilha2-lora/datasets/canarim_sft_10k_val.jsonl").read_text(encoding="utf-8").split("\n")[:600]
    documents = ["\n".join(json.loads(row)[field] for field in ("instruction", "input", "output")) for row in rows]
    text = write_text(tmp_path / "text", documents)
    settings = {"vocabulary_requested": 1500, "byte_fallback": True, "add_bos": True, "add_eos": True}
    kept = {}
    for name, training in (("sound", SOUND), ("as run", {})):
        tokenizer = make_tokenizer(tmp_path / name, text, parameters(kind, training, **settings))
        vocabulary = load_vocabulary(tokenizer)
        assert vocabulary.size == 1500
        stream = np.load(encode_text(tmp_path / f"{name} tokens", text, tokenizer) / "tokens.npy")
        ends = np.flatnonzero(stream == vocabulary.eos) + 1
        parts = np.split(stream, ends)[:-1]
        kept[name] = sum(vocabulary.decode(part.tolist()) == document for part, document in zip(parts, documents, strict=True))
    assert kept["sound"] == len(documents)
    assert kept["as run"] < len(documents) / 2, "newlines and double spaces were lost"
