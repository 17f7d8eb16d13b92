"""What a new installation starts with: types, root causes, channels, one calendar, one policy version. In five languages.

Frozen: later changes to the shipped catalogue are later migrations; administrators change their own in the browser.
"""

from typing import Any

LANGUAGES = ("en", "es", "pt", "it", "ru")


def names(*words: str) -> dict[str, str]:
    return dict(zip(LANGUAGES, words, strict=True))


# code, names, children, public name and hint (None: not offered on the public form)
TYPES: list[
    tuple[str, dict[str, str], list[tuple[str, dict[str, str]]], tuple[dict[str, str], dict[str, str]] | None]
] = [
    (
        "product",
        names("Product", "Producto", "Produto", "Prodotto", "Товар"),
        [
            ("product-defective", names("Defective", "Defectuoso", "Com defeito", "Difettoso", "Неисправность")),
            (
                "product-damaged",
                names(
                    "Arrived damaged",
                    "Llegó dañado",
                    "Chegou danificado",
                    "Arrivato danneggiato",
                    "Повреждён при доставке",
                ),
            ),
            (
                "product-missing-feature",
                names(
                    "Lacks a feature",
                    "Falta una función",
                    "Falta um recurso",
                    "Funzione mancante",
                    "Нет нужной функции",
                ),
            ),
            (
                "product-not-as-described",
                names(
                    "Not as described",
                    "No se ajusta a la descripción",
                    "Diferente do anunciado",
                    "Non conforme alla descrizione",
                    "Не соответствует описанию",
                ),
            ),
            ("product-safety", names("Safety", "Seguridad", "Segurança", "Sicurezza", "Безопасность")),
        ],
        (
            names(
                "Something I bought",
                "Algo que compré",
                "Algo que comprei",
                "Qualcosa che ho comprato",
                "Купленный товар",
            ),
            names(
                "it is broken, missing a part, or not what was described",
                "está roto, le falta una pieza o no es lo que se describía",
                "está com defeito, falta uma peça ou não é o que foi descrito",
                "è rotto, manca un pezzo o non è come descritto",
                "сломан, не хватает детали или не соответствует описанию",
            ),
        ),
    ),
    (
        "delivery",
        names("Delivery", "Entrega", "Entrega", "Consegna", "Доставка"),
        [
            ("delivery-late", names("Late", "Con retraso", "Atrasada", "In ritardo", "Опоздание")),
            (
                "delivery-lost",
                names("Lost parcel", "Paquete perdido", "Pacote perdido", "Pacco smarrito", "Посылка утеряна"),
            ),
            (
                "delivery-wrong-item",
                names("Wrong item", "Artículo equivocado", "Item errado", "Articolo sbagliato", "Прислали не то"),
            ),
        ],
        (
            names("A delivery", "Una entrega", "Uma entrega", "Una consegna", "Доставка"),
            names(
                "late, lost, damaged or the wrong thing",
                "con retraso, perdida, dañada o equivocada",
                "atrasada, perdida, danificada ou errada",
                "in ritardo, smarrita, danneggiata o sbagliata",
                "опоздала, потерялась, повреждена или привезли не то",
            ),
        ),
    ),
    (
        "billing",
        names("Billing", "Facturación", "Cobrança", "Fatturazione", "Счета и оплата"),
        [
            (
                "billing-overcharged",
                names("Overcharged", "Cobro de más", "Cobrança a mais", "Addebito eccessivo", "Излишне списано"),
            ),
            (
                "billing-charged-twice",
                names("Charged twice", "Cobro duplicado", "Cobrança em dobro", "Addebito doppio", "Списано дважды"),
            ),
            ("billing-invoice", names("Invoice", "Factura", "Fatura", "Fattura", "Счёт-фактура")),
            ("billing-price", names("Price", "Precio", "Preço", "Prezzo", "Цена")),
            (
                "billing-points",
                names("Points missing", "Faltan puntos", "Pontos faltando", "Punti mancanti", "Баллы не начислены"),
            ),
        ],
        (
            names(
                "A bill or a charge",
                "Una factura o un cobro",
                "Uma conta ou cobrança",
                "Una fattura o un addebito",
                "Счёт или списание",
            ),
            names(
                "too much, twice, or not expected",
                "de más, dos veces o inesperado",
                "a mais, em dobro ou inesperada",
                "troppo alto, doppio o inatteso",
                "слишком много, дважды или неожиданно",
            ),
        ),
    ),
    (
        "service",
        names("Service", "Servicio", "Serviço", "Servizio", "Обслуживание"),
        [
            (
                "service-missed-appointment",
                names(
                    "Missed appointment",
                    "No acudieron a la cita",
                    "Não compareceram",
                    "Appuntamento mancato",
                    "Визит не состоялся",
                ),
            ),
            ("service-poor-work", names("Not done properly", "Mal hecho", "Malfeito", "Fatto male", "Сделано плохо")),
            (
                "service-contradictory",
                names(
                    "Contradictory answers",
                    "Respuestas contradictorias",
                    "Respostas contraditórias",
                    "Risposte contraddittorie",
                    "Противоречивые ответы",
                ),
            ),
            ("service-waiting", names("Long wait", "Espera larga", "Espera longa", "Lunga attesa", "Долгое ожидание")),
        ],
        (
            names(
                "A visit or a service",
                "Una visita o un servicio",
                "Uma visita ou um serviço",
                "Una visita o un servizio",
                "Визит или услуга",
            ),
            names(
                "nobody came, or it was not done properly",
                "no vino nadie o no se hizo bien",
                "ninguém veio ou não foi bem-feito",
                "non è venuto nessuno o non è stato fatto bene",
                "никто не пришёл или сделали плохо",
            ),
        ),
    ),
    (
        "staff",
        names(
            "Staff conduct",
            "Trato del personal",
            "Atendimento da equipe",
            "Comportamento del personale",
            "Поведение сотрудников",
        ),
        [
            ("staff-rude", names("Rude", "Descortés", "Grosseiro", "Scortese", "Грубость")),
            (
                "staff-unhelpful",
                names(
                    "Unhelpful", "Sin voluntad de ayudar", "Sem vontade de ajudar", "Poco disponibile", "Отказ помочь"
                ),
            ),
        ],
        (
            names(
                "How somebody treated me",
                "El trato que recibí",
                "Como fui tratado",
                "Come sono stato trattato",
                "Как со мной обошлись",
            ),
            names(
                "on the phone, in a shop, in a message",
                "por teléfono, en una tienda, en un mensaje",
                "por telefone, na loja, em uma mensagem",
                "al telefono, in negozio, in un messaggio",
                "по телефону, в магазине, в переписке",
            ),
        ),
    ),
    (
        "obstacle",
        names("Obstacle", "Obstáculo", "Obstáculo", "Ostacolo", "Препятствие"),
        [
            (
                "obstacle-cannot-cancel",
                names(
                    "Cannot cancel",
                    "No puedo cancelar",
                    "Não consigo cancelar",
                    "Impossibile disdire",
                    "Невозможно отказаться",
                ),
            ),
            (
                "obstacle-cannot-order",
                names(
                    "Cannot order",
                    "No puedo pedir",
                    "Não consigo comprar",
                    "Impossibile ordinare",
                    "Невозможно заказать",
                ),
            ),
            (
                "obstacle-accessibility",
                names("Accessibility", "Accesibilidad", "Acessibilidade", "Accessibilità", "Доступность"),
            ),
        ],
        (
            names(
                "Something I cannot get done",
                "Algo que no consigo hacer",
                "Algo que não consigo fazer",
                "Qualcosa che non riesco a fare",
                "Не получается что-то сделать",
            ),
            names(
                "cancel, return, change my details",
                "cancelar, devolver, cambiar mis datos",
                "cancelar, devolver, mudar meus dados",
                "disdire, restituire, modificare i miei dati",
                "отменить, вернуть, изменить данные",
            ),
        ),
    ),
    (
        "promise",
        names(
            "Broken promise",
            "Compromiso incumplido",
            "Promessa não cumprida",
            "Impegno non mantenuto",
            "Нарушенное обещание",
        ),
        [],
        None,
    ),
    (
        "experience",
        names("Bad experience", "Mala experiencia", "Má experiência", "Brutta esperienza", "Плохое впечатление"),
        [],
        None,
    ),
    (
        "unclassified",
        names("Unclassified", "Sin clasificar", "Não classificada", "Da classificare", "Без категории"),
        [],
        (names("Something else", "Otra cosa", "Outra coisa", "Altro", "Другое"), dict.fromkeys(LANGUAGES, "")),
    ),
]

CAUSES: list[tuple[str, dict[str, str], list[tuple[str, dict[str, str]]]]] = [
    (
        "process",
        names("Process", "Proceso", "Processo", "Processo", "Процесс"),
        [
            (
                "process-missing-step",
                names(
                    "Missing or unclear step",
                    "Paso ausente o poco claro",
                    "Etapa ausente ou pouco clara",
                    "Passaggio mancante o poco chiaro",
                    "Шаг пропущен или непонятен",
                ),
            ),
            (
                "process-handover",
                names(
                    "Lost in a handover",
                    "Perdido en un traspaso",
                    "Perdido na passagem",
                    "Perso in un passaggio di consegne",
                    "Потеряно при передаче",
                ),
            ),
        ],
    ),
    (
        "people",
        names("People", "Personas", "Pessoas", "Persone", "Люди"),
        [
            (
                "people-mistake",
                names("Human mistake", "Error humano", "Erro humano", "Errore umano", "Ошибка человека"),
            ),
            ("people-training", names("Training", "Formación", "Treinamento", "Formazione", "Обучение")),
            ("people-conduct", names("Conduct", "Conducta", "Conduta", "Comportamento", "Поведение")),
        ],
    ),
    (
        "system",
        names("System", "Sistema", "Sistema", "Sistema", "Система"),
        [
            (
                "system-software",
                names(
                    "Software fault", "Fallo de software", "Falha de software", "Guasto del software", "Сбой программы"
                ),
            ),
            (
                "system-payment",
                names(
                    "Payment gateway", "Pasarela de pago", "Meio de pagamento", "Gateway di pagamento", "Платёжный шлюз"
                ),
            ),
        ],
    ),
    (
        "product-quality",
        names(
            "Product quality", "Calidad del producto", "Qualidade do produto", "Qualità del prodotto", "Качество товара"
        ),
        [
            ("product-design", names("Design", "Diseño", "Projeto", "Progettazione", "Конструкция")),
            ("product-production", names("Production", "Producción", "Produção", "Produzione", "Производство")),
            ("product-packaging", names("Packaging", "Embalaje", "Embalagem", "Imballaggio", "Упаковка")),
        ],
    ),
    (
        "supplier",
        names(
            "Supplier or carrier",
            "Proveedor o transportista",
            "Fornecedor ou transportadora",
            "Fornitore o corriere",
            "Поставщик или перевозчик",
        ),
        [],
    ),
    (
        "information",
        names("Information", "Información", "Informação", "Informazione", "Информация"),
        [
            (
                "information-wrong",
                names(
                    "Wrong or out of date",
                    "Errónea o desactualizada",
                    "Errada ou desatualizada",
                    "Errata o non aggiornata",
                    "Неверная или устаревшая",
                ),
            ),
            (
                "information-promise",
                names(
                    "We promised too much",
                    "Prometimos demasiado",
                    "Prometemos demais",
                    "Abbiamo promesso troppo",
                    "Мы обещали лишнее",
                ),
            ),
        ],
    ),
    (
        "misunderstanding",
        names("Misunderstanding", "Malentendido", "Mal-entendido", "Malinteso", "Недоразумение"),
        [],
    ),
    (
        "unclassified",
        names("Unclassified", "Sin clasificar", "Não classificada", "Da classificare", "Не определена"),
        [],
    ),
]

CHANNELS = ("phone", "email", "chat", "social", "web", "letter", "in_person", "api")

_DAY = [["09:00", "18:00"]]
OFFICE_HOURS: dict[str, Any] = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), _DAY)
ROUND_THE_CLOCK: dict[str, Any] = {
    day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
}

_HOUR = 3600


def _targets(acknowledge: int, resolve: int) -> dict[str, Any]:
    return {
        "acknowledge": {"kind": "working_seconds", "value": acknowledge},
        "resolve": {"kind": "working_seconds", "value": resolve},
    }


# name, conditions, calendar, targets (working time: one day is nine hours of the office calendar)
POLICIES: list[tuple[str, dict[str, str], str, dict[str, Any]]] = [
    ("Public post", {"channel": "social"}, "office", _targets(_HOUR // 2, 9 * _HOUR)),
    (
        "Danger to people",
        {"severity": "critical", "type": "product-safety"},
        "always",
        _targets(_HOUR // 4, 48 * _HOUR),
    ),
    ("Live conversation", {"channel": "chat"}, "office", _targets(_HOUR // 4, 18 * _HOUR)),
    ("Billing by phone", {"channel": "phone", "type": "billing"}, "office", _targets(4 * _HOUR, 27 * _HOUR)),
    ("Letters", {"channel": "letter"}, "office", _targets(18 * _HOUR, 90 * _HOUR)),
    ("Everything else", {}, "office", _targets(4 * _HOUR, 45 * _HOUR)),
]
