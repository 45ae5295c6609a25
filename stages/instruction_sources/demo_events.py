"""What the demo's instructions are about: events in the demo corpus's own words, taken apart so that each part can be asked for.

The words are few and the first of their lists, so that a small model learns in minutes to find them; their combinations are many.
"""

from random import Random
from typing import NamedTuple

from stages.corpora.demo_grammar import GENERAL, LISTS, split
from stages.corpora.demo_inflection import agree, conjugate, determiner, gender_of
from stages.corpora.demo_words import PLACE_ENDS, PLACE_STARTS

ROLES, VERBS, THINGS = 2, 2, 4
"""Words of each topic's lists that events are made of."""
STARTS, ENDS = split(PLACE_STARTS)[:8], split(PLACE_ENDS)[:16]
WITNESSES = ("o jornal", "a rádio", "o governo", "a televisão", "o síndico", "a polícia")


class Event(NamedTuple):
    """Who did what, where and when, and what else is known of it."""

    subject: str
    verb: str
    """Infinitive."""
    object: str
    city: str
    day: str
    """``nesta terça-feira``."""
    price: str
    month: str
    """By which all is ready."""
    witness: str
    """Who says so."""

    def clause(self, tense: str = "perf") -> str:
        """Subject, verb and object."""
        return f"{self.subject} {conjugate(self.verb, tense)} {self.object}"


def new_event(random: Random) -> Event:
    """An event of one of the demo corpus's topics."""
    words, gender = LISTS[random.choice(tuple(LISTS))], random.choice("mf")
    role, day = agree(random.choice(words["gente"][:ROLES]), gender, "s"), random.choice(GENERAL["dia"])
    return Event(
        subject=f"{determiner('o', gender, 's')} {role}",
        verb=random.choice(words["vt"][:VERBS]),
        object=_thing(random.choice(words["coisa"][:THINGS])),
        city=f"{random.choice(STARTS)} {random.choice(ENDS)}",
        day=f"{determiner('neste', gender_of(day), 's')} {day}",
        price=f"{random.choice(GENERAL['número'])} mil reais",
        month=random.choice(GENERAL["mês"]),
        witness=random.choice(WITNESSES),
    )


def _thing(noun: str) -> str:
    """The noun of a list, with its article."""
    text, _, gender = noun.partition(":")
    return f"{determiner('o', gender or gender_of(text.split()[0]), 's')} {text}"


def sentence(text: str) -> str:
    """``text`` with a capital and a full stop."""
    return f"{text[0].upper()}{text[1:]}."
