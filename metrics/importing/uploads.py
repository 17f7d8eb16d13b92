"""The kinds of files that can be uploaded: what they hold, their presets, and a guess at what a column means."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from complaints.importing import presets as complaints
from complaints.importing.run import Import as ComplaintImport
from core import dates
from core.clock import now
from core.importing.run import Import
from core.sheets import lines
from metrics.importing import responses
from retention.actions.uploads import rejects_of
from retention.importing import customers, purchases
from retention.models import Upload


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file holds. `make(preset, source)`: the preset's reader; `job`: the import."""

    code: str
    title: str | Promise
    presets: tuple[str, ...]
    make: Callable[[str, str], Any]
    job: type[Import[Any]]


def _customers(preset: str, _source: str) -> Any:
    return customers.PRESETS[preset](dates.of_house(now()))


def _purchases(preset: str, source: str) -> Any:
    return purchases.PRESETS[preset](source)


def _responses(preset: str, _source: str) -> Any:
    return responses.PRESETS[preset]()


def _complaints(preset: str, _source: str) -> Any:
    return complaints.presets()[preset]


class LiveComplaints(ComplaintImport):
    """Those that are open are taken over live, with clocks from now on; its own kind, so that it never goes on where
    one for history was cut off."""

    kind = "live-complaints"

    def __init__(self, **values: Any) -> None:
        super().__init__(**values, open_live=True)


KINDS = {
    kind.code: kind
    for kind in (
        Kind("complaints", _("Complaints, as history"), ("generic",), _complaints, ComplaintImport),
        Kind("live-complaints", _("Complaints, open ones live"), ("generic",), _complaints, LiveComplaints),
        Kind("customers", _("Customers"), ("generic", "telco"), _customers, customers.Import),
        Kind("purchases", _("Purchases"), ("generic", "online-retail"), _purchases, purchases.Import),
        Kind("survey-responses", _("Survey answers"), ("generic", "nps-garden-centres"), _responses, responses.Import),
    )
}

# What others call our columns, in the languages we speak; letters and digits only.
_ALSO = {
    "external_id": "id customerid clientid customernumber nocliente kundennummer codigo codice номер код ид idcliente "
    "caseno casenumber caseid ticket ticketid ticketnumber",
    "name": "customername fullname nombre nome имя фио cliente клиент",
    "email": "mail emailaddress correo correoelectronico почта элпочта эпочта",
    "phone": "phonenumber telephone mobile telefono telefone celular cellulare телефон",
    "joined_on": "joined since customersince signupdate alta fechaalta dataadesao clientesince датарегистрации",
    "left_on": "left churned churndate leavedate baja fechabaja datasaida дата ухода датаухода",
    "tier": "level segment nivel livello уровень",
    "order_number": "order orderid ordernumber invoice invoiceno invoicenumber pedido factura ordine заказ номерзаказа",
    "purchased_at": "date orderdate invoicedate purchasedate purchased fecha data дата",
    "quantity": "qty amount cantidad quantidade quantita количество колво",
    "unit_price": "price unitprice precio preco prezzo цена",
    "currency": "moneda moeda valuta валюта",
    "customer_external_id": "customer customerid clientid cliente клиент",
    "sku": "article articleno stockcode product productid articulo artigo articolo артикул",
    "description": "product productname descripcion descricao descrizione описание наименование товар",
    "kind": "type survey surveytype tipo тип",
    "score": "rating nps csat answer puntuacion nota voto оценка балл",
    "comment": "comments text feedback comentario commento комментарий отзыв",
    "answered_at": "answered date respondedat submitted timestamp fecha data дата",
    "language": "lang locale idioma lingua язык",
    "received_at": "received date created createdat opened fecha data recibido recebido ricevuto дата получено",
    "channel": "source via canal canale канал",
    "type": "category issue tipo categoria тип категория",
    "subject": "title summary asunto assunto oggetto тема",
    "customer_name": "name customer fullname nombre nome cliente имя фио клиент",
    "customer_email": "email mail emailaddress correo correoelectronico почта элпочта",
    "severity": "priority urgency gravedad gravidade gravita prioridad prioridade важность приоритет",
    "due_at": "due deadline dueon vencimiento prazo scadenza срок",
    "resolved_at": "resolved solved solvedat resuelto resolvido risolto решено",
    "closed_at": "closed closedon cerrado fechado chiuso закрыто",
    "outcome": "result decision resultado risultato итог решение",
    "product": "item producto produto prodotto товар",
}
_PLAIN = re.compile(r"[^\w]|_")


def plain(name: str) -> str:
    """E-Mail Address, e_mail address and EMAILADDRESS are emailaddress; Código is codigo."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return _PLAIN.sub("", "".join(c for c in apart if not unicodedata.combining(c)))


def known_columns(kind: str, preset: str, source: str = "") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Our columns: those that are needed, those that may be there."""
    reader = KINDS[kind].make(preset, source)
    return tuple(reader.required), tuple(reader.optional)


def suggest(header: Sequence[str], kind: str, preset: str) -> dict[str, str]:
    """Their column -> ours, blank where nothing fits; each of ours once, exact names before likely ones."""
    required, optional = known_columns(kind, preset)
    ours = [*required, *optional]
    found = dict.fromkeys(header, "")
    free = list(ours)
    for likely in (lambda name, one: name == one, lambda name, one: plain(name) == plain(one), _also):
        for name in header:
            if found[name] or not name:
                continue
            match = next((one for one in free if likely(name, one)), None)
            if match is not None:
                found[name] = match
                free.remove(match)
    return found


def rejected_lines(upload: Upload) -> Iterator[str]:
    """The rejected records as CSV, line by line, safe to open in a spreadsheet (case F15)."""
    with rejects_of(upload).open(encoding="utf-8", newline="") as kept:
        yield from lines(csv.reader(kept))


def _also(name: str, ours: str) -> bool:
    return plain(name) in _ALSO.get(ours, "").split()
