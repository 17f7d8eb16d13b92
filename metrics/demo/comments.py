"""What customers of the demo write to their score, what we note of calls; each in its language, not translated."""

from __future__ import annotations

from retention.demo.people import HAPPY, MIDDLE, UNHAPPY

COMMENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        HAPPY: (
            "Dana rang when she said she would. That is all I ever wanted.",
            "Sorted in two days, and somebody told me why it had happened.",
            "I expected an argument and got an apology and a refund.",
            "Quicker than the shop itself. Thank you.",
            "One person from beginning to end. More of that.",
        ),
        MIDDLE: (
            "It was put right in the end, but I had to ask twice.",
            "Friendly people. The waiting was longer than it needed to be.",
            "Fine. I would have liked to hear something in between.",
            "The answer was fair, the form was not easy to find.",
        ),
        UNHAPPY: (
            "Three different people, three different answers.",
            "You said Friday. It was the Friday after.",
            "Nobody read what I had written. I was asked for the same photograph twice.",
            "The refund came, the apology did not.",
            "I have been a customer for years and felt like a number.",
        ),
    },
    "es": {
        HAPPY: (
            "Me llamaron el día que dijeron. Así da gusto.",
            "Lo resolvieron en dos días y me explicaron qué había pasado.",
            "Esperaba una discusión y recibí una disculpa y el dinero.",
            "Siempre la misma persona, de principio a fin.",
        ),
        MIDDLE: (
            "Al final se arregló, pero tuve que insistir.",
            "Gente amable. La espera se hizo larga.",
            "Correcto, aunque eché de menos alguna noticia entre medias.",
        ),
        UNHAPPY: (
            "Tres personas distintas, tres respuestas distintas.",
            "Prometieron el viernes y fue el viernes siguiente.",
            "Nadie leyó lo que escribí: me pidieron dos veces la misma foto.",
            "Devolvieron el dinero, pero nadie pidió perdón.",
        ),
    },
    "pt": {
        HAPPY: (
            "Ligaram no dia em que disseram. Era só isso que eu queria.",
            "Resolvido em dois dias, e explicaram o que tinha acontecido.",
            "Esperava uma discussão e recebi um pedido de desculpas e o dinheiro.",
            "A mesma pessoa do princípio ao fim. Continuem assim.",
        ),
        MIDDLE: (
            "Resolveu-se, mas tive de insistir.",
            "Pessoas simpáticas. A espera foi longa demais.",
            "Tudo bem, só faltou dar notícias pelo meio.",
        ),
        UNHAPPY: (
            "Três pessoas diferentes, três respostas diferentes.",
            "Disseram sexta-feira. Foi na sexta seguinte.",
            "Ninguém leu o que escrevi: pediram-me a mesma fotografia duas vezes.",
            "O dinheiro voltou, o pedido de desculpas não.",
        ),
    },
    "it": {
        HAPPY: (
            "Mi hanno richiamato il giorno che avevano detto. Non chiedevo altro.",
            "Risolto in due giorni, e mi hanno spiegato che cosa era successo.",
            "Mi aspettavo una discussione e ho avuto delle scuse e il rimborso.",
            "Sempre la stessa persona, dall'inizio alla fine.",
        ),
        MIDDLE: (
            "Alla fine si è sistemato, ma ho dovuto insistere.",
            "Persone gentili. L'attesa è stata lunga.",
            "Va bene, ma due righe nel frattempo avrebbero aiutato.",
        ),
        UNHAPPY: (
            "Tre persone diverse, tre risposte diverse.",
            "Avevano detto venerdì. Era il venerdì dopo.",
            "Nessuno ha letto quello che ho scritto: mi hanno chiesto due volte la stessa foto.",
            "Il rimborso è arrivato, le scuse no.",
        ),
    },
    "ru": {
        HAPPY: (
            "Перезвонили в тот день, когда обещали. Больше ничего и не нужно.",
            "Решили за два дня и объяснили, почему так вышло.",
            "Готовился спорить, а получил извинения и деньги.",
            "Один и тот же человек от начала до конца. Спасибо.",
        ),
        MIDDLE: (
            "В итоге всё исправили, но пришлось напоминать.",
            "Люди вежливые, ждать пришлось долго.",
            "Нормально, но хотелось бы новостей по дороге.",
        ),
        UNHAPPY: (
            "Три разных сотрудника и три разных ответа.",
            "Обещали в пятницу. Оказалось, в следующую.",
            "Никто не прочитал, что я писал: одну и ту же фотографию просили дважды.",
            "Деньги вернули, а извиниться забыли.",
        ),
    },
}
NOTES: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "reached": (
            "Talked for ten minutes. Was angry about the waiting, not about the answer. Stays for now.",
            "Glad that somebody rang. Would like to hear when the part is back in stock.",
        ),
        "message_left": ("Voice mail twice; said where to reach us.",),
        "declined": ("Does not want to talk about it any more.",),
    },
    "es": {
        "reached": (
            "Hablamos diez minutos. Le molestó la espera, no la respuesta. De momento se queda.",
            "Agradece la llamada. Pide que le avisemos cuando llegue el repuesto.",
        ),
        "message_left": ("Buzón de voz dos veces; dejé dicho cómo localizarnos.",),
        "declined": ("No quiere hablar más del asunto.",),
    },
    "pt": {
        "reached": (
            "Falámos dez minutos. Aborreceu-se com a espera, não com a resposta. Para já, fica.",
            "Gostou do telefonema. Quer saber quando a peça voltar a existir.",
        ),
        "message_left": ("Atendedor duas vezes; deixei o nosso contacto.",),
        "declined": ("Não quer voltar a falar do assunto.",),
    },
    "it": {
        "reached": (
            "Dieci minuti al telefono. Arrabbiato per l'attesa, non per la risposta. Per ora resta.",
            "Contento della chiamata. Vuole sapere quando torna il ricambio.",
        ),
        "message_left": ("Segreteria due volte; ho lasciato il nostro recapito.",),
        "declined": ("Non vuole più parlarne.",),
    },
    "ru": {
        "reached": (
            "Говорили десять минут. Сердился из-за ожидания, а не из-за ответа. Пока остаётся.",
            "Рад звонку. Просит сообщить, когда появится запчасть.",
        ),
        "message_left": ("Дважды автоответчик, сказал, как с нами связаться.",),
        "declined": ("Больше не хочет об этом говорить.",),
    },
}
ASKS = {
    "en": "Ask whether everything still works",
    "es": "Preguntar si todo sigue bien",
    "pt": "Perguntar se continua tudo bem",
    "it": "Chiedere se va ancora tutto bene",
    "ru": "Спросить, всё ли по-прежнему в порядке",
}
