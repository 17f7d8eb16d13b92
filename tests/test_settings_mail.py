"""Settings, mail and trail: what left the house, what failed, who changed what (mission E1; domain, Trail)."""

from __future__ import annotations

import pytest

from complaints.actions import converse, staff
from core import cached, clock, trail
from core.actions import outbox
from core.actor import Actor
from core.models import OutboxMessage, TrailEntry
from tests.cast import Cast, make_cast
from tests.test_settings_people import count, signed_in, who

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def failed(one: OutboxMessage) -> OutboxMessage:
    one.failed_at, one.attempts, one.error = clock.now(), 12, "SMTPRecipientsRefused: 550 no such mailbox"
    one.save()
    return one


def test_a_manager_reads_a_message_as_it_leaves(cast):
    complaint = cast.complaint()
    converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body="We are <b>sorry</b>.")
    one = OutboxMessage.objects.get(template="message")
    page = signed_in(cast.manager).get(f"/settings/mail/{one.pk}/")
    text = page.content.decode()
    assert f"Your complaint {complaint.reference}" in text
    assert "We are &lt;b&gt;sorry&lt;/b&gt;." in text
    assert complaint.get_absolute_url() in text


def test_who_may_not_see_the_case_may_not_read_its_mail(cast):
    """domain, Roles: an administrator sees no cases unless they have another role."""
    complaint = cast.complaint(subject="A very private thing")
    converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body="Secret words")
    one = OutboxMessage.objects.get(template="message")
    text = signed_in(cast.admin).get(f"/settings/mail/{one.pk}/").content.decode()
    assert one.recipient in text
    assert "Secret words" not in text and "A very private thing" not in text and "/status/" not in text
    assert signed_in(cast.agent).get(f"/settings/mail/{one.pk}/").status_code == 403


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_the_link_of_a_password_mail_is_shown_to_nobody(cast, role):
    """F08: who reads it could become somebody else."""
    path = f"/settings/users/{cast.admin.pk}/password-link/"
    signed_in(cast.admin).post(path)
    one = OutboxMessage.objects.get(template="password_reset")
    secret = one.context["link"].rstrip("/").rsplit("/", 1)[1]
    text = signed_in(cast.people()[role]).get(f"/settings/mail/{one.pk}/").content.decode()
    assert secret not in text and "••••" in text
    one.refresh_from_db()
    assert secret in one.context["link"]


def test_a_failed_message_is_tried_again_with_the_same_id(cast, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cast.complaint()
    one = failed(OutboxMessage.objects.filter(template="receipt")[0])
    client = signed_in(cast.manager)
    assert "550 no such mailbox" in client.get(f"/settings/mail/{one.pk}/").content.decode()
    assert client.post(f"/settings/mail/{one.pk}/retry/").status_code == 302
    outbox.drain()
    again = OutboxMessage.objects.get(pk=one.pk)
    assert again.sent_at is not None and again.message_id == one.message_id
    assert client.post(f"/settings/mail/{one.pk}/retry/").status_code == 302  # refused: it has left
    assert [entry.kind for entry in trail.of(one)] == ["outboxmessage.retried"]


def test_a_message_that_cannot_be_written_says_why(cast):
    at = clock.now()
    one = OutboxMessage.objects.create(
        key="x", message_id="<x@localhost>", recipient="a@b.example", language="en", template="no_such", context={},
        created_at=at, due_at=at,
    )  # fmt: skip
    page = signed_in(cast.admin).get(f"/settings/mail/{one.pk}/")
    assert page.status_code == 200 and "TemplateDoesNotExist" in page.context["problem"]


def test_the_list_filters_by_state_and_recipient_and_costs_the_same_for_many(cast):
    client = signed_in(cast.manager)
    for _ in range(3):
        cast.complaint()
    first, second, third = OutboxMessage.objects.filter(template="receipt")
    failed(first)
    OutboxMessage.objects.filter(pk=second.pk).update(sent_at=clock.now())

    def shown(query: str) -> list[str]:
        return [row[0].url for row in client.get(f"/settings/mail/{query}").context["rows"]]

    assert shown("?state=failed") == [f"/settings/mail/{first.pk}/"]
    assert shown("?state=sent") == [f"/settings/mail/{second.pk}/"]
    assert f"/settings/mail/{third.pk}/" in shown("?state=waiting")
    assert shown("?q=nobody") == []
    assert "Some mail could not be sent" in client.get("/settings/").content.decode()
    few = count(client, "/settings/mail/")
    for number in range(60):
        OutboxMessage.objects.create(
            key=f"k{number}", message_id=f"<k{number}@x>", recipient="a@b.example", language="en", template="receipt",
            context={}, created_at=clock.now(), due_at=clock.now(),
        )  # fmt: skip
    assert count(client, "/settings/mail/") == few <= 5
    page = client.get("/settings/mail/")
    assert len(page.context["rows"]) == 50
    older = client.get(page.context["next_url"]).context["rows"]
    assert not {row[0].url for row in older} & {row[0].url for row in page.context["rows"]}


def test_the_trail_says_who_changed_what_from_what_to_what(cast):
    staff.change_user(cast.agent, {"team": cast.other_team, "capacity": 9, "name": "Ana Nova"}, **who(cast))
    cached.clear_all()
    client = signed_in(cast.admin)
    change = client.get("/settings/trail/").context["changes"][0]
    assert (change.who.name, change.subject, change.verb) == ("Ada Admin", "Ana Nova", "changed")
    assert set(change.lines) == {
        ("team", "Lisbon desk", "Oslo desk"),
        ("capacity (open cases)", "20", "9"),
        ("name", "Ana Agent", "Ana Nova"),
    }


def test_the_trail_of_settings_shows_no_case_and_costs_the_same_for_many(cast):
    cast.complaint()
    client = signed_in(cast.admin)
    staff.change_user(cast.agent, {"capacity": 9}, **who(cast))
    few = count(client, "/settings/trail/")
    for number in range(10, 70):
        staff.change_user(cast.agent, {"capacity": number}, **who(cast))
    assert count(client, "/settings/trail/") == few <= 7
    page = client.get("/settings/trail/")
    assert len(page.context["changes"]) == 50
    rest = client.get(page.context["next_url"]).context["changes"]
    assert len(rest) == 11
    kinds = set(TrailEntry.objects.values_list("subject_kind", flat=True))
    assert "complaint" in kinds
    assert {change.kind for change in [*page.context["changes"], *rest]} == {"User"}
