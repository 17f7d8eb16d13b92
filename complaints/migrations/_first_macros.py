"""The macros a new installation starts with: (names, acts, texts), each in five languages, each with a personal part."""

RECEIVED = {
    "en": """{{ greeting }}

I am {{ agent.name }}. Thank you for telling us: I have read your complaint and will look after it.

[[ One sentence on what went wrong for them, so that they see it was read ]]

You will have an answer by {{ due_on }}. If I know more before that, I will write sooner. Anything you want to add reaches me if you just reply here.""",
    "es": """{{ greeting }}

Soy {{ agent.name }}. Gracias por contárnoslo: he leído su reclamación y me encargo de ella.

[[ Una frase sobre lo que le pasó, para que vea que se ha leído ]]

Tendrá una respuesta a más tardar el {{ due_on }}. Si sé algo antes, le escribiré antes. Si quiere añadir algo, basta con responder aquí: me llega directamente.""",
    "pt": """{{ greeting }}

Sou {{ agent.name }}. Agradeço por nos contar: li sua reclamação e vou cuidar dela.

[[ Uma frase sobre o que aconteceu, para a pessoa ver que foi lida ]]

Você terá uma resposta até {{ due_on }}. Se eu souber de algo antes, escrevo antes. Se quiser acrescentar alguma coisa, é só responder aqui: chega direto para mim.""",
    "it": """{{ greeting }}

sono {{ agent.name }}. Grazie per avercelo detto: ho letto il suo reclamo e lo seguo io.

[[ Una frase su che cosa è andato storto, perché veda che è stato letto ]]

Avrà una risposta entro {{ due_on }}. Se saprò qualcosa prima, le scriverò prima. Se vuole aggiungere qualcosa, basta rispondere qui: arriva direttamente a me.""",
    "ru": """{{ greeting }}

Меня зовут {{ agent.name }}. Спасибо, что написали нам. Я занимаюсь вашим обращением и уже изучаю детали.

[[ Одно предложение о том, что произошло, чтобы было видно: обращение прочитано ]]

Ответ будет не позднее {{ due_on }}. Если что-то выяснится раньше, напишу раньше. Захотите что-то добавить — просто ответьте здесь, сообщение придёт прямо мне.""",
}

UPDATE = {
    "en": """{{ greeting }}

We are still on your complaint {{ reference }}, and I want you to know where it stands.

Done so far: [[ what you have found out or done since you last wrote ]]
Still open: [[ what is missing, and who is at it ]]

You will hear from me again by [[ day ]], whether it is settled by then or not.""",
    "es": """{{ greeting }}

Seguimos con su reclamación {{ reference }}, y quiero que sepa en qué punto está.

Lo que ya está hecho: [[ lo que ha averiguado o hecho desde el último mensaje ]]
Lo que falta: [[ qué falta y quién se ocupa ]]

Volverá a tener noticias mías a más tardar el [[ día ]], esté resuelta o no.""",
    "pt": """{{ greeting }}

Seguimos cuidando da sua reclamação, protocolo {{ reference }}, e quero que você saiba em que pé ela está.

O que já foi feito: [[ o que você apurou ou fez desde a última mensagem ]]
O que falta: [[ o que falta e quem está vendo isso ]]

Você terá notícias minhas de novo até [[ dia ]], com tudo resolvido ou não.""",
    "it": """{{ greeting }}

stiamo ancora lavorando al suo reclamo {{ reference }}, e voglio che sappia a che punto siamo.

Già fatto: [[ che cosa ha scoperto o fatto dall'ultimo messaggio ]]
Manca ancora: [[ che cosa manca e chi se ne occupa ]]

Le riscriverò entro [[ giorno ]], che sia tutto risolto o no.""",
    "ru": """{{ greeting }}

Продолжаем разбираться с вашим обращением {{ reference }} и хотим рассказать, что происходит.

Что уже сделано: [[ что удалось выяснить или сделать с прошлого письма ]]
Что осталось: [[ чего не хватает и кто этим занят ]]

Напишу вам снова не позднее [[ день ]], даже если вопрос к тому времени ещё не решится.""",
}

QUESTION = {
    "en": """{{ greeting }}

To go on with your complaint I need something only you have: [[ exactly what, and what it is for ]]

Just reply here; a photo from your phone is enough. [[ What you do meanwhile, or what happens if they do not have it ]]""",
    "es": """{{ greeting }}

Para continuar con su reclamación necesito algo que solo usted tiene: [[ qué exactamente y para qué sirve ]]

Basta con responder aquí; una foto hecha con el móvil es suficiente. [[ Qué hace usted mientras tanto, o qué pasa si no lo tiene ]]""",
    "pt": """{{ greeting }}

Para continuar com sua reclamação, preciso de algo que só você tem: [[ o que exatamente e para que serve ]]

É só responder aqui; uma foto do celular basta. [[ O que você faz enquanto isso, ou o que acontece se a pessoa não tiver ]]""",
    "it": """{{ greeting }}

per proseguire con il suo reclamo mi serve qualcosa che ha solo lei: [[ che cosa di preciso e a che cosa serve ]]

Basta rispondere qui; va bene anche una foto fatta con il telefono. [[ Che cosa fa intanto, o che cosa succede se non l'ha ]]""",
    "ru": """{{ greeting }}

Чтобы продолжить, нужно то, что есть только у вас: [[ что именно и зачем ]]

Просто ответьте здесь; подойдёт и фото с телефона. [[ Что вы делаете тем временем или как быть, если этого нет ]]""",
}

APOLOGY = {
    "en": """{{ greeting }}

I am sorry. This should not have happened: the mistake was ours.

[[ What happened, said plainly, and what it meant for them ]]

What we will do: [[ what, who and by when ]]

So that it does not happen to the next person: [[ what you have changed or asked to be changed ]]""",
    "es": """{{ greeting }}

Le pido disculpas. Esto no debió ocurrir: el error fue nuestro.

[[ Qué pasó, dicho con claridad, y qué supuso para esta persona ]]

Lo que haremos: [[ qué, quién y cuándo a más tardar ]]

Para que no le pase a nadie más: [[ qué ha cambiado o pedido cambiar ]]""",
    "pt": """{{ greeting }}

Peço desculpas. Isso não deveria ter acontecido: o erro foi nosso.

[[ O que aconteceu, dito com clareza, e o que isso causou à pessoa ]]

O que vamos fazer: [[ o quê, quem e até quando ]]

Para que não aconteça com mais ninguém: [[ o que você mudou ou pediu para mudar ]]""",
    "it": """{{ greeting }}

le chiedo scusa. Non doveva succedere: l'errore è nostro.

[[ Che cosa è successo, detto con chiarezza, e che cosa ha comportato ]]

Che cosa faremo: [[ che cosa, chi ed entro quando ]]

Perché non capiti ad altri: [[ che cosa ha cambiato o chiesto di cambiare ]]""",
    "ru": """{{ greeting }}

Прошу прощения. Так не должно было случиться: это наша ошибка.

[[ Что произошло, простыми словами, и чем это обернулось для человека ]]

Что мы сделаем: [[ что, кто и не позднее какого дня ]]

Чтобы это не повторилось с другими: [[ что вы изменили или попросили изменить ]]""",
}

REFUSAL = {
    "en": """{{ greeting }}

You asked us for this: [[ what they asked for, in their words ]]

I would rather say it plainly: we cannot do that. The reason: [[ the real reason, one that they can check ]]

What I can do instead: [[ what you offer, and until when it holds; take this line out if there is nothing ]]

If you see it differently, tell me what I have missed and I will look at it again.""",
    "es": """{{ greeting }}

Usted nos pidió lo siguiente: [[ lo que pidió, con sus palabras ]]

Prefiero decírselo con franqueza: no podemos hacerlo. El motivo: [[ el motivo real, uno que pueda comprobar ]]

Lo que sí puedo ofrecerle: [[ qué ofrece y hasta cuándo vale; quite esta línea si no hay nada ]]

Si usted lo ve de otra manera, dígame qué se me ha escapado y volveré a revisarlo.""",
    "pt": """{{ greeting }}

Você nos pediu o seguinte: [[ o que a pessoa pediu, nas palavras dela ]]

Prefiro falar com franqueza: não podemos fazer isso. O motivo: [[ o motivo real, que a pessoa possa conferir ]]

O que posso oferecer no lugar: [[ o que você oferece e até quando vale; tire esta linha se não houver nada ]]

Se você vê de outro jeito, diga o que me escapou, e eu analiso de novo.""",
    "it": """{{ greeting }}

ci ha chiesto questo: [[ che cosa ha chiesto, con le sue parole ]]

Preferisco dirglielo con franchezza: non possiamo farlo. Il motivo: [[ il motivo vero, che si possa verificare ]]

Che cosa posso offrirle invece: [[ che cosa offre e fino a quando vale; tolga questa riga se non c'è nulla ]]

Se la vede diversamente, mi dica che cosa mi è sfuggito e lo riguarderò.""",
    "ru": """{{ greeting }}

Вы просили о следующем: [[ о чём просит клиент, его словами ]]

Скажу прямо: сделать это мы не можем. Причина: [[ настоящая причина, которую можно проверить ]]

Что могу предложить взамен: [[ что вы предлагаете и до какого дня; если ничего, уберите эту строку ]]

Если вы видите это иначе, напишите, что мы упустили, и мы посмотрим ещё раз.""",
}

FINAL = {
    "en": """{{ greeting }}

I have come to a decision on your complaint {{ reference }}.

What I looked at: [[ whom you asked, what you checked ]]
What I found: [[ what is certain, and what could not be settled ]]
What follows from it: [[ the decision, why, and what they get by when ]]

If something in it is wrong or unclear, reply here. I will read it myself.""",
    "es": """{{ greeting }}

He tomado una decisión sobre su reclamación {{ reference }}.

Qué he revisado: [[ a quién preguntó, qué comprobó ]]
Qué he encontrado: [[ lo que es seguro y lo que no se pudo aclarar ]]
Qué hacemos con ello: [[ la decisión, por qué, y qué recibe y cuándo a más tardar ]]

Si algo no es correcto o no queda claro, responda aquí. Lo leeré personalmente.""",
    "pt": """{{ greeting }}

Cheguei a uma decisão sobre sua reclamação, protocolo {{ reference }}.

O que analisei: [[ com quem você falou, o que conferiu ]]
O que encontrei: [[ o que é certo e o que não deu para esclarecer ]]
O que decidimos: [[ a decisão, por quê, e o que a pessoa recebe e até quando ]]

Se algo estiver errado ou não ficar claro, responda aqui. Quem lê sou eu.""",
    "it": """{{ greeting }}

ho preso una decisione sul suo reclamo {{ reference }}.

Che cosa ho esaminato: [[ a chi ha chiesto, che cosa ha controllato ]]
Che cosa ho trovato: [[ che cosa è certo e che cosa non si è potuto chiarire ]]
Che cosa abbiamo deciso: [[ la decisione, perché, e che cosa riceve ed entro quando ]]

Se qualcosa non torna o non è chiaro, risponda qui. Lo leggerò di persona.""",
    "ru": """{{ greeting }}

По вашему обращению {{ reference }} принято решение.

Что мы проверили: [[ кого вы спросили, что проверили ]]
Что выяснилось: [[ что установлено точно, а что выяснить не удалось ]]
Что мы решили: [[ решение, его причина, что получит клиент и не позднее какого дня ]]

Если что-то неверно или непонятно, ответьте здесь. Ваше сообщение прочитает тот же сотрудник.""",
}


def _names(en: str, es: str, pt: str, it: str, ru: str) -> dict[str, str]:
    return {"en": en, "es": es, "pt": pt, "it": it, "ru": ru}


MACROS = [
    (
        _names(
            "I look after it",
            "Me encargo de su caso",
            "Vou cuidar do seu caso",
            "Seguo io il suo caso",
            "Обращение принято в работу",
        ),
        ["thanks"],
        RECEIVED,
    ),
    (
        _names("Where it stands", "En qué punto está", "Em que pé está", "A che punto siamo", "Что уже сделано"),
        [],
        UPDATE,
    ),
    (
        _names("I need something from you", "Necesito algo de usted", "Preciso de algo seu", "Mi serve qualcosa", "Нужна информация"),
        [],
        QUESTION,
    ),
    (
        _names("Apology, and what we do next", "Disculpas y próximos pasos", "Desculpas e próximos passos", "Scuse e prossimi passi", "Извинения и что дальше"),
        ["apology"],
        APOLOGY,
    ),
    (
        _names("A frank no", "Decir que no con franqueza", "Dizer não com franqueza", "Dire di no con franchezza", "Честный отказ"),
        [],
        REFUSAL,
    ),
    (
        _names("Final answer", "Respuesta final", "Resposta final", "Risposta finale", "Окончательный ответ"),
        [],
        FINAL,
    ),
]  # fmt: skip
