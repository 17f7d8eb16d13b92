"""The filters of the queue: each a name in the URL, a reading of its value, and what it leaves (ux, Agent's desk 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import ChannelCode, Severity, Status
from complaints.querysets import ComplaintQuerySet
from complaints.reference import catalogue
from complaints.web.names import colleagues, teams
from core.references import ALPHABET
from retention import search
from retention.models import ContactPoint, Customer
from retention.names import fold

FOUND_CUSTOMERS = 500  # a prefix that fits more names than this is too short to mean anybody
MAX_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter in force, in words, and what it does to the rows."""

    name: str
    label: str
    value: str
    narrow: Callable[[ComplaintQuerySet], ComplaintQuerySet]


@dataclass(frozen=True, slots=True)
class Filter:
    """`read` gives the words for a value and the condition; None: there is no such value."""

    label: str | Promise
    read: Callable[[str], tuple[str, Q] | None]


def chosen(params: QueryDict) -> tuple[list[Chosen], list[str]]:
    """The filters a query string sets, and what is wrong with the rest in words."""
    found: list[Chosen] = []
    problems: list[str] = []
    for name, one in FILTERS.items():
        value = params.get(name, "").strip()
        if not value:
            continue
        read = one.read(value) if len(value) <= MAX_LENGTH else None
        if read is None:
            problems.append(
                _("%(filter)s: there is no “%(value)s”.") % {"filter": one.label, "value": value[:MAX_LENGTH]}
            )
            continue
        words, condition = read
        found.append(Chosen(name, str(one.label), words, lambda rows, condition=condition: rows.filter(condition)))  # type: ignore[misc]
    return found, problems


def _coded(
    field: str, choices: type[ChannelCode] | type[Severity] | type[Status]
) -> Callable[[str], tuple[str, Q] | None]:
    def read(value: str) -> tuple[str, Q] | None:
        return (str(choices(value).label), Q(**{field: value})) if value in choices.values else None

    return read


def _status(value: str) -> tuple[str, Q] | None:
    return _coded("status", Status)(value)


def _keyed(field: str, names: Callable[[], dict[int, str]]) -> Callable[[str], tuple[str, Q] | None]:
    def read(value: str) -> tuple[str, Q] | None:
        key = int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0
        name = names().get(key)
        return (name, Q(**{field: key})) if name else None

    return read


def _type(value: str) -> tuple[str, Q] | None:
    row = catalogue().types.get(value)
    if row is None:
        return None
    below = [one.pk for one in catalogue().types.values() if one.parent_id == row.pk]
    return row.path, Q(type__in=[row.pk, *below])


def _customer(value: str) -> tuple[str, Q] | None:
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        return None
    customer = Customer.objects.filter(pk=value).first()
    return (str(customer), Q(customer=customer.pk)) if customer else None


def _words(value: str) -> tuple[str, Q] | None:
    """A reference or its beginning, or the beginning of a customer's name, e-mail or phone number."""
    if is_reference(value):
        return value.upper(), Q(reference__startswith=value.upper())
    key = fold(value)
    named = Customer.objects.filter(name_key__startswith=key).values("pk")[:FOUND_CUSTOMERS]
    heard = Customer.objects.filter(search.sounding(value)).values("pk")[:FOUND_CUSTOMERS]
    digits = "".join(c for c in value if c.isdigit())
    contact = digits if len(digits) >= 4 and not any(c.isalpha() for c in value) else key
    reached = ContactPoint.objects.filter(value_key__startswith=contact).values("customer")[:FOUND_CUSTOMERS]
    return value, Q(customer__in=named) | Q(customer__in=heard) | Q(customer__in=reached)


def is_reference(value: str) -> bool:
    """AM-, AM-4F7K, am-4f7k-2m9q."""
    head, *parts = value.upper().split("-")
    return (
        head == "AM" and bool(parts) and len(parts) <= 2 and all(len(p) <= 4 and set(p) <= set(ALPHABET) for p in parts)
    )


FILTERS: dict[str, Filter] = {
    "q": Filter(gettext_lazy("Search"), _words),
    "status": Filter(gettext_lazy("Status"), _status),
    "team": Filter(gettext_lazy("Team"), _keyed("team", lambda: teams())),
    "owner": Filter(gettext_lazy("Owner"), _keyed("owner", lambda: {pk: one.name for pk, one in colleagues().items()})),
    "channel": Filter(gettext_lazy("Channel"), _coded("channel", ChannelCode)),
    "type": Filter(gettext_lazy("Type"), _type),
    "severity": Filter(gettext_lazy("Severity"), _coded("severity", Severity)),
    "source": Filter(gettext_lazy("Source"), lambda value: (value, Q(source=value))),
    "customer": Filter(gettext_lazy("Customer"), _customer),
}
