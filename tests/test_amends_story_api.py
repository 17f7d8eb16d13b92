"""Making amends over the API alone, each caller with a token of their own and no more scopes than they need: charged
twice, a refund above one's limit, a promise that was broken; and the figures by hand (mission A7, A8, A11, A12, C5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from complaints.models import AuthorityLimit, Complaint
from complaints.promises.sweep import sweep
from core import cached, clock, trail
from core.models import User
from tests.authority import publish
from tests.cast import MONDAY, Cast, make_cast
from tests.tokens import bearer

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FRIDAY = MONDAY + 4 * DAY + 8 * HOUR
ALL = "?from=2026-03-01&to=2026-04-30"  # both complaints of Dana and that of Ivo
DECIDED = {"outcome": "upheld", "root_cause": "people-mistake", "summary": "Put right."}


class Caller:
    """Somebody with a token of these scopes."""

    def __init__(self, user: User, *scopes: str) -> None:
        self.client = Client(headers=bearer(user, *scopes))

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.client.get(f"/api/v1/{path}")
        assert answer.status_code == status, answer.content
        return answer.json()

    def post(self, path: str, status: int = 201, **body: Any) -> Any:
        answer = self.client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
        assert answer.status_code == status, answer.content
        return answer.json()


class House:
    """The agent takes calls and makes amends, the lead approves and learns, the manager pays and reads the figures."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        money = ("charges:read", "remedies:write", "promises:write")
        self.agent = Caller(cast.agent, "complaints:write", "notifications:read", *money)
        self.lead = Caller(cast.lead, "remedies:write", "corrective-actions:write", "notifications:read")
        self.manager = Caller(cast.manager, "payouts:read", "metrics:read")
        self.shop = Caller(cast.manager, "customers:write", "charges:write", "complaints:write")

    def customer(self, name: str, email: str) -> str:
        """A customer since 2024."""
        key = self.shop.post("customers/", name=name, email=email)["id"]
        self.shop.post(f"customers/{key}/joining/", 200, joined_on="2024-01-15")
        return str(key)

    def complaint(self, email: str, subject: str) -> str:
        """Told by phone and given to the agent. Its path."""
        told = {"channel": "phone", "subject": subject, "description": "As told on the phone."}
        made = self.shop.post("complaints/", **told, customer={"email": email}, order_number="A-1093")
        case = f"complaints/{made['reference']}/"
        self.shop.post(f"{case}owner/", 200, owner=str(self.cast.agent.pk))
        return case

    def end(self, case: str) -> None:
        self.agent.post(f"{case}resolution/", 200, **DECIDED, answer="You are right, and we have put it right.")
        self.agent.post(f"{case}closure/", 200)

    def figure(self, name: str, more: str = "") -> Any:
        return self.manager.get(f"metrics/{name}/{ALL}{more}")


@pytest.fixture
def house() -> Iterator[House]:
    """Agents may give back 100 on one complaint, leads 300."""
    cached.clear_all()
    with clock.frozen(MONDAY):
        cast = make_cast()
        publish(
            AuthorityLimit(holder="role", role="agent", currency="EUR", per_complaint=Decimal(100)),
            AuthorityLimit(holder="role", role="lead", per_complaint=Decimal(300)),
        )
        yield House(cast)
    cached.clear_all()


def charged_twice(house: House) -> str:
    """Dana was charged twice: both charges are seen, one is given back, a call promised and made, the case closed."""
    dana = house.customer("Dana Kim", "dana.kim@mail.example")
    for on in ("2026-02-20", "2026-02-21"):
        asked = {"amount": {"amount": "64.90", "currency": "EUR"}, "charged_on": on, "order_number": "A-1093"}
        house.shop.post(f"customers/{dana}/charges/", **asked, description="Hosting, February")
    case = house.complaint("dana.kim@mail.example", "Charged twice for February")
    demand = house.agent.post(f"{case}demands/", text="One of the two charges back")
    charges = house.agent.get(f"customers/{dana}/charges/")["results"]
    assert [(one["amount"]["amount"], one["order_number"]) for one in charges] == [("64.90", "A-1093")] * 2
    second = max(charges, key=lambda one: one["charged_on"])

    refund = {"kind": "refund", "charge": second["id"], "amount": second["amount"], "reason": "Charged twice"}
    given = house.agent.post(f"{case}remedies/", **refund)
    assert (given["status"], given["within_authority"], given["payout"]["state"]) == ("granted", True, "due")
    again = house.agent.post(f"{case}remedies/", 400, **refund)
    assert again["code"] == "above_order_value", "a charge is given back once"
    promise = house.agent.post(f"{case}promises/", text="Call Dana", due_at=iso(FRIDAY), channel="phone")
    decided = {"id": demand["id"], "outcome": "granted", "answer": "It goes back to your card.", "remedy": given["id"]}
    letter = "You are right, and one of the two charges goes back."
    house.agent.post(
        f"{case}resolution/", 200, **DECIDED, findings="The run was started twice.", answer=letter, demands=[decided]
    )
    house.agent.post(f"{case}acceptance/", 200, accepted=True, comment="That was quick.")

    assert house.agent.post(f"{case}closure/", 409)["code"] == "open_promise"
    guards = {one["code"]: one["is_met"] for one in house.agent.get(f"{case}closure/")["guards"]}
    assert guards["open_promise"] is False and sum(not met for met in guards.values()) == 1
    kept = house.agent.post(f"{case}promises/{promise['id']}/fulfilment/", 200)
    assert (kept["state"], kept["owed"]) == ("kept", False)
    closed = house.agent.post(f"{case}closure/", 200)
    assert (closed["status"], closed["outcome"], closed["accepted"]) == ("closed", "upheld", True)

    plan = {"title": "A run starts once", "root_cause": closed["root_cause"], "due_on": "2026-04-01"}
    owner = str(house.cast.agent.pk)
    action = house.lead.post("corrective-actions/", **plan, owner=owner, complaints=[closed["reference"]])
    linked = house.lead.get(f"corrective-actions/{action['id']}/complaints/")["results"]
    assert [one["reference"] for one in linked] == [closed["reference"]]
    told = house.agent.get(f"{case}resolution/")
    assert (told["accepted"], told["answer"], told["demands"][0]["remedy"]) == (True, letter, given["id"])
    return dana


def above_the_limit(house: House) -> None:
    """Dana again: what is above the agent's limit waits for the lead."""
    case = house.complaint("dana.kim@mail.example", "Charged after the notice")
    asked = {"kind": "refund", "amount": {"amount": "180.00", "currency": "EUR"}, "reason": "Three months too many"}
    remedy = house.agent.post(f"{case}remedies/", **asked)
    assert (remedy["status"], remedy["payout"]) == ("awaiting_approval", None)
    where = f"{case}remedies/{remedy['id']}/"
    assert house.agent.post(f"{where}approval/", 403)["code"] == "own_request"
    waiting = house.lead.get("remedies/?status=awaiting_approval")["results"]
    assert [one["id"] for one in waiting] == [remedy["id"]]
    granted = house.lead.post(f"{where}approval/", 200, note="She gave notice in time")
    assert (granted["status"], granted["within_authority"]) == ("granted", False)
    assert granted["decided_by"]["name"] == "Lena Lead"
    heard = [one["text"] for one in house.agent.get("notifications/")["results"]]
    assert any("Lena Lead approved the remedy you asked for" in one for one in heard), heard
    assert [one["amount"]["amount"] for one in house.manager.get("payouts/?state=due")["results"]].count("180.00") == 1
    house.end(case)
    house.agent.post(f"{case}acceptance/", 200, accepted=False, comment="It took too long.")


def broken_promise(house: House) -> str:
    """Nobody called Ivo by the hour promised: it is broken, whatever is agreed afterwards. He leaves."""
    ivo = house.customer("Ivo Petrov", "ivo@mail.example")
    case = house.complaint("ivo@mail.example", "Nobody calls back")
    at = clock.now()
    promise = house.agent.post(f"{case}promises/", text="Call Ivo", due_at=iso(at + 2 * HOUR))
    with clock.frozen(at + 3 * HOUR):
        assert sweep().broken == 1
        where = f"{case}promises/{promise['id']}/"
        assert house.agent.get(where)["state"] == "broken"
        heard = [one["text"] for one in house.agent.get("notifications/")["results"]]
        assert any("was not kept in time" in one for one in heard), heard
        anew = {"due_at": iso(at + 2 * DAY), "reason": "He is on a plane until tomorrow"}
        fresh = house.agent.post(f"{where}renegotiation/", **anew)
        assert (fresh["state"], fresh["text"]) == ("open", "Call Ivo")
        old = house.agent.get(where)
        assert (old["state"], old["renewed_as"], old["settled_note"]) == ("broken", fresh["id"], anew["reason"])
    with clock.frozen(at + 1 * DAY):
        house.agent.post(f"{case}promises/{fresh['id']}/fulfilment/", 200)
        house.end(case)
    return ivo


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def sound() -> None:
    """Nobody has touched what happened."""
    for complaint in Complaint.objects.all():
        assert list(trail.verify(trail.of(complaint))) == []


def test_charged_twice(house: House) -> None:
    charged_twice(house)
    kept, given = house.figure("promises-kept"), house.figure("remedies-granted")
    assert (kept["numerator"], kept["denominator"], kept["value"]) == (1, 1, 100)
    assert (given["n"], given["values"]) == (1, {"EUR": 64.9})
    accepted, again = house.figure("acceptance-rate"), house.figure("repeat-complaints")
    assert (accepted["numerator"], accepted["denominator"]) == (1, 1)
    assert (again["numerator"], again["denominator"]) == (0, 1)
    sound()


def test_above_the_agent_s_limit(house: House) -> None:
    house.customer("Dana Kim", "dana.kim@mail.example")
    before = house.figure("remedies-granted")
    assert (before["n"], before["values"]) == (0, {})
    above_the_limit(house)
    given = house.figure("remedies-granted", "&group_by=authority")
    assert [(one["key"], one["n"], one["values"]) for one in given["groups"] if one["n"]] == [
        ("approved", 1, {"EUR": 180.0})
    ]
    sound()


def test_a_broken_promise(house: House) -> None:
    broken_promise(house)
    with clock.frozen(MONDAY + 2 * DAY):
        kept = house.figure("promises-kept")
    assert (kept["numerator"], kept["denominator"]) == (1, 2), "the first broken, the second kept"
    sound()


def test_the_figures_by_hand(house: House) -> None:
    """Dana, 2 March: 64.90 on the spot, call kept, accepted. Dana, 12 March: 180 approved, declined. Ivo, 13 March: a
    promise broken and another kept, nothing given, nothing asked; he leaves within the 90 days, she stays."""
    charged_twice(house)
    with clock.frozen(MONDAY + 10 * DAY):
        above_the_limit(house)
    with clock.frozen(MONDAY + 11 * DAY):
        ivo = broken_promise(house)
    with clock.frozen(MONDAY + 40 * DAY):
        house.shop.post(f"customers/{ivo}/departure/", 200, left_on="2026-04-10", reason="Nobody called")
    with clock.frozen(MONDAY + 120 * DAY):
        kept = house.figure("promises-kept")
        assert (kept["numerator"], kept["denominator"], kept["value"]) == (2, 3, pytest.approx(200 / 3))
        given = house.figure("remedies-granted")
        assert (given["n"], given["values"]) == (2, {"EUR": 244.9})
        accepted = house.figure("acceptance-rate")
        assert (accepted["numerator"], accepted["denominator"], accepted["value"]) == (1, 2, 50)
        again = house.figure("repeat-complaints")
        assert (again["numerator"], again["denominator"]) == (1, 3)
        stayed = house.figure("service-recovery")
        assert (stayed["numerator"], stayed["denominator"], stayed["value"]) == (1, 2, 50)
        assert groups(house, "remedy") == {"refund": (1, 1), "none": (0, 1)}
        assert groups(house, "promises") == {"kept": (1, 1), "broken": (0, 1)}
    sound()


def groups(house: House, by: str) -> dict[str, tuple[int, int]]:
    """Of how many customers how many stayed, by what their first complaint got."""
    found = house.figure("service-recovery", f"&group_by={by}")["groups"]
    return {one["key"]: (one["numerator"], one["denominator"]) for one in found if one["denominator"]}
