"""The playbooks a new installation starts with: one for every complaint, and one for each type of the first level.

Frozen, as _first_data is. Steps that are alike share their key, so that a tick stays when a case is sorted anew.
"""

from typing import Any

LANGUAGES = ("en", "es", "pt", "it", "ru")
Texts = dict[str, str]


def by_language(*words: str) -> Texts:
    return dict(zip(LANGUAGES, words, strict=True))


def step(key: str, title: Texts, text: Texts, *, who: str = "agent", required: bool = True) -> dict[str, Any]:
    return {
        "key": key, "title": title, "text": text, "who": who, "links": [], "article": None, "required": required,
    }  # fmt: skip


LISTEN = step(
    "listen",
    by_language(
        "Listen first, and thank them for telling us",
        "Primero escuchar, y dar las gracias por contárnoslo",
        "Primeiro ouvir, e agradecer por nos contar",
        "Prima ascoltare, e ringraziare di avercelo detto",
        "Сначала выслушать и поблагодарить за обращение",
    ),
    by_language(
        "Let them finish. Say back in your own words what happened, so that they know it was understood.\n\n"
        "**Thank them**: without them we would not know.",
        "Dejar que termine. Repetir con palabras propias lo ocurrido, para que sepa que se ha entendido.\n\n"
        "**Dar las gracias**: de otro modo no lo sabríamos.",
        "Deixar a pessoa terminar. Repetir com as próprias palavras o que aconteceu, para ela saber que foi "
        "entendida.\n\n**Agradecer**: sem ela não ficaríamos sabendo.",
        "Lasciar finire. Ripetere con parole proprie che cosa è successo, perché il cliente sappia di essere stato "
        "capito.\n\n**Ringraziare**: altrimenti non lo sapremmo.",
        "Дать договорить. Пересказать своими словами, что произошло, чтобы человек видел, что его поняли.\n\n"
        "**Поблагодарить**: иначе мы бы об этом не узнали.",
    ),
)
APOLOGISE = step(
    "apologise",
    by_language(
        "Apologise for what they went through",
        "Pedir disculpas por lo que ha pasado",
        "Pedir desculpas pelo que a pessoa passou",
        "Scusarsi per quello che il cliente ha passato",
        "Извиниться за то, с чем человеку пришлось столкнуться",
    ),
    by_language(
        "Say sorry for what happened to them, whoever is at fault. Once it is certain that the mistake was ours, say "
        "that too. Never argue about how they feel.",
        "Lamentar lo que le ha ocurrido, sea de quien sea la culpa. Cuando conste que el error fue nuestro, decirlo "
        "también. No discutir nunca lo que siente.",
        "Lamentar o que aconteceu, seja de quem for a culpa. Quando for certo que o erro foi nosso, dizer isso também. "
        "Nunca discutir o que a pessoa sente.",
        "Dispiacersi per l'accaduto, di chiunque sia la colpa. Quando è certo che l'errore è nostro, dirlo. Non "
        "discutere mai di ciò che il cliente prova.",
        "Выразить сожаление о случившемся, чья бы ни была вина. Когда ясно, что ошибка наша, сказать и об этом. "
        "Никогда не спорить с чувствами человека.",
    ),
)
PLAN = step(
    "plan",
    by_language(
        "Say what will happen, and by when",
        "Decir qué va a pasar y para cuándo",
        "Dizer o que vai acontecer e até quando",
        "Dire che cosa succederà, ed entro quando",
        "Сказать, что будет сделано и к какому сроку",
    ),
    by_language(
        "Ask what would put it right for them. Name the next step, who takes it, and a date that can be kept. A vague "
        "promise is worse than none.",
        "Preguntar qué lo arreglaría. Decir cuál es el próximo paso, quién lo da y una fecha que se pueda cumplir. Una "
        "promesa vaga es peor que ninguna.",
        "Perguntar o que resolveria o problema. Dizer qual é o próximo passo, quem o dá e uma data que possa ser "
        "cumprida. Promessa vaga é pior que nenhuma.",
        "Chiedere che cosa rimedierebbe. Dire qual è il prossimo passo, chi lo fa e una data che si può rispettare. "
        "Una promessa vaga è peggio di nessuna.",
        "Спросить, что исправило бы дело. Назвать следующий шаг, кто его сделает, и срок, который можно соблюсти. "
        "Расплывчатое обещание хуже никакого.",
    ),
)
FACTS = step(
    "facts",
    by_language(
        "Look at the facts",
        "Mirar los hechos",
        "Olhar os fatos",
        "Guardare i fatti",
        "Разобраться в фактах",
    ),
    by_language(
        "Read earlier complaints and messages, the order, and what was promised. Ask the customer only for what we "
        "cannot find out ourselves, and for everything at once.",
        "Leer las reclamaciones y los mensajes anteriores, el pedido y lo prometido. Preguntar al cliente solo lo que "
        "no podamos averiguar nosotros, y todo de una vez.",
        "Ler as reclamações e mensagens anteriores, o pedido e o que foi prometido. Perguntar ao cliente só o que não "
        "conseguimos descobrir sozinhos, e tudo de uma vez.",
        "Leggere i reclami e i messaggi precedenti, l'ordine e ciò che è stato promesso. Chiedere al cliente solo quello "
        "che non possiamo scoprire da soli, e tutto in una volta.",
        "Прочитать прежние обращения и сообщения, заказ и то, что было обещано. Спрашивать клиента только о том, чего "
        "не можем узнать сами, и обо всём сразу.",
    ),
)
DECIDE = step(
    "decide",
    by_language(
        "Decide, and settle it on the spot where allowed",
        "Decidir, y resolverlo en el acto si está permitido",
        "Decidir, e resolver na hora quando permitido",
        "Decidere, e risolvere subito dove è consentito",
        "Принять решение и, где разрешено, исправить сразу",
    ),
    by_language(
        "Upheld, partly or not: by the facts, not by who speaks loudest. Within the own authority it is settled at once; "
        "above it, approval comes before any promise.",
        "Procedente, en parte o improcedente: según los hechos, no según quién levanta más la voz. Dentro de la propia "
        "autoridad se resuelve en el acto; por encima, primero la aprobación y luego la promesa.",
        "Procedente, em parte ou improcedente: pelos fatos, não por quem fala mais alto. Dentro da própria autoridade, "
        "resolver na hora; acima dela, a aprovação vem antes de qualquer promessa.",
        "Accolto, in parte o no: in base ai fatti, non a chi alza di più la voce. Entro la propria autorità si risolve "
        "subito; oltre, l'approvazione viene prima di ogni promessa.",
        "Удовлетворить полностью, частично или отклонить: по фактам, а не по тому, кто громче. В пределах полномочий "
        "решать сразу; сверх них сначала одобрение, потом обещание.",
    ),
)
TELL = step(
    "tell",
    by_language(
        "Tell the customer the decision and why",
        "Comunicar al cliente la decisión y el porqué",
        "Comunicar ao cliente a decisão e o motivo",
        "Comunicare al cliente la decisione e il perché",
        "Сообщить клиенту решение и его причины",
    ),
    by_language(
        "In plain words:\n- what we found\n- what we decide, and why\n- what they get, and when\n\nWhere we cannot do "
        "what they ask: **we cannot, because ..., instead ...** And where else they can turn.",
        "Con palabras sencillas:\n- qué hemos averiguado\n- qué decidimos y por qué\n- qué recibe y cuándo\n\nSi no "
        "podemos hacer lo que pide: **no podemos, porque ..., en su lugar ...** Y a quién más puede acudir.",
        "Com palavras simples:\n- o que apuramos\n- o que decidimos e por quê\n- o que a pessoa recebe e quando\n\n"
        "Quando não podemos fazer o que ela pede: **não podemos, porque ..., em vez disso ...** E a quem mais ela pode "
        "recorrer.",
        "Con parole semplici:\n- che cosa abbiamo accertato\n- che cosa decidiamo e perché\n- che cosa riceve e quando"
        "\n\nSe non possiamo fare ciò che chiede: **non possiamo, perché ..., invece ...** E a chi altro può "
        "rivolgersi.",
        "Простыми словами:\n- что мы выяснили\n- что решили и почему\n- что человек получит и когда\n\nЕсли не можем "
        "сделать то, о чём просят: **не можем, потому что ..., вместо этого ...** И куда ещё можно обратиться.",
    ),
)
FOLLOW_UP = step(
    "follow-up",
    by_language(
        "Follow up once it is done",
        "Hacer seguimiento cuando esté hecho",
        "Acompanhar depois de resolvido",
        "Risentire il cliente quando è fatto",
        "Связаться после того, как всё сделано",
    ),
    by_language(
        "A few days later: did it arrive, does it work, is it settled for them? Name the root cause, so that it does "
        "not happen to the next one.",
        "Unos días después: ¿llegó, funciona, ha quedado resuelto? Nombrar la causa raíz, para que no le ocurra al "
        "siguiente.",
        "Alguns dias depois: chegou, funciona, ficou resolvido? Registrar a causa raiz, para não acontecer com o "
        "próximo.",
        "Qualche giorno dopo: è arrivato, funziona, per il cliente è risolto? Indicare la causa principale, perché non "
        "succeda al prossimo.",
        "Через несколько дней: дошло ли, работает ли, решён ли вопрос? Указать причину, чтобы этого не случилось со "
        "следующим клиентом.",
    ),
    required=False,
)
CUSTOMER_PART = by_language(
    "Thank you for telling us. This is how it goes on:\n\n"
    "1. A person reads your complaint and looks after it until the end.\n"
    "2. We look at the facts. If we need something from you, we ask once.\n"
    "3. We tell you what will happen, and by when.\n"
    "4. We tell you what we decide, and why.\n\n"
    "You can reply to this message at any time.",
    "Gracias por contárnoslo. Así seguimos:\n\n"
    "1. Una persona lee su reclamación y se encarga de ella hasta el final.\n"
    "2. Miramos los hechos. Si necesitamos algo de usted, se lo pedimos una sola vez.\n"
    "3. Le decimos qué va a pasar y para cuándo.\n"
    "4. Le comunicamos qué decidimos y por qué.\n\n"
    "Puede responder a este mensaje cuando quiera.",
    "Obrigado por nos contar. Vamos seguir assim:\n\n"
    "1. Uma pessoa lê sua reclamação e cuida dela até o fim.\n"
    "2. Olhamos os fatos. Se precisarmos de algo, perguntamos uma única vez.\n"
    "3. Dizemos o que vai acontecer e até quando.\n"
    "4. Comunicamos o que decidimos e por quê.\n\n"
    "Você pode responder a esta mensagem quando quiser.",
    "La ringraziamo di avercelo detto. Procediamo così:\n\n"
    "1. Una persona legge il suo reclamo e lo segue fino alla fine.\n"
    "2. Guardiamo i fatti. Se ci serve qualcosa da lei, lo chiediamo una volta sola.\n"
    "3. Le diciamo che cosa succederà, ed entro quando.\n"
    "4. Le comunichiamo che cosa decidiamo e perché.\n\n"
    "Può rispondere a questo messaggio in qualsiasi momento.",
    "Спасибо, что рассказали нам об этом. Дальше будет так:\n\n"
    "1. Ваше обращение прочитает сотрудник и будет заниматься им до конца.\n"
    "2. Мы разберёмся в фактах. Если что-то понадобится от вас, спросим один раз.\n"
    "3. Скажем, что будет сделано и к какому сроку.\n"
    "4. Сообщим, что решили и почему.\n\n"
    "На это сообщение можно ответить в любое время.",
)
GENERAL = by_language(
    "For every complaint",
    "Para toda reclamación",
    "Para toda reclamação",
    "Per ogni reclamo",
    "Для любой жалобы",
)

# code of a type -> the step that looks at the facts, and the one that puts it right
OWN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "product": (
        step(
            "facts-product",
            by_language(
                "See what is wrong with the product",
                "Ver qué le pasa al producto",
                "Ver o que há com o produto",
                "Vedere che cosa non va nel prodotto",
                "Выяснить, что не так с товаром",
            ),
            by_language(
                "Model, lot number and a photo are enough. See whether others report the same.\n\n**If somebody could get "
                "hurt**: severity critical, ask them to stop using it, and tell the team's lead at once.",
                "Bastan el modelo, el lote y una foto. Ver si otros informan de lo mismo.\n\n**Si alguien puede hacerse "
                "daño**: gravedad crítica, pedir que deje de usarlo y avisar enseguida al líder de equipo.",
                "Bastam o modelo, o lote e uma foto. Ver se outros relatam o mesmo.\n\n**Se alguém pode se machucar**: "
                "gravidade crítica, pedir que pare de usar e avisar o líder de equipe na hora.",
                "Bastano modello, lotto e una foto. Vedere se altri segnalano lo stesso.\n\n**Se qualcuno può farsi "
                "male**: gravità critica, chiedere di non usarlo più e avvisare subito il team leader.",
                "Достаточно модели, номера партии и фотографии. Посмотреть, не сообщают ли о том же другие.\n\n**Если "
                "кто-то может пострадать**: критическая серьёзность, попросить не пользоваться и сразу сообщить "
                "супервизору.",
            ),
        ),
        step(
            "remedy-product",
            by_language(
                "Offer a replacement, a repair or the money back",
                "Ofrecer un cambio, una reparación o el reembolso",
                "Oferecer troca, conserto ou reembolso",
                "Offrire sostituzione, riparazione o rimborso",
                "Предложить замену, ремонт или возврат денег",
            ),
            by_language(
                "The customer chooses what helps most. Return labels come from us; nobody pays to send back what was "
                "broken.",
                "Elige el cliente lo que más le sirva. La etiqueta de devolución la ponemos nosotros; nadie paga por "
                "devolver algo roto.",
                "O cliente escolhe o que mais ajuda. A etiqueta de devolução é por nossa conta; ninguém paga para "
                "devolver o que veio com defeito.",
                "Sceglie il cliente ciò che gli serve di più. L'etichetta di reso la mettiamo noi; nessuno paga per "
                "rendere ciò che era rotto.",
                "Клиент выбирает то, что ему удобнее. Обратную пересылку оплачиваем мы: никто не платит за возврат "
                "неисправного.",
            ),
        ),
    ),
    "delivery": (
        step(
            "facts-delivery",
            by_language(
                "Find the parcel",
                "Encontrar el paquete",
                "Encontrar o pacote",
                "Trovare il pacco",
                "Найти посылку",
            ),
            by_language(
                "Open the order and the carrier's tracking, and check the address. We ask the carrier; the customer does "
                "not have to.",
                "Abrir el pedido y el seguimiento del transportista, y comprobar la dirección. Al transportista le "
                "preguntamos nosotros; el cliente no tiene por qué.",
                "Abrir o pedido e o rastreamento da transportadora, e conferir o endereço. Quem pergunta à "
                "transportadora somos nós, não o cliente.",
                "Aprire l'ordine e il tracciamento del corriere, e verificare l'indirizzo. Al corriere chiediamo noi; "
                "non deve farlo il cliente.",
                "Открыть заказ и отслеживание перевозчика, проверить адрес. Перевозчика спрашиваем мы, а не клиент.",
            ),
        ),
        step(
            "remedy-delivery",
            by_language(
                "Send it again or pay it back, without waiting for the carrier",
                "Reenviar o reembolsar, sin esperar al transportista",
                "Reenviar ou reembolsar, sem esperar a transportadora",
                "Rispedire o rimborsare, senza aspettare il corriere",
                "Отправить заново или вернуть деньги, не дожидаясь перевозчика",
            ),
            by_language(
                "Ask which of the two they prefer. Delivery costs belong to it. What the carrier owes us is our matter.",
                "Preguntar cuál de las dos cosas prefiere. Los gastos de envío van incluidos. Lo que nos deba el "
                "transportista es asunto nuestro.",
                "Perguntar o que a pessoa prefere. O frete está incluído. O que a transportadora nos deve é assunto "
                "nosso.",
                "Chiedere quale delle due preferisce. Le spese di spedizione sono comprese. Ciò che il corriere ci deve "
                "è affar nostro.",
                "Спросить, что удобнее. Стоимость доставки входит. Расчёты с перевозчиком остаются нашим делом.",
            ),
        ),
    ),
    "billing": (
        step(
            "facts-billing",
            by_language(
                "Look at the charges and payments",
                "Mirar los cobros y los pagos",
                "Olhar as cobranças e os pagamentos",
                "Guardare addebiti e pagamenti",
                "Проверить списания и платежи",
            ),
            by_language(
                "Compare line by line what was ordered, charged and paid. Look for double charges, discounts that ran out "
                "and prices that changed.",
                "Comparar línea por línea lo pedido, lo cobrado y lo pagado. Buscar cobros duplicados, descuentos "
                "vencidos y precios que han cambiado.",
                "Comparar linha por linha o que foi pedido, cobrado e pago. Procurar cobranças em dobro, descontos "
                "vencidos e preços alterados.",
                "Confrontare riga per riga ciò che è stato ordinato, addebitato e pagato. Cercare addebiti doppi, "
                "sconti scaduti e prezzi cambiati.",
                "Построчно сравнить, что заказано, списано и оплачено. Искать двойные списания, истёкшие скидки и "
                "изменившиеся цены.",
            ),
        ),
        step(
            "remedy-billing",
            by_language(
                "Refund or credit at once",
                "Reembolsar o abonar en el acto",
                "Reembolsar ou creditar na hora",
                "Rimborsare o accreditare subito",
                "Сразу вернуть деньги или зачислить на счёт",
            ),
            by_language(
                "Within the own authority it is done while the customer is still there. Ask about costs that followed, "
                "such as bank fees: they belong to it. Say on which day the money arrives.",
                "Dentro de la propia autoridad, mientras el cliente sigue ahí. Preguntar por gastos derivados, como "
                "comisiones bancarias: van incluidos. Decir qué día llega el dinero.",
                "Dentro da própria autoridade, com o cliente ainda na linha. Perguntar por custos que vieram depois, como "
                "tarifas bancárias: estão incluídos. Dizer em que dia o dinheiro chega.",
                "Entro la propria autorità, mentre il cliente è ancora in linea. Chiedere delle spese che ne sono "
                "seguite, come le commissioni bancarie: sono comprese. Dire in che giorno arriva il denaro.",
                "В пределах полномочий сделать это, пока клиент на связи. Спросить о последовавших расходах, например "
                "банковских комиссиях: они тоже наши. Назвать день, когда придут деньги.",
            ),
        ),
    ),
    "service": (
        step(
            "facts-service",
            by_language(
                "Hear what was agreed, and what came of it",
                "Saber qué se acordó y en qué quedó",
                "Saber o que foi combinado e no que deu",
                "Sapere che cosa era stato concordato e com'è andata",
                "Выяснить, о чём договорились и что вышло",
            ),
            by_language(
                "Look for the appointment, the order and the notes of whoever was there. Two answers from us that "
                "contradict each other: the one better for the customer holds.",
                "Buscar la cita, el pedido y las notas de quien estuvo allí. Si nuestras respuestas se contradicen, "
                "vale la mejor para el cliente.",
                "Procurar o agendamento, o pedido e as notas de quem esteve lá. Se nossas respostas se contradizem, vale "
                "a melhor para o cliente.",
                "Cercare l'appuntamento, l'ordine e le note di chi era presente. Se le nostre risposte si contraddicono, "
                "vale quella migliore per il cliente.",
                "Найти запись о визите, заказ и заметки тех, кто там был. Если наши ответы противоречат друг другу, "
                "действует тот, что лучше для клиента.",
            ),
        ),
        step(
            "remedy-service",
            by_language(
                "Put the work right on a day the customer chooses",
                "Corregir el trabajo el día que elija el cliente",
                "Refazer o serviço no dia que o cliente escolher",
                "Rimediare al lavoro nel giorno scelto dal cliente",
                "Исправить работу в день, удобный клиенту",
            ),
            by_language(
                "Offer two dates, the first within three working days. Confirm it in writing, and call on the day "
                "before.",
                "Ofrecer dos fechas, la primera en tres días hábiles. Confirmarla por escrito y llamar el día anterior.",
                "Oferecer duas datas, a primeira em até três dias úteis. Confirmar por escrito e ligar na véspera.",
                "Offrire due date, la prima entro tre giorni lavorativi. Confermarla per iscritto e telefonare il giorno "
                "prima.",
                "Предложить две даты, первую в течение трёх рабочих дней. Подтвердить письменно и позвонить накануне.",
            ),
        ),
    ),
    "staff": (
        step(
            "facts-staff",
            by_language(
                "Hear both sides",
                "Oír a ambas partes",
                "Ouvir os dois lados",
                "Sentire entrambe le parti",
                "Выслушать обе стороны",
            ),
            by_language(
                "Ask the colleague calmly what happened; look at messages and recordings. A complaint is no verdict yet, "
                "and no reason to doubt the customer.",
                "Preguntar con calma al compañero qué pasó; ver mensajes y grabaciones. Una reclamación no es aún un "
                "veredicto, ni motivo para dudar del cliente.",
                "Perguntar ao colega com calma o que aconteceu; ver mensagens e gravações. Uma reclamação ainda não é um "
                "veredito, nem motivo para duvidar do cliente.",
                "Chiedere con calma al collega che cosa è successo; guardare messaggi e registrazioni. Un reclamo non è "
                "ancora un verdetto, né un motivo per dubitare del cliente.",
                "Спокойно спросить коллегу, что произошло; посмотреть переписку и записи. Жалоба ещё не приговор, но и не "
                "повод не верить клиенту.",
            ),
            who="lead",
        ),
        step(
            "remedy-staff",
            by_language(
                "Speak with the colleague, in private",
                "Hablar con el compañero, en privado",
                "Conversar com o colega, em particular",
                "Parlare con il collega, in privato",
                "Поговорить с коллегой наедине",
            ),
            by_language(
                "What happened, what the customer felt, what helps next time. To the customer we apologise as a house; "
                "we name nobody and punish nobody in public.",
                "Qué pasó, qué sintió el cliente, qué ayudará la próxima vez. Ante el cliente nos disculpamos como casa; "
                "no nombramos ni castigamos a nadie en público.",
                "O que aconteceu, o que o cliente sentiu, o que ajuda da próxima vez. Ao cliente pedimos desculpas como "
                "casa; não expomos nem punimos ninguém em público.",
                "Che cosa è successo, che cosa ha provato il cliente, che cosa aiuta la prossima volta. Con il cliente ci "
                "scusiamo come azienda; non facciamo nomi e non puniamo nessuno in pubblico.",
                "Что произошло, что почувствовал клиент, что поможет в следующий раз. Перед клиентом извиняемся от имени "
                "компании; никого не называем и не наказываем прилюдно.",
            ),
            who="lead",
        ),
    ),
    "obstacle": (
        step(
            "facts-obstacle",
            by_language(
                "Go the customer's way yourself",
                "Recorrer uno mismo el camino del cliente",
                "Refazer o caminho do cliente",
                "Ripercorrere la strada del cliente",
                "Пройти путь клиента самостоятельно",
            ),
            by_language(
                "Step by step, with their device if possible, and note where it stops. Ask about aids they use, such as a "
                "screen reader.",
                "Paso a paso, si es posible con su mismo dispositivo, y anotar dónde se detiene. Preguntar por las ayudas "
                "que usa, como un lector de pantalla.",
                "Passo a passo, se possível com o mesmo aparelho, e anotar onde trava. Perguntar sobre recursos que usa, "
                "como leitor de tela.",
                "Passo per passo, se possibile con lo stesso dispositivo, e annotare dove si ferma. Chiedere degli ausili "
                "che usa, come un lettore di schermo.",
                "Шаг за шагом, по возможности на таком же устройстве, и записать, где возникает препятствие. Спросить о "
                "вспомогательных средствах, например программе чтения с экрана.",
            ),
        ),
        step(
            "remedy-obstacle",
            by_language(
                "Do it for them now, then have the obstacle removed",
                "Hacerlo ahora por el cliente y luego quitar el obstáculo",
                "Fazer agora pelo cliente e depois tirar o obstáculo",
                "Farlo ora al posto suo, poi far togliere l'ostacolo",
                "Сделать это за клиента сейчас, затем устранить препятствие",
            ),
            by_language(
                "Nobody is sent away to try again. A cancellation counts from the day they first tried. Report the place "
                "to whoever looks after it.",
                "A nadie se le manda a intentarlo otra vez. Una baja cuenta desde el día en que lo intentó por primera "
                "vez. Avisar del punto a quien lo lleva.",
                "Ninguém é mandado embora para tentar de novo. Um cancelamento vale desde o dia da primeira tentativa. "
                "Avisar quem cuida daquele ponto.",
                "Nessuno viene rimandato a riprovare. Una disdetta vale dal giorno del primo tentativo. Segnalare il "
                "punto a chi se ne occupa.",
                "Никого не отправляем пробовать ещё раз. Отказ действует с дня первой попытки. Сообщить о месте тем, кто "
                "за него отвечает.",
            ),
        ),
    ),
    "promise": (
        step(
            "facts-promise",
            by_language(
                "Find out what we promised",
                "Averiguar qué prometimos",
                "Descobrir o que prometemos",
                "Scoprire che cosa avevamo promesso",
                "Выяснить, что мы обещали",
            ),
            by_language(
                "Who said what, when, in which words: messages, notes, advertising. Where it cannot be told any more, it "
                "counts as promised.",
                "Quién dijo qué, cuándo y con qué palabras: mensajes, notas, publicidad. Si ya no se puede saber, cuenta "
                "como prometido.",
                "Quem disse o quê, quando e com que palavras: mensagens, notas, propaganda. Se não dá mais para saber, "
                "vale como prometido.",
                "Chi ha detto che cosa, quando e con quali parole: messaggi, note, pubblicità. Se non si può più sapere, "
                "vale come promesso.",
                "Кто, когда и какими словами: сообщения, заметки, реклама. Если установить уже нельзя, считаем, что "
                "обещали.",
            ),
        ),
        step(
            "remedy-promise",
            by_language(
                "Keep it now, or say frankly why not",
                "Cumplirlo ahora, o decir con franqueza por qué no",
                "Cumprir agora, ou dizer com franqueza por que não",
                "Mantenerlo ora, o dire con franchezza perché no",
                "Выполнить сейчас или честно сказать, почему нет",
            ),
            by_language(
                "A broken promise is repaired by a kept one: a nearer date, and whoever gives it looks after it. If it "
                "cannot be kept, offer something of the same worth.",
                "Una promesa rota se repara con una cumplida: una fecha más próxima, y quien la da se encarga. Si no se "
                "puede cumplir, ofrecer algo del mismo valor.",
                "Uma promessa quebrada se repara com outra cumprida: uma data mais próxima, e quem a dá cuida dela. Se não "
                "for possível, oferecer algo de igual valor.",
                "Una promessa mancata si ripara con una mantenuta: una data più vicina, e chi la dà se ne occupa. Se non "
                "è possibile, offrire qualcosa di pari valore.",
                "Нарушенное обещание исправляет выполненное: более близкий срок, и за него отвечает тот, кто его назвал. "
                "Если выполнить нельзя, предложить равноценное.",
            ),
        ),
    ),
    "experience": (
        step(
            "facts-experience",
            by_language(
                "Understand what they had expected",
                "Entender qué esperaba",
                "Entender o que a pessoa esperava",
                "Capire che cosa si aspettava",
                "Понять, чего человек ожидал",
            ),
            by_language(
                "And where that came from: advertising, an earlier visit, other people, something we said. Often it was "
                "several small things in a row.",
                "Y de dónde venía: publicidad, una visita anterior, otras personas, algo que dijimos. A menudo fueron "
                "varias cosas pequeñas seguidas.",
                "E de onde isso veio: propaganda, uma visita anterior, outras pessoas, algo que dissemos. Muitas vezes "
                "foram várias coisas pequenas seguidas.",
                "E da dove veniva: pubblicità, una visita precedente, altre persone, qualcosa che abbiamo detto. Spesso "
                "sono state tante piccole cose di fila.",
                "И откуда это взялось: реклама, прошлый визит, другие люди, наши слова. Часто это несколько мелочей "
                "подряд.",
            ),
        ),
        step(
            "remedy-experience",
            by_language(
                "Make a gesture that fits",
                "Tener un gesto que encaje",
                "Fazer um gesto que combine",
                "Fare un gesto adatto",
                "Сделать уместный жест",
            ),
            by_language(
                "Something of the own invention counts, within the authority: what would make this person glad? A personal "
                "line is worth more than a voucher.",
                "Vale algo de invención propia, dentro de la autoridad: ¿qué le gustaría a esta persona? Una línea "
                "personal vale más que un vale.",
                "Vale algo inventado por quem atende, dentro da autoridade: do que essa pessoa gostaria? Uma linha "
                "pessoal vale mais que um vale.",
                "Vale anche qualcosa di propria invenzione, entro l'autorità: che cosa farebbe piacere a questa persona? "
                "Una riga personale vale più di un buono.",
                "Можно придумать своё, в пределах полномочий: что порадует именно этого человека? Личная строчка ценнее "
                "купона.",
            ),
        ),
    ),
}


def steps_for(code: str) -> list[dict[str, Any]]:
    """The steps for a type, in order; blank: those for every complaint."""
    facts, remedies = ((FACTS,), ()) if not code else ((OWN[code][0],), (OWN[code][1],))
    return [LISTEN, APOLOGISE, *facts, PLAN, DECIDE, *remedies, TELL, FOLLOW_UP]
