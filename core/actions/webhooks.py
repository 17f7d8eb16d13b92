"""Webhooks: made, changed, disabled, their secrets rolled, tried out, and what failed sent again (mission E1; F16).

Administrators only. What changes is on the trail, addresses without their query, secrets never. Nothing is sent here:
a delivery is a row that is due, and core.actions.webhook_delivery takes it up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _

from core import cached, sealed, trail
from core.actions.settings import Stale, refuse_unless_admin
from core.actions.webhook_spread import spread
from core.actor import Actor
from core.errors import DomainError, InvalidInput
from core.models import (
    DeliveryState,
    DisabledBecause,
    TrailEntry,
    Webhook,
    WebhookDelivery,
    WebhookMessage,
    WebhookState,
)
from core.webhooks import emit, events, signing, target

MOST = 50
DESCRIPTION = 200
OVERLAP, LONGEST_OVERLAP = 24, 24 * 7  # hours in which the previous secret signs too
AT_ONCE = 10_000  # deliveries sent again by one call
SAVING = 2.0  # seconds for looking a name up while somebody waits
CHANGEABLE = ("url", "description", "events")


class WebhookDisabled(DomainError):
    code = "webhook_disabled"
    message = _("The webhook is disabled. Enable it first.")


@transaction.atomic
def create(
    url: str, *, by: Actor, at: datetime, description: str = "", events: Collection[str] = ()
) -> tuple[Webhook, str]:
    """A new webhook and its secret, which is shown once. `events`: types, or areas (`complaint.*`: the types it has
    today); none means all.

    Raises AddressNotAllowed, InvalidInput (unknown_event), DomainError `too_many_webhooks`, NotAllowed.
    """
    refuse_unless_admin(by)
    values = _checked({"url": url, "description": description, "events": events})
    if Webhook.objects.count() >= MOST:
        raise DomainError(_("There are too many webhooks already."), code="too_many_webhooks")
    secret = signing.new_secret()
    webhook = Webhook.objects.create(
        **values,
        secret=sealed.close(secret),
        state_since=at,
        listens_since=at,
        trail_from=_end_of_trail(),
        created_by=by.user,
        created_at=at,
        updated_at=at,
    )
    _note(webhook, "created", {**values, "url": _open(values["url"])}, by=by, at=at)
    return webhook, secret


@transaction.atomic
def change(
    webhook: Webhook, values: Mapping[str, Any], *, by: Actor, at: datetime, version: int | None = None
) -> Webhook:
    """Set `url`, `description`, `events`; nothing is written when nothing changes.

    `version`: the one the caller has read. Raises AddressNotAllowed, InvalidInput, Stale, NotAllowed.
    """
    refuse_unless_admin(by)
    wanted = _checked({name: value for name, value in values.items() if name in CHANGEABLE})
    webhook = locked(webhook)
    if version is not None and version != webhook.version:
        raise Stale
    changes = {name: [getattr(webhook, name), value] for name, value in wanted.items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if not changes:
        return webhook
    if "events" in changes:
        spread(at=at)  # what was written before goes to those who wanted it then
    for name, (_before, value) in changes.items():
        setattr(webhook, name, value)
    if "events" in changes:
        webhook.listens_since, webhook.trail_from = at, _end_of_trail()
    _save(webhook, *changes, "listens_since", "trail_from", at=at)
    if "url" in changes:
        changes["url"] = [_open(one) for one in changes["url"]]
    _note(webhook, "changed", changes, by=by, at=at)
    return webhook


@transaction.atomic
def revise(
    webhook: Webhook, values: Mapping[str, Any], *, by: Actor, at: datetime, version: int | None = None
) -> Webhook:
    """`change`, and with `state` among the values disable or enable, all or nothing.

    A state that it has already is no error. Raises what those raise.
    """
    webhook = change(webhook, values, by=by, at=at, version=version)
    wanted = values.get("state", webhook.state)
    if wanted == webhook.state:
        return webhook
    return enable(webhook, by=by, at=at) if wanted == WebhookState.ACTIVE else disable(webhook, by=by, at=at)


@transaction.atomic
def roll_secret(webhook: Webhook, *, by: Actor, at: datetime, hours: int = OVERLAP) -> tuple[Webhook, str]:
    """A new secret, shown once; the one before signs too for `hours` (0: not at all). Raises InvalidInput."""
    refuse_unless_admin(by)
    if not 0 <= hours <= LONGEST_OVERLAP:
        raise InvalidInput(_("A number of hours from 0 to 168 is needed."), field="overlap_hours")
    webhook = locked(webhook)
    secret = signing.new_secret()
    webhook.previous_secret = webhook.secret if hours else ""
    webhook.previous_until = at + timedelta(hours=hours) if hours else None
    webhook.secret = sealed.close(secret)
    _save(webhook, "secret", "previous_secret", "previous_until", at=at)
    _note(webhook, "secret_rolled", {"overlap_hours": hours}, by=by, at=at)
    return webhook, secret


@transaction.atomic
def disable(webhook: Webhook, *, by: Actor, at: datetime, because: str = DisabledBecause.BY_HAND) -> Webhook:
    """Send nothing more to it; what waits is given up, and can be sent again later. Raises DomainError
    `already_disabled`, NotAllowed."""
    refuse_unless_admin(by)
    webhook = locked(webhook)
    if not webhook.is_active:
        raise DomainError(_("The webhook is disabled already."), code="already_disabled")
    webhook.state, webhook.disabled_because, webhook.state_since = WebhookState.DISABLED, because, at
    _save(webhook, "state", "disabled_because", "state_since", at=at)
    give_up_waiting(webhook, at=at)
    _note(webhook, "disabled", {"because": str(because)}, by=by, at=at)
    return webhook


@transaction.atomic
def enable(webhook: Webhook, *, by: Actor, at: datetime) -> Webhook:
    """Send to it again, from now on; its failures are forgotten. Raises AddressNotAllowed, DomainError
    `already_enabled`, NotAllowed."""
    refuse_unless_admin(by)
    webhook = locked(webhook)
    if webhook.is_active:
        raise DomainError(_("The webhook is active already."), code="already_enabled")
    target.check(webhook.url, seconds=SAVING)
    webhook.state, webhook.disabled_because, webhook.state_since = WebhookState.ACTIVE, "", at
    webhook.listens_since, webhook.trail_from = at, _end_of_trail()
    webhook.failures, webhook.failing_since = 0, None
    _save(
        webhook, "state", "disabled_because", "state_since", "listens_since", "trail_from", "failures",
        "failing_since", at=at,
    )  # fmt: skip
    _note(webhook, "enabled", {}, by=by, at=at)
    return webhook


@transaction.atomic
def remove(webhook: Webhook, *, by: Actor, at: datetime) -> None:
    """Take it away with the log of its deliveries; what it was stays on the trail. Raises NotAllowed."""
    refuse_unless_admin(by)
    webhook = locked(webhook)
    _note(webhook, "removed", {"url": _open(webhook.url), "events": webhook.events}, by=by, at=at)
    webhook.delete()


@transaction.atomic
def test(webhook: Webhook, *, by: Actor, at: datetime) -> WebhookDelivery:
    """Send an event of type `webhook.test` to it alone. Raises AddressNotAllowed, WebhookDisabled, NotAllowed."""
    refuse_unless_admin(by)
    webhook = locked(webhook)
    if not webhook.is_active:
        raise WebhookDisabled
    target.check(webhook.url, seconds=SAVING)
    message = WebhookMessage.objects.create(
        id=emit.new_id(),
        type=events.TEST,
        payload=emit.payload(events.TEST, at, {"webhook": str(webhook.pk)}),
        created_at=at,
        spread_at=at,
    )
    delivery = WebhookDelivery.objects.create(
        webhook=webhook, message=message, next_at=at, created_at=at, updated_at=at
    )
    trail.append(webhook, "webhook.tested", by=by, at=at, changes={"message": message.pk})
    return delivery


@transaction.atomic
def redeliver(delivery: WebhookDelivery, *, by: Actor, at: datetime) -> WebhookDelivery:
    """Send one off again, with the same webhook-id, whatever came of it before; one that waits goes at once.

    Raises WebhookDisabled, DomainError `in_flight` while an attempt runs, NotAllowed.
    """
    refuse_unless_admin(by)
    webhook = locked(delivery.webhook)
    if not webhook.is_active:
        raise WebhookDisabled
    delivery = WebhookDelivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    if delivery.claimed_until is not None and delivery.claimed_until > at:
        raise DomainError(_("An attempt is under way at this moment."), code="in_flight")
    delivery.state, delivery.tries, delivery.next_at = DeliveryState.PENDING, 0, at
    delivery.finished_at, delivery.updated_at = None, at
    delivery.save(update_fields=["state", "tries", "next_at", "finished_at", "updated_at"])
    trail.append(webhook, "webhook.redelivered", by=by, at=at, changes={"messages": [delivery.message_id]})
    return delivery


@transaction.atomic
def redeliver_failed(webhook: Webhook, *, since: datetime, by: Actor, at: datetime) -> int:
    """Send off again all that failed of events since an instant, the oldest first. Returns how many, at most AT_ONCE.

    Raises WebhookDisabled, NotAllowed.
    """
    refuse_unless_admin(by)
    webhook = locked(webhook)
    if not webhook.is_active:
        raise WebhookDisabled
    failed = WebhookDelivery.objects.filter(
        webhook=webhook, state=DeliveryState.FAILED, message__created_at__gte=since
    ).order_by("pk")
    keys = list(failed.values_list("pk", flat=True)[:AT_ONCE])
    count = 0
    for start in range(0, len(keys), 500):
        count += WebhookDelivery.objects.filter(pk__in=keys[start : start + 500], state=DeliveryState.FAILED).update(
            state=DeliveryState.PENDING, tries=0, next_at=at, finished_at=None, updated_at=at
        )
    if count:
        facts = {"since": since.isoformat(), "count": count}
        trail.append(webhook, "webhook.redelivered", by=by, at=at, changes=facts)
    return count


def give_up_waiting(webhook: Webhook, *, at: datetime) -> int:
    """End what waits for a webhook that is disabled; an attempt under way ends by itself. Query cost: 1."""
    free = Q(claimed_until=None) | Q(claimed_until__lte=at)
    waiting = WebhookDelivery.objects.filter(free, webhook=webhook, state=DeliveryState.PENDING)
    return waiting.update(
        state=DeliveryState.FAILED, error="webhook_disabled", claim="", claimed_until=None, finished_at=at,
        updated_at=at,
    )  # fmt: skip


def secrets_of(webhook: Webhook, *, at: datetime) -> list[str]:
    """The secrets that sign at `at`, the present one first. Raises sealed.Unreadable."""
    found = [sealed.open_(webhook.secret)]
    if webhook.previous_secret and webhook.previous_until is not None and at < webhook.previous_until:
        found.append(sealed.open_(webhook.previous_secret))
    return found


def locked(webhook: Webhook) -> Webhook:
    """The webhook as it is now, locked before any of its deliveries (so does every other action). Query cost: 1."""
    found: Webhook = Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
    return found


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they are stored. Raises AddressNotAllowed, InvalidInput."""
    if "url" in values:
        values["url"] = values["url"].strip()
        target.check(values["url"], seconds=SAVING)
    if "description" in values:
        values["description"] = values["description"].strip()
        if len(values["description"]) > DESCRIPTION:
            raise InvalidInput(_("This is too long."), code="too_long", field="description")
    if "events" in values:
        chosen = events.spelled_out(values["events"])
        if strange := sorted(chosen - set(events.TYPES)):
            words = _("There is no such event: %(name)s.") % {"name": strange[0][:60]}
            raise InvalidInput(words, code="unknown_event", field="events")
        values["events"] = [name for name in events.TYPES if name in chosen]
    return values


def _open(url: str) -> str:
    """An address as the trail keeps it: what stands behind "?" may be somebody's secret."""
    return url.partition("?")[0]


def _end_of_trail() -> int:
    return TrailEntry.objects.aggregate(end=Max("pk"))["end"] or 0


def _save(webhook: Webhook, *fields: str, at: datetime) -> None:
    webhook.version += 1
    webhook.updated_at = at
    webhook.save(update_fields=["version", "updated_at", *fields])


def _note(webhook: Webhook, what: str, changes: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """Put it on the trail, and let every process hear of it: this one at once, the others within cached.SECONDS."""
    trail.append(webhook, f"webhook.{what}", by=by, at=at, changes=changes)
    transaction.on_commit(cached.clear_all)
    cached.clear_all()
