"""Webhooks leave signed, are tried again for days with one id, and hold up nobody (issue: webhooks; cases F16, F27)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import standardwebhooks
from django.test import override_settings

from core import cached, clock, sealed, trail
from core.actions import upkeep, webhook_delivery, webhooks
from core.actor import Actor
from core.models import (
    Notification,
    OutboxMessage,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookMessage,
)
from core.webhooks.courier import Outcome
from tests.cast import MONDAY, Cast, make_cast
from tests.webhook_receiver import Receiver, listen, receiving

pytestmark = pytest.mark.django_db
PUBLIC = "https://93.184.215.14/hook"  # never called: a test that uses it sends nothing


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    yield make_cast()
    cached.clear_all()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with receiving() as one:
        settings.WEBHOOK_ALLOWED_HOSTS = [one.host]
        yield one


def answering(*outcomes: Outcome) -> Any:
    """A courier that says this, the last for ever."""
    left = list(outcomes)
    return lambda *_what: left.pop(0) if len(left) > 1 else left[0]


OK, BROKEN, GONE = Outcome(200, ""), Outcome(500, "refused"), Outcome(410, "gone")


def run(after: float | timedelta = 0, send: Any = None) -> tuple[int, int]:
    """What a worker does `after` MONDAY: how many attempts were taken, and how many failed."""
    at = MONDAY + (after if isinstance(after, timedelta) else timedelta(seconds=after))
    with clock.frozen(at):
        done = webhook_delivery.run(send=send or answering(OK))
    return done.delivered, done.failed


def one_event(cast: Cast, url: str = PUBLIC) -> WebhookDelivery:
    """A webhook, and one message for it, of MONDAY."""
    with clock.frozen(MONDAY):
        webhook, _secret = listen(cast, url, "complaint.filed")
        cast.complaint()
        webhook_delivery.spread(at=MONDAY)
    return WebhookDelivery.objects.get(webhook=webhook)


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


def test_a_failed_delivery_is_tried_for_three_days_under_one_id(cast: Cast) -> None:
    one = one_event(cast)
    seen, moments, at = [], [], timedelta(0)

    def send(_url: str, _body: str, headers: dict[str, str]) -> Outcome:
        seen.append((headers["webhook-id"], headers["webhook-timestamp"]))
        return BROKEN

    while True:
        assert run(at, send) == (0, 1)
        moments.append(at.total_seconds())
        assert run(at, send) == (0, 0)  # nothing is due before its time
        one.refresh_from_db()
        if one.state == "failed":
            break
        at = one.next_at - MONDAY
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert len(gaps) == 9
    for gap, planned in zip(gaps, (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400), strict=True):
        assert 0.9 * planned <= gap <= 1.1 * planned
    assert 2.7 < moments[-1] / 86_400 < 3.5
    assert {name for name, _stamp in seen} == {one.message_id} and len({stamp for _name, stamp in seen}) == 10
    assert [row.number for row in one.log.all()] == list(range(1, 11))
    assert {(row.status, row.error) for row in one.log.all()} == {(500, "refused")}


def test_two_installations_do_not_wait_equally_long() -> None:
    waits = {webhook_delivery.wait_after(2, BROKEN, at=MONDAY) for _try in range(20)}
    assert len(waits) > 10


@pytest.mark.parametrize(
    ("status", "asked", "low", "high"),
    [
        (429, "3600", 3_600, 3_600),
        (503, "Mon, 02 Mar 2026 10:00:00 GMT", 3_600, 3_600),
        (503, "1", 4.5, 5.5),  # less than we wait anyway
        (429, "99999999", 86_400, 86_400),
        (429, "soon", 4.5, 5.5),
        (429, "Mon, 02 Mar 2026 10:00:00", 4.5, 5.5),
        (500, "3600", 4.5, 5.5),  # not asked for by these two
    ],
)
def test_a_receiver_may_ask_for_more_time(status: int, asked: str, low: float, high: float) -> None:
    wait = webhook_delivery.wait_after(1, Outcome(status, "refused", retry_after=asked), at=MONDAY)
    assert wait is not None and low <= wait.total_seconds() <= high


def test_what_succeeds_later_is_delivered_and_the_count_begins_anew(cast: Cast) -> None:
    one = one_event(cast)
    assert run(0, answering(BROKEN)) == (0, 1)
    webhook = Webhook.objects.get()
    assert (webhook.failures, webhook.failing_since) == (1, MONDAY)
    assert run(6) == (1, 0)
    one.refresh_from_db()
    webhook.refresh_from_db()
    assert (one.state, one.attempts, one.status, one.error, one.claim) == ("delivered", 2, 200, "", "")
    assert (webhook.failures, webhook.failing_since) == (0, None)


def test_gone_disables_at_once_and_administrators_hear_of_it(cast: Cast) -> None:
    one = one_event(cast)
    with clock.frozen(MONDAY):
        cast.complaint()
    assert run(0, answering(GONE))[1] >= 1
    webhook = Webhook.objects.get()
    assert (webhook.state, webhook.disabled_because) == ("disabled", "gone")
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"failed"}
    assert one.message_id
    notice = Notification.objects.get(user=cast.admin, event="webhook")
    assert notice.words == {"what": "gone", "title": PUBLIC} and notice.url == f"/settings/webhooks/{webhook.pk}/"
    assert OutboxMessage.objects.filter(recipient=cast.admin.email, template="notification").count() == 1
    assert not Notification.objects.exclude(user=cast.admin).filter(event="webhook").exists()
    assert [entry.kind for entry in trail.of(webhook)] == ["webhook.created", "webhook.disabled"]
    with clock.frozen(MONDAY + timedelta(minutes=1)):
        cast.complaint()
    assert run(61) == (0, 0)


def test_five_days_of_nothing_but_failures_disable_it(cast: Cast) -> None:
    one_event(cast)
    webhook = Webhook.objects.get()
    for hours in range(0, 121, 24):
        with clock.frozen(MONDAY + timedelta(hours=hours)):
            cast.complaint()
        webhook.refresh_from_db()
        assert webhook.state == "active"
        run(timedelta(hours=hours), answering(BROKEN))
    webhook.refresh_from_db()
    assert (webhook.state, webhook.disabled_because) == ("disabled", "failing")
    assert Notification.objects.get(event="webhook").words["what"] == "failing"


def test_one_success_in_five_days_keeps_it_alive(cast: Cast) -> None:
    one_event(cast)
    for hours in range(0, 150, 24):
        with clock.frozen(MONDAY + timedelta(hours=hours)):
            cast.complaint()
        run(timedelta(hours=hours), answering(OK if hours == 72 else BROKEN))
    assert Webhook.objects.get().state == "active"


def test_while_the_secret_rolls_both_sign(cast: Cast, receiver: Receiver) -> None:
    webhook, old = listen(cast, receiver.url, "complaint.filed")
    admin = Actor.person(cast.admin)
    webhook, new = webhooks.roll_secret(webhook, by=admin, at=clock.now(), hours=1)
    cast.complaint()
    webhook_delivery.run()
    webhooks.roll_secret(webhook, by=admin, at=clock.now(), hours=0)
    cast.complaint()
    webhook_delivery.run()
    both, last = receiver.got
    for secret in (old, new):
        standardwebhooks.Webhook(secret).verify(both.body, both.headers)
    assert len(both.headers["webhook-signature"].split()) == 2 and len(last.headers["webhook-signature"].split()) == 1
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(new).verify(last.body, last.headers)


def test_the_secret_before_signs_no_longer_than_said(cast: Cast) -> None:
    one_event(cast)
    admin, webhook = Actor.person(cast.admin), Webhook.objects.get()
    webhook, _new = webhooks.roll_secret(webhook, by=admin, at=MONDAY, hours=1)
    assert len(webhooks.secrets_of(webhook, at=MONDAY + timedelta(minutes=59))) == 2
    assert len(webhooks.secrets_of(webhook, at=MONDAY + timedelta(minutes=60))) == 1


def test_secrets_are_not_readable_in_the_database_nor_on_the_trail(cast: Cast) -> None:
    webhook, secret = listen(cast, PUBLIC + "?token=hush")
    stored = Webhook.objects.values().get()
    raw = secret.removeprefix("whsec_")
    assert raw not in str(stored) and secret not in str(stored)
    assert raw not in str([entry.body for entry in trail.of(webhook)])
    assert "hush" not in str([entry.body for entry in trail.of(webhook)])


def test_another_key_of_ours_still_opens_a_secret_and_a_foreign_one_does_not(cast: Cast, settings: Any) -> None:
    one = one_event(cast)
    before = settings.SECRET_KEY
    with override_settings(SECRET_KEY="another key entirely", SECRET_KEY_FALLBACKS=[before]):
        assert webhooks.secrets_of(Webhook.objects.get(), at=MONDAY)[0].startswith("whsec_")
    with override_settings(SECRET_KEY="another key entirely", SECRET_KEY_FALLBACKS=[]):
        with pytest.raises(sealed.Unreadable):
            webhooks.secrets_of(Webhook.objects.get(), at=MONDAY)
        assert run(0) == (0, 1)  # nothing leaves unsigned
    one.refresh_from_db()
    assert one.error == "secret_unreadable"


def test_one_webhook_has_at_most_four_attempts_under_way(cast: Cast) -> None:
    one_event(cast)
    with clock.frozen(MONDAY):
        for _number in range(9):
            cast.complaint()
        webhook_delivery.spread(at=MONDAY)
    assert [len(webhook_delivery.claim(16, at=MONDAY)) for _worker in range(3)] == [4, 0, 0]


def test_a_worker_that_died_lets_go_and_the_id_stays(cast: Cast) -> None:
    one = one_event(cast)
    (lost,) = webhook_delivery.claim(16, at=MONDAY)  # and never a word more of this worker
    assert run(10) == (0, 0)
    seen = []

    def send(_url: str, _body: str, headers: dict[str, str]) -> Outcome:
        seen.append(headers["webhook-id"])
        return OK

    assert run(31, send) == (1, 0)
    assert seen == [lost.headers["webhook-id"]] == [one.message_id]
    one.refresh_from_db()
    assert (one.state, one.attempts) == ("delivered", 2)
    assert [(row.number, row.error) for row in one.log.all()] == [(1, "interrupted"), (2, "")]
    webhook_delivery.record(lost, BROKEN, at=MONDAY + timedelta(seconds=40))  # it comes back from the dead
    one.refresh_from_db()
    assert one.state == "delivered" and one.log.count() == 2


def test_a_webhook_removed_while_an_attempt_runs_does_no_harm(cast: Cast) -> None:
    one_event(cast)
    (job,) = webhook_delivery.claim(16, at=MONDAY)
    webhooks.remove(Webhook.objects.get(), by=Actor.person(cast.admin), at=MONDAY)
    webhook_delivery.record(job, OK, at=MONDAY)
    assert not WebhookDelivery.objects.exists() and WebhookMessage.objects.count() == 1


def test_redelivery_has_the_same_id_and_begins_the_tries_anew(cast: Cast) -> None:
    one = one_event(cast)
    assert run(0) == (1, 0)
    one.refresh_from_db()
    later = MONDAY + timedelta(days=2)
    webhooks.redeliver(one, by=Actor.person(cast.admin), at=later)
    seen = []

    def send(_url: str, body: str, headers: dict[str, str]) -> Outcome:
        seen.append((headers["webhook-id"], body))
        return BROKEN

    assert run(timedelta(days=2), send) == (0, 1)
    assert seen == [(one.message_id, one.message.payload)]
    one.refresh_from_db()
    assert (one.state, one.attempts, one.tries) == ("pending", 2, 1)


def test_what_failed_since_is_sent_again_and_nothing_else(cast: Cast) -> None:
    one_event(cast)
    webhook, admin = Webhook.objects.get(), Actor.person(cast.admin)
    for hours in (1, 2):
        with clock.frozen(MONDAY + timedelta(hours=hours)):
            cast.complaint()
    run(timedelta(hours=3), answering(OK))
    WebhookDelivery.objects.update(state="failed")
    since = MONDAY + timedelta(minutes=30)
    assert webhooks.redeliver_failed(webhook, since=since, by=admin, at=MONDAY + timedelta(hours=4)) == 2
    assert run(timedelta(hours=4)) == (2, 0)
    assert WebhookDelivery.objects.filter(state="failed").count() == 1


def test_old_deliveries_are_deleted_those_that_wait_are_not(cast: Cast) -> None:
    one_event(cast)
    run(0)
    with clock.frozen(MONDAY):
        cast.complaint()
        webhook_delivery.spread(at=MONDAY)
    upkeep.tidy(at=MONDAY + timedelta(days=29))
    assert WebhookDelivery.objects.count() == 2
    gone = upkeep.tidy(at=MONDAY + timedelta(days=31))
    assert gone["webhook_deliveries"] == 1
    assert [row.state for row in WebhookDelivery.objects.all()] == ["pending"]
    assert WebhookMessage.objects.count() == 1 and not WebhookAttempt.objects.exists()


def test_nothing_is_lost_when_the_broker_is_empty(cast: Cast, receiver: Receiver) -> None:
    """Rows are the truth: a worker that was never told of an event finds it by itself."""
    listen(cast, receiver.url, "complaint.filed")
    filed = [cast.complaint().reference for _number in range(5)]
    assert WebhookMessage.objects.filter(spread_at=None).count() == 5
    assert webhook_delivery.waiting(at=clock.now())
    assert webhook_delivery.run().delivered == 5
    assert sorted(one.body.decode().split('"reference":"')[1][:12] for one in receiver.got) == sorted(filed)
    assert len(set(receiver.ids)) == 5 and webhook_delivery.run().attempts == 0
