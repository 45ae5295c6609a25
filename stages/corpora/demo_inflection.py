"""Portuguese word forms for the demo corpus: gender and number of nouns and adjectives, verbs, contractions.

Rules of the written language with its frequent exceptions (Cunha and Cintra, *Nova gramática do português contemporâneo*); they
need to be right for the words of our lexicon only.
"""

import re
from functools import cache

PLURALS = {
    "mão": "mãos",
    "irmão": "irmãos",
    "cidadão": "cidadãos",
    "órgão": "órgãos",
    "grão": "grãos",
    "pão": "pães",
    "país": "países",
    "juiz": "juízes",
}
PLURALS |= {"alemão": "alemães", "capitão": "capitães", "artesão": "artesãos", "gás": "gases", "mês": "meses", "vez": "vezes"}
FEMININES = {"bom": "boa", "mau": "má", "alemão": "alemã", "espanhol": "espanhola", "europeu": "europeia", "cru": "crua", "juiz": "juíza"}
SAME_IN_BOTH = ("maior", "menor", "melhor", "pior", "superior", "inferior", "anterior", "posterior", "interior", "exterior")
FEMININE_ENDINGS = ("a", "ção", "são", "gem", "dade", "tude", "ice", "xão", "ã")


def gender_of(noun: str) -> str:
    """``m`` or ``f``, from the ending."""
    return "f" if noun.endswith(FEMININE_ENDINGS) else "m"


PREPOSITION = re.compile(r"(.+?)( d[eoa]s? |$)(.*)")


@cache
def plural(word: str) -> str:
    """Plural of a noun or adjective; a phrase inflects up to its first preposition (``posto de saúde``, ``festa junina``)."""
    if " " in word:
        head, preposition, tail = PREPOSITION.match(word).groups()  # type: ignore[union-attr]  # matches any text
        return " ".join(map(plural, head.split())) + preposition + tail
    if word in PLURALS:
        return PLURALS[word]
    if word.endswith("ão"):
        return word[:-2] + "ões"
    if word.endswith("m"):
        return word[:-1] + "ns"
    if word.endswith("l"):
        return _plural_of_l(word)
    if word.endswith(("r", "z")):
        return word + "es"
    if word.endswith("ês"):
        return word[:-2] + "eses"
    return word if word.endswith(("s", "x")) else word + "s"


def _plural_of_l(word: str) -> str:
    stressed_before = any(letter in "áéíóúâêô" for letter in word)
    if word.endswith("il"):
        return word[:-2] + ("eis" if stressed_before else "is")
    if word.endswith(("el", "ol")):
        accented = {"e": "é", "o": "ó"}[word[-2]]
        return word[:-2] + (word[-2] if stressed_before else accented) + "is"
    return word[:-1] + "is"


@cache
def agree(adjective: str, gender: str, number: str) -> str:
    """The adjective or participle (given as masculine singular) for ``gender`` m/f and ``number`` s/p."""
    form = _feminine(adjective) if gender == "f" else adjective
    return plural(form) if number == "p" else form


def _feminine(adjective: str) -> str:
    if adjective in FEMININES:
        return FEMININES[adjective]
    if adjective.endswith("o"):
        return adjective[:-2] + "ã" if adjective.endswith("ão") else adjective[:-1] + "a"
    if adjective.endswith("or") and adjective not in SAME_IN_BOTH:
        return adjective + "a"
    return adjective[:-2] + "esa" if adjective.endswith("ês") else adjective


DETERMINERS = {  # masculine singular, feminine singular, masculine plural, feminine plural
    "o": ("o", "a", "os", "as"),
    "um": ("um", "uma", "alguns", "algumas"),
    "do": ("do", "da", "dos", "das"),
    "no": ("no", "na", "nos", "nas"),
    "ao": ("ao", "à", "aos", "às"),
    "pelo": ("pelo", "pela", "pelos", "pelas"),
    "dum": ("de um", "de uma", "de alguns", "de algumas"),
    "num": ("em um", "em uma", "em alguns", "em algumas"),
    "este": ("este", "esta", "estes", "estas"),
    "esse": ("esse", "essa", "esses", "essas"),
    "deste": ("deste", "desta", "destes", "destas"),
    "neste": ("neste", "nesta", "nestes", "nestas"),
    "seu": ("seu", "sua", "seus", "suas"),
    "nosso": ("nosso", "nossa", "nossos", "nossas"),
    "outro": ("outro", "outra", "outros", "outras"),
    "todo": ("todo o", "toda a", "todos os", "todas as"),
    "muito": ("muito", "muita", "muitos", "muitas"),
    "cada": ("cada", "cada", "todos os", "todas as"),
    "nenhum": ("nenhum", "nenhuma", "nenhuns", "nenhumas"),
    "meu": ("meu", "minha", "meus", "minhas"),
    "-": ("", "", "", ""),
    "*": ("", "", "", ""),
}


def determiner(word: str, gender: str, number: str) -> str:
    """The determiner (given as masculine singular) for ``gender`` and ``number``; empty for ``-`` and ``*``."""
    return DETERMINERS[word][(gender == "f") + 2 * (number == "p")]


ENDINGS = {  # third person, singular and plural; the future and the conditional are put to the infinitive
    ("ar", "pres"): ("a", "am"),
    ("ar", "perf"): ("ou", "aram"),
    ("ar", "imp"): ("ava", "avam"),
    ("ar", "subj"): ("e", "em"),
    ("er", "pres"): ("e", "em"),
    ("er", "perf"): ("eu", "eram"),
    ("er", "imp"): ("ia", "iam"),
    ("er", "subj"): ("a", "am"),
    ("ir", "pres"): ("e", "em"),
    ("ir", "perf"): ("iu", "iram"),
    ("ir", "imp"): ("ia", "iam"),
    ("ir", "subj"): ("a", "am"),
    ("uir", "pres"): ("ui", "uem"),
    ("uir", "perf"): ("uiu", "uíram"),
    ("uir", "imp"): ("uía", "uíam"),
    ("uir", "subj"): ("ua", "uam"),
}
SPELLING = {  # last letters of a stem before the other kind of vowel: "explicar", "explique"
    "ar": {"c": "qu", "g": "gu", "ç": "c"},
    "er": {"c": "ç", "g": "j"},
    "ir": {"gu": "g", "g": "j", "c": "ç"},
    "uir": {},
}
IRREGULAR = """
ser pres é são perf foi foram imp era eram subj seja sejam
estar perf esteve estiveram pres está estão subj esteja estejam
ter pres tem têm perf teve tiveram imp tinha tinham subj tenha tenham
manter pres mantém mantêm perf manteve mantiveram imp mantinha mantinham subj mantenha mantenham
obter pres obtém obtêm perf obteve obtiveram imp obtinha obtinham subj obtenha obtenham
ir pres vai vão perf foi foram imp ia iam subj vá vão
fazer pres faz fazem perf fez fizeram fut fará farão cond faria fariam subj faça façam part feito feito
dizer pres diz dizem perf disse disseram fut dirá dirão cond diria diriam subj diga digam part dito dito
trazer pres traz trazem perf trouxe trouxeram fut trará trarão cond traria trariam subj traga tragam
poder perf pôde puderam subj possa possam
querer pres quer querem perf quis quiseram subj queira queiram
ver pres vê veem perf viu viram subj veja vejam part visto visto
prever pres prevê preveem perf previu previram subj preveja prevejam part previsto previsto
dar pres dá dão perf deu deram subj dê deem
vir pres vem vêm perf veio vieram imp vinha vinham subj venha venham part vindo vindo
pôr pres põe põem perf pôs puseram imp punha punham fut porá porão cond poria poriam subj ponha ponham part posto posto ger pondo pondo
pedir subj peça peçam
perder subj perca percam
cair pres cai caem perf caiu caíram imp caía caíam subj caia caiam part caído caído
sair pres sai saem perf saiu saíram imp saía saíam subj saia saiam part saído saído
atrair pres atrai atraem perf atraiu atraíram imp atraía atraíam subj atraia atraiam part atraído atraído
subir pres sobe sobem
seguir subj siga sigam
conseguir subj consiga consigam
servir subj sirva sirvam
preferir subj prefira prefiram
sugerir subj sugira sugiram
descobrir subj descubra descubram part descoberto descoberto
cobrir subj cubra cubram part coberto coberto
repetir subj repita repitam
construir pres constrói constroem
destruir pres destrói destroem
reduzir pres reduz reduzem
produzir pres produz produzem
passear pres passeia passeiam subj passeie passeiem
sortear pres sorteia sorteiam subj sorteie sorteiem
abrir part aberto aberto
escrever part escrito escrito
descrever part descrito descrito
entregar part entregue entregue
suspender part suspenso suspenso
ganhar part ganho ganho
pagar part pago pago
"""
EXCEPTIONS = {
    (verb, tense): (one, many)
    for verb, *forms in map(str.split, IRREGULAR.strip().splitlines())
    for tense, one, many in zip(forms[::3], forms[1::3], forms[2::3], strict=True)
}


@cache
def conjugate(verb: str, tense: str, number: str = "s") -> str:
    """Third person of ``verb`` (pres, perf, imp, fut, cond, subj), or its infinitive (inf), gerund (ger), participle (part)."""
    many, ending = number == "p", "uir" if verb.endswith("uir") and not verb.endswith("guir") else verb[-2:]
    stem = verb.removesuffix(ending)
    if (verb, tense) in EXCEPTIONS:
        return EXCEPTIONS[verb, tense][many]
    if tense in ("inf", "ger", "part"):
        return {"inf": verb, "ger": verb[:-1] + "ndo", "part": stem + {"ar": "ado", "uir": "uído"}.get(ending, "ido")}[tense]
    if tense in ("fut", "cond"):
        return verb + {"fut": ("á", "ão"), "cond": ("ia", "iam")}[tense][many]
    if tense == "subj":
        changed = next((last for last in SPELLING[ending] if stem.endswith(last)), "")
        stem = stem.removesuffix(changed) + SPELLING[ending].get(changed, "")
    return stem + ENDINGS[ending, tense][many]
