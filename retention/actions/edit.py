"""Change what we know of a customer (mission B3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import trail
from core.actor import Actor
from core.errors import InvalidInput
from retention import errors
from retention.models import ContactPoint, Customer, ExternalId
from retention.models.customers import CHANNELS, EMAIL, KINDS, PHONE, POSTAL, SOCIAL, contact, key_of
from retention.names import search_key

PLAIN = ("kind", "language", "tier", "preferred_channel")
CONTACTS = {EMAIL: "emails", PHONE: "phones", SOCIAL: "socials", POSTAL: "postals"}


@dataclass(frozen=True, slots=True)
class Profile:
    """What is edited together; None leaves a thing as it is.

    `emails`, `phones`, `socials`, `postals` replace those known, the first of each is preferred. `external_ids`:
    (source, id) pairs that replace those known.
    """

    name: str | None = None
    kind: str | None = None
    language: str | None = None
    tier: str | None = None
    preferred_channel: str | None = None
    preferences: str | None = None
    emails: tuple[str, ...] | None = None
    phones: tuple[str, ...] | None = None
    socials: tuple[str, ...] | None = None
    postals: tuple[str, ...] | None = None
    external_ids: tuple[tuple[str, str], ...] | None = None


def locked(customer: Customer, *, version: int | None = None) -> Customer:
    """The customer as they are now, the row locked until the transaction ends. Query cost: 1.

    `version`: the one the caller has seen. Raises StaleCustomer when it has moved on, MergedAway.
    """
    found = Customer.objects.select_for_update().get(pk=customer.pk)
    if found.merged_into_id is not None:
        raise errors.MergedAway
    if version is not None and found.version != version:
        raise errors.StaleCustomer
    return found


def touch(customer: Customer, *, at: datetime, fields: Iterable[str] = ()) -> None:
    """Save the fields of a locked customer as a new version. Query cost: 1."""
    customer.version += 1
    customer.updated_at = at
    customer.save(update_fields=sorted({"version", "updated_at", *fields}))


@transaction.atomic
def edit(customer: Customer, profile: Profile, *, by: Actor, at: datetime, version: int | None = None) -> Customer:
    """Set what the profile says; the trail keeps from and to, personal text in its erasable part.

    Raises InvalidInput (customer_empty, invalid_choice), StaleCustomer, MergedAway, external_id_taken. Nothing is
    written when nothing changes.
    """
    _refuse_unknown(profile)
    customer = locked(customer, version=version)
    changes: dict[str, Any] = {}
    for name in PLAIN:
        before, after = getattr(customer, name), getattr(profile, name)
        if after is not None and after.strip() != before:
            changes[name] = [before, after.strip()]
            setattr(customer, name, after.strip())
    private: dict[str, Any] = {}
    for name in ("name", "preferences"):
        before, after = getattr(customer, name), getattr(profile, name)
        if after is not None and after.strip() != before:
            private[name] = [before, after.strip()]
            setattr(customer, name, after.strip())
    customer.name_key = search_key(customer.name)
    for kind, listed in CONTACTS.items():
        if (values := getattr(profile, listed)) is not None and (moved := _replace(customer, kind, values)):
            private[kind] = moved
    if profile.external_ids is not None and (renamed := _rename(customer, profile.external_ids)):
        changes["external_ids"] = renamed
    if not changes and not private:
        return customer
    _refuse_empty(customer)
    touch(customer, at=at, fields=["name", "name_key", "preferences", *PLAIN])
    said = {**changes, "fields": sorted([*changes, *private])}
    trail.append(customer, "customer.edited", by=by, at=at, changes=said, private=private)
    return customer


def _refuse_unknown(profile: Profile) -> None:
    """Raises InvalidInput invalid_choice."""
    if profile.kind is not None and profile.kind not in dict(KINDS):
        raise InvalidInput(_("A customer is a person or an organisation."), code="invalid_choice", field="kind")
    if profile.language and profile.language not in dict(settings.LANGUAGES):
        raise InvalidInput(_("Choose one of our languages."), code="invalid_choice", field="language")
    if profile.preferred_channel and profile.preferred_channel not in dict(CHANNELS):
        raise InvalidInput(_("Choose one of the channels."), code="invalid_choice", field="preferred_channel")


def _refuse_empty(customer: Customer) -> None:
    """Raises InvalidInput customer_empty. Query cost: 0 to 2."""
    if not (customer.name or customer.contact_points.exists() or customer.external_ids.exists()):
        raise InvalidInput(_("A customer needs a name, an e-mail, a phone number or an id."), code="customer_empty")


def _replace(customer: Customer, kind: str, values: Iterable[str]) -> list[list[str]] | None:
    """Make `values` the contact points of this kind, the first preferred; returns [before, after], None if the same.

    Points that stay keep their keys, so that a merge taken back later still finds them.
    """
    wanted: dict[str, str] = {}
    for value in values:
        if key := key_of(kind, value):
            wanted.setdefault(key, value.strip())
    known = list(customer.contact_points.filter(kind=kind).order_by("-is_preferred", "pk"))
    before, after = [point.value for point in known], list(wanted.values())
    if before[:1] == after[:1] and sorted(before) == sorted(after):
        return None
    points = {point.value_key: point for point in known}
    stays = [points[key].pk for key in wanted if key in points]
    customer.contact_points.filter(kind=kind).exclude(pk__in=stays).delete()
    for number, (key, value) in enumerate(wanted.items()):
        point = points.get(key)
        if point is None:
            contact(customer, kind, value, is_preferred=number == 0).save(force_insert=True)
        elif (point.value, point.is_preferred) != (value, number == 0):
            ContactPoint.objects.filter(pk=point.pk).update(value=value, is_preferred=number == 0)
    return [before, after]


def _rename(customer: Customer, pairs: Iterable[tuple[str, str]]) -> list[list[list[str]]] | None:
    """Make `pairs` the ids other systems have for the customer. Raises InvalidInput external_id_taken."""
    known = {(one.source, one.external_id): one.pk for one in customer.external_ids.all()}
    wanted = set(pairs)
    if wanted == set(known):
        return None
    ExternalId.objects.filter(pk__in=[pk for pair, pk in known.items() if pair not in wanted]).delete()
    fresh = [
        ExternalId(customer=customer, source=source, external_id=one) for source, one in sorted(wanted - set(known))
    ]
    try:
        with transaction.atomic():
            ExternalId.objects.bulk_create(fresh)
    except IntegrityError as error:
        message = _("Another customer has this id already.")
        raise InvalidInput(message, code="external_id_taken", field="external_ids", status=409) from error
    return [[list(pair) for pair in sorted(known)], [list(pair) for pair in sorted(wanted)]]
