"""`expand` and `fields` on complaints, and parameters nobody knows (interface, REST API)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import converse, manage
from complaints.actions.merge import merge
from complaints.api import expansions
from complaints.models import Complaint
from core import cached, clock
from core.actor import Actor
from retention.models import Customer
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


def test_a_complaint_is_304_while_its_address_says_the_same(cast: Cast, api: Client) -> None:
    path = f"{ROOT}{cast.complaint().reference}/"
    first = api.get(path)
    known = {"If-None-Match": first["ETag"]}
    fresh = api.get(path, headers=known)
    assert (fresh.status_code, fresh.content, fresh["ETag"]) == (304, b"", first["ETag"])
    part = api.get(f"{path}?fields=status", headers=known)
    assert part.status_code == 200, "another address"
    known_part = {"If-None-Match": part["ETag"]}
    expanded = api.get(f"{path}?expand=customer", headers=known)
    assert expanded.status_code == 200
    assert expanded["ETag"].split("-")[0] == first["ETag"].split("-")[0], "the version, which PATCH asks for"
    known_too = {"If-None-Match": expanded["ETag"]}
    assert api.get(f"{path}?expand=customer", headers=known_too).status_code == 304
    Customer.objects.update(name="Renamed")
    assert api.get(f"{path}?expand=customer", headers=known_too).status_code == 200
    assert api.get(path, headers=known).status_code == 200, "it names the customer"
    assert api.get(f"{path}?fields=status", headers=known_part).status_code == 304
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


# --- what belongs to a complaint or a customer ------------------------------------------------------------------------

SUM = {"amount": "12.30", "currency": "EUR"}


def played(cast: Cast, times: int = 1) -> None:
    """One of everything that names a complaint or a customer, `times` over, each of another customer."""
    boss = Client(headers=bearer(cast.manager))

    def post(path: str, body: dict[str, Any]) -> None:
        answer = boss.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
        assert answer.status_code == 201, answer.content

    for _ in range(times):
        customer = make_customer()
        case = cast.complaint(customer=customer)
        soon = (clock.now() + timedelta(days=2)).isoformat()
        post(f"complaints/{case.reference}/promises/", {"text": "A new lamp", "due_at": soon})
        post(f"complaints/{case.reference}/remedies/", {"kind": "apology", "reason": "Late"})
        post("survey-responses/", {"kind": "nps", "score": 9, "complaint": case.reference})
        post("follow-ups/", {"customer": str(customer.pk), "due_on": "2099-01-04"})
        post(f"customers/{customer.pk}/charges/", {"charged_on": "2026-03-01", "amount": SUM})
        post(f"customers/{customer.pk}/payments/", {"paid_on": "2026-03-01", "amount": SUM})
        lines = [{"description": "Lamp", "quantity": 1, "unit_price": SUM}]
        order = {"order_number": f"A-{customer.pk}", "purchased_at": "2026-03-01T09:00:00Z", "lines": lines}
        post(f"customers/{customer.pk}/purchases/", order)
        entry = {"customer": str(customer.pk), "kind": "earned", "points": 5, "reason": "Sorry"}
        post("loyalty-entries/", entry)


EXPANDED = [
    ("remedies/", "complaint"),
    ("promises/", "complaint"),
    ("survey-responses/", "complaint"),
    ("survey-responses/", "customer"),
    ("follow-ups/", "customer"),
    ("charges/", "customer"),
    ("payments/", "customer"),
    ("purchases/", "customer"),
    ("loyalty-entries/", "customer"),
]


@pytest.mark.parametrize(("path", "name"), EXPANDED)
def test_other_lists_show_complaints_and_customers_whole(
    cast: Cast, path: str, name: str, django_assert_max_num_queries: Any
) -> None:
    played(cast, 3)
    boss = Client(headers=bearer(cast.manager))
    plain = ok(boss.get(f"/api/v1/{path}"))["results"]
    with django_assert_max_num_queries(12):
        rows = ok(boss.get(f"/api/v1/{path}?expand={name}"))["results"]
    assert len(rows) == len(plain) == 3
    for row, brief in zip(rows, plain, strict=True):
        key = brief[name]["id"] if isinstance(brief[name], dict) else brief[name]
        assert row[name] == ok(boss.get(f"/api/v1/{name}s/{key}/"))
        assert {**row, name: None} == {**brief, name: None}
    assert refused(boss.get(f"/api/v1/{path}?expand=nonsense"), 400, "unknown_expand", "?expand")
    narrow = Client(headers=bearer(cast.manager, f"{path[:-1]}:read"))
    assert refused(narrow.get(f"/api/v1/{path}?expand={name}"), 403, "insufficient_scope")


def test_a_promise_of_a_case_one_does_not_see_is_not_expanded(cast: Cast, api: Client) -> None:
    """It came with the case that was merged into one's own."""
    theirs, mine = cast.complaint(owner=cast.stranger), cast.complaint()
    body = {"text": "A new lamp", "due_at": (clock.now() + timedelta(days=2)).isoformat()}
    stranger = Client(headers=bearer(cast.stranger))
    promised = stranger.post(f"{ROOT}{theirs.reference}/promises/", json.dumps(body), content_type="application/json")
    assert promised.status_code == 201
    merge(Complaint.objects.get(pk=theirs.pk), into=mine, by=Actor.person(cast.manager), at=clock.now())
    (row,) = ok(api.get("/api/v1/promises/?expand=complaint"))["results"]
    seen = api.get(f"{ROOT}{theirs.reference}/").status_code == 200
    assert (row["complaint"] == theirs.reference) is not seen
    (whole,) = ok(Client(headers=bearer(cast.manager)).get("/api/v1/promises/?expand=complaint"))["results"]
    assert whole["complaint"]["reference"] == theirs.reference
