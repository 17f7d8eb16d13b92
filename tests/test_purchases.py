"""What customers buy and send back, by every door (C2, C3; cases F01, F25, F33)."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.web.once import fresh
from retention.actions import purchases
from retention.actions.purchases import Back, Item
from retention.models import Customer, Purchase, PurchaseLine
from tests.cast import make_agent, make_customer
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LINES = [
    {"sku": "L1", "description": "Lamp", "quantity": 3, "unit_price": "9.99"},
    {"description": "Cable", "quantity": "1.5", "unit_price": "0.0375"},
]
ORDER = {"order_number": "A-1", "lines": LINES, "purchased_at": "2026-03-01T10:00:00Z", "currency": "EUR"}


class Api:
    """Calls with a token."""

    def __init__(self, *scopes: str) -> None:
        self.agent, self.client = make_agent(), Client()
        self.headers = bearer(self.agent, *scopes)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = None if body is None else json.dumps(body)
        return getattr(self.client, method)(
            f"/api/v1/{path}", data=data, content_type="application/json", headers={**self.headers, **headers}
        )


def order(customer: Customer, number: str = "A-1", **changes: Any) -> Purchase:
    values = {"lines": [Item("Lamp", Decimal(3), Decimal("9.99"), "L1"), Item("Cable", Decimal(1), Decimal(2))]}
    values |= {"purchased_at": AT, "currency": "EUR", **changes}
    return purchases.record_purchase(customer, order_number=number, by=Actor.system("test"), at=AT, **values)


def by_api(customer: Customer, agent: Any, changes: dict[str, Any]) -> tuple[int, str]:
    answer = Client().post(
        f"/api/v1/customers/{customer.pk}/purchases/",
        json.dumps({**ORDER, **changes}),
        content_type="application/json",
        headers=bearer(agent),
    )
    return answer.status_code, answer.content.decode()


def by_web(customer: Customer, agent: Any, changes: dict[str, Any]) -> tuple[int, str]:
    client = Client()
    client.force_login(agent)
    typed = {
        "order_number": "A-1",
        "purchased_at": "2026-03-01T10:00",
        "currency": "EUR",
        "rows": "4",
        "nonce": fresh(),
    }
    for number, line in enumerate(changes.get("lines", LINES)):
        typed |= {f"{name}_{number}": str(value) for name, value in line.items()}
    typed |= {name: value for name, value in changes.items() if isinstance(value, str)}
    answer = client.post(reverse("customer_purchase_new", args=[customer.pk]), typed)
    return {302: 201, 422: 400}.get(answer.status_code, answer.status_code), answer.content.decode()


@pytest.mark.parametrize("door", [by_api, by_web])
def test_every_door_records_one_order(door: Any) -> None:
    customer, agent = make_customer(), make_agent()
    with clock.frozen(AT):
        status, said = door(customer, agent, {})
        assert status == 201, said
        assert door(customer, agent, {})[0] == 409
    [found] = Purchase.objects.all()
    assert (found.customer, found.amount, found.valid_amount) == (customer, Decimal("30.0263"), Decimal("30.0263"))
    assert (found.valid_lines, found.is_valid, found.version, found.source) == (2, True, 1, "")
    assert [line.unit_price for line in found.lines.all()] == [Decimal("9.99"), Decimal("0.0375")]
    [entry] = trail.of(found)
    assert (entry.kind, entry.customer_id, entry.actor_id) == ("purchase.recorded", customer.pk, agent.pk)


@pytest.mark.parametrize("door", [by_api, by_web])
@pytest.mark.parametrize("price", ["-1", "1e2", "1,000.00", "NaN", "Infinity", "1000000000000", "1.23456", "abc", " "])
def test_no_door_takes_a_price_that_is_none(door: Any, price: str) -> None:
    customer = make_customer()
    with clock.frozen(AT):
        status, _said = door(customer, make_agent(), {"lines": [{**LINES[0], "unit_price": price}]})
    assert status == 400 and not Purchase.objects.exists()


@pytest.mark.parametrize("door", [by_api, by_web])
@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "EURO"},
        {"currency": "XXX"},
        {"purchased_at": "2026-03-09T10:00:00Z"},
        {"order_number": ""},
        {"order_number": "x" * 81},
        {"lines": []},
        {"lines": [{**LINES[0], "quantity": "0"}]},
        {"lines": [{**LINES[0], "quantity": "-1"}]},
        {"lines": [{**LINES[0], "quantity": "1.2345"}]},
        {"lines": [{**LINES[0], "description": ""}]},
        {"lines": [{**LINES[0], "quantity": "99999999999", "unit_price": "9999"}]},
    ],
)
def test_no_door_takes_an_order_that_cannot_be(door: Any, changes: dict[str, Any]) -> None:
    with clock.frozen(AT):
        status, said = door(make_customer(), make_agent(), changes)
    assert status == 400, said
    assert not Purchase.objects.exists() and not PurchaseLine.objects.exists()


def test_the_api_names_every_bad_field() -> None:
    api, customer = Api(), make_customer()
    body = {**ORDER, "colour": 1, "lines": [{"quantity": 1.5, "unit_price": 3}, {**LINES[0], "size": 1}]}
    found = api("post", f"customers/{customer.pk}/purchases/", body).json()
    assert {(one["pointer"], one["code"]) for one in found["errors"]} == {
        ("/colour", "unknown_field"),
        ("/lines/0/description", "required"),
        ("/lines/0/quantity", "not_a_quantity"),
        ("/lines/0/unit_price", "not_money"),
        ("/lines/1/size", "unknown_field"),
    }
    for lines in (None, 1, "x", {}, [1], []):
        assert api("post", f"customers/{customer.pk}/purchases/", {**ORDER, "lines": lines}).status_code == 400
    mixed = [{**LINES[0], "unit_price": {"amount": "1", "currency": "GBP"}}]
    answer = api("post", f"customers/{customer.pk}/purchases/", {**ORDER, "lines": mixed})
    assert (answer.status_code, answer.json()["code"]) == (400, "currency_mismatch")


def test_the_currency_is_the_usual_one_unless_named() -> None:
    api, customer = Api(), make_customer()
    body = {name: value for name, value in ORDER.items() if name != "currency"}
    path = f"customers/{customer.pk}/purchases/"
    assert api("post", path, body).json()["amount"] == {"amount": "30.0263", "currency": "EUR"}
    priced = [{**LINES[0], "unit_price": {"amount": "5", "currency": "JPY"}}]
    made = api("post", path, {**body, "order_number": "A-2", "lines": priced, "purchased_at": "2026-03-02T08:00:00Z"})
    assert made.json()["amount"] == {"amount": "15", "currency": "JPY"}
    again = api("post", path, {**body, "order_number": "A-3"}).json()
    assert again["amount"]["currency"] == "JPY"


def test_idempotency_scopes_and_etag() -> None:
    api, customer = Api("purchases:write"), make_customer()
    path = f"customers/{customer.pk}/purchases/"
    first = api("post", path, ORDER, **{"Idempotency-Key": "k1"})
    again = api("post", path, ORDER, **{"Idempotency-Key": "k1"})
    assert first.status_code == again.status_code == 201 and again["Idempotent-Replayed"] == "true"
    assert Purchase.objects.count() == 1 and first["Location"].endswith(f"/api/v1/purchases/{first.json()['id']}/")
    assert api("get", f"customers/{customer.pk}/").status_code == 403
    one = f"purchases/{first.json()['id']}/"
    tag = api("get", one)["ETag"]
    assert api("get", one, **{"If-None-Match": tag}).status_code == 304
    assert api("patch", one, {"incentive": True}).status_code == 428
    assert api("patch", one, {"incentive": True}, **{"If-Match": '"7"'}).status_code == 412
    changed = api("patch", one, {"incentive": True}, **{"If-Match": tag})
    assert (changed.status_code, changed.json()["incentive"], changed.json()["version"]) == (200, True, 2)
    assert Api("purchases:read")("post", path, ORDER).status_code == 403
    assert Client().get(f"/api/v1/{one}").status_code == 401


def test_lists_filter_order_and_refuse_what_they_do_not_know() -> None:
    api, one, other = Api(), make_customer(), make_customer()
    order(one, "A-1")
    order(one, "A-2", purchased_at=AT - timedelta(days=40), currency="GBP", incentive=True)
    order(other, "A-1", source="shop")
    numbers = lambda answer: [row["order_number"] for row in answer.json()["results"]]  # noqa: E731
    assert numbers(api("get", f"customers/{one.pk}/purchases/")) == ["A-1", "A-2"]
    assert len(numbers(api("get", "purchases/"))) == 3
    for query, n in (("source=shop", 1), (f"customer={one.pk}", 2), ("currency=GBP", 1), ("incentive=true", 1),
                     ("kind=return", 0), ("order_number=A-1", 2), ("purchased_at_from=2026-02-15", 2),
                     ("is_valid=true", 3), ("updated_since=2026-03-03T00:00:00Z", 0)):  # fmt: skip
        assert len(numbers(api("get", f"purchases/?{query}"))) == n, query
    for query in ("colour=red", "ordering=amount", "kind=gift", "customer=x", "page_size=0"):
        assert api("get", f"purchases/?{query}").status_code == 400, query
    assert "lines" not in api("get", "purchases/").json()["results"][0]
    page = api("get", f"customers/{one.pk}/purchases/?page_size=1").json()
    assert page["next"] and page["results"][0]["order_number"] == "A-1"
    assert numbers(api("get", page["next"].split("/api/v1/")[1])) == ["A-2"]
    assert api("get", "customers/999999/purchases/").status_code == 404


def test_cancelling_takes_it_out_of_the_figures_once() -> None:
    api, bought = Api(), order(make_customer())
    path = f"purchases/{bought.pk}/cancellation/"
    assert api("post", path, {}).status_code == 400
    answer = api("post", path, {"reason": "Never sent"})
    assert answer.status_code == 200 and answer.json()["is_valid"] is False and answer.json()["cancelled_at"]
    assert api("post", path, {"reason": "Again"}).json()["code"] == "already_cancelled"
    last = trail.of(bought).last()
    assert last is not None and last.kind == "purchase.cancelled" and "Never sent" not in last.body
    web = Client()
    web.force_login(make_agent())
    other = order(make_customer())
    url = reverse("purchase_cancellation", args=[other.pk])
    typed = {"reason": "Wrong", "nonce": fresh()}
    assert web.get(url).status_code == 200 and web.post(url, {"reason": ""}).status_code == 422
    assert web.post(url, typed).status_code == web.post(url, typed).status_code == 302  # sent twice, done once
    assert web.post(url, {**typed, "nonce": fresh()}).status_code == 409
    assert trail.of(other).count() == 2


def test_parts_come_back_but_never_more_than_was_bought() -> None:
    api, customer = Api(), make_customer()
    bought = order(customer)
    lamp, cable = bought.lines.all()
    path = f"purchases/{bought.pk}/returns/"

    def send(*lines: tuple[Any, Any], **more: Any) -> Any:
        body = {"reason": "Broken", "lines": [{"line": str(line), "quantity": n} for line, n in lines], **more}
        return api("post", path, body)

    made = send((lamp.pk, "1.5"))
    assert made.status_code == 201
    assert (made.json()["kind"], made.json()["amount"]["amount"], made.json()["returns"]) == (
        "return", "-14.985", str(bought.pk),
    )  # fmt: skip
    assert made.json()["order_number"] == "A-1-R1" and made.json()["is_valid"] is False
    assert send((lamp.pk, 2)).json()["code"] == "more_than_bought"
    assert send((lamp.pk, 1), (lamp.pk, 1)).json()["errors"][0]["pointer"] == "/lines/1/quantity"
    assert send((999999, 1)).json()["code"] == "unknown_line"
    assert send((lamp.pk, 0)).status_code == send((lamp.pk, -1)).status_code == 400
    assert send((cable.pk, 1), returned_at="2026-02-01T00:00:00Z").json()["code"] == "before_purchase"
    assert Purchase.objects.filter(kind="return").count() == 1
    assert send((lamp.pk, "1.5"), (cable.pk, 1)).json()["order_number"] == "A-1-R2"
    whole = api("get", f"purchases/{bought.pk}/").json()
    assert [line["returned"] for line in whole["lines"]] == ["3", "1"] and len(whole["returned_by"]) == 2
    assert (whole["is_valid"], whole["valid_lines"]) == (True, 2)  # a return takes nothing from the order's figures
    back = Purchase.objects.filter(kind="return").first()
    assert api("post", f"purchases/{back.pk}/cancellation/", {"reason": "x"}).json()["code"] == "not_an_order"
    purchases.cancel(bought, reason="x", by=Actor.system("t"), at=AT)
    assert send((lamp.pk, 1)).json()["code"] == "already_cancelled"
    assert [entry.kind for entry in trail.of(bought)] == [
        "purchase.recorded", "purchase.returned", "purchase.returned", "purchase.cancelled",
    ]  # fmt: skip


def test_the_browser_records_a_return() -> None:
    customer = make_customer()
    bought = order(customer)
    lamp = bought.lines.first()
    web = Client()
    web.force_login(make_agent())
    url = reverse("purchase_returns", args=[bought.pk])
    assert f"line_{lamp.pk}" in web.get(url).content.decode()
    assert web.post(url, {"reason": "x", "nonce": fresh()}).status_code == 422
    assert web.post(url, {"reason": "x", f"line_{lamp.pk}": "4", "nonce": fresh()}).status_code == 409
    typed = {"reason": "x", f"line_{lamp.pk}": "2", "nonce": fresh()}
    assert web.post(url, typed).status_code == web.post(url, typed).status_code == 302
    assert Purchase.objects.filter(kind="return").count() == 1
    page = web.get(reverse("purchase", args=[bought.pk])).content.decode()
    assert "A-1-R1" in page and "Lamp" in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_two_returns_at_once_never_exceed_what_was_bought() -> None:
    bought = order(make_customer())
    lamp = bought.lines.all()[0]
    outcomes: list[str] = []

    def send() -> None:
        try:
            lines = [Back(lamp.pk, Decimal(2))]
            purchases.take_back(bought, lines=lines, reason="x", by=Actor.system("t"), at=AT)
            outcomes.append("done")
        except DomainError as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", *["more_than_bought"] * 3]


def test_the_form_works_without_a_script() -> None:
    web, customer = Client(), make_customer(name="Ana <b>")
    web.force_login(make_agent())
    url = reverse("customer_purchase_new", args=[customer.pk])
    assert web.get(url).status_code == 200
    typed = {"order_number": "A-7", "rows": "4", "description_3": "Lamp", "more": "1"}
    page = web.post(url, typed).content.decode()
    assert "description_7" in page and 'value="Lamp"' in page and 'value="A-7"' in page
    bad = web.post(url, {"order_number": "A-7", "rows": "4"})
    assert bad.status_code == 422 and "at least one line" in bad.content.decode()
    half = {"order_number": "A", "purchased_at": "2026-03-01T10:00", "currency": "eur", "rows": "2", "quantity_1": "1"}
    assert "Line 2: Description is missing." in web.post(url, half).content.decode()


def test_many_purchases_come_in_pages() -> None:
    customer, agent = make_customer(), make_agent()
    made = [
        Purchase(
            customer=customer, order_number=f"N{n}", purchased_at=AT - timedelta(minutes=n // 3), currency="EUR",
            created_at=AT, updated_at=AT,
        )
        for n in range(1_000)
    ]  # fmt: skip
    Purchase.objects.bulk_create(made)
    web = Client()
    web.force_login(agent)
    url, seen = reverse("customer_purchases", args=[customer.pk]), []
    web.get(url)  # what the sidebar keeps in memory is known from here on
    for number in range(3):
        with CaptureQueriesContext(connection) as asked:
            answer = web.get(url)
        assert len(asked) <= 8
        seen += [row[1].value for row in answer.context["table"]]
        url = answer.context["next_url"]
        assert bool(answer.context["previous_url"]) == (number > 0)
    by_time = sorted(made, key=lambda one: (one.purchased_at, one.pk), reverse=True)
    assert seen == [one.order_number for one in by_time[:150]]
    back = web.get(answer.context["previous_url"])
    assert [row[1].value for row in back.context["table"]] == seen[50:100]
    for junk in ("x", "2026-13-01_1", "2026-01-01T00:00:00_1", "_", "2026-01-01_" + "9" * 30):
        assert web.get(reverse("customer_purchases", args=[customer.pk]), {"after": junk}).status_code == 200
