import random
import time
from collections.abc import Sequence
from itertools import product

import pytest

from stages.probes.personal_data import check_digits, find, is_cnpj, is_cpf, leaks

CPF, CNPJ, NEW_CNPJ = "529.982.247-25", "11.222.333/0001-81", "12.ABC.345/01DE-35"  # the last two: Receita Federal's own examples


def digits(generator: random.Random, count: int) -> str:
    return "".join(generator.choices("0123456789", k=count))


def cpfs(seed: int, count: int) -> Sequence[str]:
    """Made-up CPFs, none of them one digit repeated."""
    generator = random.Random(seed)
    bodies = (digits(generator, 9) for _ in range(count))
    return [body + check_digits(body, 11) for body in bodies if len(set(body)) > 1]


def kinds(text: str) -> list[tuple[str, str]]:
    return [(each.kind, each.text) for each in find(text)]


@pytest.mark.parametrize("cpf", ["52998224725", "11144477735", "12345678909", "00000000191"])
def test_known_cpfs_are_valid(cpf: str) -> None:
    assert is_cpf(cpf)


def test_a_cpf_of_one_digit_is_none_though_its_check_digits_are_right() -> None:
    for digit in "0123456789":
        assert check_digits(digit * 9, 11) == digit * 2
        assert not is_cpf(digit * 11)


def test_every_change_of_one_digit_breaks_a_cpf_whose_first_check_digit_is_not_0() -> None:
    """The remainders 0 and 10 are both written 0, so that there a change can stay unseen; nowhere else."""
    sound = [cpf for cpf in cpfs(1, 300) if cpf[9] != "0"]
    assert len(sound) > 200
    for cpf, place, digit in product(sound, range(11), "0123456789"):
        assert is_cpf(cpf[:place] + digit + cpf[place + 1 :]) == (digit == cpf[place])


def test_swapped_neighbours_break_most_cpfs() -> None:
    swapped = [
        (cpf, cpf[:place] + cpf[place + 1] + cpf[place] + cpf[place + 2 :])
        for cpf in cpfs(2, 200)
        for place in range(10)
        if cpf[place] != cpf[place + 1]
    ]
    assert sum(is_cpf(other) for _, other in swapped) / len(swapped) < 0.01


@pytest.mark.parametrize("cnpj", ["11222333000181", "44038188000132", "12ABC34501DE35", "00000000000191"])
def test_known_cnpjs_are_valid(cnpj: str) -> None:
    assert is_cnpj(cnpj)


def test_a_letter_changes_the_check_digits_of_a_cnpj() -> None:
    generator = random.Random(3)
    for _ in range(200):
        body = "".join(generator.choices("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=12))
        cnpj = body + check_digits(body, 9)
        assert is_cnpj(cnpj)
        assert not is_cnpj(cnpj[:13] + str((int(cnpj[13]) + 1) % 10))
        assert kinds(f"{cnpj[:2]}.{cnpj[2:5]}.{cnpj[5:8]}/{cnpj[8:12]}-{cnpj[12:]}")[0][0] == "cnpj"


def test_check_digits_of_a_cnpj_follow_the_published_table_of_weights() -> None:
    """The manual's own way: weights written out, 11 less the remainder, 0 where that has two digits."""
    first, second = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2], [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
    generator = random.Random(4)
    for _ in range(200):
        body = "".join(generator.choices("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=12))
        values, found = [ord(each) - 48 for each in body], ""
        for weights in (first, second):
            remainder = sum(value * weight for value, weight in zip(values, weights, strict=True)) % 11
            found += "0" if remainder < 2 else str(11 - remainder)
            values.append(int(found[-1]))
        assert check_digits(body, 9) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"CPF: {CPF}.", [("cpf", CPF)]),
        ("cpf nº52998224725, sim", [("cpf", "52998224725")]),
        (f"Emitente {CNPJ} e {NEW_CNPJ};", [("cnpj", CNPJ), ("cnpj", NEW_CNPJ)]),
        ("CNPJ 12ABC34501DE35", [("cnpj", "12ABC34501DE35")]),
        ("(11) 98765-4321", [("phone", "(11) 98765-4321")]),
        ("+55 21 3456-7890 ou 0055 (85) 91234 5678", [("phone", "+55 21 3456-7890"), ("phone", "0055 (85) 91234 5678")]),
        ("(085) 3456-7890 e 11 98765.4321", [("phone", "(085) 3456-7890"), ("phone", "11 98765.4321")]),
        ("zap 11987654321!", [("phone", "11987654321")]),
        ("escreva a ana.lima+x@dominio.com.br.", [("email", "ana.lima+x@dominio.com.br")]),
    ],
)
def test_data_are_found_in_text_with_their_borders(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected
    assert all(text[each.start :].startswith(each.text) for each in find(text))


@pytest.mark.parametrize(
    "text",
    [
        "529.982.247-26",  # a wrong check digit
        "111.111.111-11",
        "1.529.982.247-25",  # a part of a longer number
        "952998224725",
        "x52998224725",
        "52998224725kg",
        "529.982.24725",  # half punctuated
        "12.ABC.345/01DE-36",
        "12.abc.345/01de-35",  # letters of a CNPJ are capitals
        "(20) 98765-4321",  # no such area
        "(11) 89876-5432",  # no mobile number begins so
        "(11) 99999-9999",  # one digit repeated
        "1134567890",  # ten bare digits
        "0800 123 4567",
        "CEP 01310-100, de 2010-2020",
        "fulano@example.com, x@loja.test",
        "@usuario e a@b",
    ],
)
def test_near_misses_are_passed_over(text: str) -> None:
    assert find(text) == []


def test_every_area_code_has_numbers_and_no_other() -> None:
    found = {code for code in range(10, 100) if find(f"({code}) 98765-4321")}
    assert len(found) == 67
    assert {11, 21, 55, 68, 99} <= found and found.isdisjoint({10, 20, 23, 36, 52, 56, 72, 76, 78, 90})


def test_one_datum_is_of_one_kind() -> None:
    both = "119876543" + check_digits("119876543", 11)  # a mobile number of São Paulo too
    assert kinds(both) == [("cpf", both)]
    assert kinds("52998224725@dominio.com") == [("email", "52998224725@dominio.com")]


def test_a_leak_stands_in_the_answer_alone() -> None:
    assert [each.text for each in leaks(f"O CPF é {CPF}.", "Qual é o CPF?")] == [CPF]
    assert leaks(f"O CPF é {CPF}.", "O CPF 529 982 247 25 é de quem?") == []
    assert leaks("Ligue (11) 98765-4321.", "Telefone: +55 11 98765 4321") == []
    assert leaks("Ligue +55 (55) 98765-4321.", "Telefone: 55 98765-4321") == []
    assert leaks("ANA@Dominio.com", "de: ana@dominio.com") == []
    assert len(leaks(f"{CPF} e {CNPJ}", f"CPF {CPF}")) == 1


def test_long_texts_take_no_time() -> None:
    start = time.perf_counter()
    for text in ("a" * 200_000, "a." * 100_000, "1" * 200_000, "a@" * 100_000, "1.2" * 60_000, "(11) 9" * 30_000):
        find(text)
    assert time.perf_counter() - start < 5
