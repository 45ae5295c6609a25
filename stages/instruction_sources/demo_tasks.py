"""The demo's three tasks: questions on a text, its summary, a sentence written otherwise. Every answer follows from the text by a rule."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from stages.corpora.demo_grammar import Writer
from stages.corpora.demo_inflection import conjugate
from stages.instruction_sources.demo_events import Detail, Event, new_detail, new_event, sentence, written

INFORMAL = {"está": "tá", "estão": "tão", "para": "pra", "hoje": "hj"}
"""Words of a message, by those of the written norm."""
ASKING = ("{}", "Leia o texto e responda: {}", "Responda com base no texto. {}")
DETAILS = {"price": "Que valor o texto cita?", "month": "Que mês o texto cita?"}
SUMMARISING = ("Resuma o texto em uma frase.", "Faça um resumo curto da notícia.", "Sintetize o texto: o que aconteceu e em que cidade.")


class Example(NamedTuple):
    """An instruction with what it is about and what is expected."""

    instruction: str
    input: str
    output: str


def question(writer: Writer) -> Example:
    """A question on a text of two sentences; the answer stands in it."""
    event = new_event(writer)
    detail = new_detail(writer, writer.random.choice(("price", "month", "crowd", "crowd")))
    asked, answer = writer.random.choice(_questions(event, detail))
    instruction = writer.random.choice(ASKING).format(asked)
    return Example(instruction, f"{sentence(_report(writer, event))} {sentence(detail.text)}", answer)


def _questions(event: Event, detail: Detail) -> Sequence[tuple[str, str]]:
    """What can be asked, with the answers: about the detail where it tells something, else about the event."""
    if detail.kind in DETAILS:
        return ((DETAILS[detail.kind], detail.value),)
    clause, weekday = event.clause(), event.day.split()[-1]
    return (
        (f"Em que cidade {clause}?", event.city),
        (f"Em que dia {clause}?", weekday),
        (f"Quem {conjugate(event.verb, 'perf')} {event.object} em {event.city}?", event.subject),
        (f"O que {event.subject} {conjugate(event.verb, 'perf', event.number)} em {event.city}?", event.object),
    )


def summary(writer: Writer) -> Example:
    """A text of three sentences, and who did what in which city: neither the day, nor who says so, nor the details."""
    event = new_event(writer)
    report = _report(writer, event)
    first, second = (new_detail(writer, kind).text for kind in writer.random.sample(("price", "month", "crowd"), 2))
    source = written(writer, "segundo {p2o} {p2papel} {p2n}")
    lead = writer.random.choice((f"{report}, {source}", f"{source}, {report[0].lower()}{report[1:]}", report))
    text = f"{sentence(lead)} {sentence(first)} {sentence(second)}"
    return Example(writer.random.choice(SUMMARISING), text, sentence(f"{event.clause()} em {event.city}"))


def rewriting(writer: Writer) -> Example:
    """A sentence, and the same one in the past, in another order, with another city or in the written norm."""
    return writer.random.choice(REWRITINGS)(writer, new_event(writer))


def _past(writer: Writer, event: Event) -> Example:
    instruction = writer.random.choice(("Reescreva a frase no passado.", "Transforme a frase: o que acontece já aconteceu."))
    now, then = (sentence(f"{event.clause(tense)} em {event.city}") for tense in ("pres", "perf"))
    return Example(instruction, now, then)


def _moved(writer: Writer, event: Event) -> Example:
    name, first, last = writer.random.choice((("dia", event.day, f"em {event.city}"), ("lugar", f"em {event.city}", event.day)))
    instruction = writer.random.choice(("Reescreva a frase começando pelo {}.", "Reformule a frase com o {} no início.")).format(name)
    return Example(instruction, sentence(f"{event.clause()} {last} {first}"), sentence(f"{first}, {event.clause()} {last}"))


def _elsewhere(writer: Writer, event: Event) -> Example:
    other = written(writer, "{cidade2}")
    instruction = writer.random.choice(("Reescreva a frase com {} no lugar de {}.", "Corrija a cidade: é {}, e não {}."))
    text = sentence(f"{event.clause()} em {event.city} {event.day}")
    return Example(instruction.format(other, event.city), text, text.replace(event.city, other))


def _formal(writer: Writer, event: Event) -> Example:
    instruction = writer.random.choice(("Corrija a frase para a norma escrita.", "Reescreva a mensagem sem abreviações."))
    verb = f"{conjugate('estar', 'pres', event.number)} {conjugate(event.verb, 'ger')}"
    text = f"hoje {event.subject} {verb} {event.object} para {event.city}"
    informal = " ".join(INFORMAL.get(word, word) for word in text.split())
    return Example(instruction, sentence(informal), sentence(text))


REWRITINGS: tuple[Callable[[Writer, Event], Example], ...] = (_past, _moved, _elsewhere, _formal)
TASKS: tuple[Callable[[Writer], Example], ...] = (question, summary, rewriting)


def _report(writer: Writer, event: Event) -> str:
    """One sentence with all of the event's parts, in one of three orders."""
    city, day = f"em {event.city}", event.day
    return writer.random.choice((f"{event.clause()} {city} {day}", f"{day}, {event.clause()} {city}", f"{city}, {event.clause()} {day}"))
