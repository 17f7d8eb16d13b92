"""Warnings are looked at once more before they leave; a missed deadline is a fact and always told (domain, SLA 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints.actions import decide, handle
from complaints.models import Clock, Complaint
from complaints.sla.sweep import sweep
from complaints.web.settings.mail import HELD
from core import clock, outbox, outbox_guards, rows
from core.actions.outbox import Drained, drain, retry
from core.actor import Actor
from core.errors import DomainError
from core.models import OutboxMessage
from tests.cast import MONDAY, Cast, make_cast
from tests.test_settings_people import signed_in

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def cast(mailoutbox: list[Any]) -> Iterator[Cast]:
    with clock.frozen(MONDAY):
        yield make_cast()


@pytest.fixture
def complaint(cast: Cast) -> Complaint:
    """Monday 9:00, by mail: to be acknowledged by 13:00, warned of at 12:00 and 12:36."""
    found = cast.complaint(channel="email", at=MONDAY)
    OutboxMessage.objects.update(sent_at=MONDAY)  # the receipt and all else that is not looked at here
    return found


def swept(at: datetime) -> None:
    with clock.frozen(at):
        sweep()


def drained(at: datetime) -> Drained:
    with clock.frozen(at):
        return drain()


def acknowledge(one: Complaint, cast: Cast, at: datetime) -> None:
    handle.acknowledge(one, by=Actor.person(cast.agent), at=at)


def close(one: Complaint, cast: Cast, at: datetime) -> None:
    """The clock runs on, but the case is in nobody's hands any more."""
    Complaint.objects.filter(pk=one.pk).update(in_queue=False)


def withdraw(one: Complaint, cast: Cast, at: datetime) -> None:
    decide.withdraw(one, by=Actor.person(cast.agent), at=at, reason="settled")


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [(acknowledge, "finished"), (withdraw, "finished"), (close, "closed")],
    ids=["acknowledge", "withdraw", "close"],
)
def test_a_warning_of_what_is_done_does_not_leave(
    cast: Cast,
    complaint: Complaint,
    mailoutbox: list[Any],
    meanwhile: Callable[..., None],
    code: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    swept(MONDAY + 3.2 * HOUR)
    meanwhile(complaint, cast, MONDAY + 3.3 * HOUR)
    with caplog.at_level("INFO", "amends.outbox"):
        done = drained(MONDAY + 3.4 * HOUR)
    assert (done.sent, done.failed, done.postponed, done.suppressed) == (0, 0, 0, 1)
    one = OutboxMessage.objects.get(template="sla_warning")
    assert (one.suppressed, one.failed_at, one.sent_at) == (code, MONDAY + 3.4 * HOUR, None)
    assert (one.error, one.attempts) == ("", 0)
    assert f"held back: {code}" in caplog.text
    assert not mailoutbox
    assert drained(MONDAY + 4 * HOUR) == Drained(), "it is over with"
    with pytest.raises(DomainError) as refused:
        retry(one, by=Actor.person(cast.manager), at=MONDAY + 4 * HOUR)
    assert refused.value.code == "not_failed"


def test_a_clock_that_stands_still_is_warned_of_no_more(
    cast: Cast, complaint: Complaint, mailoutbox: list[Any]
) -> None:
    acknowledge(complaint, cast, MONDAY)
    own = Clock.objects.get(kind="resolve")
    assert own.next_at is not None
    swept(own.next_at + timedelta(seconds=1))
    handle.wait(complaint, by=Actor.person(cast.agent), at=own.next_at + HOUR / 60, reason="the receipt")
    own.refresh_from_db()
    assert own.state == "paused"
    assert drained(MONDAY + timedelta(days=30)).suppressed == 1
    assert OutboxMessage.objects.get(template="sla_warning", key__contains=f":{own.pk}:").suppressed == "paused"


def test_a_warning_that_still_holds_leaves(complaint: Complaint, mailoutbox: list[Any]) -> None:
    swept(MONDAY + 3.2 * HOUR)
    done = drained(MONDAY + 3.3 * HOUR)
    assert (done.sent, done.suppressed) == (1, 0)
    assert "Deadline near" in mailoutbox[0].subject


def test_work_done_late_stops_the_reminder_but_not_the_news_of_the_breach(
    cast: Cast, complaint: Complaint, mailoutbox: list[Any]
) -> None:
    """Ladder: 150 percent is told to lead and deputy as "still late"; by then the work is done."""
    swept(MONDAY + 7 * HOUR)
    waiting = OutboxMessage.objects.filter(sent_at=None)
    assert set(waiting.values_list("template", flat=True)) == {"sla_breach", "sla_late"}
    breaches = waiting.filter(template="sla_breach").count()
    acknowledge(complaint, cast, MONDAY + 7.1 * HOUR)
    done = drained(MONDAY + 7.2 * HOUR)
    assert done.sent == breaches > 0
    assert {one.subject.partition(":")[0] for one in mailoutbox} == {"Deadline missed"}
    held = OutboxMessage.objects.filter(template="sla_late")
    assert set(held.values_list("suppressed", flat=True)) == {"finished"}


def test_one_held_back_does_not_hold_up_those_behind_it(
    cast: Cast, complaint: Complaint, mailoutbox: list[Any]
) -> None:
    """Messages about one case to one person leave in order."""
    swept(MONDAY + 3.2 * HOUR)
    acknowledge(complaint, cast, MONDAY + 3.3 * HOUR)
    behind = outbox.mail(
        "behind", to=cast.agent.email, language="en", template="assigned",
        context={"reference": complaint.reference, "subject": "x", "name": "Ana"}, about=complaint, at=MONDAY,
    )  # fmt: skip
    rows.insert([behind])
    done = drained(MONDAY + 3.4 * HOUR)
    assert (done.suppressed, done.sent) == (1, 1)


@pytest.mark.parametrize("said", [None, "", "abc", "٣", "9" * 30, "-1", ["1"]])
def test_a_warning_that_names_no_clock_leaves(complaint: Complaint, mailoutbox: list[Any], said: Any) -> None:
    """Written before warnings named their clock, or by nobody of ours."""
    swept(MONDAY + 3.2 * HOUR)
    one = OutboxMessage.objects.get(template="sla_warning")
    one.context = {**one.context, "clock_id": said}
    one.save(update_fields=["context"])
    assert drained(MONDAY + 3.3 * HOUR).sent == 1


def test_a_clock_that_is_gone_is_not_warned_of(complaint: Complaint, mailoutbox: list[Any]) -> None:
    swept(MONDAY + 3.2 * HOUR)
    one = OutboxMessage.objects.get(template="sla_warning")
    one.context = {**one.context, "clock_id": "999999999"}
    one.save(update_fields=["context"])
    assert drained(MONDAY + 3.3 * HOUR).suppressed == 1


def queries(cast: Cast, count: int) -> int:
    for number in range(count):
        cast.complaint(channel="email", at=MONDAY, subject=f"n{number}")
    OutboxMessage.objects.update(sent_at=MONDAY)
    swept(MONDAY + 3.2 * HOUR)
    mails = list(OutboxMessage.objects.filter(template="sla_warning", sent_at=None))
    assert len(mails) == count
    with CaptureQueriesContext(connection) as caught:
        assert outbox_guards.held_back(mails) == {}
    return len(caught)


def test_ten_warnings_cost_as_much_as_one(cast: Cast) -> None:
    assert [queries(cast, 1), queries(cast, 10)] == [1, 1]
    assert outbox_guards.held_back([]) == {}


def test_settings_show_it_as_held_back_and_not_as_a_failure(cast: Cast, complaint: Complaint) -> None:
    swept(MONDAY + 3.2 * HOUR)
    acknowledge(complaint, cast, MONDAY + 3.3 * HOUR)
    drained(MONDAY + 3.4 * HOUR)
    one, client = OutboxMessage.objects.get(template="sla_warning"), signed_in(cast.manager)
    words = f"held back: {HELD['finished']}"
    assert words in client.get("/settings/mail/?state=held").content.decode()
    assert one.recipient not in client.get("/settings/mail/?state=failed").content.decode().partition("<main")[2]
    page = client.get(f"/settings/mail/{one.pk}/").content.decode()
    assert words in page
    assert "Try again" not in page and "The last try failed" not in page
    assert "could not be sent" not in client.get("/settings/").content.decode()
    answer = client.post(f"/settings/mail/{one.pk}/retry/")
    one.refresh_from_db()
    assert answer.status_code in (302, 409)
    assert one.suppressed == "finished" and one.failed_at is not None
    story = signed_in(cast.agent).get(complaint.get_absolute_url()).content.decode()
    assert "held back, no longer needed" in story
    assert "not delivered" not in story


def test_every_code_has_words() -> None:
    from complaints.sla import still_true

    assert set(HELD) == {still_true.FINISHED, still_true.PAUSED, still_true.CLOSED, "not_theirs"}
