"""The case page: who may open it, what it tells, what it costs; nothing is done twice or over somebody's head."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from complaints.actions import converse, decide, handle, manage
from complaints.models import Complaint, Message, Note, Watch
from complaints.reference import catalogue
from complaints.web.one import story
from core import cached, clock, trail
from core.actor import Actor
from core.models import OutboxMessage
from tests.cast import MONDAY, Cast, make_cast, make_complaint

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def signed_in(user, **headers) -> Client:
    client = Client(headers=headers)
    client.force_login(user)
    return client


def form_of(answer, key: str) -> dict[str, str]:
    """The hidden fields of an action on the page."""
    act = next(act for act in answer.context["actions"] if act.key == key)
    return {field.name: field.value() for field in act.form.hidden_fields()}


def test_missing_foreign_and_forbidden_cases_answer_the_same(cast):
    foreign = cast.complaint(owner=cast.stranger)
    client = signed_in(cast.agent)
    pages = []
    for reference in (foreign.reference, "AM-2222-2222"):
        for path in ("", "live/", "closure/", "messages/"):
            method = client.get if path in ("", "live/") else client.post
            answer = method(f"/complaints/{reference}/{path}")
            assert answer.status_code == 404
            pages.append(re.sub(r"[0-9a-f-]{16,}", "", answer.content.decode()))
    assert len(set(pages)) == 1
    assert not trail.of(foreign).exclude(kind="complaint.filed").exists()


def test_the_page_tells_the_story(cast):
    complaint = cast.complaint(
        description="I ordered two lamps.\n\nOne came.",
        expectation="Two lamps",
        remedy_sought="The other lamp",
        channel="web",
    )
    me = Actor.person(cast.agent)
    handle.acknowledge(complaint, by=me, at=clock.now(), message="We look into it.")
    handle.investigate(complaint, by=me, at=clock.now())
    converse.note(complaint, by=me, at=clock.now(), body="The warehouse has it.")
    converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body="Any news?")
    manage.classify(
        complaint, by=me, at=clock.now(), reason="clear", severity="serious", type=catalogue().types["delivery-lost"]
    )
    handle.wait(complaint, by=me, at=clock.now(), reason="a photo")
    handle.resume(complaint, by=me, at=clock.now())
    manage.assign(complaint, by=me, at=clock.now(), owner=cast.colleague, reason="knows lamps")
    text = signed_in(cast.lead).get(f"/complaints/{complaint.reference}/").content.decode()
    for words in (
        "I ordered two lamps.", "Two lamps", "The other lamp", "We look into it.", "The warehouse has it.", "Any news?",
        "Investigation begun", "a photo", "Waiting is over", "Given to Cole Colleague", "knows lamps",
        "Delivery › Lost parcel",
        "Receipt by e-mail", "on its way", "dana@mail.example", "internal note, never sent", "Acknowledged", "Resolve",
    ):  # fmt: skip
        assert words in text, words


def test_a_sent_and_a_failed_mail_say_so(cast):
    complaint = cast.complaint()
    converse.message(complaint, by=Actor.person(cast.agent), at=clock.now(), body="Hello")
    OutboxMessage.objects.filter(key__startswith="message:").update(sent_at=clock.now())
    OutboxMessage.objects.filter(key__startswith="receipt:").update(failed_at=clock.now(), error="no such user")
    text = signed_in(cast.agent).get(f"/complaints/{complaint.reference}/").content.decode()
    assert ">sent<" in text and "not delivered" in text


@pytest.mark.parametrize("messages", [1, 20, 250])
def test_the_page_costs_at_most_ten_queries_whatever_was_said(cast, messages, django_assert_max_num_queries):
    complaint = cast.complaint()
    for n in range(3):
        cast.complaint(subject=f"earlier {n}")
    at = clock.now()
    Message.objects.bulk_create(
        Message(
            complaint=complaint,
            direction="in",
            channel="email",
            body=f"message {n}",
            at=at + timedelta(seconds=n),
            created_at=at,
        )
        for n in range(messages)
    )
    client = signed_in(cast.agent)
    client.get("/complaints/")
    client.get(f"/complaints/{complaint.reference}/")
    with django_assert_max_num_queries(10):
        answer = client.get(f"/complaints/{complaint.reference}/?view=all")
    assert f"message {messages - 1}" in answer.content.decode()
    pages = [answer.content.decode()]
    while earlier := answer.context["earlier_url"]:
        answer = client.get(earlier)
        pages.append(answer.content.decode())
    assert len(pages) == -(-messages // story.PAGE) and "I ordered two lamps" in pages[-1]
    shown = [[n for n in range(messages) if f"message {n}<" in page] for page in pages]
    assert sorted(n for page in shown for n in page) == list(range(messages)), "each message once"
    assert max(map(len, pages)) < 150_000


def test_the_hovercard_explains_the_clock(cast):
    with clock.frozen(MONDAY):
        complaint = cast.complaint()
        handle.acknowledge(complaint, by=Actor.person(cast.agent), at=MONDAY)
        handle.wait(complaint, by=Actor.person(cast.agent), at=MONDAY + timedelta(hours=1), reason="x")
    with clock.frozen(MONDAY + timedelta(hours=2)):
        answer = signed_in(cast.agent).get(f"/complaints/{complaint.reference}/")
    resolve = answer.context["clocks"][-1]
    facts = dict(resolve.explain.facts)
    assert resolve.badge.state == "paused"
    assert {"Policy", "Chosen", "Target", "Calendar", "Paused"} <= set(facts)
    assert "version 1" in facts["Policy"]


def test_earlier_complaints_of_other_teams_are_a_bare_count(cast):
    cast.complaint(owner=cast.stranger, subject="secret")
    cast.complaint(subject="known")
    complaint = cast.complaint()
    text = signed_in(cast.agent).get(f"/complaints/{complaint.reference}/").content.decode()
    assert "known" in text and "secret" not in text and "1 more with another team" in text


def test_a_poll_answers_204_until_the_case_changes(cast, django_assert_max_num_queries):
    with clock.frozen(MONDAY):
        complaint = cast.complaint()
    client = signed_in(cast.agent)
    url = f"/complaints/{complaint.reference}/live/"
    since = client.get(f"/complaints/{complaint.reference}/").context["since"]
    with django_assert_max_num_queries(4):
        assert client.get(url, {"since": since}).status_code == 204
    converse.note(complaint, by=Actor.person(cast.colleague), at=clock.now(), body="news")
    answer = client.get(url, {"since": since})
    assert (
        answer.status_code == 200 and "news" in answer.content.decode() and "<textarea" not in answer.content.decode()
    )


def test_a_stale_form_shows_what_changed_and_keeps_the_text(cast):
    complaint = cast.complaint()
    client = signed_in(cast.agent)
    url = f"/complaints/{complaint.reference}/"
    hidden = form_of(client.get(url), "classify")
    handle.investigate(complaint, by=Actor.person(cast.colleague), at=clock.now())
    typed = {**hidden, "type": "delivery-lost", "severity": "critical", "reason": "a long thought"}
    answer = client.post(f"{url}classification/", typed)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Investigation begun" in text and "Cole Colleague" in text and "a long thought" in text
    complaint.refresh_from_db()
    assert complaint.severity == "moderate"
    again = form_of(answer, "classify")
    assert again["nonce"] != hidden["nonce"]
    assert client.post(f"{url}classification/", {**typed, **again}).status_code == 302
    complaint.refresh_from_db()
    assert complaint.severity == "critical"


def test_what_is_said_goes_through_on_an_old_page(cast):
    complaint = cast.complaint()
    handle.investigate(complaint, by=Actor.person(cast.colleague), at=clock.now())
    client = signed_in(cast.agent)
    assert (
        client.post(f"/complaints/{complaint.reference}/messages/", {"body": "Hi", "version": "1"}).status_code == 302
    )
    assert client.post(f"/complaints/{complaint.reference}/notes/", {"body": "Hm", "version": "1"}).status_code == 302


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_the_same_form_sent_twice_has_one_effect(cast, headers):
    complaint = cast.complaint()
    client = signed_in(cast.agent, **headers)
    page = signed_in(cast.agent).get(f"/complaints/{complaint.reference}/")
    form = {"body": "Hello", "nonce": page.context["composer"]["nonce"]}
    statuses = {client.post(f"/complaints/{complaint.reference}/messages/", form).status_code for _ in range(3)}
    assert len(statuses) == 1 and statuses <= {200, 302}
    assert Message.objects.filter(complaint=complaint).count() == 1
    assert OutboxMessage.objects.filter(key__startswith="message:").count() == 1


def test_a_refused_form_can_be_mended_and_sent_again(cast):
    complaint = cast.complaint()
    client = signed_in(cast.agent)
    page = client.get(f"/complaints/{complaint.reference}/")
    nonce = page.context["composer"]["nonce"]
    refused = client.post(f"/complaints/{complaint.reference}/notes/", {"body": "  ", "nonce": nonce})
    assert refused.status_code == 422
    assert refused.context["composer"]["mode"] == "note"
    sent = client.post(
        f"/complaints/{complaint.reference}/notes/", {"body": "There", "nonce": refused.context["composer"]["nonce"]}
    )
    assert sent.status_code == 302 and Note.objects.count() == 1


def test_htmx_gets_the_changed_parts_and_never_the_text_box(cast):
    complaint = cast.complaint()
    answer = signed_in(cast.agent, **{"HX-Request": "true"}).post(f"/complaints/{complaint.reference}/investigation/")
    text = answer.content.decode()
    assert answer.status_code == 200
    for part in ("case_header", "timeline", "customer_panel", "actions", "composer_nonce"):
        assert f'id="{part}"' in text, part
    assert 'id="body"' not in text and "<html" not in text
    assert "Investigating" in text and "toast" in answer.headers["HX-Trigger"]


def test_htmx_gets_the_refusal_beside_the_form_with_what_was_typed(cast):
    complaint = cast.complaint()
    client = signed_in(cast.agent, **{"HX-Request": "true"})
    answer = client.post(
        f"/complaints/{complaint.reference}/resolution/", {"outcome": "upheld", "summary": "kept text"}
    )
    text = answer.content.decode()
    assert answer.status_code == 422 and "kept text" in text and "Name the root cause." in text
    noted = client.post(f"/complaints/{complaint.reference}/notes/", {"body": ""})
    assert noted.status_code == 422 and 'id="composer_errors"' in noted.content.decode()


def test_giving_a_case_away_leads_back_to_the_queue(cast):
    complaint = cast.complaint()
    form = {"owner": cast.stranger.pk}
    answer = signed_in(cast.agent).post(f"/complaints/{complaint.reference}/owner/?view=breached", form)
    assert answer.headers["Location"] == "/complaints/?view=breached"
    other = cast.complaint()
    answer = signed_in(cast.agent, **{"HX-Request": "true"}).post(f"/complaints/{other.reference}/owner/", form)
    assert answer.headers["HX-Redirect"] == "/complaints/"


def test_following_makes_a_case_visible(cast):
    complaint = cast.complaint()
    signed_in(cast.agent).post(f"/complaints/{complaint.reference}/watching/")
    manage.assign(complaint, by=Actor.person(cast.agent), at=clock.now(), owner=cast.stranger)
    assert signed_in(cast.agent).get(f"/complaints/{complaint.reference}/").status_code == 200
    signed_in(cast.agent).post(f"/complaints/{complaint.reference}/unwatching/")
    assert not Watch.objects.exists()
    assert signed_in(cast.agent).get(f"/complaints/{complaint.reference}/").status_code == 404
    assert [one.kind for one in trail.of(complaint)][-3:] == [
        "complaint.watched",
        "complaint.assigned",
        "complaint.unwatched",
    ]


def test_get_changes_nothing(cast):
    complaint = cast.complaint()
    client = signed_in(cast.agent)
    from complaints.web.one.act_table import ACTS

    for act in ACTS.values():
        assert client.get(f"/complaints/{complaint.reference}/{act.name}/").status_code == 405
    assert trail.of(complaint).count() == 1


def test_a_form_without_its_token_is_refused(cast):
    complaint = cast.complaint()
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.agent)
    assert client.post(f"/complaints/{complaint.reference}/investigation/").status_code == 403


def test_texts_of_strangers_are_shown_literally_and_isolated(cast):
    evil = "\u202e<img src=x onerror=canary()>{{7*7}}"
    complaint = cast.complaint(subject=evil, description=evil, expectation=evil, remedy_sought=evil)
    converse.incoming(complaint, by=Actor.customer(), at=clock.now(), body=evil)
    text = signed_in(cast.agent).get(f"/complaints/{complaint.reference}/").content.decode()
    assert "<img src=x" not in text and "&lt;img src=x" in text and "{{7*7}}" in text
    assert 'dir="auto"' in text and "<bdi>\u202e&lt;img" in text
    assert "style=" not in text and "onclick" not in text


def test_control_characters_are_refused_with_the_text_kept(cast):
    complaint = cast.complaint()
    client = signed_in(cast.agent)
    answer = client.post(f"/complaints/{complaint.reference}/notes/", {"body": "a\x07b"})
    assert answer.status_code == 422 and not Note.objects.exists()
    client.post(f"/complaints/{complaint.reference}/notes/", {"body": "cafe\u0301\r\nsecond"})
    assert Note.objects.get().body == "caf\u00e9\nsecond"


def test_the_strip_is_the_list_one_came_from(cast):
    first, second = cast.complaint(subject="first"), cast.complaint(subject="second")
    strip = signed_in(cast.agent).get(f"/complaints/{first.reference}/?view=all&severity=moderate").context["strip"]
    rows = [row for group in strip["groups"] for row in group.rows]
    assert {row.reference for row in rows} == {first.reference, second.reference}
    assert all(row.url.endswith("?view=all&severity=moderate") for row in rows)
    assert [row.reference for row in rows if row.current] == [first.reference]


def test_quarantined_and_ended_cases_offer_what_makes_sense(cast):
    kept = make_complaint(quarantine=True)
    offered = [act.key for act in signed_in(cast.manager).get(f"/complaints/{kept.reference}/").context["actions"]]
    assert offered[0] == "release" and "resolve" not in offered
    complaint = cast.complaint()
    decide.withdraw(complaint, by=Actor.person(cast.agent), at=clock.now(), reason="x")
    answer = signed_in(cast.agent).get(f"/complaints/{complaint.reference}/")
    assert answer.context["actions"][0].key == "reopen"
    assert answer.context["composer"]["can_reply"] is False
    assert Complaint.objects.get(pk=complaint.pk).status == "withdrawn"


def test_an_action_looks_as_its_own_form_does(cast):
    """Unbound forms are drawn once for the same look: what differs between two cases must be in it."""
    one = cast.complaint(channel="phone", severity="minor")
    other = cast.complaint(channel="email", severity="serious")
    manage.classify(
        other, by=Actor.person(cast.agent), at=clock.now(), reason="x", type=catalogue().types["delivery-lost"]
    )
    client = signed_in(cast.agent)
    for complaint in (one, other, one):
        answer = client.get(f"/complaints/{complaint.reference}/")
        text = answer.content.decode()
        for act in answer.context["actions"]:
            for field in act.form.visible_fields():
                if not hasattr(field.field, "choices") or field.value() in (None, ""):
                    continue
                chosen = re.search(
                    rf'name="{field.html_name}".*?value="{field.value()}"[^>]*(selected|checked)', text, re.S
                )
                assert chosen, (complaint.channel, act.key, field.name)
        assert text.count('name="nonce"') == len(set(re.findall(r'name="nonce"[^>]*value="([^"]+)"', text)))


def test_a_case_without_a_customer_has_its_page(cast):
    complaint = make_complaint(owner=cast.agent)
    text = signed_in(cast.agent).get(f"/complaints/{complaint.reference}/").content.decode()
    assert "Customer unknown" in text
