from pathlib import Path

import numpy as np
import pytest

from stages.errors import UserError
from stages.files import to_json, write_atomic
from stages.manifest import read_manifest, write_manifest
from stages.vocabulary import DOCUMENT_END, CharacterVocabulary, SentencePieceVocabulary, load_vocabulary
from tests.unit.tokenizers import SOUND, invented_documents, make_tokenizer, parameters, write_text

NASTY = [
    "",
    " ",
    "  a",
    "a \n\n b\n",
    "\t\r\n\0\x85\u2028",
    "日本 😀 e\u0301",
    "<s></s><pad> <sep><mask><unk><0x41>",
    "\ufeff ½ ⁇ \ufffd",
    "x" * 3000,
]
"""Texts that a tokenizer likes to change."""


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_text(tmp_path_factory.mktemp("text"), invented_documents(60))


@pytest.fixture(scope="module", params=["character", "bpe", "unigram"])
def folder(request: pytest.FixtureRequest, text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer of each kind; the SentencePiece ones are sound, with ids that begin and end a document."""
    settings = {"vocabulary_requested": 500, "byte_fallback": True, "add_bos": True, "add_eos": True}
    described = parameters(request.param, SOUND, **({} if request.param == "character" else settings))
    return make_tokenizer(tmp_path_factory.mktemp(request.param), text, described)


def test_characters_have_the_ids_of_their_code_points_order_and_others_are_unknown() -> None:
    vocabulary = CharacterVocabulary("\n abé~", "~", "hash")
    assert vocabulary.encode("é ba") == [4, 1, 3, 2]
    assert vocabulary.decode([4, 1, 3, 2]) == "é ba"
    assert vocabulary.encode("xa\ud800\U0010ffff") == [5, 2, 5, 5]
    assert vocabulary.pieces("xa") == ["~", "a"]
    assert (vocabulary.bos, vocabulary.eos, vocabulary.pad, vocabulary.unknown) == (None, None, None, 5)


def test_a_blank_line_ends_each_document_of_characters_and_a_known_substitute_is_not_unknown() -> None:
    vocabulary = CharacterVocabulary("\n ab~", "~", "hash")
    encoded = vocabulary.encode_documents(["a~", "", "ç"], threads=1)
    assert encoded.ids.tolist() == [2, 4, 0, 0, 0, 0, 4, 0, 0]
    assert (encoded.unknown, encoded.bytes) == (1, 0)


def test_many_documents_encode_as_each_alone_whatever_the_threads(folder: Path) -> None:
    vocabulary, texts = load_vocabulary(folder), [*NASTY, *invented_documents(40, seed=1)]
    alone = [token for text in texts for token in vocabulary.encode_document(text)]
    for threads in (1, 2, 3):
        encoded = vocabulary.encode_documents(texts, threads)
        assert encoded.ids.tolist() == alone
    assert min(alone) >= 0 and max(alone) < vocabulary.size
    if vocabulary.kind == "character":
        assert encoded.unknown > 0
    else:
        assert (encoded.unknown, encoded.bytes) == (0, sum(piece.startswith("<0x") for text in texts for piece in vocabulary.pieces(text)))
        assert encoded.bytes > 0


@pytest.mark.parametrize("nasty", NASTY)
def test_sound_settings_give_every_text_back(folder: Path, nasty: str) -> None:
    vocabulary = load_vocabulary(folder)
    decoded = vocabulary.decode(vocabulary.encode(nasty))
    if vocabulary.kind == "character":
        known = "".join(invented_documents(60)) + DOCUMENT_END + " "
        assert decoded == "".join(character if character in known else " " for character in nasty)
    else:
        assert decoded == nasty
        assert "".join(vocabulary.pieces(nasty)).startswith("▁") or not nasty


def test_ids_that_begin_end_and_pad_are_no_text(folder: Path) -> None:
    vocabulary = load_vocabulary(folder)
    ids = vocabulary.encode_document("bola de meia")
    if vocabulary.kind == "character":
        assert vocabulary.decode(ids) == "bola de meia\n\n"
    else:
        assert (vocabulary.pad, vocabulary.unknown, vocabulary.bos, vocabulary.eos) == (0, 1, 2, 3)
        assert (ids[0], ids[-1]) == (2, 3)
        assert vocabulary.decode(list(np.array([*ids, 0, 0]))) == "bola de meia"
        assert vocabulary.encode("bola de meia") == ids[1:-1]


def test_documents_begin_and_end_only_as_the_parameters_say(tmp_path: Path, text: Path) -> None:
    folder = make_tokenizer(tmp_path, text, parameters("bpe", vocabulary_requested=200, add_eos=True))
    vocabulary = load_vocabulary(folder)
    assert vocabulary.encode_document("ba") == [*vocabulary.encode("ba"), vocabulary.eos]


def test_the_hash_is_that_of_the_file_in_the_manifest(folder: Path) -> None:
    assert load_vocabulary(folder).sha256 in [file.sha256 for file in read_manifest(folder, "tokenizer").files.values()]


def test_a_changed_tokenizer_is_refused(tmp_path: Path, text: Path) -> None:
    folder = make_tokenizer(tmp_path, text, parameters("character"))
    path = folder / "characters.json"
    path.write_text(path.read_text().replace('"unknown": " "', '"unknown": "."'))
    with pytest.raises(UserError, match="characters.json: sha256: found [0-9a-f]{64}, expected"):
        load_vocabulary(folder)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    write_atomic(tmp_path / "tokenizer.model", "not a model")
    described = {"kind": "bpe", "name": "n"}
    write_manifest(tmp_path, "tokenizer", "stages.tokenizer", files=["tokenizer.model"], facts={}, parameters={"tokenizer": described})
    with pytest.raises(UserError, match="expected a SentencePiece model"):
        load_vocabulary(tmp_path)
    write_atomic(tmp_path / "manifest.json", to_json({"kind": "tokenizer"}))
    with pytest.raises(UserError, match="manifest.json"):
        load_vocabulary(tmp_path)


@pytest.mark.evidence
def test_the_thesis_models_lose_newlines_and_name_their_special_ids(evidence: Path) -> None:
    model = evidence / "versions/v6-release-candidate/tokenizers/unigram_16k/spm_v6.model"
    vocabulary = SentencePieceVocabulary(model.read_bytes(), "unigram", add_bos=True, add_eos=True)
    assert (vocabulary.size, vocabulary.pad, vocabulary.unknown, vocabulary.bos, vocabulary.eos) == (14500, 0, 1, 2, 3)
    assert vocabulary.decode(vocabulary.encode("uma linha\noutra  linha")) == "uma linha outra linha"
    assert vocabulary.encode_documents(["日本"], 1).unknown == 1
