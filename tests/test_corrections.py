"""What was written down wrongly is put right by every door, with a reason, and the trail keeps both (A7, C2; F33)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core import clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.web.once import fresh
from retention.actions import charges, correct, purchases
from retention.actions.purchases import Back, Item
from retention.models import Charge, Payment, Purchase, PurchaseLine
from tests.cast import make_agent, make_customer
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BY = Actor.system("test")
ROUTES = {
    "charge": ("charge_correction", "/api/v1/charges/{}/"),
    "payment": ("payment_correction", "/api/v1/payments/{}/"),
    "line": ("purchase_line_correction", "/api/v1/purchases/{}/lines/{}/"),
}


def by_web(agent: Any, what: str, keys: list[int], version: int, reason: str, **typed: Any) -> int:
    """The whole form as it is shown, with what is typed in place."""
    client = Client()
    client.force_login(agent)
    url = reverse(ROUTES[what][0], args=keys)
    page = client.get(url)
    if page.status_code != 200:
        return page.status_code
    form = page.context["form"]
    shown = {name: form[name].value() for name in form.fields}
    typed = {name: value for name, value in typed.items() if value is not None}
    data = {**{k: v for k, v in shown.items() if v is not None}, **typed, "why": reason, "version": version}
    data["nonce"] = fresh()
    status = client.post(url, data).status_code
    return {302: 200, 422: 400}.get(status, status)


def by_api(agent: Any, what: str, keys: list[int], version: int, reason: str, **typed: Any) -> int:
    if "amount" in typed:
        typed["amount"] = {"amount": typed["amount"], "currency": typed.pop("currency", "EUR")}
    answer = Client().patch(
        ROUTES[what][1].format(*keys),
        json.dumps({**typed, "reason": reason}),
        content_type="application/json",
        headers={**bearer(agent), "If-Match": f'"{version}"'},
    )
    return {412: 409}.get(answer.status_code, answer.status_code)


DOORS = pytest.mark.parametrize("door", [by_web, by_api])


def charged(customer: Any, amount: str = "12.30", **more: Any) -> Charge:
    values = {"currency": "EUR", "charged_on": date(2026, 1, 5), "description": "March", **more}
    return charges.charge(customer, amount=Decimal(amount), by=BY, at=AT, **values)


def order(customer: Any, number: str = "A-1") -> Purchase:
    lines = [Item("Lamp", Decimal(3), Decimal("9.99"), "L1"), Item("Cable", Decimal(1), Decimal(2))]
    return purchases.record_purchase(
        customer, order_number=number, lines=lines, purchased_at=AT, currency="EUR", by=BY, at=AT
    )


@DOORS
def test_a_charge_is_corrected_with_a_reason_and_both_values_stay_on_the_trail(door: Any) -> None:
    agent, customer = make_agent(), make_customer()
    row = charged(customer)
    with clock.frozen(AT):
        assert door(agent, "charge", [row.pk], 1, "") == 400
        assert door(agent, "charge", [row.pk], 1, "typo", amount="10.20", description="April") == 200
        assert door(agent, "charge", [row.pk], 1, "late", amount="99.00") == 409, "somebody else was first"
        assert door(agent, "charge", [row.pk], 2, "nothing to do", amount="10.20") == 200
    row.refresh_from_db()
    assert (row.amount, row.description, row.version) == (Decimal("10.20"), "April", 2)
    entry = trail.of(customer).last()
    assert (entry.kind, entry.actor_id) == ("customer.charge_corrected", agent.pk)
    body = json.loads(entry.body)
    assert body["amount"] == ["12.30", "10.20"] and body["version"] == [1, 2] and body["charge"] == row.pk
    assert json.loads(entry.private) == {"description": ["March", "April"], "reason": "typo"}
    assert not list(trail.verify(trail.of(customer)))


@DOORS
@pytest.mark.parametrize(
    "wrong", [{"amount": "0"}, {"amount": "-1"}, {"amount": "1.234"}, {"amount": "5", "currency": "XXZ"},
              {"charged_on": "2999-01-01"}]
)  # fmt: skip
def test_a_correction_is_checked_like_what_it_corrects(door: Any, wrong: dict[str, Any]) -> None:
    agent, row = make_agent(), charged(make_customer())
    assert door(agent, "charge", [row.pk], 1, "typo", **wrong) == 400
    row.refresh_from_db()
    assert (row.amount, row.currency, row.version) == (Decimal("12.30"), "EUR", 1)


def test_a_charge_keeps_the_currency_of_its_payments() -> None:
    customer = make_customer()
    row = charged(customer)
    paid = charges.pay(
        customer, amount=Decimal(5), currency="EUR", paid_on=date(2026, 1, 6), charge=row.pk, by=BY, at=AT
    )
    for refused in (
        lambda: correct.correct_charge(row, currency="USD", reason="x", by=BY, at=AT),
        lambda: correct.correct_payment(paid, currency="USD", reason="x", by=BY, at=AT),
    ):
        with pytest.raises(DomainError) as refusal:
            refused()
        assert refusal.value.code == "currency_mismatch"
    with pytest.raises(DomainError) as refusal:
        correct.correct_payment(paid, charge=charged(make_customer("Other")).pk, reason="x", by=BY, at=AT)
    assert refusal.value.code == "unknown_charge"
    loose = correct.correct_payment(paid, charge=None, currency="USD", reason="x", by=BY, at=AT)
    assert (loose.charge_id, loose.currency) == (None, "USD")


@DOORS
def test_a_payment_is_corrected(door: Any) -> None:
    agent, customer = make_agent(), make_customer()
    row = charges.pay(customer, amount=Decimal(5), currency="EUR", paid_on=date(2026, 1, 6), by=BY, at=AT)
    assert door(agent, "payment", [row.pk], 1, "was paid back", amount="-5.00", paid_on="2026-01-07") == 200
    row = Payment.objects.get(pk=row.pk)
    assert (row.amount, row.paid_on) == (Decimal(-5), date(2026, 1, 7))
    entry = trail.of(customer).last()
    assert entry.kind == "customer.payment_corrected"
    assert json.loads(entry.body)["paid_on"] == ["2026-01-06", "2026-01-07"]


@DOORS
def test_a_line_is_corrected_and_the_sums_follow(door: Any) -> None:
    agent, purchase = make_agent(), order(make_customer())
    line = purchase.lines.first()
    keys = [purchase.pk, line.pk]
    assert door(agent, "line", keys, purchase.version, "counted again", quantity="2", unit_price="8.5") == 200
    assert door(agent, "line", keys, purchase.version, "late", quantity="1") == 409
    after = Purchase.objects.get(pk=purchase.pk)
    assert (after.amount, after.valid_amount, after.version) == (Decimal(19), Decimal(19), purchase.version + 1)
    entry = trail.of(purchase).last()
    body = json.loads(entry.body)
    assert entry.kind == "purchase.line_corrected" and json.loads(entry.private)["reason"] == "counted again"
    assert [Decimal(one) for one in body["quantity"]] == [3, 2]
    assert [Decimal(one) for one in body["unit_price"]] == [Decimal("9.99"), Decimal("8.5")]
    for nothing in purchase.lines.all():
        version = Purchase.objects.get(pk=purchase.pk).version
        assert door(agent, "line", [purchase.pk, nothing.pk], version, "never bought", quantity="0") == 200
    empty = Purchase.objects.get(pk=purchase.pk)
    assert (empty.amount, empty.is_valid, empty.valid_lines) == (0, False, 0)
    assert door(agent, "line", [order(make_customer("B"), "B-1").pk, line.pk], 1, "not its line", quantity="1") == 404


def test_lines_and_what_came_back_of_them_fit_together() -> None:
    purchase = order(make_customer())
    line = purchase.lines.first()
    back = purchases.take_back(purchase, lines=[Back(line.pk, Decimal(2))], reason="broken", by=BY, at=AT)
    with pytest.raises(DomainError) as refusal:
        correct.correct_line(purchase, line.pk, quantity=Decimal(1), reason="x", by=BY, at=AT)
    assert refusal.value.code == "less_than_returned"
    correct.correct_line(purchase, line.pk, unit_price=Decimal(5), reason="price list", by=BY, at=AT)
    back.refresh_from_db()
    assert back.amount == -10 and trail.of(back).last().kind == "purchase.line_corrected"
    returned = back.lines.get()
    with pytest.raises(DomainError) as refusal:
        correct.correct_line(back, returned.pk, quantity=Decimal(4), reason="x", by=BY, at=AT)
    assert refusal.value.code == "more_than_bought"
    correct.correct_line(back, returned.pk, quantity=Decimal(3), reason="all of them", by=BY, at=AT)
    assert PurchaseLine.objects.get(pk=returned.pk).quantity == -3
    assert Purchase.objects.get(pk=back.pk).amount == -15
    with pytest.raises(DomainError) as refusal:
        correct.correct_line(back, returned.pk, unit_price=Decimal(1), reason="x", by=BY, at=AT)
    assert refusal.value.code == "only_quantity"


@pytest.mark.parametrize("door", ["web", "api"])
def test_a_cancelled_order_is_restored_and_counts_again(door: str) -> None:
    agent, purchase = make_agent(), order(make_customer())

    def restore(reason: str) -> int:
        client = Client()
        if door == "web":
            client.force_login(agent)
            url = reverse("purchase_restoration", args=[purchase.pk])
            status = client.post(url, {"reason": reason, "nonce": fresh()}).status_code
            return {302: 200, 422: 400}.get(status, status)
        url = f"/api/v1/purchases/{purchase.pk}/restoration/"
        body = json.dumps({"reason": reason})
        return client.post(url, body, content_type="application/json", headers=bearer(agent)).status_code

    assert restore("not cancelled at all") == 409
    purchases.cancel(purchase, reason="by mistake", by=BY, at=AT)
    assert restore("") == 400
    assert restore("mistaken for another") == 200
    after = Purchase.objects.get(pk=purchase.pk)
    assert (after.cancelled_at, after.is_valid, after.valid_amount) == (None, True, purchase.valid_amount)
    entry = trail.of(purchase).last()
    assert entry.kind == "purchase.restored" and json.loads(entry.body)["cancelled_at"][0].startswith("2026-03-02")


def test_the_pages_lead_to_the_corrections(client: Client) -> None:
    customer = make_customer()
    row, purchase = charged(customer), order(customer)
    client.force_login(make_agent())
    for page in (reverse("customer", args=[customer.pk]), reverse("customer_charges", args=[customer.pk])):
        assert reverse("charge_correction", args=[row.pk]) in client.get(page).content.decode()
    url, line = reverse("purchase", args=[purchase.pk]), purchase.lines.first()
    assert reverse("purchase_line_correction", args=[purchase.pk, line.pk]) in client.get(url).content.decode()
    purchases.cancel(purchase, reason="by mistake", by=BY, at=AT)
    page = client.get(url).content.decode()
    assert reverse("purchase_restoration", args=[purchase.pk]) in page
    assert reverse("purchase_line_correction", args=[purchase.pk, line.pk]) not in page
    correct.correct_charge(row, amount=Decimal("10.20"), reason="typo of ours", by=BY, at=AT)
    story = client.get(reverse("customer", args=[customer.pk])).content.decode()
    assert "€12.30 → €10.20; typo of ours" in story
