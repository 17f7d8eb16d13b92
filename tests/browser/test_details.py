"""Editing the details of a case by two people in two browsers, and following it (case F24; mission D3)."""

from __future__ import annotations

from typing import Any

import pytest

from complaints.models import Complaint, Watch
from tests.browser.conftest import expect
from tests.browser.looks import SKINS, as_, look
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
DIALOG = "#details_dialog[open]"


def test_two_browsers_collide_and_the_second_chooses(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    mine, theirs = open_page(user=cast.agent), open_page(user=cast.colleague)
    for page in (mine, theirs):
        page.goto(f"/complaints/{complaint.reference}/")
        page.get_by_role("link", name="Edit details").click()
        page.locator(f"{DIALOG} [name=subject]").wait_for()
    theirs.fill(f"{DIALOG} [name=subject]", "Their words")
    theirs.fill(f"{DIALOG} [name=product]", "Desk lamp")
    theirs.locator(DIALOG).get_by_role("button", name="Save").click()
    theirs.locator("#subject", has_text="Their words").wait_for()
    expect(theirs.locator(DIALOG)).to_have_count(0)
    mine.fill(f"{DIALOG} [name=subject]", "My words")
    mine.fill(f"{DIALOG} [name=lot]", "L7")
    mine.locator(DIALOG).get_by_role("button", name="Save").click()
    mine.locator(f"{DIALOG} .differ", has_text="Their words").wait_for()
    assert mine.input_value(f"{DIALOG} [name=subject]") == "My words"
    assert mine.input_value(f"{DIALOG} [name=product]") == "Desk lamp"
    assert Complaint.objects.get(pk=complaint.pk).lot == ""
    mine.get_by_label("As you typed it").check()
    mine.locator(DIALOG).get_by_role("button", name="Save").click()
    mine.locator("#subject", has_text="My words").wait_for()
    now = Complaint.objects.get(pk=complaint.pk)
    assert (now.subject, now.product, now.lot) == ("My words", "Desk lamp", "L7")
    mine.locator(".follow").get_by_role("button", name="Follow", exact=True).click()
    mine.locator(".follow").get_by_role("button", name="Stop following").wait_for()
    assert Watch.objects.filter(complaint=complaint, user=cast.agent).exists()


def test_without_javascript_the_form_is_a_page(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    page = open_page(user=cast.agent, java_script_enabled=False)
    page.goto(f"/complaints/{complaint.reference}/")
    page.get_by_role("link", name="Edit details").click()
    page.fill("[name=subject]", "New words")
    page.get_by_role("button", name="Save").click()
    page.locator("#subject", has_text="New words").wait_for()


@pytest.mark.parametrize("skin", SKINS)
def test_the_page_in_every_skin(open_page: Any, cast: Cast, skin: str) -> None:
    complaint = cast.complaint()
    page = as_(open_page, cast.agent, skin)
    look(page, f"/complaints/{complaint.reference}/details/")
    look(page, f"/complaints/{complaint.reference}/")
