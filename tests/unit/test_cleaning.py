"""What the cleaning does to known texts, and that it is equal to the rules one after the other, character by character."""

import json
import multiprocessing
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from bench.plain_cleaning import clean_plainly
from stages import cleaning
from stages.cleaning import clean, clean_all, clean_batch
from stages.cleaning_arrays import DOTTED_I, EXTRA, SIGMA
from stages.text_parameters import Cleaning


def rules(lowercase: bool, numbers: bool, uppercase: bool, characters: int, ratio: float) -> Cleaning:
    return Cleaning(
        lowercase=lowercase,
        normalize_numbers=numbers,
        drop_uppercase_lines=uppercase,
        minimum_line_characters=characters,
        minimum_alphabetic_ratio=ratio,
    )


THESIS = rules(True, True, True, 40, 0.4)
ALIGNED = rules(False, False, False, 80, 0.6)
ALL_LINES = rules(False, False, False, 0, 0.0)
SHORT_LINES = rules(True, True, True, 3, 0.5)
CASED = rules(False, True, True, 0, 0.0)
EVERY_WAY = [THESIS, ALIGNED, ALL_LINES, SHORT_LINES, CASED]

ATOMS = (
    *"<>END@.:/aAeEéßÅxÇ12²½ ",
    *"\n\r\t\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u3000\u200b\ufeff\x00\x7f\xad",
    *"\u0300\u0301\u0327\u0338\u0345\u1100\u1161\u11a8가日😀🇧٣９ªº°…´™ﬁǅᾈⅷↃİıΣσςªǈ\ud800\u2800",
    *(
        "<END>",
        " <END> ",
        "<END><END>",
        "＜END＞",
        "http://",
        "https://",
        "ｈｔｔｐｓ：／／",
        "www.",
        "a@b",
        "＠",
        ". ",
        ".\u0338",
        "\r\n",
        "\n\n",
    ),
    *("palavra", "ABC DEF", "R$ 1.500,00", "ΑΣ", "e\u0301", "uma linha que é longa o bastante para ficar no texto limpo"),
)


def random_text(random: Random) -> str:
    """Characters of all of Unicode, or of a few that concern the rules: what a random mixture would rarely bring together."""
    length = random.randrange(60)
    if random.random() < 0.2:
        return "".join(chr(random.randrange(sys.maxunicode + 1)) for _ in range(length))
    atoms = random.sample(ATOMS, random.randrange(2, 12)) if random.random() < 0.7 else ATOMS
    return "".join(random.choice(atoms) for _ in range(length))


def assert_equal_to_the_plain_rules(texts: list[str], how: Cleaning) -> None:
    documents, counts = clean_batch(texts, how)
    for text, document, row in zip(texts, documents, counts.tolist(), strict=True):
        counted = {name: number for name, number in zip(cleaning.COUNTED, row, strict=True) if number}
        assert (document, counted) == clean_plainly(text, how), (text, how)


@pytest.mark.parametrize("how", EVERY_WAY)
def test_adversarial_texts_are_cleaned_as_by_the_plain_rules(how: Cleaning) -> None:
    random = Random(how.model_dump_json())
    for _ in range(400):
        assert_equal_to_the_plain_rules([random_text(random) for _ in range(random.randrange(1, 9))], how)


def test_every_character_of_unicode_is_cleaned_as_by_the_plain_rules() -> None:
    characters = [chr(code) for code in range(sys.maxunicode + 1)]
    texts = ["\n".join(f"{character} á{character}é" for character in characters[start : start + 4096]) for start in range(0, 0x20000, 4096)]
    assert_equal_to_the_plain_rules(texts, CASED)


@pytest.mark.evidence
def test_portuguese_texts_are_cleaned_as_by_the_plain_rules(evidence: Path) -> None:
    path = evidence / "versions/trilha2-lora/datasets/canarim_sft_10k_test.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    texts = [" <END> ".join(filter(None, row.values())) for row in rows]
    for how in (THESIS, ALIGNED):
        assert_equal_to_the_plain_rules(texts, how)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Ação ½ ™ ﬁm 3º", "Ação 1 2 TM fim 3o"),  # rule 1
        ("e\u0301 e n\u0303ao", "é e ñao"),
        ("a\ufeffb\u200bc", "abc"),  # 2
        ("um \n <END>\t <END>dois", "um\ndois"),  # 3
        ("<E\u200bND>fim", "fim"),
        ("veja http://a.br/x?y=1,z fim, xhttps://b www.c.br HTTP://d http://", "veja fim, x www.c.br HTTP://d http://"),  # 4
        ("de a@b.br, @ele ou ela@ ou @@@ fim", "de @ele ou ela@ ou fim"),  # 5
        ("a@http://b me@xhttp://y", "a@"),
        ("12\r34\tfim\r\n", "1234 fim"),  # 6
        ("a\u2028b\x00c¶d→e—f", "a b c d e—f"),  # 7
        ("a  b \n\n\n  c", "a b\nc"),  # 8 and 10
    ],
)
def test_rules_1_to_10_on_known_texts(text: str, cleaned: str) -> None:
    assert clean(text, ALL_LINES) == cleaned


def test_numbers_of_two_digits_or_more_become_a_zero() -> None:
    assert clean("7 12 1.500 3x45 ٣٤ 1²", CASED) == "7 0 1.0 3x0 0 0"


def test_a_line_is_dropped_below_the_length_and_the_share_of_letters_but_not_at_them() -> None:
    exactly = rules(False, False, False, 5, 0.6)
    assert clean("abcd\nabcde\nabc12\nab123\n  abcd  ", exactly) == "abcde\nabc12"


def test_a_line_in_upper_case_is_dropped_below_80_characters() -> None:
    shouted, long = "MENU 12 AÇÃO", "A" * 80
    assert clean(f"{shouted}\nMenu\n12\n{long}\n{long[1:]}", CASED) == f"Menu\n0\n{long}"


def test_the_length_of_a_line_is_that_of_its_lower_case() -> None:
    assert clean("İİİ", rules(True, False, False, 6, 0.5)) == "i̇i̇i̇"
    assert clean("İİİ", rules(False, False, False, 6, 0.5)) == ""
    assert clean("ΟΔΟΣ ΟΔΟΣ\nΣ", rules(True, False, False, 0, 0)) == "οδος οδος\nσ"


def test_no_other_character_has_a_lower_case_that_the_arrays_would_miss() -> None:
    """What :mod:`stages.cleaning_arrays` relies on: lower case is one letter for one, whatever stands beside it."""
    for character in map(chr, range(sys.maxunicode + 1)):
        kept = unicodedata.category(character)[0] in "LN" or character in EXTRA
        if kept and unicodedata.is_normalized("NFKC", character) and ord(character) not in (DOTTED_I, SIGMA):
            lower = character.lower()
            assert len(lower) == 1 and lower.isalpha() == character.isalpha(), character
            assert lower == character or character.istitle(), character
            assert ("a" + character).lower() == "a" + lower, character


def test_a_document_of_nothing_is_empty() -> None:
    assert [clean(text, THESIS) for text in ("", "\n", " <END> ", "curta", "\x1e")] == [""] * 5


def test_what_was_taken_is_counted_by_rule() -> None:
    text = "\ufeffveja http://x.br e a@b.br ou ¶ 12 34 <END> CURTA <END> " + "1" * 8 + " 2 3 4 5 6 <END> MENU DO SITE INTEIRO"
    ((cleaned, counts),) = clean_all([text], rules(True, True, True, 10, 0.4), 1)
    assert cleaned == "veja e ou 0 0"
    assert counts == Counter(
        invisible_characters=1,
        end_markers=3,
        urls=1,
        emails=1,
        other_characters=1,
        numbers=3,
        short_lines=1,
        lines_of_few_letters=1,
        uppercase_lines=1,
    )


def test_processes_and_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(7)
    texts = [random_text(random).encode(errors="replace").decode() * random.randrange(40) for _ in range(300)]
    expected = list(clean_all(texts, SHORT_LINES, 1))
    assert [document for document, _ in expected] == [clean(text, SHORT_LINES) for text in texts]
    monkeypatch.setattr(cleaning, "BATCH_CHARACTERS", 5000)
    monkeypatch.setattr(cleaning, "POOL_BATCHES", 2)
    assert list(clean_all(texts, SHORT_LINES, 2)) == expected


def test_who_takes_a_few_texts_makes_few_be_read_and_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "BATCH_CHARACTERS", 1000)
    monkeypatch.setattr(cleaning, "POOL_BATCHES", 1)
    monkeypatch.setattr(cleaning, "BATCHES_AHEAD", 5)
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield "uma linha que é longa o bastante para ficar no texto limpo " * 2

    cleaned = clean_all(endless(), THESIS, 2)
    assert len(list(islice(cleaned, 30))) == 30
    cleaned.close()  # type: ignore[attr-defined]
    assert read <= 30 + 9 * 7  # nine texts a batch
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    "text", ["a" * 400_000, " " * 400_000, "@" * 400_000, "a@" * 200_000, "a@ " * 130_000, "http://" * 60_000, "<END " * 80_000]
)
def test_time_grows_with_the_length_alone(text: str) -> None:
    start = time.process_time()
    clean(text, THESIS)
    assert time.process_time() - start < 3  # a quadratic rule takes minutes
