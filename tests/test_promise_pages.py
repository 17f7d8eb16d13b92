"""Promises on the pages: the case's panel and composer, the queue, the complainant's own page (mission A8, A12)."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import merge, pending, promises
from complaints.models import Complaint, Pending, Promise
from complaints.promises.sweep import sweep
from complaints.web.many.queue import VIEWS
from core import cached, clock
from core.actor import Actor
from core.models import User
from core.references import status_token
from tests.cast import MONDAY, Cast, make_cast, two_clocks_only

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEXT = "Call back with the date of the delivery"


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    two_clocks_only()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def signed_in(user: User, **headers: str) -> Client:
    client = Client(headers=headers)
    client.force_login(user)
    return client


def owed(cast: Cast, complaint: Complaint, *, due: timedelta = 4 * HOUR, at: datetime = MONDAY, **said: Any) -> Promise:
    with clock.frozen(at):
        said.setdefault("text", TEXT)
        return promises.promise(complaint, by=Actor.person(cast.agent), at=at, due_at=at + due, **said)


def keep(cast: Cast, one: Promise, at: datetime) -> None:
    with clock.frozen(at):
        promises.fulfil(one, by=Actor.person(cast.agent), at=at)


def panel(page: str) -> str:
    found = re.search(r'<section class="side__part" id="promises".*?</section>', page, re.S)
    assert found
    return html.unescape(found[0])


def case_page(cast: Cast, complaint: Complaint, at: datetime = MONDAY, user: User | None = None) -> str:
    with clock.frozen(at):
        return signed_in(user or cast.agent).get(f"/complaints/{complaint.reference}/").content.decode()


def status_page(complaint: Complaint, at: datetime = MONDAY, query: str = "") -> str:
    with clock.frozen(at):
        answer = Client().get(f"/status/{status_token(complaint.reference)}/{query}")
    return html.unescape(answer.content.decode())


def test_the_panel_says_what_is_owed_and_what_became_of_the_rest(cast: Cast) -> None:
    complaint = cast.complaint()
    assert "Nothing is owed." in panel(case_page(cast, complaint))
    owed(cast, complaint, due=DAY, owner=cast.colleague, to_whom="the neighbour")
    keep(cast, owed(cast, complaint, text="Send the part"), MONDAY + HOUR)
    owed(cast, complaint, text="Write to the courier", due=2 * HOUR)
    shown = panel(case_page(cast, complaint, MONDAY + 3 * HOUR))
    assert "due tomorrow 09:00" in shown and "to the neighbour · for Cole Colleague to keep" in shown
    assert "kept Mon 2 Mar, 10:00" in shown
    assert "was due today 11:00, still owed" in shown, "also before the sweep has been by"
    assert shown.count("Mark kept") == 2


def test_the_form_offers_the_usual_hours_where_the_reader_is(cast: Cast) -> None:
    cast.agent.time_zone = "Asia/Tokyo"
    cast.agent.save(update_fields=["time_zone"])
    shown = panel(case_page(cast, cast.complaint()))
    offered = re.findall(r'name="due_at" value="(2026[^"]+)"[^>]*>([^<]+)<', shown)
    assert ("2026-03-06T08:00:00Z", "by Fri 17:00") in offered, "17:00 in Tokyo"
    assert all(words != "tomorrow 17:00" for _value, words in offered) and len(offered) >= 4
    assert len({value for value, _words in offered}) == len(offered)


def test_an_hour_of_one_s_own_is_where_the_reader_is(cast: Cast) -> None:
    cast.agent.time_zone = "Asia/Tokyo"
    cast.agent.save(update_fields=["time_zone"])
    complaint = cast.complaint()
    form = {"text": TEXT, "due_at": "own", "due_on": "2026-03-04T15:30"}
    answer = signed_in(cast.agent).post(f"/complaints/{complaint.reference}/promises/", form)
    assert answer.status_code == 302
    assert complaint.promises.get().due_at.isoformat() == "2026-03-04T06:30:00+00:00"


def test_what_was_refused_stands_beside_its_form(cast: Cast) -> None:
    complaint = cast.complaint()
    one = owed(cast, complaint)
    path = f"/complaints/{complaint.reference}/promises/{one.pk}/renegotiation/"
    for client in (signed_in(cast.agent), signed_in(cast.agent, **{"HX-Request": "true"})):
        answer = client.post(path, {"due_on": "2026-03-05T10:00", "text": "Two calls"})
        assert answer.status_code == 422
        shown = panel(answer.content.decode())
        assert "Say why it was agreed anew." in shown and 'value="Two calls"' in shown
        assert re.search(r'<details class="promise__more" open><summary[^>]*>Renegotiate', shown)
    keep(cast, one, MONDAY)
    answer = signed_in(cast.agent).post(f"/complaints/{complaint.reference}/promises/{one.pk}/fulfilment/", {})
    assert answer.status_code == 409


def test_the_panel_costs_no_query(cast: Cast, django_assert_max_num_queries: Any) -> None:
    complaint = cast.complaint()
    for number in range(12):
        owed(cast, complaint, text=f"Promise {number}", due=(number + 1) * HOUR)
    client = signed_in(cast.agent)
    client.get(f"/complaints/{complaint.reference}/")
    with django_assert_max_num_queries(10):
        client.get(f"/complaints/{complaint.reference}/")


def test_the_joint_case_shows_what_its_parts_owe(cast: Cast) -> None:
    complaint, joint = cast.complaint(), cast.complaint()
    one = owed(cast, complaint)
    merge.merge(complaint, by=Actor.person(cast.agent), at=MONDAY, into=joint)
    shown = panel(case_page(cast, joint))
    assert TEXT in shown and f"in {complaint.reference}" in shown
    answer = signed_in(cast.agent).post(f"/complaints/{joint.reference}/promises/{one.pk}/fulfilment/", {})
    assert answer.status_code == 302
    one.refresh_from_db()
    assert one.settled_as == "kept"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_timeline_tells_the_whole_story(cast: Cast, language: str) -> None:
    cast.agent.language = language
    cast.agent.save(update_fields=["language"])
    complaint = cast.complaint()
    owed(cast, complaint)
    with clock.frozen(MONDAY + DAY):
        sweep()
    keep(cast, complaint.promises.get(), MONDAY + DAY + HOUR)
    page = html.unescape(case_page(cast, complaint, MONDAY + DAY + HOUR))
    assert {"en": f"“{TEXT}”", "ru": f"«{TEXT}»"}[language] in page
    if language == "en":
        for words in ("Promised by Mon 2 Mar", "Promise not kept by Mon 2 Mar", "Done late, it was due Mon 2 Mar"):
            assert words in page, words


def test_the_words_to_point_out_come_in_both_languages(cast: Cast) -> None:
    complaint = cast.complaint(language="pt")
    page = case_page(cast, complaint)
    found = re.search(r'data-vague-words="([^"]+)"', page)
    assert found
    lists = json.loads(html.unescape(found[1]))
    assert {"soon", "em breve"} <= set(lists["vague"]) and "скоро" not in lists["vague"]
    assert '<textarea id="body" name="body" rows="3" data-vague="reply">' in page


def test_a_reply_can_promise_and_the_message_is_linked(cast: Cast) -> None:
    complaint = cast.complaint()
    form = {"body": "The courier comes.", "promise_text": TEXT, "promise_due_on": "2026-03-05T10:00"}
    assert signed_in(cast.agent).post(f"/complaints/{complaint.reference}/messages/", form).status_code == 302
    made = complaint.promises.get()
    assert made.message is not None and made.message.body == "The courier comes."
    assert made.due_at.isoformat() == "2026-03-05T10:00:00+00:00"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"promise_text": TEXT}, "Say by when: a promise needs its hour."),
        ({"promise_due_on": "2026-03-05T10:00"}, "Say what we promise."),
        ({"promise_text": TEXT, "promise_due_on": "2026-03-01T10:00"}, "Choose a moment that lies ahead."),
    ],
)
def test_half_a_promise_sends_nothing(cast: Cast, form: dict[str, str], said: str) -> None:
    complaint = cast.complaint()
    answer = signed_in(cast.agent).post(f"/complaints/{complaint.reference}/messages/", {"body": "Hello", **form})
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422 and said in page
    assert form.get("promise_text", "") in page
    assert not complaint.messages.filter(purpose="reply").exists() and not Promise.objects.exists()


def test_a_reply_that_waits_keeps_its_promise_until_it_goes_out(cast: Cast) -> None:
    User.objects.filter(pk=cast.agent.pk).update(take_back_seconds=20)
    complaint = cast.complaint()
    form = {"body": "The courier comes.", "promise_text": TEXT, "promise_due_on": "2026-03-05T10:00"}
    path = f"/complaints/{complaint.reference}/messages/"
    assert signed_in(cast.agent).post(path, form).status_code == 302
    assert not Promise.objects.exists()
    waits = Pending.objects.get()
    taken = signed_in(cast.agent).post(f"{path}pending/{waits.pk}/cancellation/", {})
    assert taken.status_code == 302 and not Promise.objects.exists()
    draft = cast.agent.drafts.get(place=f"reply:{complaint.reference}")
    assert (draft.fields["promise_text"], draft.fields["promise_due_on"]) == (TEXT, "2026-03-05T10:00")
    assert TEXT in case_page(cast, complaint)
    assert signed_in(cast.agent).post(path, form).status_code == 302
    pending.send_due(at=MONDAY + timedelta(minutes=2))
    assert complaint.promises.get().message is not None


def test_a_message_for_later_promises_from_then_on(cast: Cast) -> None:
    complaint = cast.complaint()
    form = {"body": "Hello", "promise_text": TEXT, "send_on": "2026-03-04T10:00", "later": "1"}
    path = f"/complaints/{complaint.reference}/messages/"
    answer = signed_in(cast.agent).post(path, {**form, "promise_due_on": "2026-03-03T10:00"})
    assert answer.status_code == 422, "it would be late before it is read"
    assert signed_in(cast.agent).post(path, {**form, "promise_due_on": "2026-03-06T10:00"}).status_code == 302
    pending.send_due(at=MONDAY + 2 * DAY + timedelta(hours=1, seconds=2))
    made = complaint.promises.get()
    assert made.made_at.isoformat() == "2026-03-04T10:00:00+00:00"


def rows(cast: Cast, query: str, at: datetime = MONDAY) -> dict[str, list[str]]:
    with clock.frozen(at):
        answer = signed_in(cast.agent).get(f"/complaints/?{query}")
    assert answer.status_code == 200
    found = [row for group in answer.context["groups"] for row in group.rows]
    return {row.reference: [f"{chip.tone}:{chip.text}" for chip in row.flags] for row in found}


def test_a_row_says_when_a_promise_falls_due(cast: Cast) -> None:
    today, later, none = cast.complaint(), cast.complaint(), cast.complaint()
    owed(cast, today, due=2 * HOUR)
    owed(cast, later, due=2 * DAY)
    found = rows(cast, "view=mine")
    assert next(iter(found)) == today.reference, "the nearest hour stands first"
    assert found[today.reference] == ["risk:Promised today 11:00"] and found[none.reference] == []
    assert found[later.reference] == [":Promised Wed 09:00"]
    assert rows(cast, "view=mine", MONDAY + 3 * HOUR)[today.reference] == ["breach:Promised today 11:00, not kept"]


def test_the_view_and_the_filter_of_what_is_owed(cast: Cast, django_assert_max_num_queries: Any) -> None:
    today, later, kept, none = (cast.complaint() for _ in range(4))
    owed(cast, today, due=2 * HOUR)
    owed(cast, later, due=2 * DAY)
    keep(cast, owed(cast, kept), MONDAY)
    assert list(VIEWS)[3] == "promises"
    assert set(rows(cast, "view=promises")) == {today.reference, later.reference}
    assert set(rows(cast, "view=mine&promise=any")) == {today.reference, later.reference}
    assert set(rows(cast, "view=mine&promise=today")) == {today.reference}
    assert set(rows(cast, "view=mine&promise=late", MONDAY + 3 * HOUR)) == {today.reference}
    assert set(rows(cast, "view=mine&promise=none")) == {kept.reference, none.reference}
    client = signed_in(cast.agent)
    client.get("/complaints/")
    with django_assert_max_num_queries(6):
        page = client.get("/complaints/?view=mine").content.decode()
    assert re.search(r'href="/complaints/\?view=promises"[^>]*>.*?<span class="count[^"]*">2<', page, re.S)


def test_the_complainant_sees_what_is_owed_and_what_was_kept(cast: Cast) -> None:
    complaint = cast.complaint(language="en")
    owed(cast, complaint, due=2 * DAY)
    keep(cast, owed(cast, complaint, text="Send the part"), MONDAY + HOUR)
    keep(cast, owed(cast, complaint, text="Write to the courier"), MONDAY + 5 * HOUR)
    owed(cast, complaint, text="Ask the neighbour", to_whom="the neighbour")
    gone = owed(cast, complaint, text="Not any more")
    promises.release(gone, by=Actor.person(cast.agent), at=MONDAY, reason="found")
    page = status_page(complaint, MONDAY + 6 * HOUR)
    assert "What we promised you" in page
    assert re.search(rf"{TEXT}</p><p class=\"promise__by\">By .*4 March 2026, 09:00", page)
    assert re.search(r"Send the part</p><p class=\"promise__by\">Kept: done on .*2 March 2026", page)
    assert re.search(r"Write to the courier</p><p class=\"promise__by\">Done on .*later than we promised", page)
    assert "the neighbour" not in page and "Not any more" not in page
    late = status_page(complaint, MONDAY + 3 * DAY)
    assert "We still owe it to you." in late and "promise--broken" in late


def test_nobody_reads_what_was_promised_to_another_customer(cast: Cast) -> None:
    from tests.cast import make_customer

    theirs = cast.complaint(customer=make_customer("Omar Said"))
    joint = cast.complaint()
    owed(cast, theirs, text="For Omar alone")
    merge.merge(theirs, by=Actor.person(cast.agent), at=MONDAY, into=joint, confirm=True)
    assert "For Omar alone" in panel(case_page(cast, joint))
    assert "For Omar alone" not in status_page(joint)
    assert "For Omar alone" in status_page(theirs)
