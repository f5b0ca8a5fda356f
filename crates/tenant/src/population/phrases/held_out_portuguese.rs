//! Portuguese, held out.
use super::{Labels, Phrases};

pub(super) const PT_PT: Phrases = Phrases {
    locale: "pt-pt",
    requests: &[
        "Conta-me em poucas palavras o que se passa {about}",
        "quanto pagámos à {org} {when}",
        "Pergunta com jeito a {name} onde estão as páginas em falta de {file}",
        "Não encontro o diapositivo {about}. Em que apresentação estava?",
        "a que devo estar atento com a {org}",
        "Faz um esquema para uma intervenção de {n} minutos {about}",
        "Alguém se opôs na última reunião?",
        "O ponto {n} de {file} soa mal, reescreve-o",
        "Quando é que a {org} assina e quem tem o processo?",
        "Lista de verificação {about}, uma linha por ponto",
        "ordena os fornecedores de {file} por preço e prazo",
        "Quem mais devo convidar?",
    ],
    frames: &[
        "Quero {wish}, dá-me uma ajuda",
        "Vamos {wish}",
        "consegues {wish}?",
    ],
    wishes: &[
        "perceber porque é que a {org} está outra vez atrasada",
        "reduzir {file} a uma página",
        "juntar as perguntas que surgiram {about}",
        "calcular quanto isto nos custa por mês",
        "dizer que não a {name} sem melindrar",
        "cruzar os nomes de {file} com a nossa lista de clientes",
    ],
    leads: &[
        "Uma coisa rápida antes do almoço.",
        "A {org} ligou e não estava satisfeita.",
        "A minha chefe quer uma resposta {about} daqui a uma hora.",
        "Parte do princípio de que não percebo nada de contas.",
    ],
    tails: &[
        "Uma página, no máximo.",
        "Salta a introdução.",
        "Numera os pontos.",
        "Tom sereno.",
        "Se não souberes, diz.",
    ],
    follow_ups: &[
        "menos palavroso",
        "corta para metade",
        "mais simpático",
        "agora por pontos",
        "em alemão",
        "isso está errado",
        "que mais",
        "e {when}?",
        "{name} não, outra pessoa",
        "tira o ponto {n}",
        "continua",
    ],
    courtesies: &["boa", "boa tarde", "agradecido", "ótimo", "deixa estar"],
    around: &[
        "Que perguntas não foram resolvidas entre nós e a {org}, e quais pode {name} fechar?",
        "Gerar notas da reunião no formato do jurídico, com as decisões numeradas",
        "Organizar esta apresentação, mas sem mexer nos primeiros {n} diapositivos",
        "Reescrever com o Copilot não resultou, corrige só a primeira frase de {file}",
    ],
    pastes: &[
        "Isto tem risco jurídico?",
        "Tira datas e valores deste texto",
        "Parece escrito por um robô, torna-o mais humano:",
    ],
    handouts: &[
        "Imagina que és o leitor mais exigente que conheço. Lê o meu último rascunho, dá-lhe nota de 1 a 10 em clareza, provas e coragem, justifica cada nota numa frase e depois reescreve duas vezes o parágrafo mais fraco: uma vez mais arrojado, outra mais simples.",
    ],
    topics: &[
        ("o contrato-quadro", "acerca do contrato-quadro"),
        ("as devoluções", "acerca das devoluções"),
        ("o quadro de pessoal", "acerca do quadro de pessoal"),
        (
            "a avaria dos torniquetes",
            "acerca da avaria dos torniquetes",
        ),
        ("a licença parental", "acerca da licença parental"),
        ("a fábrica de Aveiro", "acerca da fábrica de Aveiro"),
        ("o jantar de Natal", "acerca do jantar de Natal"),
        (
            "a segurança contra incêndios",
            "acerca da segurança contra incêndios",
        ),
    ],
    meetings: &["reunião comercial", "passagem de pasta", "assembleia"],
    whens: &[
        "desde o arranque",
        "neste exercício",
        "em maio",
        "no fim de semana",
        "depois da reorganização",
    ],
    listed: Labels {
        chat: &[
            "Põe-me a par dos e-mails recentes",
            "Que reuniões tenho hoje?",
            "Destaques dos últimos 30 dias",
        ],
        word: &[
            "Reescrever com o Copilot",
            "Visualizar como tabela",
            "Fazer uma pergunta sobre este documento",
        ],
        excel: &[
            "Adicionar sugestões de colunas de fórmula",
            "Mostrar todas as informações de dados",
        ],
        powerpoint: &[
            "Organizar esta apresentação",
            "Adicionar um diapositivo {about}",
        ],
        outlook: &["Resumo do Copilot", "Orientação do Copilot"],
        meeting: &[
            "Que perguntas não foram resolvidas?",
            "Listar diferentes perspetivas por tópico",
            "Gerar notas da reunião",
        ],
    },
    unlisted: Labels {
        chat: &[
            "Quem me pode ajudar cá dentro?",
            "Desenha a minha semana numa imagem",
            "O que me escapou?",
        ],
        word: &[
            "Encontrar um título para esta página",
            "Ler {file} com olhar crítico",
        ],
        excel: &[
            "Prever os próximos três meses",
            "Que linhas merecem um segundo olhar?",
        ],
        powerpoint: &["Escrever notas do orador para cada diapositivo"],
        outlook: &[
            "Responder com o que é pedido",
            "Ordenar o correio por esforço",
        ],
        meeting: &[
            "O que perdi no início?",
            "Transformar esta reunião num registo de decisões",
        ],
    },
    drawn: &["Comparo isto com a {org}?", "Preparo um lembrete {about}?"],
    openings: &[
        "Apresenta-me {file} antes de eu o ler",
        "Extrair pessoas, datas e valores de \"{file}\"",
    ],
    proactive: &[
        "Parece que {name} aguarda a sua resposta {about}.",
        "As suas notas estão prontas.",
    ],
    admin: &[
        "Que incidentes nos afetam agora?",
        "Redige um plano de adoção para os novos licenciados",
    ],
    refusals: &[
        "Sobre isso não posso falar. Posso ajudar noutra coisa?",
        "Não foi possível concluir o pedido. Experimente formulá-lo de outra forma.",
        "Não tenho permissão para abrir esse ficheiro, por isso não sei responder.",
    ],
};

pub(super) const PT_BR: Phrases = Phrases {
    locale: "pt-br",
    requests: &[
        "Me conta rapidinho o que está rolando {about}",
        "quanto a gente pagou pra {org} {when}?",
        "Pergunta com jeito pra {name} cadê as páginas que faltam em {file}",
        "Não acho mais o slide {about}. Estava em qual apresentação?",
        "no que eu tenho que ficar de olho com a {org}",
        "Monta um roteiro pra uma fala de {n} minutos {about}",
        "Alguém foi contra na última reunião?",
        "O item {n} de {file} ficou grosseiro, reescreve",
        "Quando a {org} assina e com quem está parado?",
        "Checklist {about}, uma linha por item",
        "ordena os fornecedores de {file} por preço e prazo",
        "Quem mais eu deveria chamar?",
        "Escreve um post pro LinkedIn {about}, sem hashtag",
    ],
    frames: &[
        "Quero {wish}, me dá uma força",
        "Bora {wish}",
        "consegue {wish}?",
    ],
    wishes: &[
        "descobrir por que a {org} atrasou de novo",
        "enxugar {file} pra uma página",
        "juntar as dúvidas que apareceram {about}",
        "estimar quanto isso custa por mês",
        "recusar o pedido de {name} sem criar climão",
        "bater os nomes de {file} com a nossa lista de clientes",
    ],
    leads: &[
        "Rapidinho antes do almoço.",
        "A {org} ligou e não estava nada feliz.",
        "Minha chefe quer uma resposta {about} em uma hora.",
        "Considera que eu não entendo nada de finanças.",
    ],
    tails: &[
        "Uma página, no máximo.",
        "Pula a introdução.",
        "Numera os itens.",
        "Tom tranquilo.",
        "Se não souber, fala.",
    ],
    follow_ups: &[
        "menos enrolação",
        "corta pela metade",
        "mais simpático",
        "agora em tópicos",
        "em espanhol",
        "tá errado",
        "o que mais",
        "e {when}?",
        "{name} não, outra pessoa",
        "tira o item {n}",
        "continua",
    ],
    courtesies: &["show", "boa tarde", "brigadão", "ótimo", "deixa pra lá"],
    around: &[
        "Quais perguntas não foram resolvidas entre a gente e a {org}, e quais {name} resolve?",
        "Gerar anotações da reunião no formato do jurídico, com as decisões numeradas",
        "Organizar esta apresentação, mas sem mexer nos {n} primeiros slides",
        "Reescrever com o Copilot não deu certo, arruma só a primeira frase de {file}",
    ],
    pastes: &[
        "Isso dá problema jurídico?",
        "Tira as datas e os valores desse texto",
        "Parece que um robô escreveu, deixa mais humano:",
    ],
    handouts: &[
        "Imagine que você é o leitor mais exigente que eu conheço. Leia meu último rascunho, dê uma nota de 1 a 10 para clareza, provas e coragem, justifique cada nota em uma frase e depois reescreva duas vezes o parágrafo mais fraco: uma versão mais ousada e outra mais simples.",
    ],
    topics: &[
        ("o contrato da frota", "a respeito do contrato da frota"),
        (
            "as trocas e devoluções",
            "a respeito das trocas e devoluções",
        ),
        (
            "o quadro de funcionários",
            "a respeito do quadro de funcionários",
        ),
        ("a pane das catracas", "a respeito da pane das catracas"),
        ("a licença-paternidade", "a respeito da licença-paternidade"),
        (
            "a fábrica de Joinville",
            "a respeito da fábrica de Joinville",
        ),
        ("a festa junina", "a respeito da festa junina"),
        ("o reajuste salarial", "a respeito do reajuste salarial"),
    ],
    meetings: &["reunião comercial", "passagem de bastão", "assembleia"],
    whens: &[
        "desde o kickoff",
        "neste ano fiscal",
        "em maio",
        "no fim de semana",
        "depois da mudança",
    ],
    listed: Labels {
        chat: &[
            "Atualize-me sobre emails recentes",
            "Quais reuniões tenho hoje?",
            "Destaques dos últimos 30 dias",
        ],
        word: &[
            "Reescrever com o Copilot",
            "Visualizar como tabela",
            "Fazer uma pergunta sobre este documento",
        ],
        excel: &[
            "Adicionar sugestões de coluna de fórmula",
            "Mostrar todos os insights de dados",
        ],
        powerpoint: &["Organizar esta apresentação", "Adicionar um slide {about}"],
        outlook: &["Resumo do Copilot", "Orientação do Copilot"],
        meeting: &[
            "Quais perguntas não foram resolvidas?",
            "Listar diferentes perspectivas por tópico",
            "Gerar anotações da reunião",
        ],
    },
    unlisted: Labels {
        chat: &[
            "Quem pode me ajudar com isso aqui?",
            "Desenhe minha semana em uma imagem",
            "O que passou batido?",
        ],
        word: &[
            "Sugerir um título para esta página",
            "Ler {file} com olhar crítico",
        ],
        excel: &[
            "Prever os próximos três meses",
            "Quais linhas merecem uma segunda olhada?",
        ],
        powerpoint: &["Escrever anotações do orador em cada slide"],
        outlook: &[
            "Responder com o que pediram",
            "Ordenar meus emails por esforço",
        ],
        meeting: &[
            "O que eu perdi no começo?",
            "Transformar a reunião em uma lista de decisões",
        ],
    },
    drawn: &[
        "Devo comparar com a {org}?",
        "Quer que eu prepare uma cobrança {about}?",
    ],
    openings: &[
        "Me apresente {file} antes que eu leia",
        "Extrair pessoas, datas e valores de \"{file}\"",
    ],
    proactive: &[
        "Parece que {name} está esperando sua resposta {about}.",
        "Suas anotações estão prontas.",
    ],
    admin: &[
        "Quais incidentes nos afetam agora?",
        "Escreva um plano de adoção para os novos licenciados",
    ],
    refusals: &[
        "Sobre isso eu não posso falar. Posso ajudar com outra coisa?",
        "Não foi possível concluir sua solicitação. Tente escrever de outro jeito.",
        "Não tenho permissão para abrir esse arquivo, então não sei responder.",
    ],
};
