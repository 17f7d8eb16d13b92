"""Several workers and deaths in the middle: nothing twice at once, nothing lost, one id (case F27)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from core import cached, clock
from core.actions import webhook_delivery, webhooks
from core.actor import Actor
from core.models import Webhook, WebhookAttempt, WebhookDelivery, WebhookMessage
from core.webhooks.courier import Outcome
from tests.cast import Cast, make_cast

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
URL = "https://93.184.215.14/hook"  # never called


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    yield make_cast()
    cached.clear_all()


def together(count: int, work: Any) -> list[BaseException]:
    problems: list[BaseException] = []

    def one() -> None:
        try:
            work()
        except BaseException as problem:  # noqa: BLE001 - a thread's failure is the test's
            problems.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return problems


def test_four_workers_send_each_attempt_once(cast: Cast) -> None:
    for number in range(3):
        webhooks.create(f"{URL}/{number}", events=["complaint.filed"], by=Actor.person(cast.admin), at=clock.now())
    filed = {cast.complaint().reference for _number in range(12)}
    lock, sent = threading.Lock(), []

    def send(url: str, body: str, headers: dict[str, str]) -> Outcome:
        with lock:
            sent.append((url, headers["webhook-id"], json.loads(body)["data"]["reference"]))
        time.sleep(0.01)
        return Outcome(200, "")

    assert together(4, lambda: webhook_delivery.run(send=send)) == []
    assert together(1, lambda: webhook_delivery.run(send=send)) == []
    assert len(sent) == len(set(sent)) == 36  # each event to each webhook, once
    assert {reference for _url, _id, reference in sent} == filed and len({name for _url, name, _r in sent}) == 12
    assert set(WebhookDelivery.objects.values_list("state", "attempts")) == {("delivered", 1)}
    assert WebhookAttempt.objects.count() == 36


def test_a_worker_killed_between_sending_and_noting_sends_again_under_the_same_id(cast: Cast) -> None:
    webhooks.create(URL, events=["complaint.filed"], by=Actor.person(cast.admin), at=clock.now())
    cast.complaint()
    seen: list[str] = []

    class Killed(BaseException):
        pass

    def die(_url: str, _body: str, headers: dict[str, str]) -> Outcome:
        seen.append(headers["webhook-id"])
        raise Killed

    problems = together(1, lambda: webhook_delivery.run(send=die))
    assert [type(one) for one in problems] == [Killed]
    row = WebhookDelivery.objects.get()
    assert row.state == "pending" and row.claimed_until is not None
    assert webhook_delivery.run(send=die).attempts == 0  # still claimed

    def take(_url: str, _body: str, headers: dict[str, str]) -> Outcome:
        seen.append(headers["webhook-id"])
        return Outcome(200, "")

    with clock.frozen(clock.now() + timedelta(seconds=31)):
        assert webhook_delivery.run(send=take).delivered == 1
    assert seen == [row.message_id] * 2
    assert [one.error for one in WebhookAttempt.objects.order_by("number")] == ["interrupted", ""]


def test_a_claim_that_is_undone_by_the_end_of_its_connection_leaves_the_row_free(cast: Cast) -> None:
    webhooks.create(URL, events=["complaint.filed"], by=Actor.person(cast.admin), at=clock.now())
    cast.complaint()
    webhook_delivery.spread(at=clock.now())
    ready, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            assert len(webhook_delivery.claim(16, at=clock.now())) == 1
            ready.set()
            done.wait(20)
            transaction.set_rollback(True)

    holder = threading.Thread(target=lambda: together(1, hold))
    holder.start()
    assert ready.wait(20)
    assert webhook_delivery.claim(16, at=clock.now()) == []  # locked rows are passed over, not waited for
    done.set()
    holder.join(20)
    assert len(webhook_delivery.claim(16, at=clock.now())) == 1


def test_spreading_twice_at_once_makes_one_delivery_each(cast: Cast) -> None:
    webhooks.create(URL, events=["complaint.filed"], by=Actor.person(cast.admin), at=clock.now())
    for _number in range(20):
        cast.complaint()
    assert together(4, lambda: webhook_delivery.spread(at=clock.now())) == []
    assert WebhookDelivery.objects.count() == 20
    assert not WebhookMessage.objects.filter(spread_at=None).exists()


def test_creation_costs_no_round_trip_more_with_a_webhook(cast: Cast) -> None:
    """The event leaves with the other rows of the action, in one command."""

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            cast.complaint()
        return len(asked)

    cost()
    without = min(cost() for _time in range(3))
    webhooks.create(URL, by=Actor.person(cast.admin), at=clock.now())
    cost()
    assert min(cost() for _time in range(3)) == without
    assert WebhookMessage.objects.count() == 4 and Webhook.objects.count() == 1
