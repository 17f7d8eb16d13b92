"""Offers made to customers and what became of them, and who brought whom (mission C2, C4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from retention.models.customers import CHANNELS, Customer
from retention.models.purchases import Purchase

if TYPE_CHECKING:
    from core.models import User

TEXT, PRODUCT, REASON, NOTE = 400, 120, 200, 2_000  # characters


class OfferKind(models.TextChoices):
    CROSS_SELL = "cross_sell", _("Cross-selling")
    UP_SELL = "up_sell", _("Up-selling")
    WIN_BACK = "win_back", _("Winning back")


class OfferState(models.TextChoices):
    """LAPSED is never stored: it follows from the date."""

    OFFERED = "offered", pgettext_lazy("offer", "Open")
    ACCEPTED = "accepted", pgettext_lazy("offer", "Accepted")
    DECLINED = "declined", pgettext_lazy("offer", "Declined")
    LAPSED = "lapsed", pgettext_lazy("offer", "Lapsed")


class OfferQuerySet(models.QuerySet["Offer"]):
    def visible_to(self, user: User) -> OfferQuerySet:
        """Everybody who may open customers' pages (domain, Roles and visibility)."""
        return self if user.sees_cases else self.none()

    def in_states(self, states: Iterable[str], on: date) -> OfferQuerySet:
        """Those in any of these states on a day."""
        wanted = set(states)
        found = Q(state__in=wanted & {OfferState.ACCEPTED, OfferState.DECLINED})
        if OfferState.OFFERED in wanted:
            found |= stands(on)
        if OfferState.LAPSED in wanted:
            found |= lapsed(on)
        return self.filter(found)


def stands(on: date) -> Q:
    """Offers that can still be answered on a day."""
    return Q(state=OfferState.OFFERED) & (Q(valid_until__isnull=True) | Q(valid_until__gte=on))


def lapsed(on: date) -> Q:
    """Offers that nobody answered in time, as of a day."""
    return Q(state=OfferState.OFFERED, valid_until__lt=on)


class Offer(models.Model):
    """What a customer was offered, and their answer. `text`: what it is, in our words; `amount`: what it is worth.

    `valid_until`: local date of the house, the last day it holds; after it an offer without an answer is lapsed, which
    no job writes down. `channel`: by which it was made, one of CHANNELS. `complaint_reference`: as on FollowUp.
    `purchase`: the order that came of it. `reason`: why they declined.
    """

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="offers", verbose_name=_("customer"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=10, choices=OfferKind.choices)
    text = models.CharField(_("what is offered"), max_length=TEXT)
    product = models.CharField(_("product"), max_length=PRODUCT, blank=True)
    amount = models.DecimalField(_("value"), max_digits=19, decimal_places=4, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    channel = models.CharField(_("channel"), max_length=12, choices=CHANNELS)
    complaint_reference = models.CharField(_("complaint"), max_length=16, blank=True)
    made_at = models.DateTimeField(_("made"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=OfferState.choices, default=OfferState.OFFERED)
    decided_at = models.DateTimeField(_("answered"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=REASON, blank=True)
    purchase = models.ForeignKey(Purchase, models.PROTECT, null=True, blank=True, related_name="offers", db_index=False)
    source = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=OfferKind.values), name="offer_kind_known"),
            models.CheckConstraint(
                condition=Q(state="offered", decided_at__isnull=True)
                | Q(state__in=["accepted", "declined"], decided_at__isnull=False),
                name="offer_answered_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True, currency="")
                | (Q(amount__isnull=False, amount__gt=0) & ~Q(currency="")),
                name="offer_value_has_currency",
            ),
            models.CheckConstraint(
                condition=Q(purchase__isnull=True) | Q(state="accepted"), name="offer_bought_is_accepted"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-made_at", "-id"], name="offer_of_customer"),
            models.Index(fields=["made_at", "id"], name="offer_made"),
            models.Index(fields=["updated_at", "id"], name="offer_changed"),
            models.Index(fields=["valid_until"], name="offer_unanswered", condition=Q(state="offered")),
            models.Index(fields=["purchase"], name="offer_purchase", condition=Q(purchase__isnull=False)),
            models.Index(fields=["complaint_reference"], name="offer_complaint", condition=~Q(complaint_reference="")),
        ]

    def __str__(self) -> str:
        return self.text

    def state_on(self, day: date) -> OfferState:
        """The state on a day: an open one may have lapsed."""
        late = self.valid_until is not None and self.valid_until < day
        return OfferState.LAPSED if late and self.state == OfferState.OFFERED else OfferState(self.state)


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, user: User) -> ReferralQuerySet:
        """Everybody who may open customers' pages (domain, Roles and visibility)."""
        return self if user.sees_cases else self.none()

    def standing(self) -> ReferralQuerySet:
        """Those not withdrawn."""
        return self.filter(withdrawn_at__isnull=True)

    def about(self, customer: Customer) -> ReferralQuerySet:
        """Those in which the customer is either side."""
        return self.filter(Q(referrer=customer) | Q(referred=customer))


class Referral(models.Model):
    """One customer brought another one to us on `referred_on` (local date). A customer is brought once, by one other.

    `referrer_points`, `referred_points`: the incentive that either side was credited, 0 for none; the entries have the
    keys `referral:<id>:referrer` and `referral:<id>:referred` in the ledger. A withdrawn one stays, for the record.
    """

    referrer = models.ForeignKey(
        Customer, models.PROTECT, related_name="referrals_made", verbose_name=_("who brought them"), db_index=False
    )
    referred = models.ForeignKey(
        Customer, models.PROTECT, related_name="referrals", verbose_name=_("who was brought"), db_index=False
    )
    referred_on = models.DateField(_("brought on"))
    note = models.CharField(_("note"), max_length=NOTE, blank=True)
    referrer_points = models.PositiveIntegerField(default=0)
    referred_points = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=REASON, blank=True)
    source = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = ReferralQuerySet.as_manager()

    class Meta:
        ordering = ["-referred_on", "-pk"]
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        constraints = [
            models.CheckConstraint(condition=~Q(referrer=F("referred")), name="referral_not_oneself"),
            models.UniqueConstraint(fields=["referred"], name="referral_once", condition=Q(withdrawn_at__isnull=True)),
            # Nor each other: of two customers one brought the other.
            models.UniqueConstraint(
                Least("referrer", "referred"),
                Greatest("referrer", "referred"),
                name="referral_no_circle",
                condition=Q(withdrawn_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["referrer", "-referred_on", "-id"], name="referral_of_referrer"),
            models.Index(fields=["referred", "-referred_on", "-id"], name="referral_of_referred"),
            models.Index(fields=["updated_at", "id"], name="referral_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.referrer_id} brought {self.referred_id}"
