"""The dirt of web pages, in the demo corpus's documents: menus, links, stray characters. Addresses end in .example, a reserved name."""

import unicodedata
from random import Random

MENUS = (
    "HOME | NOTÍCIAS | SERVIÇOS | CONTATO",
    "INÍCIO » ARQUIVO » {TOPIC}",
    "PUBLICIDADE",
    "MAIS LIDAS DA SEMANA",
    "COMPARTILHE ESTA PÁGINA NAS REDES SOCIAIS",
    "TODOS OS DIREITOS RESERVADOS",
    "CLASSIFICADOS: IMÓVEIS, VEÍCULOS, EMPREGOS",
)
SHORT = (
    "Leia mais",
    "Voltar ao topo",
    "Comentários (12)",
    "Imprimir",
    "Enviar por e-mail",
    "Próximo",
    "Clique aqui",
    "Curtir 35",
    "Foto: Divulgação",
    "Tags: {topic}, notícias",
    "Deixe um comentário",
    "Copyright © 2014",
    "0 respostas",
    "[...]",
    "****",
)
LINKS = (
    "Veja em http://www.{topic}-hoje.example/noticias/{number}.html a lista completa com todos os detalhes.",
    "Fonte: https://portal.{topic}.example/?id={number}&pagina=2",
    "Fale com a redação: contato{number}@{topic}.example ou pelo formulário desta página.",
    "Dúvidas: atendimento@loja-{topic}.example (respondemos em até 48 horas, de segunda a sexta-feira)",
    "Baixe o arquivo em http://arquivos.{topic}.example/{number}/edital.pdf e preencha a ficha de inscrição.",
    "Publicado em 12/08/2013 às 14h35 - Atualizado às 18:02 - Tel. (20) 3{number} / Fax (20) 3{number}",
)
ODD_ENDINGS = (" ½", "™", " 😀", " ►", " ☺", "®", " \u200b", "\ufeff", " nº 1", " ﬁm", " ²", "…", " →")
LINE_SHARE = {"menu": 0.30, "short": 0.45, "link": 0.30, "shout": 0.12}  # of documents that hold such a line
CHARACTER_SHARE = 0.02  # of lines, for each of eight ways to soil one


def soil(random: Random, lines: list[str], topic: str) -> list[str]:
    """The lines of a document with others put between them and some of their characters changed."""
    lines = [_soiled(random, line) for line in lines]
    if random.random() < LINE_SHARE["shout"]:
        row = random.randrange(len(lines))
        lines[row] = lines[row].upper()
    for kind, choices in (("menu", MENUS), ("short", SHORT), ("link", LINKS)):
        while random.random() < LINE_SHARE[kind]:
            lines.insert(random.randint(0, len(lines)), _filled(random, random.choice(choices), topic))
    return lines


def junk(random: Random) -> list[str]:
    """A page with hardly any text: a few menus and links, or one short line."""
    if random.random() < 0.5:
        return [_filled(random, random.choice(SHORT), "arquivo")]
    return [_filled(random, random.choice(MENUS + SHORT + LINKS), "arquivo") for _ in range(random.randint(3, 14))]


def _filled(random: Random, text: str, topic: str) -> str:
    name = unicodedata.normalize("NFKD", topic).encode("ascii", "ignore").decode()
    return text.format(topic=name, TOPIC=topic.upper(), number=random.randint(100, 999))


def _soiled(random: Random, line: str) -> str:
    """The line, at times with one of a page's usual oddities."""
    if random.random() > 8 * CHARACTER_SHARE:
        return line
    way = random.randrange(8)
    if way == 0:
        return line.replace(" ", "\u00a0", 3)
    if way == 1:
        return line.replace(" ", "  ", random.randint(1, 4))
    if way == 2:
        return "\t" + line.replace(", ", ",\t", 1)
    if way == 3:
        return unicodedata.normalize("NFD", line)
    if way == 4:
        return line.replace(' "', " “").replace('"', "”").replace("'", "’")
    if way == 5:
        return line.replace(", ", " – ", 1).replace(".", "...", 1)
    if way == 6:
        return line.replace("nº", "n°").replace("e", "e\u200b", 1)
    return line + random.choice(ODD_ENDINGS)
