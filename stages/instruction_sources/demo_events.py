"""What the demo's instructions are about: events in the demo corpus's own words, taken apart so that each part can be asked for.

A sentence on an event has a subject, a verb, an object, a city and a day; a second one tells a price, a month or how many saw it.
"""

from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import NamedTuple

from stages.corpora.demo_grammar import Piece, Writer, compile_template
from stages.corpora.demo_inflection import conjugate

SUBJECTS = ("{o gente}", "{p1o} {p1papel} {p1n}", "{o órgão} de {tema}", "{os gente}")
OBJECTS = ("{o coisa}", "{o coisa+}", "{os coisa}", "{o ação}")
PRICES = ("o serviço custou {valor}", "foram gastos {valor}", "o orçamento foi de {valor}")
MONTHS = ("a mudança vale a partir de {mês}", "a próxima etapa será em {mês}", "tudo fica pronto em {mês}")
CROWDS = (
    "{n 20 900} {** gente_geral} {v acompanhar perf} tudo",
    "{o gente} {v elogiar perf} o resultado",
    "{o gente} {v pedir perf} mais prazo",
)


class Event(NamedTuple):
    """Who did what, where and when."""

    subject: str
    verb: str
    """Infinitive."""
    number: str
    """``s`` or ``p``, of the subject."""
    object: str
    city: str
    day: str
    """``nesta terça-feira``."""

    def clause(self, tense: str = "perf") -> str:
        """Subject, verb and object."""
        return f"{self.subject} {conjugate(self.verb, tense, self.number)} {self.object}"


class Detail(NamedTuple):
    """A second sentence on an event, and what can be asked about it, if anything can."""

    kind: str
    text: str
    value: str


def new_writer(random: Random) -> Writer:
    """A writer of the demo corpus's words, on one topic."""
    return Writer(random, {})


def new_event(writer: Writer) -> Event:
    """An event in the words of the writer's topic."""
    subject = written(writer, writer.random.choice(SUBJECTS))
    number = writer.number
    parts = [written(writer, template) for template in (writer.random.choice(OBJECTS), "{cidade}", "{neste dia}")]
    return Event(subject, writer.word("vt"), number, *parts)


def new_detail(writer: Writer, kind: str) -> Detail:
    """A sentence that tells a ``price``, a ``month`` or, of kind ``crowd``, what nobody is asked."""
    templates, value = _KINDS[kind]
    found = value(writer)
    template = writer.random.choice(templates).replace("{valor}", found).replace("{mês}", found)
    return Detail(kind, written(writer, template), found)


def _price(writer: Writer) -> str:
    return f"{writer.random.randint(2, 99)} mil reais"


_KINDS: dict[str, tuple[Sequence[str], Callable[[Writer], str]]] = {
    "price": (PRICES, _price),
    "month": (MONTHS, lambda writer: writer.random.choice(writer.lists["mês"])),
    "crowd": (CROWDS, lambda writer: ""),
}


def written(writer: Writer, template: str) -> str:
    """The template of the demo corpus's grammar, filled in."""
    return _compiled(template)(writer)


@cache
def _compiled(template: str) -> Piece:
    return compile_template(template)


def sentence(text: str) -> str:
    """``text`` with a capital and a full stop."""
    return f"{text[0].upper()}{text[1:]}."
