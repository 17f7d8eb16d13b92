"""The line from complaint to loyalty: decided, asked, unhappy, called, gone; and what figures make of it (B1-C5)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.models import Complaint
from core import clock
from core.actor import Actor
from core.models import OutboxMessage
from metrics.actions.invite import invite
from metrics.actions.record_responses import HistoricResponse, record_responses
from retention.actions import tenures
from retention.models import FollowUp, Tenure
from tests.browser.conftest import expect
from tests.browser.test_story import act
from tests.cast import Cast, make_customer
from tests.surveyed import DAY, asking_since, settle
from tests.tokens import bearer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
FIGURES = ("resolution-rate", "nps", "retention-rate")


def figures(cast: Cast) -> dict[str, float | None]:
    """What the API says of this year."""
    year = clock.now().year
    period = {"from": f"{year}-01-01", "to": f"{year}-12-31"}
    found = {}
    for name in FIGURES:
        answer = Client().get(f"/api/v1/metrics/{name}/", period, headers=bearer(cast.manager)).json()
        found[name] = answer["value"]
    return found


def recovered_in_a_month(cast: Cast) -> float | None:
    """Service recovery as it will be told when 30 days have passed, if nothing more happens."""
    year, later = clock.now().year, clock.now() + 32 * DAY
    headers = bearer(cast.manager)
    with clock.frozen(later):
        period = {"from": f"{year}-01-01", "to": f"{year}-12-31", "horizon": "30"}
        answer = Client().get("/api/v1/metrics/service-recovery/", period, headers=headers).json()
    assert answer["n"] == 2
    value: float | None = answer["value"]
    return value


def shown(page: Any, name: str, words: str) -> None:
    """The dashboard's page of the figure says so too."""
    year = clock.now().year
    page.goto(f"/dashboard/{name}/?from={year}-01-01&to={year}-12-31")
    assert words in page.inner_text("main"), page.inner_text("main")[:600]


def test_from_a_complaint_to_a_customer_lost(open_page: Any, cast: Cast) -> None:
    """By hand. Dana, Bo and Cy are customers since 2024. Bo's complaint is decided and he gave a 9; Dana's is open.

    Before: 1 of 2 resolved, NPS +100 of one answer, 3 of 3 stayed. After: 2 of 2, one promoter and one detractor are
    NPS 0, (2 - 0) of 3 stayed, and of the two who complained one is still there 30 days later.
    """
    at = clock.now()
    by = Actor.system("test")
    asking_since(at - DAY)
    bo, cy = make_customer("Bo"), make_customer("Cy")
    for one in (cast.customer, bo, cy):
        tenures.join(one, joined_on=date(2024, 1, 1), by=by, at=at)
    settle(cast.complaint(at=at, customer=bo), at=at)
    happy = HistoricResponse(kind="nps", score=9, external_id="1", answered_at=at)
    record_responses([happy], by=by, at=at, source="test")
    case: Complaint = cast.complaint(at=at)
    assert figures(cast) == {"resolution-rate": 50, "nps": 100, "retention-rate": 100}

    desk = open_page(user=cast.agent)
    desk.goto(f"/complaints/{case.reference}/")
    act(
        desk,
        "resolution",
        outcome="not_upheld",
        root_cause="people-mistake",
        summary="Looked into it.",
        answer="We cannot replace it.",
    )
    invite(at=clock.now() + 4 * DAY)  # whatever the day of the week: the office has been open since
    mail = OutboxMessage.objects.get(template="survey", recipient=cast.customer.contact_points.get(kind="email").value)
    person = open_page()
    person.goto("/" + mail.context["scores"][3][1].split("/", 3)[3])
    person.get_by_role("button", name="Send my answer").click()
    person.get_by_role("heading", name="Thank you").wait_for()

    desk.goto("/follow-ups/")
    call = desk.locator(".call", has_text="Dana Whitlock")
    expect(call.get_by_text(case.reference)).to_be_visible()
    call.get_by_text("Record the call").click()
    call.locator("[name=outcome][value=reached]").check(force=True)
    call.get_by_role("button", name="Write it down").click()
    desk.get_by_role("heading", name="No call to be made").wait_for()
    assert FollowUp.objects.get().done_by == cast.agent
    assert recovered_in_a_month(cast) == 100

    desk.goto(f"/customers/{cast.customer.pk}/")
    desk.get_by_role("link", name="They leave").click()
    desk.fill("[name=left_on]", (clock.now().date() + timedelta(days=0)).isoformat())
    desk.fill("[name=reason]", "Not listened to")
    desk.locator("form.form button[type=submit]").click()
    desk.get_by_text("Not listened to").first.wait_for()
    assert Tenure.objects.get(customer=cast.customer).left_on is not None

    after = figures(cast)
    assert after["resolution-rate"] == 100 and after["nps"] == 0
    assert after["retention-rate"] == pytest.approx(200 / 3)
    assert recovered_in_a_month(cast) == 50
    manager = open_page(user=cast.manager)
    shown(manager, "resolution-rate", "100.0")
    shown(manager, "retention-rate", "66.7")
