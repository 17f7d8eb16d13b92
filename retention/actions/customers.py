"""Make and find customers (mission B3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from core import rows, trail
from core.actor import Actor
from core.errors import InvalidInput
from retention.models import Customer, ExternalId
from retention.models.customers import EMAIL, PHONE, contact, key_of
from retention.names import search_key

TAKEN = ("customer_external_id_once", "retention_externalid.")  # how databases name the row that is there already


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


def find(details: Details) -> Customer | None:
    """The customer these details certainly mean: by external id, else by e-mail, else by phone; never by name alone.

    Query cost: 1, none if there is nothing to look for. Of several with the same e-mail or phone, the one made first.
    """
    sources: list[str] = []
    parameters: list[str] = []
    if details.external_id:
        sources.append(_BY_EXTERNAL_ID)
        parameters += [details.source, details.external_id]
    for kind, value in ((EMAIL, details.email), (PHONE, details.phone)):
        key = key_of(kind, value)
        if key:
            sources.append(_BY_CONTACT[kind])
            parameters += [kind, key]
    return rows.first(Customer, _found_by(tuple(sources)), parameters) if sources else None


_BY_EXTERNAL_ID = "SELECT 1 AS place, customer_id FROM retention_externalid WHERE source = %s AND external_id = %s"
_BY_CONTACT = {
    EMAIL: "SELECT 2 AS place, customer_id FROM retention_contactpoint WHERE kind = %s AND value_key = %s",
    PHONE: "SELECT 3 AS place, customer_id FROM retention_contactpoint WHERE kind = %s AND value_key = %s",
}


@cache
def _found_by(sources: tuple[str, ...]) -> str:
    """SQL for the customer named by the surest of the sources; each is one look into an index.

    MATERIALIZED: where many share an address, the planner would walk all customers in the order of LIMIT instead.
    """
    return (
        f"WITH found AS MATERIALIZED ({' UNION ALL '.join(sources)}) "  # noqa: S608  ours only
        f"SELECT {rows.columns(Customer, 'c')} FROM found JOIN retention_customer c ON c.id = found.customer_id "
        "WHERE c.merged_into_id IS NULL ORDER BY found.place, c.id LIMIT 1"
    )


def draft(details: Details, *, by: Actor, at: datetime) -> tuple[Customer, list[models.Model]]:
    """A new customer with a key, and all rows to insert for it (itself first). Nothing is written."""
    customer = Customer(
        name=details.name.strip(),
        name_key=search_key(details.name),
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
    """Make a customer. Raises InvalidInput customer_empty when nothing at all is known, external_id_taken (409)."""
    if details.is_empty:
        raise InvalidInput(_("A customer needs a name, an e-mail, a phone number or an id."), code="customer_empty")
    customer, made = draft(details, by=by, at=at)
    try:
        with transaction.atomic(savepoint=bool(details.external_id)):
            rows.insert(made)
    except IntegrityError as error:
        if any(name in str(error) for name in TAKEN):
            message = _("Another customer has this id already.")
            raise InvalidInput(message, code="external_id_taken", field="external_id", status=409) from error
        raise
    return customer
