"""The demo corpus: pages of a made-up Brazilian web, in words of our own, so that a campaign needs no data and no network.

A document has a kind, a topic, people and places that come again, and the dirt of real pages. It depends on the seed and its
own number alone. Like BrWaC's, its lines are parted by the literal marker ``<END>``. Nobody and no place in it is meant.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from random import Random

from stages.corpora import Source
from stages.corpora.demo_dirt import junk, soil
from stages.corpora.demo_grammar import Piece, Writer, compile_template
from stages.corpora.demo_pages import PAGES
from stages.corpora.demo_phrases import RULES
from stages.corpora.demo_press import PRESS
from stages.corpora.parameters import DemoCorpus

LICENCE = "Apache-2.0"
MARKER = " <END> "
DUPLICATE_SHARE = 0.006
JUNK_SHARE = 0.015
SENTENCE_START = re.compile(r"(?:^|(?<=[.!?] ))\"?[a-záâãàçéêíóôõú]")

# Kinds of page, the frequent first: sections in order, each with how many lines it has and how many sentences a line.
PLANS = {
    "notícia": "n_título 1 1, n_lide 1 1-2, n_corpo+comum 3-7 1-3, n_fecho 0-1 1",
    "opinião": "o_título 1 1, o_início 1 1-3, o_corpo+comum 4-8 2-3, o_fim 1 1-2",
    "turismo": "t_título 1 1, t_início 1 2-3, t_corpo 4-8 1-3, t_fim 1-2 1",
    "fórum": "f_título 1 1, f_pergunta 1 2-3, f_resposta+comum 4-9 1-2, f_fim 0-2 1",
    "receita": "r_título 1 1, r_início 1-2 1-2, r_ingredientes 4-8 1, r_preparo 4-8 1-2, r_fim 1-2 1",
    "produto": "p_título 1 1, p_início 1 2-3, p_corpo 3-6 1-3, p_ficha 1-4 1, p_fim 1 1",
    "futebol": "j_título 1 1, j_início 1 1-2, j_corpo 4-8 2-3, j_fim 1 1-2",
    "escola": "e_título 1 1, e_início 1 2-3, e_corpo 3-7 2-3, e_perguntas 1-3 1",
    "aviso": "a_título 1 1, a_início 1 1, a_artigos 4-9 1-2, a_fim 1 1",
    "agenda": "g_título 1 1, g_início 1 1-2, g_corpo+comum 3-6 1-2, g_fim 1-2 1",
    "tempo": "w_título 1 1, w_início 1 1-2, w_corpo 3-6 1-3, w_fim 1 1",
}

Section = tuple[tuple[Piece, ...], tuple[int, int], tuple[int, int]]


def source(corpus: DemoCorpus) -> Source:
    """The documents that ``corpus`` asks for."""
    return Source(documents(corpus), LICENCE, corpus.model_dump())


def documents(corpus: DemoCorpus) -> Iterator[str]:
    """The documents in order, some of them exact copies of earlier ones."""
    for number in range(corpus.documents):
        yield document(corpus.seed, _original(corpus.seed, number))


def _original(seed: int, number: int) -> int:
    """Number of the document that ``number`` is a copy of: nearly always its own."""
    random = Random(f"copy {seed} {number}")
    return random.randrange(number) if number and random.random() < DUPLICATE_SHARE else number


def document(seed: int, number: int) -> str:
    """One document, before any copying."""
    random = Random(f"{seed} {number}")
    if random.random() < JUNK_SHARE:
        return MARKER.join(junk(random))
    rules, plans = _compiled()
    writer = Writer(random, rules)
    plan = plans[writer.zipf(tuple(plans))]
    lines = [line for section in plan for line in _lines(writer, section)]
    return MARKER.join(soil(random, lines, writer.topic))


def _lines(writer: Writer, section: Section) -> Iterator[str]:
    """Lines of a section; no template comes twice, so that there may be fewer than asked for."""
    pieces, num_lines, num_sentences = section
    waiting = writer.random.sample(pieces, len(pieces))
    for _ in range(writer.random.randint(*num_lines)):
        num = writer.random.randint(*num_sentences)
        line, waiting = waiting[:num], waiting[num:]
        if line:
            yield SENTENCE_START.sub(lambda match: match[0].upper(), " ".join(piece(writer) for piece in line))


@cache
def _compiled() -> tuple[Mapping[str, Sequence[Piece]], Mapping[str, Sequence[Section]]]:
    """The rules and the sections of each plan, from their templates."""
    rules = {name: tuple(map(compile_template, text.strip().split("\n"))) for name, text in {**RULES, **PRESS, **PAGES}.items()}
    plans = {}
    for name, plan in PLANS.items():
        steps = [step.split() for step in plan.split(", ")]
        plans[name] = [
            (tuple(piece for part in names.split("+") for piece in rules[part]), _span(lines), _span(sentences))
            for names, lines, sentences in steps
        ]
    return rules, plans


def _span(text: str) -> tuple[int, int]:
    """``3-7`` as (3, 7), ``1`` as (1, 1)."""
    low, _, high = text.partition("-")
    return int(low), int(high or low)
