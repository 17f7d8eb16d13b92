"""Charges and payments by every door, exact in every currency (A7; cases F01, F05, F33)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from core import money, trail
from core.web.once import fresh
from retention.models import Charge, Customer, Payment
from tests.cast import make_agent, make_customer
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
KINDS = {
    "charges": (Charge, "charged_on", "customer_charge_new"),
    "payments": (Payment, "paid_on", "customer_payment_new"),
}


def by_api(agent: Any, customer: Customer, what: str, amount: str, currency: str, **more: Any) -> int:
    body = {"amount": {"amount": amount, "currency": currency}, KINDS[what][1]: "2026-01-05", **more}
    path = f"/api/v1/customers/{customer.pk}/{what}/"
    return Client().post(path, json.dumps(body), content_type="application/json", headers=bearer(agent)).status_code


def by_web(agent: Any, customer: Customer, what: str, amount: str, currency: str, **more: Any) -> int:
    client = Client()
    client.force_login(agent)
    body = {"amount": amount, "currency": currency, KINDS[what][1]: "2026-01-05", "nonce": fresh(), **more}
    status = client.post(reverse(KINDS[what][2], args=[customer.pk]), body).status_code
    return {302: 201, 422: 400}.get(status, status)


@pytest.mark.parametrize("what", list(KINDS))
@pytest.mark.parametrize("door", [by_api, by_web])
def test_every_door_keeps_the_exact_amount(door: Any, what: str) -> None:
    agent, customer = make_agent(), make_customer()
    for amount, currency in (
        ("12.30", "EUR"),
        ("150", "JPY"),
        ("1.234", "KWD"),
        ("0.01", "USD"),
        ("999999999999.99", "EUR"),
    ):
        assert door(agent, customer, what, amount, currency) == 201, amount
    model = KINDS[what][0]
    kept = [(money.shown(one.amount, one.currency), one.currency) for one in model.objects.order_by("pk")]
    assert kept[:4] == [("12.30", "EUR"), ("150", "JPY"), ("1.234", "KWD"), ("0.01", "USD")]
    if connection.vendor == "postgresql":
        assert kept[4] == ("999999999999.99", "EUR")
    assert trail.of(customer).count() == 6 and trail.of(customer).last().customer_id == customer.pk


@pytest.mark.parametrize("what", list(KINDS))
@pytest.mark.parametrize("door", [by_api, by_web])
@pytest.mark.parametrize(
    ("amount", "currency"),
    [("0", "EUR"), ("0.00", "EUR"), ("0.001", "EUR"), ("1e2", "EUR"), ("1,000.00", "EUR"), ("NaN", "EUR"),
     ("Infinity", "EUR"), ("1000000000000", "EUR"), ("1.50", "JPY"), ("1.2345", "KWD"), ("1", "EURO"), ("1", ""),
     ("", "EUR"), ("+1", "EUR"), ("0x1", "EUR"), ("١", "EUR"), (" ", "EUR"), ("1_000", "EUR")],
)  # fmt: skip
def test_no_door_takes_what_is_no_amount(door: Any, what: str, amount: str, currency: str) -> None:
    customer = make_customer()
    assert door(make_agent(), customer, what, amount, currency) == 400
    assert not KINDS[what][0].objects.exists() and trail.of(customer).count() == 1


@pytest.mark.parametrize("door", [by_api, by_web])
def test_a_charge_is_positive_a_payment_may_go_back(door: Any) -> None:
    agent, customer = make_agent(), make_customer()
    assert door(agent, customer, "charges", "-1", "EUR") == 400
    assert door(agent, customer, "payments", "-1.50", "EUR") == 201
    assert Payment.objects.get().amount == Decimal("-1.50")


@pytest.mark.parametrize("door", [by_api, by_web])
def test_a_payment_is_for_a_charge_of_theirs_in_its_currency(door: Any) -> None:
    agent, customer, other = make_agent(), make_customer(), make_customer()
    for one in (customer, other):
        assert by_api(agent, one, "charges", "5.00", "EUR") == 201
    mine, theirs = Charge.objects.get(customer=customer), Charge.objects.get(customer=other)
    assert door(agent, customer, "payments", "5.00", "GBP", charge=str(mine.pk)) == 400
    assert door(agent, customer, "payments", "5.00", "EUR", charge=str(theirs.pk)) == 400
    assert door(agent, customer, "payments", "5.00", "EUR", charge=str(mine.pk)) == 201
    assert Payment.objects.get().charge == mine


def test_the_api_refuses_numbers_objects_and_strangers() -> None:
    agent, customer = make_agent(), make_customer()

    def send(body: Any, *scopes: str, path: str = "", **headers: str) -> Any:
        url = f"/api/v1/{path or f'customers/{customer.pk}/charges/'}"
        return Client().post(
            url, json.dumps(body), content_type="application/json", headers={**bearer(agent, *scopes), **headers}
        )

    good = {"amount": {"amount": "5.00", "currency": "EUR"}, "charged_on": "2026-01-05"}
    bad: list[tuple[Any, str]] = [
        (5, "/amount"), ("5", "/amount"), (None, "/amount"), ({"amount": 5, "currency": "EUR"}, "/amount/amount"),
        ({"amount": "5"}, "/amount/currency"), ({"amount": "5", "currency": "EUR", "x": 1}, "/amount/x"),
    ]  # fmt: skip
    for amount, pointer in bad:
        answer = send({**good, "amount": amount})
        assert answer.status_code == 400 and pointer in [one["pointer"] for one in answer.json()["errors"]], amount
    assert send({**good, "charged_on": "2999-01-01"}).status_code == 400
    assert send({**good, "charged_on": "2199-01-01"}).json()["code"] == "in_the_future"
    assert send(good, "purchases:write").status_code == 403 and send(good, "charges:read").status_code == 403
    assert send(good, path="charges/").json()["errors"][0]["pointer"] == "/customer"
    assert send({**good, "customer": "999999"}, path="charges/").status_code == 400
    named = {**good, "external_id": "c-1"}
    first = send({**named, "customer": str(customer.pk)}, "charges:write", path="charges/", **{"Idempotency-Key": "k"})
    assert first.status_code == 201 and first.json()["amount"] == good["amount"] and first.json()["source"] == "api"
    assert send(named).json()["code"] == "external_id_taken"
    assert Charge.objects.count() == 1
    assert Client().get(first["Location"], headers=bearer(agent)).json() == first.json()


def test_lists_of_all_and_of_one() -> None:
    agent, one, other = make_agent(), make_customer(), make_customer()
    for customer in (one, other):
        for what in KINDS:
            by_api(agent, customer, what, "5.00", "EUR")
    headers = bearer(agent)
    for what in KINDS:
        count = lambda path: len(Client().get(f"/api/v1/{path}", headers=headers).json()["results"])  # noqa: E731
        assert (count(f"{what}/"), count(f"{what}/?customer={one.pk}"), count(f"customers/{one.pk}/{what}/")) == (
            2,
            1,
            1,
        )
        assert count(f"{what}/?currency=GBP") == 0 and count(f"{what}/?ordering=-{KINDS[what][1]}") == 2
        assert Client().get(f"/api/v1/{what}/?colour=red", headers=headers).status_code == 400


def test_pages_and_double_submit() -> None:
    agent, customer = make_agent(), make_customer()
    web = Client()
    web.force_login(agent)
    url = reverse("customer_charge_new", args=[customer.pk])
    assert web.get(url).status_code == web.get(reverse("customer_payment_new", args=[customer.pk])).status_code == 200
    typed = {"amount": "7.00", "currency": "eur", "charged_on": "2026-01-05", "description": "<i>", "nonce": fresh()}
    assert web.post(url, typed).status_code == web.post(url, typed).status_code == 302
    assert Charge.objects.count() == 1
    assert url in web.get(reverse("customer", args=[customer.pk])).content.decode()
    for name in ("customer_charges", "customer_payments"):
        page = web.get(reverse(name, args=[customer.pk]))
        assert page.status_code == 200 and "<i>" not in page.content.decode()


def test_a_comma_is_read_where_the_language_writes_one() -> None:
    agent, customer = make_agent(language="pt"), make_customer()
    assert by_web(agent, customer, "charges", "12,30", "EUR") == 201
    assert by_web(agent, customer, "charges", "1.000", "KWD") == 400  # a thousand, or one?
    assert by_web(agent, customer, "charges", "12.30", "EUR") == 201
    assert set(Charge.objects.values_list("amount", flat=True)) == {Decimal("12.30")}
