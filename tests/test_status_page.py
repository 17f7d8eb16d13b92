"""The complainant's own page: each step in plain words, a box to answer, nothing for strangers (A8; F10, F13, F25)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from complaints.actions import converse, decide, handle, manage
from complaints.models import Complaint, Message
from complaints.reference import catalogue
from core import cached, clock
from core.actor import Actor
from core.models import LoginFailure, OutboxMessage
from core.references import return_code, status_token
from tests.cast import MONDAY, Cast, make_cast

HOUR = timedelta(hours=1)


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def path(complaint: Complaint) -> str:
    return f"/status/{status_token(complaint.reference)}/"


def shown(complaint: Complaint, at: Any = MONDAY, query: str = "", client: Client | None = None) -> str:
    with clock.frozen(at):
        answer = (client or Client()).get(path(complaint) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def headline(page: str) -> str:
    return re.search(r"<h1>(.*?)</h1>", page).group(1)  # type: ignore[union-attr]


def stages(page: str) -> list[tuple[str, str]]:
    """[(title, state)] as the page lists them."""
    found = re.findall(r'<li class="stage( stage--\w+)?".*?<b>(.*?)</b>', page, re.S)
    return [(title, state.removeprefix(" stage--")) for state, title in found]


def stamp(page: str) -> str:
    return re.search(r'name="stamp" value="(.*?)"', page).group(1)  # type: ignore[union-attr]


def test_each_step_is_told(cast: Cast) -> None:
    case = cast.complaint(at=MONDAY)
    me = Actor.person(cast.agent)
    page = shown(case)
    assert headline(page) == f"We have received your complaint {case.reference}."
    assert "A person will read it and reply by 2 March 2026, 13:00 (Lisbon time)." in page
    assert stages(page) == [
        ("Received", "done"),
        ("A person answers you", "now"),
        ("Our decision and what we will do", ""),
    ]
    assert case.narrative.description in page

    case = handle.acknowledge(case, by=me, at=MONDAY + HOUR, message="I am Ana. I have read your complaint.")
    page = shown(case, MONDAY + HOUR)
    assert headline(page) == "A person has taken up your complaint."
    assert "I am Ana. I have read your complaint." in page
    assert "Ana Agent will reply by 5 March 2026, 10:00 (Lisbon time)." in page  # 27 working hours later
    assert ("With a person", "now") in stages(page)

    case = handle.investigate(case, by=me, at=MONDAY + 2 * HOUR)
    assert headline(shown(case, MONDAY + 2 * HOUR)) == "We are looking into it."

    case = handle.wait(case, by=me, at=MONDAY + 3 * HOUR, reason="secret reason of ours")
    page = shown(case, MONDAY + 3 * HOUR)
    assert headline(page) == "We are waiting for your answer."
    assert ("Waiting for your answer", "now") in stages(page)
    assert "secret reason of ours" not in page

    converse.incoming(case, by=Actor.customer(), at=MONDAY + 4 * HOUR, body="Here is the bill.")
    converse.note(case, by=me, at=MONDAY + 4 * HOUR, body="a note among ourselves")
    case.refresh_from_db()
    page = shown(case, MONDAY + 4 * HOUR)
    assert headline(page) == "We are looking into it."
    assert "Here is the bill." in page and "a note among ourselves" not in page

    case = decide.resolve(
        case,
        by=me,
        at=MONDAY + 5 * HOUR,
        outcome="partly_upheld",
        root_cause=catalogue().causes["people-mistake"],
        summary="internal summary",
        answer="We refund one lamp.",
    )
    page = shown(case, MONDAY + 5 * HOUR)
    assert headline(page) == "We have decided."
    assert "Our decision: you are partly right" in page and page.count("We refund one lamp.") == 1
    assert "internal summary" not in page

    case = decide.close(case, by=me, at=MONDAY + 6 * HOUR)
    page = shown(case, MONDAY + 6 * HOUR)
    assert headline(page) == "Your complaint is closed."
    assert "just reply here by 1 April 2026" in page
    assert [state for _, state in stages(page)] == ["done"] * 5

    case = decide.reopen(case, by=me, at=MONDAY + 30 * HOUR, reason="again")
    page = shown(case, MONDAY + 30 * HOUR)
    assert headline(page) == f"{case.reference} is open again."
    assert [title for title, _ in stages(page)][2:5] == ["Our earlier decision", "Opened again", "Looking into it"]
    again = page[page.index("Opened again") : page.index("</ol>", page.index("Opened again"))]
    assert "3 March 2026, 15:00" in again and "Monday 2 March" not in again  # the first look lies behind that decision

    case = decide.withdraw(case, by=me, at=MONDAY + 31 * HOUR, reason="changed their mind")
    page = shown(case, MONDAY + 31 * HOUR)
    assert headline(page) == "Your complaint is withdrawn."
    assert stages(page)[-1] == ("Withdrawn", "done")
    assert "changed their mind" not in page


def test_a_missed_date_is_owned_up_to(cast: Cast) -> None:
    page = shown(cast.complaint(at=MONDAY), MONDAY + 5 * HOUR)
    assert "We owed you an answer by 2 March 2026, 13:00 (Lisbon time) and are late. We are sorry." in page
    assert "will read it and reply by" not in page


def test_quarantined_ones_are_received(cast: Cast) -> None:
    case = cast.complaint(at=MONDAY, quarantine=True, owner=None)
    page = shown(case)
    assert headline(page) == f"We have received your complaint {case.reference}."
    assert "reply by 2 March 2026, 13:00 (Lisbon time)" in page
    manage.release(case, by=Actor.person(cast.manager), at=MONDAY + HOUR)
    assert "reply by 2 March 2026, 13:00 (Lisbon time)" in shown(case, MONDAY + HOUR)


def test_in_the_complaints_language_unless_another_is_chosen(cast: Cast) -> None:
    case = cast.complaint(at=MONDAY, language="ru")
    client = Client(headers={"Accept-Language": "en"})
    client.cookies["django_language"] = "es"
    page = shown(case, client=client)
    assert '<html lang="ru"' in page and "2 марта 2026 года" in page and "Лиссабон" in page
    page = shown(case, query="?language=it", client=client)
    assert '<html lang="it"' in page and "lunedì 2 marzo 2026" in page
    assert '<html lang="ru"' in shown(case, query="?language=tlh", client=client)


def test_wrong_and_unknown_links_are_the_same_404(cast: Cast, django_assert_num_queries: Any) -> None:
    case = cast.complaint()
    unknown = f"/status/{status_token('AM-2222-2222')}/"
    wrong = path(case)[:-2] + ("0/" if path(case)[-2] != "0" else "1/")
    bodies = set()
    for place in (unknown, wrong, "/status/nonsense/", f"/status/{case.reference}/", "/status/é-ж/"):
        with django_assert_num_queries(1):
            answer = Client().get(place, headers={"X-Request-ID": "0" * 24})
        assert answer.status_code == 404
        bodies.add(re.sub(r"[0-9a-f]{24}", "", answer.content.decode()))
    assert len(bodies) == 1
    assert Client().post(wrong, {"body": "x"}).status_code == 404


def test_kept_nowhere_and_found_nowhere(cast: Cast) -> None:
    answer = Client().get(path(cast.complaint()))
    assert answer["Cache-Control"] == "private, no-store"
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_an_answer_is_taken_once(cast: Cast) -> None:
    case = cast.complaint(at=MONDAY)
    client = Client()
    fields = {"body": "Here is the bill.\r\nAnd more.", "stamp": stamp(shown(case, client=client))}
    first, second = client.post(path(case), fields), client.post(path(case), fields)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    got = Message.objects.get(complaint=case)
    assert (got.direction, got.body) == ("in", "Here is the bill.\nAnd more.")
    assert OutboxMessage.objects.filter(template="customer_answered").count() == 1
    page = client.get(first["Location"]).content.decode()
    assert "We have your message." in page and "Here is the bill." in page


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_twenty_parallel_answers_are_one() -> None:
    cached.clear_all()
    case = make_cast().complaint()
    fields = {"body": "Here is the bill.", "stamp": stamp(shown(case, clock.now()))}
    codes: list[int] = []

    def post() -> None:
        try:
            codes.append(Client().post(path(case), fields).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [302] * 20
    assert Message.objects.filter(complaint=case).count() == 1


def test_an_answer_ends_the_waiting_and_reopens_what_is_closed(cast: Cast) -> None:
    me = Actor.person(cast.agent)
    case = handle.wait(cast.complaint(at=MONDAY), by=me, at=MONDAY, reason="the bill")
    Client().post(path(case), {"body": "Here it is.", "stamp": stamp(shown(case))})
    case.refresh_from_db()
    assert case.status == "investigating"
    case = decide.resolve(
        case,
        by=me,
        at=MONDAY,
        outcome="upheld",
        root_cause=catalogue().causes["people-mistake"],
        summary="done",
    )
    case = decide.close(case, by=me, at=MONDAY)
    Client().post(path(case), {"body": "Not yet.", "stamp": stamp(shown(case))})
    case.refresh_from_db()
    assert case.status == "investigating"


@pytest.mark.parametrize("body", ["", "   \n", "a\0b", "x" * 20_001])
def test_a_wrong_answer_is_refused_and_kept(cast: Cast, body: str) -> None:
    case = cast.complaint(at=MONDAY)
    answer = Client().post(path(case), {"body": body, "stamp": stamp(shown(case))})
    assert answer.status_code == 422
    assert 'href="#id_body"' in answer.content.decode()
    assert not Message.objects.exists()


def test_many_answers_have_to_wait(cast: Cast, settings: Any) -> None:
    settings.PUBLIC_FORMS_PER_HOUR = 1
    case = cast.complaint(at=MONDAY)
    client = Client()
    for expected in (302, 429):
        answer = client.post(path(case), {"body": f"I am told {expected}", "stamp": stamp(shown(case))})
        assert answer.status_code == expected
    assert int(answer["Retry-After"]) > 0 and "I am told 429" in answer.content.decode()


def test_the_token_of_the_form_is_asked_for(cast: Cast) -> None:
    case = cast.complaint()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path(case), {"body": "x"}).status_code == 403
    assert strict.post("/status/", {"reference": "x", "code": "y"}).status_code == 403


def test_what_people_wrote_is_shown_literally(cast: Cast) -> None:
    evil = "<img src=x onerror=canary()> \u202egnp.exe {{ 7|add:7 }}"
    case = cast.complaint(description=evil, subject=evil, at=MONDAY)
    converse.message(case, by=Actor.person(cast.agent), at=MONDAY, body=evil)
    page = shown(case)
    assert "<img" not in page and page.count("&lt;img src=x onerror=canary()&gt;") == 2
    assert page.count('dir="auto"') >= 2


def test_the_page_costs_a_handful_of_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    case = cast.complaint(at=MONDAY)
    for number in range(20):
        converse.message(case, by=Actor.person(cast.agent), at=MONDAY, body=f"Message {number}")
    client = Client()
    shown(case, client=client)
    with django_assert_max_num_queries(7):
        shown(case, client=client)
    decide.resolve(
        case,
        by=Actor.person(cast.agent),
        at=MONDAY,
        outcome="upheld",
        root_cause=catalogue().causes["people-mistake"],
        summary="sent it",
        answer="It is on its way.",
    )
    shown(case, client=client)  # the first time notes that it was seen
    with django_assert_max_num_queries(10):
        shown(case, client=client)


def find(reference: str, code: str, at: Any = MONDAY) -> Any:
    with clock.frozen(at):
        return Client().post("/status/", {"reference": reference, "code": code})


def test_reference_and_code_lead_to_the_page(cast: Cast) -> None:
    case = cast.complaint()
    code = return_code(case.reference)
    for written, as_code in (
        (case.reference, code),
        (f" {case.reference.lower()} ", code.lower()),
        (case.reference.replace("-", ""), f" {code} "),
    ):
        answer = find(written, as_code)
        assert answer.status_code == 302 and answer["Location"] == path(case)


def test_wrong_codes_all_answer_alike_and_then_wait(cast: Cast, settings: Any) -> None:
    case = cast.complaint()
    wrong = [(case.reference, "22222-22222"), ("AM-2222-2222", return_code("AM-2222-2222")), ("nonsense", "é")]
    pages = set()
    for reference, code in wrong:
        answer = find(reference, code)
        assert answer.status_code == 422
        page = answer.content.decode()
        page = re.sub(r'value="[^"]*"', "", page)
        pages.add(page)
    assert len(pages) == 1
    for _ in range(settings.LOGIN_FAILURES_ALLOWED - len(wrong)):
        find("AM-2222-2222", "nonsense")
    refused = find(case.reference, return_code(case.reference))
    assert refused.status_code == 429 and int(refused["Retry-After"]) <= 900
    assert LoginFailure.objects.count() == settings.LOGIN_FAILURES_ALLOWED
    later = find(case.reference, return_code(case.reference), MONDAY + timedelta(minutes=16))
    assert later.status_code == 302
