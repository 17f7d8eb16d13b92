"""Bodies that name a customer or a complaint: what is not there, not theirs, or was merged (docs/api/README.md)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from django.test import Client

from core import cached, clock
from core.actor import Actor
from core.models import User
from metrics.actions import merge_customers
from retention.models import Customer
from tests.cast import Cast, make_cast, make_customer
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
MONEY = {"amount": {"amount": "12.00", "currency": "EUR"}}
NAMING: dict[str, dict[str, Any]] = {
    "charges": {**MONEY, "charged_on": "2026-03-01"},
    "payments": {**MONEY, "paid_on": "2026-03-01"},
    "loyalty-entries": {"kind": "earned", "points": 5, "reason": "Ten years"},
    "follow-ups": {"due_on": "2036-03-02"},
    "survey-responses": {"kind": "nps", "score": 9},
}


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


def post(cast: Cast, path: str, body: dict[str, Any]) -> Any:
    headers = bearer(cast.manager)
    return Client().post(f"/api/v1/{path}/", data=body, content_type="application/json", headers=headers)


def get(user: User, path: str) -> Any:
    slash = "" if "?" in path else "/"
    return Client().get(f"/api/v1/{path}{slash}", headers=bearer(user))


@pytest.fixture
def merged(cast: Cast) -> tuple[Customer, Customer]:
    """A record that was merged, and the one at the end of the chain."""
    chain = [make_customer(name) for name in ("Ada Old", "Ada Newer", "Ada Newest")]
    for one, into in pairwise(chain):
        merge_customers.merge(one, into, by=Actor.person(cast.manager), at=clock.now())
    return chain[0], chain[-1]


@pytest.mark.parametrize("path", NAMING)
def test_who_is_not_there_is_told_of_the_body_and_who_was_merged_is_who_they_became(
    path: str, cast: Cast, merged: tuple[Customer, Customer]
) -> None:
    answer = post(cast, path, {**NAMING[path], "customer": "999999"})
    assert answer.status_code == 400, answer.content
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("/customer", "unknown_customer")]
    wrong = post(cast, path, {**NAMING[path], "customer": "999999", "colour": "red"}).json()["errors"]
    assert sorted(one["pointer"] for one in wrong) == ["/colour", "/customer"], "all that is wrong, at once"
    old, newest = merged
    made = post(cast, path, {**NAMING[path], "customer": str(old.pk)})
    assert made.status_code == 201, made.content
    assert made.json()["customer"] in (str(newest.pk), {"id": str(newest.pk), "name": "Ada Newest"})


BELOW = [
    *("tenures", "joining", "departure", "return", "purchases", "charges", "payments", "offers", "referrals", "events"),
    "duplicates",
]


@pytest.mark.parametrize("below", BELOW)
def test_the_addresses_below_a_record_that_was_merged_are_those_of_who_they_became(
    below: str, cast: Cast, merged: tuple[Customer, Customer]
) -> None:
    old, _newest = merged
    there, here = (get(cast.manager, f"customers/{one.pk}/{below}") for one in merged)
    assert there.status_code == 200 and there.json() == here.json()
    assert get(cast.manager, f"customers/999999/{below}").status_code == 404
    assert get(cast.stranger, f"customers/{old.pk}/{below}").status_code == 200
    assert get(cast.admin, f"customers/{old.pk}/{below}").status_code == 403
    assert get(cast.manager, f"customers/{old.pk}").json()["merged_into"]


def test_money_written_below_a_record_that_was_merged_is_theirs_and_found_by_either_id(
    cast: Cast, merged: tuple[Customer, Customer]
) -> None:
    old, newest = merged
    body = {key: value for key, value in NAMING["charges"].items() if key != "customer"}
    made = post(cast, f"customers/{old.pk}/charges", body)
    assert made.status_code == 201 and made.json()["customer"] == str(newest.pk)
    for one in merged:
        found = get(cast.manager, f"charges/?customer={one.pk}").json()["results"]
        assert [each["id"] for each in found] == [made.json()["id"]]
    assert get(cast.manager, "charges/?customer=999999").json()["results"] == []


def test_filing_for_a_record_that_was_merged_is_filing_for_who_they_became(
    cast: Cast, merged: tuple[Customer, Customer]
) -> None:
    body = {"channel": "phone", "subject": "Late", "description": "It never came."}
    made = post(cast, "complaints", {**body, "customer": {"id": str(merged[0].pk)}})
    assert made.status_code == 201 and made.json()["customer"]["id"] == str(merged[1].pk)
    assert post(cast, "complaints", {**body, "customer": {"id": "999999"}}).status_code == 400


def test_points_name_a_complaint_of_the_customer_or_none(cast: Cast) -> None:
    case, other = cast.complaint(), cast.complaint(customer=make_customer("Somebody Else"))
    body = {**NAMING["loyalty-entries"], "customer": str(case.customer_id)}
    for reference in ("hello world", "AM-ZZZZ-ZZZZ", other.reference):
        answer = post(cast, "loyalty-entries", {**body, "complaint": reference})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_complaint")
    assert post(cast, "loyalty-entries", {**body, "complaint": case.reference}).json()["complaint"] == case.reference
