"""The panels of purchases, charges and stays as they stand on the customer's page (B3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from core.actor import Actor
from retention.actions import charges, tenures
from retention.models import Customer
from retention.web import charges as charges_web
from retention.web import purchases as purchases_web
from retention.web import tenures as tenures_web
from retention.web.acting import Panel
from tests.cast import make_customer
from tests.test_purchases import order

pytestmark = pytest.mark.django_db
BY, AT = Actor.system("test"), datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("build", "empty", "full"),
    [
        (purchases_web.panel, "No purchase is known.", ["A-&lt;1&gt;", "€31.97", "/purchases/new/"]),
        (
            charges_web.panel,
            "No charge is known.",
            ["&lt;i&gt;Fee", "€5.00", "−€2.00", "/charges/new/", "/payments/new/"],
        ),
        (tenures_web.panel, "Not known since when.", ["1 January 2024", "Moved &lt;b&gt;", "Take the departure back"]),
    ],
)
def test_a_panel_shows_what_is_there(build: Callable[[Customer], Panel], empty: str, full: list[str]) -> None:
    customer = make_customer()

    def shown() -> str:
        made = build(customer)
        return render_to_string(made.template, {"panel": made.context}, RequestFactory().get("/"))

    assert empty in shown()
    order(customer, "A-<1>")
    charges.charge(
        customer, amount=Decimal(5), currency="EUR", charged_on=date(2026, 1, 1), description="<i>Fee", by=BY, at=AT
    )
    charges.pay(customer, amount=Decimal(-2), currency="EUR", paid_on=date(2026, 1, 1), by=BY, at=AT)
    tenures.join(customer, joined_on=date(2024, 1, 1), by=BY, at=AT)
    tenures.depart(customer, left_on=date(2025, 1, 1), reason="Moved <b>", by=BY, at=AT)
    page = shown()
    assert empty not in page
    for text in full:
        assert text in page, text
