"""Outgoing webhooks: who wants to hear of what, what there was to hear, and how each delivery went (E1, F27)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class WebhookState(models.TextChoices):
    """Whether events go to an address."""

    ACTIVE = "active", pgettext_lazy("webhook", "active")
    DISABLED = "disabled", pgettext_lazy("webhook", "disabled")


class DisabledBecause(models.TextChoices):
    """Why a webhook is disabled."""

    BY_HAND = "by_hand", _("somebody disabled it")
    GONE = "gone", _("the receiver answered that it is gone (410)")
    FAILING = "failing", _("nothing could be delivered for five days")


class Webhook(models.Model):
    """An address of another system that is told of events. `events`: types it wants; empty means all public ones.

    `secret` and `previous_secret` sign, so they are kept encrypted (core.sealed); the previous one signs too until
    `previous_until`. `failing_since`: the first failure after which nothing was delivered. It hears of what is
    written from `listens_since` on; `trail_from` was the end of the trail then.
    """

    url = models.CharField(_("address"), max_length=500)
    description = models.CharField(_("description"), max_length=200, blank=True)
    events = models.JSONField(_("events"), default=list, blank=True)
    secret = models.TextField()
    previous_secret = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=WebhookState.choices, default=WebhookState.ACTIVE)
    disabled_because = models.CharField(max_length=10, choices=DisabledBecause.choices, blank=True)
    state_since = models.DateTimeField()
    listens_since = models.DateTimeField()
    trail_from = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)  # attempts in a row
    failing_since = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)  # last
    failed_at = models.DateTimeField(null=True)  # last
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("webhook")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="active", disabled_because="") | (Q(state="disabled") & ~Q(disabled_because="")),
                name="webhook_reason",
            )
        ]

    def __str__(self) -> str:
        return self.description or self.url

    @property
    def is_active(self) -> bool:
        return self.state == WebhookState.ACTIVE


class WebhookMessage(models.Model):
    """One event as it is told to whoever listens. `id` is the webhook-id, the same in every delivery and retry.

    `payload` is the very text that is signed and sent. `subject_*` and `seq` name the entry of the trail that it tells
    of, at most one message each (a test event has none). `spread_at`: when its deliveries were written.
    """

    id = models.CharField(max_length=40, primary_key=True)
    type = models.CharField(max_length=48)
    payload = models.TextField()
    reference = models.CharField(max_length=24, blank=True)
    subject_kind = models.CharField(max_length=24, blank=True)
    subject_id = models.BigIntegerField(null=True)
    seq = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    spread_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "seq"],
                name="webhookmessage_once",
                condition=Q(seq__isnull=False),
            )
        ]
        indexes = [
            models.Index(fields=["created_at"], name="webhookmessage_new", condition=Q(spread_at__isnull=True)),
            models.Index(fields=["created_at", "id"], name="webhookmessage_created"),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.type}"


class DeliveryState(models.TextChoices):
    """How far a delivery is."""

    PENDING = "pending", pgettext_lazy("delivery of a webhook", "waiting")
    DELIVERED = "delivered", pgettext_lazy("delivery of a webhook", "delivered")
    FAILED = "failed", pgettext_lazy("delivery of a webhook", "failed")


class WebhookDelivery(models.Model):
    """One message on its way to one webhook. Due at `next_at` while it is pending.

    `claim` and `claimed_until`: a worker is at it; one that died lets go when the instant has passed. `attempts` are
    all there were, `tries` those since it was last sent off (by the event or by redelivery). The last answer:
    `status` (None: there was none), `error` (a code, blank when delivered), `ms`.
    """

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    message = models.ForeignKey(WebhookMessage, models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    claim = models.CharField(max_length=32, blank=True)
    claimed_until = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=40, blank=True)
    ms = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["webhook", "message"], name="webhookdelivery_once")]
        indexes = [
            models.Index(fields=["webhook", "next_at", "id"], name="webhookdelivery_due", condition=Q(state="pending")),
            models.Index(fields=["webhook"], name="webhookdelivery_claimed", condition=Q(claimed_until__isnull=False)),
            models.Index(fields=["webhook", "-id"], name="webhookdelivery_of"),
            models.Index(fields=["updated_at", "id"], name="webhookdelivery_updated"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} to {self.webhook_id}"


class WebhookAttempt(models.Model):
    """One try of a delivery: when, how long, what came back. `error` blank: it was taken (2xx)."""

    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="log")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    ms = models.PositiveIntegerField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    excerpt = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="webhookattempt_once")]

    def __str__(self) -> str:
        return f"{self.delivery_id}#{self.number}"
