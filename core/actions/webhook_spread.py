"""From a message to its deliveries: one row for each webhook that wants it (mission E1)."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from core.models import Webhook, WebhookDelivery, WebhookMessage, WebhookState
from core.webhooks import emit

BATCH = 500


def spread(*, at: datetime) -> int:
    """Write the deliveries of messages that have none yet, oldest first; returns of how many messages.

    Any number of workers may do so at once. Raises IntegrityError where a webhook is removed at this very moment:
    nothing is written then, and the next call does it. Query cost: 3 and one for each webhook that is new.
    """
    webhooks = list(Webhook.objects.filter(state=WebhookState.ACTIVE))
    emit.catch_up(webhooks, at=at)
    done = 0
    while True:
        count = _batch(webhooks, at=at)
        done += count
        if count < BATCH:
            return done


@transaction.atomic
def _batch(webhooks: list[Webhook], *, at: datetime) -> int:
    new = WebhookMessage.objects.filter(spread_at=None).order_by("created_at", "id")
    if connection.features.has_select_for_update_skip_locked:
        new = new.select_for_update(skip_locked=True)
    messages = list(new.defer("payload")[:BATCH])
    if not messages:
        return 0
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(webhook=webhook, message=message, next_at=at, created_at=at, updated_at=at)
            for message in messages
            for webhook in webhooks
            if wants(webhook, message)
        ],
        ignore_conflicts=True,
    )
    WebhookMessage.objects.filter(pk__in=[one.pk for one in messages]).update(spread_at=at)
    return len(messages)


def wants(webhook: Webhook, message: WebhookMessage) -> bool:
    """Whether the webhook listened to this type when it was written."""
    return webhook.listens_since <= message.created_at and (not webhook.events or message.type in webhook.events)
