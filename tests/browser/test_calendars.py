"""A calendar made by mouse and keyboard, in two languages: lunch break, night shift, Spanish holidays, a half-day."""

from __future__ import annotations

from typing import Any

import pytest

from core.actions import calendars as actions
from core.actor import Actor
from core.clock import now
from core.models import Calendar, CalendarVersion
from tests.browser.conftest import PHONE, expect
from tests.browser.looks import sound
from tests.cast import Cast
from tests.test_calendars import EVE, SUMMER, source

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

WORDS = {
    "en-GB": {"lang": "en", "mon": "Monday", "tue": "Tuesday"},
    "ru-RU": {"lang": "ru", "mon": "понедельник", "tue": "вторник"},
}


def draft() -> CalendarVersion:
    return CalendarVersion.objects.get(calendar__name="Madrid desk", published_at=None)


def column(page: Any, day: int) -> Any:
    return page.locator("[data-week]").first.locator(".week-grid__body").nth(day)


def at(page: Any, day: int, hour: float) -> tuple[float, float]:
    """Where an hour of a day lies on the screen."""
    box = column(page, day).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] * hour / 24


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def press(page: Any, do: str) -> None:
    with page.expect_navigation():
        page.locator(f".form button[name=do][value={do}]:not(.sr)").click()


@pytest.mark.parametrize("locale", list(WORDS))
def test_a_calendar_by_mouse_and_keyboard(open_page: Any, cast: Cast, locale: str) -> None:
    words = WORDS[locale]
    page = open_page(locale=locale, user=cast.admin, size={"width": 1440, "height": 1600})
    page.goto("/settings/calendars/new/")
    assert page.locator("html").get_attribute("lang") == words["lang"]
    page.fill("[name=name]", "Madrid desk")
    page.select_option("[name=tz]", "Europe/Madrid")
    for day in ("mon", "tue", "wed", "thu", "fri"):
        page.fill(f"[name={day}]", "")
    expect(page.locator(".week-grid__block")).to_have_count(0)

    # By mouse: two blocks with a lunch break, and a night shift drawn into the next day.
    page.locator("[data-week]").first.scroll_into_view_if_needed()
    drag(page, at(page, 0, 9), at(page, 0, 13))
    drag(page, at(page, 0, 14), at(page, 0, 18))
    drag(page, at(page, 4, 22), at(page, 5, 6))
    expect(page.locator("[name=mon]")).to_have_value("09:00-13:00, 14:00-18:00")
    expect(page.locator("[name=fri]")).to_have_value("22:00-06:00")
    expect(column(page, 5).locator(".week-grid__tail")).to_have_count(1)
    second = column(page, 0).locator(".week-grid__block").nth(1)
    box = second.bounding_box()
    drag(page, (box["x"] + 20, box["y"] + box["height"] - 3), at(page, 0, 19))  # its lower edge
    expect(page.locator("[name=mon]")).to_have_value("09:00-13:00, 14:00-19:00")

    # By keyboard: a block for Tuesday, moved and made longer; what would overlap stays where it is.
    add = page.locator("[data-week]").first.locator(".week-grid__head button").nth(1)
    assert words["tue"] in (add.get_attribute("aria-label") or "").lower() or words["lang"] == "en"
    add.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[name=tue]")).to_have_value("09:00-17:00")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("[name=tue]")).to_have_value("08:45-17:15")
    assert "08:45–17:15" in page.locator("#said").text_content()
    page.keyboard.press("ArrowLeft")  # to the block before: Monday's second
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    expect(page.locator("[name=mon]")).to_have_value("09:00-13:00, 13:00-18:00")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    expect(page.locator("[name=tue]")).to_have_value("")
    page.fill("[name=wed]", "9.30-12")  # typed hours are drawn
    assert column(page, 2).locator(".week-grid__block").text_content() == "09:30–12:00"

    press(page, "holidays")
    assert draft().source["weekly"] == {
        "mon": [["09:00", "13:00"], ["14:00", "19:00"]], "wed": [["09:30", "12:00"]], "fri": [["22:00", "06:00"]],
    }  # fmt: skip
    page.select_option("[name=country]", "ES")
    page.fill("[name=first]", "2026")
    page.fill("[name=last]", "2026")
    page.locator("form.try button").click()
    page.select_option("[name=part]", "MD")
    page.locator("form.try button").click()
    page.locator("[name=take][value^='2026-05-02']").wait_for()
    page.locator("[name=take][value^='2026-01-06']").uncheck()
    with page.expect_navigation():
        page.locator("form[action$='/days/'] button[type=submit]").click()
    dates = [one["date"] for one in draft().source["holidays"]]
    assert "2026-05-02" in dates and "2026-12-25" in dates and "2026-01-06" not in dates

    page.fill("[name^=day_][name$=_date] >> nth=0", "2026-12-24")  # the first empty row
    page.focus("[name^=day_][name$=_hours] >> nth=0")
    page.keyboard.type("9-13")
    page.keyboard.press("Tab")
    page.keyboard.type("Nochebuena")
    press(page, "look")
    expect(page.locator("#look")).to_be_visible()
    assert page.locator("#look .week__span").count() > 0
    press(page, "save")
    eve = next(one for one in draft().source["holidays"] if one["date"] == "2026-12-24")
    assert eve == {"date": "2026-12-24", "name": "Nochebuena", "intervals": [["09:00", "13:00"]]}

    page.fill("[name=start]", "2026-12-28T18:00")
    page.fill("[name=hours]", "2")
    page.keyboard.press("Tab")
    page.locator("#trial", has_text="10:30").wait_for()  # one hour on Monday, one on Wednesday
    with page.expect_navigation():
        page.locator("form[action$='/preview/'] button[type=submit]").click()
    assert "/settings/sla/edits/" in page.url


def test_it_works_without_javascript_and_by_touch(open_page: Any, cast: Cast) -> None:
    bare = open_page(user=cast.admin, java_script_enabled=False)
    bare.goto("/settings/calendars/new/")
    bare.fill("[name=name]", "Madrid desk")
    bare.fill("[name=mon]", "09:00-12:00, 13:00-18:00")
    expect(bare.locator(".week-grid")).to_have_count(0)
    bare.fill("[name=mon]", "09:00-12:00, 11:00-18:00")
    press(bare, "save")
    expect(bare.locator("#errors")).to_be_visible()
    expect(bare.locator("[name=mon]")).to_have_value("09:00-12:00, 11:00-18:00")
    bare.fill("[name=mon]", "09:00-12:00, 13:00-18:00")
    press(bare, "save")
    assert draft().source["weekly"]["mon"] == [["09:00", "12:00"], ["13:00", "18:00"]]

    phone = open_page(user=cast.admin, size=PHONE, has_touch=True, is_mobile=True)
    phone.goto(f"/settings/calendars/{draft().calendar_id}/draft/")
    phone.fill("[name=mon]", "")
    phone.locator(".week-grid__body").first.scroll_into_view_if_needed()
    box = column(phone, 0).bounding_box()
    phone.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] * 10.2 / 24)
    expect(phone.locator("[name=mon]")).to_have_value("10:00-11:00")


def test_the_pages_are_sound(open_page: Any, cast: Cast) -> None:
    row = actions.create_calendar(
        "Madrid desk", source(holidays=[EVE], seasons=[SUMMER]), by=Actor.person(cast.admin), at=now()
    )
    actions.save_draft(
        Calendar.objects.order_by("pk")[0], source(holidays=[EVE]), by=Actor.person(cast.admin), at=now()
    )
    office = Calendar.objects.order_by("pk")[0]
    for scheme, size in (("light", {"width": 1280, "height": 900}), ("dark", PHONE)):
        page = open_page(user=cast.admin, scheme=scheme, size=size)
        for address in (
            "/settings/calendars/",
            f"/settings/calendars/{office.pk}/?try=1&version=1&start=2026-12-23T17:00&hours=8",
            f"/settings/calendars/{row.pk}/draft/",
            f"/settings/calendars/{row.pk}/draft/holidays/?country=ES&part=MD&first=2026&last=2026",
            f"/settings/calendars/{row.pk}/draft/file/",
        ):
            page.goto(address)
            sound(page)
