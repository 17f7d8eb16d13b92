"""Cases that may be about the same matter, with the reasons in words (mission D1; ux, Agent's desk 9).

A bounded number of candidates is read by indexes: the customer's own cases in hand, those with the same order number,
those of customers with the same e-mail or phone number, and what came in about the same time. They are compared here,
alike on every database: the likeness of texts is that of pg_trgm, shared trigrams over all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint, NotDuplicate
from complaints.querysets import ComplaintQuerySet
from core.models import User
from retention.models import ContactPoint
from retention.models.customers import EMAIL, PHONE

SHOWN = 5
RECENT = timedelta(days=30)
NEAR = timedelta(days=3)
EACH = 20  # candidates for one reason
LATEST = 60  # and among what came in about then
ENOUGH = 50  # of 100
ALIKE, VERY_ALIKE = 0.35, 0.6  # shared trigrams; the likeness at which two texts count as similar, as nearly equal
_WORD = re.compile(r"\w+")

CUSTOMER, CONTACT, ORDER, SAME_TEXT, TEXT, PRODUCT, TIME = (
    "customer",
    "contact",
    "order_number",
    "same_text",
    "similar_text",
    "product",
    "near_in_time",
)
REASONS: dict[str, tuple[int, str | Promise]] = {
    ORDER: (55, _("same order number")),
    CUSTOMER: (40, _("same customer")),
    CONTACT: (40, _("same e-mail or phone number")),
    SAME_TEXT: (50, _("nearly the same words")),
    TEXT: (30, _("similar words")),
    PRODUCT: (15, _("same product")),
    TIME: (10, _("within three days")),
}


@dataclass(frozen=True, slots=True)
class Matter:
    """What a case is about, as far as it is compared: of a case there is, or of one being written down."""

    text: str
    at: datetime
    pk: int = 0
    customer_id: int | None = None
    order_number: str = ""
    product: str = ""
    contacts: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, complaint: Complaint) -> Matter:
        """Query cost: 1 with a customer."""
        points: tuple[tuple[str, str], ...] = ()
        if complaint.customer_id is not None:
            known = ContactPoint.objects.filter(customer=complaint.customer_id, kind__in=(EMAIL, PHONE))
            points = tuple(known.values_list("kind", "value_key"))
        return cls(
            text=f"{complaint.subject} {complaint.preview}",
            at=complaint.received_at,
            pk=complaint.pk,
            customer_id=complaint.customer_id,
            order_number=complaint.order_number,
            product=complaint.product,
            contacts=points,
        )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A case that may be the same. `score` of 100; `reasons`: codes, the strongest first."""

    complaint: Complaint
    score: int
    reasons: tuple[str, ...]

    @property
    def words(self) -> str:
        return ", ".join(str(REASONS[one][1]) for one in self.reasons)


def of(complaint: Complaint, user: User, *, most: int = SHOWN) -> list[Suggestion]:
    """What may be the same as a case, the likeliest first; what somebody called different is left out.

    Query cost: at most 7, whatever the number of complaints.
    """
    pairs = NotDuplicate.objects.filter(Q(complaint=complaint.pk) | Q(other=complaint.pk)).values_list(
        "complaint_id", "other_id"
    )
    return find(Matter.of(complaint), user, without={complaint.pk, *chain.from_iterable(pairs)}, most=most)


def find(matter: Matter, user: User, *, without: Iterable[int] = (), most: int = SHOWN) -> list[Suggestion]:
    """Cases in hand that `user` may see and that may be the same matter. Query cost: at most 5."""
    hidden = set(without)
    seen = Complaint.objects.visible_to(user).in_queue().select_related("customer", "owner").exclude(pk__in=hidden)
    found: dict[int, Complaint] = {}
    for rows in _candidates(matter, seen):
        found |= {one.pk: one for one in rows}
    contacts = _shared(matter, found.values())
    words = trigrams(matter.text)
    compared = (_compare(matter, words, one, one.customer_id in contacts) for one in found.values())
    likely = [one for one in compared if one.score >= ENOUGH]
    return sorted(likely, key=lambda one: (-one.score, -one.complaint.pk))[:most]


def _candidates(matter: Matter, seen: ComplaintQuerySet) -> Iterable[Sequence[Complaint]]:
    recent = seen.filter(received_at__gte=matter.at - RECENT, received_at__lte=matter.at + RECENT)
    if matter.customer_id is not None:
        yield list(recent.filter(customer=matter.customer_id).order_by("-received_at", "-pk")[:EACH])
    if matter.order_number:
        yield list(seen.filter(order_number=matter.order_number).order_by("-pk")[:EACH])
    if matter.contacts:
        others = ContactPoint.objects.filter(_any(matter.contacts)).exclude(customer=matter.customer_id)
        keys = list(others.values_list("customer_id", flat=True).distinct()[:EACH])
        if keys:
            yield list(recent.filter(customer__in=keys).order_by("-received_at", "-pk")[:EACH])
    near = seen.filter(received_at__gte=matter.at - NEAR, received_at__lte=matter.at + NEAR)
    yield list(near.order_by("-received_at", "-pk")[:LATEST])


def _any(contacts: Iterable[tuple[str, str]]) -> Q:
    found = Q()
    for kind, key in contacts:
        found |= Q(kind=kind, value_key=key)
    return found


def _shared(matter: Matter, among: Iterable[Complaint]) -> set[int | None]:
    """Other customers among those that share a contact. Query cost: 1 where there can be one."""
    keys = {one.customer_id for one in among} - {None, matter.customer_id}
    if not matter.contacts or not keys:
        return set()
    points = ContactPoint.objects.filter(_any(matter.contacts), customer__in=keys)
    return set(points.values_list("customer_id", flat=True))


def _compare(matter: Matter, words: frozenset[str], other: Complaint, contact: bool) -> Suggestion:
    alike = likeness(words, trigrams(f"{other.subject} {other.preview}"))
    same_customer = matter.customer_id is not None and matter.customer_id == other.customer_id
    holds: dict[str, bool] = {
        ORDER: bool(matter.order_number) and matter.order_number == other.order_number,
        CUSTOMER: same_customer,
        CONTACT: contact and not same_customer,
        SAME_TEXT: alike >= VERY_ALIKE,
        TEXT: ALIKE <= alike < VERY_ALIKE,
        PRODUCT: bool(matter.product) and plain(matter.product) == plain(other.product),
        TIME: abs(matter.at - other.received_at) <= NEAR,
    }
    reasons = tuple(name for name in REASONS if holds[name])
    if reasons == (SAME_TEXT, TIME) and len(words) < 20:
        reasons = (TIME,)  # "Broken" and "broken" of two people say nothing
    return Suggestion(other, min(100, sum(REASONS[name][0] for name in reasons)), reasons)


def trigrams(text: str) -> frozenset[str]:
    """The trigrams of each word with two blanks before and one behind, as pg_trgm makes them."""
    return frozenset(
        padded[place : place + 3]
        for word in _WORD.findall(text.casefold())
        for padded in (f"  {word} ",)
        for place in range(len(padded) - 2)
    )


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared trigrams over all, 0 to 1."""
    return len(one & other) / len(one | other) if one and other else 0.0


def plain(text: str) -> str:
    """By which the names of two products or lots are the same: case and blanks do not count."""
    return " ".join(text.casefold().split())
