"""What the API's customer resources take (interface.md, REST API)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from core.api.bodies import Strict
from core.api.fields import Code, Email, Flag, Id, Language, Phone, Text
from retention.actions.edit import CONTACTS, Profile
from retention.api.naming import CustomerId
from retention.models import ConsentPurpose
from retention.models.customers import CHANNELS, CONTACT_KINDS, EMAIL, KINDS, PHONE

MOST = 50
_READ: Mapping[str, Email | Phone] = {EMAIL: Email(), PHONE: Phone()}


class ContactBody(Strict):
    """One way to reach a customer."""

    kind = Code(choices=CONTACT_KINDS)
    value = Text(max_length=254, trim=True)
    is_preferred = Flag(required=False)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values = super().to_internal_value(data)
        if values["kind"] in _READ:
            try:
                values["value"] = _READ[values["kind"]].run_validation(values["value"])
            except ValidationError as error:
                raise ValidationError({"value": error.detail}) from None
        return values


class ExternalIdBody(Strict):
    source = Text(max_length=40, trim=True)  # type: ignore[assignment]  # a field: DRF takes it off the class
    external_id = Text(max_length=120, trim=True)


class ConsentBody(Strict):
    """The last word on one purpose."""

    purpose = Code(choices=ConsentPurpose.choices)
    given = Flag()
    how = Text(max_length=120, trim=True, required=False, allow_blank=True)


class Fields(Strict):
    """What both making and changing take."""

    name = Text(max_length=200, trim=True, required=False, allow_blank=True)
    kind = Code(choices=KINDS, required=False)
    language = Language(required=False)
    tier = Text(max_length=40, trim=True, required=False, allow_blank=True)
    preferred_channel = Code(choices=CHANNELS, required=False)
    preferences = Text(max_length=2_000, trim=True, required=False, allow_blank=True)


class NewCustomer(Fields):
    """At least one of name, e-mail, phone and external id."""

    email = Email(required=False)
    phone = Phone(required=False, allow_blank=True)
    external_id = Text(max_length=120, trim=True, required=False)
    source = Text(max_length=40, trim=True, required=False)  # type: ignore[assignment]  # a field: DRF takes it off the class


class CustomerChange(Fields):
    """PATCH: lists replace those known; a consent is the last word on its purpose, the others stay."""

    contact_points = ContactBody(many=True, required=False, max_length=MOST)  # type: ignore[call-arg]  # of the ListSerializer
    external_ids = ExternalIdBody(many=True, required=False, max_length=MOST)  # type: ignore[call-arg]  # of the ListSerializer
    consents = ConsentBody(many=True, required=False, max_length=MOST)  # type: ignore[call-arg]  # of the ListSerializer


class CustomerBody(Strict):
    """A known customer by `id`, or what is known of one: found by external id, e-mail or phone, else made."""

    id = CustomerId(required=False)
    name = Text(max_length=200, trim=True, required=False, allow_blank=True)
    email = Email(required=False)
    phone = Phone(required=False, allow_blank=True)
    external_id = Text(max_length=120, trim=True, required=False)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values = super().to_internal_value(data)
        if "id" in values and len(values) > 1:
            raise ValidationError(_("Give an id or details, not both."), code="id_or_details")
        return values


class MergeBody(Strict):
    into = Id()


def profile_of(values: dict[str, Any]) -> Profile:
    """The changes a body asks for, without its consents. Contact points in the order given, a preferred one first."""
    told = {name: value for name, value in values.items() if name not in ("contact_points", "external_ids", "consents")}
    if (points := values.get("contact_points")) is not None:
        ordered = sorted(points, key=lambda point: not point.get("is_preferred", False))
        for kind, listed in CONTACTS.items():
            told[listed] = tuple(point["value"] for point in ordered if point["kind"] == kind)
    if (ids := values.get("external_ids")) is not None:
        told["external_ids"] = tuple((one["source"], one["external_id"]) for one in ids)
    return Profile(**told)
