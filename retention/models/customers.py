"""Customers: who they are, how to reach them, since when they stay (mission B3, C; domain, Complaint 3)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from retention.names import LONGEST_KEY

if TYPE_CHECKING:
    from core.models import User

PERSON, ORGANISATION = "person", "organisation"
EMAIL, PHONE, SOCIAL, POSTAL = "email", "phone", "social", "postal"
KINDS = [(PERSON, _("person")), (ORGANISATION, _("organisation"))]
CONTACT_KINDS = [
    (EMAIL, _("e-mail")),
    (PHONE, _("phone")),
    (SOCIAL, _("social media name")),
    (POSTAL, _("postal address")),
]
CHANNELS = [  # by which a customer may want to hear from us; the codes are those of complaint channels
    ("phone", _("Phone")),
    ("email", _("E-mail")),
    ("chat", _("Chat")),
    ("social", _("Social media")),
    ("letter", _("Letter")),
    ("in_person", _("In person")),
]


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, user: User) -> CustomerQuerySet:
        """Everybody who handles cases may open any customer's page (domain, Roles and visibility)."""
        return self.filter(merged_into__isnull=True) if user.sees_cases else self.none()

    def standing_for(self, pk: int) -> Customer | None:
        """The customer under this key; of a record that was merged, the one it became part of. Query cost: 1, and 1 for
        each merge."""
        found = self.filter(pk=pk).first()
        while found is not None and found.merged_into_id is not None:
            found = found.merged_into
        return found

    def standing(self, user: User, pk: int) -> Customer | None:
        """`standing_for` one whom `user` may see."""
        return self.standing_for(pk) if user.sees_cases else None

    def meant_by(self, keys: Collection[int]) -> list[int]:
        """`keys`, and those of the records they became part of. Query cost: 1, and 1 for each merge behind another."""
        found, last = set(keys), set(keys)
        while last:
            into = self.filter(pk__in=last, merged_into__isnull=False).values_list("merged_into", flat=True)
            last = {one for one in into if one is not None} - found
            found |= last
        return sorted(found)

    def matching(self, words: str) -> CustomerQuerySet:
        """Customers that fit `words`, at most 50, by name (retention.search ranks them). Query cost: 1 now."""
        from retention import search  # reads these models

        return self.filter(pk__in=search.matches(words))


class Customer(models.Model):
    """A person or organisation that buys from us. `name_key`: what the name is sorted and found by (retention.names).

    `preferred_channel`: a channel's code; `source`: the import that made it, blank when people did. `version` counts
    the changes of the record itself, its contacts, consents and merges.
    """

    kind = models.CharField(_("kind"), max_length=12, choices=KINDS, default=PERSON)
    name = models.CharField(_("name"), max_length=200, blank=True)
    name_key = models.CharField(max_length=LONGEST_KEY, blank=True, db_index=True)
    language = models.CharField(_("language"), max_length=8, blank=True, choices=settings.LANGUAGES)
    tier = models.CharField(_("tier"), max_length=40, blank=True)
    preferred_channel = models.CharField(_("preferred channel"), max_length=12, blank=True)
    preferences = models.TextField(_("what they like and dislike"), blank=True)
    source = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_from")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ["name_key", "pk"]
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [models.Index(fields=["updated_at", "id"], name="customer_changed")]

    def __str__(self) -> str:
        return self.name or str(_("Customer without a name"))


class ContactPoint(models.Model):
    """One way to reach a customer. `value_key`: e-mail in lower case, phone as digits only; for look-ups."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contact_points")
    kind = models.CharField(_("kind"), max_length=8, choices=CONTACT_KINDS)
    value = models.CharField(_("value"), max_length=254)
    value_key = models.CharField(max_length=254)
    is_preferred = models.BooleanField(_("preferred"), default=False)

    class Meta:
        ordering = ["-is_preferred", "pk"]
        constraints = [models.UniqueConstraint(fields=["customer", "kind", "value_key"], name="contactpoint_once")]
        indexes = [models.Index(fields=["kind", "value_key"], name="contactpoint_lookup")]

    def __str__(self) -> str:
        return self.value


class ExternalId(models.Model):
    """The name another system has for a customer: unique per source (interface.md, imports)."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="external_ids")
    source = models.CharField(max_length=40)
    external_id = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="customer_external_id_once")]
        indexes = [models.Index(fields=["external_id"], name="externalid_lookup")]

    def __str__(self) -> str:
        return f"{self.source}:{self.external_id}"


class Tenure(models.Model):
    """One stay with us: joined, perhaps left, perhaps back again later as a second stay. Local dates; `left_on` is the
    last day. Stays of one customer do not overlap (kept by the action). `plan`: the kind of contract, if
    any, with what it costs a month."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="tenures")
    joined_on = models.DateField(_("joined"), null=True, blank=True)
    left_on = models.DateField(_("left"), null=True, blank=True)
    reason = models.CharField(_("reason for leaving"), max_length=200, blank=True)
    plan = models.CharField(_("contract"), max_length=80, blank=True)
    monthly_amount = models.DecimalField(_("a month"), max_digits=19, decimal_places=4, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    source = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["joined_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(joined_on__isnull=True) | Q(left_on__gte=models.F("joined_on")),
                name="tenure_left_after_joined",
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"], name="tenure_external_id_once", condition=~Q(external_id="")
            ),
            models.UniqueConstraint(fields=["customer"], name="tenure_one_open", condition=Q(left_on__isnull=True)),
        ]
        indexes = [models.Index(fields=["joined_on", "left_on"], name="tenure_period")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.joined_on} - {self.left_on or ''}"


def key_of(kind: str, value: str) -> str:
    """The look-up form of a contact: phones as digits, everything else in lower case without outer blanks."""
    if kind == PHONE:
        return "".join(c for c in value if c.isdigit())
    return value.strip().lower()


def contact(customer: Customer, kind: str, value: str, **fields: Any) -> ContactPoint:
    """A contact point not yet written."""
    return ContactPoint(customer=customer, kind=kind, value=value.strip(), value_key=key_of(kind, value), **fields)
