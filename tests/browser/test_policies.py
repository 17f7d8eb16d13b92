"""A deadline is moved by hand, in two languages: draft, preview, application, and the case says the new one (SLA 3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import gettext as _
from django.utils.translation import override

from complaints.actions import sla_edits
from complaints.models import Clock, SlaEdit, SlaPolicy
from complaints.web.settings.edit_words import mode_name
from core import cached, clock
from core.models import CalendarVersion
from tests.browser.conftest import PHONE, expect
from tests.browser.looks import level, sound
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
HOUR = timedelta(hours=1)
ALWAYS = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
LOCALES = {"en": "en-GB", "ru": "ru-RU"}


@pytest.fixture
def day_and_night(cast: Cast) -> None:
    """Every hour counts: 20 hours to acknowledge, 40 to resolve."""
    CalendarVersion.objects.update(definition={"tz": "UTC", "weekly": ALWAYS, "exceptions": []})
    targets = {
        kind: {"kind": "working_seconds", "value": n * 3600} for kind, n in (("acknowledge", 20), ("resolve", 40))
    }
    SlaPolicy.objects.update(targets=targets)
    cached.clear_all()


def finish(page: Any) -> None:
    """The job of the background, until the edit is done; the page follows by itself."""
    edit = SlaEdit.objects.order_by("-pk")[0]
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        for _round in range(5):
            sla_edits.advance()
    edit.refresh_from_db()
    assert edit.status == SlaEdit.Status.DONE
    page.locator("progress").wait_for(state="detached")


def deadline(page: Any, reference: str) -> str:
    """What the case says of its resolve clock."""
    page.goto(f"/complaints/{reference}/")
    page.wait_for_load_state()
    return " ".join(page.locator(".clocks").first.inner_text().split())


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_target_changed_in_a_draft_moves_the_deadline_of_a_case(
    open_page: Callable[..., Any], cast: Cast, day_and_night: None, language: str
) -> None:
    case = cast.complaint(channel="web", type="billing")
    before = Clock.objects.get(complaint=case, kind="resolve")
    assert abs(before.due_at - case.received_at - 40 * HOUR) <= timedelta(seconds=1)
    name = before.policy.name
    agent = open_page(locale=LOCALES[language], user=cast.agent)
    said = deadline(agent, case.reference)

    with override(language):
        begin, look, save = _("Begin a draft"), _("See what it changes"), _("Save in the draft")
        apply_word = _("Apply: %(mode)s") % {"mode": mode_name("from_now", is_policies=True)}
    admin = open_page(locale=LOCALES[language], user=cast.admin)
    admin.goto("/settings/sla/")
    assert admin.locator("html").get_attribute("lang") == language
    admin.get_by_role("button", name=begin).click()
    admin.wait_for_url("**/settings/sla/draft/")
    admin.get_by_role("link", name=name, exact=True).click()
    admin.fill("[name=resolve_amount]", "3")
    admin.select_option("[name=resolve_unit]", "calendar_days")
    admin.get_by_role("button", name=save).click()
    admin.wait_for_url(re.compile(r"/settings/sla/draft/#policy-\d+"))
    expect(admin.locator(".policy__changes li")).to_have_count(1)
    assert admin.locator(".matrix .is-edited").count() > 0
    assert Clock.objects.get(pk=before.pk).due_at == before.due_at  # nothing moves quietly

    admin.get_by_role("button", name=look).click()
    admin.wait_for_url(re.compile(r"/settings/sla/edits/\d+/"))
    expect(admin.locator(".tally dd")).to_have_text(["1", "1", "0", "1", "0"])
    sound(admin, "preview")
    level(admin, "preview")
    assert Clock.objects.get(pk=before.pk).due_at == before.due_at
    admin.get_by_role("button", name=apply_word).click()
    finish(admin)
    after = Clock.objects.get(pk=before.pk)
    assert after.due_at > before.due_at and after.policy.version.number == 2
    assert deadline(agent, case.reference) != said
    expect(admin.locator(".tally dd")).to_have_text(["1", "1", "0", "1", "0"])


@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_if_it_had_arrived_on_friday(
    open_page: Callable[..., Any], cast: Cast, day_and_night: None, language: str
) -> None:
    """By hand: Friday 4 December 2026, 16:50, and 20 hours around the clock: Saturday 12:50."""
    page = open_page(locale=LOCALES[language], user=cast.manager)
    page.goto("/settings/sla/simulator/")
    page.select_option("[name=channel]", "web")
    page.select_option("[name=zone]", "UTC")
    page.fill("[name=received]", "2026-12-04T16:50")
    page.locator("form.try button[type=submit]").click()
    page.locator("#simulator", has_text="12:50").wait_for()
    first = page.locator("#clock-1 >> xpath=ancestor::section")
    expect(first.locator("svg.simline")).to_have_count(1)
    assert "2026" in first.inner_text()
    page.fill("[name=received]", "2026-12-04T17:05")
    page.locator("[name=received]").dispatch_event("change")
    page.locator("#simulator", has_text="13:05").wait_for()  # follows without a reload
    sound(page, "simulator")
    level(page, "simulator")


def test_the_draft_with_the_keyboard_and_on_a_phone(
    open_page: Callable[..., Any], cast: Cast, day_and_night: None
) -> None:
    page = open_page(user=cast.admin)
    page.goto("/settings/sla/")
    page.get_by_role("button", name="Begin a draft").click()
    page.wait_for_url("**/settings/sla/draft/")
    names = page.locator(".policy__name bdi").all_inner_texts()
    page.get_by_role("button", name=f"Move down: {names[0]}").press("Enter")
    page.locator(".policy:first-child", has_text=names[1]).wait_for()
    expect(page.locator("[id^=down-]:focus")).to_be_attached()
    page.get_by_role("button", name=f"Move down: {names[0]}").press("Enter")  # the revision came along
    page.locator(".policy:nth-child(3)", has_text=names[0]).wait_for()
    assert page.locator(".policy__name bdi").all_inner_texts()[:3] == [names[1], names[2], names[0]]
    page.locator(".matrix td a").first.click()
    page.locator("#cell").wait_for()
    sound(page, "draft")
    level(page, "draft")
    page.get_by_role("link", name=names[0], exact=True).click()
    page.wait_for_url("**/settings/sla/draft/policies/*/")
    sound(page, "policy")
    level(page, "policy")
    phone = open_page(user=cast.admin, size=PHONE, scheme="dark")
    for where in ("/settings/sla/", "/settings/sla/draft/", "/settings/sla/simulator/", "/settings/sla/edits/"):
        phone.goto(where)
        sound(phone, where)
        level(phone, where)
    policy = SlaPolicy.objects.filter(version__number=2).first()
    phone.goto(f"/settings/sla/draft/policies/{policy.pk}/")
    sound(phone, "policy on a phone")
    level(phone, "policy on a phone")
