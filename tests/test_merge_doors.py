"""Merging, duplicates and incidents through the browser and the API, and what a case shows of it (interface.md)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from complaints.actions import converse, merge
from complaints.models import Complaint, Merge, NotDuplicate
from core import clock
from core.actor import Actor
from core.models import User
from core.references import status_token
from tests.cast import MONDAY, Cast, make_cast, make_customer
from tests.doors import DOORS, Door
from tests.tokens import bearer

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def api(user: User, method: str, path: str, body: Any = None) -> Any:
    content = "" if body is None else json.dumps(body)
    client = Client(headers=bearer(user))
    return client.generic(method, f"/api/v1{path}", content, content_type="application/json")


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_merge_and_take_back(door: Door, cast: Cast) -> None:
    source, target = cast.complaint(), cast.complaint()
    assert door(cast.agent, source, "merge", into=target.reference, reason="The same parcel.").status == 200
    source.refresh_from_db()
    assert source.status == "merged" and source.merged_into == target
    assert Merge.objects.get(complaint=source).reason == "The same parcel."
    assert door(cast.agent, source, "merge", undo=True).status == 200
    source.refresh_from_db()
    assert source.status == "new" and source.merged_into is None


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_what_is_refused_says_so(door: Door, cast: Cast) -> None:
    source, other = cast.complaint(), cast.complaint(customer=make_customer("Somebody else"))
    foreign = cast.complaint(owner=cast.stranger)
    assert door(cast.agent, source, "merge", into=source.reference).status == 409
    assert door(cast.agent, source, "merge", into="AM-0000-0000").status == 422
    assert door(cast.agent, source, "merge", into=foreign.reference).status == 422
    assert door(cast.agent, source, "merge", into=other.reference).status == 409
    assert door(cast.agent, source, "merge", undo=True).status == 409
    assert door(cast.stranger, source, "merge", into=foreign.reference).status == 404
    assert not Merge.objects.exists()
    said: Any = "on" if door.name != "api" else True
    assert door(cast.agent, source, "merge", into=other.reference, confirm=said).status == 200


def test_the_codes_over_the_api(cast: Cast) -> None:
    source, target = cast.complaint(), cast.complaint()
    path = f"/complaints/{source.reference}/merge/"
    assert api(cast.agent, "POST", path, {"into": source.reference}).json()["code"] == "merge_self"
    assert api(cast.agent, "POST", path, {"into": target.reference}).json()["merged_into"] == target.reference
    assert api(cast.agent, "POST", path, {"into": target.reference}).json()["code"] == "already_merged"
    told = api(cast.agent, "POST", f"/complaints/{target.reference}/merge/", {"into": source.reference}).json()
    assert told["code"] == "merge_cycle"
    read = api(cast.agent, "GET", path).json()
    assert read["into"] == target.reference and read["at"] and read["parts"] == []
    parts = api(cast.agent, "GET", f"/complaints/{target.reference}/merge/").json()
    assert parts["into"] is None and [one["reference"] for one in parts["parts"]] == [source.reference]
    assert api(cast.agent, "DELETE", path).json()["status"] == "new"
    assert api(cast.agent, "DELETE", path).json()["code"] == "not_merged"


def test_both_pages_tell_and_the_joint_one_shows_every_message(cast: Cast) -> None:
    by = Actor.person(cast.agent)
    source = cast.complaint(subject="Where is my lamp", description="It never came at all.")
    target = cast.complaint(subject="One lamp is missing")
    with clock.frozen(MONDAY):
        converse.message(source, by=by, at=MONDAY, body="We ask the carrier.")
        converse.note(source, by=by, at=MONDAY, body="Carrier says Tuesday.")
        merge.merge(source, into=target, by=by, at=MONDAY)
        converse.incoming(source, by=Actor.customer(), at=MONDAY, body="Any news?")
    client = browser(cast.agent)
    page = client.get(f"/complaints/{target.reference}/").content.decode()
    for text in ("It never came at all.", "We ask the carrier.", "Carrier says Tuesday.", "Any news?"):
        assert text in page, text
    assert page.count(f"in {source.reference}") >= 4
    gone = client.get(f"/complaints/{source.reference}/").content.decode()
    assert f"part of {target.reference} now" in gone and f'href="/complaints/{target.reference}/"' in gone
    assert "act-unmerge" in gone and "act-resolve" not in gone


def test_the_case_page_costs_no_more_for_a_merged_one(cast: Cast, django_assert_max_num_queries: Any) -> None:
    by = Actor.person(cast.agent)
    target = cast.complaint()
    client = browser(cast.agent)
    client.get(f"/complaints/{target.reference}/")
    for _number in range(3):
        merge.merge(cast.complaint(), into=target, by=by, at=clock.now())
    with django_assert_max_num_queries(10):
        assert client.get(f"/complaints/{target.reference}/").status_code == 200


def test_a_case_nobody_here_sees_is_named_without_a_link(cast: Cast) -> None:
    manager = Actor.person(cast.manager)
    source, target = cast.complaint(), cast.complaint(owner=cast.stranger)
    merge.merge(source, into=target, by=manager, at=clock.now())
    # The colleague sees the one of the own team, and does not follow the other.
    gone = browser(cast.colleague).get(f"/complaints/{source.reference}/").content.decode()
    assert target.reference in gone and f'href="/complaints/{target.reference}/"' not in gone
    assert api(cast.colleague, "DELETE", f"/complaints/{source.reference}/merge/").status_code == 403


def test_the_status_page_tells_the_customer_about_the_joint_case(cast: Cast) -> None:
    by = Actor.person(cast.agent)
    source, target = cast.complaint(), cast.complaint()
    merge.merge(source, into=target, by=by, at=clock.now())
    converse.message(target, by=by, at=clock.now(), body="Your lamp is on its way.")
    page = Client().get(f"/status/{status_token(source.reference)}/").content.decode()
    assert target.reference in page and f"/status/{status_token(target.reference)}/" in page


def test_the_status_page_gives_nothing_of_another_customer_away(cast: Cast) -> None:
    by = Actor.person(cast.agent)
    source, target = cast.complaint(), cast.complaint(customer=make_customer("Somebody else"))
    merge.merge(source, into=target, by=by, at=clock.now(), confirm=True)
    page = Client().get(f"/status/{status_token(source.reference)}/").content.decode()
    assert target.reference not in page and "together with another one" in page


@pytest.mark.parametrize("keep", ["first", "second"])
def test_side_by_side_with_the_deadlines_after(keep: str, cast: Cast) -> None:
    with clock.frozen(MONDAY):
        first, second = cast.complaint(at=MONDAY, subject="Lamp one"), cast.complaint(at=MONDAY, subject="Lamp two")
        stays = first if keep == "first" else second
        goes = second if keep == "first" else first
        page = (
            browser(cast.agent)
            .get(f"/complaints/{first.reference}/compare/{second.reference}/?keep={stays.reference}")
            .content.decode()
        )
    assert f'action="/complaints/{goes.reference}/merge/"' in page
    assert f'name="into" value="{stays.reference}"' in page
    assert "Lamp one" in page and "Lamp two" in page and "Deadlines after merging" in page


def test_side_by_side_of_what_one_may_not_see(cast: Cast) -> None:
    mine, foreign = cast.complaint(), cast.complaint(owner=cast.stranger)
    client = browser(cast.agent)
    assert client.get(f"/complaints/{mine.reference}/compare/{foreign.reference}/").status_code == 404
    assert client.get(f"/complaints/{foreign.reference}/compare/{mine.reference}/").status_code == 404
    assert client.get(f"/complaints/{mine.reference}/compare/{mine.reference}/").status_code == 404


def test_different_customers_are_warned_about(cast: Cast) -> None:
    mine, other = cast.complaint(), cast.complaint(customer=make_customer("Somebody else"))
    page = browser(cast.agent).get(f"/complaints/{mine.reference}/compare/{other.reference}/").content.decode()
    assert 'name="confirm"' in page and "different customers" in page


def test_not_a_duplicate_over_both_doors(cast: Cast) -> None:
    one, other, third = cast.complaint(), cast.complaint(), cast.complaint()
    page = browser(cast.agent).get(f"/complaints/{one.reference}/related/").content.decode()
    assert other.reference in page and third.reference in page
    browser(cast.agent).post(f"/complaints/{one.reference}/related/{other.reference}/refusal/")
    path = f"/complaints/{one.reference}/duplicates/"
    assert api(cast.agent, "POST", f"{path}{third.reference}/refusal/", {}).json() == {"changed": True}
    assert api(cast.agent, "POST", f"{path}{third.reference}/refusal/", {}).json() == {"changed": False}
    assert NotDuplicate.objects.count() == 2
    assert api(cast.agent, "GET", path).json() == {"results": [], "next": None, "previous": None}
    assert api(cast.agent, "GET", f"/complaints/{other.reference}/duplicates/").json()["results"][0]["reference"] == (
        third.reference
    )
    foreign = cast.complaint(owner=cast.stranger)
    assert api(cast.agent, "POST", f"{path}{foreign.reference}/refusal/", {}).status_code == 404
    assert api(cast.agent, "POST", f"{path}{one.reference}/refusal/", {}).status_code == 400


def test_merging_from_the_compared_page_is_done_once(cast: Cast) -> None:
    first, second = cast.complaint(), cast.complaint()
    client = browser(cast.agent)
    form = {"into": first.reference, "nonce": "a-nonce-of-the-form", "version": second.version}
    for _number in range(2):
        assert client.post(f"/complaints/{second.reference}/merge/", form).status_code == 302
    assert Merge.objects.count() == 1


def test_a_stale_form_is_refused(cast: Cast) -> None:
    first, second = cast.complaint(), cast.complaint()
    Complaint.objects.filter(pk=second.pk).update(version=9)
    form = {"into": first.reference, "version": 1}
    assert browser(cast.agent).post(f"/complaints/{second.reference}/merge/", form).status_code == 409
