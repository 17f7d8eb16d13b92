"""Macros by keyboard alone: find one, look at it, put it in, fill in what is open, send (ux, Agent's desk 7; A8)."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from complaints.actions import macros
from complaints.actions.macros import Draft
from complaints.models import Complaint, Macro, Status
from core import clock
from core.actor import Actor
from core.models import User
from tests.browser.conftest import expect
from tests.browser.looks import sound
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
TEXT = "{{ greeting }}\n\nyour order {{ order_number }} is with me: [[ what you found ]]"


@pytest.fixture
def macro(cast: Cast) -> Macro:
    User.objects.update(take_back_seconds=0)
    by = Actor.person(cast.agent)
    wait = [{"action": "wait", "values": {"reason": "a photo"}}]
    macros.create(Draft({"en": "Photo"}, {}, does=wait), by=by, at=clock.now())
    names = {"en": "Where the order is"}
    return macros.create(Draft(names, {"en": TEXT}, acts=["apology"], does=wait), by=by, at=clock.now())


def opened(open_page: Any, cast: Cast, **more: Any) -> tuple[Any, Complaint]:
    complaint = cast.complaint()
    page = open_page(user=cast.agent, **more)
    page.goto(f"/complaints/{complaint.reference}/")
    return page, complaint


def shot(page: Any, name: str) -> None:
    """A picture for the eye, where MACRO_SHOTS names a folder."""
    if folder := os.environ.get("MACRO_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def chosen(page: Any) -> str:
    """The text that is selected in the box."""
    return str(page.evaluate("(b => b.value.slice(b.selectionStart, b.selectionEnd))(document.getElementById('body'))"))


def test_from_the_key_to_the_sent_reply(open_page: Any, cast: Cast, macro: Macro) -> None:
    page, complaint = opened(open_page, cast)
    keys = page.keyboard
    keys.press("KeyM")
    page.locator("#macros[open]").wait_for()
    keys.type("ORDER is wh")
    expect(page.locator("#macros [role=option]:not([hidden])")).to_have_count(1)
    look = page.locator("#macros_look")
    expect(look.locator(".macro-text__value")).to_have_text(["Hello Dana,"])
    expect(look.locator(".macro-text__missing")).to_have_text(["{{ order_number }}"])
    assert "a photo" in look.inner_text()
    shot(page, "picker-found")
    keys.press("Enter")

    page.locator("#macros").wait_for(state="detached")
    expect(page.locator("[data-macro-badge]")).to_be_visible()
    expect(page.locator("#composer [name=macro]")).to_have_value(str(macro.current_id))
    expect(page.locator("input[name=apology]")).to_be_checked()
    expect(page.locator("#body")).to_be_focused()
    assert chosen(page) == "{{ order_number }}"

    keys.press("Control+Enter")  # not yet: the cursor goes to what is open
    assert chosen(page) == "{{ order_number }}"
    assert not complaint.messages.filter(macro__isnull=False).exists()
    keys.type("10472")
    keys.press("Tab")
    assert chosen(page) == "[[ what you found ]]"
    keys.press("Control+Enter")
    assert chosen(page) == "[[ what you found ]]"
    keys.type("it left Porto this morning.")
    keys.press("Control+Enter")

    page.locator(".message--out", has_text="it left Porto this morning.").wait_for()
    sent = complaint.messages.get(macro=macro.current)
    assert sent.body == "Hello Dana,\n\nyour order 10472 is with me: it left Porto this morning."
    assert sent.word_for_word is False and [act.kind for act in complaint.acts.all()] == ["apology"]
    complaint.refresh_from_db()
    assert complaint.status == Status.WAITING
    page.locator("[data-macro-badge]").wait_for(state="hidden")
    expect(page.locator("#composer [name=macro]")).to_have_value("")


def test_escape_leaves_everything_as_it_was_and_steps_alone_are_carried_out(
    open_page: Any, cast: Cast, macro: Macro
) -> None:
    page, complaint = opened(open_page, cast)
    keys = page.keyboard
    keys.press("KeyM")
    page.locator("#macros[open]").wait_for()
    keys.type("nothing like it")
    expect(page.locator(".macros__none")).to_be_visible()
    keys.press("Escape")
    page.locator("#macros").wait_for(state="detached")
    expect(page.locator("#body")).to_have_value("")

    page.locator("#talk").focus()
    keys.press("KeyM")
    page.locator("#macros[open]").wait_for()
    keys.type("photo")
    first = page.locator("#macros [role=option]:not([hidden])").first
    assert first.get_attribute("aria-selected") == "true"
    keys.press("Enter")
    page.locator("#toasts", has_text="Photo").wait_for()
    complaint.refresh_from_db()
    assert complaint.status == Status.WAITING


def test_what_was_typed_stays_and_the_badge_can_be_taken_away(open_page: Any, cast: Cast, macro: Macro) -> None:
    page, _complaint = opened(open_page, cast)
    keys = page.keyboard
    keys.press("KeyR")
    keys.type("Before. ")
    page.locator("[data-macros]").press("Enter")
    page.locator("#macros[open]").wait_for()
    keys.type("where the order")
    keys.press("Enter")
    page.locator("#macros").wait_for(state="detached")
    assert page.locator("#body").input_value().startswith("Before.\n\nHello Dana,")
    page.locator(".composer__saved", has_text="Draft saved").wait_for()
    page.reload()  # where a text came from belongs to its draft
    page.locator("[data-macro-badge]", has_text="Where the order is").wait_for()
    expect(page.locator("#composer [name=macro]")).to_have_value(str(macro.current_id))
    page.locator("[data-macro-off]").press("Enter")
    expect(page.locator("#composer [name=macro]")).to_have_value("")
    expect(page.locator("[data-macro-badge]")).not_to_be_visible()
    assert page.locator("#body").input_value().startswith("Before.")


def test_without_scripts_a_page_does_the_same(open_page: Any, cast: Cast, macro: Macro) -> None:
    page, complaint = opened(open_page, cast, java_script_enabled=False)
    page.locator("[data-macros]").click()
    page.wait_for_url("**/macros/")
    page.locator(".card", has_text="Where the order is").get_by_role("link", name="Put into the answer").click()
    expect(page.locator("#body")).to_have_value(re.compile(re.escape("[[ what you found ]]")))
    page.fill("#body", "Hello Dana, it is here.")
    page.get_by_role("button", name="Send reply").click()
    page.locator(".message--out", has_text="it is here").wait_for()
    assert complaint.messages.get(macro=macro.current).word_for_word is False


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(open_page: Any, cast: Cast, macro: Macro, scheme: str) -> None:
    page, complaint = opened(open_page, cast, scheme=scheme)
    page.keyboard.press("KeyM")
    page.locator("#macros[open]").wait_for()
    shot(page, f"picker-{scheme}")
    sound(page)
    page.keyboard.press("Enter")
    page.locator("#macros").wait_for(state="detached")
    shot(page, f"badge-{scheme}")
    sound(page)
    page.keyboard.press("KeyM")
    page.locator("#macros[open]").wait_for()
    page.keyboard.type("where the order")
    page.keyboard.press("Enter")
    page.locator("#macros").wait_for(state="detached")
    shot(page, f"inserted-{scheme}")
    sound(page)
    for path in (f"/complaints/{complaint.reference}/macros/", "/settings/macros/", f"/settings/macros/{macro.pk}/"):
        page.goto(path)
        shot(page, f"{path.strip('/').replace('/', '-')[-20:]}-{scheme}")
        sound(page), path


def test_the_editor_shows_how_it_reads_while_one_types(open_page: Any, cast: Cast, macro: Macro) -> None:
    page = open_page(user=cast.agent)
    page.goto(f"/settings/macros/{macro.pk}/")
    page.locator("#tab-pt").check()
    expect(page.locator("#id_text_en")).not_to_be_visible()
    page.locator("#id_text_pt").type("{{ greeting }} {{ nada }}")
    page.locator("#look", has_text="Olá, Ana!").wait_for()
    page.locator("#look", has_text="nada").wait_for()
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
    expect(page.locator("#id_text_pt"), "the panel with the error is open").to_be_visible()
    page.fill("#id_text_pt", "{{ greeting }} Tudo certo.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/settings/macros/")
    macro.refresh_from_db()
    assert macro.current.texts["pt"] == "{{ greeting }} Tudo certo." and macro.current.number == 2
