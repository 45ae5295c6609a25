import math
import re
import unicodedata
from collections import Counter
from random import Random

import pytest

from stages.corpora.demo import _compiled, document, documents
from stages.corpora.demo_grammar import LISTS, VERB_CLASSES, Writer, compile_template
from stages.corpora.demo_inflection import agree, conjugate, gender_of, plural
from stages.corpora.parameters import DemoCorpus


@pytest.fixture(scope="module")
def corpus() -> list[str]:
    return list(documents(DemoCorpus(source="demo", documents=1200, seed=42)))


def test_a_document_depends_on_the_seed_and_its_number_alone(corpus: list[str]) -> None:
    assert list(documents(DemoCorpus(source="demo", documents=40, seed=42))) == corpus[:40]
    assert document(42, 7) == corpus[7] != document(43, 7)


def test_documents_are_of_the_size_and_shape_of_brwacs(corpus: list[str]) -> None:
    lengths = sorted(map(len, corpus))
    assert 600 < lengths[len(lengths) // 10] < lengths[len(lengths) // 2] < lengths[len(lengths) * 9 // 10] < 2500
    assert all("\n" not in text and "\r" not in text for text in corpus)
    lines = sorted(len(text.split(" <END> ")) for text in corpus)
    assert lines[len(lines) // 10] >= 5
    assert lines[len(lines) * 9 // 10] <= 20
    assert lengths[0] < 40, "some have hardly any text"


def test_its_words_are_many_and_its_documents_differ(corpus: list[str]) -> None:
    assert len(set(re.findall(r"[a-zà-ú-]+", " ".join(corpus).lower()))) > 4000
    copies = len(corpus) - len(set(corpus))
    assert 2 <= copies < 0.02 * len(corpus), "a few exact copies, as on the web"
    sentences = Counter(part for text in set(corpus) for part in re.split(r"(?<=[.!?]) | <END> ", text) if len(part) > 60)
    assert sum(count == 1 for count in sentences.values()) > 0.9 * len(sentences)


@pytest.mark.parametrize(
    "dirt",
    [
        r"https?://\S+",
        r"\S+@\S+",
        r"Leia mais",
        r"R\$ \d+,\d\d",
        "\u00a0",
        "\u200b",
        "\ufeff",
        "½",
        "™",
        "º",
        "“",
        "…",
        "😀",
        "\t",
        "  ",
        "[A-ZÀ-Ú ,.]{60}",
        r"\(20\) 3\d+",
        "CEP 00",
    ],
)
def test_it_has_the_dirt_of_web_pages(corpus: list[str], dirt: str) -> None:
    assert 1 <= sum(bool(re.search(dirt, text)) for text in corpus) < len(corpus) * 0.9


def test_some_accents_are_decomposed(corpus: list[str]) -> None:
    assert 0 < sum(unicodedata.normalize("NFC", text) != text for text in corpus) < len(corpus) / 2


def test_addresses_are_of_the_reserved_domain(corpus: list[str]) -> None:
    hosts = re.findall(r"(?:https?://|@)([\w.-]+)", " ".join(corpus))
    assert hosts
    assert {host.strip(".").rpartition(".")[2] for host in hosts} == {"example"}


def bits_per_character(train: str, held_out: str, order: int) -> float:
    """Held-out cross-entropy of a character model of ``order``, each order smoothed by the one below (Dirichlet, weight 2)."""
    counts = [Counter(train[i : i + n] for i in range(len(train) - n + 1)) for n in range(order + 1)]
    bits = 0.0
    for i in range(order, len(held_out)):
        probability = 1 / 200
        for n in range(order):
            context = held_out[i - n : i]
            seen = counts[n][context] if n else len(train)
            probability = (counts[n + 1][context + held_out[i]] + 2 * probability) / (seen + 2)
        bits -= math.log2(probability)
    return bits / (len(held_out) - order)


def test_it_can_be_learnt_the_better_the_more_context_a_model_has(corpus: list[str]) -> None:
    text = "\n\n".join(corpus)
    train, held_out = text[:500_000], text[1_200_000:1_215_000]
    unigram, bigram, trigram, fivegram = (bits_per_character(train, held_out, order) for order in (1, 2, 3, 5))
    assert math.log2(len(set(train))) - unigram > 1.5
    assert unigram - bigram > 0.7
    assert bigram - trigram > 0.4
    assert trigram - fivegram > 0.7
    assert fivegram > 0.5, "and cannot be known by heart"


def test_names_of_a_document_come_again_in_it_and_seldom_elsewhere(corpus: list[str]) -> None:
    name = re.compile(r"\b(?:Nova|Santa|Monte|Porto|Vila|Serra|Lagoa) [A-Z]\w+")
    cities = [Counter(name.findall(text)) for text in corpus]
    named = [counts for counts in cities if counts]
    top = [counts.most_common(1)[0] for counts in named]
    assert sum(count for _, count in top) / len(top) > 2.5
    everywhere = Counter(city for city, _ in top)
    assert everywhere.most_common(1)[0][1] < 0.06 * len(top)


def test_every_template_can_be_written_and_every_verb_conjugated() -> None:
    rules, plans = _compiled()
    for seed in range(8):
        writer = Writer(Random(seed), rules)
        for pieces in rules.values():
            for piece in pieces:
                text = piece(writer)
                assert text.strip()
                assert not re.search(r"[{}\[\]|_@]|  ", text), text
    assert plans
    verbs = {verb for lists in LISTS.values() for kind in VERB_CLASSES for verb in lists[kind]}
    tenses = ("pres", "perf", "imp", "fut", "cond", "subj", "part")
    assert all(conjugate(verb, tense, number) for verb in verbs for tense in tenses for number in "sp")


@pytest.mark.parametrize("template", ["a]", "[a|b", "[a|[b]"])
def test_a_template_whose_brackets_do_not_match_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="bracket"):
        compile_template(template)


@pytest.mark.parametrize(
    ("singular", "expected"),
    [("estação", "estações"), ("pão de queijo", "pães de queijo"), ("festa junina", "festas juninas"), ("túnel", "túneis"),
     ("papel", "papéis"), ("mês", "meses"), ("ônibus", "ônibus"), ("jardim", "jardins"), ("flor", "flores"), ("fácil", "fáceis")],
)  # fmt: skip
def test_plurals(singular: str, expected: str) -> None:
    assert plural(singular) == expected


def test_adjectives_agree_and_verbs_are_spelt_as_they_sound() -> None:
    assert [agree("escolar", "f", "p"), agree("trabalhador", "f", "s"), agree("alemão", "f", "s")] == ["escolares", "trabalhadora", "alemã"]
    assert [gender_of("licitação"), gender_of("viagem"), gender_of("feijão")] == ["f", "f", "m"]
    forms = {
        ("explicar", "subj"): "expliquem",
        ("corrigir", "subj"): "corrijam",
        ("incluir", "perf"): "incluíram",
        ("pôr", "imp"): "punham",
    }
    assert {key: conjugate(*key, "p") for key in forms} == forms
