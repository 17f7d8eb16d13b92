"""Cases that may be the same matter: who is suggested, why, and to whom (mission D1; ux, Agent's desk 9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints import duplicates
from complaints.actions import decide, merge
from complaints.actions.not_duplicate import not_duplicate
from core import clock
from core.actor import Actor
from tests.cast import MONDAY, Cast, make_cast, make_complaint, make_customer

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LONG_TEXT = "The parcel with the two desk lamps was delivered without the second lamp and the box was torn open"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def suggested(cast: Cast, complaint: Any) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.complaint.reference, one.reasons) for one in duplicates.of(complaint, cast.agent)]


def test_the_same_customer_lately(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        one = cast.complaint(at=MONDAY, subject="Lamp", description="It never came.")
        other = cast.complaint(at=MONDAY + DAY, subject="Refund", description="Where does my money stay?")
        old = cast.complaint(at=MONDAY, received_at=MONDAY - 40 * DAY, subject="Chair", description="It wobbles.")
    found = suggested(cast, one)
    assert [reference for reference, _reasons in found] == [other.reference]
    assert found[0][1] == ("customer", "near_in_time") and old.reference not in str(found)


def test_the_same_order_whoever_writes_and_whenever(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        first = make_complaint(
            owner=cast.agent,
            customer=make_customer("Max"),
            order_number="10472",
            at=MONDAY,
            received_at=MONDAY - 90 * DAY,
        )
        one = cast.complaint(at=MONDAY, order_number="10472", subject="Something", description="Else.")
    assert suggested(cast, one) == [(first.reference, ("order_number",))]


def test_two_records_of_a_person_by_their_address(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        twin = make_customer("D. Whitlock", email=None, phone="+351 912 345 678")
        first = make_complaint(owner=cast.agent, customer=twin, at=MONDAY, subject="Chair", description="It wobbles.")
        one = cast.complaint(at=MONDAY, subject="Lamp", description="It never came.")
    assert suggested(cast, one) == [(first.reference, ("contact", "near_in_time"))]


def test_nearly_the_same_words_of_nobody_known(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        nobody = {"owner": cast.agent, "customer": None, "at": MONDAY}
        first = make_complaint(**nobody, subject="Second lamp missing", description=LONG_TEXT)
        make_complaint(**nobody, subject="Rude on the phone", description="The man laughed at me and hung up twice.")
        one = make_complaint(**nobody, subject="Second lamp is missing", description=LONG_TEXT + ".")
    assert suggested(cast, one) == [(first.reference, ("same_text", "near_in_time"))]


def test_a_word_or_two_alike_says_nothing(cast: Cast) -> None:
    with clock.frozen(MONDAY):
        nobody = {"owner": cast.agent, "customer": None, "at": MONDAY, "subject": "Broken", "description": "Broken"}
        make_complaint(**nobody)
        one = make_complaint(**nobody)
    assert suggested(cast, one) == []


def test_what_ended_is_merged_or_not_visible_is_not_suggested(cast: Cast) -> None:
    by = Actor.person(cast.agent)
    one, ended, merged, foreign = (
        cast.complaint(),
        cast.complaint(),
        cast.complaint(),
        cast.complaint(owner=cast.stranger),
    )
    into = cast.complaint(customer=make_customer("Other"), subject="A chair", description="It wobbles a lot.")
    decide.withdraw(ended, by=by, at=clock.now(), reason="It came.")
    merge.merge(merged, into=into, by=by, at=clock.now(), confirm=True)
    assert suggested(cast, one) == []
    assert [found.complaint for found in duplicates.of(one, cast.manager)] == [foreign]


def test_what_somebody_called_different_is_hidden_from_both(cast: Cast) -> None:
    one, other = cast.complaint(), cast.complaint()
    assert not_duplicate(other, by=Actor.person(cast.agent), at=clock.now(), other=one)
    assert suggested(cast, one) == suggested(cast, other) == []


def test_many_cases_cost_the_same(cast: Cast, django_assert_max_num_queries: Any) -> None:
    one = cast.complaint(order_number="1")
    for _number in range(25):
        cast.complaint(order_number="1")
    cast.agent.roles  # noqa: B018
    with django_assert_max_num_queries(8):
        assert len(duplicates.of(one, cast.agent)) == duplicates.SHOWN


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("", "", 0, 0),
        ("lamp", "", 0, 0),
        ("Lamp", "lamp", 1, 1),
        ("word", "two words", 0.36, 0.37),  # as pg_trgm's manual has it
        ("Где мой заказ", "где мой заказ?", 1, 1),
        ("abc", "xyz", 0, 0),
    ],
)
def test_likeness_is_that_of_trigrams(one: str, other: str, least: float, most: float) -> None:
    assert least <= duplicates.likeness(duplicates.trigrams(one), duplicates.trigrams(other)) <= most


def test_at_intake_while_it_is_written_down(cast: Cast) -> None:
    known = cast.complaint(subject="Second lamp missing", description=LONG_TEXT)
    client = Client()
    client.force_login(cast.agent)
    form = {"customer": cast.customer.pk, "subject": "The second lamp", "description": LONG_TEXT}
    page = client.post("/complaints/new/same/", form).content.decode()
    assert known.reference in page and "written down already" in page
    assert known.reference not in client.post("/complaints/new/same/", {"subject": ""}).content.decode()
    by_mail = {"customer_email": "DANA@mail.example", "subject": "Lamp"}
    assert known.reference in client.post("/complaints/new/same/", by_mail).content.decode()
    stranger = Client()
    stranger.force_login(cast.stranger)
    assert known.reference not in stranger.post("/complaints/new/same/", form).content.decode()
    for odd in ({"customer": "x"}, {"customer": "9" * 30}, {"order_number": "\x00"}, {"description": "a" * 50_000}):
        assert client.post("/complaints/new/same/", odd).status_code == 200
