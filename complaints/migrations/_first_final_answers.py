"""The prepared final answers a new installation starts with: (names, texts), each in five languages.

What we decided about each demand, what is given and what is promised come from the case (decision.*) and say nothing
where there is nothing to say; what happened and why stays for a person to write.
"""

UPHELD = {
    "en": """{{ greeting }}

I have come to a decision on your complaint {{ reference }}. You are right: [[ what went wrong, and how you know ]]

I am sorry. This should not have happened: the mistake was ours.

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

So that it does not happen to the next person: [[ what you have changed or asked to be changed ]]

If something in this is wrong or unclear, reply here. I will read it myself.

{{ decision.referral| }}""",
    "es": """{{ greeting }}

He tomado una decisión sobre su reclamación {{ reference }}. Tiene razón: [[ qué falló y cómo lo sabe ]]

Le pido disculpas. Esto no debió ocurrir: el error fue nuestro.

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

Para que no le pase a nadie más: [[ qué ha cambiado o pedido cambiar ]]

Si algo no es correcto o no queda claro, responda aquí. Lo leeré personalmente.

{{ decision.referral| }}""",
    "pt": """{{ greeting }}

Cheguei a uma decisão sobre sua reclamação, protocolo {{ reference }}. Você tem razão: [[ o que deu errado e como você sabe ]]

Peço desculpas. Isso não deveria ter acontecido: o erro foi nosso.

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

Para que não aconteça com mais ninguém: [[ o que você mudou ou pediu para mudar ]]

Se algo estiver errado ou não ficar claro, responda aqui. Quem lê sou eu.

{{ decision.referral| }}""",
    "it": """{{ greeting }}

ho preso una decisione sul suo reclamo {{ reference }}. Ha ragione: [[ che cosa è andato storto e come lo sa ]]

Le chiedo scusa. Non doveva succedere: l'errore è nostro.

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

Perché non capiti ad altri: [[ che cosa ha cambiato o chiesto di cambiare ]]

Se qualcosa non torna o non è chiaro, risponda qui. Lo leggerò di persona.

{{ decision.referral| }}""",
    "ru": """{{ greeting }}

По вашему обращению {{ reference }} принято решение. Вы правы: [[ что пошло не так и как это установлено ]]

Прошу прощения. Так не должно было случиться: это наша ошибка.

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

Чтобы это не повторилось с другими: [[ что вы изменили или попросили изменить ]]

Если что-то неверно или непонятно, ответьте здесь. Ваше сообщение прочитает тот же сотрудник.

{{ decision.referral| }}""",
}

PARTLY = {
    "en": """{{ greeting }}

I have come to a decision on your complaint {{ reference }}. You are partly right: [[ where they are right, and what you found ]]

We cannot accept: [[ where we see it differently, and the real reason, one that they can check ]]

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

For our part in it I am sorry. If you see it differently, reply here and tell me what I have missed.

{{ decision.referral| }}""",
    "es": """{{ greeting }}

He tomado una decisión sobre su reclamación {{ reference }}. Tiene razón en parte: [[ en qué tiene razón y qué ha encontrado ]]

No podemos aceptar: [[ en qué lo vemos de otra manera, y el motivo real, uno que pueda comprobar ]]

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

Por nuestra parte en ello, le pido disculpas. Si lo ve de otra manera, responda aquí y dígame qué se me ha escapado.

{{ decision.referral| }}""",
    "pt": """{{ greeting }}

Cheguei a uma decisão sobre sua reclamação, protocolo {{ reference }}. Você tem razão em parte: [[ em que a pessoa tem razão e o que você encontrou ]]

Não podemos aceitar: [[ em que vemos de outro jeito, e o motivo real, que a pessoa possa conferir ]]

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

Pela nossa parte nisso, peço desculpas. Se você vê de outro jeito, responda aqui e diga o que me escapou.

{{ decision.referral| }}""",
    "it": """{{ greeting }}

ho preso una decisione sul suo reclamo {{ reference }}. Ha ragione in parte: [[ in che cosa ha ragione e che cosa ha trovato ]]

Non possiamo accogliere: [[ in che cosa la vediamo diversamente, e il motivo vero, che si possa verificare ]]

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

Per la nostra parte di responsabilità le chiedo scusa. Se la vede diversamente, risponda qui e mi dica che cosa mi è sfuggito.

{{ decision.referral| }}""",
    "ru": """{{ greeting }}

По вашему обращению {{ reference }} принято решение. Частично вы правы: [[ в чём клиент прав и что выяснилось ]]

С этим мы не согласны: [[ в чём мы видим дело иначе и настоящая причина, которую можно проверить ]]

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

За то, в чём виноваты мы, прошу прощения. Если вы видите это иначе, ответьте здесь и напишите, что мы упустили.

{{ decision.referral| }}""",
}

NOT_UPHELD = {
    "en": """{{ greeting }}

Your complaint {{ reference }}: we checked and cannot agree. The reason: [[ what you checked, what you found, and the reason, one that they can check ]]

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

I am sorry you had to go through this. If you see it differently, reply here and tell me what I have missed: I will look at it again.

{{ decision.referral| }}""",
    "es": """{{ greeting }}

Su reclamación {{ reference }}: la hemos revisado y no podemos darle la razón. El motivo: [[ qué comprobó, qué encontró y el motivo, uno que pueda comprobar ]]

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

Lamento que haya pasado por esto. Si lo ve de otra manera, responda aquí y dígame qué se me ha escapado: volveré a revisarlo.

{{ decision.referral| }}""",
    "pt": """{{ greeting }}

Sua reclamação, protocolo {{ reference }}: analisamos o caso e não podemos concordar. O motivo: [[ o que você conferiu, o que encontrou e o motivo, que a pessoa possa conferir ]]

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

Lamento que você tenha passado por isso. Se você vê de outro jeito, responda aqui e diga o que me escapou: eu analiso de novo.

{{ decision.referral| }}""",
    "it": """{{ greeting }}

il suo reclamo {{ reference }}: abbiamo verificato e non possiamo darle ragione. Il motivo: [[ che cosa ha controllato, che cosa ha trovato e il motivo, che si possa verificare ]]

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

Mi dispiace per quanto le è accaduto. Se la vede diversamente, risponda qui e mi dica che cosa mi è sfuggito: lo riguarderò.

{{ decision.referral| }}""",
    "ru": """{{ greeting }}

Ваше обращение {{ reference }}: мы всё проверили и не можем согласиться. Причина: [[ что вы проверили, что выяснилось, и причина, которую можно проверить ]]

{{ decision.demands| }}

{{ decision.remedies| }}

{{ decision.promises| }}

Мне жаль, что вам пришлось с этим столкнуться. Если вы видите это иначе, ответьте здесь и напишите, что мы упустили: посмотрим ещё раз.

{{ decision.referral| }}""",
}


def _names(en: str, es: str, pt: str, it: str, ru: str) -> dict[str, str]:
    return {"en": en, "es": es, "pt": pt, "it": it, "ru": ru}


FINAL_ANSWERS = [
    (
        _names(
            "Final answer: you are right",
            "Respuesta final: tiene razón",
            "Resposta final: você tem razão",
            "Risposta finale: ha ragione",
            "Окончательный ответ: вы правы",
        ),
        UPHELD,
    ),
    (
        _names(
            "Final answer: you are partly right",
            "Respuesta final: tiene razón en parte",
            "Resposta final: você tem razão em parte",
            "Risposta finale: ha ragione in parte",
            "Окончательный ответ: частично вы правы",
        ),
        PARTLY,
    ),
    (
        _names(
            "Final answer: we cannot agree",
            "Respuesta final: no podemos darle la razón",
            "Resposta final: não podemos concordar",
            "Risposta finale: non possiamo darle ragione",
            "Окончательный ответ: мы не можем согласиться",
        ),
        NOT_UPHELD,
    ),
]
