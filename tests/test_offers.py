"""Offers through every door: made to those who want them, answered, lapsed by their date, and how they fare (C2)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from complaints.actions import decide
from complaints.reference import catalogue
from core import cached, clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.models import User
from metrics.actions.merge_customers import merge, unmerge
from retention.actions import offers, purchases
from retention.actions.consent import consent
from retention.models import Customer, Offer, Purchase
from retention.offers_fare import fares, together
from tests.cast import MONDAY, Cast, make_cast, make_customer
from tests.test_merge_races import at_once
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
BY = Actor.system("test")
TODAY, DAY = date(2026, 3, 2), timedelta(days=1)
GOOD = {"kind": "cross_sell", "text": "Filters for a year", "channel": "phone"}


@pytest.fixture
def cast() -> Iterator[Cast]:
    cached.clear_all()
    with clock.frozen(MONDAY):
        found = make_cast()
        agree(found.customer)
        yield found
    cached.clear_all()


def agree(customer: Customer, given: bool = True) -> None:
    consent(customer, purpose="offers", given=given, by=BY, at=MONDAY - 30 * DAY)


def offered(customer: Customer, at: datetime = MONDAY, **more: Any) -> Offer:
    return offers.make(customer, **{**GOOD, "by": BY, "at": at, **more})


def ordered(customer: Customer, at: datetime = MONDAY, number: str = "A-1") -> Purchase:
    lines = [purchases.Item("Filters", Decimal(1), Decimal("9.90"))]
    return purchases.record_purchase(customer, order_number=number, lines=lines, purchased_at=at, by=BY, at=at)


def code_of(work: Any) -> str:
    with pytest.raises(DomainError) as told:
        work()
    return told.value.code


# --- the rules --------------------------------------------------------------------------------------------------------


def test_made_with_all_that_is_known(cast: Cast) -> None:
    made = offers.make(
        cast.customer, kind="up_sell", text=" Care  Plus\n", channel="email", product=" Care ", amount=Decimal("59.90"),
        currency="EUR", valid_until=TODAY, complaint_reference="AM-2222-2222", by=Actor.person(cast.agent), at=MONDAY,
    )  # fmt: skip
    made.refresh_from_db()
    assert (made.text, made.product, made.by, made.made_at, made.version) == (
        "Care Plus",
        "Care",
        cast.agent,
        MONDAY,
        1,
    )
    entry = trail.of(made).get()
    assert (entry.kind, entry.customer_id, entry.actor_id) == ("offer.made", cast.customer.pk, cast.agent.pk)
    assert json.loads(entry.body) == {
        "kind": "up_sell", "channel": "email", "amount": "59.90", "currency": "EUR", "valid_until": "2026-03-02",
        "complaint": "AM-2222-2222",
    }  # fmt: skip
    assert json.loads(entry.private) == {"text": "Care Plus"}


def test_nobody_is_offered_anything_who_did_not_agree(cast: Cast) -> None:
    stranger = make_customer("Nobody Asked")
    for kind in ("cross_sell", "up_sell", "win_back"):
        assert code_of(lambda kind=kind: offered(stranger, kind=kind)) == "no_consent"
    with pytest.raises(DomainError) as unasked:
        offered(stranger)
    agree(stranger, given=False)
    with pytest.raises(DomainError) as refused:
        offered(stranger)
    assert "has not agreed" in str(unasked.value) and "does not want" in str(refused.value)
    assert not Offer.objects.exists() and not trail.of(stranger).filter(kind="offer.made").exists()
    agree(stranger)
    assert offered(stranger).pk


def test_who_waits_for_an_answer_is_only_won_back(cast: Cast) -> None:
    case = cast.complaint(owner=cast.stranger)  # another team's counts as well
    for kind in ("cross_sell", "up_sell"):
        assert code_of(lambda kind=kind: offered(cast.customer, kind=kind)) == "open_complaint"
    assert offered(cast.customer, kind="win_back").pk
    by, cause = Actor.person(cast.stranger), catalogue().causes["people-mistake"]
    decide.resolve(case, by=by, at=MONDAY, outcome="upheld", root_cause=cause, summary="Sent.", answer="It is sent.")
    assert offered(cast.customer).pk  # decided: nobody waits
    decide.reopen(case, by=by, at=MONDAY, reason="Not at all")
    assert code_of(lambda: offered(cast.customer)) == "open_complaint"


def test_enquiries_and_what_waits_in_quarantine_hold_up_nothing(cast: Cast) -> None:
    cast.complaint(kind="enquiry")
    cast.complaint(quarantine=True)
    assert offered(cast.customer).pk


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"kind": "gift"}, "invalid_choice", "kind"),
        ({"channel": "web"}, "invalid_choice", "channel"),
        ({"text": " \n "}, "required", "text"),
        ({"text": "x" * 401}, "too_long", "text"),
        ({"product": "x" * 121}, "too_long", "product"),
        ({"amount": Decimal(0), "currency": "EUR"}, "not_positive", "amount.amount"),
        ({"amount": Decimal("1.5"), "currency": "JPY"}, "too_many_decimals", "amount.amount"),
        ({"amount": Decimal(1), "currency": "XXZ"}, "unknown_currency", "amount.currency"),
        ({"currency": "EUR"}, "required", "amount.amount"),
        ({"valid_until": TODAY - DAY}, "valid_until_passed", "valid_until"),
        ({"made_at": MONDAY + DAY}, "in_the_future", "made_at"),
    ],
)
def test_what_cannot_be_offered(cast: Cast, wrong: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(DomainError) as told:
        offered(cast.customer, **wrong)
    assert (told.value.code, told.value.field, told.value.status) == (code, field, 400)
    assert not Offer.objects.exists()


def test_taken_with_the_order_that_came_of_it(cast: Cast) -> None:
    made, later = offered(cast.customer), MONDAY + 3 * DAY
    order = ordered(cast.customer, later)
    taken = offers.accept(made, purchase=order.pk, by=BY, at=later)
    assert (taken.state, taken.decided_at, taken.purchase, taken.version) == ("accepted", later, order, 2)
    assert code_of(lambda: offers.accept(made, by=BY, at=later)) == "already_answered"
    assert code_of(lambda: offers.decline(made, by=BY, at=later)) == "already_answered"
    back = offers.take_back_answer(made, by=BY, at=later)
    assert (back.state, back.decided_at, back.purchase) == ("offered", None, None)
    assert code_of(lambda: offers.take_back_answer(made, by=BY, at=later)) == "not_answered"
    offers.decline(made, reason=" Too much ", by=BY, at=later)
    assert code_of(lambda: offers.take_back_answer(made, answer="accepted", by=BY, at=later)) == "not_answered"
    made.refresh_from_db()
    assert (made.state, made.reason, made.version) == ("declined", "Too much", 4)
    told = list(trail.of(made))
    assert [one.kind for one in told] == ["offer.made", "offer.accepted", "offer.reopened", "offer.declined"]
    assert json.loads(told[1].body) == {"purchase": order.pk} and json.loads(told[3].private) == {"reason": "Too much"}
    assert not list(trail.verify(told))


def test_only_an_order_of_theirs_that_stands_and_came_later(cast: Cast) -> None:
    made = offered(cast.customer, at=MONDAY)
    before = ordered(cast.customer, MONDAY - DAY, "B-1")
    same_day = ordered(cast.customer, MONDAY - timedelta(hours=2), "B-2")
    cancelled = ordered(cast.customer, MONDAY, "B-3")
    purchases.cancel(cancelled, reason="Oops", by=BY, at=MONDAY)
    elses = ordered(make_customer("Else"), MONDAY, "B-4")
    for order, code in ((before, "bought_before"), (cancelled, "unknown_purchase"), (elses, "unknown_purchase")):
        assert code_of(lambda pk=order.pk: offers.accept(made, purchase=pk, by=BY, at=MONDAY)) == code
    assert offers.accept(made, purchase=same_day.pk, by=BY, at=MONDAY).purchase == same_day


def test_it_lapses_by_its_date_and_no_job(cast: Cast) -> None:
    made = offered(cast.customer, valid_until=TODAY + DAY)
    assert [str(made.state_on(TODAY + n * DAY)) for n in (0, 1, 2)] == ["offered", "offered", "lapsed"]
    late = MONDAY + 2 * DAY
    assert code_of(lambda: offers.accept(made, by=BY, at=late)) == "offer_lapsed"
    assert code_of(lambda: offers.decline(made, by=BY, at=late)) == "offer_lapsed"
    assert code_of(lambda: offers.accept(made, by=BY, at=late, decided_at=late + DAY)) == "in_the_future"
    assert code_of(lambda: offers.accept(made, by=BY, at=late, decided_at=MONDAY - DAY)) == "before_it_was_made"
    taken = offers.accept(made, by=BY, at=late, decided_at=MONDAY + DAY)  # said in time, written down late
    assert (str(taken.state_on(TODAY + 9 * DAY)), taken.decided_at) == ("accepted", MONDAY + DAY)
    assert json.loads(trail.of(made).last().body) == {"decided_at": (MONDAY + DAY).isoformat()}  # type: ignore[union-attr]


def test_how_they_fare_is_counted_by_the_database(cast: Cast, django_assert_num_queries: Any) -> None:
    def some(kind: str, *answers: str) -> None:
        for answer in answers:
            made = offered(cast.customer, kind=kind, valid_until=TODAY if answer == "lapsed" else None)
            if answer in ("accept", "decline"):
                getattr(offers, answer)(made, by=BY, at=MONDAY)

    some("up_sell", "accept", "decline", "lapsed", "open")
    some("cross_sell", "open")
    some("win_back", "accept", "accept", "decline")
    with django_assert_num_queries(1):
        found = fares(Offer.objects.all(), TODAY + DAY)
    counts = [(one.kind, one.made, one.open, one.accepted, one.declined, one.lapsed) for one in found]
    assert counts == [
        ("cross_sell", 1, 1, 0, 0, 0),
        ("up_sell", 4, 1, 1, 1, 1),
        ("win_back", 3, 0, 2, 1, 0),
    ]
    assert [one.share and round(one.share, 4) for one in found] == [None, Decimal("33.3333"), Decimal("66.6667")]
    assert (together(found).made, together(found).share) == (8, Decimal(50))
    assert fares(Offer.objects.all(), TODAY)[1].lapsed == 0  # it still held then


def test_the_database_holds_the_state_and_the_value(cast: Cast) -> None:
    made = offered(cast.customer)
    order = ordered(cast.customer)
    for change in (
        {"state": "accepted"}, {"state": "lapsed"}, {"decided_at": MONDAY}, {"amount": 1}, {"currency": "EUR"},
        {"amount": -1, "currency": "EUR"}, {"kind": "gift"}, {"purchase": order},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Offer.objects.filter(pk=made.pk).update(**change)


def test_a_merge_takes_them_along_and_back(cast: Cast) -> None:
    twin = make_customer("D. Whitlock")
    agree(twin)
    mine, theirs = offered(cast.customer), offered(twin)
    merge(twin, cast.customer, by=BY, at=MONDAY)
    assert set(Offer.objects.filter(customer=cast.customer)) == {mine, theirs}
    theirs.refresh_from_db()
    assert theirs.version == 2
    later = offered(cast.customer)
    assert code_of(lambda: offered(twin)) == "merged_away"
    unmerge(twin, by=BY, at=MONDAY)
    assert set(Offer.objects.filter(customer=twin)) == {theirs}
    assert set(Offer.objects.filter(customer=cast.customer)) == {mine, later}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_answers_at_once_one_wins(cast: Cast) -> None:
    for _round in range(4):
        made = offered(cast.customer)
        told = at_once(
            lambda one=made: str(offers.accept(one, by=BY, at=MONDAY).state),
            lambda one=made: str(offers.decline(one, by=BY, at=MONDAY).state),
        )
        assert "already_answered" in told and set(told) & {"accepted", "declined"}
        assert not list(trail.verify(trail.of(made)))


# --- both doors -------------------------------------------------------------------------------------------------------


def api(user: User, method: str, path: str, body: Any = None, *scopes: str, **headers: str) -> Any:
    data = "" if body is None else json.dumps(body)
    web = Client(headers={**bearer(user, *scopes), **headers})
    return web.generic(method, f"/api/v1/{path}", data, content_type="application/json")


def web(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def by_api(user: User, path: str, **fields: Any) -> int:
    status = api(user, "POST", path, fields).status_code
    return {201: 200, 400: 422}.get(status, int(status))


def by_web(user: User, path: str, **fields: Any) -> int:
    path = path.replace("/offers/", "/offers/new/") if path.startswith("customers/") else path
    if "amount" in fields:
        fields |= fields["amount"]
    status = web(user).post(f"/{path}", fields).status_code
    return {302: 200}.get(status, int(status))


DOORS = pytest.mark.parametrize("door", [by_api, by_web])


@DOORS
def test_made_and_answered_through_every_door(cast: Cast, door: Any) -> None:
    case, pk = cast.complaint(kind="enquiry"), cast.customer.pk
    to_them = f"customers/{pk}/offers/"
    asked = {**GOOD, "amount": {"amount": "59.90", "currency": "EUR"}, "valid_until": "2026-03-09"}
    assert door(cast.agent, to_them, **asked, complaint=case.reference) == 200
    made = Offer.objects.get()
    assert (made.amount, made.currency, made.valid_until) == (Decimal("59.90"), "EUR", date(2026, 3, 9))
    assert (made.complaint_reference, made.by, made.made_at) == (case.reference, cast.agent, MONDAY)
    order = ordered(cast.customer)
    assert door(cast.stranger, f"offers/{made.pk}/acceptance/", purchase=str(order.pk)) == 200
    made.refresh_from_db()
    assert (made.state, made.purchase) == ("accepted", order)
    assert door(cast.agent, f"offers/{made.pk}/refusal/") == 409
    second = offered(cast.customer)
    assert door(cast.agent, f"offers/{second.pk}/refusal/", reason="Has enough") == 200
    second.refresh_from_db()
    assert (second.state, second.reason) == ("declined", "Has enough")


@DOORS
def test_refused_through_every_door(cast: Cast, door: Any) -> None:
    to_them, theirs = f"customers/{cast.customer.pk}/offers/", cast.complaint(owner=cast.stranger)
    assert door(cast.agent, to_them, **GOOD) == 409
    assert door(cast.agent, to_them, **{**GOOD, "kind": "win_back"}, complaint=theirs.reference) == 422  # not seen
    assert door(cast.agent, to_them, **{**GOOD, "kind": "win_back"}, valid_until="2026-03-01") == 422
    assert door(cast.agent, to_them, **{**GOOD, "kind": "win_back", "text": ""}) == 422
    assert door(cast.admin, to_them, **{**GOOD, "kind": "win_back"}) == 403
    assert door(cast.agent, f"customers/{make_customer('Unasked').pk}/offers/", **GOOD) == 409
    assert door(cast.agent, "customers/999999/offers/", **GOOD) == 404
    assert door(cast.agent, "offers/999999/acceptance/") == 404
    assert not Offer.objects.exists()


# --- the API ----------------------------------------------------------------------------------------------------------


def test_the_api_says_where_what_and_why_not(cast: Cast) -> None:
    body = {**GOOD, "customer": str(cast.customer.pk)}
    keyed = Client(headers={**bearer(cast.agent, "offers:write"), "Idempotency-Key": "k"})
    first, again = (keyed.post("/api/v1/offers/", json.dumps(body), "application/json") for _time in range(2))
    assert (first.status_code, again.json()) == (201, first.json()) and Offer.objects.count() == 1
    pk = first.json()["id"]
    assert first["Location"].endswith(f"/api/v1/offers/{pk}/")
    assert first.json() | {"created_at": "", "updated_at": "", "made_at": ""} == {
        "id": pk, "customer": {"id": str(cast.customer.pk), "name": "Dana Whitlock"}, "kind": "cross_sell",
        "text": "Filters for a year", "product": "", "amount": None, "channel": "phone", "complaint": None,
        "made_at": "", "by": str(cast.agent.pk), "valid_until": None, "state": "offered", "decided_at": None,
        "reason": "", "purchase": None, "source": "", "created_at": "", "updated_at": "", "version": 1,
    }  # fmt: skip
    assert api(cast.agent, "POST", "offers/", GOOD).json()["errors"][0]["pointer"] == "/customer"
    unknown = api(cast.agent, "POST", "offers/", {**body, "customer": "999999"})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown_customer")
    for wrong, pointer in (({"kind": "gift"}, "/kind"), ({"colour": "red"}, "/colour"), ({"amount": "5"}, "/amount")):
        answer = api(cast.agent, "POST", "offers/", {**body, **wrong})
        assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"] == pointer
    sums = {"amount": {"amount": "0", "currency": "EUR"}}
    assert api(cast.agent, "POST", "offers/", {**body, **sums}).json()["errors"][0]["pointer"] == "/amount/amount"
    agree(cast.customer, given=False)
    assert api(cast.agent, "POST", "offers/", body).json()["code"] == "no_consent"


def test_answers_are_resources_that_can_be_taken_away(cast: Cast) -> None:
    at = f"offers/{offered(cast.customer).pk}/"
    assert api(cast.agent, "DELETE", f"{at}acceptance/").json()["code"] == "not_answered"
    taken = api(cast.agent, "POST", f"{at}acceptance/", {"decided_at": "2026-03-02T09:00:00Z"}).json()
    assert (taken["state"], taken["decided_at"]) == ("accepted", "2026-03-02T09:00:00Z")
    assert api(cast.agent, "DELETE", f"{at}refusal/").status_code == 409
    assert api(cast.agent, "DELETE", f"{at}acceptance/").json()["state"] == "offered"
    assert api(cast.agent, "POST", f"{at}refusal/", {"reason": "No"}).json()["reason"] == "No"
    assert api(cast.agent, "POST", f"{at}refusal/", {"reason": "No"}).json()["code"] == "already_answered"
    assert api(cast.agent, "DELETE", f"{at}refusal/").json()["reason"] == ""
    wrong = api(cast.agent, "POST", f"{at}acceptance/", {"purchase": "999999"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "unknown_purchase")


def test_scopes(cast: Cast) -> None:
    pk = offered(cast.customer).pk
    for scope in ("customers:write", "referrals:write"):
        assert api(cast.agent, "GET", "offers/", None, scope).status_code == 403
    assert api(cast.agent, "GET", f"offers/{pk}/", None, "offers:read").status_code == 200
    assert api(cast.agent, "POST", f"offers/{pk}/acceptance/", {}, "offers:read").status_code == 403
    assert api(cast.agent, "GET", f"customers/{cast.customer.pk}/offers/", None, "offers:read").status_code == 200
    assert api(cast.admin, "GET", "offers/").status_code == 403


def test_lists_filters_and_pages(cast: Cast) -> None:
    other, user = make_customer("Else"), cast.agent
    agree(other)
    order = ordered(cast.customer)
    open_one = offered(cast.customer, complaint_reference="AM-2222-2222")
    lapsed = offered(cast.customer, valid_until=TODAY, kind="up_sell", channel="email")
    taken = offers.accept(offered(other), by=BY, at=MONDAY)
    bought = offers.accept(offered(cast.customer), purchase=order.pk, by=BY, at=MONDAY)
    declined = offers.decline(offered(other, kind="win_back", source="crm"), by=BY, at=MONDAY)

    def got(query: str, path: str = "offers/") -> list[int]:
        answer = api(user, "GET", f"{path}?{query}")
        assert answer.status_code == 200, answer.content
        return [int(one["id"]) for one in answer.json()["results"]]

    with clock.frozen(MONDAY + 2 * DAY):
        everything = [one.pk for one in (open_one, lapsed, taken, bought, declined)]
        assert got("") == everything and got("ordering=-id") == everything[::-1]
        assert got("state=offered") == [open_one.pk] and got("state=lapsed") == [lapsed.pk]
        assert got("state=accepted&state=lapsed") == [lapsed.pk, taken.pk, bought.pk]
        assert got("state=declined") == got("kind=win_back") == got("source=crm") == [declined.pk]
        assert got(f"customer={other.pk}") == [taken.pk, declined.pk]
        assert got(f"purchase={order.pk}") == [bought.pk] and got("complaint=AM-2222-2222") == [open_one.pk]
        assert got("channel=email") == [lapsed.pk] and got("made_at_from=2026-03-03") == []
        assert got("decided_at_to=2026-03-02&kind=cross_sell") == [taken.pk, bought.pk]
        assert got("", f"customers/{other.pk}/offers/") == [declined.pk, taken.pk]
        first = api(user, "GET", "offers/?page_size=2").json()
        second = Client(headers=bearer(user)).get(first["next"]).json()
        assert [int(one["id"]) for one in second["results"]] == everything[2:4]
        for wrong in ("colour=red", "state=gone", "ordering=text", f"customer={'x'}"):
            assert api(user, "GET", f"offers/?{wrong}").status_code == 400


def test_what_lapsed_has_changed(cast: Cast) -> None:
    """Nobody writes a lapse down; who follows `updated_since` or an ETag is told all the same."""
    lasting, brief = offered(cast.customer), offered(cast.customer, valid_until=TODAY)
    user, at = cast.agent, f"offers/{brief.pk}/"
    tag = api(user, "GET", at)["ETag"]
    assert api(user, "GET", at, None, **{"If-None-Match": tag}).status_code == 304
    since = "2026-03-02T12:00:00Z"

    def changed() -> list[int]:
        return [int(one["id"]) for one in api(user, "GET", f"offers/?updated_since={since}").json()["results"]]

    with clock.frozen(MONDAY + timedelta(hours=6)):
        assert changed() == []
    with clock.frozen(MONDAY + DAY):
        assert changed() == [brief.pk]
        answer = api(user, "GET", at, None, **{"If-None-Match": tag})
        assert (answer.status_code, answer.json()["state"]) == (200, "lapsed")
        again = api(user, "GET", at, None, **{"If-None-Match": answer["ETag"]})
        assert again.status_code == 304
        since = "2026-03-03T00:00:01Z"
        assert changed() == [] and lasting.state_on(TODAY + DAY) == "offered"


# --- the browser ------------------------------------------------------------------------------------------------------


def test_the_customers_page_has_a_card(cast: Cast) -> None:
    client, at = web(cast.agent), f"/customers/{cast.customer.pk}/offers/"
    assert f'hx-get="{at}"' in client.get(f"/customers/{cast.customer.pk}/").content.decode()
    assert "Nothing was offered yet." in client.get(at).content.decode()
    made = offered(cast.customer, text="<i>Filters", amount=Decimal("9.90"), currency="EUR", valid_until=TODAY)
    offers.decline(offered(cast.customer, text="Lamps"), reason="Has <b>enough", by=BY, at=MONDAY)
    offers.accept(offered(cast.customer, text="Bulbs"), by=BY, at=MONDAY)
    for headers in ({}, {"HX-Request": "true"}):
        page = client.get(at, headers=headers).content.decode()
        for words in (
            "&lt;i&gt;Filters", "€9.90", "until 2 March 2026", "Has &lt;b&gt;enough", "1 of 2 accepted", "Accepted",
            f"/offers/{made.pk}/acceptance/", f"{at}new/",
        ):  # fmt: skip
            assert words in page, words
        assert page.count("/acceptance/") == 1 and ("<html" in page) is not bool(headers)
    page = client.get(f"/offers/{made.pk}/").content.decode()
    assert "&lt;i&gt;Filters" in page and f"/offers/{made.pk}/refusal/" in page and "Take the answer back" not in page
    story = client.get(f"/customers/{cast.customer.pk}/").content.decode()
    for words in ("Offered", "&lt;i&gt;Filters, €9.90, Cross-selling, until 2 March 2026", "Declined an offer"):
        assert words in story, words
    with clock.frozen(MONDAY + DAY):
        page = client.get(at).content.decode()
        assert "Lapsed" in page and "/acceptance/" not in page and "1 of 3 accepted" in page


def test_the_card_says_why_to_hold_back(cast: Cast) -> None:
    client = web(cast.agent)
    asked, unasked, refused = cast.customer, make_customer("Unasked"), make_customer("Refused")
    agree(refused, given=False)
    for customer, words in ((unasked, "has not agreed to offers"), (refused, "does not want offers")):
        for path in ("offers/", "offers/new/"):
            assert words in client.get(f"/customers/{customer.pk}/{path}").content.decode()
    form = f"/customers/{asked.pk}/offers/new/"
    assert "They wait for an answer" not in client.get(form).content.decode()
    cast.complaint()
    assert "They wait for an answer" in client.get(form).content.decode()


def test_a_refused_form_keeps_what_was_typed(cast: Cast) -> None:
    client, at = web(cast.agent), f"/customers/{cast.customer.pk}/offers/new/"
    typed = {**GOOD, "text": "Filters & more", "amount": "1,000.00", "currency": "EUR", "valid_until": "2026-03-09"}
    answer = client.post(at, typed)
    page = answer.content.decode()
    assert answer.status_code == 422 and "Filters &amp; more" in page and 'value="1,000.00"' in page
    assert 'value="2026-03-09"' in page and "without a separator" in page
    cast.complaint()
    answer = client.post(at, {**typed, "amount": ""})
    assert answer.status_code == 409 and "Filters &amp; more" in answer.content.decode()
    assert answer.context["form"].errors["kind"] == [
        "They wait for an answer to a complaint: until it is decided, only win them back."
    ]
    made = offered(cast.customer, kind="win_back", valid_until=TODAY)
    answer = client.post(f"/offers/{made.pk}/refusal/", {"reason": "x" * 201, "decided_at": ""})
    assert answer.status_code == 422 and "x" * 201 in answer.content.decode()


def test_a_form_sent_twice_makes_one_offer(cast: Cast) -> None:
    client, at = web(cast.agent), f"/customers/{cast.customer.pk}/offers/new/"
    typed = {**GOOD, "nonce": uuid.uuid4().hex}
    assert client.post(at, typed).status_code == client.post(at, typed).status_code == 302
    made = Offer.objects.get()
    assert (made.amount, made.currency) == (None, "")
    client.post(f"/offers/{made.pk}/acceptance/", {"decided_at": ""})
    page = client.get(f"/offers/{made.pk}/").content.decode()
    assert "Take the answer back" in page
    assert client.post(f"/offers/{made.pk}/answer/undo/", {"nonce": "n"}).status_code == 302
    made.refresh_from_db()
    assert made.state == "offered"


def test_all_offers_cost_the_same_for_two_and_for_sixty(cast: Cast, django_assert_max_num_queries: Any) -> None:
    client = web(cast.manager)

    def some(count: int) -> None:
        for number in range(count):
            one = make_customer(f"Person {number}")
            agree(one)
            offers.accept(offered(one, text=f"Offer {number}"), by=BY, at=MONDAY)

    some(2)
    client.get("/offers/")
    with django_assert_max_num_queries(6) as few:
        page = client.get("/offers/").content.decode()
    assert "Person 0" in page and "100\xa0%" in page and "How they fare" in page
    some(58)
    with django_assert_max_num_queries(len(few)):
        page = client.get("/offers/").content.decode()
    assert page.count("/customers/") >= 50
    pages = client.get("/offers/?state=accepted")
    following = pages.context["next_url"]
    assert "state=accepted" in following and len(client.get(following).context["offers"]) == 10
    assert not client.get("/offers/?state=declined").context["offers"]
    with django_assert_max_num_queries(9):
        client.get(f"/customers/{cast.customer.pk}/offers/")


def test_the_stream_of_events_and_the_export_have_them(cast: Cast) -> None:
    made = offered(cast.customer)
    events = api(cast.agent, "GET", "events/?page_size=200").json()["results"]
    assert ("offer", str(made.pk)) in [(one["subject"]["kind"], one["subject"]["id"]) for one in events]
    asked = api(cast.manager, "POST", "exports/", {"resource": "offers", "format": "csv", "fields": ["id", "state"]})
    assert asked.status_code == 202, asked.content


def test_local_midnight_ends_an_offer(cast: Cast, settings: Any) -> None:
    settings.TIME_ZONE = "America/Sao_Paulo"
    made = offered(cast.customer, at=datetime(2026, 3, 2, 2, 0, tzinfo=UTC), valid_until=date(2026, 3, 1))
    assert offers.accept(made, by=BY, at=datetime(2026, 3, 2, 2, 59, tzinfo=UTC)).state == "accepted"
