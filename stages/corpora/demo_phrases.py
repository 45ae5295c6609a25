"""Phrases of the demo corpus that any kind of document uses: when, where, who says so, and sentences about its topic."""

RULES: dict[str, str] = {
    "quando": """
{neste dia}
{no dia}
em {mês} de {ano}
no [início|fim] de {mês}
há {número} [anos|meses|dias]
na semana passada
[ontem|hoje] [de manhã|à tarde|à noite]
no ano passado
{no dia} [à noite|de manhã]
em {data}
no último ano
pouco antes {do ação}
""",
    "onde": """
em {cidade}
{no @l1}
{no lugar?}
{no @l1} de {cidade}
no bairro {bairro}
na Rua {rua}
em todo o estado
na região de {cidade2}
em {número_f} cidades [do interior|da região|de {estado}]
perto {do lugar}
""",
    "quem": """
{p1o} {p1papel} {p1s}
{p1n}
{p1}
{p1ele}
{o @o1}
{o @o1} de {tema}
{o gente}
{o gente} {do lugar}
{p2o} {p2papel} {p2n}
{um gente} {do @l1}
""",
    "muitos": """
{os gente}
{os gente} {do lugar}
{os gente_geral}
{muitos gente_geral} de {cidade}
{alguns_gente} {do lugar}
{os @g1} {do lugar}
cerca de {n 15 900} {** gente_geral}
""",
    "alguns_gente": """
{uns gente}
{uns gente_geral}
""",
    "algo": """
{o @c1}
{o @c1?}
{o @c2}
{o @c2+}
{os coisa}
{os coisa+}
{o coisa}
{um coisa+}
{a_de_b}
{o @a1}
""",
    "a_de_b": """
{o ação} {dos coisa}
{o ação} {do @c1}
{o @a1} {do coisa}
{o coisa} {do lugar}
""",
    "segundo": """
segundo {p1o} {p1papel} {p1}
de acordo com {o @o1}
conforme [informou|explicou|disse] {o gente}
na opinião {dos gente}
para {p2o} {p2papel} {p2s}
segundo dados {do @o1} de {tema}
""",
    "porque": """
por causa {do @c2}
por causa {do ação}
porque {muitos} não {v ter imp} {- coisa}
por falta de {- coisa}
depois {do @a1}
sem {vt_algo}
""",
    "vt_algo": """
{v vt inf} {algo}
{v vt inf} {os coisa?} {onde}
{v melhora inf} {o ação}
{v vt inf} {o @c1}
""",
    "quantia": """
R$ {n 2 98},{n 10 99}
R$ {n 2 480} mil
R$ {n 2 90} milhões
R$ {n 1 9}.{n 100 999},00
""",
    "parcela": """
{n 11 97}% {dos gente}
mais da metade {dos coisa}
{n 2 9} em cada dez {-- gente_geral}
a maioria {dos gente}
boa parte {dos gente_geral}
""",
    "valor": """
R$ {n 4 96},{n 10 99}
R$ {n 4 96},00
""",
    "data": """
{n 1 28} de {mês} de {ano}
{n 10 28}/{n 10 12}/{ano}
{n 1 28} de {mês}
""",
    "hora": """
{n 7 22}h
{n 7 22}h{n 10 59}
{n 8 20} horas
""",
    "preço": """
R$ {n 12 890},{n 10 99}
R$ {n 12 890},90
R$ {n 1 4}.{n 100 999},00
""",
    "contato": """
pelo telefone ({n 2 5}0) {n 3000 3999}-{n 1000 9999}
na Rua {rua}, {n 11 2900}, {bairro}, {cidade}, CEP 00{n 100 999}-{n 100 999}
{no @l1}, das {n 7 9}h às {n 16 19}h
""",
    "comum": """
{o @o1} de {tema} [anunciou|divulgou|apresentou] {quando} {um ação} para {vt_algo} {onde}.
{segundo}, {algo} {v dever fut} {v vt inf} {um coisa} {~ adj} {onde}.
{quem} {v vt perf} {o @c1} {quando} e {v fala perf} que {algo} {v ser pres} {~ adj_geral}.
{muitos} {v reclamar pres} {do @c1} {porque}.
{conectivo}, {muitos} {v querer pres} {vt_algo} [{modo}|{quando}|].
"{o abstrato+} {v ser pres} {v vt inf} {algo}", {disse} {p1n}.
"não adianta {vt_algo} sem {vt_algo}", {disse} {p1o} {p1papel}.
{o @c1} {v custar perf} {quantia} e {v dever pres} {v ser inf} {~ vt} [pelo menos|no máximo] até {mês}.
{parcela} [já usou|tem|conhece] {um coisa} [{onde}|{quando}|{modo}].
{os coisa+} {v ser perf} {~ vt} {quando}, {segundo}.
{conectivo}, {o @a1} {v ajudar pres} {muitos} a {vt_algo}.
{um gente} que {v trabalhar pres} {no @l1} {v contar perf} que {algo} {v acontece perf} {quando}.
{quem} já {v precisar imp} {v vt inf} {o @c2} antes {do @a1}, mas {o abstrato} {v continuar pres}.
{quando}, {quem} {v quer perf} {vt_algo}, mas não {v conseguir perf} {porque}.
{o abstrato} {v ser pres} {~ adj_geral}: {os coisa} {v estar pres} {~ adj} e {ninguém} quer {v vt inf} {o @c1}.
{quem} também {v fala perf} que {o @a1} {v depender pres} {do @c2} e {do coisa+}.
com {o @c1}, {muitos} {v poder fut} {vt_algo} {modo}.
{vt_algo} é {um_adj} para {quem} e para {muitos}.
[apesar {do abstrato}|mesmo com {o abstrato+}], {o @c1} {v vir pres} {v melhora ger} a rotina {dos gente_geral} {onde}.
entre {os abstrato+} [estão|aparecem] {o @c1}, {o coisa?} e {o ação} {dos coisa}.
quando {o @c1} {v acontece pres}, {muitos} {v começar pres} a {vt_algo}.
se {quem} não {v vt pres} {algo}, {o @c2} {v poder fut} {v acontece inf} {modo}.
{o @c2} {v ser pres} mais {~ adj} do que {o coisa} e [muito|bem|um pouco|ainda] mais {~ adj} do que {o @c1}.
{quem} {v vt perf} {o @c1}, {v vt perf} {o @c2} e {v vt perf} {os coisa} em {número} dias.
há {n 2 60} {-- coisa} {onde}, e {parcela} [depende|precisa] disso.
{p1n} {v fala perf} ainda que a experiência com {o @c1} [ajuda|ajudou|vai ajudar] a {vt_algo}.
{o @o1} {v pretender pres} {vt_algo} até {mês}, {segundo}.
{p1ele} {v lembrar pres} que {o @c1} {v ser imp} {~ adj} quando {v chegar perf} a {cidade}, {quando}.
é {adj_m} {vt_algo} antes que {o @c2} {v acontece subj}.
não se sabe [ainda|ao certo] quem {v vt perf} {o @c2}, mas {p2o} {p2papel} {p2} {v acha pres} que {p1n} {v ter pres} razão.
""",
    "disse": """
disse
afirmou
contou
explicou
lembrou
garantiu
reclamou
destacou
alertou
""",
    "ninguém": """
ninguém
nem todo mundo
pouca gente
""",
    "um_adj": """
um desafio
uma necessidade
uma boa ideia
um direito
um sonho antigo
motivo de orgulho
""",
    "adj_m": """
importante
preciso
necessário
melhor
comum
possível
difícil
""",
}
