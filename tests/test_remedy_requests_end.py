"""Remedies somebody asked for: withdrawn with a reason, and what becomes of them when the case ends (decision 29)."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from complaints import authority
from complaints.actions import merge
from complaints.models import AuthorityLimit, Complaint, Remedy
from core import clock, trail
from core.actor import Actor
from core.models import Notification, TrailEntry, User
from tests.asking import ask, read
from tests.authority import publish
from tests.cast import Cast, make_cast
from tests.doors import API, DOORS, Door

pytestmark = pytest.mark.django_db
through = pytest.mark.parametrize("door", DOORS, ids=str)


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    publish(
        AuthorityLimit(holder="role", role="agent", kind="refund", per_complaint=Decimal(100)),
        AuthorityLimit(holder="role", role="manager"),
    )
    return made


def asked(who: User, complaint: Complaint, amount: str = "150.00", **more: str) -> Remedy:
    told = ask(who, complaint, "refund", amount, **more)[1]
    assert told["status"] == "awaiting_approval"
    return Remedy.objects.get(pk=told["id"])


def merged(cast: Cast, source: Complaint, target: Complaint) -> None:
    merge.merge(source, by=Actor.person(cast.manager), at=clock.now(), into=target, confirm=True)


def last(complaint: Complaint, kind: str) -> TrailEntry:
    entry = trail.of(complaint).filter(kind=kind).last()
    assert entry is not None
    return entry


@through
def test_a_request_is_withdrawn_with_a_reason(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    first, second = asked(cast.agent, complaint), asked(cast.agent, complaint, "160.00")
    where = f"remedies/{first.pk}/withdrawal"
    assert door(cast.agent, complaint, where, reason="x" * 2001).status == 422
    assert door(cast.agent, complaint, where, reason="The carrier pays").status == 200
    first.refresh_from_db()
    assert (first.status, first.undone_by, first.undone_note) == ("withdrawn", cast.agent, "The carrier pays")
    entry = last(complaint, "complaint.remedy_withdrawn")
    assert json.loads(entry.private)["reason"] == "The carrier pays" and "carrier" not in entry.body
    assert door(cast.agent, complaint, f"remedies/{second.pk}/withdrawal").status == 200  # a reason is not required
    second.refresh_from_db()
    assert (second.status, second.undone_note) == ("withdrawn", "")


@through
def test_withdrawing_a_case_withdraws_what_waits_on_it(door: Door, cast: Cast) -> None:
    complaint, part, other = cast.complaint(), cast.complaint(), cast.complaint()
    waiting = [asked(cast.colleague, complaint, description="Mrs Rossi"), asked(cast.colleague, part)]
    stays = asked(cast.colleague, other)
    merged(cast, part, complaint)
    assert set(authority.awaiting_for(cast.manager)) == {*waiting, stays}
    assert door(cast.agent, complaint, "withdrawal", reason="They found it").status == 200
    for remedy, of in zip(waiting, (complaint, part), strict=True):
        remedy.refresh_from_db()
        assert (remedy.status, remedy.undone_by, remedy.version) == ("withdrawn", None, 2)
        entry = last(of, "complaint.remedy_withdrawn")
        assert (entry.actor_kind, json.loads(entry.body)["because"]) == ("system", "case_withdrawn")
        assert "Rossi" not in entry.body and not list(trail.verify(trail.of(of)))
        assert read(cast.agent, f"remedies/{remedy.pk}/")[1]["undone_by"] is None
    assert list(authority.awaiting_for(cast.manager)) == [stays]
    told = Notification.objects.filter(user=cast.colleague, event="approval")
    assert {one.words["reference"] for one in told} == {complaint.reference, part.reference}


@through
def test_a_joint_case_waits_for_what_its_parts_asked_for(door: Door, cast: Cast) -> None:
    complaint, part = cast.complaint(), cast.complaint()
    remedy = asked(cast.agent, part)
    merged(cast, part, complaint)
    remedy.refresh_from_db()
    assert remedy.status == "awaiting_approval" and list(authority.awaiting_for(cast.manager)) == [remedy]
    Complaint.objects.filter(pk=complaint.pk).update(status="resolved", resolved_at=clock.now(), outcome="upheld")
    refused = door(cast.agent, complaint, "closure")
    assert refused.status == 409 and ("remedy_awaiting" if door is API else "A remedy waits") in refused.text
    guards = read(cast.agent, f"complaints/{complaint.reference}/closure/")[1]["guards"]
    assert {"code": "remedy_awaiting", "is_met": False}.items() <= guards[-2].items()
    assert door(cast.agent, part, f"remedies/{remedy.pk}/withdrawal").status == 200
    assert door(cast.agent, complaint, "closure").status == 200
