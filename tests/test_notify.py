"""What people of ours are told: in their inbox and by mail, as each chose (mission D3)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.test import Client

from complaints.actions import converse, manage, watch
from complaints.models import Complaint, Watch
from core import clock, notify, notify_words, rows
from core.actions import notifications, outbox, upkeep
from core.actor import Actor
from core.errors import InvalidInput
from core.models import Notification, NotificationEvent, OutboxMessage, User
from core.notify import Choice
from tests.cast import MONDAY, Cast, make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def tell(user: User, event: str, complaint: Complaint, *, key: str = "k", at: datetime = MONDAY, **given: Any) -> None:
    words = {"who": "Ana", "reference": complaint.reference, "subject": complaint.subject, "what": "offered"}
    url = complaint.get_absolute_url()
    rows.insert(notify.tell([user], event, key=key, words=words, url=url, about=complaint, at=at, **given))


def choose(user: User, event: str, mail: str, *, inbox: bool = True) -> None:
    notifications.choose(user, {event: Choice(inbox, mail)}, by=Actor.person(user), at=MONDAY)


def mails(user: User) -> list[str]:
    return list(OutboxMessage.objects.filter(recipient=user.email).order_by("pk").values_list("template", flat=True))


@pytest.mark.parametrize("event", NotificationEvent.values)
def test_every_event_has_a_default_and_a_sentence(event: str) -> None:
    assert event in notify.DEFAULTS
    for known, what in notify_words.SENTENCES:
        if known == event:
            said = notify_words.sentence(event, {"what": what, "reference": "AM-4F7K-2M9Q", "title": "Lamps"})
            assert "%(" not in said and ("AM-4F7K-2M9Q" in said or "Lamps" in said), said
    assert any(known == event for known, _what in notify_words.SENTENCES)


def test_told_once_for_ever_and_never_of_what_one_did(cast: Cast) -> None:
    complaint = cast.complaint()
    Notification.objects.all().delete()
    for _again in range(2):
        tell(cast.colleague, "hand_over", complaint)
        tell(cast.agent, "hand_over", complaint, but=cast.agent)
    assert [row.user for row in Notification.objects.all()] == [cast.colleague]
    assert mails(cast.colleague) == ["notification"]


def test_what_was_chosen_decides(cast: Cast) -> None:
    complaint = cast.complaint()
    choose(cast.colleague, "mentioned", "never", inbox=False)
    tell(cast.colleague, "mentioned", complaint, key="none")
    assert not Notification.objects.filter(user=cast.colleague).exists() and not mails(cast.colleague)
    choose(cast.colleague, "mentioned", "at_once", inbox=False)
    tell(cast.colleague, "mentioned", complaint, key="mail only")
    assert mails(cast.colleague) == ["notification"]
    assert not notifications.inbox(cast.colleague).exists() and not notifications.unread(cast.colleague).exists()
    choose(cast.colleague, "mentioned", "never")
    tell(cast.colleague, "mentioned", complaint, key="inbox only")
    assert notifications.inbox(cast.colleague).count() == 1 and len(mails(cast.colleague)) == 1


@pytest.mark.parametrize("event", sorted(notify.ALWAYS_IN_INBOX))
def test_what_somebody_must_know_stays_in_the_inbox(cast: Cast, event: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        choose(cast.colleague, event, "never", inbox=False)
    assert refused.value.code == "always_in_inbox"
    choose(cast.colleague, event, "never")
    tell(cast.colleague, event, cast.complaint())
    assert notifications.inbox(cast.colleague).count() == 1 and not mails(cast.colleague)


def test_the_mails_of_old_go_through_the_choice(cast: Cast) -> None:
    complaint = cast.complaint(owner=cast.colleague)
    choose(cast.agent, "assigned", "never")
    manage.assign(complaint, by=Actor.person(cast.lead), at=clock.now(), owner=cast.agent)
    assert mails(cast.agent) == []
    assert notifications.inbox(cast.agent).get(event="assigned").words["who"] == "Lena Lead"
    converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body="Any news")
    assert mails(cast.agent) == ["customer_answered"]
    choose(cast.agent, "answered", "bundled")
    converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body="Still none")
    assert mails(cast.agent) == ["customer_answered"]


def test_bundles_go_at_the_full_hour_in_the_readers_language(cast: Cast) -> None:
    complaint = cast.complaint()
    User.objects.filter(pk=cast.colleague.pk).update(language="es")
    cast.colleague.refresh_from_db()
    choose(cast.colleague, "mentioned", "bundled")
    for number in range(3):
        tell(cast.colleague, "mentioned", complaint, key=f"k{number}", at=MONDAY + timedelta(minutes=7 * number))
    assert notifications.send_bundles(at=MONDAY + timedelta(minutes=59)) == 0
    assert notifications.send_bundles(at=MONDAY + timedelta(minutes=60)) == 1
    assert notifications.send_bundles(at=MONDAY + timedelta(minutes=61)) == 0
    outbox.drain(at=MONDAY + timedelta(hours=2))
    (sent,) = django_mail.outbox
    assert sent.to == [cast.colleague.email] and sent.body.count(complaint.get_absolute_url()) == 3
    assert sent.extra_headers["Content-Language"] == "es"


def test_daily_mails_go_at_eight_where_the_reader_is(cast: Cast) -> None:
    cast.colleague.time_zone = "America/New_York"
    before = datetime(2026, 3, 3, 12, 59, tzinfo=UTC)  # 07:59 there
    assert notify.mail_due_at("daily", cast.colleague, before) == datetime(2026, 3, 3, 13, tzinfo=UTC)
    at_eight = datetime(2026, 3, 3, 13, tzinfo=UTC)
    assert notify.mail_due_at("daily", cast.colleague, at_eight) == datetime(2026, 3, 4, 13, tzinfo=UTC)
    spring = datetime(2026, 3, 7, 20, tzinfo=UTC)  # the clock goes forward in the night
    assert notify.mail_due_at("daily", cast.colleague, spring) == datetime(2026, 3, 8, 12, tzinfo=UTC)


def test_what_was_read_meanwhile_or_is_hidden_now_is_not_mailed(cast: Cast) -> None:
    complaint = cast.complaint()
    Watch.objects.create(complaint=complaint, user=cast.stranger)
    for key in ("read", "hidden"):
        tell(cast.stranger, "mentioned", complaint, key=key)
    notifications.read(cast.stranger, at=MONDAY, only=[Notification.objects.get(key="read").pk])
    Watch.objects.all().delete()
    assert notifications.send_bundles(at=MONDAY + timedelta(hours=1)) == 0
    assert not mails(cast.stranger)


def test_a_mail_about_a_case_one_no_longer_sees_is_held_back(cast: Cast) -> None:
    complaint = cast.complaint()
    Watch.objects.create(complaint=complaint, user=cast.stranger)
    tell(cast.stranger, "hand_over", complaint)
    tell(cast.stranger, "mentioned", complaint, key="m")
    assert notifications.send_bundles(at=MONDAY + timedelta(hours=1)) == 1
    Watch.objects.all().delete()
    outbox.drain(at=MONDAY + timedelta(hours=2))
    assert set(OutboxMessage.objects.filter(recipient=cast.stranger.email).values_list("suppressed", flat=True)) == {
        "not_theirs"
    }
    assert not django_mail.outbox


def test_the_inbox_says_nothing_of_a_case_one_no_longer_sees(client: Client, cast: Cast) -> None:
    complaint = cast.complaint(subject="Secret lamps")
    watch.watch(complaint, by=Actor.person(cast.agent), at=clock.now(), watcher=cast.stranger)
    client.force_login(cast.stranger)
    page = client.get("/notifications/").content.decode()
    assert "Secret lamps" in page and complaint.reference in page
    api = Client(headers=bearer(cast.stranger))
    assert api.get("/api/v1/notifications/").json()["results"][0]["subject"] == "Secret lamps"
    Watch.objects.all().delete()
    page = client.get("/notifications/").content.decode()
    assert "Secret lamps" not in page and complaint.reference not in page
    assert "About something you can no longer see" in page
    (row,) = api.get("/api/v1/notifications/").json()["results"]
    assert row["subject"] == "" and row["path"] is None and complaint.reference not in json.dumps(row)


def test_opening_the_case_reads_what_the_inbox_says_of_it(client: Client, cast: Cast) -> None:
    complaint, other = cast.complaint(), cast.complaint()
    Notification.objects.all().delete()
    tell(cast.colleague, "hand_over", complaint, key="a")
    tell(cast.colleague, "hand_over", other, key="b")
    client.force_login(cast.colleague)
    page = client.get("/complaints/").content.decode()
    assert '<span class="nav__label">Notifications</span><span class="count">2</span>' in page
    client.get(complaint.get_absolute_url())
    assert [row.key for row in notifications.unread(cast.colleague)] == ["b"]
    client.post("/notifications/read/", {})
    assert not notifications.unread(cast.colleague).exists()


def test_reading_one_and_all_over_the_api_and_only_ones_own(cast: Cast) -> None:
    complaint = cast.complaint()
    Notification.objects.all().delete()
    for key in "abc":
        tell(cast.colleague, "hand_over", complaint, key=key)
    tell(cast.lead, "hand_over", complaint, key="theirs")
    api, theirs = Client(headers=bearer(cast.colleague)), Notification.objects.get(key="theirs")
    listed = api.get("/api/v1/notifications/?unread=true").json()["results"]
    assert len(listed) == 3 and all(complaint.reference in row["text"] for row in listed)
    post = {"content_type": "application/json"}
    assert api.post(f"/api/v1/notifications/{theirs.pk}/read/", "{}", **post).status_code == 404
    assert api.post(f"/api/v1/notifications/{listed[0]['id']}/read/", "{}", **post).status_code == 204
    assert api.post("/api/v1/notifications/read-all/", "{}", **post).json() == {"read": 2}
    assert notifications.unread(cast.lead).count() == 1


def test_preferences_over_both_doors(client: Client, cast: Cast) -> None:
    client.force_login(cast.agent)
    held = notifications.choices(cast.agent)
    form = {f"mail_{event}": one.mail for event, one in held.items()}
    form |= {f"inbox_{event}": "on" for event, one in held.items() if one.inbox}
    assert client.post("/preferences/notifications/", {**form, "mail_answered": "daily"}).status_code == 302
    assert notifications.choices(cast.agent)["answered"] == Choice(True, "daily")
    assert client.post("/preferences/notifications/", {**form, "mail_answered": "weekly"}).status_code == 422
    api = Client(headers=bearer(cast.agent))
    path, body = "/api/v1/notifications/preferences/", {"event": "followed", "inbox": False}
    tag = {"If-Match": api.get(path)["ETag"]}
    assert api.patch(path, json.dumps(body), content_type="application/json").status_code == 428
    answer = api.patch(path, json.dumps(body), content_type="application/json", headers=tag)
    assert answer.status_code == 200
    assert notifications.choices(cast.agent)["followed"] == Choice(False, "never")
    body = {"event": "deadline", "inbox": False}
    assert api.patch(path, json.dumps(body), content_type="application/json", headers=tag).status_code == 412
    tag = {"If-Match": answer["ETag"]}
    refused = api.patch(path, json.dumps(body), content_type="application/json", headers=tag)
    assert refused.status_code == 400 and "always_in_inbox" in refused.content.decode()
    assert notifications.choices(cast.colleague)["answered"] == notify.DEFAULTS["answered"]


def test_a_new_choice_moves_what_waits(cast: Cast) -> None:
    complaint = cast.complaint()
    tell(cast.colleague, "mentioned", complaint)
    choose(cast.colleague, "mentioned", "never")
    assert Notification.objects.get(user=cast.colleague, event="mentioned").mail_due_at is None


def test_followers_hear_of_what_happens(cast: Cast) -> None:
    complaint = cast.complaint()
    Watch.objects.create(complaint=complaint, user=cast.colleague)
    Watch.objects.create(complaint=complaint, user=cast.agent)  # the owner hears as the owner
    converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body="Any news")
    heard = Notification.objects.filter(event="followed")
    assert [(row.user, row.words["what"]) for row in heard] == [(cast.colleague, "message")]


def test_the_poll_answers_only_news(client: Client, cast: Cast) -> None:
    complaint = cast.complaint()
    client.force_login(cast.colleague)
    state = client.get("/notifications/").context["since"]
    assert client.get("/notifications/", {"since": state}).status_code == 204
    tell(cast.colleague, "hand_over", complaint)
    assert client.get("/notifications/", {"since": state}).status_code == 200


def test_pages_of_the_inbox(client: Client, cast: Cast) -> None:
    complaint = cast.complaint()
    Notification.objects.all().delete()
    for number in range(60):
        tell(cast.colleague, "followed", complaint, key=f"k{number}", at=MONDAY + timedelta(minutes=number // 2))
    client.force_login(cast.colleague)
    first = client.get("/notifications/").context
    second = client.get(f"/notifications/{first['next_url']}").context
    keys = [line.key for line in (*first["lines"], *second["lines"])]
    assert len(keys) == len(set(keys)) == 60 and second["next_url"] == ""
    assert client.get("/notifications/?before=999999999").status_code == 404


def test_what_was_read_long_ago_is_tidied_away(cast: Cast) -> None:
    complaint = cast.complaint()
    Notification.objects.all().delete()
    for key in ("old", "new"):
        tell(cast.colleague, "hand_over", complaint, key=key)
    Notification.objects.filter(key="old").update(read_at=MONDAY - upkeep.KEEP_READ - timedelta(seconds=1))
    Notification.objects.filter(key="new").update(read_at=MONDAY)
    assert upkeep.tidy(at=MONDAY)["notifications"] == 1
    assert [row.key for row in Notification.objects.all()] == ["new"]
