"""Does the complainant accept the decision? Through every door (domain, Complaint 6; interface, acceptance)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client

from complaints.actions import acceptance, decide
from complaints.models import Complaint
from core import cached, clock, trail
from core.actor import Actor
from core.models import Organisation, OutboxMessage
from core.references import status_token
from tests.cast import MONDAY, Cast, make_cast
from tests.surveyed import settle, settled
from tests.tokens import bearer

HOUR = timedelta(hours=1)


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def status(case: Complaint) -> str:
    return f"/status/{status_token(case.reference)}/"


def by_link(case: Complaint, accepted: bool, comment: str = "") -> int:
    page = Client().get(status(case)).content.decode()
    found = re.search(r'name="stamp" value="(.*?)"', page)
    assert found
    fields = {"accepted": "yes" if accepted else "no", "comment": comment, "stamp": found.group(1)}
    return Client().post(f"{status(case)}acceptance/", fields).status_code


def by_api(case: Complaint, accepted: bool, comment: str = "") -> int:
    body = {"accepted": accepted, **({"comment": comment} if comment else {})}
    path = f"/api/v1/complaints/{case.reference}/acceptance/"
    answer = Client(headers=bearer(case.owner)).post(path, json.dumps(body), content_type="application/json")
    return 302 if answer.status_code == 200 else answer.status_code


def by_desk(case: Complaint, accepted: bool, comment: str = "") -> int:
    client = Client()
    client.force_login(case.owner)
    fields = {"accepted": "yes" if accepted else "no", "comment": comment}
    return client.post(f"/complaints/{case.reference}/acceptance/", fields).status_code


DOORS = pytest.mark.parametrize("accept", [by_link, by_api, by_desk])


@DOORS
def test_the_word_is_kept_with_its_comment_outside_the_hash(cast: Cast, accept) -> None:
    case = settled(cast)
    assert accept(case, False, "The lamp is still dark.") == 302
    case.refresh_from_db()
    assert case.accepted is False and case.accepted_at == MONDAY and case.outcome == "upheld"
    entry = trail.of(case).filter(kind="complaint.accepted").get()
    assert json.loads(entry.body) == {"accepted": [None, False]}
    assert json.loads(entry.private) == {"comment": "The lamp is still dark."}
    assert acceptance.word_on(case).comment == "The lamp is still dark."


@DOORS
def test_the_last_word_wins_and_the_trail_keeps_both(cast: Cast, accept) -> None:
    case = settled(cast)
    assert [accept(case, False), accept(case, True)] == [302, 302]
    case.refresh_from_db()
    assert case.accepted is True
    words = [json.loads(entry.body)["accepted"] for entry in trail.of(case) if entry.kind == "complaint.accepted"]
    assert words == [[None, False], [False, True]]


@DOORS
def test_the_same_word_again_changes_nothing(cast: Cast, accept) -> None:
    case = settled(cast)
    accept(case, True)
    before = trail.of(case).count()
    assert accept(case, True) == 302
    assert trail.of(case).count() == before


@pytest.mark.parametrize("accept", [by_api, by_desk])
def test_before_a_decision_there_is_nothing_to_accept(cast: Cast, accept) -> None:
    assert accept(cast.complaint(), True) == 409


def test_before_a_decision_the_page_does_not_ask(cast: Cast) -> None:
    case = cast.complaint()
    assert "/acceptance/" not in Client().get(status(case)).content.decode()
    assert Client().post(f"{status(case)}acceptance/", {"accepted": "yes"}).status_code == 409
    assert Client().post("/status/AM-2222-2222-x/acceptance/", {"accepted": "yes"}).status_code == 404


def test_a_withdrawn_case_has_no_decision_and_a_closed_one_has(cast: Cast) -> None:
    withdrawn = decide.withdraw(cast.complaint(), by=Actor.customer(), at=MONDAY, reason="found it")
    assert by_api(withdrawn, True) == 409
    closed = decide.close(settled(cast), by=Actor.person(cast.agent), at=MONDAY)
    assert by_link(closed, True) == 302


def test_reopening_takes_the_word_back(cast: Cast) -> None:
    case = settled(cast)
    by_link(case, False)
    case = decide.reopen(case, by=Actor.person(cast.agent), at=MONDAY + HOUR, reason="still dark")
    assert case.accepted is None
    settle(case, at=MONDAY + 2 * HOUR)
    assert "Do you accept this decision?" in Client().get(status(case)).content.decode()


def test_declining_tells_the_owner_and_leads_on(cast: Cast) -> None:
    Organisation.objects.filter(pk=1).update(referral_text="The ombudsman, Rua Nova 1")
    case = settled(cast)
    by_link(case, False, "Still dark <b>")
    mail = OutboxMessage.objects.get(template="decision_declined")
    assert mail.recipient == cast.agent.email and mail.context["body"] == "Still dark <b>"
    page = Client().get(status(case)).content.decode()
    assert "What happens next" in page and 'href="#id_body"' in page and "The ombudsman, Rua Nova 1" in page
    assert "Change my answer" in page


def test_our_own_note_of_it_tells_nobody(cast: Cast) -> None:
    case = settled(cast)
    by_desk(case, False)
    assert not OutboxMessage.objects.filter(template="decision_declined").exists()


def test_a_form_counts_once_and_not_without_its_token(cast: Cast) -> None:
    case = settled(cast)
    page = Client().get(status(case)).content.decode()
    stamp = re.search(r'name="stamp" value="(.*?)"', page).group(1)  # type: ignore[union-attr]
    for accepted in ("yes", "no"):
        assert Client().post(f"{status(case)}acceptance/", {"accepted": accepted, "stamp": stamp}).status_code == 302
    case.refresh_from_db()
    assert case.accepted is True
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"{status(case)}acceptance/", {"accepted": "no"}).status_code == 403
    assert Client().get(f"{status(case)}acceptance/").status_code == 405
    assert Client().post(f"{status(case)}acceptance/", {"accepted": "maybe"}).status_code == 422


def test_the_api_reads_it_and_refuses_what_is_no_answer(cast: Cast) -> None:
    case = settled(cast)
    path, headers = f"/api/v1/complaints/{case.reference}/acceptance/", bearer(cast.agent)
    never = {"at": None, "by": None, "actor": None, "reason": ""}
    assert Client(headers=headers).get(path).json() == {"accepted": None, "accepted_at": None, "comment": "", **never}
    by_api(case, True, "Thank you")
    read = Client(headers=headers).get(path).json()
    at = "2026-03-02T09:00:00Z"
    assert (read["accepted"], read["accepted_at"], read["comment"], read["at"]) == (True, at, "Thank you", at)
    assert read["by"] == {"id": str(cast.agent.pk), "name": cast.agent.name}
    for body, code in (
        ({}, "required"),
        ({"accepted": "yes"}, "not_a_boolean"),
        ({"accepted": True, "x": 1}, "unknown_field"),
    ):
        answer = Client(headers=headers).post(path, json.dumps(body), content_type="application/json")
        assert answer.status_code == 400 and answer.json()["errors"][0]["code"] == code
    assert Client(headers=bearer(cast.stranger)).get(path).status_code == 404
