"""Messages out and in through every door (domain, Complaint 8)."""

import pytest
from django.test import Client

from complaints.models import Act, Complaint, Status
from core import cached, trail
from core.models import OutboxMessage, User
from tests.cast import Cast, make_cast, make_customer
from tests.doors import DOORS, Door

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("door", DOORS, ids=str)]


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def kinds(complaint: Complaint) -> list[str]:
    return [entry.kind for entry in trail.of(complaint)][1:]


def test_the_first_message_of_a_person_acknowledges_too(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "messages", body="Hello", direction="out").status == 200
    complaint.refresh_from_db()
    assert complaint.status == Status.ACKNOWLEDGED and complaint.first_response_at is not None
    assert [one.direction for one in complaint.messages.all()] == ["out"]


def test_the_customers_words_noted_by_the_agent_end_the_waiting(door: Door, cast):
    complaint = cast.complaint()
    door(cast.agent, complaint, "pause", reason="a photo")
    assert door(cast.agent, complaint, "messages", body="Here it is", direction="in").status == 200
    complaint.refresh_from_db()
    assert complaint.status == Status.INVESTIGATING
    assert complaint.messages.get().author == cast.agent


def test_what_was_said_on_the_phone_informs_and_sends_no_mail(door: Door, cast):
    complaint = cast.complaint()
    told = door(cast.agent, complaint, "messages", body="The lamp left today.", direction="out", channel="phone")
    assert told.status == 200
    complaint.refresh_from_db()
    assert complaint.first_response_at is not None and complaint.acknowledged_at is not None
    said = complaint.messages.get()
    assert (said.channel, said.by_mail_to, said.direction) == ("phone", "", "out")
    assert not OutboxMessage.objects.filter(template="message").exists()
    page = _signed_in(cast.agent).get(f"/complaints/{complaint.reference}/").content.decode()
    assert "said there" in page
    assert door(cast.agent, complaint, "messages", body=" ", direction="out", channel="phone").status == 422


def test_a_message_bears_the_way_it_went(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "messages", body="By mail", direction="out").status == 200
    assert complaint.messages.get().channel == "email"
    nobody = cast.complaint(customer=make_customer(email=None))
    assert door(cast.agent, nobody, "messages", body="On the page", direction="out").status == 200
    assert nobody.messages.get().channel == "web"


def test_nothing_is_no_message(door: Door, cast):
    complaint = cast.complaint()
    assert door(cast.agent, complaint, "messages", body="  ", direction="out").status == 422
    assert not complaint.messages.exists() and kinds(complaint) == []


def test_a_closed_case_takes_no_message_out(door: Door, cast):
    complaint = cast.complaint()
    door(cast.agent, complaint, "withdrawal", reason="solved")
    assert door(cast.agent, complaint, "messages", body="Bye", direction="out").status == 409


def test_thanks_and_an_apology_are_acts_of_their_own(door: Door, cast):
    complaint = cast.complaint()
    said = {"body": "You were right.", "direction": "out", "thanks": True, "apology": True}
    assert door(cast.agent, complaint, "messages", **said).status == 200
    assert kinds(complaint) == ["complaint.message_sent", "complaint.thanked", "complaint.apologised"]
    acts = list(Act.objects.filter(complaint=complaint).order_by("pk"))
    assert [(act.kind, act.message.body, act.by) for act in acts] == [
        ("thanks", "You were right.", cast.agent),
        ("apology", "You were right.", cast.agent),
    ]


def test_a_refusal_says_what_why_and_what_instead_in_the_customers_language(door: Door, cast):
    complaint = cast.complaint(language="en")
    refusal = {"cannot": "send a new lamp", "because": "it is no longer made.", "instead": "we refund it"}
    assert door(cast.agent, complaint, "messages", body="We looked.", direction="out", refusal=refusal).status == 200
    sent = complaint.messages.get(direction="out", purpose="reply")
    said = "We cannot send a new lamp, because it is no longer made. Instead: we refund it."
    assert sent.body == f"We looked.\n\n{said}"
    act = sent.acts.get()
    assert (act.kind, act.cannot, act.because, act.instead) == ("refusal", *refusal.values())
    entry = trail.of(complaint).last()
    assert entry.kind == "complaint.refused" and "no longer made" not in entry.body  # personal text is erasable


def test_a_refusal_alone_is_a_message_and_one_without_reason_is_none(door: Door, cast):
    complaint = cast.complaint()
    only = {"cannot": "do this", "because": "of that"}
    words = {"body": "As we said:", "direction": "out"}
    assert door(cast.agent, complaint, "messages", **words, refusal={"cannot": "do this", "because": " "}).status == 422
    assert kinds(complaint) == [] and not Act.objects.exists()
    assert door(cast.agent, complaint, "messages", **words, refusal=only).status == 200
    assert complaint.messages.get(direction="out", purpose="reply").body.endswith("We cannot do this, because of that.")


def test_an_answer_the_writer_has_not_seen_is_shown_and_nothing_is_sent(door: Door, cast):
    complaint = cast.complaint()
    door(cast.agent, complaint, "messages", body="First", direction="out")
    first = complaint.messages.get(body="First")
    door(cast.colleague, complaint, "messages", body="Second, by a colleague", direction="out")
    answer = door(cast.agent, complaint, "messages", body="Mine", direction="out", seen=str(first.pk))
    assert answer.status == 409
    if door.name == "api":
        assert "answered_meanwhile" in answer.text
    else:
        assert "Second, by a colleague" in answer.text and "Send anyway" in answer.text
    assert not complaint.messages.filter(body="Mine").exists()
    second = complaint.messages.get(body="Second, by a colleague")
    assert door(cast.agent, complaint, "messages", body="Mine", direction="out", seen=str(second.pk)).status == 200


def test_ones_own_messages_are_no_news(door: Door, cast):
    complaint = cast.complaint()
    for body in ("One", "Two"):
        assert door(cast.agent, complaint, "messages", body=body, direction="out", seen="999999").status == 200
