"""A promise by the keyboard: vague words are pointed out, it is kept by a press, a broken one alarms (mission A12)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from complaints.actions import promises
from complaints.promises import vague
from complaints.promises.sweep import sweep
from core import clock
from core.actor import Actor
from tests.browser.conftest import expect
from tests.browser.looks import SKINS, as_, look
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
PANEL = "#promises"


def test_promised_by_key_with_a_hint_and_kept_by_a_press(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint(language="pt")
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    page.locator(PANEL, has_text="Nothing is owed.").wait_for()
    page.locator("body").press("KeyP")
    page.locator("#act-promise[open]").wait_for()
    page.fill("#id_promise_text", "Ligamos em breve, and soon")
    hint = page.locator("#id_promise_text_vague")
    hint.wait_for()
    assert hint.inner_text() == "Names no hour: “em breve”, “soon”"
    page.fill("#id_promise_text", "Call no later than Friday")
    hint.wait_for(state="hidden")
    page.locator("#act-promise-form").get_by_role("button", name="Promise it").click()
    page.locator("#act-promise-form", has_text="Say by when: a promise needs its hour.").wait_for()
    expect(page.locator("#id_promise_text")).to_have_value("Call no later than Friday")
    page.locator("#act-promise-form .segments label").last.click()
    page.fill("#id_promise_due_on", "2199-01-01T10:00")
    page.locator("#act-promise-form").get_by_role("button", name="Promise it").click()
    page.locator("#act-promise-form", has_text="Nobody can promise that far ahead.").wait_for()
    page.fill("#id_promise_due_on", "")
    page.locator("#act-promise-form .segments label").first.click()
    page.locator("#act-promise-form").get_by_role("button", name="Promise it").click()
    page.locator(f"{PANEL} .promise__text", has_text="Call no later than Friday").wait_for()
    made = complaint.promises.get()
    assert made.owner == cast.agent and made.due_at > clock.now()
    page.goto("/complaints/?view=promises")
    page.locator(f"#row-{complaint.reference} .row__flags", has_text="Promised").wait_for()
    page.locator(f"#row-{complaint.reference} .row__link").click()
    page.locator(PANEL).get_by_role("button", name="Mark kept").click()
    page.locator(f"{PANEL} .promise--kept", has_text="Call no later than Friday").wait_for()
    made.refresh_from_db()
    assert made.settled_as == "kept" and made.broken_at is None


def test_the_reply_s_words_become_a_promise_and_are_looked_at(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    page.locator("#body").focus()
    page.keyboard.type("We will send the second lamp in a few days.")
    page.locator("#body_vague", has_text="in a few days").wait_for()
    page.locator("#composer summary", has_text="Promise").click()
    page.get_by_role("button", name="Take the words of the reply").click()
    expect(page.locator("#composer_promise_text")).to_have_value("We will send the second lamp in a few days.")
    page.fill("#composer_promise_text", "Send the second lamp")
    page.locator("#composer_promise_due_at").select_option(index=1)
    page.locator("#body").press("Control+Enter")
    page.locator(f"{PANEL} .promise__text", has_text="Send the second lamp").wait_for()
    made = complaint.promises.get()
    assert made.message is not None and made.message.body == "We will send the second lamp in a few days."
    expect(page.locator("#composer_promise_text")).to_have_value("")


def test_the_page_and_the_server_find_the_same(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint(language="ru")
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    texts = [
        "Soon, ASAP; as  soon as\tpossible, no later than Friday, later.",
        "Всё свое время: в своё время, не позже пятницы, позже, СКОРО, скорость",
        "a.s.a.p., sooner, in a few daysx, x in a few days",
    ]
    script = """async (texts) => {
      const { find, pattern } = await import(document.querySelector('script[src*="vague"]').src);
      const look = pattern(JSON.parse(document.querySelector("[data-vague-words]").dataset.vagueWords));
      return texts.map((text) => find(text, look));
    }"""
    assert page.evaluate(script, texts) == [vague.words(text, ["en", "ru"]) for text in texts]


def test_a_broken_promise_alarms_its_owner(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    at = clock.now()
    made = promises.promise(
        complaint, by=Actor.person(cast.agent), at=at, text="Call her back", due_at=at + timedelta(seconds=1)
    )
    sweep(at=made.due_at + timedelta(seconds=1))
    page = open_page(user=cast.agent)
    page.goto("/notifications/")
    page.locator("main", has_text=f"A promise on {complaint.reference} was not kept in time").wait_for()
    page.goto(f"/complaints/{complaint.reference}/")
    broken = page.locator(f"{PANEL} .promise--broken", has_text="Call her back")
    broken.wait_for()
    assert "still owed" in broken.inner_text()
    page.locator("#timeline", has_text="Promise not kept by").wait_for()
    broken.locator("summary", has_text="No longer wanted").click()
    broken.get_by_label("Why it is no longer wanted").fill("She has called us")
    broken.get_by_role("button", name="It is no longer wanted").click()
    page.locator(f"{PANEL} .promise--broken", has_text="She has called us").wait_for()


@pytest.mark.parametrize("skin", SKINS)
def test_the_panel_in_every_skin(open_page: Any, cast: Cast, skin: str) -> None:
    complaint = cast.complaint()
    at, by = clock.now(), Actor.person(cast.agent)
    for hours in (2, 30):
        promises.promise(complaint, by=by, at=at, text="Call her back", due_at=at + timedelta(hours=hours))
    page = as_(open_page, cast.agent, skin)
    look(page, f"/complaints/{complaint.reference}/")
    for summary in page.locator(f"{PANEL} summary").all():
        summary.evaluate("summary => summary.parentElement.open = true")
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"scrolls {wider} px sideways"
    small = page.evaluate(
        """() => [...document.querySelectorAll("#promises button, #promises summary")]
          .filter((one) => one.offsetParent).map((one) => one.getBoundingClientRect())
          .filter((box) => box.height < 24 || box.width < 24).length"""
    )
    assert small == 0
