"""What the variables of a macro stand for in one case, in the complainant's language (complaints.macros)."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from complaints import decision_letter
from complaints.decision_letter import Deciding
from complaints.macros import PERSONAL, VARIABLES, Rendered, Values, first_name, language_of, render
from complaints.models import Complaint, MacroVersion
from complaints.models.catalogue import UNCLASSIFIED
from complaints.reference import catalogue, organisation
from core import languages
from core.clock import now
from core.references import status_token
from retention.models.customers import ORGANISATION

GREETINGS = {  # with a name, without
    "en": ("Hello {name},", "Hello,"),
    "es": ("Hola, {name}:", "Hola:"),
    "pt": ("Olá, {name}!", "Olá!"),
    "it": ("Buongiorno {name},", "Buongiorno,"),
    "ru": ("Здравствуйте, {name}!", "Здравствуйте!"),
}
SAMPLES = {
    "en": ("Dana Whitlock", "Two lamps, one parcel", "Desk lamp"),
    "es": ("Lucía Ortega", "Dos lámparas, un solo paquete", "Lámpara de mesa"),
    "pt": ("Ana Moreira", "Duas luminárias, um pacote só", "Luminária de mesa"),
    "it": ("Chiara Conti", "Due lampade, un solo pacco", "Lampada da tavolo"),
    "ru": ("Мария Соколова", "Две лампы, одна посылка", "Настольная лампа"),
}


def of_case(complaint: Complaint, *, agent: Any, language: str, deciding: Deciding | None = None) -> Values:
    """The variables for a case. Dates are days in the house's time zone. `deciding`: a decision not made yet, else the
    one that stands. Each costs what it reads, when it is asked for: customer, team and each part of the decision one
    query unless loaded, the rest none."""
    zone = ZoneInfo(settings.TIME_ZONE)

    def name() -> str:
        return complaint.customer.name if complaint.customer else ""

    def first() -> str:
        customer = complaint.customer
        return first_name(customer.name) if customer and customer.kind != ORGANISATION else ""

    def kind() -> str:
        row = catalogue().types_by_id[complaint.type_id]
        return "" if row.code == UNCLASSIFIED else str(row.names.get(language) or row.name)

    def due_on() -> str:
        due = complaint.resolve_due_at
        return languages.sentence_day(due, language=language, zone=zone) if due else ""

    return {
        "greeting": lambda: greeting(first(), language),
        "customer.first_name": first,
        "customer.name": name,
        "reference": complaint.reference,
        "subject": complaint.subject,
        "type": kind,
        "product": complaint.product,
        "order_number": complaint.order_number,
        "received_on": lambda: languages.sentence_day(complaint.received_at, language=language, zone=zone),
        "due_on": due_on,
        "status_url": lambda: f"{settings.BASE_URL}/status/{status_token(complaint.reference)}/",
        "agent.name": lambda: str(agent) if agent is not None else "",
        "agent.first_name": lambda: first_name(str(agent)) if agent is not None else "",
        "team": lambda: complaint.team.name if complaint.team else "",
        "organisation": lambda: organisation().name,
        "decision.outcome": lambda: decision_letter.outcome(complaint, deciding, language=language),
        "decision.demands": lambda: decision_letter.demands(complaint, deciding, language=language),
        "decision.remedies": lambda: decision_letter.remedies(complaint, language=language),
        "decision.promises": lambda: decision_letter.promises(complaint, language=language),
        "decision.referral": lambda: decision_letter.referral(complaint, language=language),
    }


def greeting(name: str, language: str) -> str:
    with_name, without = GREETINGS.get(language) or GREETINGS["en"]
    return with_name.format(name=name) if name else without


def outline(text: str, language: str) -> str:
    """A text for many as one reads it in a list: a plain greeting, and what differs from case to case by what it is
    called in the reader's language. No query."""
    labels: Values = {one.name: f"‹{one.about}›" for one in VARIABLES.values()}
    rendered = render(text, {**labels, "greeting": greeting("", language)})
    return "".join(f"‹{one.name}›" if one.kind == PERSONAL else one.text for one in rendered.segments)


def of_example(language: str, *, agent: Any) -> Values:
    """The variables for a case that is none: for whoever writes a macro."""
    full, subject, product = SAMPLES.get(language) or SAMPLES["en"]
    complaint = Complaint(reference="AM-4K7Q-9TXM", subject=subject, product=product, order_number="10472")
    complaint.type_id = next(row.pk for row in catalogue().types.values() if row.code != UNCLASSIFIED)
    complaint.received_at, complaint.resolve_due_at = now(), now()
    known = dict(of_case(complaint, agent=agent, language=language))
    first = first_name(full)
    known |= {"customer.name": full, "customer.first_name": first, "greeting": greeting(first, language)}
    known |= decision_letter.example(language)
    known |= {"team": str(agent.team) if agent is not None and agent.team else "Lisboa"}
    return known


def spoken(version: MacroVersion, complaint: Complaint) -> str:
    """The language in which a macro speaks in this case, "" where it says nothing."""
    return language_of(version.texts, languages.code(complaint.language), languages.code(settings.LANGUAGE_CODE))


def for_case(version: MacroVersion, complaint: Complaint, *, agent: Any, deciding: Deciding | None = None) -> Rendered:
    """A macro's text for a case, by `agent` (None: an integration without a person). `deciding`: as `of_case`."""
    language = spoken(version, complaint)
    values = of_case(complaint, agent=agent, language=language, deciding=deciding)
    return render(version.texts.get(language, ""), values)
