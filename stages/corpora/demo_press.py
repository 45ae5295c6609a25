"""What papers, blogs and town pages of the demo corpus say: news (n), opinions (o), travel (t), matches (j), events (g), weather (w).

A section's sentences by its name, in the language of :mod:`stages.corpora.demo_grammar`, one a line.
"""

PRESS: dict[str, str] = {
    "n_título": """
{o @o1} {v vt pres} {o @c1} em {cidade}
{p1papel} {v fala pres} que {o @c1} {v acontece pres} {quando}
{os coisa+} {v preocupar pres} {os gente} de {cidade}
{o @a1} {do @c1} {v acontece pres} em {cidade}
""",
    "n_lide": """
{o @o1} de {tema} de {cidade} {v vt perf} {neste dia} {o @c1}, {segundo}.
{um gente} {v vt perf} {um coisa+} {quando} {onde}, [informou|divulgou] {o @o1} de {tema}.
{p1o} {p1papel} {p1} {v fala perf} {neste dia} que {o @c1} de {cidade} {v ir pres} {v acontece inf} {porque}.
{os gente} de {cidade} {v dever fut} {vt_algo} a partir de {data}, por decisão {do @o1}.
""",
    "n_corpo": """
a decisão foi tomada {quando}, depois que {muitos} {v pedir perf} {um ação} {onde}.
o custo {do @a1} foi estimado em {quantia}, e {o @o1} de {tema} {v fala perf} que o dinheiro já está garantido.
a reportagem procurou {p2}, que [não quis comentar o caso|negou o problema|disse que {o @c2} {v ser fut} {~ vt}].
{p1} [assumiu o cargo|chegou à cidade|começou a trabalhar {no @l1}] em {ano} e {v fala pres} que {o @c1} {v ser pres} prioridade.
o [documento|relatório|estudo] mostra que {parte} não [conhece|aprova|recebe] {o @c2}.
{o @o1} {v ter pres} prazo de {número} dias para {vt_algo}, a contar de {data}.
em nota, {o @o1} {v informar perf} que {algo} {v ser perf} {~ vt} e que {o @a1} {v continuar pres}.
{p2o} {p2papel} {p2}, de {n 19 84} anos, {v fala perf} que não {v conseguir perf} {vt_algo} {porque}.
esta é a {ordinal} vez que {o @c1} de {cidade} {v ser perf} {~ vt} {quando}.
{o @a1} {v começar pres} às {hora} {no @l1}, no bairro {bairro}.
""",
    "ordinal": """
primeira
segunda
terceira
quarta
""",
    "n_fecho": """
{o @a1} {do @c1} {v continuar pres} {no dia}, às {hora}, {no @l1} de {cidade}.
mais informações podem ser obtidas {contato}.
até o fechamento desta edição, {p2} não havia respondido {aos gente}.
""",
    "o_título": """
por que {v vt inf} {o @c1}?
{número_f} ideias para {v vt inf} {os coisa}
o que {o @c1} [ensina|revela] sobre {o @c2}
{o abstrato} {do @c1}
""",
    "o_início": """
sempre que alguém fala {do @c1}, eu penso {no @c2} e {nos gente} que encontrei {onde}.
[quem nunca|quantas vezes você já] tentou {vt_algo} e desistiu {porque}?
outro dia {um gente} me perguntou se {o @c1} ainda {v valer pres} a pena, e eu não soube responder.
há {número} anos eu trabalho com {- coisa} e nunca vi {um abstrato} tão {~ adj_geral}.
""",
    "o_corpo": """
eu [acho|acredito|penso|insisto] que {o @c1} {v ser pres} [muito|bem|um pouco] mais {~ adj_geral} do que {os gente} imaginam.
não é só {um abstrato} de {- coisa}: é também {um abstrato+} para {os gente_geral}.
meu [pai|avô|tio] era {ofício} e dizia que {o @c2} {v dever pres} {v ser inf} {~ vt} {modo}.
quem já precisou {vt_algo} sabe que {o abstrato} {v começar pres} {no @l1}.
claro que {os gente} têm {seus abstrato}, mas isso não justifica {o @a1} {do @c1}.
a pergunta que fica é: quem vai {vt_algo} quando {o @c1} {v acontece fut}?
na minha [cidade|família|rua], {todos_gente} {v vt imp} {os coisa} {modo}, e {ninguém} reclamava.
pense bem: {o @c1} {v ser pres} {~ adj}, {v ser pres} {~ adj} e, mesmo assim, {v continuar pres} {~ adj}.
eu mesmo já {vt_eu} {um coisa+} {onde} e aprendi que {vt_algo} exige paciência.
""",
    "vt_eu": """
tentei {v vt inf}
precisei {v vt inf}
ajudei a {v vt inf}
quis {v vt inf}
""",
    "ofício": """
motorista
professor
agricultor
pedreiro
músico
advogado
pescador
""",
    "todos_gente": """
{todos gente}
{todos gente_geral}
""",
    "o_fim": """
e você, o que pensa {do @c1}? deixe seu comentário e compartilhe com {os gente} que você conhece.
enquanto isso, {o @c1} {v continuar pres} {~ adj}, e {os gente} {v continuar pres} {v vt ger} {os coisa}.
no fundo, {o @c1} {v ser pres} apenas o começo: {o abstrato+} ainda está por vir.
""",
    "t_título": """
o que fazer em {cidade}: {número} passeios
{cidade}: {o @t1} e outros encantos de {estado}
roteiro de {número} dias em {cidade}
""",
    "t_início": """
a cidade de {cidade}, em {estado}, fica a {n 12 640} quilômetros da capital e é conhecida {pelo @t1+}.
com pouco mais de {n 3 90} mil habitantes, {cidade} [encanta|recebe|surpreende] {os gente_geral} durante todo o ano.
quem visita {cidade} não pode deixar de conhecer {o @t1}, {o @t2} e {o atração+}.
{cidade} nasceu em {n 1610 1899}, quando {os gente} chegaram às terras de {cidade2} em busca de [ouro|madeira|sal|terra boa|pedras].
""",
    "t_corpo": """
{o @t1} {v ser pres} {~ adj_lugar} e {v ficar pres} a {número} minutos do centro, no bairro {bairro}.
para chegar a {cidade}, siga pela estrada de {cidade2} até {o @t2} e vire à [direita|esquerda] {no atração}.
a melhor época para visitar {o @t1} vai de {mês} a {mês}, quando {os atração+} estão mais {~ tranquilo}.
{o @t2+} {v ser perf} {~ construído} em {n 1720 1960} por {p1}, {p1papel} que viveu em {cidade} por {número} anos.
na hora do almoço, prove {o @d1+} com {- ingrediente} no restaurante {do @t1}: custa {valor} por pessoa.
à noite, {os gente_geral} passeiam {pelo atração+} e provam {o @d2} com {- ingrediente} e {- ingrediente}.
quem prefere sossego pode seguir até {o atração+}, onde quase não há {-- gente_geral}.
a entrada {no @t2} custa {valor}, e crianças de até {n 5 12} anos não pagam.
{p2o} guia {p2}, que nasceu em {cidade}, recomenda {o @t1} pela manhã e {o @t2} no fim da tarde.
as pousadas [perto|ao redor] {do @t1} cobram a partir de {preço} por noite, com café da manhã.
leve água, protetor solar e um calçado confortável: a caminhada até {o @t2} dura {número} minutos.
{os atração+} de {cidade} lembram {os atração} de {cidade2}, mas {os gente_geral} são bem mais {~ adj_lugar}.
""",
    "t_fim": """
o centro de informações turísticas atende {contato}.
[boa viagem!|aproveite o passeio!] e não se esqueça de contar como foi {o @t1} de {cidade}.
veja também nosso roteiro por {cidade2}, a terra {do @d1}.
""",
    "j_título": """
{time} vence {time2} e [assume a liderança|sobe na tabela|respira no campeonato]
{time} e {time2} empatam em {cidade}
com gol de {p1s}, {time} derrota {time2}
""",
    "j_início": """
o {time} venceu o {time2} por {n 2 4} a {n 0 1} {neste dia}, no estádio de {cidade}, pela {n 2 38}ª rodada do campeonato.
diante de {n 2 40} mil torcedores, {time} e {time2} fizeram um jogo [movimentado|equilibrado|truncado] em {cidade}.
{p1} marcou {número} gols e comandou a vitória do {time} sobre o {time2} {neste dia}.
""",
    "j_corpo": """
aos {n 2 44} minutos do primeiro tempo, {p1s} recebeu na área, {v joga perf} e abriu o placar para o {time}.
o {time2} respondeu com {p2s}, que {v joga perf} de fora da área, mas o goleiro {p3s} fez grande defesa.
na segunda etapa, o técnico do {time2} trocou {p2s} por {p3n}, e a equipe passou a {v joga inf} melhor.
aos {n 46 89} minutos, {p2s} {v joga perf}, a bola bateu na trave e sobrou para {p1s} ampliar.
o árbitro {p4s} marcou pênalti de {p3s} em {p1s}, e a torcida do {time2} reclamou {quanto}.
com um a menos, o {time2} se fechou e tentou {v joga inf} nos contra-ataques, sem sucesso.
{p1s} ainda teve a chance de {v joga inf} de novo aos {n 70 90}, mas parou no goleiro {p3s}.
"fizemos um bom jogo e merecemos a vitória", [disse|afirmou] {p1s} na saída do gramado.
com o resultado, o {time} chegou aos {n 20 70} pontos, e o {time2} caiu para a {n 5 19}ª posição.
o {time} não perdia para o {time2} em {cidade} desde {ano}, quando {p4s} ainda era o técnico.
""",
    "j_fim": """
na próxima rodada, o {time} enfrenta o {time3} {no dia}, às {hora}, fora de casa; o {time2} recebe o {time4}.
ficha técnica: {time}: {p3s}, {p1s}, {p4s} e {p5s}; {time2}: {p2s}, {p6s} e {p7s}. renda: {quantia}.
""",
    "g_título": """
{cidade} recebe {o @f1} de {mês}
{o @f1} {do @o1} acontece {neste dia}
programação: {o @f1} e {o @f2}
""",
    "g_início": """
{o @f1} de {cidade} será {neste dia}, a partir das {hora}, {no @l1}, com entrada [franca|a {valor}].
a comunidade de {cidade} está convidada para {o @f1+}, que acontece de {n 1 14} a {n 15 28} de {mês} na Rua {rua}.
""",
    "g_corpo": """
às {hora}, {p1o} {p1papel} {p1} abre {o @f1} com uma palestra sobre {o @c1} e {o @a1}.
haverá barracas de {- prato}, {- prato} e {- prato+}, além de {- festa} para as crianças.
os ingressos custam {valor} e podem ser comprados {no @l1} ou com {p2n}, da comissão organizadora.
a renda {do @f1} será usada para {v vt inf} {o @c1} {do @o1} do bairro {bairro}.
no ano passado, {o @f1} reuniu {n 300 9000} pessoas e arrecadou {quantia} para {o @o1}.
{no dia}, o destaque é {o @f2} com {p3}, que promete {vt_algo} até as {hora}.
as inscrições para {o @f2} vão até {data} e devem ser feitas {contato}.
quem levar um quilo de {- ingrediente} ou de {- ingrediente} paga meia-entrada {no @f1}.
""",
    "g_fim": """
informações {contato}.
em caso de chuva, {o @f1} será transferido para {o lugar} do bairro {bairro}.
participe! {o @f1} é de todos {os gente_geral} de {cidade}.
""",
    "w_título": """
previsão do tempo: semana de {sol} em {cidade}
frente fria chega a {estado} {neste dia}
{sol} volta a {cidade} e região
""",
    "w_início": """
{o dia} será de {sol} em {cidade} e em boa parte de {estado}, segundo {o @o1}.
uma frente fria avança sobre {estado} e muda o tempo em {cidade} {neste dia}.
""",
    "w_corpo": """
a temperatura mínima será de {n 5 21} graus, e a máxima pode chegar a {n 22 39} graus em {cidade}.
em {cidade2}, há previsão de {sol} à tarde, com ventos de até {n 20 90} quilômetros por hora.
a umidade relativa do ar fica em torno de {n 15 98}%, o que exige cuidado {dos gente_geral}.
{no dia}, o tempo deve [melhorar|mudar|continuar firme], e os termômetros marcam {n 8 35} graus ao amanhecer.
{o @o1} alerta para o risco de [alagamento|geada|queimada|deslizamento] no bairro {bairro} e {no lugar}.
{os gente} devem {v vt inf} {os coisa} antes que a [chuva|frente fria|noite] chegue, recomenda {p1o} meteorologista {p1}.
no litoral, o mar fica agitado, com ondas de {n 1 4} metros entre {cidade2} e {cidade3}.
choveu {n 12 190} milímetros em {cidade} {quando}, {n 5 80}% acima da média de {mês}.
""",
    "sol": """
sol
chuva forte
pancadas de chuva
céu nublado
tempo seco
calor
muita neblina
""",
    "w_fim": """
a previsão volta a ser atualizada às {hora} {pelo @o1}.
em caso de emergência, {os gente_geral} podem ligar para a defesa civil de {cidade}.
""",
}
