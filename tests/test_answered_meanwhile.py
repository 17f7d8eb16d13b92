"""Two people at one case: nothing is overwritten or sent twice, and nobody's text is lost (ux, desk 5; F24, F25)."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client

from complaints.actions import converse, manage
from complaints.models import Complaint, Message, Pending
from core import cached, clock, trail
from core.actor import Actor
from core.models import Draft, OutboxMessage, User
from tests.cast import Cast, make_cast, type_of
from tests.tokens import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def browser(user: User, **headers: str) -> Client:
    client = Client(headers=headers)
    client.force_login(user)
    return client


def page_of(user: User, complaint: Complaint) -> str:
    return browser(user).get(f"/complaints/{complaint.reference}/").content.decode()


def seen_on(html: str) -> str:
    return html.split('name="seen"')[1].split('value="')[1].split('"')[0]


def reply(user: User, complaint: Complaint, **data: str):
    return browser(user).post(f"/complaints/{complaint.reference}/messages/", data)


def test_both_replies_are_kept_and_the_second_writer_sees_the_first(cast):
    complaint = cast.complaint()
    mine, theirs = seen_on(page_of(cast.agent, complaint)), seen_on(page_of(cast.colleague, complaint))
    assert reply(cast.colleague, complaint, body="The courier comes on Monday", seen=theirs).status_code == 302
    answer = reply(cast.agent, complaint, body="We look into it", seen=mine, thanks="on", nonce="a")
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "The courier comes on Monday" in html.split("meanwhile__text")[1]
    assert ">We look into it</textarea>" in html and 'name="thanks" data-keep checked' in html
    again = seen_on(html)
    assert again != mine
    assert reply(cast.agent, complaint, body="We look into it", seen=again, anyway="1", nonce="b").status_code == 302
    said = complaint.messages.filter(direction="out", purpose="reply").values_list("body", flat=True)
    assert sorted(said) == ["The courier comes on Monday", "We look into it"]


def test_what_came_after_that_is_shown_again(cast):
    complaint = cast.complaint()
    mine = seen_on(page_of(cast.agent, complaint))
    reply(cast.colleague, complaint, body="One")
    again = seen_on(reply(cast.agent, complaint, body="Mine", seen=mine).content.decode())
    converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body="Two, by the customer")
    answer = reply(cast.agent, complaint, body="Mine", seen=again, anyway="1")
    assert answer.status_code == 409 and "Two, by the customer" in answer.content.decode().split("meanwhile__text")[1]


def test_a_message_written_before_but_kept_after_is_news_all_the_same(cast):
    """What counts is the order of writing, not the instant a message bears: a waiting one bears an earlier one."""
    complaint = cast.complaint()
    at = clock.now()
    converse.incoming(complaint, by=Actor.customer(), at=at, body="The customer")
    seen = complaint.messages.get(body="The customer").pk
    converse.message(complaint, by=Actor.person(cast.colleague), at=at - timedelta(minutes=5), body="Late to be kept")
    assert reply(cast.agent, complaint, body="Mine", seen=str(seen)).status_code == 409
    assert reply(cast.agent, complaint, body="Mine", seen=seen_on(page_of(cast.agent, complaint))).status_code == 302


def test_htmx_gets_the_panel_the_timeline_and_the_newest_key_and_the_box_is_left_alone(cast):
    complaint = cast.complaint()
    reply(cast.colleague, complaint, body="Theirs")
    answer = browser(cast.agent, **{"HX-Request": "true"}).post(
        f"/complaints/{complaint.reference}/messages/", {"body": "Mine", "seen": "0"}
    )
    html = answer.content.decode()
    newest = str(complaint.messages.get(body="Theirs").pk)
    assert answer.status_code == 409 and "<textarea" not in html
    assert f'name="seen" id="composer_seen" value="{newest}" hx-swap-oob="true"' in html and 'id="timeline"' in html


def test_keep_as_draft_keeps_it_on_the_server(cast):
    complaint = cast.complaint()
    answer = browser(cast.agent).post(f"/complaints/{complaint.reference}/draft/", {"body": "Mine", "mode": "reply"})
    assert answer.status_code == 302
    assert ">Mine</textarea>" in page_of(cast.agent, complaint)
    assert browser(cast.stranger).post(f"/complaints/{complaint.reference}/draft/", {"body": "x"}).status_code == 404


def test_a_draft_begun_before_the_answer_still_notices_it_days_later(cast):
    complaint = cast.complaint()
    begun = seen_on(page_of(cast.agent, complaint))
    place = f"reply:{complaint.reference}"
    fields = {"seen": begun}
    Draft.objects.create(user=cast.agent, place=place, body="Half a", fields=fields, updated_at=clock.now())
    reply(cast.colleague, complaint, body="Theirs")
    assert seen_on(page_of(cast.agent, complaint)) == begun


# --- F24: two edit the same fields ------------------------------------------------------------------------------------


def version_on(html: str) -> str:
    form = html.split('id="act-classify"')[1]
    return form.split('name="version"')[1].split('value="')[1].split('"')[0]


def test_the_second_classification_is_refused_with_both_values_and_what_was_typed(cast):
    complaint = cast.complaint()
    first, second = version_on(page_of(cast.agent, complaint)), version_on(page_of(cast.colleague, complaint))
    url = f"/complaints/{complaint.reference}/classification/"
    data = {"type": complaint.type.code, "reason": "it is worse"}
    assert browser(cast.agent).post(url, {**data, "severity": "critical", "version": first}).status_code == 302
    mine = {**data, "severity": "minor", "version": second, "reason": "it is small"}
    answer = browser(cast.colleague).post(url, mine)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Sorted as Critical" in html and 'value="it is small"' in html
    form = html.split('id="act-classify"')[1].split("</form>")[0]
    assert 'value="minor"' in form.split(" checked")[0].rsplit("<input", 1)[1]
    complaint.refresh_from_db()
    assert complaint.severity == "critical"


def test_over_the_api_a_stale_or_missing_if_match_changes_nothing(cast):
    complaint = cast.complaint()
    client, url = Client(headers=bearer(cast.agent)), f"/api/v1/complaints/{complaint.reference}/"
    tag = client.get(url)["ETag"]
    body = json.dumps({"subject": "Mine"})
    assert client.patch(url, body, content_type="application/json").status_code == 428
    manage.classify(
        complaint,
        by=Actor.person(cast.colleague),
        at=clock.now(),
        reason="x",
        type=type_of("product"),
        severity="minor",
    )
    answer = client.patch(url, body, content_type="application/json", headers={"If-Match": tag})
    assert answer.status_code == 412 and Complaint.objects.get(pk=complaint.pk).subject != "Mine"


# --- F25: one effect --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 8])
def test_the_same_form_sent_again_says_it_once(cast, seconds):
    User.objects.filter(pk=cast.agent.pk).update(take_back_seconds=seconds)
    complaint = cast.complaint()
    for _again in range(3):
        assert reply(cast.agent, complaint, body="Once", nonce="the-same", seen="0").status_code == 302
    assert Message.objects.filter(body="Once").count() + Pending.objects.filter(body="Once").count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("seconds", [0, 8])
def test_twenty_at_once_are_one_reply_and_one_mail(cast, seconds):
    User.objects.filter(pk=cast.agent.pk).update(take_back_seconds=seconds)
    complaint = cast.complaint()
    clients = [browser(cast.agent) for _ in range(20)]
    data = {"body": "Once", "nonce": "the-same", "seen": "0"}

    def post(client: Client) -> int:
        try:
            return client.post(f"/complaints/{complaint.reference}/messages/", data).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, clients))
    assert set(answers) == {302}
    if seconds:
        assert Pending.objects.filter(complaint=complaint).count() == 1
    else:
        assert Message.objects.filter(complaint=complaint, body="Once").count() == 1
        assert [one.kind for one in trail.of(complaint)].count("complaint.message_sent") == 1
        assert OutboxMessage.objects.filter(template="message").count() == 1
