"""Points: what comes and goes, by hand, by remedy and over the API; never below zero, never changed (C3; F25, F26)."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from complaints.actions import remedies
from complaints.models import AuthorityLimit
from core import clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.instants import iso
from metrics.actions.merge_customers import merge, unmerge
from retention import ledger
from retention.actions import loyalty
from retention.demo import purge
from retention.models import Customer, LoyaltyAccount, LoyaltyEntry
from tests.authority import publish
from tests.cast import Cast, make_agent, make_cast, make_customer
from tests.test_merge_races import at_once
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
BY = Actor.system("test")


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def earn(customer: Customer, points: int, **more: str) -> LoyaltyEntry:
    return loyalty.earn(customer, points=points, by=BY, at=clock.now(), reason="A faithful year", **more)


def spend(customer: Customer, points: int) -> LoyaltyEntry:
    return loyalty.redeem(customer, points=points, by=BY, at=clock.now(), reason="A voucher")


def code_of(work: Any) -> str:
    with pytest.raises(DomainError) as told:
        work()
    return told.value.code


def counted() -> None:
    """Every account is the sum of its entries."""
    for account in LoyaltyAccount.objects.all():
        assert account.balance == sum(one.points for one in LoyaltyEntry.objects.filter(customer=account.customer_id))


def test_what_comes_and_goes() -> None:
    customer = make_customer()
    assert loyalty.balance(customer) == 0
    earn(customer, 300)
    spend(customer, 120)
    loyalty.expire(customer, points=30, by=BY, at=clock.now(), reason="Two years old")
    loyalty.correct(customer, points=-50, by=BY, at=clock.now(), reason="Counted twice")
    assert loyalty.balance(customer) == 100
    assert [(one.kind, one.points) for one in LoyaltyEntry.objects.order_by("pk")] == [
        ("earned", 300),
        ("redeemed", -120),
        ("expired", -30),
        ("corrected", -50),
    ]
    assert code_of(lambda: spend(customer, 101)) == "not_enough_points"
    assert code_of(lambda: earn(customer, 0)) == "not_positive"
    assert code_of(lambda: earn(customer, loyalty.MOST + 1)) == "amount_out_of_range"
    assert loyalty.balance(customer) == 100
    told = [one for one in trail.of(customer) if one.kind == "customer.points"]
    assert [json.loads(one.body)["points"] for one in told] == [300, -120, -30, -50]
    assert json.loads(told[1].private) == {"reason": "A voucher"}
    assert not list(trail.verify(trail.of(customer)))


def test_one_key_one_entry() -> None:
    customer = make_customer()
    first = earn(customer, 40, key="order:9")
    assert earn(customer, 40, key="order:9") == first
    assert code_of(lambda: earn(customer, 41, key="order:9")) == "key_taken"
    assert (LoyaltyEntry.objects.count(), loyalty.balance(customer)) == (1, 40)


def refused(statement: str, *values: Any) -> str:
    with pytest.raises(IntegrityError) as told, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, list(values))
    return str(told.value)


INSERT = (
    "INSERT INTO retention_loyaltyentry (customer_id, points, kind, reason, complaint_reference, key, source, at, "
    "created_at) SELECT customer_id, %s, %s, '', '', '', '', at, created_at FROM retention_loyaltyentry LIMIT 1"
)


def test_raw_sql_is_held_to_it_too() -> None:
    """Overdrawing, changing an entry and writing a balance are refused by the database itself."""
    assert ledger.missing_triggers() == []
    customer = make_customer()
    entry = earn(customer, 50)
    assert "loyalty_balance_not_negative" in refused(INSERT, -51, "redeemed")
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [-20, "redeemed"])
    assert loyalty.balance(customer) == 30
    for change in ("points = 5000", "kind = 'goodwill'", "key = 'x'", "source = 'demo'", "at = created_at, by_id = 1"):
        assert "loyalty_entry_is_kept" in refused(f"UPDATE retention_loyaltyentry SET {change} WHERE id = %s", entry.pk)
    for balance in (5000, 0):
        text = refused("UPDATE retention_loyaltyaccount SET balance = %s WHERE customer_id = %s", balance, customer.pk)
        assert "loyalty_balance_is_counted" in text
    with connection.cursor() as cursor:
        cursor.execute("UPDATE retention_loyaltyentry SET reason = '' WHERE id = %s", [entry.pk])  # erasure
    other = make_customer("Somebody Else")
    text = refused("INSERT INTO retention_loyaltyaccount (customer_id, balance) VALUES (%s, 9)", other.pk)
    assert "loyalty_balance_is_counted" in text
    assert loyalty.balance(customer) == 30
    counted()


@pytest.mark.postgresql
def test_nobody_deletes_entries_but_the_demos() -> None:
    customer, other = make_customer(), make_customer("Somebody Else")
    entry = earn(customer, 50)
    assert "loyalty_entry_is_kept" in refused("DELETE FROM retention_loyaltyentry WHERE id = %s", entry.pk)
    assert "loyalty_balance_is_counted" in refused("DELETE FROM retention_loyaltyaccount")
    earn(other, 20, source="demo")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM retention_loyaltyentry WHERE source = 'demo'")
    assert (loyalty.balance(customer), loyalty.balance(other)) == (50, 0)
    spend(customer, 40)  # its earning moved away alone would leave it short
    move = "UPDATE retention_loyaltyentry SET customer_id = %s WHERE id = %s"
    assert "loyalty_balance_not_negative" in refused(move, other.pk, entry.pk)


def test_points_of_a_demo_that_were_spent_stay() -> None:
    spent, kept = make_customer(), make_customer("Somebody Else")
    for customer in (spent, kept):
        earn(customer, 100, source="demo")
    spend(spent, 60)
    purge.made_up()
    assert (loyalty.balance(spent), loyalty.balance(kept)) == (40, 0)
    counted()


def test_a_merge_takes_them_along_and_back() -> None:
    survivor, absorbed = make_customer(), make_customer("D. Whitlock")
    earn(survivor, 10)
    earn(absorbed, 100)
    spend(absorbed, 80)
    theirs = list(LoyaltyEntry.objects.filter(customer=absorbed).order_by("pk").values_list("pk", flat=True))
    web, later = Client(headers=bearer(make_agent())), clock.now() + timedelta(hours=1)

    def changed(at: datetime) -> list[tuple[int, str]]:
        answer = web.get("/api/v1/loyalty-entries/", {"updated_since": iso(at), "ordering": "id"})
        return [(int(one["id"]), one["customer"]) for one in answer.json()["results"]]

    assert changed(later) == []
    merge(absorbed, survivor, by=BY, at=later)
    assert changed(later) == [(pk, str(survivor.pk)) for pk in theirs]
    assert (loyalty.balance(survivor), loyalty.balance(absorbed)) == (30, 0)
    unmerge(absorbed, by=BY, at=later + timedelta(hours=1))
    assert changed(later + timedelta(hours=1)) == [(pk, str(absorbed.pk)) for pk in theirs]
    assert (loyalty.balance(survivor), loyalty.balance(absorbed)) == (10, 20)
    assert LoyaltyEntry.objects.filter(customer=absorbed).count() == 2
    counted()


def test_what_was_spent_meanwhile_is_borne_by_who_stands_for_themselves_again() -> None:
    survivor, absorbed = make_customer(), make_customer("D. Whitlock")
    earn(survivor, 10)
    earn(absorbed, 100)
    merge(absorbed, survivor, by=BY, at=clock.now())
    spend(survivor, 70)
    unmerge(absorbed, by=BY, at=clock.now())
    assert (loyalty.balance(survivor), loyalty.balance(absorbed)) == (0, 40)  # nothing below zero, nothing lost
    counted()
    for one in (survivor, absorbed):
        assert not list(trail.verify(trail.of(one)))


def test_goodwill_is_a_remedy(cast: Cast) -> None:
    publish(AuthorityLimit(holder="role", role="agent", kind="points", per_complaint=Decimal(500)))
    complaint, by = cast.complaint(), Actor.person(cast.agent)
    asked = {"kind": "points", "amount": Decimal(200), "reason": "For the wait", "by": by}
    remedy = remedies.ask(complaint, at=clock.now(), **asked)  # type: ignore[arg-type]
    entry = LoyaltyEntry.objects.get()
    assert (remedy.status, entry.kind, entry.points, entry.complaint_reference) == (
        "granted",
        "goodwill",
        200,
        complaint.reference,
    )
    remedies.revoke(remedy, by=by, at=clock.now(), reason="The wrong case")
    assert loyalty.balance(cast.customer) == 0
    again = remedies.ask(complaint, at=clock.now(), **asked)  # type: ignore[arg-type]
    spend(cast.customer, 1)
    assert code_of(lambda: remedies.revoke(again, by=by, at=clock.now(), reason="Too late")) == "not_enough_points"
    again.refresh_from_db()
    assert (again.status, loyalty.balance(cast.customer)) == ("granted", 199)


ADDRESS = {"redeemed": "redemption", "corrected": "correction", "earned": "new", "expired": "new"}


def knock(door: str, user: Any, customer: Customer, **fields: Any) -> tuple[int, str]:
    """Through the browser or the API; 200 for done, 422 for wrong input."""
    if door == "browser":
        client = Client()
        client.force_login(user)
        path = f"/customers/{customer.pk}/points/{ADDRESS[fields['kind']]}/"
        answer = client.post(path, {"nonce": fields.pop("nonce", ""), **fields})
        return (200 if answer.status_code == 302 else answer.status_code), answer.content.decode()
    headers = bearer(user)
    if nonce := fields.pop("nonce", ""):
        headers["Idempotency-Key"] = nonce
    answer = Client(headers=headers).post(
        "/api/v1/loyalty-entries/", json.dumps({"customer": str(customer.pk), **fields}), "application/json"
    )
    return {201: 200, 400: 422}.get(answer.status_code, answer.status_code), answer.content.decode()


@pytest.mark.parametrize("door", ["browser", "api"])
def test_written_down_by_hand(cast: Cast, door: str) -> None:
    customer = cast.customer
    assert knock(door, cast.manager, customer, kind="earned", points=500, reason="Two years")[0] == 200
    assert knock(door, cast.agent, customer, kind="redeemed", points=200, reason="A voucher")[0] == 200
    assert knock(door, cast.manager, customer, kind="expired", points=50, reason="Old")[0] == 200
    assert knock(door, cast.manager, customer, kind="corrected", points=-50, reason="Counted twice")[0] == 200
    assert loyalty.balance(customer) == 200
    status, text = knock(door, cast.agent, customer, kind="redeemed", points=201, reason="A voucher")
    assert status == 409 and ("not_enough_points" in text or "does not have so many points" in text)
    assert knock(door, cast.agent, customer, kind="redeemed", points=0, reason="A voucher")[0] == 422
    assert knock(door, cast.agent, customer, kind="redeemed", points=5, reason=" ")[0] == 422
    assert knock(door, cast.agent, customer, kind="earned", points=5, reason="To a friend")[0] in (403, 404)
    assert knock(door, cast.agent, customer, kind="corrected", points=5, reason="To a friend")[0] in (403, 404)
    assert knock(door, cast.admin, customer, kind="redeemed", points=5, reason="No cases")[0] in (403, 404)
    assert loyalty.balance(customer) == 200
    assert {one.by for one in LoyaltyEntry.objects.all()} == {cast.manager, cast.agent}


@pytest.mark.parametrize("door", ["browser", "api"])
def test_sent_twice_redeems_once(cast: Cast, door: str) -> None:
    """F25."""
    earn(cast.customer, 100)
    nonce, headers = uuid.uuid4().hex, bearer(cast.agent)
    client = Client(headers={**headers, "Idempotency-Key": nonce} if door == "api" else {})
    if door == "browser":
        client.force_login(cast.agent)
    for _time in range(2):
        if door == "browser":
            said = {"points": "30", "reason": "A voucher", "nonce": nonce}
            assert client.post(f"/customers/{cast.customer.pk}/points/redemption/", said).status_code == 302
        else:
            body = {"customer": str(cast.customer.pk), "kind": "redeemed", "points": 30, "reason": "A voucher"}
            answer = client.post("/api/v1/loyalty-entries/", json.dumps(body), "application/json")
            assert (answer.status_code, answer.json()["balance"]) == (201, 70)
    assert loyalty.balance(cast.customer) == 70


def test_goodwill_goes_by_the_limits_of_authority(cast: Cast) -> None:
    status, text = knock("api", cast.manager, cast.customer, kind="goodwill", points=5, reason="Sorry")
    assert status == 422 and "goodwill_is_a_remedy" in text


def test_the_api_lists_filters_and_shows_the_balance(cast: Cast) -> None:
    web, other = Client(headers=bearer(cast.agent)), make_customer("Somebody Else")
    earn(cast.customer, 100)
    spend(cast.customer, 30)
    last = earn(other, 7, complaint_reference="AM-2345-6789")

    def got(query: str) -> list[int]:
        answer = web.get(f"/api/v1/loyalty-entries/?{query}")
        assert answer.status_code == 200, answer.content
        return sorted(one["points"] for one in answer.json()["results"])

    assert got("") == [-30, 7, 100]
    assert got(f"customer={cast.customer.pk}") == [-30, 100]
    assert got("kind=redeemed") == [-30]
    assert got("complaint=AM-2345-6789") == [7]
    assert got(f"updated_since={last.created_at.isoformat()}".replace("+00:00", "Z")) == [7]
    assert got("at_to=2000-01-01") == []
    assert web.get("/api/v1/loyalty-entries/?nonsense=1").status_code == 400
    assert web.get(f"/api/v1/loyalty-entries/{last.pk}/").json()["complaint"] == "AM-2345-6789"
    first = web.get(f"/api/v1/customers/{cast.customer.pk}/")
    assert first.json()["points"] == 70
    spend(cast.customer, 1)
    again = web.get(f"/api/v1/customers/{cast.customer.pk}/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.json()["points"]) == (200, 69)
    narrow = Client(headers=bearer(cast.agent, "customers:read"))
    assert narrow.get("/api/v1/loyalty-entries/").status_code == 403


def test_the_customers_page_shows_them(cast: Cast) -> None:
    customer, web = cast.customer, Client()
    web.force_login(cast.agent)
    address = f"/customers/{customer.pk}/points/"
    assert f'hx-get="{address}"' in web.get(f"/customers/{customer.pk}/").content.decode()
    assert "No points yet." in web.get(address).content.decode()
    earn(customer, 1500)
    spend(customer, 250)
    for headers in ({}, {"HX-Request": "true"}):
        page = web.get(address, headers=headers).content.decode()
        for text in ("1,250 points", "+1,500", "−250", "A voucher", f"{address}redemption/"):
            assert text in page, text
        assert f"{address}new/" not in page
    story = web.get(f"/customers/{customer.pk}/").content.decode()
    assert "−250, Redeemed, A voucher" in story
    web.force_login(cast.manager)
    assert f"{address}new/" in web.get(address).content.decode()
    assert web.get("/customers/999999/points/").status_code == 404


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_at_once_never_overdraw() -> None:
    """F26."""
    for _round in range(4):
        customer = make_customer()
        earn(customer, 100)
        told = at_once(*[lambda who=customer: spend(who, 30).points] * 8)
        assert sorted(map(str, told)) == ["-30"] * 3 + ["not_enough_points"] * 5
        assert loyalty.balance(customer) == 10
        assert not list(trail.verify(trail.of(customer)))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_raw_inserts_at_once_never_overdraw() -> None:
    """Past the action and its lock: the check of the account holds alone."""
    customer = make_customer()
    earn(customer, 100)

    def raw() -> str:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(INSERT, [-30, "redeemed"])
        except IntegrityError:
            return "refused"
        return "done"

    assert sorted(at_once(*[raw] * 8)) == ["done"] * 3 + ["refused"] * 5
    assert loyalty.balance(customer) == 10
