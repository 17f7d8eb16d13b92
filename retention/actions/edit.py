"""Change what we know of a customer (mission B3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from core import trail
from core.actor import Actor
from core.errors import InvalidInput
from retention.actions.customers import fold
from retention.models import ContactPoint, Customer
from retention.models.customers import EMAIL, KINDS, PHONE, contact, key_of

EDITED = (EMAIL, PHONE)


@dataclass(frozen=True, slots=True)
class Profile:
    """All that is edited together. `emails` and `phones` replace those known; the first of each is written to first."""

    name: str = ""
    kind: str = "person"
    language: str = ""
    tier: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


@transaction.atomic
def edit(customer: Customer, profile: Profile, *, by: Actor, at: datetime) -> Customer:
    """Set the profile; the trail keeps from and to, names and addresses in its erasable part.

    Raises InvalidInput (customer_empty, invalid_choice). Nothing is written when nothing changes.
    """
    if profile.kind not in dict(KINDS):
        raise InvalidInput(_("A customer is a person or an organisation."), code="invalid_choice", field="kind")
    if profile.language and profile.language not in dict(settings.LANGUAGES):
        raise InvalidInput(_("Choose one of our languages."), code="invalid_choice", field="language")
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    if not (profile.name.strip() or profile.emails or profile.phones or customer.external_ids.exists()):
        raise InvalidInput(_("A customer needs a name, an e-mail, a phone number or an id."), code="customer_empty")
    plain = {name: (getattr(customer, name), getattr(profile, name)) for name in ("kind", "language", "tier")}
    changes: dict[str, Any] = {name: list(pair) for name, pair in plain.items() if pair[0] != pair[1]}
    private: dict[str, Any] = {}
    if customer.name != profile.name.strip():
        private["name"] = [customer.name, profile.name.strip()]
    for kind, values in ((EMAIL, profile.emails), (PHONE, profile.phones)):
        if moved := _replace(customer, kind, values):
            private[kind] = moved
    if not changes and not private:
        return customer
    customer.name, customer.name_key = profile.name.strip(), fold(profile.name)
    customer.kind, customer.language, customer.tier = profile.kind, profile.language, profile.tier
    customer.updated_at = at
    customer.save(update_fields=["name", "name_key", "kind", "language", "tier", "updated_at"])
    trail.append(
        customer,
        "customer.edited",
        by=by,
        at=at,
        changes={**changes, "fields": sorted([*changes, *private])},
        private=private,
    )
    return customer


def _replace(customer: Customer, kind: str, values: Iterable[str]) -> list[list[str]] | None:
    """Make `values` the contact points of this kind; returns [before, after], or None if they are the same."""
    wanted: dict[str, str] = {}
    for value in values:
        if key := key_of(kind, value):
            wanted.setdefault(key, value.strip())
    known = list(customer.contact_points.filter(kind=kind).order_by("-is_preferred", "pk"))
    if [point.value for point in known] == list(wanted.values()):
        return None
    before = [point.value for point in known]
    ContactPoint.objects.filter(customer=customer, kind=kind).delete()
    points = [contact(customer, kind, value, is_preferred=number == 0) for number, value in enumerate(wanted.values())]
    ContactPoint.objects.bulk_create(points)
    return [before, list(wanted.values())]
