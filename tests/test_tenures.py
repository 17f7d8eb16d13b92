"""Leaving, coming back and joining, by every door; stays never overlap (C1, C5)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import hypothesis
import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from core import clock, trail
from core.actor import Actor
from core.errors import DomainError
from core.web.once import fresh
from retention.actions import tenures
from retention.actions.record_customers import overlap
from retention.models import Customer, Tenure
from retention.web.tenures import panel
from tests.cast import make_agent, make_customer
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BY = Actor.system("test")
WEB = {"departure": "customer_departure", "return": "customer_return", "joining": "customer_joining"}


def by_api(agent: Any, customer: Customer, what: str, body: dict[str, Any]) -> int:
    path = f"/api/v1/customers/{customer.pk}/{what}/"
    return Client().post(path, json.dumps(body), content_type="application/json", headers=bearer(agent)).status_code


def by_web(agent: Any, customer: Customer, what: str, body: dict[str, Any]) -> int:
    client = Client()
    client.force_login(agent)
    status = client.post(reverse(WEB[what], args=[customer.pk]), {**body, "nonce": fresh()}).status_code
    return {302: 200, 422: 400}.get(status, status)


@pytest.mark.parametrize("door", [by_api, by_web])
def test_every_door_tells_the_same_story(door: Any) -> None:
    agent, customer = make_agent(), make_customer()
    with clock.frozen(AT):
        assert door(agent, customer, "return", {"returned_on": "2026-01-01"}) == 409  # never here, as far as we know
        assert door(agent, customer, "joining", {"joined_on": "2024-01-01"}) == 200
        assert door(agent, customer, "joining", {"joined_on": "2025-01-01"}) == 409
        assert door(agent, customer, "departure", {"left_on": "2023-12-31", "reason": "x"}) == 409
        assert door(agent, customer, "departure", {"left_on": "2026-03-03", "reason": "x"}) == 400  # tomorrow
        assert door(agent, customer, "departure", {"left_on": "2026-02-01", "reason": " "}) == 400
        assert door(agent, customer, "departure", {"left_on": "2026-02-30", "reason": "x"}) == 400
        assert door(agent, customer, "departure", {"left_on": "2026-02-01", "reason": "Moved away"}) == 200
        assert door(agent, customer, "departure", {"left_on": "2026-02-01", "reason": "Moved away"}) == 409
        assert door(agent, customer, "return", {"returned_on": "2026-02-01"}) == 409  # the last day is a day with us
        assert door(agent, customer, "return", {"returned_on": "2026-02-02"}) == 200
    stays = list(Tenure.objects.filter(customer=customer).values_list("joined_on", "left_on", "reason"))
    assert stays == [(date(2024, 1, 1), date(2026, 2, 1), "Moved away"), (date(2026, 2, 2), None, "")]
    entries = list(trail.of(customer))
    assert [one.kind for one in entries[1:]] == ["customer.joined", "customer.left", "customer.returned"]
    assert all(one.customer_id == customer.pk for one in entries) and "Moved" not in entries[2].body
    assert not list(trail.verify(entries))
    customer.refresh_from_db()
    assert customer.version == 4


def test_a_departure_recorded_by_mistake_is_taken_back() -> None:
    agent, customer = make_agent(), make_customer()
    path, headers = f"/api/v1/customers/{customer.pk}/departure/", bearer(agent, "customers:write")
    assert Client().delete(path, headers=headers).json()["code"] == "never_left"
    tenures.depart(customer, left_on=date(2026, 1, 1), reason="x", by=BY, at=AT)
    answer = Client().delete(path, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["tenures"] == [{"joined_on": None, "left_on": None, "reason": ""}]
    assert Client().delete(path, headers=headers).status_code == 409
    tenures.depart(customer, left_on=date(2026, 1, 1), reason="x", by=BY, at=AT)
    web = Client()
    web.force_login(agent)
    typed, url = {"nonce": fresh()}, reverse("customer_departure_undo", args=[customer.pk])
    assert web.post(url, typed).status_code == web.post(url, typed).status_code == 302
    assert Tenure.objects.get().left_on is None
    tenures.depart(customer, left_on=date(2026, 1, 1), reason="x", by=BY, at=AT)
    tenures.come_back(customer, returned_on=date(2026, 2, 1), by=BY, at=AT)
    assert Client().delete(path, headers=headers).json()["code"] == "returned_since"
    stays = Client().get(f"/api/v1/customers/{customer.pk}/tenures/", headers=headers).json()["results"]
    assert [one["left_on"] for one in stays] == ["2026-01-01", None]


def test_input_and_scopes_of_the_api() -> None:
    agent, customer = make_agent(), make_customer()
    path = f"/api/v1/customers/{customer.pk}/departure/"
    bad: list[dict[str, Any]] = [
        {},
        {"left_on": 1, "reason": "x"},
        {"left_on": "2026-01-01T00:00:00Z", "reason": "x"},
        {"left_on": "2026-01-01", "reason": "x" * 201},
        {"left_on": "2026-01-01", "reason": "x", "by": 1},
    ]
    for body in bad:
        answer = Client().post(path, json.dumps(body), content_type="application/json", headers=bearer(agent))
        assert answer.status_code == 400 and answer.json()["errors"], body
    good = json.dumps({"left_on": "2026-01-01", "reason": "x"})
    read = bearer(agent, "customers:read")
    assert Client().post(path, good, content_type="application/json", headers=read).status_code == 403
    assert not Tenure.objects.exists()


def test_the_panel_offers_what_makes_sense() -> None:
    customer = make_customer()
    offered = lambda: {name for name, url in panel(customer).items() if name.endswith("_url") and url}  # noqa: E731
    assert offered() == {"leave_url", "join_url"}
    tenures.join(customer, joined_on=date(2024, 1, 1), by=BY, at=AT)
    assert offered() == {"leave_url"}
    tenures.depart(customer, left_on=date(2025, 1, 1), reason="x", by=BY, at=AT)
    assert offered() == {"return_url", "undo_url"}


class Course(TestCase):
    """Whatever is recorded in whatever order: no two stays share a day, at most one is open."""

    @hypothesis.settings(max_examples=40, deadline=None)
    @hypothesis.given(
        st.lists(st.tuples(st.sampled_from("jdru"), st.dates(date(2020, 1, 1), date(2020, 3, 1))), max_size=12)
    )
    def test_stays_never_overlap(self, acts: list[tuple[str, date]]) -> None:
        customer = make_customer()
        for what, day in acts:
            try:
                if what == "j":
                    tenures.join(customer, joined_on=day, by=BY, at=AT)
                elif what == "d":
                    tenures.depart(customer, left_on=day, reason="x", by=BY, at=AT)
                elif what == "r":
                    tenures.come_back(customer, returned_on=day, by=BY, at=AT)
                else:
                    tenures.take_back_departure(customer, by=BY, at=AT)
            except DomainError:
                continue
        stays = list(Tenure.objects.filter(customer=customer))
        for place, one in enumerate(stays):
            assert one.joined_on is None or one.left_on is None or one.joined_on <= one.left_on
            for other in stays[place + 1 :]:
                assert not overlap(one.joined_on, one.left_on, other.joined_on, other.left_on)
