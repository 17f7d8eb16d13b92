"""Moments for which no calendar counts working time are refused, never our error (case F06)."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import make_cast
from tests.tokens import bearer

pytestmark = pytest.mark.django_db
LONG_AGO = ("1900-01-01T00:00:00Z", "1901-01-01T00:00:00Z", "1902-01-01T05:00:00+14:00")
FIRST = "1902-01-01T00:00:00Z"


def test_a_complaint_of_long_ago_is_refused_and_the_first_that_counts_is_not() -> None:
    agent = Client(headers=bearer(make_cast().agent))
    body = {"channel": "letter", "subject": "Found in a drawer", "description": "Never answered."}
    for at in LONG_AGO:
        answer = agent.post("/api/v1/complaints/", body | {"received_at": at}, content_type="application/json")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/received_at"), at
    answer = agent.post("/api/v1/complaints/", body | {"received_at": FIRST}, content_type="application/json")
    assert answer.status_code == 201


def test_a_simulation_of_long_ago_is_refused() -> None:
    manager = Client(headers=bearer(make_cast().manager))
    for told in ({"received_at": LONG_AGO[0]}, {"local_time": "1900-01-01T00:00", "time_zone": "UTC"}):
        body = {"channel": "phone", "type": "obstacle", **told}
        answer = manager.post("/api/v1/sla-policies/simulate/", body, content_type="application/json")
        assert answer.status_code == 400, told
    body = {"channel": "phone", "type": "obstacle", "received_at": FIRST}
    answer = manager.post("/api/v1/sla-policies/simulate/", body, content_type="application/json")
    assert answer.status_code == 200
