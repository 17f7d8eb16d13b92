"""How a webhook, a delivery and an attempt read: chips, facts and what went wrong."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from core import languages
from core.models import DeliveryState, DisabledBecause, Webhook, WebhookAttempt, WebhookDelivery
from core.web.parts import Chip

Facts = list[tuple[str, str]]
ERRORS = {
    "address_not_allowed": gettext_lazy("the address is not allowed"),
    "name_not_found": gettext_lazy("the name was not found"),
    "timeout": gettext_lazy("no answer in time"),
    "certificate": gettext_lazy("its certificate is not valid"),
    "tls": gettext_lazy("no secure connection"),
    "connection_refused": gettext_lazy("it refused the connection"),
    "connection": gettext_lazy("the connection broke"),
    "malformed_answer": gettext_lazy("its answer is no HTTP"),
    "redirect": gettext_lazy("it leads elsewhere, which is not followed"),
    "gone": gettext_lazy("it is gone for good"),
    "refused": gettext_lazy("it did not take it"),
    "interrupted": gettext_lazy("interrupted on our side"),
    "webhook_disabled": gettext_lazy("the webhook was disabled"),
    "secret_unreadable": gettext_lazy("its secret cannot be read: roll it"),
    "our_error": gettext_lazy("an error of ours"),
}


def state(one: Webhook) -> Chip:
    if not one.is_active:
        return Chip(pgettext("webhook", "disabled"), "pause", "paused")
    if one.failing_since is not None:
        return Chip(pgettext("webhook", "failing"), "breach", "breached")
    return Chip(pgettext("webhook", "active"), "ok", "met")


def problem(one: Webhook, at: datetime) -> tuple[str, str]:
    """What a reader should know first: a heading and a sentence; empty when all is well."""
    if not one.is_active:
        because = str(DisabledBecause(one.disabled_because).label)
        since = languages.near(one.state_since, at)
        text = _("Since %(since)s: %(because)s. Events of that time are not sent.")
        return _("The webhook is disabled"), text % {"since": since, "because": because}
    if one.failing_since is not None:
        text = _("Nothing has been delivered since %(since)s. After five days of this it is disabled.")
        return _("Deliveries fail"), text % {"since": languages.near(one.failing_since, at)}
    return "", ""


def events_of(one: Webhook) -> str:
    if not one.events:
        return _("all events")
    count = len(one.events)
    return one.events[0] if count == 1 else ngettext("%(n)s event", "%(n)s events", count) % {"n": count}


def facts(one: Webhook, at: datetime) -> Facts:
    found = [(_("Address"), one.url)]
    if not one.events:
        found.append((_("Events"), _("all events")))
    found.append((_("Added"), languages.near(one.created_at, at)))
    found.append((_("Last delivered"), languages.near(one.delivered_at, at) if one.delivered_at else _("never")))
    if one.failed_at is not None:
        found.append((_("Last failure"), languages.near(one.failed_at, at)))
    if one.failures:
        found.append((_("Failures in a row"), languages.number(one.failures)))
    if one.previous_until is not None and one.previous_until > at:
        found.append((_("The secret before signs until"), languages.near(one.previous_until, at)))
    return found


def delivery(one: WebhookDelivery) -> Chip:
    if one.state == DeliveryState.DELIVERED:
        return Chip(pgettext("delivery of a webhook", "delivered"), "met", "met")
    if one.state == DeliveryState.FAILED:
        return Chip(_("failed: %(why)s") % {"why": why(one)}, "breach", "breached")
    if one.attempts and one.error:
        return Chip(_("waits: %(why)s") % {"why": why(one)}, "risk", "clock")
    return Chip(_("waits"), "", "clock")


def facts_of(one: WebhookDelivery, at: datetime) -> Facts:
    found = [("webhook-id", one.message_id), (_("Written"), languages.near(one.message.created_at, at))]
    if one.message.reference:
        found.append((_("Reference"), one.message.reference))
    found.append((_("Attempts"), languages.number(one.attempts)))
    if one.state == DeliveryState.PENDING:
        found.append((_("Next attempt"), languages.near(max(one.next_at, at), at)))
    elif one.finished_at is not None:
        found.append((_("Ended"), languages.near(one.finished_at, at)))
    return found


def attempt(one: WebhookAttempt) -> Chip:
    if not one.error:
        return Chip(str(one.status), "met", "met")
    return Chip(why(one), "breach", "breached")


def why(one: WebhookDelivery | WebhookAttempt) -> str:
    """What went wrong, with the status of the answer where there was one."""
    said = str(ERRORS.get(one.error, one.error))
    return f"{one.status}, {said}" if one.status else said


def took(ms: int | None) -> str:
    """How long an attempt took: 0.24 s."""
    return languages.DASH if ms is None else _("%(n)s s") % {"n": languages.number(round(ms / 1000, 2))}
