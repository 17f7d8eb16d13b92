"""Search and the palette by keyboard alone, in a Cyrillic layout too; focus stays, nothing is scrolled sideways."""

from __future__ import annotations

from typing import Any

import pytest

from complaints.models import Complaint
from tests.browser.conftest import expect
from tests.browser.looks import SKINS, as_, look, sound
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def kettle(cast: Cast) -> Complaint:
    return cast.complaint(owner=cast.agent, subject="A kettle", description="It leaks all over the table.")


def selected(page: Any) -> str:
    return page.locator("#palette-list [aria-selected=true]").inner_text()


def test_from_the_queue_to_a_case_by_keyboard_alone(open_page: Any, cast: Cast, kettle: Complaint) -> None:
    page = open_page(user=cast.agent)
    page.goto("/complaints/")
    page.keyboard.press("Control+KeyK")
    page.locator("#palette[open]").wait_for()
    expect(page.locator("#palette-input")).to_be_focused()
    page.keyboard.type("whitl")
    page.locator(f"#jump-case-{kettle.reference}").wait_for()
    expect(page.locator("#palette-input")).to_have_attribute("aria-activedescendant", f"jump-case-{kettle.reference}")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#palette-input")).to_have_attribute(
        "aria-activedescendant", f"jump-customer-{cast.customer.pk}"
    )
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/complaints/{kettle.reference}/")


def test_a_reference_typed_fast_opens_its_case(open_page: Any, cast: Cast, kettle: Complaint) -> None:
    page = open_page(user=cast.agent)
    page.goto("/complaints/")
    page.keyboard.press("Control+KeyK")
    page.keyboard.type(kettle.reference)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/complaints/{kettle.reference}/")


def test_views_and_what_can_be_done_here(open_page: Any, cast: Cast, kettle: Complaint) -> None:
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{kettle.reference}/")
    page.keyboard.press("Control+KeyK")
    page.keyboard.type("internal n")
    page.locator("#palette-list [role=option]", has_text="note").first.wait_for()
    page.keyboard.press("Enter")
    page.locator("#palette:not([open])").wait_for(state="attached")
    expect(page.locator("#composer input[value=note]")).to_be_checked()
    page.locator("h1").first.click()
    page.keyboard.press("Control+KeyK")
    page.keyboard.type("breached")
    page.locator("#jump-view-breached[aria-selected=true]").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/complaints/?view=breached")


def test_a_cyrillic_layout_opens_it_too_and_escape_gives_the_focus_back(
    open_page: Any, cast: Cast, kettle: Complaint
) -> None:
    page = open_page(user=cast.agent)
    page.goto("/complaints/")
    page.locator(".row__link").first.focus()
    page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'л', code: 'KeyK', ctrlKey: true, bubbles: true, cancelable: true}))"
    )
    page.locator("#palette[open]").wait_for()
    page.keyboard.press("Escape")
    page.locator("#palette:not([open])").wait_for(state="attached")
    expect(page.locator(".row__link:focus")).to_be_attached()
    page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: '.', code: 'Slash', bubbles: true, cancelable: true}))"
    )
    page.wait_for_url("**/search/")


def test_results_follow_the_letters_and_the_focus_stays(open_page: Any, cast: Cast, kettle: Complaint) -> None:
    page = open_page(user=cast.agent)
    page.goto("/complaints/")
    page.keyboard.press("Slash")
    page.wait_for_url("**/search/")
    page.locator("#id_q:focus").wait_for()
    page.wait_for_load_state()
    page.keyboard.type("leak")
    page.locator("#found mark", has_text="leaks").wait_for()
    expect(page.locator("#id_q")).to_be_focused()
    page.wait_for_url("**/search/?q=leak*")
    page.keyboard.type("xyz")
    page.locator("#found", has_text="No case matches").wait_for()
    expect(page.locator("#id_q")).to_have_value("leakxyz")
    for _letter in "xyz":
        page.keyboard.press("Backspace")
    page.locator(f"#found .row__link[href='/complaints/{kettle.reference}/']").wait_for()
    page.keyboard.press("Tab")
    page.locator("h1").click()
    page.keyboard.press("KeyJ")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/complaints/{kettle.reference}/")


def test_switched_off_keys_leave_the_browser_its_own(open_page: Any, cast: Cast, kettle: Complaint) -> None:
    cast.agent.shortcuts = False
    cast.agent.save(update_fields=["shortcuts"])
    page = open_page(user=cast.agent)
    page.goto("/complaints/")
    page.keyboard.press("Control+KeyK")
    page.wait_for_timeout(200)
    expect(page.locator("#palette[open]")).to_have_count(0)
    page.locator(".sidebar__find").click()
    page.locator("#palette[open]").wait_for()


@pytest.mark.parametrize("skin", SKINS)
def test_the_pages(open_page: Any, cast: Cast, kettle: Complaint, skin: str) -> None:
    page = as_(open_page, cast.agent, skin)
    for path in ("/search/", "/search/?q=leaks", "/search/?q=kettle&status=closed", "/search/?q=nothingofthekind"):
        look(page, path)
    page.goto("/complaints/")
    page.keyboard.press("Control+KeyK")
    page.locator("#palette-list [role=option]").first.wait_for()
    sound(page)
