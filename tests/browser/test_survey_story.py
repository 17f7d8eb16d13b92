"""From the mail's link to the call: somebody unhappy is asked, answers, is called (mission B1, B2, B4; case F12)."""

from __future__ import annotations

from typing import Any

import pytest

from core import clock, dates
from core.actor import Actor
from core.models import OutboxMessage
from core.references import status_token
from metrics.actions.invite import invite
from metrics.models import SurveyResponse
from retention.actions import follow_ups
from retention.models import FollowUp
from tests.browser.conftest import PHONE, expect
from tests.browser.looks import sound
from tests.cast import Cast
from tests.surveyed import DAY, asking_since, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def asked(cast: Cast, **filing: Any) -> OutboxMessage:
    """A complaint settled a moment ago, and the mail about it."""
    at = clock.now()
    asking_since(at - DAY)
    settled(cast, at=at, **filing)
    invite(at=clock.now() + 4 * DAY)  # whatever the day of the week: the office has been open since
    return OutboxMessage.objects.get(template="survey")


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without"])
def test_from_the_link_to_the_call(open_page: Any, cast: Cast, live_server: Any, javascript: bool) -> None:
    mail = asked(cast)
    score, url = mail.context["scores"][3]
    assert score == 3

    person = open_page(java_script_enabled=javascript)
    person.goto("/" + url.split("/", 3)[3])
    expect(person.locator("[name=score]:checked")).to_have_attribute("value", "3")
    assert not SurveyResponse.objects.exists()
    prompt = person.get_by_text("What should we have done differently?")
    expect(prompt).to_be_visible()
    expect(person.get_by_label("Somebody may call me about this")).to_be_visible()
    person.locator("label", has_text="9").first.click()
    expect(person.get_by_text("What went well?")).to_be_visible()
    expect(prompt).not_to_be_visible()
    expect(person.get_by_label("Somebody may call me about this")).not_to_be_visible()
    person.locator("[name=score][value='3']").check(force=True)
    person.fill("[name=comment]", "The second lamp is dark too.")
    person.get_by_role("button", name="Send my answer").click()
    person.get_by_role("heading", name="Thank you").wait_for()
    expect(person.get_by_text("The second lamp is dark too.")).to_be_visible()
    given = SurveyResponse.objects.get()
    assert (given.score, given.may_call, given.comment) == (3, True, "The second lamp is dark too.")

    desk = open_page(user=cast.agent, java_script_enabled=javascript)
    desk.goto("/follow-ups/")
    call = desk.locator(".call", has_text="Dana Whitlock")
    expect(call.get_by_text("The second lamp is dark too.")).to_be_visible()
    expect(call.get_by_text("NPS 3")).to_be_visible()
    call.get_by_text("Record the call").click()
    call.locator("[name=outcome][value=reached]").check(force=True)
    call.locator("[name=note]").fill("Sent a third lamp by courier.")
    call.get_by_role("button", name="Write it down").click()
    desk.get_by_role("heading", name="No call to be made").wait_for()
    made = FollowUp.objects.get()
    assert (made.outcome, made.note, made.done_by) == ("reached", "Sent a third lamp by courier.", cast.agent)
    desk.goto("/follow-ups/?view=done")
    expect(desk.get_by_text("Sent a third lamp by courier.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_sound(open_page: Any, cast: Cast, scheme: str) -> None:
    mail = asked(cast)
    path = "/" + mail.context["url"].split("/", 3)[3]
    for size in ({"width": 1280, "height": 900}, PHONE):
        page = open_page(scheme=scheme, size=size)
        for address in (path, f"{path}?score=3", f"{path}?language=ru"):
            page.goto(address)
            sound(page)
        page.goto(f"{path}?score=3")
        with page.expect_navigation():
            page.get_by_role("button", name="Send my answer").click()
        sound(page)
    page = open_page(scheme=scheme)
    page.goto(path)
    page.evaluate("document.querySelectorAll('[name=score]').forEach(e => e.checked = false)")
    page.get_by_role("button", name="Send my answer").click()
    page.locator("#errors").wait_for()
    sound(page)

    by = Actor.person(cast.manager)
    for days in (0, 4):
        due_on = dates.of_house(clock.now()) + days * DAY
        follow_ups.plan(cast.customer, by=by, at=clock.now(), owner=cast.manager, due_on=due_on, about="The lamp")
    desk = open_page(scheme=scheme, user=cast.manager)
    call = FollowUp.objects.latest("pk")
    for address in (
        "/follow-ups/",
        "/follow-ups/?whose=all",
        f"/follow-ups/{call.pk}/",
        f"/customers/{cast.customer.pk}/follow-ups/new/",
        "/settings/surveys/",
        "/settings/surveys/nps/",
        "/settings/surveys/nps/words/",
    ):
        desk.goto(address)
        sound(desk)


def test_the_status_page_asks_whether_the_decision_is_accepted(open_page: Any, cast: Cast) -> None:
    case = settled(cast, at=clock.now())
    page = open_page(java_script_enabled=False)
    page.goto(f"/status/{status_token(case.reference)}/")
    page.locator("#acceptance [name=comment]").fill("Still dark.")
    page.get_by_role("button", name="No, I do not").click()
    expect(page.get_by_text("What happens next:")).to_be_visible()
    case.refresh_from_db()
    assert case.accepted is False
    page.locator("#acceptance summary").click()
    page.get_by_role("button", name="Yes, I accept it").click()
    expect(page.get_by_text("What happens next:")).not_to_be_visible()
    case.refresh_from_db()
    assert case.accepted is True
