"""`expand` and `fields` on complaints, and parameters nobody knows (interface, REST API)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import converse, manage
from complaints.api import expansions
from complaints.models import Complaint
from core import cached
from core.actor import Actor
from tests.cast import MONDAY, Cast, make_cast, make_customer
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/complaints/"
EVERYTHING = ",".join(sorted(expansions.EXPANSIONS))


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def api(cast: Cast) -> Client:
    return Client(headers=bearer(cast.agent))


def ok(answer: Any) -> Any:
    assert answer.status_code == 200, answer.content
    return answer.json()


def refused(answer: Any, status: int, code: str, pointer: str | None = None) -> bool:
    body = answer.json()
    named = pointer is None or pointer in [error["pointer"] for error in body["errors"]]
    return (answer.status_code, body["code"], named) == (status, code, True)


def test_what_is_expanded_is_what_its_own_address_shows(cast: Cast, api: Client) -> None:
    case = cast.complaint(type="billing-charged-twice")
    brief = ok(api.get(f"{ROOT}{case.reference}/"))
    whole = ok(api.get(f"{ROOT}{case.reference}/?expand={EVERYTHING}"))
    assert whole["customer"] == ok(api.get(f"/api/v1/customers/{cast.customer.pk}/"))
    assert whole["team"] == ok(api.get(f"/api/v1/teams/{cast.team.pk}/"))
    (owner,) = ok(api.get("/api/v1/agents/?username=ana"))["results"]
    assert whole["owner"] == owner
    (sort,) = ok(api.get("/api/v1/complaint-types/?code=billing-charged-twice"))["results"]
    assert whole["type"] == {**sort, "path": "Billing › Charged twice"}
    assert whole["messages"] == ok(api.get(f"{ROOT}{case.reference}/messages/"))["results"]
    same = set(brief) - set(expansions.EXPANSIONS)
    assert {name: whole[name] for name in same} == {name: brief[name] for name in same}
    assert "messages" not in brief and brief["team"] == cast.team.name
    for name in ("customer", "owner", "type"):
        assert brief[name].items() <= whole[name].items(), "whole says all that brief says"
    (row,) = ok(api.get(f"{ROOT}?expand={EVERYTHING}"))["results"]
    assert row == whole


def test_nobody_is_expanded_to_nothing(cast: Cast, api: Client) -> None:
    case = cast.complaint(customer=None)
    Complaint.objects.filter(pk=case.pk).update(team=None)
    shown = ok(api.get(f"{ROOT}{case.reference}/?expand=customer,team"))
    assert shown["customer"] is None and shown["team"] is None


def test_a_page_costs_the_same_for_two_rows_and_for_twelve(
    cast: Cast, api: Client, django_assert_max_num_queries: Any
) -> None:
    def make(count: int) -> None:
        for number in range(count):
            case = cast.complaint(customer=make_customer(f"Person {number}"), subject=f"Case {number}")
            for turn in range(2):
                converse.incoming(case, body=f"Again {turn}", by=Actor.customer(), at=MONDAY + timedelta(days=400))

    make(2)
    ok(api.get(f"{ROOT}?expand={EVERYTHING}"))
    with django_assert_max_num_queries(10) as few:  # token, page, clocks; customer 4 more, messages 2
        ok(api.get(f"{ROOT}?expand={EVERYTHING}"))
    make(10)
    with django_assert_max_num_queries(len(few)):
        assert len(ok(api.get(f"{ROOT}?expand={EVERYTHING}"))["results"]) == 12


def test_messages_are_the_newest_in_their_order(cast: Cast, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansions, "MOST_MESSAGES", 3)
    cases = [cast.complaint(subject=f"Case {number}") for number in range(2)]
    for case in cases:
        for number in range(5):
            converse.incoming(case, body=f"{case.pk} {number}", by=Actor.customer(), at=MONDAY + timedelta(days=400))
    for row in ok(api.get(f"{ROOT}?expand=messages"))["results"]:
        pk = Complaint.objects.get(reference=row["reference"]).pk
        assert [one["body"] for one in row["messages"]] == [f"{pk} {number}" for number in (2, 3, 4)]


def test_fields_and_expand_together(cast: Cast, api: Client) -> None:
    case = cast.complaint()
    both = "fields=reference,customer,messages&expand=customer,messages"
    (row,) = ok(api.get(f"{ROOT}?{both}"))["results"]
    one = ok(api.get(f"{ROOT}{case.reference}/?{both}"))
    assert list(one) == ["reference", "customer", "messages"] and one == row
    assert one["customer"]["contact_points"]
    assert list(ok(api.get(f"{ROOT}{case.reference}/?fields=status"))) == ["status"]
    for path in (ROOT, f"{ROOT}{case.reference}/"):
        assert refused(api.get(f"{path}?fields=messages"), 400, "unknown_field", "?fields")
        assert refused(api.get(f"{path}?fields=nonsense"), 400, "unknown_field", "?fields")


@pytest.mark.parametrize(
    "given", ["nonsense", "customer,nonsense", "", "customer,,owner", "clocks", "customer.loyalty"]
)
def test_what_cannot_be_expanded_is_refused(cast: Cast, api: Client, given: str) -> None:
    case = cast.complaint()
    for path in (ROOT, f"{ROOT}{case.reference}/", f"{ROOT}AM-2222-2222/"):
        assert refused(api.get(path, {"expand": given}), 400, "unknown_expand", "?expand")
    assert refused(api.get(f"{ROOT}?expand=owner&expand=team"), 400, "repeated_parameter", "?expand")
    assert refused(api.get("/api/v1/customers/?expand=owner"), 400, "unknown_parameter", "?expand")


def test_a_token_expands_what_it_may_read(cast: Cast) -> None:
    case = cast.complaint()
    narrow = Client(headers=bearer(cast.agent, "complaints:read"))
    wider = Client(headers=bearer(cast.agent, "complaints:read", "customers:read"))
    for path in (ROOT, f"{ROOT}{case.reference}/"):
        assert ok(narrow.get(f"{path}?expand=messages"))
        for name in ("customer", "owner", "team", "type"):
            assert refused(narrow.get(f"{path}?expand={name}"), 403, "insufficient_scope")
        assert ok(wider.get(f"{path}?expand=customer,messages"))
        assert refused(wider.get(f"{path}?expand=customer,owner"), 403, "insufficient_scope")


def test_a_complaint_that_did_not_change_is_304_unless_it_is_expanded(cast: Cast, api: Client) -> None:
    path = f"{ROOT}{cast.complaint().reference}/"
    first = api.get(path)
    known = {"If-None-Match": first["ETag"]}
    fresh = api.get(path, headers=known)
    assert (fresh.status_code, fresh.content, fresh["ETag"]) == (304, b"", first["ETag"])
    assert api.get(f"{path}?fields=status", headers=known).status_code == 304
    expanded = api.get(f"{path}?expand=customer", headers=known)
    assert expanded.status_code == 200, "the customer may have changed"
    assert expanded["ETag"] == first["ETag"], "what PATCH asks for"
    manage.classify(Complaint.objects.get(), severity="serious", reason="Worse", by=Actor.person(cast.agent), at=MONDAY)
    assert api.get(path, headers=known).status_code == 200


def test_details_take_no_parameters_they_do_not_know(cast: Cast, api: Client) -> None:
    case = cast.complaint()
    for path in (
        f"{ROOT}{case.reference}/",
        f"{ROOT}AM-2222-2222/",
        f"/api/v1/customers/{cast.customer.pk}/",
        f"/api/v1/teams/{cast.team.pk}/",
        "/api/v1/metrics/nps/",
        "/api/v1/metrics/",
    ):
        assert refused(api.get(f"{path}?nonsense=1"), 400, "unknown_parameter", "?nonsense"), path
    assert refused(api.get(f"{ROOT}{case.reference}/?fields=%EF%BF%BE&fields=a"), 400, "repeated_parameter")


def test_search_and_what_changed_since(cast: Cast, api: Client) -> None:
    with_lamp, without = cast.complaint(subject="A broken lantern"), cast.complaint(subject="Late")
    (found,) = ok(api.get(f"{ROOT}?search=lantern"))["results"]
    assert found["reference"] == with_lamp.reference
    changed = without.updated_at.isoformat().replace("+00:00", "Z")
    assert without.reference in [row["reference"] for row in ok(api.get(f"{ROOT}?updated_since={changed}"))["results"]]
    assert ok(api.get(f"{ROOT}?updated_since=2099-01-01T00:00:00Z"))["results"] == []
    assert refused(api.get(f"{ROOT}?updated_since=2026-01-01T00:00:00"), 400, "timezone_required", "?updated_since")
