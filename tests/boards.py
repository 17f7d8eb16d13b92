"""A small world for dashboards: complaints in every state, answers, stays and orders, so that no chart is empty; and
how a test reads what they show."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

from django.test import Client

from complaints.actions import decide
from complaints.models import Complaint
from complaints.reference import catalogue
from core import clock
from core.actor import Actor
from metrics.models import Survey, SurveyResponse
from retention.models import Customer, Purchase, Tenure
from tests.cast import Cast, make_customer

CHANNELS = ("phone", "web", "email")
FORBIDDEN = re.compile(r">\s*(?:NaN|None)\b|NaN.%|&lt;metrics|style=")
SCORES = (10, 9, 8, 3, 7, 0)


def fill(cast: Cast) -> Cast:
    """Two weeks ago, five months ago and today; agent's, colleague's and stranger's."""
    now = clock.now()
    kinds = [one.code for one in catalogue().types.values() if one.parent_id is None][:3]
    owners = (cast.agent, cast.colleague, cast.stranger)
    for i in range(12):
        customer = make_customer(f"Customer {i}")
        received = now - timedelta(days=(2, 9, 20, 150)[i % 4], hours=i)
        case = cast.complaint(
            customer=customer,
            owner=owners[i % 3],
            channel=CHANNELS[i % 3],
            type=kinds[i % 3],
            subject=f"=Subject {i}",
            received_at=received,
        )
        if i % 4:
            _resolve(case, by=Actor.person(owners[i % 3]), at=now - timedelta(hours=1))
            _answer(case, customer, SCORES[i % 6], at=now - timedelta(minutes=30))
        _stay(customer, now, left=i % 5 == 0)
        for order in range(i % 3):
            _order(customer, f"O-{i}-{order}", now - timedelta(days=10 * order + 1))
    return cast


def _resolve(case: Complaint, *, by: Actor, at: datetime) -> None:
    cause = catalogue().causes["people-mistake"]
    decide.resolve(case, by=by, at=at, outcome="upheld", root_cause=cause, summary="Paid.", answer="Sorry.")
    if case.pk % 2:
        Complaint.objects.filter(pk=case.pk).update(accepted=case.pk % 4 == 1, accepted_at=at)


def _answer(case: Complaint, customer: Customer, score: int, *, at: datetime) -> None:
    for kind, value in (("nps", score), ("csat", 1 + score // 3 if score < 10 else 5)):
        SurveyResponse.objects.create(
            kind=kind,
            survey=Survey.objects.filter(kind=kind).first(),
            complaint=case,
            customer=customer,
            score=value,
            answered_at=at,
            created_at=at,
            updated_at=at,
        )


def _stay(customer: Customer, now: datetime, *, left: bool) -> None:
    today = now.date()
    Tenure.objects.filter(customer=customer).delete()
    Tenure.objects.create(
        customer=customer,
        joined_on=today - timedelta(days=300),
        left_on=today - timedelta(days=3) if left else None,
        reason="price" if left else "",
    )


def _order(customer: Customer, number: str, at: datetime) -> None:
    Purchase.objects.create(
        customer=customer,
        order_number=number,
        purchased_at=at,
        currency="EUR",
        amount=Decimal("20.00"),
        valid_amount=Decimal("20.00"),
        valid_lines=1,
        is_valid=True,
        created_at=at,
        updated_at=at,
    )


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, path: str, status: int = 200) -> Any:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer


def links(answer: Any) -> list[str]:
    """Every address of rows on a page."""
    found = re.findall(r'href="(/dashboard/[a-z-]+/rows/[^"]*)"', answer.content.decode())
    return list(dict.fromkeys(unescape(one) for one in found))


def panels_of(answer: Any) -> dict[str, Any]:
    """The charts of a whole board by their keys."""
    return {panel.key: panel for one in answer.context for layer in one for panel in layer.get("panels", ())}


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text) or 0)


def csv_of(answer: Any) -> list[list[str]]:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(csv.reader(io.StringIO(body.decode())))
