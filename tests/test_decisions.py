"""Decisions with demands, how the complainant learned of them, and what closing waits for, through every door (domain,
Complaint 6-7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from complaints import decisions
from complaints.actions import decide, merge, remedies
from complaints.models import Complaint, Decision, Demand, Remedy, Status
from core import cached, clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.models import OutboxMessage
from core.references import status_token
from tests.cast import MONDAY, Cast, make_cast
from tests.doors import API, DOORS, Answer, Door
from tests.surveyed import settle, settled
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DECISION = {"outcome": "partly_upheld", "root_cause": "people-mistake", "summary": "sent the second lamp"}
through = pytest.mark.parametrize("door", DOORS, ids=str)


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def asked(cast: Cast, case: Complaint, *texts: str) -> list[Demand]:
    return [decide.demand(case, by=Actor.person(cast.agent), at=MONDAY, text=text) for text in texts]


def remedy(cast: Cast, case: Complaint) -> Remedy:
    """Something granted on the spot."""
    return remedies.ask(case, by=Actor.person(cast.agent), at=MONDAY, kind="apology", amount=None, reason="ours")


def resolve(
    door: Door, cast: Cast, case: Complaint, answers: dict[int, tuple[str, str, Remedy | None]], **also: Any
) -> Answer:
    """The same decision through a door: the API takes a list, the form fields of its own."""
    fields: dict[str, Any] = {**DECISION, **also}
    if door is API:
        fields["demands"] = [
            {"id": str(pk), "outcome": outcome, "answer": words, **({"remedy": str(given.pk)} if given else {})}
            for pk, (outcome, words, given) in answers.items()
        ]
    else:
        for pk, (outcome, words, given) in answers.items():
            fields |= {f"demand_{pk}": outcome, f"demand_{pk}_answer": words}
            fields[f"demand_{pk}_remedy"] = str(given.pk) if given else ""
    return door(cast.agent, case, "resolution", **fields)


@through
def test_each_demand_is_decided_with_the_case(door: Door, cast: Cast) -> None:
    case = cast.complaint()
    assert door(cast.agent, case, "demands", text="A second lamp").status == 200
    assert door(cast.agent, case, "demands", text=" ").status == 422
    assert door(cast.agent, case, "demands", text="x" * 501).status == 422
    assert door(cast.agent, case, "demands", text="  Fifty  euros ").status == 200
    first, second = decisions.demands(case)
    assert [first.text, second.text] == ["A second lamp", "Fifty euros"]
    given = remedy(cast, case)
    answer = resolve(door, cast, case, {first.pk: ("granted", "It is on its way", given)}, findings="One was missing.")
    assert answer.status == 409 and (door is not API or "demand_open" in answer.text)
    case.refresh_from_db()
    assert case.status == Status.NEW and not Decision.objects.exists()
    done = {first.pk: ("granted", "It is on its way", given), second.pk: ("refused", "", None)}
    assert resolve(door, cast, case, done, findings="One was missing.").status == 200
    decision = decisions.current(case)
    assert decision is not None and decision.number == 1 and decision.findings == "One was missing."
    assert decision.outcome == "partly_upheld" and decision.decided_by == cast.agent and decision.answer is None
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.outcome, first.answer, first.remedy, second.outcome) == (
        "granted",
        "It is on its way",
        given,
        "refused",
    )
    entry = trail.of(case).get(kind="complaint.resolved")
    assert json.loads(entry.body)["demands"] == {str(first.pk): "granted", str(second.pk): "refused"}
    assert "on its way" not in entry.body and "on its way" in entry.private


@through
def test_a_foreign_demand_or_remedy_is_refused(door: Door, cast: Cast) -> None:
    case, other = cast.complaint(), cast.complaint()
    (mine,), (foreign,) = asked(cast, case, "A second lamp"), asked(cast, other, "Another")
    theirs, _ours = remedy(cast, other), remedy(cast, case)
    assert resolve(door, cast, case, {mine.pk: ("granted", "", theirs)}).status == 422
    if door is API:
        both = {mine.pk: ("granted", "", None), foreign.pk: ("granted", "", None)}
        refused = resolve(door, cast, case, both)
        assert refused.status == 422 and "unknown_demand" in refused.text
        assert resolve(door, cast, case, {mine.pk: ("maybe", "", None)}).status == 422
    foreign.refresh_from_db()
    assert foreign.outcome == "" and not Decision.objects.exists()


@through
def test_what_the_form_asked_becomes_the_first_demand_by_one_click(door: Door, cast: Cast) -> None:
    case = cast.complaint(remedy_sought="The lamp,\nand soon")
    if door is API:
        assert door(cast.agent, case, "demands").status == 200
        assert door(cast.agent, case, "demands").status == 409
    else:
        page = page_of(cast, case)
        assert "Take over their words" in page
        assert door(cast.agent, case, "demands/sought").status == 200
        assert "Take over their words" not in page_of(cast, case)
    assert [one.text for one in decisions.demands(case)] == ["The lamp, and soon"]
    assert "The lamp, and soon" in page_of(cast, case)


def page_of(cast: Cast, case: Complaint) -> str:
    client = Client()
    client.force_login(cast.agent)
    return client.get(f"/complaints/{case.reference}/").content.decode()


def test_demands_are_changed_and_taken_away_while_the_case_is_open(cast: Cast) -> None:
    case = cast.complaint()
    (first, second) = asked(cast, case, "A lamp", "Fifty euros")
    headers = bearer(cast.agent)
    path = f"/api/v1/complaints/{case.reference}/demands/"

    def patch(text: str, match: str | None) -> Any:
        more = {"HTTP_IF_MATCH": match} if match else {}
        body = json.dumps({"text": text})
        return Client(headers=headers).patch(f"{path}{first.pk}/", body, content_type="application/json", **more)

    listed = Client(headers=headers).get(path)
    tag = listed["ETag"]
    assert [one["text"] for one in listed.json()["results"]] == ["A lamp", "Fifty euros"]
    assert [patch("Two lamps", None).status_code, patch("Two lamps", '"1"').status_code] == [428, 412]
    assert patch("Two lamps", tag).json()["text"] == "Two lamps"
    assert Client(headers=headers).delete(f"{path}{second.pk}/").status_code == 204
    assert Client(headers=headers).delete(f"{path}{second.pk}/").status_code == 404
    assert Client(headers=bearer(cast.stranger)).get(path).status_code == 404
    other = cast.complaint()
    assert Client(headers=headers).get(f"/api/v1/complaints/{other.reference}/demands/{first.pk}/").status_code == 404
    resolve(API, cast, case, {first.pk: ("granted", "", None)})
    assert Client(headers=headers).delete(f"{path}{first.pk}/").status_code == 409
    kinds = [entry.kind for entry in trail.of(case)]
    assert kinds[1:] == [
        *["complaint.demand_added"] * 2,
        "complaint.demand_changed",
        "complaint.demand_removed",
        "complaint.resolved",
    ]


def test_the_browser_changes_and_takes_away_too(cast: Cast) -> None:
    case, other = cast.complaint(), cast.complaint()
    (first,), (foreign,) = asked(cast, case, "A lamp"), asked(cast, other, "Another")
    client = Client()
    client.force_login(cast.agent)
    base = f"/complaints/{case.reference}/demands/"
    assert client.post(f"{base}change/", {"demand": first.pk, "text": "Two lamps"}).status_code == 302
    assert client.post(f"{base}change/", {"demand": first.pk, "text": ""}).status_code == 422
    assert client.post(f"{base}change/", {"demand": foreign.pk, "text": "x"}).status_code == 422
    assert client.post(f"{base}removal/", {"demand": foreign.pk}).status_code == 422
    first.refresh_from_db()
    assert first.text == "Two lamps"
    assert client.post(f"{base}removal/", {"demand": first.pk}).status_code == 302
    assert [one.text for one in Demand.objects.all()] == ["Another"]


def test_reopening_supersedes_and_the_next_decision_counts_on(cast: Cast) -> None:
    case = settled(cast)
    case = decide.reopen(case, by=Actor.person(cast.agent), at=MONDAY + HOUR, reason="still dark")
    assert decisions.current(case) is None
    settle(case, at=MONDAY + 2 * HOUR, outcome="not_upheld")
    first, second = Decision.objects.filter(complaint=case)
    assert (first.number, first.superseded_at, second.number, second.superseded_at) == (1, MONDAY + HOUR, 2, None)
    told = Client(headers=bearer(cast.agent)).get(f"/api/v1/complaints/{case.reference}/resolution/").json()
    assert (told["number"], told["outcome"], told["answer"]) == (2, "not_upheld", "The second lamp is on its way.")
    assert [(one["number"], one["outcome"]) for one in told["earlier"]] == [(1, "upheld")]


def test_a_case_without_a_decision_row_is_read_and_closed_all_the_same(cast: Cast) -> None:
    case = settled(cast)
    Decision.objects.all().delete()
    headers = bearer(cast.agent)
    told = Client(headers=headers).get(f"/api/v1/complaints/{case.reference}/resolution/").json()
    assert told["number"] is None and told["outcome"] == "upheld" and told["delivery"]["mail"] is None
    assert "The decision is on the status page" in page_of(cast, case)
    assert Client().get(f"/status/{status_token(case.reference)}/").status_code == 200
    with pytest.raises(DomainError) as refused:
        decide.told(case, by=Actor.person(cast.agent), at=MONDAY, how="phone")
    assert refused.value.code == "not_resolved"
    assert decide.close(case, by=Actor.person(cast.agent), at=MONDAY).status == Status.CLOSED


def test_a_joint_case_decides_what_the_same_customer_asked_for_in_its_parts(cast: Cast) -> None:
    part, head = cast.complaint(), cast.complaint()
    (first,), (second,) = asked(cast, part, "A lamp"), asked(cast, head, "Fifty euros")
    by = Actor.person(cast.agent)
    merge.merge(part, by=by, at=MONDAY, into=head)
    assert f"in {part.reference}" in page_of(cast, head) and "A lamp" in page_of(cast, head)
    assert resolve(API, cast, head, {second.pk: ("refused", "", None)}).status == 409
    both = {first.pk: ("granted", "Today", None), second.pk: ("refused", "", None)}
    assert resolve(API, cast, head, both).status == 200
    status = Client().get(f"/status/{status_token(head.reference)}/").content.decode()
    assert "A lamp" in status and "Fifty euros" in status and "Today" in status
    first.refresh_from_db()
    assert (first.complaint_id, first.outcome) == (part.pk, "granted")  # stays where it was asked, as messages do


# --- delivery


def fail(case: Complaint) -> None:
    OutboxMessage.objects.filter(template="message", subject_id=case.pk).update(
        failed_at=MONDAY, error="550 no such mailbox", attempts=9
    )


@through
def test_an_answer_that_reached_nobody_holds_back_closing(door: Door, cast: Cast) -> None:
    case = settled(cast)
    fail(case)
    refused = door(cast.agent, case, "closure")
    assert refused.status == 409 and ("undelivered_answer" if door is API else "did not arrive") in refused.text
    told = Client(headers=bearer(cast.agent)).get(f"/api/v1/complaints/{case.reference}/closure/").json()
    assert told["can_close"] is False
    assert [one["code"] for one in told["guards"] if not one["is_met"]] == ["undelivered_answer"]
    page = page_of(cast, case)
    assert "The final answer did not arrive" in page and "failed" in page
    assert door(cast.agent, case, "resolution/delivery", how="shouting").status == 422
    assert door(cast.agent, case, "resolution/delivery", how="phone").status == 200
    decision = decisions.current(case)
    assert decision is not None and (decision.told_how, decision.told_by) == ("phone", cast.agent)
    assert door(cast.agent, case, "closure").status == 200
    entry = trail.of(case).get(kind="complaint.decision_told")
    assert json.loads(entry.body)["how"] == ["", "phone"]


@through
def test_nobody_is_told_of_a_decision_before_there_is_one(door: Door, cast: Cast) -> None:
    assert door(cast.agent, cast.complaint(), "resolution/delivery", how="phone").status == 409
    later = {"told_at": "2026-02-01T09:00:00Z" if door is API else "2026-02-01T09:00"}
    assert door(cast.agent, settled(cast), "resolution/delivery", how="letter", **later).status == 422


def test_seen_on_the_status_page_counts_but_not_by_scanners_and_not_by_us(cast: Cast) -> None:
    case = settled(cast)
    fail(case)
    url = f"/status/{status_token(case.reference)}/"
    ours = Client()
    ours.force_login(cast.agent)
    Client().head(url)
    ours.get(url)
    Client().get(url, headers={"Sec-Purpose": "prefetch"})
    assert decisions.current(case).seen_at is None  # type: ignore[union-attr]
    version = Complaint.objects.get(pk=case.pk).version
    with clock.frozen(MONDAY + HOUR):
        Client().get(url)
    with clock.frozen(MONDAY + 2 * HOUR):
        Client().get(url)
    assert decisions.current(case).seen_at == MONDAY + HOUR  # type: ignore[union-attr]
    assert trail.of(case).filter(kind="complaint.decision_seen").count() == 1
    assert Complaint.objects.get(pk=case.pk).version == version  # nobody's form went stale
    assert "Seen on the status page" in page_of(cast, case)
    assert decide.close(case, by=Actor.person(cast.agent), at=MONDAY + 3 * HOUR).status == Status.CLOSED


def test_a_mail_still_on_its_way_or_no_mail_at_all_does_not_hold_back(cast: Cast) -> None:
    waits = settled(cast)
    told = Client(headers=bearer(cast.agent)).get(f"/api/v1/complaints/{waits.reference}/resolution/delivery/").json()
    assert told["mail"]["state"] == "waiting" and told["is_lost"] is False and told["seen_at"] is None
    assert decide.close(waits, by=Actor.person(cast.agent), at=MONDAY).status == Status.CLOSED
    silent = cast.complaint()
    assert API(cast.agent, silent, "resolution", **DECISION).status == 200
    assert API(cast.agent, silent, "closure").status == 200


# --- what closing waits for


@through
def test_a_remedy_that_waits_for_approval_holds_back_closing(door: Door, cast: Cast) -> None:
    case = settled(cast)
    waiting = Remedy.objects.create(
        complaint=case,
        kind="refund",
        amount=Decimal("500.00"),
        currency="EUR",
        status="awaiting_approval",
        requested_by=cast.agent,
        requested_at=MONDAY,
        updated_at=MONDAY,
    )
    refused = door(cast.agent, case, "closure")
    assert refused.status == 409 and ("remedy_awaiting" if door is API else "A remedy waits") in refused.text
    Remedy.objects.filter(pk=waiting.pk).update(status="withdrawn")
    assert door(cast.agent, case, "closure").status == 200


def test_guards_are_listed_before_closing_each_met_or_not(cast: Cast) -> None:
    case = cast.complaint()
    page = page_of(cast, case)
    for words in ("Decision and root cause", "No promise is open", "The final answer is not sent"):
        assert words in page
    asked(cast, case, "A lamp")
    assert "1 thing they ask for is not decided" in page_of(cast, case)
    told = Client(headers=bearer(cast.agent)).get(f"/api/v1/complaints/{case.reference}/closure/").json()
    met = {one["code"]: one["is_met"] for one in told["guards"]}
    assert met == {
        "not_resolved": False,
        "root_cause_required": False,
        "demand_open": False,
        "open_promise": True,
        "remedy_awaiting": True,
        "undelivered_answer": False,
    }
