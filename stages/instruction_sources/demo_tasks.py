"""The demo's three tasks: questions on a text, its summary, a sentence written otherwise. Every answer follows from the text by a rule."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from stages.corpora.demo_inflection import conjugate
from stages.instruction_sources.demo_events import Event, new_event, sentence

INFORMAL = {"está": "tá", "para": "pra", "hoje": "hj"}
"""Words of a message, by those of the written norm."""
SUMMARISING = ("Resuma o texto.", "Faça um resumo da notícia.", "Resuma em uma frase.")
DETAILS = ("O serviço custou {price}.", "Tudo fica pronto em {month}.")


class Example(NamedTuple):
    """An instruction with what it is about and what is expected."""

    instruction: str
    input: str
    output: str


def question(random: Random) -> Example:
    """A question on a text of two sentences; the answer stands in it."""
    event = new_event(random)
    asked, answer, detail = random.choice(_questions(event, random.choice(DETAILS)))
    text = f"{sentence(_report(random, event))} {detail.format(price=event.price, month=event.month)}"
    return Example(asked, text, answer)


def _questions(event: Event, detail: str) -> Sequence[tuple[str, str, str]]:
    """What can be asked, the answer, and the sentence beside the report."""
    verb = conjugate(event.verb, "perf")
    return (
        (f"Em que cidade {event.clause()}?", event.city, detail),
        (f"Em que dia {event.clause()}?", event.day.split()[-1], detail),
        (f"Quem {verb} {event.object} em {event.city}?", event.subject, detail),
        (f"O que {event.subject} {verb} em {event.city}?", event.object, detail),
        ("Quanto custou o serviço?", event.price, DETAILS[0]),
        ("Em que mês tudo fica pronto?", event.month, DETAILS[1]),
    )


def summary(random: Random) -> Example:
    """A text of two sentences, and who did what in which city: neither the day, nor who says so, nor the detail."""
    event = new_event(random)
    report, witness = _report(random, event), f"segundo {event.witness}"
    lead = random.choice((f"{report}, {witness}", f"{witness}, {report}", report))
    text = f"{sentence(lead)} {random.choice(DETAILS).format(price=event.price, month=event.month)}"
    return Example(random.choice(SUMMARISING), text, sentence(f"{event.clause()} em {event.city}"))


def rewriting(random: Random) -> Example:
    """A sentence, and the same one in the past, in another order, with another city or in the written norm."""
    return random.choice(REWRITINGS)(random, new_event(random))


def _past(random: Random, event: Event) -> Example:
    instruction = random.choice(("Reescreva no passado.", "Transforme em passado."))
    now, then = (sentence(f"{event.clause(tense)} em {event.city} {event.day}") for tense in ("pres", "perf"))
    return Example(instruction, now, then)


def _moved(random: Random, event: Event) -> Example:
    name, first, last = random.choice((("dia", event.day, f"em {event.city}"), ("lugar", f"em {event.city}", event.day)))
    instruction = random.choice(("Reescreva começando pelo {}.", "Reformule com o {} no início.")).format(name)
    return Example(instruction, sentence(f"{event.clause()} {last} {first}"), sentence(f"{first}, {event.clause()} {last}"))


def _elsewhere(random: Random, event: Event) -> Example:
    other = next(city for city in iter(lambda: new_event(random).city, "") if city != event.city)
    instruction = random.choice(("Reescreva com {} no lugar de {}.", "Corrija a cidade: é {}, não {}."))
    text = sentence(f"{event.clause()} em {event.city} {event.day}")
    return Example(instruction.format(other, event.city), text, text.replace(event.city, other))


def _formal(random: Random, event: Event) -> Example:
    instruction = random.choice(("Corrija a frase.", "Reescreva sem abreviações."))
    text = f"hoje {event.subject} está em {event.city} para {event.verb} {event.object} por {event.price}"
    informal = " ".join(INFORMAL.get(word, word) for word in text.split())
    return Example(instruction, sentence(informal), sentence(text))


REWRITINGS: tuple[Callable[[Random, Event], Example], ...] = (_past, _moved, _elsewhere, _formal)
TASKS: tuple[Callable[[Random], Example], ...] = (question, summary, rewriting)


def _report(random: Random, event: Event) -> str:
    """One sentence with who, what, where and when, in one of three orders."""
    city, day = f"em {event.city}", event.day
    return random.choice((f"{event.clause()} {city} {day}", f"{day}, {event.clause()} {city}", f"{city}, {event.clause()} {day}"))
