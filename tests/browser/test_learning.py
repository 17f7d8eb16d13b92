"""A theme added by typing, a corrective action planned, overdue, done and judged in the browser (mission A11)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from complaints.actions import corrective, decide, themes
from complaints.models import CaseTheme, CorrectiveAction
from complaints.reference import catalogue
from core import clock, dates
from core.actor import Actor
from tests.browser.conftest import expect
from tests.browser.looks import SKINS, as_, look
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def resolved(cast: Cast, subject: str) -> Any:
    complaint = cast.complaint(subject=subject)
    cause = catalogue().causes["product-production"]
    by = Actor.person(cast.agent)
    return decide.resolve(
        complaint, by=by, at=clock.now(), outcome="upheld", root_cause=cause, summary="Seal.", answer="Sorry."
    )


def planned(cast: Cast, *, days: int, ago: int = 0, **facts: Any) -> CorrectiveAction:
    at = clock.now() - timedelta(days=ago)
    return corrective.create(
        by=Actor.person(cast.lead), at=at, title="Fit the seal the right way round", owner=cast.agent,
        root_cause=catalogue().causes["product-production"], due_on=dates.of_house(at) + timedelta(days=days), **facts,
    )  # fmt: skip


def test_themes_are_added_by_typing_and_taken_away(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    page.locator("#themes summary").click()
    page.fill("#id_theme", "no such thing")
    page.press("#id_theme", "Enter")
    page.locator("#themes .field__error", has_text="There is no such theme").wait_for()
    expect(page.locator("#id_theme")).to_have_value("no such thing")
    for name in ("packag", "Website or app"):
        page.fill("#id_theme", name)
        page.press("#id_theme", "Enter")
        page.locator("#themes .chip", has_text=name[:6].title()).wait_for()
    expect(page.locator("#themes .chip")).to_have_count(2)
    page.get_by_role("button", name="Take the theme Packaging away").click()
    page.locator("#themes .chip", has_text="Packaging").wait_for(state="detached")
    assert list(CaseTheme.objects.values_list("theme__code", flat=True)) == ["website"]


def test_a_corrective_action_from_the_plan_to_the_verdict(open_page: Any, cast: Cast) -> None:
    complaint = resolved(cast, "Leaks at the inlet")
    page = open_page(user=cast.lead)
    page.goto("/learning/")
    expect(page.locator(".bar-1").first).to_be_visible()
    page.locator("body").press("KeyN")
    page.wait_for_url("**/learning/actions/new/")
    page.get_by_role("button", name="Plan it").click()
    page.locator("#errors", has_text="Give it a title.").wait_for()
    page.fill("#id_title", "Fit the seal the right way round")
    page.select_option("#id_root_cause", "product-production")
    page.select_option("#id_owner", str(cast.agent.pk))
    page.fill("#id_window_days", "1")
    page.get_by_role("button", name="Plan it").click()
    page.wait_for_url("**/learning/actions/*/")
    action = CorrectiveAction.objects.get()
    page.fill("#id_case_complaint", complaint.reference)
    page.get_by_role("button", name="Link").click()
    page.locator("h2", has_text="1 complaint it answers").wait_for()
    page.get_by_role("button", name="Begin").click()
    page.locator(".chip", has_text="Under way").wait_for()
    page.fill("#id_done_done_on", dates.of_house(clock.now()).isoformat())
    page.get_by_role("button", name="It is done").click()
    page.locator("#measured", has_text="Whether it helped can be said from").wait_for()
    expect(page.locator("#verdict")).to_have_count(0)
    CorrectiveAction.objects.filter(pk=action.pk).update(done_on=date.today() - timedelta(days=3))
    page.reload()
    page.get_by_role("button", name="Say whether it helped").click()
    page.locator("#verdict .field__error").wait_for()
    page.locator("#verdict .segments label", has_text="Not effective").click()
    page.get_by_role("button", name="Say whether it helped").click()
    page.locator("#measured .notice", has_text="Not effective").wait_for()
    action.refresh_from_db()
    assert action.effective is False and action.verdict_by == cast.lead


@pytest.mark.parametrize("skin", SKINS)
def test_pages_in_every_skin(open_page: Any, cast: Cast, skin: str) -> None:
    for number in range(3):
        one = resolved(cast, f"Leaks {number}")
        themes.replace(one, ["packaging", "website"][: 1 + number % 2], by=Actor.person(cast.agent), at=clock.now())
    late = planned(cast, days=3, ago=9)
    done = corrective.done(planned(cast, days=3), by=Actor.person(cast.agent), at=clock.now())
    page = as_(open_page, cast.lead, skin)
    for path in ("/learning/", "/learning/actions/", "/learning/actions/new/", f"/complaints/{one.reference}/"):
        look(page, path)
    for action in (late, done):
        look(page, f"/learning/actions/{action.pk}/")
    admin = as_(open_page, cast.admin, skin)
    look(admin, "/settings/themes/")
    look(admin, "/settings/themes/new/")
