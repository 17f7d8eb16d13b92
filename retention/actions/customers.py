"""Make and find customers (mission B3)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext as _

from core import rows, trail
from core.actor import Actor
from core.errors import InvalidInput
from retention.models import Customer, ExternalId
from retention.models.customers import EMAIL, PHONE, contact, key_of


@dataclass(frozen=True, slots=True)
class Details:
    """What somebody told us about a customer; everything may be missing."""

    name: str = ""
    email: str = ""
    phone: str = ""
    external_id: str = ""
    source: str = ""
    language: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.email or self.phone or self.external_id)


def fold(name: str) -> str:
    """The search form of a name: NFC, lower case, single blanks."""
    return " ".join(unicodedata.normalize("NFC", name).lower().split())[:200]


def find(details: Details) -> Customer | None:
    """The customer these details certainly mean: by external id, else by e-mail, else by phone; never by name alone.

    Query cost: at most 3. Of several with the same e-mail or phone, the one made first.
    """
    known = Customer.objects.filter(merged_into__isnull=True)
    if details.external_id:
        found = known.filter(external_ids__source=details.source, external_ids__external_id=details.external_id).first()
        if found:
            return found
    for kind, value in ((EMAIL, details.email), (PHONE, details.phone)):
        key = key_of(kind, value)
        if key:
            same = known.filter(contact_points__kind=kind, contact_points__value_key=key).order_by("pk").first()
            if same:
                return same
    return None


def draft(details: Details, *, by: Actor, at: datetime) -> tuple[Customer, list[models.Model]]:
    """A new customer with a key, and all rows to insert for it (itself first). Nothing is written."""
    customer = Customer(
        name=details.name.strip(),
        name_key=fold(details.name),
        language=details.language,
        created_at=at,
        updated_at=at,
    )
    rows.give_ids(customer)
    made: list[models.Model] = [customer]
    for kind, value in ((EMAIL, details.email), (PHONE, details.phone)):
        if key_of(kind, value):
            made.append(contact(customer, kind, value, is_preferred=kind == EMAIL))
    if details.external_id:
        made.append(ExternalId(customer=customer, source=details.source, external_id=details.external_id))
    made.append(trail.build(customer, "customer.created", by=by, at=at, changes={"source": details.source}))
    return customer, made


@transaction.atomic
def create(details: Details, *, by: Actor, at: datetime) -> Customer:
    """Make a customer. Raises InvalidInput customer_empty when nothing at all is known."""
    if details.is_empty:
        raise InvalidInput(_("A customer needs a name, an e-mail, a phone number or an id."), code="customer_empty")
    customer, made = draft(details, by=by, at=at)
    rows.insert(made)
    return customer
