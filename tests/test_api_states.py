"""What GET reads of state changes: whether they stand, since when, by whom, why (interface, REST API)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.actions import decide, handle, manage
from complaints.models import Complaint
from core import cached, trail
from core.actor import Actor
from tests.cast import MONDAY, Cast, make_cast, make_complaint, make_customer
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
OF_A_CASE = (
    "acknowledgement", "classification", "customer", "extension", "incident", "investigation", "owner", "pause",
    "release", "reopening", "snooze", "watch", "withdrawal",
)  # fmt: skip
OF_A_CUSTOMER = ("departure", "return", "joining", "merge")
NEVER = {"at": None, "by": None, "actor": None, "reason": ""}


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    return make_cast()


@pytest.fixture
def api(cast: Cast) -> Any:
    client = Client(headers=bearer(cast.agent))

    def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = client.generic(
            method, f"/api/v1/{path}", _json(body), content_type="application/json", headers=headers
        )
        assert answer.status_code < 300, answer.content
        return answer.json()

    return ask


def _json(body: Any) -> str:
    return "" if body is None else json.dumps(body)


def brief(user: Any) -> dict[str, str]:
    return {"id": str(user.pk), "name": str(user)}


def by(user: Any, reason: str = "", kind: str = "integration:test") -> dict[str, Any]:
    return {"by": brief(user), "actor": kind, "reason": reason}


def without_time(told: dict[str, Any]) -> dict[str, Any]:
    assert told["at"]
    return {name: value for name, value in told.items() if name != "at"}


def test_of_what_has_not_happened_there_is_no_time(cast: Cast, api: Any) -> None:
    case = cast.complaint()
    at = f"complaints/{case.reference}/"
    told = {name: api("GET", f"{at}{name}/") for name in OF_A_CASE}
    assert told["acknowledgement"] == {"acknowledged": False, "first_response_at": None, **NEVER}
    assert told["investigation"] == {"investigating": False, **NEVER}
    assert told["owner"] == {"owner": brief(cast.agent), "team": cast.team.name, "before": None, **NEVER}
    assert told["classification"]["severity"] == "moderate" and told["classification"]["type_before"] is None
    assert told["pause"] == {"paused": False, **NEVER}
    assert told["extension"] == {"results": [], "next": None, "previous": None}
    assert told["reopening"] == {"times": 0, **NEVER}
    assert told["withdrawal"] == {"withdrawn": False, **NEVER}
    assert told["release"] == {"is_quarantined": False, **NEVER}
    assert told["snooze"] == {"snoozed": False, "until": None, **NEVER}
    assert told["watch"] == {"following": False, "followers": 0, **NEVER}
    assert told["incident"] == {"incident": None, **NEVER}
    assert told["customer"] == {"customer": {"id": str(cast.customer.pk), "name": cast.customer.name}, **NEVER}


def test_each_change_is_read_where_it_was_made(cast: Cast, api: Any) -> None:
    case = cast.complaint()
    at = f"complaints/{case.reference}/"
    api("POST", f"{at}acknowledgement/", {})
    api("POST", f"{at}investigation/", {})
    api("POST", f"{at}classification/", {"severity": "serious", "type": "delivery-late", "reason": "Worse"})
    api("POST", f"{at}pause/", {"reason": "A picture is missing"})
    api("POST", f"{at}snooze/", {"until": None})
    api("POST", f"{at}watch/", {})
    incident = api("POST", "incidents/", {"title": "A bad lot"})["reference"]
    api("POST", f"{at}incident/", {"incident": incident})
    api("POST", f"{at}owner/", {"owner": str(cast.colleague.pk), "reason": "On leave"})
    me = cast.agent
    told = {name: without_time(api("GET", f"{at}{name}/")) for name in OF_A_CASE if name not in NOT_HERE}
    assert told["acknowledgement"] == {"acknowledged": True, "first_response_at": None, **by(me)}
    assert told["investigation"] == {"investigating": False, **by(me)}
    assert told["classification"]["type"]["code"] == "delivery-late"
    assert (told["classification"]["type_before"], told["classification"]["severity_before"]) == (
        "unclassified", "moderate",
    )  # fmt: skip
    assert told["classification"]["reason"] == "Worse" and told["classification"]["by"] == brief(me)
    assert told["pause"] == {"paused": True, **by(me, "A picture is missing")}
    assert told["snooze"]["until"] is None and told["snooze"]["by"] == brief(me)
    assert told["watch"] == {"following": True, "followers": 1, **by(me)}
    assert told["incident"] == {"incident": incident, **by(me)}
    assert told["owner"] == {
        "owner": brief(cast.colleague), "team": cast.team.name, "before": brief(me), **by(me, "On leave"),
    }  # fmt: skip
    api("DELETE", f"{at}pause/")
    assert without_time(api("GET", f"{at}pause/")) == {"paused": False, **by(me, "A picture is missing")}
    api("POST", f"{at}withdrawal/", {"reason": "It turned up"})
    assert without_time(api("GET", f"{at}withdrawal/")) == {"withdrawn": True, **by(me, "It turned up")}
    api("POST", f"{at}reopening/", {"reason": "It was another one"})
    assert without_time(api("GET", f"{at}reopening/")) == {"times": 1, **by(me, "It was another one")}
    assert api("GET", f"{at}withdrawal/")["withdrawn"] is False


def test_how_it_ended_is_read_like_any_other_change(cast: Cast, api: Any) -> None:
    case, other, joint = cast.complaint(), cast.complaint(), cast.complaint().reference
    at = f"complaints/{case.reference}/"
    names = ("resolution", "acceptance", "closure", "merge")
    for name in names:
        told = api("GET", f"{at}{name}/")
        assert {key: told[key] for key in NEVER} == NEVER, name
    resolution = {
        "outcome": "upheld",
        "root_cause": "people-mistake",
        "summary": "Sent again",
        "answer": "We send it again.",
    }
    assert "reference" in api("POST", f"{at}resolution/", resolution)
    api("POST", f"{at}acceptance/", {"accepted": True})
    api("POST", f"{at}closure/", {})
    api("POST", f"complaints/{other.reference}/merge/", {"into": joint, "reason": "The same parcel"})
    expected = {name: {"at": api("GET", f"{at}{name}/")[f"{word}_at"], **by(cast.agent)} for name, word in (
        ("resolution", "decided"), ("acceptance", "accepted"), ("closure", "closed"),
    )}  # fmt: skip
    for name, words in expected.items():
        told = api("GET", f"{at}{name}/")
        assert words["at"] and {key: told[key] for key in NEVER} == words, name
    merged = api("GET", f"complaints/{other.reference}/merge/")
    assert merged["into"] == joint and merged["at"]
    assert {key: merged[key] for key in ("by", "actor", "reason")} == by(cast.agent, "The same parcel")
    api("POST", f"{at}reopening/", {"reason": "It came broken"})
    closed = api("GET", f"{at}closure/")
    assert closed["closed_at"] is None and {key: closed[key] for key in NEVER} == expected["closure"]


NOT_HERE = {"customer", "extension", "release", "reopening", "withdrawal"}


def test_a_message_acknowledges_in_passing_and_that_is_read(cast: Cast, api: Any) -> None:
    case = cast.complaint()
    api("POST", f"complaints/{case.reference}/messages/", {"direction": "out", "body": "We look into it."})
    told = api("GET", f"complaints/{case.reference}/acknowledgement/")
    case.refresh_from_db()
    assert (told["acknowledged"], told["by"]) == (True, brief(cast.agent))
    assert told["at"] == told["first_response_at"] is not None


def test_one_follows_by_who_asked_them(cast: Cast, api: Any) -> None:
    case = cast.complaint()
    api("POST", f"complaints/{case.reference}/watchers/", {"user": str(cast.stranger.pk)})
    path = f"/api/v1/complaints/{case.reference}/watch/"
    told = Client(headers=bearer(cast.stranger)).get(path).json()
    assert (told["following"], told["followers"], told["by"]) == (True, 1, brief(cast.agent))
    assert api("GET", f"complaints/{case.reference}/watch/") == {"following": False, "followers": 1, **NEVER}


def test_quarantine_and_customer(cast: Cast, api: Any) -> None:
    case = make_complaint(quarantine=True)
    boss = Client(headers=bearer(cast.manager))
    assert boss.get(f"/api/v1/complaints/{case.reference}/release/").json() == {"is_quarantined": True, **NEVER}
    manage.release(case, by=Actor.person(cast.manager), at=MONDAY)
    told = boss.get(f"/api/v1/complaints/{case.reference}/release/").json()
    assert without_time(told) == {"is_quarantined": False, **by(cast.manager, kind=f"user:{cast.manager.username}")}
    other, mine = make_customer("Other"), cast.complaint()
    path = f"complaints/{mine.reference}/customer/"
    read = Client(headers=bearer(cast.agent)).get(f"/api/v1/{path}")
    api("PUT", path, {"customer": str(other.pk)}, **{"If-Match": read["ETag"]})
    assert without_time(api("GET", path)) == {"customer": {"id": str(other.pk), "name": "Other"}, **by(cast.agent)}


def test_an_extension_is_read_with_both_deadlines(cast: Cast, api: Any) -> None:
    case = cast.complaint()
    before, due_at = "2026-03-20T00:00:00+00:00", "2026-04-20T00:00:00+00:00"
    changes = {"clock": "eu-payment-services.reply", "deadline": [before, due_at], "told": True}
    trail.append(
        case,
        "complaint.extended",
        by=Actor.person(cast.agent),
        at=MONDAY,
        changes=changes,
        private={"reason": "Complex"},
    )
    (told,) = api("GET", f"complaints/{case.reference}/extension/")["results"]
    assert told == {
        "clock": "eu-payment-services.reply", "due_before": "2026-03-20T00:00:00Z", "due_at": "2026-04-20T00:00:00Z",
        "told": True, "at": "2026-03-02T09:00:00Z", **by(cast.agent, "Complex", f"user:{cast.agent.username}"),
    }  # fmt: skip


def test_leaving_and_coming_back_are_read(cast: Cast, api: Any) -> None:
    at = f"customers/{make_customer().pk}/"
    told = {name: api("GET", f"{at}{name}/") for name in OF_A_CUSTOMER}
    assert told["departure"] == {**NEVER, "left": False, "left_on": None}
    assert told["return"] == {**NEVER, "returned_on": None, "plan": ""}
    assert told["joining"] == {**NEVER, "joined_on": None, "plan": ""}
    assert told["merge"] == {"into": None, **NEVER, "parts": []}
    api("POST", f"{at}joining/", {"joined_on": "2020-01-01", "plan": "monthly"})
    api("POST", f"{at}departure/", {"left_on": "2021-05-01", "reason": "Too dear"})
    gone = without_time(api("GET", f"{at}departure/"))
    assert gone == {"left": True, "left_on": "2021-05-01", **by(cast.agent, "Too dear")}
    api("POST", f"{at}return/", {"returned_on": "2022-02-02", "plan": "yearly"})
    assert api("GET", f"{at}departure/")["left"] is False
    assert without_time(api("GET", f"{at}return/")) == {
        "returned_on": "2022-02-02", "plan": "yearly", **by(cast.agent),
    }  # fmt: skip
    assert without_time(api("GET", f"{at}joining/")) == {"joined_on": "2020-01-01", "plan": "monthly", **by(cast.agent)}


def test_a_departure_taken_back_is_none(cast: Cast, api: Any) -> None:
    at = f"customers/{make_customer().pk}/"
    api("POST", f"{at}joining/", {"joined_on": "2020-01-01"})
    api("POST", f"{at}departure/", {"left_on": "2021-05-01", "reason": "Too dear"})
    api("DELETE", f"{at}departure/")
    assert api("GET", f"{at}departure/") == {**NEVER, "left": False, "left_on": None}


def test_merged_customers_are_read_from_both_sides(cast: Cast, api: Any) -> None:
    one, other = make_customer("One"), make_customer("Other")
    api("POST", f"customers/{one.pk}/merge/", {"into": str(other.pk)})
    told = api("GET", f"customers/{one.pk}/merge/")
    assert told["into"] == {"id": str(other.pk), "name": "Other"} and told["by"] == brief(cast.agent)
    (part,) = api("GET", f"customers/{other.pk}/merge/")["parts"]
    assert (part["id"], part["name"], part["at"]) == (str(one.pk), "One", told["at"])
    api("DELETE", f"customers/{one.pk}/merge/")
    assert api("GET", f"customers/{other.pk}/merge/")["parts"] == []
    assert api("GET", f"customers/{one.pk}/merge/") == {"into": None, **NEVER, "parts": []}


def test_who_may_not_see_it_may_not_read_its_state(cast: Cast) -> None:
    case = cast.complaint()
    stranger, narrow = Client(headers=bearer(cast.stranger)), Client(headers=bearer(cast.agent, "teams:read"))
    for name in OF_A_CASE:
        path = f"/api/v1/complaints/{case.reference}/{name}/"
        assert stranger.get(path).status_code == 404, name
        assert (answer := narrow.get(path)).status_code == 403 and answer.json()["code"] == "insufficient_scope", name
    for name in OF_A_CUSTOMER:
        assert narrow.get(f"/api/v1/customers/{cast.customer.pk}/{name}/").status_code == 403, name
        assert (
            Client(headers=bearer(cast.admin)).get(f"/api/v1/customers/{cast.customer.pk}/{name}/").status_code == 403
        )


@pytest.mark.parametrize("name", OF_A_CASE)
def test_a_state_costs_few_queries_however_long_the_case(
    cast: Cast, django_assert_max_num_queries: Any, name: str
) -> None:
    case, who = cast.complaint(), Actor.person(cast.agent)
    for days in range(3):
        decide.withdraw(case, by=who, at=MONDAY + timedelta(days=days), reason="No")
        decide.reopen(case, by=who, at=MONDAY + timedelta(days=days, hours=1), reason="Yes")
    handle.wait(Complaint.objects.get(), by=who, at=MONDAY + timedelta(days=4), reason="A picture")
    client = Client(headers=bearer(cast.agent))
    client.get(f"/api/v1/complaints/{case.reference}/")  # what is remembered between requests
    with django_assert_max_num_queries(6):
        assert client.get(f"/api/v1/complaints/{case.reference}/{name}/").status_code == 200
