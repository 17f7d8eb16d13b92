"""Portuguese as people in Lisbon write it."""

from complaints.demo.texts.book import Book, Story, people

STORIES = (
    Story(
        type="billing-charged-twice",
        subject="Cobraram duas vezes {item}",
        text="No dia 3 saíram da minha conta dois pagamentos iguais por {item}, com um minuto de diferença. "
        "O pedido {order} é um só. Por causa do segundo pagamento o banco ainda cobrou 12,00 € de descoberto.",
        items=("o plano de filtros", "o kit de limpeza", "a revisão anual"),
        expectation="O segundo pagamento de volta, e os 12 euros do banco também.",
        remedy="refund",
        channels=("phone", "email", "web"),
        note="As duas cobranças entraram às 07:02 e às 07:03. A segunda não tem pedido. Igual às do fim de semana.",
        question="Para a devolução não se perder: quais são os quatro últimos números do cartão?",
        reply="4417. E mando em anexo o extrato, onde se veem os 12 euros.",
        answer="O sistema de pagamento repetiu a cobrança e o erro é nosso. Devolvemos hoje o segundo "
        "pagamento e também os 12,00 € que o banco cobrou. Peço desculpas por ter sido preciso ligar duas "
        "vezes.",
        summary="Cobrança repetida pelo meio de pagamento. Devolvidos o valor e a despesa do banco.",
        cause="system-payment",
    ),
    Story(
        type="product-damaged",
        subject="{item} chegou com a porta amolgada",
        text="Os transportadores disseram que já vinha assim e foram embora. A porta não fecha e a comida do "
        "bebé estragou-se. Seguem três fotografias. Ninguém me ligou até agora e o fim de semana começa "
        "daqui a duas horas.",
        items=("O frigorífico", "O congelador", "O forno"),
        severity="serious",
        remedy="replacement",
        channels=("web", "phone", "email"),
        note="Há mais dois casos do mesmo armazém esta semana. Falei com a transportadora: o empilhador "
        "bateu na palete.",
        answer="O aparelho foi danificado no armazém da transportadora, antes de sair. O novo chega amanhã "
        "de manhã, o antigo é levado na mesma hora, e a comida que se estragou é paga por nós: basta "
        "responder com o valor.",
        summary="Dano no armazém da transportadora. Substituído no dia seguinte, alimentos pagos.",
        cause="supplier",
    ),
    Story(
        type="delivery-wrong-item",
        subject="Veio {item} errada pela segunda vez",
        text="Encomendei em verde. Primeiro veio branca, depois veio preta. Já tenho três caixas no corredor "
        "e continuo sem aquilo que comprei. Pedido {order}.",
        items=("a torradeira", "a chaleira", "a cadeira"),
        channels=("web", "email", "chat"),
        answer="A etiqueta da prateleira estava trocada, e por isso foi enviada duas vezes a cor errada. A "
        "verde foi verificada à mão e sai hoje. As outras duas são recolhidas na mesma entrega.",
        summary="Etiqueta trocada no armazém. Enviada a cor certa, recolhidas as outras.",
        cause="people-mistake",
    ),
    Story(
        type="service-missed-appointment",
        subject="O técnico não apareceu e ninguém avisou",
        text="Fiquei em casa o dia inteiro, das oito às seis, à espera do técnico para {item}. Às sete da "
        "tarde recebi uma mensagem a dizer que não me tinham encontrado em casa. Não saí nem para comprar "
        "pão.",
        items=("a máquina de lavar", "a placa", "o esquentador"),
        severity="serious",
        channels=("phone", "web", "email"),
        question="Prefere quinta-feira às 8:00 ou sexta-feira depois das 17:00?",
        reply="Quinta às oito, por favor. Entro no trabalho às dez.",
        answer="A visita saiu do plano quando a carrinha foi trocada e ninguém deu por isso. O técnico vem "
        "na quinta-feira às 8:00, é a primeira visita do dia, e liga antes de sair. A deslocação não é "
        "cobrada.",
        summary="Visita perdida na troca de carrinha. Marcada a primeira hora, deslocação oferecida.",
        cause="process-handover",
    ),
    Story(
        type="obstacle-cannot-cancel",
        subject="Não consigo cancelar {item}",
        text="No site há um botão para aderir e não encontro nenhum para sair. No chat mandam ligar, no "
        "telefone mandam ir ao chat. Entretanto cobraram mais um mês.",
        items=("a assinatura dos filtros", "o plano de assistência", "a garantia alargada"),
        remedy="refund",
        channels=("chat", "web", "social"),
        answer="O plano está cancelado desde o dia do primeiro contacto e o mês cobrado depois disso já foi "
        "devolvido. O botão existe, mas estava numa página que só se abria no computador. Agora está também "
        "no telemóvel.",
        summary="Botão de cancelamento ausente no telemóvel. Cancelado com efeito na data do pedido, mês devolvido.",
        cause="system-software",
    ),
    Story(
        type="billing-invoice",
        subject="Fatura com o contribuinte errado",
        text="Pedi fatura com o número da empresa e veio com o meu. A contabilidade não aceita e o IVA fecha "
        "no dia 20. Pedido {order}, {item}.",
        items=("três candeeiros", "quatro cadeiras", "duas secretárias"),
        severity="minor",
        channels=("email", "web"),
        question="Qual é o número de contribuinte da empresa, e o nome tal como deve aparecer?",
        reply="Oficina Azul, Lda., 509 000 000. A morada é a da entrega.",
        answer="A fatura foi anulada e a nova segue em anexo, com os dados da empresa e a data original. "
        "Está a tempo do dia 20.",
        summary="Fatura reemitida com os dados da empresa.",
        cause="people-mistake",
    ),
    Story(
        type="staff-unhelpful",
        subject="Na loja recusaram a troca de {item}",
        text="Tinha o talão, a caixa e doze dias de compra. Disseram que o gerente não estava e que sem ele "
        "não se fazem trocas. Perguntei quando voltava e encolheram os ombros.",
        items=("um ferro", "um secador", "um aspirador"),
        severity="minor",
        channels=("in_person", "web", "email"),
        answer="Uma troca não precisa do gerente. Pode ir a qualquer loja com o talão: a troca já está "
        "registada no sistema. A equipa daquela loja vai repetir connosco o capítulo das trocas.",
        summary="Troca recusada sem motivo. Registada no sistema; formação marcada com a loja.",
        cause="people-training",
    ),
    Story(
        type="product-defective",
        subject="{item} desliga a luz da casa toda",
        text="Ligo e o quadro vai abaixo. Experimentei em três tomadas e em casa da minha mãe. O eletricista "
        "disse para não voltar a ligar.",
        items=("A máquina de café", "A fritadeira", "A varinha mágica"),
        severity="critical",
        channels=("phone", "web", "email"),
        note="Enviado já para segurança do produto. Não fechar sem o relatório.",
        answer="O eletricista tem razão e agradeço o cuidado. A peça tinha humidade na ligação, um defeito "
        "de fabrico de um lote que acabámos de retirar das lojas. O valor foi devolvido e a recolha é "
        "gratuita.",
        summary="Defeito de fabrico num lote. Lote retirado, valor devolvido, recolha gratuita.",
        cause="product-production",
    ),
    Story(
        type="billing-price",
        subject="O preço do folheto não foi o da caixa",
        text="No folheto {item} custa 79,90 €. Na caixa passou a 94,90 € e disseram-me que o folheto era da "
        "semana anterior. Tenho-o aqui, diz «até domingo», e era sábado.",
        items=("a ventoinha", "a grelha", "a balança"),
        severity="minor",
        remedy="refund",
        outcome="upheld",
        channels=("web", "in_person", "email"),
        answer="O folheto estava certo e a caixa não: o preço foi mudado um dia cedo demais. A diferença de "
        "15,00 € já foi devolvida.",
        summary="Preço mudado na caixa um dia antes. Diferença devolvida.",
        cause="process-missing-step",
    ),
    Story(
        type="service-contradictory",
        subject="Cada pessoa diz uma coisa sobre a garantia",
        text="Da primeira vez {item} tinha garantia de três anos, da segunda eram dois, e ontem disseram que "
        "já tinha acabado. Comprei há vinte meses. Qual das três é a verdade?",
        items=("a batedeira", "a panela elétrica", "a máquina de pão"),
        channels=("email", "phone", "social"),
        outcome="partly_upheld",
        answer="A garantia é de três anos e está em vigor. Os dois anos valiam até 2021 e ainda estavam num "
        "dos nossos documentos. A reparação é gratuita; a extensão que pediu não a podemos dar, mas fica por "
        "escrito a data em que termina.",
        summary="Documento interno desatualizado. Garantia confirmada por escrito; sem extensão.",
        cause="information-wrong",
    ),
)

BOOK = Book(
    greeting="Olá, {first}!",
    mail_domain="correio.example",
    phone="+351 910 000 {0:03d}",
    stories=STORIES,
    people=people(
        "Marta Ribeiro",
        "Henrique Sá|Henrique|henrique.sa",
        "Maria do Carmo Pinto|Maria do Carmo|mc.pinto",
        "Bruno Teles",
        "Sofia Antunes",
        "Tiago Valente",
        "Beatriz Nogueira",
        "Luís Carvalhal|Luís|luis.carvalhal",
        "Joana Figueira",
        "Rui Machado",
        "Inês Barroso|Inês|ines.barroso",
        "Duarte Leal",
        "Cláudia Meireles|Cláudia|claudia.meireles",
        "Nuno Abrantes",
        "Patrícia Lobo|Patrícia|patricia.lobo",
        "Gonçalo Prata|Gonçalo|goncalo.prata",
        "Helena Vaz",
        "Fábio Correia|Fábio|fabio.correia",
    ),
    acknowledgements=(
        "Li a reclamação e vou cuidar dela. Amanhã ao fim da tarde dou notícias, mesmo que ainda não haja "
        "resposta do armazém.",
        "Agradeço por contar tudo com tanto pormenor. Ainda hoje pergunto ao armazém e digo o que responderem.",
        "Lamento o que aconteceu. Antes de prometer seja o que for quero perceber o que falhou; escrevo "
        "assim que souber.",
    ),
    progress=(
        "Uma nota rápida: a oficina já respondeu, a transportadora ainda não. Volto a ligar amanhã logo de manhã.",
        "Continuo a tratar disto. A contabilidade precisa de mais um dia para localizar o pagamento; não é "
        "preciso fazer nada.",
    ),
    chasers=("Há novidades? Disseram-me quarta-feira.", "Continuo à espera da chamada que me prometeram."),
    thanks=(
        "Afinal foi rápido, agradeço.",
        "O dinheiro já está na conta. Agradeço a ajuda.",
        "Está bem assim, parece-me justo.",
    ),
    reopened=(
        "Voltou a acontecer exatamente o mesmo. Peço que reabram o caso.",
        "A devolução prometida continua sem aparecer na conta.",
    ),
    withdrawn=("Afinal estava com a vizinha. Desculpem o incómodo.", "Já apareceu, podem esquecer a reclamação."),
    waiting_for="Fotografias ou números do cliente",
    sorted_anew="Pelo texto percebe-se do que se trata",
    handed_on="Conhece melhor o armazém e está cá hoje",
    notes=(
        "Liguei duas vezes, não atende. Tento depois do almoço.",
        "Terceiro caso do mês com a mesma transportadora; levo à reunião de quinta.",
        "Muito simpática ao telefone. O que quer é saber o que se passa.",
    ),
)
