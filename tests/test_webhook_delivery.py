"""Webhooks leave signed, are tried again for days with one id, and hold up nobody (issue: webhooks; cases F16, F27)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import standardwebhooks
from django.utils import timezone

from complaints.actions import converse
from core import cached, clock, sealed
from core.actions import webhook_delivery, webhooks
from core.actor import Actor
from core.models import (
    Notification,
    OutboxMessage,
    TrailEntry,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookMessage,
)
from core.webhooks import courier
from core.webhooks.courier import Outcome
from tests.cast import MONDAY, Cast, make_cast
from tests.webhook_receiver import Receiver, plain, receiving, slow

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with receiving() as one:
        settings.WEBHOOK_ALLOWED_HOSTS = [one.host]
        yield one


def listen(cast: Cast, url: str, *events: str) -> tuple[Webhook, str]:
    return webhooks.create(url, events=events, by=Actor.person(cast.admin), at=clock.now())


def run(after: float = 0, **options: Any) -> tuple[int, int]:
    with clock.frozen(MONDAY + timedelta(seconds=after)):
        done = webhook_delivery.run(**options)
    return done.delivered, done.failed


@pytest.fixture
def monday() -> Iterator[None]:
    with clock.frozen(MONDAY):
        yield


def test_an_event_arrives_signed_as_the_library_of_the_standard_wants_it(cast: Cast, receiver: Receiver) -> None:
    _webhook, secret = listen(cast, receiver.url)
    complaint = cast.complaint()
    assert webhook_delivery.run().delivered == 1
    filed = next(one for one in receiver.got if b"complaint.filed" in one.body)
    payload = standardwebhooks.Webhook(secret).verify(filed.body, filed.headers)
    assert payload == {
        "type": "complaint.filed",
        "timestamp": payload["timestamp"],
        "data": {"reference": complaint.reference},
    }
    assert payload["timestamp"].endswith("Z") and filed.headers["content-type"] == "application/json"
    assert filed.headers["webhook-id"].startswith("msg_") and "cookie" not in filed.headers
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(filed.body + b" ", filed.headers)
