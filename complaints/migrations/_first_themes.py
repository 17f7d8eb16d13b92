"""The themes a new installation starts with, in five languages. Frozen: administrators change theirs in the browser."""

from complaints.migrations._first_data import names

THEMES: list[tuple[str, dict[str, str]]] = [
    (
        "asked-repeatedly",
        names(
            "Had to ask more than once",
            "Tuvo que preguntar varias veces",
            "Teve de perguntar várias vezes",
            "Ha dovuto chiedere più volte",
            "Пришлось обращаться несколько раз",
        ),
    ),
    (
        "promise-not-kept",
        names(
            "Promise not kept",
            "Promesa incumplida",
            "Promessa não cumprida",
            "Promessa non mantenuta",
            "Обещание не выполнено",
        ),
    ),
    (
        "long-wait",
        names("Long wait", "Larga espera", "Longa espera", "Lunga attesa", "Долгое ожидание"),
    ),
    (
        "hard-to-reach",
        names(
            "We were hard to reach",
            "Difícil contactar con nosotros",
            "Difícil falar connosco",
            "Difficile contattarci",
            "До нас трудно дозвониться",
        ),
    ),
    (
        "contradictory-information",
        names(
            "Contradictory information",
            "Información contradictoria",
            "Informação contraditória",
            "Informazioni contraddittorie",
            "Противоречивые сведения",
        ),
    ),
    (
        "unclear-words",
        names(
            "Unclear letters or terms",
            "Cartas o condiciones poco claras",
            "Cartas ou condições pouco claras",
            "Lettere o condizioni poco chiare",
            "Непонятные письма или условия",
        ),
    ),
    (
        "unexpected-cost",
        names("Unexpected cost", "Coste inesperado", "Custo inesperado", "Costo inatteso", "Неожиданные расходы"),
    ),
    (
        "manner",
        names(
            "How somebody was treated",
            "Trato recibido",
            "Forma de tratamento",
            "Modo in cui si è stati trattati",
            "Обращение с клиентом",
        ),
    ),
    (
        "packaging",
        names("Packaging", "Embalaje", "Embalagem", "Imballaggio", "Упаковка"),
    ),
    (
        "website",
        names("Website or app", "Web o aplicación", "Site ou aplicação", "Sito o app", "Сайт или приложение"),
    ),
    (
        "accessibility",
        names("Accessibility", "Accesibilidad", "Acessibilidade", "Accessibilità", "Доступность"),
    ),
    (
        "privacy",
        names(
            "Privacy",
            "Privacidad",
            "Privacidade",
            "Riservatezza dei dati",
            "Конфиденциальность",
        ),
    ),
]
