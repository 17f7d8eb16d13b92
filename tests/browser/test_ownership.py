"""Offers, escalations, mentions and the inbox, driven by two people in two browsers (mission D3; ux, desk 2, 5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from complaints.actions import escalate, hand_over
from complaints.models import Complaint, Note
from core import clock
from core.actor import Actor
from core.models import Absence, Notification
from tests.browser.conftest import expect
from tests.browser.looks import SKINS, as_, look
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_offered_in_one_browser_accepted_in_another(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint(owner=cast.agent)
    mine, theirs = open_page(user=cast.agent), open_page(user=cast.colleague)
    mine.goto(f"/complaints/{complaint.reference}/")
    mine.keyboard.press("h")
    mine.locator("#act-offer select").wait_for()
    mine.locator("#act-offer select").select_option(label="Cole Colleague")
    mine.fill("#act-offer input[name=reason]", "You know the courier")
    mine.keyboard.press("Enter")
    mine.locator(".ask", has_text="Offered to Cole Colleague").wait_for()
    theirs.goto("/complaints/")
    bell = theirs.locator(".sidebar a", has_text="Notifications")
    assert bell.locator(".count").inner_text() == "1"
    bell.click()
    theirs.get_by_role("link", name="Ana Agent asks you to take over").click()
    bar = theirs.locator(".ask", has_text="You know the courier")
    bar.get_by_role("button", name="Take it over").click()
    theirs.locator(".head__facts", has_text="Cole Colleague").wait_for()
    assert Complaint.objects.get(pk=complaint.pk).owner == cast.colleague
    assert not Notification.objects.filter(user=cast.colleague, read_at=None).exists()
    mine.goto("/notifications/")
    mine.get_by_text("Cole Colleague takes").wait_for()


def test_declining_opens_the_form_and_needs_words(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint(owner=cast.agent)
    hand_over.offer(complaint, by=Actor.person(cast.agent), at=clock.now(), to=cast.colleague)
    page = open_page(user=cast.colleague)
    page.goto(f"/complaints/{complaint.reference}/")
    page.get_by_role("link", name="Decline").click()
    box = page.locator("#act-decline_offer input[name=answer]")
    expect(box).to_be_focused()
    box.fill("I am full until Friday")
    box.press("Enter")
    page.locator(".event", has_text="Cole Colleague declines the case").wait_for()
    expect(page.locator(".ask")).to_have_count(0)


def test_a_colleague_is_named_by_keyboard_alone(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint(owner=cast.agent)
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    page.keyboard.press("n")
    page.keyboard.type("Ask @sv")
    page.locator("#mention_list [role=option]", has_text="Sven Stranger").wait_for()
    expect(page.locator("#body")).to_have_attribute("aria-activedescendant", "mention_0")
    page.keyboard.press("Escape")
    expect(page.locator("#mention_list")).to_be_hidden()
    page.keyboard.type("e")
    page.locator("#mention_list [role=option]", has_text="Sven Stranger").wait_for()
    page.keyboard.press("Enter")
    expect(page.locator("#body")).to_have_value("Ask @Sven Stranger ")
    page.locator("[data-mentions-blind]", has_text="Sven Stranger").wait_for()
    page.keyboard.type("and @co")
    page.locator("#mention_list [role=option]", has_text="Cole Colleague").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.type("about lot 7")
    page.keyboard.press("Control+Enter")
    page.locator(".message--note .mention", has_text="@Sven Stranger").wait_for()
    assert [one[3] for one in Note.objects.get().mentions] == [cast.stranger.pk, cast.colleague.pk]
    assert Complaint.objects.visible_to(cast.stranger).filter(pk=complaint.pk).exists()


def test_no_names_are_offered_in_a_reply(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint(owner=cast.agent)
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    page.keyboard.press("r")
    page.keyboard.type("Dear @co")
    page.wait_for_timeout(500)
    expect(page.locator("#mention_list")).to_be_hidden()


@pytest.mark.parametrize("skin", SKINS)
def test_the_new_pages(open_page: Any, cast: Cast, skin: str) -> None:
    complaint = cast.complaint(owner=cast.agent, subject="Две лампы, одна посылка и очень длинное название товара")
    agent = Actor.person(cast.agent)
    hand_over.offer(complaint, by=agent, at=clock.now(), to=cast.colleague, reason="I am away from Thursday on")
    escalate.escalate(complaint, by=agent, at=clock.now(), reason="The courier denies it", to=cast.manager)
    complaint.watches.create(user=cast.stranger)
    start = clock.now() + timedelta(days=1)
    for user in (cast.agent, cast.colleague):
        Absence.objects.create(user=user, from_at=start, until_at=start + timedelta(days=3))
    cast.agent.__class__.objects.filter(pk=cast.agent.pk).update(deputy=cast.colleague)
    page = as_(open_page, cast.manager, skin)
    pages = ("/team/", "/team/absences/", "/notifications/", "/preferences/notifications/")
    for path in (*pages, complaint.get_absolute_url()):
        look(page, path)
