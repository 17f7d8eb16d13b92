"""What the house sells, by the words in which a story names it: Learning counts complaints by product."""

from __future__ import annotations

_NAMED = {
    "Coffee machine": ("Coffee machine", "A máquina de café", "La macchina del caffè", "Кофемашина"),
    "Dishwasher": ("Dishwasher", "el lavavajillas", "La lavastoviglie", "Посудомоечная машина"),
    "Washing machine": ("La lavadora", "Стиральная машина"),
    "Water filter": ("Water filter", "La caraffa filtrante"),
    "Fridge": ("La nevera", "el frigorífico", "O frigorífico", "Frigorifero"),
    "Freezer": ("O congelador", "Congelatore"),
    "Oven": ("oven", "la puerta del horno", "O forno", "Forno", "духовка"),
    "Steam oven": ("steam oven", "пароварка"),
    "Microwave": ("microwave", "микроволновая печь"),
    "Hob": ("la vitrocerámica",),
    "Vacuum cleaner": ("el aspirador",),
    "Fryer": ("A fritadeira",),
    "Kettle": ("kettle", "a chaleira", "чайник"),
    "Toaster": ("toaster", "a torradeira"),
    "Hand blender": ("hand blender", "A varinha mágica", "блендер"),
    "Mixer": ("миксер",),
    "Bread maker": ("bread maker",),
    "Bread bin": ("bread bin",),
    "Shelf system": ("shelf system", "La estantería", "ripiano", "стеллажу"),
    "Cupboard": ("pantry cupboard", "La cómoda", "Mobile da cucina", "шкафу"),
    "Table": ("garden table", "La mesa de jardín", "la mesa auxiliar", "Tavolo allungabile", "столу"),
    "Worktop": ("La encimera", "piano di lavoro"),
    "Chair": ("stool", "a cadeira"),
    "Sofa bed": ("Divano letto",),
    "Carpet": ("tappeto",),
}
PRODUCTS = {words: product for product, all_words in _NAMED.items() for words in all_words}


def product_of(item: str) -> str:
    """The product that an item of a story is; blank for what is none (a plan, a visit)."""
    return PRODUCTS.get(item, "")
