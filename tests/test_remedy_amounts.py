"""Amounts of remedies: exact strings in the currency's own decimals, and nothing else (case F33)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from complaints.models import AuthorityLimit, Remedy
from tests.asking import ask, code, read, send
from tests.authority import publish
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def cast() -> Cast:
    return make_cast()


F33 = [
    ("-1", "EUR", "invalid_amount"),
    ("0", "EUR", "not_positive"),
    ("0.00", "EUR", "not_positive"),
    ("0.001", "EUR", "too_many_decimals"),
    ("1e2", "EUR", "invalid_amount"),
    ("1,000.00", "EUR", "invalid_amount"),
    ("NaN", "EUR", "invalid_amount"),
    ("Infinity", "EUR", "invalid_amount"),
    ("-Infinity", "EUR", "invalid_amount"),
    ("1000000000000", "EUR", "amount_out_of_range"),
    ("1.50", "JPY", "too_many_decimals"),
    ("1.0", "JPY", "too_many_decimals"),
    ("1.2345", "KWD", "too_many_decimals"),
    ("1.00", "ABC", "unknown_currency"),
    ("1.00", "eur", "unknown_currency"),
    (" 1.00", "EUR", "invalid_amount"),
    ("+1.00", "EUR", "invalid_amount"),
    ("١٢", "EUR", "invalid_amount"),
    ("", "EUR", "invalid_amount"),
    (1, "EUR", "invalid_amount"),
    (1.5, "EUR", "invalid_amount"),
    (None, "EUR", "invalid_amount"),
    (True, "EUR", "invalid_amount"),
]


@pytest.mark.parametrize(("amount", "currency", "refusal"), F33, ids=[f"{a}-{c}" for a, c, _ in F33])
def test_amounts_that_are_none(cast: Cast, amount: Any, currency: str, refusal: str) -> None:
    body = {"kind": "refund", "reason": "Charged twice", "amount": {"amount": amount, "currency": currency}}
    told = send(cast.manager, f"complaints/{cast.complaint().reference}/remedies/", body)
    assert (told[0], code(told)) == (400, refusal)
    assert Remedy.objects.count() == 0


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1.234", "KWD", "1.234"),
        ("1500", "JPY", "1500"),
        ("0.1", "EUR", "0.10"),
        ("0.01", "EUR", "0.01"),
        ("999999999999.99", "EUR", "999999999999.99"),
        ("70.07", "EUR", "70.07"),
        ("1.2345", "CLF", "1.2345"),
    ],
)
def test_amounts_come_back_as_they_went(cast: Cast, amount: str, currency: str, shown: str) -> None:
    status, told = ask(cast.manager, cast.complaint(), "refund", amount, currency)
    assert (status, told["amount"]) == (201, {"amount": shown, "currency": currency})
    assert Remedy.objects.get().amount == D(shown)
    assert read(cast.manager, "remedies/")[1]["results"][0]["amount"]["amount"] == shown


def test_sums_are_exact(cast: Cast) -> None:
    """0.1 + 0.2 is 0.3, on a database without decimals too."""
    publish(AuthorityLimit(holder="role", role="agent", per_complaint=D("0.3")))
    complaint = cast.complaint()
    told = [ask(cast.agent, complaint, "refund", amount)[1]["status"] for amount in ("0.10", "0.20", "0.01")]
    assert told == ["granted", "granted", "awaiting_approval"]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"kind": "points", "points": 0}, "out_of_range"),
        ({"kind": "points", "points": 1.5}, "not_an_integer"),
        ({"kind": "points", "points": "100"}, "not_an_integer"),
        ({"kind": "points"}, "amount_required"),
        ({"kind": "points", "amount": {"amount": "5.00", "currency": "EUR"}}, "not_money"),
        ({"kind": "refund", "points": 5}, "not_points"),
        ({"kind": "refund"}, "amount_required"),
        ({"kind": "gift"}, "unknown_code"),
        ({"kind": "refund", "amount": "5.00"}, "not_money"),
        ({"kind": "credit", "amount": {"amount": "5.00", "currency": "EUR"}, "charge": "999999"}, "unknown_charge"),
        ({"kind": "apology", "extra": 1}, "unknown_field"),
    ],
)
def test_bodies_that_make_no_sense(cast: Cast, body: dict[str, Any], refusal: str) -> None:
    path = f"complaints/{cast.complaint().reference}/remedies/"
    told = send(cast.manager, path, {"reason": "Charged twice", **body})
    assert (told[0], code(told)) == (400, refusal)
