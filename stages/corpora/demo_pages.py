"""What other pages of the demo corpus say: forums (f), recipes (r), products (p), schoolwork (e), public notices (a).

A section's sentences by its name, in the language of :mod:`stages.corpora.demo_grammar`, one a line.
"""

PAGES: dict[str, str] = {
    "f_título": """
[dúvida|ajuda] com {o @c1}
como {v vt inf} {o @c1}?
alguém já teve problema com {o @c1}?
""",
    "f_pergunta": """
[oi, pessoal!|olá a todos,|bom dia, gente,] alguém sabe como {v vt inf} {um coisa} {~ adj}?
eu tentei {v vt inf} {o @c1} {quando}, mas {o @c2} {v ficar perf} {~ adj} e não sei mais o que fazer.
moro em {cidade} e não encontro {um gente} que {v vt subj} {o @c1} {modo}.
já li os outros tópicos, mas ninguém explica se {o @c2} {v dever pres} {v ser inf} {~ vt} antes {do @c1}.
""",
    "f_resposta": """
{p1n} escreveu: comigo aconteceu a mesma coisa, e o problema era {o @c2}. tente {v vt inf} {o coisa} antes.
{p2n} respondeu: {p1n}, você já tentou {v vt inf} {o @c1} {modo}? aqui funcionou.
eu levei o {meu_c} para {um gente} em {cidade2} e paguei {preço}, mas não resolveu nada.
acho que você não precisa {v vt inf} {o @c1}; basta {v vt inf} {o @c2} e esperar {número} dias.
não concordo com {p1n}: {o @c1} {~ adj} nunca {v dar pres} certo {onde}.
na minha opinião, {o @c2} {v ser pres} [muito|bem|um pouco] mais {~ adj} do que {o @c1}, e ainda custa menos.
valeu, {p2n}! fiz o que você disse e {o @c1} {v acontece perf} {modo}.
cuidado, {p1n}, porque {um gente} me disse que {v vt inf} {o @c1} pode {v melhora inf} {o @c2}.
alguém de {cidade} pode indicar {um gente} bom e barato? {o @c1} {v continuar pres} {~ adj}.
o manual diz que {os coisa} {v dever pres} {v ser inf} {~ vt} a cada {número} meses, mas ninguém faz isso.
""",
    "f_fim": """
obrigado a todos pela ajuda, consegui {v vt inf} {o @c1} [finalmente|ontem à noite]!
tópico fechado: {p1n} resolveu {o abstrato} {do @c1} e {p2n} ajudou bastante.
alguém mais? continuo sem saber o que fazer com {o @c2}.
""",
    "r_título": """
{o @d1} de {- @i1} com {- @i2}
receita de {- @d1} {~ adj_prato}
como fazer {- @d1+} de {- @i1}
""",
    "r_início": """
aprenda a fazer {um @d1+} com {- @i1} e {- @i2}, perfeito para {o dia} em família.
esta receita de {- @d1} é da minha avó {mulher}, que morava em {cidade} e usava {- @i1} da horta.
rende {número_f} porções e fica pronto em {n 15 90} minutos. dificuldade: [fácil|média].
{o @d1} de {- @i1} é um prato típico de {estado}, servido [no almoço|no jantar|nas festas de {mês}].
""",
    "r_ingredientes": """
{n 2 5} {-- medida} de {- @i1} [em cubos|sem casca|de boa qualidade|]
{n 100 900} g de {- @i2} em pedaços pequenos, sem casca
1 {- medida} de {- @i3} (ou {- @i4}, se preferir)
{n 2 6} {-- medida} de {- @i4} para untar {o @u1}
meia xícara de {- @i5} [bem quente|sem sal|em pó]
{- @i3} e {- @i5} a gosto para finalizar o prato
meio litro de {- @i2} em temperatura ambiente
""",
    "r_preparo": """
em {um @u1}, {i vt_cozinha} {o @i1} com {o @i2} até obter uma massa lisa.
{i vt_cozinha} {o @i3}, junte {o @i4} e {i vt_cozinha} por {n 3 40} minutos em fogo [baixo|médio|alto].
acrescente {o @i5} {modo} e {i vt_cozinha} tudo {no @u1} até ficar {~ adj_prato}.
leve ao forno preaquecido a {n 160 220} °C por cerca de {n 20 60} minutos ou até {o @d1} {v dourar inf}.
enquanto {o @i1} {v cozinhar pres}, {i vt_cozinha} {o @i2} e {o @i4} em {um @u2}.
retire {do @u2}, espere esfriar e {i vt_cozinha} {o @i3} por cima {do @d1}.
se {o @d1} {v ficar inf} {~ seco} demais, coloque um pouco mais de {- @i2} ou de {- @i4}.
transfira tudo para {um @u2}, cubra com {- @i5} e leve à geladeira por {número_f} horas.
""",
    "r_fim": """
sirva {o @d1} {~ adj_prato} com {- ingrediente} e um bom café.
dica: {o @i1} {v poder pres} ser {~ trocado} por {- ingrediente}, mas {o @d1} {v ficar pres} menos {~ adj_prato}.
gostou da receita? veja também {o @d2} de {- @i2} da {mulher2}.
""",
    "p_título": """
{- @x1} {marca} {cor} com {- @e1+}
{- @x1} {marca} {n 100 990}
oferta: {- @x1} {marca} por {preço}
""",
    "p_início": """
{o @x1} {marca} {v ser pres} {~ adj_produto}, {~ adj_produto} e ideal para quem quer {v vt inf} {os coisa} {modo}.
conheça {o @x1} {marca}: {- @e1+}, {- @e2+} e garantia de {número} meses.
por apenas {preço}, você leva {o @x1} com {- @e1+} e ainda ganha {um parte+}.
para o dia a dia, {o @x1} {marca} combina com {o coisa} e com {o lugar}.
""",
    "p_corpo": """
{o @e1} {~ adj_produto} {v garantir pres} mais conforto na hora de {v vt inf} {o @c1}.
{o @e2} {v ser pres} {~ feito} em material {adj_um}, o que {v melhora pres} {o @e1} por muito mais tempo.
segundo {um gente} que testou {o @x1}, {o @e1} {v continuar pres} {~ adj_produto} depois de {n 100 900} horas de uso.
disponível nas cores {cor}, {cor} e {cor}, {o @x1} da {marca} cabe em qualquer lugar.
comprei {o @x1} {quando} e estou gostando {quanto}: {o @e2} {v ser pres} {~ adj_produto} e o preço compensa.
não gostei {do @e2}, que {v parar perf} de funcionar em {número} dias, mas a {marca} trocou {modo}.
pagamento em até {número_f} vezes sem juros no cartão ou com {n 5 15}% de desconto no boleto.
entrega em {cidade} e região em até {número} dias úteis; frete grátis acima de {preço}.
{p1n}, de {cidade}, avaliou: {o @x1} {v chegar perf} antes do prazo e {o @e1} {v parecer pres} {~ adj_produto}.
""",
    "adj_um": """
resistente
reciclado
leve e durável
importado
de primeira linha
""",
    "p_ficha": """
dimensões: {n 10 90} x {n 10 90} x {n 5 60} cm; peso: {n 1 9},{n 1 9} kg; cor: {cor}
conteúdo da embalagem: 1 {- @x1} {marca}, 1 {- @e1} e 1 manual de instruções
código do produto: {n 10000 99999}; marca: {marca}; garantia: {número} meses
voltagem: bivolt; potência: {n 100 1800} W; {- @e2}: {cor}
""",
    "p_fim": """
aproveite: últimas unidades {do @x1} {marca} em estoque!
dúvidas sobre {o @x1}? fale conosco {contato}.
""",
    "e_título": """
o que é {o @m1}?
resumo: {o @m1+} e {o @m2}
trabalho escolar sobre {o @m1}
""",
    "e_início": """
{o @m1} {v ser pres} {um abstrato} muito {~ adj_geral} para entender {o @m2} e {os matéria+}.
desde a Antiguidade, os estudiosos procuram explicar como {o @m1} {v acontece pres} e por que {o @m2} {v ser pres} {~ adj_matéria}.
chamamos de {- @m1+} aquilo que {v melhora pres} {o @m2} e que {v acontece pres} em {número_f} etapas.
""",
    "e_corpo": """
{o @m1} {v poder pres} ser {~ adj_matéria} ou {~ adj_matéria}, conforme {o @m2} de que faz parte.
a primeira etapa {do @m1} ocorre quando {os matéria+} {v acontece pres}; a segunda, quando {o @m2} {v acontece pres}.
em {n 1500 1950}, {p1o} cientista {p1} descobriu que {o @m1+} {v ser imp} {~ adj_geral} para {o @m2}.
por exemplo, {o @m2} {v ter pres} {número_f} partes, e cada uma delas depende {do @m1}.
a teoria de {p1s} foi criticada por {p2}, para quem {o @m1} {v ser imp} {~ adj_geral} demais.
no Brasil, {o @m1} {v ser pres} {~ adj_geral} principalmente em {estado}, onde há {muitos_m}.
a diferença entre {o @m1} e {o @m2} está {no abstrato}: {o @m1} {v ser pres} {~ adj_matéria}, enquanto {o @m2} {v ser pres} {~ adj_matéria}.
{os matéria+} também {v ser perf} {~ estudado} pelos alunos de {p2s} durante {número} anos.
é por isso que {o @m1} {v aparecer pres} nas provas de {mês} e nos livros sobre {os matéria}.
""",
    "muitos_m": """
{muitos matéria+}
{uns matéria}
""",
    "e_perguntas": """
{n 1 9}) Explique, com suas palavras, a relação entre {o @m1} e {o @m2}.
{n 1 9}) Cite {número} exemplos de {- @m1+} que podem ser encontrados em {estado}.
{n 1 9}) Quem foi {p1} e o que {p1ele} descobriu sobre {o @m1}?
""",
    "a_título": """
edital nº {n 10 980}/{ano}
decreto municipal nº {n 1000 9800}, de {data}
aviso de licitação: {o @a1} {do @c1}
""",
    "a_início": """
{p1o} {p1papel} {p1}, no uso de suas atribuições, torna público que {o @a1} {do @c1} {v obedecer fut} às regras abaixo.
o município de {cidade} comunica {aos gente} que fica aberto o prazo para {o @a1} {do @c1}, até {data}.
""",
    "a_artigos": """
art. {n 1 9}º {o @a1} {do @c1} {v ficar pres} {~ autorizado} {no @l1}, nos termos da Lei nº {n 1000 9900}, de {data}.
art. {n 1 9}º {o @c1} somente {v poder fut} ser {~ vt} {pelo gente} responsável, mediante a apresentação {do @c2}.
parágrafo único. excetuam-se do disposto neste artigo {os coisa+} e {os coisa} já {~ vt} até {data}.
§ {n 1 4}º {os gente} que não {v vt subj} {o @c1} ficarão sujeitos a multa de {quantia}.
§ {n 1 4}º compete {ao @o1} de {tema} {v vt inf} e {v vt inf} {os coisa} de que trata este artigo.
art. {n 10 40}. {o @a1} {v dever fut} ser {~ feito} no prazo de {número} dias, contados da publicação deste edital.
os interessados deverão apresentar {o @c2}, {o coisa} e {o coisa+} {no @l1}, às {hora} de {data}.
as despesas com {o @a1} {do @c1} correrão por conta {do @o1} de {tema}, no valor de {quantia}.
os casos omissos serão resolvidos {pelo @o1} de {tema}, após parecer {do gente} [competente|responsável|mais antigo].
""",
    "a_fim": """
esta norma entra em vigor na data de sua publicação, revogadas as disposições em contrário. {cidade}, {data}. {p1}, {p1papel}.
{cidade}, {data}. publique-se, registre-se e cumpra-se. {p1}, {p1papel}.
""",
    "meu_c": """
aparelho
material
pedido
serviço
""",
}
