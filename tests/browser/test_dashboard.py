"""The dashboard in light, dark, on a phone and in Russian: axe finds nothing, pictures scroll inside themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.boards import fill
from tests.browser.conftest import expect
from tests.browser.looks import SKINS, as_, look
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
PAGES = (
    "/dashboard/?whole=1&period=year",
    "/dashboard/?whole=1&from=2025-01-01&to=2025-01-01",
    "/dashboard/resolution-rate/?period=year",
    "/dashboard/nps/?period=year&group_by=month",
    "/dashboard/sla-compliance/rows/?period=year",
    "/settings/targets/",
)


@pytest.mark.parametrize("skin", SKINS)
def test_the_dashboard(open_page: Any, cast: Cast, skin: str) -> None:
    page = as_(open_page, fill(cast).manager, skin)
    for path in PAGES:
        look(page, path)


def test_parts_arrive_and_explain_themselves_by_touch(open_page: Any, cast: Cast) -> None:
    """What is fetched later takes its place; a tap opens the definition, another elsewhere closes it."""
    page = open_page(user=fill(cast).manager, size={"width": 390, "height": 844}, has_touch=True)
    page.goto("/dashboard/?period=year")
    page.locator(".recovery__picture, .recovery__say").first.wait_for()
    page.locator("section.board__wait").first.wait_for(state="detached")
    about, card = page.locator(".measure .about summary").first, page.locator(".measure .hovercard").first
    expect(card).not_to_be_visible()
    about.tap()
    card.wait_for(state="visible")
    assert "n" in card.inner_text()
    page.locator("h1").first.tap()
    card.wait_for(state="hidden")
    about.focus()
    page.keyboard.press("Enter")
    card.wait_for(state="visible")
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")


def test_without_javascript_the_whole_board_is_there(open_page: Any, cast: Cast) -> None:
    user = fill(cast).manager
    page = open_page(user=user, java_script_enabled=False)
    page.goto("/dashboard/?period=year")
    page.wait_for_url("**whole=1**")
    expect(page.locator("section.board__wait")).to_have_count(0)
    assert page.locator(".tile").count() >= 6


def test_without_a_mouse(open_page: Any, cast: Cast) -> None:
    """From the board to the rows behind a number and back, by keyboard alone; the filters too."""
    page = open_page(user=fill(cast).manager)
    page.goto("/dashboard/?period=year")
    page.locator(".figure__rows").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/rows/**")
    assert page.locator("table tbody tr").count() > 0
    page.go_back()
    page.locator(".menu--filter > summary").focus()
    page.keyboard.press("Enter")
    page.locator("[name=channel]").select_option("phone")
    page.locator("[name=channel]").press("Enter")
    page.locator(".form--filter button[type=submit]").first.click()
    page.wait_for_url("**channel=phone**")
    expect(page.locator(".chip--filter")).to_have_count(1)
    assert "period=year" in page.url
