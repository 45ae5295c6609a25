"""Words of the demo corpus that belong to no topic: people, places, food, and the small words that hold sentences together."""

WOMEN = (
    "Maria, Ana, Joana, Luciana, Beatriz, Helena, Cláudia, Márcia, Júlia, Patrícia, Aparecida, Sônia, Letícia, Camila, Rosângela, "
    "Teresa, Vitória, Lúcia, Débora, Iracema, Raquel, Estela, Marlene, Nair, Isaura, Jurema, Inês, Zilda"
)
MEN = (
    "José, João, Antônio, Carlos, Paulo, Pedro, Lucas, Marcos, Luís, Rafael, Sérgio, Fábio, Rogério, Márcio, Raimundo, Cícero, "
    "Joaquim, Vicente, Otávio, Renato, Heitor, Tomás, Ubiratan, Edmílson, Valdir, Benedito, Caetano, Nélson"
)
SURNAME_STARTS = "Alv, Barr, Camp, Ferr, Mor, Ribeir, Tav, Gald, Lim, Quint, Sab, Vald, Zan, Dourad, Pont, Verg, Oss, Jat, Corg, Nab"
SURNAME_ENDS = "edo, anil, iras, undo, adel, ouro, anço, ério, onte, ival, ugas, elha, ático, omar"  # made up: nobody is meant
PLACE_STARTS = "Nova, Santa, São, Monte, Porto, Vila, Serra, Lagoa, Campo, Barra, Ribeirão, Pedra, Ilha, Boa Vista de, Fonte"
PLACE_ENDS = (
    "Aurora, Itapuara, Jacutema, Piraúna, Mirantes, Guarapemba, Verena, Alvorinha, Tucumã, Caburaí, Ipeúva, Sapucema, Anhambi, "
    "Jurutinga, Catuaba, Marabori, Ibiraçu do Norte, Pitangal, Araçoiara, Mandacari, Urucema, Paranaíba do Sul, Graúna, Tapiré"
)
DISTRICTS = (
    "Centro, Jardim das Acácias, Vila Operária, Alto da Colina, Boa Esperança, Parque dos Ipês, Cidade Nova, Santa Luzia, "
    "Morro do Sabiá, Beira-Rio, Vila Ferroviária, Jardim Primavera, Conjunto Tiradentes, Água Fria, Recanto Verde, Bom Retiro"
)
STREETS = (
    "das Palmeiras, do Comércio, Sete de Setembro, das Laranjeiras, Quinze de Novembro, da Matriz, dos Tropeiros, Bela Vista, "
    "do Rosário, das Flores, Treze de Maio, da Estação, dos Andradas, do Porto, das Mangueiras, Independência"
)
CLUBS = (
    "Operário, Estrela, Ferroviário, Guarani, Nacional, Comercial, Tamoio, Aliança, Palmares, Tupi, União, Cruzeiro do Vale, "
    "Independente, Atlético, Ipiranga, Mangueirense, Botucari, Náutico, Rio Verde, Araponga"
)
BRANDS = "Lumax, Ventura, Tecnolar, Aquasol, Brisa, Portomax, Kora, Vivatto, Solária, Nortex, Zeline, Duralux, Ipê, Orion, Cristalina"
GENERAL = {
    "dia": "segunda-feira, terça-feira, quarta-feira, quinta-feira, sexta-feira, sábado, domingo",
    "órgão": "secretaria, conselho, departamento, instituto, associação, fundação, comissão, agência, federação, comitê, diretoria, "
    "coordenadoria, superintendência, ministério, fórum, subsecretaria, núcleo, observatório, companhia, autarquia",
    "gente_geral": "pessoa:f, família, criança:f, jovem, mulher:f, idoso, visitante, amigo, leitor, vizinho, turista, grupo:m, público:m",
    "abstrato": "problema:m, ideia, projeto, proposta, mudança, solução, medida, situação, programa:m, plano, caso, resultado, "
    "experiência, "
    "iniciativa, dificuldade, oportunidade, acordo, demanda, relação, trabalho, processo, motivo, risco, benefício, vantagem, desafio",
    "prato": "bolo, torta, sopa, feijoada, moqueca, pudim, lasanha, pão de queijo, risoto, farofa, empadão, cuscuz, vatapá:m, brigadeiro, "
    "quindim, panqueca, bobó de camarão:m, escondidinho, canjica, pamonha, nhoque:m, cocada, estrogonofe:m, salada, caldo",
    "ingrediente": "farinha, açúcar, leite:m, ovo, manteiga, sal, cebola, alho, óleo, tomate:m, queijo, fermento, arroz, batata, frango, "
    "cenoura, azeite:m, coco, carne:f, pimenta, creme de leite:m, mandioca, milho, camarão, limão, banana, salsinha, coentro, "
    "cheiro-verde, "
    "maracujá:m, abóbora, castanha, chocolate:m, canela, palmito, presunto, azeitona, gengibre:m, fubá:m, requeijão",
    "utensílio": "panela, forma, tigela, batedeira, forno, frigideira, liquidificador, assadeira, travessa, caçarola, refratário, vasilha",
    "vt_cozinha": "misturar, bater, assar, cortar, refogar, adicionar, cozinhar, peneirar, picar, fritar, dourar, ralar, temperar, "
    "mexer, amassar, untar, derreter, reservar, cobrir, servir",
    "adj_prato": "cremoso, delicioso, simples, tradicional, fofinho, caseiro, dourado, picante, quente, gelado, leve, crocante, "
    "doce, salgado",
    "atração": "praia, igreja, cachoeira, museu, centro histórico, mirante:m, feira de artesanato, mercado, parque, ilha, trilha, farol, "
    "fortaleza, gruta, praça, ponte:f, mosteiro, teatro, duna, lagoa, aquário, jardim botânico, ladeira, casarão",
    "adj_lugar": "lindo, histórico, tranquilo, famoso, belo, colonial, deserto, encantador, movimentado, imperdível, antigo, preservado, "
    "charmoso, imenso, pitoresco, barroco, ensolarado",
    "produto": "celular, tênis, geladeira, mochila, fone de ouvido, vestido, cafeteira, notebook, relógio, bicicleta, ventilador, "
    "furadeira, perfume:m, cadeira, liquidificador, barraca, câmera, sofá:m, fritadeira, televisão, jaqueta, impressora, aspirador de pó",
    "adj_produto": "prático, resistente, leve, moderno, elegante, compacto, silencioso, potente, durável, confortável, econômico, "
    "versátil, "
    "portátil, impermeável, exclusivo, sofisticado, ergonômico",
    "parte": "motor, acabamento, tela, alça, bateria, tampa, estrutura, tecido, base:f, visor, cabo, filtro, controle:m, embalagem, manual",
    "adj_geral": "importante, grande, novo, bom, pequeno, principal, recente, difícil, possível, interessante, simples, necessário, "
    "sério, curioso, diferente, enorme, raro, antigo, polêmico, inesperado, claro, complexo, evidente",
    "matéria": "célula, planeta:m, vulcão, equação, verbo, império, átomo, continente:m, revolução, ecossistema:m, triângulo, clima:m, "
    "bactéria, constituição, substantivo, civilização, fração, energia, sistema solar, esqueleto, colonização, metáfora, gravidade",
    "adj_matéria": "antigo, natural, humano, químico, histórico, matemático, biológico, político, geográfico, moderno, medieval, social, "
    "terrestre, microscópico, indígena, literário, físico",
    "festa": "festa junina, missa, feira, quermesse:f, procissão, corrida, bingo, caminhada, palestra, bazar, almoço beneficente, baile:m, "
    "congresso, encontro, sarau, leilão, cavalgada, desfile:m, mutirão, concurso",
}
VERBS = {
    "fala": "dizer, afirmar, explicar, informar, contar, lembrar, destacar, declarar, garantir, ressaltar, alertar, avisar, "
    "comentar, revelar",
    "acha": "achar, acreditar, considerar, avaliar, defender, perceber, concluir, imaginar",
    "quer": "querer, precisar, pretender, conseguir, tentar, poder, prometer, decidir, procurar",
    "começo": "começar, voltar, continuar, passar, chegar",
    "melhora": "melhorar, facilitar, ampliar, garantir, beneficiar, transformar, acelerar, reduzir, afetar, prejudicar, dificultar, "
    "incluir",
    "joga": "chutar, cabecear, finalizar, cruzar, driblar, desperdiçar, recuperar, dominar, tocar, lançar",
    "acontece": "mudar, melhorar, piorar, funcionar, atrasar, avançar, parar, continuar, desaparecer, crescer, voltar, falhar, "
    "durar, terminar",
}
ADVERBS = {
    "modo": "rapidamente, com cuidado, de forma gradual, sem pressa, normalmente, diretamente, pela internet, aos poucos, de graça, "
    "com antecedência, em conjunto, de novo, por telefone, juntos, com segurança, em silêncio, de última hora, à vontade",
    "quanto": "muito, bastante, demais, cada vez mais",
    "conectivo": "além disso, no entanto, por isso, ao mesmo tempo, por outro lado, na prática, mesmo assim, em geral, com isso, "
    "no fim das contas, em resumo, de fato, por enquanto, apesar disso, na verdade, enfim, aliás, dessa forma",
    "mês": "janeiro, fevereiro, março, abril, maio, junho, julho, agosto, setembro, outubro, novembro, dezembro",
    "número": "dois, três, quatro, cinco, seis, sete, oito, nove, dez, doze, quinze, vinte, trinta, quarenta, cem",
    "número_f": "duas, três, quatro, cinco, seis, sete, oito, nove, dez, doze, quinze, vinte",
    "cor": "azul, preto, branco, vermelho, verde, amarelo, cinza, rosa, roxo, marrom, bege, laranja",
    "medida": "xícara de chá, colher de sopa, colher de chá, copo, pitada, lata, pacote, dente, fatia",
}
THEMES = {  # what an office for the topic is of: "secretaria de …"
    "cidade": "obras",
    "saúde": "saúde",
    "educação": "educação",
    "economia": "finanças",
    "campo": "agricultura",
    "cultura": "cultura",
    "tecnologia": "ciência e tecnologia",
    "natureza": "meio ambiente",
    "trânsito": "transportes",
    "casa": "habitação",
    "direito": "justiça",
    "esporte": "esporte e lazer",
}
STATES = "Minas Gerais, Pernambuco, Goiás, Santa Catarina, Mato Grosso, Sergipe, Alagoas, Rondônia, São Paulo, Roraima"
