"""What the demo's customers like and dislike, as our agents note it in the customer's language; how to reach them."""

from __future__ import annotations

import random

CHANNELS = ("", "", "", "email", "email", "phone", "chat")
PREFERENCES: dict[str, tuple[str, ...]] = {
    "en": (
        "Prefers to be called after six; works shifts.",
        "Likes short answers, no pleasantries.",
        "Wants one delivery rather than several, even if it takes longer.",
        "Hard of hearing: write, do not call.",
        "Has bought every kettle we ever sold. Enjoys being told about new ones.",
    ),
    "es": (
        "Prefiere que le escriban por la tarde; por la mañana trabaja.",
        "Quiere un solo envío aunque tarde más.",
        "No le gusta que le llamen al trabajo.",
        "Pregunta siempre por los repuestos antes de comprar.",
        "Agradece que se le explique el motivo, aunque la respuesta sea no.",
    ),
    "pt": (
        "Prefere ser contactada depois das seis.",
        "Gosta de respostas curtas e por escrito.",
        "Mora no quarto andar sem elevador: avisar os entregadores.",
        "Não quer telefonemas para o trabalho.",
        "Compra presentes em dezembro e pede sempre embrulho.",
    ),
    "it": (
        "Preferisce essere chiamato dopo le sei.",
        "Vuole una sola consegna, anche se arriva più tardi.",
        "Scrivere, non telefonare: lavora di notte.",
        "Chiede sempre il nome di chi risponde.",
        "Apprezza i pezzi di ricambio più degli sconti.",
    ),
    "ru": (
        "Удобнее звонить после шести вечера.",
        "Просит писать коротко и по делу.",
        "Хочет одну доставку вместо нескольких, даже если дольше.",
        "На работу не звонить.",
        "Перед покупкой всегда спрашивает про запчасти.",
    ),
}


def some(draw: random.Random, language: str) -> tuple[str, str]:
    """A preferred channel and a note, each blank for most."""
    channel = CHANNELS[int(draw.random() * len(CHANNELS))]
    chance = draw.random() * 4
    notes = PREFERENCES[language]
    return channel, notes[int(chance * len(notes))] if chance < 1 else ""
