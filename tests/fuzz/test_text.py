"""Text of any kind goes through cleaning, tokenizers, files and tables as it is documented to: nothing is lost unsaid.

The examples are the same in every run; ``LASTRO_FUZZ=50`` tries fifty times as many.
"""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from stages.base_tokenizer import train_byte_bpe
from stages.cleaning import clean
from stages.corpora.files import documents, whole_characters
from stages.errors import UserError
from stages.example_rows import Row, read_rows, write_objects
from stages.files import decode_text, parse_csv, parse_json, parse_json_lines, to_csv, to_json
from stages.latex import escape
from stages.text_parameters import Cleaning
from stages.text_store import TextStore, write_texts
from stages.vocabulary import CharacterVocabulary, SentencePieceVocabulary, load_vocabulary
from stages.yaml_files import parse_yaml
from tests.fuzz.law import TIMES
from tests.unit.tokenizers import SOUND, invented_documents, make_tokenizer, parameters, write_text

NASTY = "".join(map(chr, (0, 9, 10, 11, 12, 13, 0x1C, 0x20, 0x85, 0xA0, 0xAD, 0x200B, 0x200D, 0x200F, 0x2028, 0x2029, 0x202E, 0xFEFF)))
"""Controls, ends of lines of every kind, spaces, joiners, directions, a byte-order mark."""
CHARACTERS = st.one_of(
    st.sampled_from(NASTY + "aãçÁ<>@.,:/%_\\{}$&#~^|\"'0123½ﬁ①Ⅷ" + "\u0301\u0303\u0327" + "שלוםمرحبا" + "日本😀👩\U000e0001"),
    st.characters(codec="utf-8"),
)
TEXT = st.text(CHARACTERS, max_size=60)
HALVES = st.text(st.one_of(CHARACTERS, st.sampled_from("\ud800\udbff\udc00\udfff")), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**300), 10**300) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
RULES = Cleaning(
    lowercase=False, normalize_numbers=False, drop_uppercase_lines=False, minimum_line_characters=0, minimum_alphabetic_ratio=0
)
steady = settings(
    derandomize=True,
    deadline=None,
    max_examples=25 * TIMES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> SentencePieceVocabulary:
    """A model that falls back to bytes, so that it can write any text."""
    folder = tmp_path_factory.mktemp("pieces")
    described = parameters("bpe", SOUND, vocabulary_requested=300, add_bos=False, add_eos=False, byte_fallback=True)
    vocabulary = load_vocabulary(
        make_tokenizer(folder / "pieces", write_text(folder / "text", ["a casa amarela e a rua azul\n" * 9] * 20), described)
    )
    assert isinstance(vocabulary, SentencePieceVocabulary)
    return vocabulary


@pytest.fixture(scope="module")
def byte_pairs() -> Tokenizer:
    """A base model's tokenizer."""
    return train_byte_bpe(invented_documents(50), 300)


@steady
@given(JSON)
def test_json_comes_back_as_it_was(value: object) -> None:
    assert parse_json(to_json(value), "f") == value


@steady
@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda data: data.decode("latin-1")))
@example("[" * 100_000)
@example('{"a":' * 100_000)
@example('{"a": 1, "a": 2}')
@example('"\\ud800"')
@example("1e999")
@example("-" + "9" * 5000)
def test_any_text_is_json_or_named(text: str) -> None:
    for read in (parse_json, parse_json_lines, parse_csv):
        try:
            to_json(read(text, "some.file")).encode()
        except UserError as error:
            assert str(error).startswith("some.file")


@steady
@given(st.text(st.sampled_from("ab: -[]{}?&*!|>'\"#,\n\t%@`~0.eE_\u2028\ufeff"), max_size=40) | TEXT)
@example("[" * 100_000)
@example("&a [*a]")
@example("a: 2025-13-45")
@example("a: " + "9" * 5000)
@example("a: !!bool x")
@example(
    "".join(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip(" abcdefgh", "abcdefghi", strict=True)).replace(
        "* ", "x"
    )
)
def test_any_text_is_yaml_or_named(text: str) -> None:
    try:
        parse_yaml(text, "some.yaml")
    except UserError as error:
        assert str(error).startswith("some.yaml")


@steady
@given(st.binary(max_size=40))
def test_any_bytes_are_text_or_named(data: bytes) -> None:
    try:
        assert decode_text(data, "f") == data.decode("utf-8-sig")
    except UserError as error:
        assert data[int(error.field.removeprefix("byte "))] == int(str(error.found), 16), "the first bad byte, where it stands"


@steady
@given(st.lists(st.fixed_dictionaries({"x": st.floats(allow_nan=False), "text": TEXT}), max_size=5))
def test_csv_keeps_every_number_and_text(rows: list[dict[str, object]]) -> None:
    read = parse_csv(to_csv(["x", "text"], rows), "f")
    assert [(float(row["x"]), row["text"]) for row in read] == [(row["x"], row["text"]) for row in rows]


@steady
@given(st.lists(TEXT, min_size=1, max_size=6).filter(any))
def test_a_text_store_gives_back_its_documents(tmp_path: Path, texts: list[str]) -> None:
    write_texts(tmp_path / "store", texts)
    assert list(TextStore(tmp_path / "store")) == texts


@steady
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=4))
def test_instructions_come_back_as_they_were(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    write_objects(tmp_path / "rows.jsonl", (Row(*row)._asdict() for row in rows))
    assert read_rows(tmp_path / "rows.jsonl") == [Row(*row) for row in rows]


@steady
@given(HALVES)
@example("\ud83d\ude00")
def test_a_corpus_of_json_replaces_halves_of_pairs_and_nothing_else(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": text}))
    [read] = documents([path], ["text"])
    assert read == json.loads(json.dumps(text)).encode("utf-16", "surrogatepass").decode("utf-16", "replace") == whole_characters(read)


@steady
@given(st.lists(TEXT, max_size=5))
def test_lines_of_a_corpus_are_none_fewer_and_none_more(tmp_path: Path, lines: list[str]) -> None:
    """They end at LF, CR or CR LF, and at nothing else that is called a line's end."""
    path, text = tmp_path / "a.txt", "\n".join(lines)
    path.write_bytes(text.encode())
    expected = re.split("\r\n|\r|\n", text)
    assert list(documents([path], ["text"])) == (expected if expected[-1] else expected[:-1])


@steady
@given(TEXT)
def test_cleaning_what_is_clean_changes_nothing(text: str) -> None:
    once = clean(text, RULES)
    assert clean(once, RULES) == once


@steady
@given(TEXT)
def test_characters_come_back_but_those_the_vocabulary_lacks(text: str) -> None:
    vocabulary = CharacterVocabulary("\n ?abc", "?", "")
    assert vocabulary.decode(vocabulary.encode(text)) == "".join(each if each in "\n ?abc" else "?" for each in text)
    counted = vocabulary.encode_documents([text], 1)
    assert counted.unknown == sum(each not in "\n ?abc" for each in text), "none is dropped without being counted"


@steady
@given(TEXT)
def test_pieces_with_bytes_give_back_any_text(pieces: SentencePieceVocabulary, text: str) -> None:
    plain = text.replace("\u2581", " ")
    assert pieces.decode(pieces.encode(text)) == plain


@steady
@given(TEXT)
def test_byte_pairs_give_back_any_text(byte_pairs: Tokenizer, text: str) -> None:
    ids = byte_pairs.encode(text, add_special_tokens=False).ids
    assert byte_pairs.decode(ids, skip_special_tokens=False) == text


@steady
@given(TEXT)
def test_latex_escapes_or_names_every_character(text: str) -> None:
    """What stays is letters that the fonts have, and commands of ours alone: a text cannot give one."""
    try:
        escaped = escape(text, "some table")
    except UserError as error:
        assert str(error).startswith("some table: found U+")
        return
    bare = re.sub(r"\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|textquotedbl|dots)\{\}", "", escaped)
    bare = re.sub(r"\$(\\(pm|times|approx|leq|geq|gg|sum|varepsilon)|\^[0-9]|\^\{-\}|-)\$", "", bare)
    bare = re.sub(r"\\[{}$&#%_]", "", bare)
    assert not re.search(r"[\\{}$&#%_~^]", bare)


def test_csv_is_read_as_the_standard_library_reads_it() -> None:
    text = 'a,b\n"1\n2","x""y"\n'
    assert parse_csv(text, "f") == list(csv.DictReader(io.StringIO(text)))
