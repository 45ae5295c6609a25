"""Words of the demo corpus by topic: what each is about, in order of frequency.

``coisa`` are things that ``vt`` (transitive verbs) are done to, ``ação`` deeds and ideas, ``lugar`` places, ``gente`` roles (as
masculine singular), ``adj`` adjectives. A noun whose gender its ending does not tell carries ``:f`` or ``:m``.
"""

TOPICS: dict[str, dict[str, str]] = {
    "cidade": {
        "coisa": "obra, praça, rua, ponte:f, calçada, avenida, iluminação, rede de esgoto:f, ciclovia, semáforo, asfalto, terreno, "
        "prédio, viaduto, parque, muro, galeria, placa, faixa de pedestres, lixeira, canteiro, bueiro, contrato, licitação, taxa, "
        "imposto, passarela, fachada, rotatória, estacionamento, banco de concreto:m, chafariz, tapume, encanamento, poste:m",
        "ação": "reforma, ampliação, limpeza, pavimentação, fiscalização, construção, manutenção, revitalização, desapropriação, "
        "vistoria, drenagem, sinalização, duplicação, interdição, consulta pública, audiência",
        "lugar": "bairro, centro, distrito, terminal de ônibus:m, câmara municipal, rodoviária, mercado, prefeitura, zona rural, orla",
        "gente": "prefeito, vereador, engenheiro, morador, secretário, fiscal, arquiteto, pedreiro, comerciante, síndico, urbanista",
        "adj": "público, municipal, novo, antigo, urbano, largo, central, provisório, asfaltado, estreito, abandonado, orçado, viário, "
        "emergencial, paralelo, residencial, esburacado, arborizado",
        "vt": "reformar, construir, fiscalizar, ampliar, concluir, recuperar, interditar, inaugurar, pavimentar, vistoriar, "
        "sinalizar, embargar, duplicar, iluminar, licitar, demolir, revitalizar",
    },
    "saúde": {
        "coisa": "vacina, consulta, exame:m, remédio, hospital, tratamento, cirurgia, leito, ambulância, receita médica, doença, "
        "dose:f, sintoma:m, plantão, laudo, aparelho, maca, curativo, prontuário, ficha, febre:f, gripe:f, alergia, dor:f, pressão, "
        "anestesia, prótese:f, antibiótico, seringa, termômetro, enxaqueca, vitamina, soro, cicatriz:f, diagnóstico",
        "ação": "campanha, prevenção, triagem, internação, recuperação, imunização, orientação, vigilância, doação, reabilitação, "
        "capacitação, pesquisa, medicação, hidratação, mobilização",
        "lugar": "posto de saúde, pronto-socorro, clínica, laboratório, maternidade, farmácia, enfermaria, ambulatório",
        "gente": "médico, enfermeiro, paciente, farmacêutico, cirurgião, dentista, agente comunitário, psicólogo, nutricionista, pediatra",
        "adj": "médico, gratuito, crônico, infantil, clínico, preventivo, grave, respiratório, hospitalar, contagioso, bucal, "
        "cardíaco, materno, eletivo, seguro, eficaz, raro, agudo",
        "vt": "tratar, aplicar, examinar, prescrever, agendar, prevenir, diagnosticar, receitar, monitorar, avaliar, controlar, "
        "combater, distribuir, suspender, renovar, notificar, esterilizar",
    },
    "educação": {
        "coisa": "escola, aula, livro, prova, curso, matrícula, bolsa de estudos, biblioteca, projeto, caderno, merenda, uniforme:m, "
        "nota, redação, currículo, disciplina, oficina, mochila, lousa, boletim, diploma:m, vaga, apostila, lápis, dicionário, mapa:m, "
        "dissertação, leitura, exercício, questionário, maquete:f, calendário, creche:f, gincana, olimpíada",
        "ação": "alfabetização, formação, pesquisa, avaliação, aprendizagem, inclusão, inscrição, seleção, orientação, convivência, "
        "reposição, greve:f, integração, premiação, colação de grau",
        "lugar": "sala de aula, universidade, colégio, laboratório, auditório, quadra, faculdade, campus, secretaria, pátio",
        "gente": "professor, aluno, diretor, coordenador, estudante, pedagogo, bolsista, reitor, pesquisador, calouro, tutor, monitor",
        "adj": "escolar, pedagógico, estadual, gratuito, didático, obrigatório, noturno, técnico, integral, bilíngue, acadêmico, "
        "interativo, presencial, optativo, literário, científico, semestral, lúdico",
        "vt": "ensinar, estudar, corrigir, oferecer, elaborar, organizar, apresentar, ler, adotar, revisar, planejar, aplicar, "
        "desenvolver, escrever, debater, premiar, matricular",
    },
    "economia": {
        "coisa": "preço, empresa, salário, imposto, dívida, juro, crédito, emprego, produto, investimento, lucro, contrato, loja, "
        "orçamento, ação, moeda, parcela, tarifa, estoque:m, fatura, exportação, cesta básica, aluguel, boleto, poupança, renda, "
        "fábrica, patrimônio, prejuízo, comissão, cotação, dividendo, subsídio, inflação, empréstimo",
        "ação": "alta, queda, negociação, venda, compra, contratação, demissão, fusão, recuperação, expansão, crise:f, reforma, "
        "abertura, cobrança, auditoria, liquidação, retomada",
        "lugar": "mercado, banco, bolsa, indústria, comércio, shopping, porto, agência, cooperativa, polo industrial",
        "gente": "economista, empresário, trabalhador, consumidor, gerente, analista, investidor, comerciário, contador, consultor",
        "adj": "econômico, financeiro, mensal, anual, barato, caro, fiscal, tributário, privado, rentável, instável, cambial, "
        "produtivo, trimestral, endividado, competitivo, comercial, crescente",
        "vt": "vender, comprar, reduzir, negociar, pagar, financiar, reajustar, cobrar, contratar, investigar, calcular, "
        "importar, aumentar, parcelar, quitar, auditar, exportar",
    },
    "campo": {
        "coisa": "safra, soja, milho, café, gado, leite:m, plantação, semente:f, trator, colheita, cana, fazenda, adubo, pasto, laranja, "
        "feijão, arroz, lavoura, cerca, poço, silo, ração, rebanho, mandioca, horta, agrotóxico, galpão, ordenha, colheitadeira, "
        "muda de árvore, queijo, mel, algodão, trigo, curral",
        "ação": "irrigação, plantio, estiagem, exportação, vacinação, colheita, adubação, rotação, assistência técnica, estocagem, "
        "seca, geada, pulverização, comercialização, pesagem",
        "lugar": "sítio, fazenda, assentamento, cooperativa, sindicato rural, feira, armazém, vale:m, curral, estufa",
        "gente": "produtor, agricultor, agrônomo, pecuarista, veterinário, técnico, vaqueiro, cooperado, caseiro, tratorista",
        "adj": "rural, agrícola, orgânico, familiar, fértil, seco, leiteiro, transgênico, irrigado, produtivo, bovino, maduro, "
        "sustentável, perecível, tropical, mecanizado, úmido, verde",
        "vt": "plantar, colher, irrigar, vender, armazenar, produzir, vacinar, exportar, criar, cultivar, adubar, transportar, "
        "pesar, comercializar, ordenhar, cercar, beneficiar",
    },
    "cultura": {
        "coisa": "show, disco, filme:m, livro, música, peça, exposição, canção, festival, poema:m, ingresso, quadro, romance:m, palco, "
        "roteiro, violão, dança, fotografia, escultura, álbum, ensaio, coral, máscara, figurino, trilha sonora, tambor, cordel, "
        "novela, documentário, sanfona, turnê:f, cenário, coleção, desenho, samba:m",
        "ação": "apresentação, estreia, gravação, homenagem:f, temporada, mostra, oficina, turnê:f, restauração, curadoria, "
        "montagem, crítica, celebração, leitura, divulgação",
        "lugar": "teatro, museu, cinema:m, galeria, praça, centro cultural, biblioteca, estúdio, anfiteatro, casa de shows",
        "gente": "cantor, músico, escritor, diretor, artista, poeta, bailarino, curador, sanfoneiro, compositor, produtor",
        "adj": "cultural, musical, popular, inédito, instrumental, teatral, folclórico, contemporâneo, poético, lírico, regional, "
        "clássico, independente, premiado, nordestino, experimental, artístico, dramático",
        "vt": "gravar, apresentar, lançar, dirigir, cantar, criar, exibir, interpretar, restaurar, publicar, produzir, tocar, "
        "divulgar, ensaiar, homenagear, escrever, ilustrar",
    },
    "tecnologia": {
        "coisa": "aplicativo, celular, programa:m, computador, rede:f, senha, arquivo, tela, site:m, sistema:m, bateria, câmera, "
        "impressora, página, teclado, mensagem, conta, servidor, vídeo, navegador, robô, placa, cabo, sensor, plataforma, jogo, "
        "nuvem:f, ícone:m, chip, drone:m, roteador, disco rígido, atalho, licença",
        "ação": "atualização, instalação, configuração, conexão, segurança, busca, transmissão, pesquisa, programação, invasão, "
        "automação, inovação, falha, recarga, digitalização",
        "lugar": "laboratório, empresa, loja virtual, incubadora, fórum, escritório, parque tecnológico, central de suporte:f",
        "gente": "programador, usuário, técnico, engenheiro, desenvolvedor, analista, cliente, pesquisador",
        "adj": "digital, virtual, móvel, gratuito, rápido, lento, seguro, compatível, portátil, eletrônico, inteligente, "
        "remoto, automático, incompatível, leve, moderno, criptografado",
        "vt": "instalar, baixar, atualizar, configurar, desenvolver, testar, bloquear, conectar, programar, apagar, copiar, "
        "compartilhar, desligar, hospedar, proteger, reiniciar, digitalizar",
    },
    "natureza": {
        "coisa": "rio, floresta, árvore:f, água, animal, lixo, mata, nascente:f, ave:f, peixe:m, reserva, trilha, praia, espécie:f, onça, "
        "tartaruga, solo, lagoa, cachoeira, incêndio, resíduo, mangue:m, baleia, orquídea, ninho, garrafa, vazamento, energia, "
        "macaco, borboleta, coral, serpente:f, fumaça, tamanduá:m, bioma:m",
        "ação": "preservação, poluição, reciclagem, coleta seletiva, queimada, fiscalização, recuperação, migração, pesca, caça, "
        "educação ambiental, reprodução, denúncia, soltura, multa",
        "lugar": "parque, serra, margem, ilha, aldeia, santuário, viveiro, cerrado, aterro sanitário, estação ecológica",
        "gente": "biólogo, pescador, ambientalista, guarda florestal, pesquisador, catador, voluntário, ribeirinho, geólogo, guia",
        "adj": "ambiental, nativo, selvagem, ameaçado, ecológico, poluído, limpo, sustentável, raro, aquático, silvestre, noturno, "
        "marinho, reciclável, protegido, tropical, invasor, profundo",
        "vt": "preservar, proteger, recuperar, monitorar, destruir, limpar, plantar, resgatar, estudar, fotografar, reciclar, "
        "poluir, catalogar, soltar, capturar, denunciar, mapear",
    },
    "trânsito": {
        "coisa": "carro, acidente:m, ônibus, rodovia, moto:f, multa, caminhão, pista, radar, veículo, passagem, placa, "
        "carteira de motorista, "
        "pedágio, estrada, trem, bicicleta, linha, congestionamento, táxi, freio, cinto de segurança, pneu, curva, capacete:m, "
        "faixa, motor, semáforo, bilhete:m, vagão, farol, guincho, carga, retorno, acostamento",
        "ação": "colisão, fiscalização, interdição, blitz:f, viagem, ultrapassagem, revisão, manutenção, perícia, operação, "
        "integração, paralisação, velocidade, sinalização, duplicação",
        "lugar": "terminal, cruzamento, posto de gasolina, garagem, estação, delegacia, ponte:f, trevo, quilômetro, túnel",
        "gente": "motorista, passageiro, pedestre, policial, ciclista, agente, caminhoneiro, motociclista, cobrador, mecânico",
        "adj": "rodoviário, lento, perigoso, interditado, urbano, pesado, alcoolizado, ferroviário, intenso, ferido, alternativo, "
        "molhado, escolar, elétrico, usado, preferencial, clandestino, congestionado",
        "vt": "dirigir, interditar, apreender, multar, estacionar, liberar, fiscalizar, duplicar, consertar, sinalizar, conduzir, "
        "rebocar, abastecer, bloquear, revisar, desviar, pedalar",
    },
    "casa": {
        "coisa": "casa, parede:f, sofá:m, mesa, cozinha, tinta, porta, janela, cama, jardim, piso, tapete:m, armário, planta, cortina, "
        "lâmpada, banheiro, quarto, vaso, cadeira, prateleira, espelho, torneira, telhado, varanda, almofada, geladeira, fogão, "
        "azulejo, luminária, quadro, gaveta, colchão, papel de parede:m, churrasqueira",
        "ação": "decoração, reforma, limpeza, pintura, mudança, organização, economia, instalação, iluminação, faxina, "
        "arrumação, montagem, impermeabilização, medição",
        "lugar": "sala, apartamento, quintal, loja, garagem, corredor, condomínio, área de serviço, lavanderia, edícula",
        "gente": "decorador, arquiteto, pintor, jardineiro, marceneiro, morador, eletricista, inquilino, vizinho, encanador",
        "adj": "pequeno, claro, colorido, branco, confortável, espaçoso, rústico, moderno, prático, aconchegante, escuro, quadrado, "
        "macio, estampado, planejado, ventilado, impermeável, elegante",
        "vt": "pintar, decorar, limpar, montar, trocar, organizar, consertar, instalar, medir, lavar, pendurar, reformar, "
        "forrar, iluminar, secar, guardar, encerar",
    },
    "direito": {
        "coisa": "lei:f, processo, recurso, direito, sentença, contrato, artigo, multa, prazo, ação, decisão, documento, pensão, crime:m, "
        "prova, edital, licença, cláusula, testamento, benefício, decreto, inquérito, mandado, indenização, acórdão, aposentadoria, "
        "petição, procuração, cartório, certidão, herança, fiança, liminar:f, parecer, portaria",
        "ação": "audiência, votação, denúncia, investigação, defesa, fiscalização, apelação, conciliação, perícia, nomeação, "
        "revogação, homologação, tramitação, punição, consulta",
        "lugar": "tribunal, fórum, câmara, cartório, delegacia, comarca, ministério, plenário, assembleia, presídio",
        "gente": "juiz, advogado, promotor, deputado, cidadão, servidor, desembargador, delegado, relator, senador, defensor",
        "adj": "legal, penal, civil, federal, judicial, trabalhista, constitucional, provisório, administrativo, ilegal, eleitoral, "
        "favorável, público, abusivo, definitivo, unânime, irregular, previdenciário",
        "vt": "aprovar, julgar, assinar, revogar, alterar, votar, suspender, anular, analisar, arquivar, publicar, contestar, "
        "sancionar, cumprir, negar, homologar, protocolar",
    },
    "esporte": {
        "coisa": "jogo, campeonato, medalha, bola, prova, título, partida, treino, recorde:m, troféu:m, camisa, tabela, ingresso, quadra, "
        "corrida, luta, rodada, vaga, torneio, equipe:f, pista, piscina, raquete:f, patrocínio, contrato, lesão, apito, final:f, "
        "regata, arquibancada, placar, bicicleta, tatame:m, uniforme:m, revezamento",
        "ação": "vitória, derrota, estreia, preparação, disputa, classificação, convocação, arbitragem, contratação, recuperação, "
        "eliminação, premiação, largada, despedida, decisão",
        "lugar": "ginásio, estádio, clube:m, academia, pista, vila olímpica, centro de treinamento, praia, parque aquático",
        "gente": "atleta, técnico, jogador, nadador, corredor, torcedor, treinador, árbitro, judoca, ginasta, campeão, dirigente",
        "adj": "esportivo, olímpico, nacional, inédito, juvenil, amador, profissional, decisivo, mundial, titular, invicto, "
        "veloz, brasileiro, regional, individual, feminino, lesionado, paralímpico",
        "vt": "vencer, disputar, perder, ganhar, organizar, conquistar, treinar, patrocinar, adiar, comemorar, liderar, "
        "renovar, assistir, decidir, transmitir, superar, defender",
    },
}
