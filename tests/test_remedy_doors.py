"""The same remedies through every door: the browser's form, htmx and the API keep the same rules (F25, F26, F33)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from complaints.models import AuthorityLimit, Complaint, Payout, Remedy
from core.models import User
from tests.authority import publish
from tests.cast import Cast, make_cast
from tests.doors import DOORS, Answer, Door

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("door", DOORS, ids=str)]
D = Decimal


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    publish(
        AuthorityLimit(holder="role", role="agent", kind="refund", per_complaint=D(100)),
        AuthorityLimit(holder="role", role="lead", per_complaint=D(300)),
        AuthorityLimit(holder="role", role="manager"),
        AuthorityLimit(holder="cap", per_complaint=D(1000)),
    )
    return made


def ask(door: Door, user: User, complaint: Complaint, amount: str, currency: str = "EUR", **more: Any) -> Answer:
    value: dict[str, Any] = {"amount": amount, "currency": currency}
    about = {"kind": "refund", "reason": "Charged twice", **({"amount": value} if door.name == "api" else value)}
    return door(user, complaint, "remedies", **{**about, **more})


def test_inside_and_above(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    for amount, status in (("60.00", "granted"), ("40.01", "awaiting_approval"), ("40.00", "granted")):
        assert ask(door, cast.agent, complaint, amount).status == 200
        made = Remedy.objects.latest("pk")
        assert (made.status, made.amount, made.currency, made.requested_by) == (status, D(amount), "EUR", cast.agent)
    assert Payout.objects.count() == 2
    assert ask(door, cast.manager, complaint, "1000.00").status == 409  # the cap of all
    assert ask(door, cast.stranger, complaint, "1.00").status == 404
    assert ask(door, cast.agent, complaint, "1.00", reason=" ").status == 422
    assert Remedy.objects.count() == 3


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("-1", "EUR"),
        ("0", "EUR"),
        ("0.001", "EUR"),
        ("1e2", "EUR"),
        ("1,000.00", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("1000000000000", "EUR"),
        ("1.50", "JPY"),
        ("1.00", "ABC"),
    ],
)
def test_amounts_that_are_none(door: Door, cast: Cast, amount: str, currency: str) -> None:
    assert ask(door, cast.manager, cast.complaint(), amount, currency).status == 422
    assert Remedy.objects.count() == 0


def test_exact_in_every_currency(door: Door, cast: Cast) -> None:
    assert ask(door, cast.agent, cast.complaint(), "1.234", "KWD").status == 200
    assert Remedy.objects.get().amount == D("1.234")


def test_four_eyes(door: Door, cast: Cast) -> None:
    complaint = cast.complaint()
    assert ask(door, cast.agent, complaint, "250.00").status == 200
    one = f"remedies/{Remedy.objects.get().pk}"
    assert door(cast.agent, complaint, f"{one}/approval").status == 403
    assert door(cast.colleague, complaint, f"{one}/approval").status == 403  # above their limit
    assert door(cast.stranger, complaint, f"{one}/approval").status == 404
    assert door(cast.lead, complaint, f"{one}/rejection", reason=" ").status == 422
    assert door(cast.colleague, complaint, f"{one}/withdrawal").status == 403
    assert door(cast.lead, complaint, f"{one}/approval", note="Fine").status == 200
    assert door(cast.manager, complaint, f"{one}/approval").status == 409
    assert door(cast.manager, complaint, f"{one}/rejection", reason="No").status == 409
    assert door(cast.agent, complaint, f"{one}/withdrawal").status == 409
    done = Remedy.objects.get()
    assert (done.status, done.decided_by, done.decided_note) == ("granted", cast.lead, "Fine")
    assert Payout.objects.get().state == "due"
    assert door(cast.lead, complaint, f"{one}/revocation", reason="Paid twice").status == 200
    assert door(cast.lead, complaint, f"{one}/revocation", reason="Paid twice").status == 409
    assert (Remedy.objects.get().status, Payout.objects.get().state) == ("revoked", "cancelled")
