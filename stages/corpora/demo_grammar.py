"""The demo corpus's grammar: templates with slots become Portuguese sentences that agree in gender, number and person.

A template is text with alternatives ``[a|b]`` and slots in braces:

- ``{o coisa}``, ``{dos lugar?}``, ``{um @c1+}``: determiner (``-``, ``--``: none; ``**``: none, of a subject) and noun of a
  class, with an adjective always (``+``) or at times (``?``); ``@c1`` is the document's first noun of the class that begins so,
  the same wherever it stands;
- ``{v vt perf}``: a verb of a class, or that very one, in the number of the subject; ``{i vt}``: its imperative; ``{~ adj}``: an
  adjective, or the participle of a verb, that agrees with the subject;
- ``{n 2 9}``: a number; ``{name}``: a fact of the document (a person, a city), a word of a list, or one of the rules ``name``.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from random import Random

from stages.corpora import demo_words as words
from stages.corpora.demo_inflection import agree, conjugate, determiner, gender_of, plural
from stages.corpora.demo_topics import TOPICS

Piece = Callable[["Writer"], str]
Noun = tuple[str, str]

SINGULAR = {"os": "o", "uns": "um", "dos": "do", "nos": "no", "aos": "ao", "pelos": "pelo", "estes": "este", "esses": "esse"}
SINGULAR |= {"seus": "seu", "nossos": "nosso", "outros": "outro", "muitos": "muito", "todos": "todo", "duns": "dum", "nuns": "num"}
SINGULAR |= {"nestes": "neste", "destes": "deste", "meus": "meu", "--": "-", "**": "*"}
NO_SUBJECT = ("do", "no", "ao", "pelo", "dum", "num", "deste", "neste", "-")
REMEMBERED = {"c": "coisa", "a": "ação", "l": "lugar", "g": "gente", "i": "ingrediente", "d": "prato", "t": "atração", "x": "produto"}
REMEMBERED |= {"m": "matéria", "f": "festa", "e": "parte", "o": "órgão", "b": "abstrato", "u": "utensílio"}
ADJECTIVES = {"prato": "adj_prato", "atração": "adj_lugar", "produto": "adj_produto", "matéria": "adj_matéria", "parte": "adj_produto"}
ADJECTIVES |= {"abstrato": "adj_geral", "gente_geral": "adj_geral", "festa": "adj_geral", "ingrediente": "adj_prato"}
FOCUS_SIZE, FOCUS_SHARE = 8, 0.7  # a document returns to a few words of each class
ADJECTIVE_SHARE = 0.35


def split(text: str) -> tuple[str, ...]:
    return tuple(text.replace("\n", " ").split(", "))


GENERAL = {name: split(text) for name, text in {**words.GENERAL, **words.VERBS, **words.ADVERBS}.items()}
LISTS = {topic: GENERAL | {name: split(text) for name, text in classes.items()} for topic, classes in TOPICS.items()}
VERB_CLASSES = {"vt", "vt_cozinha", *words.VERBS}
WOMEN, MEN = split(words.WOMEN), split(words.MEN)
SURNAMES = [start + end for end in split(words.SURNAME_ENDS) for start in split(words.SURNAME_STARTS)]
CITIES = [f"{start} {end}" for end in split(words.PLACE_ENDS) for start in split(words.PLACE_STARTS)]
NAMED = {"bairro": split(words.DISTRICTS), "rua": split(words.STREETS), "estado": split(words.STATES)}
NAMED |= {"time": split(words.CLUBS), "marca": split(words.BRANDS), "cidade": tuple(CITIES), "mulher": WOMEN}


class Writer:
    """Writes one document: what was named stays what it is called, and the words of its topic come again."""

    def __init__(self, random: Random, rules: Mapping[str, Sequence[Piece]]) -> None:
        self.random, self.rules = random, rules
        self.topic = self.zipf(tuple(TOPICS))
        self.lists = LISTS[self.topic]
        self.gender, self.number = "m", "s"  # of the subject
        self.facts = {"tema": words.THEMES[self.topic], "ano": str(random.randint(1995, 2016))}
        self._focus: dict[str, Sequence[str]] = {}
        self._nouns: dict[str, Noun] = {}

    def zipf(self, items: Sequence[str]) -> str:
        """One of ``items``, the earlier the likelier: about rank to the power of -0.4."""
        return items[int(len(items) * self.random.random() ** 1.7)]

    def word(self, kind: str) -> str:
        """A word of a class, often one that the document has used."""
        if self.random.random() > FOCUS_SHARE:
            return self.zipf(self.lists[kind])
        if kind not in self._focus:
            self._focus[kind] = [self.zipf(self.lists[kind]) for _ in range(FOCUS_SIZE)]
        return self.zipf(self._focus[kind])

    def noun(self, kind: str) -> Noun:
        """A noun and its gender; a role may be a woman's or a man's."""
        if kind.startswith("@"):
            return self._remembered(kind)
        text, _, gender = self.word(kind).partition(":")
        if kind == "gente":
            gender = self.random.choice("fm")
            return agree(text, gender, "s"), gender
        return text, gender or gender_of(text.split()[0])

    def _remembered(self, name: str) -> Noun:
        if name not in self._nouns:
            taken = set(self._nouns.values())
            draws = [self.noun(REMEMBERED[name[1]]) for _ in range(6)]
            self._nouns[name] = next((noun for noun in draws if noun not in taken), draws[0])
        return self._nouns[name]

    def fact(self, name: str) -> str:
        """What the document calls a person (``p1``; ``p1n`` first name, ``p1s`` surname, ``p1o`` article …) or place (``cidade2``)."""
        if name not in self.facts:
            if name[0] == "p" and name[1].isdigit():
                self._meet(name[:2])
            else:
                self._place(name)
        if name[0] == "p" and name[1:2].isdigit():
            self.gender, self.number = self.facts[name[:2] + "g"], "s"
        return self.facts[name]

    def _place(self, name: str) -> None:
        """Name a place, club or brand as none of the document is named yet."""
        draws = [self.zipf(NAMED[name.rstrip("0123456789")]) for _ in range(6)]
        self.facts[name] = next((draw for draw in draws if draw not in self.facts.values()), draws[0])

    def _meet(self, person: str) -> None:
        gender = self.random.choice("fm")
        first, last = self.zipf(WOMEN if gender == "f" else MEN), self.zipf(SURNAMES)
        role = agree(self.zipf(self.lists["gente"]), gender, "s")
        forms = {"": f"{first} {last}", "n": first, "s": last, "g": gender, "papel": role, "ele": "ela" if gender == "f" else "ele"}
        forms |= {word: determiner(word, gender, "s") for word in ("o", "do", "ao", "pelo", "seu")}
        self.facts |= {person + form: text for form, text in forms.items()}


def is_fact(name: str) -> bool:
    return bool(re.fullmatch(r"p\d(n|s|papel|ele|o|do|ao|pelo|seu)?|tema|ano", name)) or name.rstrip("0123456789") in NAMED


def compile_template(template: str) -> Piece:
    """A function that writes the template anew at each call; ``ValueError`` where brackets do not match."""
    tokens = re.findall(r"\{[^}]*\}|[\[\]|]|[^{}\[\]|]+", template)
    piece, rest = _sequence(tokens)
    if rest:
        raise ValueError(f"unbalanced brackets: {template}")
    return piece


def _sequence(tokens: list[str]) -> tuple[Piece, list[str]]:
    """The piece that ``tokens`` begin with, up to ``|`` or ``]``, and the tokens after it."""
    pieces: list[Piece] = []
    while tokens and tokens[0] not in ("|", "]"):
        token, tokens = tokens[0], tokens[1:]
        if token == "[":
            choices = []
            while True:
                choice, tokens = _sequence(tokens)
                choices.append(choice)
                if not tokens:
                    raise ValueError("a bracket is not closed")
                mark, tokens = tokens[0], tokens[1:]
                if mark == "]":
                    break
            pieces.append(_either(choices))
        else:
            pieces.append(_slot(token[1:-1]) if token[0] == "{" else _literal(token))
    return (pieces[0] if len(pieces) == 1 else lambda writer: "".join([piece(writer) for piece in pieces])), tokens


def _literal(text: str) -> Piece:
    return lambda writer: text


def _either(choices: Sequence[Piece]) -> Piece:
    return lambda writer: writer.random.choice(choices)(writer)


def _slot(slot: str) -> Piece:
    head, *rest = slot.split()
    if head == "v":
        return _verb(rest[0], rest[1])
    if head == "i":
        return lambda writer: conjugate(writer.word(rest[0]), "subj")
    if head == "~":
        return _adjective(rest[0])
    if head == "n":
        low, high = map(int, rest)
        return lambda writer: str(writer.random.randint(low, high))
    if rest:
        return _noun_phrase(SINGULAR.get(head, head), "p" if head in SINGULAR else "s", rest[0])
    if is_fact(head):
        return lambda writer: writer.fact(head)
    if head in GENERAL:
        return lambda writer: writer.word(head)
    return lambda writer: writer.random.choice(writer.rules[head])(writer)


def _verb(verb: str, tense: str) -> Piece:
    if verb in VERB_CLASSES:
        return lambda writer: conjugate(writer.word(verb), tense, writer.number)
    return lambda writer: conjugate(verb, tense, writer.number)


def _adjective(adjective: str) -> Piece:
    def write(writer: Writer) -> str:
        word = writer.word(adjective) if adjective in writer.lists else adjective
        return agree(conjugate(word, "part") if adjective in VERB_CLASSES else word, writer.gender, writer.number)

    return write


def _noun_phrase(before: str, number: str, kind: str) -> Piece:
    mark = kind[-1] if kind[-1] in "+?" else ""
    kind = kind.rstrip("+?")
    adjectives = ADJECTIVES.get(REMEMBERED[kind[1]] if kind.startswith("@") else kind, "adj")

    def write(writer: Writer) -> str:
        noun, gender = writer.noun(kind)
        if before not in NO_SUBJECT:
            writer.gender, writer.number = gender, number
        text = plural(noun) if number == "p" else noun
        if mark == "+" or (mark and writer.random.random() < ADJECTIVE_SHARE):
            text += " " + agree(writer.word(adjectives), gender, number)
        return f"{_determiner(before, gender, number)}{text}"

    return write


@cache
def _determiner(word: str, gender: str, number: str) -> str:
    text = determiner(word, gender, number)
    return text + " " if text else ""
