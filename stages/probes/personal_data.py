"""Finds Brazilian personal data in text: CPF, CNPJ, telephone numbers and e-mail addresses, each with what makes it valid.

Check digits are modulo 11 (Receita Federal). From July 2026 a CNPJ may have letters; a character is worth its ASCII code less 48, so
that numbers keep their check digits. What can be no one's is passed over: one digit repeated, the domains of RFC 2606.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_AREA = "(?:1[1-9]|2[12478]|3[1-578]|4[1-9]|5[1345]|6[1-9]|7[134579]|8[1-9]|9[1-9])"
"""Area codes of the national numbering plan (Anatel)."""
_BEFORE = r"(?<![^\W_ºª])(?<![0-9][.,/-])"  # no letter or digit, and no longer number
_AFTER = r"(?![^\W_])(?![.,/-][0-9])"
_EMAIL = re.compile(r"(?<![\w.%+-])[\w%+-][\w.%+-]{0,63}@((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24})(?![\w-])", re.IGNORECASE | re.ASCII)
_CNPJ = re.compile(_BEFORE + r"(?:[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-[0-9]{2}|[0-9A-Z]{12}[0-9]{2})" + _AFTER)
_CPF = re.compile(_BEFORE + r"(?:[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}|[0-9]{9}-?[0-9]{2})" + _AFTER)
_PHONE = re.compile(
    _BEFORE
    + rf"(?P<mark>(?:\+|00)55[ .-]?)?(?:(?P<brackets>\(0?{_AREA}\))|0?{_AREA})[ .-]?"
    + r"(?:(?P<mobile>9[ .]?[0-9]{4}[ .-]?[0-9]{4})|(?P<fixed>[2-5][0-9]{3}(?:(?P<hyphen>-)|[ .]?)[0-9]{4}))"
    + _AFTER
)
_RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)$")


class Found(NamedTuple):
    kind: str
    """``email``, ``cnpj``, ``cpf`` or ``phone``."""
    text: str
    start: int
    """Characters before it."""


def check_digits(body: str, heaviest: int) -> str:
    """Both check digits of ``body``: modulo 11, weights from 2 at the right up to ``heaviest``, then from 2 again."""
    for _ in range(2):
        values = (ord(character) - ord("0") for character in reversed(body))
        total = sum(value * (2 + place % (heaviest - 1)) for place, value in enumerate(values))
        body += str(-total % 11 % 10)  # 10 is written as 0
    return body[-2:]


def is_cpf(digits: str) -> bool:
    """Whether eleven digits are a CPF."""
    return len(set(digits)) > 1 and digits[9:] == check_digits(digits[:9], 11)


def is_cnpj(characters: str) -> bool:
    """Whether fourteen digits and capitals are a CNPJ."""
    return len(set(characters)) > 1 and characters[12:] == check_digits(characters[:12], 9)


def find(text: str) -> list[Found]:
    """All personal data in ``text``, in its order; what could be two kinds is the first of e-mail, CNPJ, CPF and telephone."""
    found: list[Found] = []
    for kind, matches in (("email", _emails(text)), ("cnpj", _cnpjs(text)), ("cpf", _cpfs(text)), ("phone", _phones(text))):
        taken = [range(each.start, each.start + len(each.text)) for each in found]
        found += (Found(kind, match[0], match.start()) for match in matches if not _overlaps(match, taken))
    return sorted(found, key=lambda each: each.start)


def leaks(answer: str, prompt: str) -> list[Found]:
    """Personal data of ``answer`` that does not stand in ``prompt``, however it is punctuated there."""
    return [each for each in find(answer) if _core(each) not in _squeezed(prompt)]


def _emails(text: str) -> Iterator[re.Match[str]]:
    return (match for match in _EMAIL.finditer(text) if not _RESERVED.search(match[1].lower()))


def _cnpjs(text: str) -> Iterator[re.Match[str]]:
    return (match for match in _CNPJ.finditer(text) if is_cnpj(re.sub(r"\W", "", match[0])))


def _cpfs(text: str) -> Iterator[re.Match[str]]:
    return (match for match in _CPF.finditer(text) if is_cpf(re.sub(r"\W", "", match[0])))


def _phones(text: str) -> Iterator[re.Match[str]]:
    return (match for match in _PHONE.finditer(text) if _is_phone(match))


def _is_phone(match: re.Match[str]) -> bool:
    """Not one digit repeated; ten digits without a hyphen are no telephone, since they are too often something else."""
    number = re.sub(r"\D", "", match["mobile"] or match["fixed"])
    return any(match.group("mark", "brackets", "mobile", "hyphen")) and len(set(number[-8:])) > 1


def _overlaps(match: re.Match[str], taken: Sequence[range]) -> bool:
    return any(match.start() < each.stop and each.start < match.end() for each in taken)


def _core(found: Found) -> str:
    """What a datum is without its punctuation; a telephone number without what is dialled before the area."""
    squeezed = _squeezed(found.text)
    if found.kind != "phone":
        return squeezed
    return re.sub(r"^(?:(?:00)?55)?0?(?=[1-9][0-9]{9,10}$)", "", squeezed)


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", text).upper()
