"""What Halden & Moss sells, in the languages of its shops, and the words on a bill."""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("en", "es", "pt", "it", "ru")
CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Article:
    """One article: price in cents, name by language."""

    sku: str
    cents: int
    names: dict[str, str]


def _article(sku: str, cents: int, *names: str) -> Article:
    return Article(sku, cents, dict(zip(LANGUAGES, names, strict=True)))


ARTICLES = (
    _article("2209", 1_490, "Jug filters, 3", "Filtros de jarra, 3", "Filtros de jarra, 3", "Filtri caraffa, 3",
             "Фильтры для кувшина, 3"),
    _article("2214", 890, "Descaling set", "Kit antical", "Kit descalcificante", "Kit anticalcare",
             "Средство от накипи"),
    _article("3107", 4_990, "Kettle", "Hervidor", "Chaleira elétrica", "Bollitore", "Чайник"),
    _article("3112", 6_490, "Toaster", "Tostadora", "Torradeira", "Tostapane", "Тостер"),
    _article("3120", 12_900, "Food processor", "Robot de cocina", "Processador de alimentos", "Robot da cucina",
             "Кухонный комбайн"),
    _article("3133", 8_990, "Hand blender", "Batidora de mano", "Varinha mágica", "Frullatore a immersione",
             "Погружной блендер"),
    _article("3141", 24_900, "Espresso machine", "Cafetera exprés", "Máquina de café", "Macchina da caffè",
             "Кофемашина"),
    _article("4002", 3_490, "Frying pan, 28 cm", "Sartén, 28 cm", "Frigideira, 28 cm", "Padella, 28 cm",
             "Сковорода, 28 см"),
    _article("4010", 7_990, "Set of pans", "Batería de cocina", "Conjunto de panelas", "Batteria di pentole",
             "Набор кастрюль"),
    _article("4023", 2_790, "Bread knife", "Cuchillo de pan", "Faca de pão", "Coltello da pane", "Хлебный нож"),
    _article("4031", 1_990, "Chopping board", "Tabla de cortar", "Tábua de corte", "Tagliere", "Разделочная доска"),
    _article("5004", 5_900, "Desk lamp", "Flexo", "Candeeiro de secretária", "Lampada da scrivania",
             "Настольная лампа"),
    _article("5011", 11_900, "Floor lamp", "Lámpara de pie", "Candeeiro de pé", "Piantana", "Торшер"),
    _article("5020", 990, "Light bulbs, 4", "Bombillas, 4", "Lâmpadas, 4", "Lampadine, 4", "Лампочки, 4"),
    _article("6003", 15_900, "Vacuum cleaner", "Aspiradora", "Aspirador", "Aspirapolvere", "Пылесос"),
    _article("6009", 1_290, "Dust bags, 5", "Bolsas de aspiradora, 5", "Sacos de aspirador, 5",
             "Sacchetti aspirapolvere, 5", "Мешки для пылесоса, 5"),
    _article("6015", 3_900, "Iron", "Plancha", "Ferro de engomar", "Ferro da stiro", "Утюг"),
    _article("7001", 8_900, "Chair", "Silla", "Cadeira", "Sedia", "Стул"),
    _article("7008", 34_900, "Extending table", "Mesa extensible", "Mesa extensível", "Tavolo allungabile",
             "Раздвижной стол"),
    _article("7016", 18_900, "Bookcase", "Estantería", "Estante", "Libreria", "Книжный шкаф"),
    _article("7022", 4_490, "Bath towels, 4", "Toallas de baño, 4", "Toalhas de banho, 4", "Asciugamani, 4",
             "Банные полотенца, 4"),
    _article("7030", 9_990, "Duvet", "Edredón", "Edredão", "Piumone", "Одеяло"),
    _article("8001", 41_900, "Washing machine", "Lavadora", "Máquina de lavar", "Lavatrice", "Стиральная машина"),
    _article("8004", 38_900, "Refrigerator", "Frigorífico", "Frigorífico", "Frigorifero", "Холодильник"),
)  # fmt: skip
WEIGHTS = tuple(max(1, round(3_000 / (article.cents**0.5) / 8)) for article in ARTICLES)
SHELF = tuple(article for article, weight in zip(ARTICLES, WEIGHTS, strict=True) for _ in range(weight))
FILTER_PLAN = _article(
    "2290", 5_990, "Filter plan, one year", "Plan de filtros, un año", "Plano de filtros, um ano",
    "Abbonamento filtri, un anno", "Фильтры по подписке, год",
)  # fmt: skip

PLANS = (("", 0), ("", 0), ("", 0), ("Care", 690), ("Care", 690), ("Care Plus", 1_290))  # name, cents a month
A_MONTH = {
    "en": "{plan}, a month",
    "es": "{plan}, un mes",
    "pt": "{plan}, um mês",
    "it": "{plan}, un mese",
    "ru": "{plan}, за месяц",
}
AN_ORDER = {
    "en": "Order {number}",
    "es": "Pedido {number}",
    "pt": "Pedido {number}",
    "it": "Ordine {number}",
    "ru": "Заказ {number}",
}
METHODS = {
    "en": ("Card", "Bank transfer"),
    "es": ("Tarjeta", "Transferencia"),
    "pt": ("Cartão", "Transferência"),
    "it": ("Carta", "Bonifico"),
    "ru": ("Карта", "Банковский перевод"),
}
# Why people leave: after a complaint that ended badly, and otherwise.
REASONS_BAD = {
    "en": ("Unhappy with how a complaint was handled", "Too many broken promises"),
    "es": ("Descontento con la gestión de una reclamación", "Demasiadas promesas incumplidas"),
    "pt": ("Descontente com o tratamento de uma reclamação", "Promessas não cumpridas"),
    "it": ("Scontento di come è stato gestito un reclamo", "Troppe promesse non mantenute"),
    "ru": ("Недоволен тем, как рассмотрели жалобу", "Слишком много невыполненных обещаний"),
}
REASONS = {
    "en": ("Moved to another shop", "Moved away", "Too expensive", "No longer needed"),
    "es": ("Se pasó a otra tienda", "Se mudó", "Demasiado caro", "Ya no lo necesita"),
    "pt": ("Passou para outra loja", "Mudou de cidade", "Caro demais", "Já não precisa"),
    "it": ("Passato a un altro negozio", "Si è trasferito", "Troppo caro", "Non serve più"),
    "ru": ("Ушёл в другой магазин", "Переехал", "Слишком дорого", "Больше не нужно"),
}
HOW = {
    "en": ("on the phone", "in the shop", "ticked on the web site"),
    "es": ("por teléfono", "en la tienda", "lo marcó en la web"),
    "pt": ("ao telefone", "na loja", "marcou no site"),
    "it": ("al telefono", "in negozio", "spuntato sul sito"),
    "ru": ("по телефону", "в магазине", "отметил на сайте"),
}
