"""Who brought whom, through every door: once, by another, with points given once and taken back (C4; F25, F26)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from core import cached, clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.models import User
from metrics.actions.merge_customers import merge, unmerge
from retention.actions import loyalty, referrals
from retention.actions.customers import Details
from retention.models import Customer, LoyaltyEntry, Referral
from tests.cast import MONDAY, Cast, make_cast, make_customer
from tests.test_merge_races import at_once
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
BY = Actor.system("test")
TODAY, DAY = date(2026, 3, 2), timedelta(days=1)


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        yield make_cast()
    cached.clear_all()


def brought(referrer: Customer, referred: Customer | Details, **more: Any) -> Referral:
    return referrals.refer(referrer, referred, **{"referred_on": TODAY, "by": BY, "at": MONDAY, **more})


def code_of(work: Any) -> str:
    with pytest.raises(DomainError) as told:
        work()
    return told.value.code


def sides(*found: Referral) -> set[tuple[int, int]]:
    rows = Referral.objects.filter(pk__in=[one.pk for one in found])
    return set(rows.values_list("referrer", "referred"))


# --- the rules --------------------------------------------------------------------------------------------------------


def test_both_stories_tell_it(cast: Cast) -> None:
    friend = make_customer("Friend")
    made = brought(cast.customer, friend, note=" At the fair ", by=Actor.person(cast.agent))
    assert (made.note, made.by, made.referrer_points, made.referred_points) == ("At the fair", cast.agent, 0, 0)
    told = list(trail.of(made))
    assert [(one.kind, one.customer_id) for one in told] == [
        ("referral.recorded", friend.pk),
        ("referral.brought", cast.customer.pk),
    ]
    assert json.loads(told[0].body) == {"on": "2026-03-02", "referrer": cast.customer.pk}
    assert json.loads(told[1].body) == {"on": "2026-03-02", "referred": friend.pk}
    assert "fair" not in told[0].body and json.loads(told[0].private) == {"note": "At the fair"}
    assert not LoyaltyEntry.objects.exists()


def test_once_by_another_and_not_each_other(cast: Cast) -> None:
    one, other, third = (make_customer(name) for name in ("One", "Other", "Third"))
    made = brought(one, other)
    assert code_of(lambda: brought(one, one)) == "referred_themselves"
    assert code_of(lambda: brought(one, other)) == "already_referred"
    assert code_of(lambda: brought(third, other)) == "already_referred"
    assert code_of(lambda: brought(other, one)) == "referral_circle"
    assert code_of(lambda: brought(one, third, referred_on=TODAY + DAY)) == "in_the_future"
    assert code_of(lambda: brought(one, third, note="x" * 2001)) == "too_long"
    referrals.withdraw(made, reason="A mistake", by=BY, at=MONDAY)
    assert sides(brought(other, one)) == {(other.pk, one.pk)}  # one that was withdrawn is none
    assert code_of(lambda: brought(one, other)) == "referral_circle"
    assert brought(third, other).pk


def test_the_database_holds_it_whoever_writes(cast: Cast) -> None:
    one, other, third = (make_customer(name) for name in ("One", "Other", "Third"))
    brought(one, other)
    stamps = {"referred_on": TODAY, "created_at": MONDAY, "updated_at": MONDAY}
    for referrer, referred in ((third, other), (other, one), (third, third)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Referral.objects.create(referrer=referrer, referred=referred, **stamps)
    Referral.objects.create(referrer=third, referred=other, withdrawn_at=MONDAY, **stamps)


def test_who_is_brought_is_found_or_made(cast: Cast) -> None:
    friend = make_customer("Friend", email="friend@mail.example")
    found = brought(cast.customer, Details(name="Somebody Else", email="FRIEND@mail.example"))
    assert found.referred == friend
    made = brought(cast.customer, Details(name="New Person", phone="+44 1234 5678"))
    assert (made.referred.name, Customer.objects.filter(name="New Person").count()) == ("New Person", 1)
    assert trail.of(made.referred).get().kind == "customer.created"
    count = Customer.objects.count()
    assert code_of(lambda: brought(cast.customer, Details())) == "customer_empty"
    assert code_of(lambda: brought(cast.customer, Details(email="dana@mail.example"))) == "referred_themselves"
    agent = Actor.person(cast.agent)
    assert code_of(lambda: brought(friend, Details(name="Third"), referrer_points=9, by=agent)) == "not_allowed"
    assert Customer.objects.count() == count  # nobody is made where the referral is refused


def test_points_are_credited_once_and_taken_back(cast: Cast) -> None:
    friend, by = make_customer("Friend"), Actor.person(cast.manager)
    made = brought(cast.customer, friend, referrer_points=200, referred_points=100, by=by)
    assert (loyalty.balance(cast.customer), loyalty.balance(friend)) == (200, 100)
    assert (made.referrer_points, made.referred_points) == (200, 100)
    assert set(LoyaltyEntry.objects.values_list("key", "kind", "by")) == {
        (f"referral:{made.pk}:referrer", "earned", cast.manager.pk),
        (f"referral:{made.pk}:referred", "earned", cast.manager.pk),
    }
    assert code_of(lambda: referrals.reward(made, referrer_points=5, by=by, at=MONDAY)) == "already_rewarded"
    assert code_of(lambda: referrals.withdraw(made, reason=" ", by=by, at=MONDAY)) == "reason_required"
    agent = Actor.person(cast.agent)
    assert code_of(lambda: referrals.withdraw(made, reason="None", by=agent, at=MONDAY)) == "not_allowed"
    gone = referrals.withdraw(made, reason="They knew us", by=by, at=MONDAY)
    assert (gone.withdrawn_at, gone.reason) == (MONDAY, "They knew us")
    assert (loyalty.balance(cast.customer), loyalty.balance(friend)) == (0, 0)
    assert code_of(lambda: referrals.withdraw(made, reason="Again", by=by, at=MONDAY)) == "already_withdrawn"
    assert code_of(lambda: referrals.reward(made, referrer_points=5, by=by, at=MONDAY)) == "already_withdrawn"
    told = [(one.kind, one.customer_id) for one in trail.of(made)]
    assert told[2:] == [("referral.withdrawn", friend.pk), ("referral.brought_withdrawn", cast.customer.pk)]
    for one in (made, friend, cast.customer):
        assert not list(trail.verify(trail.of(one)))


def test_spent_points_hold_a_withdrawal_up(cast: Cast) -> None:
    friend = make_customer("Friend")
    made = brought(cast.customer, friend, referrer_points=200, referred_points=100)
    loyalty.redeem(friend, points=1, by=BY, at=MONDAY, reason="A voucher")
    assert code_of(lambda: referrals.withdraw(made, reason="None", by=BY, at=MONDAY)) == "not_enough_points"
    made.refresh_from_db()
    assert made.withdrawn_at is None and (loyalty.balance(cast.customer), loyalty.balance(friend)) == (200, 99)


def test_a_manager_rewards_later(cast: Cast) -> None:
    friend, by = make_customer("Friend"), Actor.person(cast.manager)
    made = brought(cast.customer, friend)
    assert code_of(lambda: referrals.reward(made, by=by, at=MONDAY)) == "not_positive"
    assert code_of(lambda: referrals.reward(made, referred_points=-5, by=by, at=MONDAY)) == "not_positive"
    agent = Actor.person(cast.agent)
    assert code_of(lambda: referrals.reward(made, referred_points=5, by=agent, at=MONDAY)) == "not_allowed"
    referrals.reward(made, referred_points=50, by=by, at=MONDAY)
    assert (loyalty.balance(cast.customer), loyalty.balance(friend)) == (0, 50)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_at_once_bring_one_customer_once(cast: Cast) -> None:
    for _round in range(4):
        one, other, friend = (make_customer(name) for name in ("One", "Other", "Friend"))
        told = at_once(
            lambda a=one, f=friend: str(brought(a, f, referrer_points=10, referred_points=10).referrer_id),
            lambda b=other, f=friend: str(brought(b, f, referrer_points=10, referred_points=10).referrer_id),
        )
        assert "already_referred" in told and set(told) & {str(one.pk), str(other.pk)}
        assert loyalty.balance(friend) == loyalty.balance(one) + loyalty.balance(other) == 10
        told = at_once(lambda a=one, b=other: brought(a, b).pk > 0, lambda a=one, b=other: brought(b, a).pk > 0)
        assert sorted(map(str, told)) == ["True", "referral_circle"]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_withdrawn_twice_at_once_and_while_merged(cast: Cast) -> None:
    for _round in range(4):
        one, twin, friend = (make_customer(name) for name in ("One", "Twin", "Friend"))
        made = brought(one, friend, referrer_points=10, referred_points=5)
        told = at_once(
            *[lambda r=made: referrals.withdraw(r, reason="None", by=BY, at=MONDAY).reason for _time in range(3)],
            lambda a=one, b=twin: merge(a, b, by=BY, at=MONDAY).pk > 0,
        )
        assert told[3] is True and set(told[:3]) <= {"None", "already_withdrawn", "stale"}
        made.refresh_from_db()
        if made.withdrawn_at is None:  # each of them met the merge
            referrals.withdraw(made, reason="None", by=BY, at=MONDAY)
        assert [loyalty.balance(who) for who in (one, twin, friend)] == [0, 0, 0]


# --- merging ----------------------------------------------------------------------------------------------------------


def test_a_merge_takes_both_sides_along_and_back(cast: Cast) -> None:
    survivor, twin = cast.customer, make_customer("D. Whitlock")
    first, friend, late = (make_customer(name) for name in ("First", "Friend", "Late"))
    rows = [brought(first, twin, referrer_points=7, referred_points=3), brought(twin, friend)]
    before = sides(*rows)
    merge(twin, survivor, by=BY, at=MONDAY)
    assert sides(*rows) == {(first.pk, survivor.pk), (survivor.pk, friend.pk)}
    assert code_of(lambda: brought(late, survivor)) == "already_referred"
    later = brought(survivor, late)
    unmerge(twin, by=BY, at=MONDAY)
    assert sides(*rows) == before and sides(later) == {(survivor.pk, late.pk)}
    assert set(Referral.objects.filter(pk__in=[one.pk for one in rows]).values_list("version", flat=True)) == {3, 4}
    assert loyalty.balance(twin) == 3


def test_a_merge_makes_nobody_bring_themselves(cast: Cast) -> None:
    survivor, twin = cast.customer, make_customer("D. Whitlock")
    own = brought(twin, survivor, referrer_points=9)
    merge(twin, survivor, by=BY, at=MONDAY)
    assert sides(own) == {(twin.pk, survivor.pk)}
    assert loyalty.balance(survivor) == 9
    referrals.withdraw(own, reason="One customer", by=BY, at=MONDAY)  # the points are with the survivor by now
    assert loyalty.balance(survivor) == 0
    unmerge(twin, by=BY, at=MONDAY)
    assert sides(own) == {(twin.pk, survivor.pk)}
    other_way = brought(survivor, twin)
    merge(twin, survivor, by=BY, at=MONDAY)
    assert sides(other_way) == {(survivor.pk, twin.pk)}


def test_a_merge_leaves_what_would_clash(cast: Cast) -> None:
    """Brought twice, or each other: the survivor's stands, as with all that both have."""
    survivor, twin, first, other = cast.customer, *(make_customer(name) for name in ("Twin", "First", "Other"))
    mine, twice, circle = brought(first, survivor), brought(other, twin), brought(twin, first)
    gone = brought(twin, make_customer("Gone"))
    merge(twin, survivor, by=BY, at=MONDAY)
    assert sides(mine) == {(first.pk, survivor.pk)}
    assert sides(twice) == {(other.pk, twin.pk)} and sides(circle) == {(twin.pk, first.pk)}
    gone.refresh_from_db()
    assert gone.referrer_id == survivor.pk
    unmerge(twin, by=BY, at=MONDAY)
    gone.refresh_from_db()
    assert gone.referrer_id == twin.pk


def test_who_became_one_meanwhile_is_not_given_back(cast: Cast) -> None:
    """T brought the twin, the twin brought Y; T and Y turn out to be one while the twin is merged."""
    survivor, twin, t, y = cast.customer, *(make_customer(name) for name in ("Twin", "T", "Y"))
    brought(make_customer("First"), survivor)
    kept, moved = brought(t, twin), brought(twin, y)
    merge(twin, survivor, by=BY, at=MONDAY)
    merge(y, t, by=BY, at=MONDAY)
    assert sides(kept) == {(t.pk, twin.pk)} and sides(moved) == {(survivor.pk, t.pk)}
    unmerge(twin, by=BY, at=MONDAY)
    assert sides(kept) == {(t.pk, twin.pk)} and sides(moved) == {(survivor.pk, t.pk)}


# --- both doors -------------------------------------------------------------------------------------------------------


def send(user: User, method: str, path: str, body: Any = None, *scopes: str, **headers: str) -> Any:
    data = "" if body is None else json.dumps(body)
    client = Client(headers={**bearer(user, *scopes), **headers})
    return client.generic(method, f"/api/v1/{path}", data, content_type="application/json")


def web(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def by_api(user: User, referrer: Customer, who: dict[str, str], **more: Any) -> int:
    body = {"referred": who, "referred_on": "2026-03-01", **more}
    status = send(user, "POST", f"customers/{referrer.pk}/referrals/", body).status_code
    return {201: 200, 400: 422}.get(status, int(status))


def by_web(user: User, referrer: Customer, who: dict[str, str], **more: Any) -> int:
    names = {"id": "customer", "name": "customer_name", "email": "customer_email", "phone": "customer_phone"}
    form = {names[name]: value for name, value in who.items()} | {"referred_on": "2026-03-01", **more}
    status = web(user).post(f"/customers/{referrer.pk}/referrals/new/", form).status_code
    return {302: 200}.get(status, int(status))


DOORS = pytest.mark.parametrize("door", [by_api, by_web])


@DOORS
def test_recorded_through_every_door(cast: Cast, door: Any) -> None:
    friend = make_customer("Friend")
    assert door(cast.agent, cast.customer, {"id": str(friend.pk)}, note="At the fair") == 200
    made = Referral.objects.get()
    assert (made.referrer, made.referred, made.referred_on) == (cast.customer, friend, date(2026, 3, 1))
    assert door(cast.agent, cast.customer, {"id": str(friend.pk)}) == 409
    assert door(cast.agent, friend, {"id": str(cast.customer.pk)}) == 409
    assert door(cast.agent, friend, {"id": str(friend.pk)}) == 409
    assert door(cast.agent, friend, {"id": "999999"}) == 422
    assert door(cast.agent, friend, {"name": "New", "email": "no address"}) == 422
    assert door(cast.agent, friend, {}) == 422
    assert door(cast.admin, friend, {"name": "New"}) == 403
    assert Referral.objects.count() == 1
    assert door(cast.manager, friend, {"name": "New", "phone": "+44 1234 5678"}, referrer_points=20) == 200
    assert loyalty.balance(friend) == 20 and Customer.objects.filter(name="New").count() == 1


def test_the_api_says_where_what_and_why_not(cast: Cast) -> None:
    friend = make_customer("Friend")
    body = {"referrer": str(cast.customer.pk), "referred": {"id": str(friend.pk)}}
    keyed = Client(headers={**bearer(cast.agent, "referrals:write"), "Idempotency-Key": "k"})
    first, again = (keyed.post("/api/v1/referrals/", json.dumps(body), "application/json") for _time in range(2))
    assert (first.status_code, again.json()) == (201, first.json()) and Referral.objects.count() == 1
    pk = first.json()["id"]
    assert first["Location"].endswith(f"/api/v1/referrals/{pk}/")
    assert first.json() == {
        "id": pk, "referrer": {"id": str(cast.customer.pk), "name": "Dana Whitlock"},
        "referred": {"id": str(friend.pk), "name": "Friend"}, "referred_on": "2026-03-02", "note": "",
        "referrer_points": 0, "referred_points": 0, "by": str(cast.agent.pk), "withdrawn_at": None, "reason": "",
        "source": "", "created_at": "2026-03-02T09:00:00Z", "updated_at": "2026-03-02T09:00:00Z", "version": 1,
    }  # fmt: skip
    for wrong, code, pointer in (
        ({"referrer": "999999"}, "unknown_customer", "/referrer"),
        ({"referred": {"id": "999999"}}, "unknown_customer", "/referred/id"),
        ({"referred": {"id": str(friend.pk), "name": "Friend"}}, "id_or_details", "/referred"),
        ({"referred": {"name": "Friend", "phone": "bad"}}, "invalid_phone", "/referred/phone"),
        ({"referred": {"colour": "red"}}, "unknown_field", "/referred/colour"),
        ({"referrer_points": -1}, "out_of_range", "/referrer_points"),
        ({"referred_on": "2026-03-03"}, "in_the_future", "/referred_on"),
        ({}, "already_referred", ""),
    ):
        told = send(cast.agent, "POST", "referrals/", {**body, **wrong}).json()
        assert code in (told["code"], *(one["code"] for one in told["errors"])), (wrong, told)
        assert not pointer or pointer in [one["pointer"] for one in told["errors"]], (wrong, told)
    allowed = send(cast.agent, "POST", "referrals/", {**body, "referred": {"name": "New"}, "referred_points": 5})
    assert (allowed.status_code, allowed.json()["code"]) == (403, "not_allowed")


def test_one_is_read_rewarded_and_withdrawn(cast: Cast) -> None:
    friend = make_customer("Friend")
    at = f"referrals/{brought(cast.customer, friend).pk}/"
    first = send(cast.agent, "GET", at)
    assert send(cast.agent, "GET", at, None, **{"If-None-Match": first["ETag"]}).status_code == 304
    assert send(cast.agent, "POST", f"{at}incentive/", {"referrer_points": 5}).status_code == 403
    assert send(cast.manager, "POST", f"{at}incentive/", {}).status_code == 400
    told = send(cast.manager, "POST", f"{at}incentive/", {"referrer_points": 5, "referred_points": 2}).json()
    assert (told["referrer_points"], told["referred_points"], told["version"]) == (5, 2, 2)
    assert send(cast.manager, "POST", f"{at}incentive/", {"referrer_points": 5}).json()["code"] == "already_rewarded"
    assert send(cast.agent, "POST", f"{at}withdrawal/", {"reason": "None"}).status_code == 403
    assert send(cast.manager, "POST", f"{at}withdrawal/", {}).json()["errors"][0]["pointer"] == "/reason"
    told = send(cast.manager, "POST", f"{at}withdrawal/", {"reason": "None"}).json()
    assert (told["withdrawn_at"], told["reason"]) == ("2026-03-02T09:00:00Z", "None")
    assert send(cast.manager, "POST", f"{at}withdrawal/", {"reason": "None"}).json()["code"] == "already_withdrawn"
    assert loyalty.balance(cast.customer) == loyalty.balance(friend) == 0
    again = send(cast.agent, "GET", at, None, **{"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert send(cast.agent, "GET", "referrals/999999/").status_code == 404
    assert send(cast.agent, "GET", at, None, "offers:write").status_code == 403
    assert send(cast.agent, "POST", f"{at}withdrawal/", {"reason": "x"}, "referrals:read").status_code == 403
    assert send(cast.admin, "GET", "referrals/").status_code == 403


def test_lists_filters_and_their_cost(cast: Cast, django_assert_max_num_queries: Any) -> None:
    friends = [make_customer(f"Friend {number}") for number in range(12)]
    one, other = cast.customer, make_customer("Other")
    first = brought(one, friends[0], referred_on=TODAY - 9 * DAY, source="crm")
    second = brought(friends[0], other)
    referrals.withdraw(second, reason="None", by=BY, at=MONDAY + DAY)
    token = Client(headers=bearer(cast.agent))

    def got(query: str, path: str = "referrals/") -> list[int]:
        answer = token.get(f"/api/v1/{path}?{query}")
        assert answer.status_code == 200, answer.content
        return [int(row["id"]) for row in answer.json()["results"]]

    assert got("") == [first.pk, second.pk]
    assert got(f"referrer={one.pk}") == got(f"referred={friends[0].pk}") == got("source=crm") == [first.pk]
    assert got("withdrawn=true") == [second.pk] and got("withdrawn=false") == [first.pk]
    assert got("referred_on_from=2026-03-01") == [second.pk] and got("referred_on_to=2026-03-01") == [first.pk]
    assert got("updated_since=2026-03-03T00:00:00Z") == [second.pk]
    assert got("", f"customers/{friends[0].pk}/referrals/") == [second.pk, first.pk]
    assert got("", f"customers/{one.pk}/referrals/") == [first.pk]
    backwards = "referred_on_from=2026-03-02&referred_on_to=2026-03-01"
    for wrong in ("colour=red", "referred_on_from=soon", backwards, "withdrawn=maybe", "ordering=note"):
        assert token.get(f"/api/v1/referrals/?{wrong}").status_code == 400
    with django_assert_max_num_queries(4) as few:
        got("")
    for friend in friends[1:]:
        brought(one, friend)
    with django_assert_max_num_queries(len(few)):
        assert len(got("")) == 13
    client = web(cast.manager)
    for headers in ({}, {"HX-Request": "true"}):
        client.get(f"/customers/{one.pk}/referrals/", headers=headers)
        with django_assert_max_num_queries(8):
            client.get(f"/customers/{one.pk}/referrals/", headers=headers)


# --- the browser ------------------------------------------------------------------------------------------------------


def test_the_card_of_either_side(cast: Cast) -> None:
    friend, client = make_customer("Friend <b>"), web(cast.agent)
    mine, theirs = (f"/customers/{one.pk}/referrals/" for one in (cast.customer, friend))
    assert f'hx-get="{mine}"' in client.get(f"/customers/{cast.customer.pk}/").content.decode()
    assert "No referral is known." in client.get(mine).content.decode()
    made = brought(cast.customer, friend, note="At the <i>fair")
    for headers in ({}, {"HX-Request": "true"}):
        page = client.get(mine, headers=headers).content.decode()
        for words in ("Friend &lt;b&gt;", "At the &lt;i&gt;fair", f"/referrals/{made.pk}/withdrawal/"):
            assert words in page, words
        assert "incentive/" not in page and f"/customers/{cast.customer.pk}/referrer/new/" in page
        page = client.get(theirs, headers=headers).content.decode()
        assert "Brought by" in page and "Dana Whitlock" in page
        assert f"/customers/{friend.pk}/referrer/new/" not in page  # somebody brought them already
    assert f"/referrals/{made.pk}/incentive/" in web(cast.manager).get(mine).content.decode()
    referrals.reward(made, referrer_points=1200, by=BY, at=MONDAY)
    page = client.get(mine).content.decode()
    assert "+1,200" in page and "withdrawal/" not in page  # points are for managers to take back
    story = client.get(f"/customers/{friend.pk}/").content.decode()
    assert "Brought by another customer" in story


def test_after_a_merge_the_card_says_that_both_are_one(cast: Cast) -> None:
    twin = make_customer("D. Whitlock")
    brought(twin, cast.customer)
    merge(twin, cast.customer, by=BY, at=MONDAY)
    page = web(cast.agent).get(f"/customers/{cast.customer.pk}/referrals/").content.decode()
    assert "the same customer" in page and "withdrawal/" in page


def test_a_refused_form_keeps_what_was_typed(cast: Cast) -> None:
    client, friend = web(cast.agent), make_customer("Friend", email="friend@mail.example")
    at = f"/customers/{cast.customer.pk}/referrals/new/"
    page = client.get(at).content.decode()
    assert 'value="2026-03-02"' in page and "referrer_points" not in page and "data-find-url" in page
    typed = {"customer_name": "Somebody", "customer_email": "dana@mail.example", "referred_on": "2026-03-01"}
    answer = client.post(at, {**typed, "note": "At the fair"})
    page = answer.content.decode()
    assert answer.status_code == 409 and "Nobody brings themselves." in page
    assert 'value="Somebody"' in page and "At the fair" in page and 'value="2026-03-01"' in page
    answer = client.post(at, {**typed, "referred_on": "2026-03-09"})
    assert answer.status_code == 422 and answer.context["form"].errors["referred_on"]
    again = {**typed, "customer_email": "FRIEND@mail.example", "nonce": uuid.uuid4().hex}
    assert client.post(at, again).status_code == client.post(at, again).status_code == 302
    assert Referral.objects.get().referred == friend


def test_who_brought_them_has_to_be_known(cast: Cast) -> None:
    client, friend = web(cast.agent), make_customer("Friend", email="friend@mail.example")
    at, count = f"/customers/{cast.customer.pk}/referrer/new/", Customer.objects.count()
    answer = client.post(at, {"customer_name": "Nobody Known", "referred_on": "2026-03-01"})
    assert answer.status_code == 422 and "Choose one of the customers" in answer.content.decode()
    assert client.post(at, {"customer_email": "friend@mail.example", "referred_on": "2026-03-01"}).status_code == 302
    assert sides(Referral.objects.get()) == {(friend.pk, cast.customer.pk)} and Customer.objects.count() == count


def test_rewarded_and_withdrawn_in_the_browser(cast: Cast) -> None:
    friend, client = make_customer("Friend"), web(cast.manager)
    made = brought(cast.customer, friend)
    at = f"/referrals/{made.pk}/"
    assert web(cast.agent).get(f"{at}incentive/").status_code == 403
    answer = client.post(f"{at}incentive/", {"referrer_points": "1.000"})
    assert answer.status_code == 422 and 'value="1.000"' in answer.content.decode()
    assert client.post(f"{at}incentive/", {"referrer_points": "", "referred_points": ""}).status_code == 422
    assert client.post(f"{at}incentive/", {"referrer_points": "40", "referred_points": ""}).status_code == 302
    assert client.post(f"{at}withdrawal/", {"reason": ""}).status_code == 422
    assert web(cast.agent).post(f"{at}withdrawal/", {"reason": "None"}).status_code == 403
    assert client.post(f"{at}withdrawal/", {"reason": "None"}).status_code == 302
    assert loyalty.balance(cast.customer) == 0
    page = client.get(f"/customers/{cast.customer.pk}/referrals/").content.decode()
    assert "Withdrawn" in page and "withdrawal/" not in page
    assert client.get("/referrals/999999/withdrawal/").status_code == 404
