"""What a customer bought, was charged and paid, and their stays, as they stand on their page (B3, C1, C2, A7)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from core.actor import Actor
from retention.actions import charges, tenures
from tests.cast import make_agent, make_customer
from tests.test_purchases import order

pytestmark = pytest.mark.django_db
BY, AT = Actor.system("test"), datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EMPTY = ["No purchase is known.", "No charge is known.", "Not known since when."]
FULL = ["A-&lt;1&gt;", "€31.97", "&lt;i&gt;Fee", "€5.00", "−€2.00", "1 January 2024", "Moved &lt;b&gt;"]
DOORS = ["customer_purchase_new", "customer_charge_new", "customer_payment_new"]


def test_the_page_shows_what_is_there_and_leads_to_what_can_be_done() -> None:
    customer, web = make_customer(), Client()
    web.force_login(make_agent())

    def shown() -> str:
        return web.get(reverse("customer", args=[customer.pk])).content.decode()

    page = shown()
    for text in [*EMPTY, *(reverse(door, args=[customer.pk]) for door in (*DOORS, "customer_joining"))]:
        assert text in page, text
    order(customer, "A-<1>")
    charges.charge(
        customer, amount=Decimal(5), currency="EUR", charged_on=date(2026, 1, 1), description="<i>Fee", by=BY, at=AT
    )
    charges.pay(customer, amount=Decimal(-2), currency="EUR", paid_on=date(2026, 1, 1), by=BY, at=AT)
    tenures.join(customer, joined_on=date(2024, 1, 1), by=BY, at=AT)
    tenures.depart(customer, left_on=date(2025, 1, 1), reason="Moved <b>", by=BY, at=AT)
    page = shown()
    for text in EMPTY:
        assert text not in page
    for text in [*FULL, "Take the departure back", reverse("customer_return", args=[customer.pk])]:
        assert text in page, text
