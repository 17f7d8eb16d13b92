"""What the demo's people promised: kept, broken, agreed anew, and some that fall due soon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from complaints.actions import promises
from complaints.demo import SOURCE
from complaints.models import Complaint, Promise, Status
from complaints.promises.sweep import sweep
from core.actor import Actor
from core.models import User
from retention.demo.purge import delete

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLD = timedelta(days=6)  # cases that were there when the oldest promise was given
WORKED_ON = (Status.ACKNOWLEDGED, Status.INVESTIGATING, Status.WAITING)
CALL, CHECK, SEND, LETTER = "call", "check", "send", "letter"
WORDS: dict[str, dict[str, str]] = {
    CALL: {
        "en": "Call with the date of the delivery",
        "es": "Llamar con la fecha de entrega",
        "pt": "Ligar com a data da entrega",
        "it": "Chiamare con la data della consegna",
        "ru": "Позвонить и назвать дату доставки",
    },
    CHECK: {
        "en": "Check the invoice line by line and write what we found",
        "es": "Revisar la factura línea por línea y escribir lo que vimos",
        "pt": "Conferir a fatura linha por linha e escrever o que vimos",
        "it": "Controllare la fattura riga per riga e scrivere cosa abbiamo visto",
        "ru": "Проверить счёт построчно и написать, что нашли",
    },
    SEND: {
        "en": "Send the missing part by express",
        "es": "Enviar la pieza que falta por mensajería urgente",
        "pt": "Enviar a peça que falta por entrega expressa",
        "it": "Spedire il pezzo mancante con corriere espresso",
        "ru": "Отправить недостающую деталь срочной доставкой",
    },
    LETTER: {
        "en": "Send our answer in writing",
        "es": "Enviar nuestra respuesta por escrito",
        "pt": "Enviar nossa resposta por escrito",
        "it": "Inviare la nostra risposta per iscritto",
        "ru": "Прислать наш ответ письменно",
    },
}
ANEW = {
    "en": "The supplier delivers two days later than agreed",
    "es": "El proveedor entrega dos días más tarde de lo acordado",
    "pt": "O fornecedor entrega dois dias depois do combinado",
    "it": "Il fornitore consegna due giorni dopo l'accordo",
    "ru": "Поставщик привезёт на два дня позже договорённого",
}


def seed(members: dict[str, User], *, at: datetime) -> None:
    """Of the agent: one due today, one tomorrow, one broken and still owed, one kept; others elsewhere."""
    agent = User.objects.get(pk=members["agent"].pk)
    open_ = Complaint.objects.filter(source=SOURCE, in_queue=True, status__in=WORKED_ON, snoozed_until=None)
    open_ = open_.filter(received_at__lt=at - OLD).select_related("owner").order_by("-queue_at", "pk")
    own, others = iter(open_.filter(owner=agent)), iter(open_.exclude(owner=agent))
    _give(own, CALL, made=at - 20 * HOUR, due=_on_the_hour(at + 3 * HOUR), channel="phone")
    _give(own, LETTER, made=at - DAY, due=_on_the_hour(at + DAY))
    _give(own, CHECK, made=at - 4 * DAY, due=_on_the_hour(at - DAY))
    if kept := _give(own, SEND, made=at - 3 * DAY, due=_on_the_hour(at - DAY)):
        _keep(kept, at=at - DAY - 5 * HOUR)
    if kept := _give(others, CALL, made=at - 5 * DAY, due=_on_the_hour(at - 3 * DAY), channel="phone"):
        _keep(kept, at=at - 3 * DAY - 2 * HOUR)
    if late := _give(others, LETTER, made=at - 5 * DAY, due=_on_the_hour(at - 4 * DAY)):
        _keep(late, at=at - 3 * DAY)
    if anew := _give(others, SEND, made=at - 4 * DAY, due=_on_the_hour(at - 2 * DAY)):
        by, reason = Actor.person(anew.owner), _said(ANEW, anew.complaint)
        promises.renegotiate(anew, by=by, at=at - 3 * DAY, text="", due_at=_on_the_hour(at + 2 * DAY), reason=reason)
    _give(others, CHECK, made=at - DAY, due=_on_the_hour(at + 3 * DAY))
    sweep(at=at)
    Complaint.objects.filter(promises__isnull=False, source=SOURCE).update(updated_at=at)


def purge_cases(keys: Sequence[int]) -> None:
    """Before the messages and the complaints themselves."""
    found = Promise.objects.filter(complaint_id__in=keys)
    found.update(renewed_as=None)
    delete(found)


def _give(cases: Iterator[Complaint], what: str, *, made: datetime, due: datetime, channel: str = "") -> Promise | None:
    """On the next of the cases, by its owner; None where there is none left."""
    complaint = next(cases, None)
    if complaint is None:
        return None
    by, text = Actor.person(complaint.owner), _said(WORDS[what], complaint)
    return promises.promise(complaint, by=by, at=made, text=text, due_at=due, channel=channel)


def _keep(promise: Promise, *, at: datetime) -> None:
    promises.fulfil(promise, by=Actor.person(promise.owner), at=at)


def _said(words: dict[str, str], complaint: Complaint) -> str:
    return words.get(complaint.language) or words["en"]


def _on_the_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
