"""A rule pack in Chromium: installed with one click, its clock extended once, the case decided late with the reason."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from complaints.models import Complaint, Message, RulePack
from core import cached, clock
from core.actor import Actor
from tests import packed
from tests.browser.conftest import PHONE, WIDE, expect, sign_in
from tests.browser.looks import look
from tests.browser.test_story import act
from tests.cast import Cast, two_clocks_only
from tests.packed import DISP, EU, LGSCO

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
REPLY = f"{EU}.reply"
NAMES = {"en": "Reply under PSD2", "ru": "Ответ по PSD2"}
LETTER = {"en": "You will have our final answer by", "ru": "Окончательный ответ вы получите не позднее"}


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`later(days)`: the whole house is that far in the future."""

    def go(days: int) -> None:
        monkeypatch.setattr(clock, "_MEASURE_EVERY", 1e9)
        monkeypatch.setattr(clock, "_measured_at", time.monotonic())
        monkeypatch.setattr(clock, "_offset", clock._offset + timedelta(days=days))

    return go


def speak(cast: Cast, language: str) -> None:
    for user in (cast.admin, cast.agent):
        user.language = language
        user.save(update_fields=["language"])


@pytest.mark.parametrize(
    ("language", "javascript"), [("en", True), ("ru", True), ("en", False)], ids=["en", "ru", "without"]
)
def test_from_one_click_to_the_reason(open_page: Any, cast: Cast, later: Any, language: str, javascript: bool) -> None:
    two_clocks_only()
    speak(cast, language)
    asked = {"locale": "ru-RU" if language == "ru" else "en-GB", "java_script_enabled": javascript}

    office = open_page(user=cast.admin, **asked)
    office.goto("/settings/packs/")
    assert office.locator("html").get_attribute("lang") == language
    office.locator(f"#pack-{EU} form[action$='/installation/'] button[type=submit]").click()
    office.locator(f"#pack-{EU} form[action$='/removal/']").wait_for()
    cached.clear_all()
    assert RulePack.objects.get().conditions == {}

    desk = open_page(user=cast.agent, **asked)
    desk.goto("/complaints/new/")
    desk.locator("[name=channel][value=phone]").check(force=True)
    desk.fill("[name=customer_name]", "Dana Whitlock")
    desk.fill("[name=subject]", "Paid twice")
    desk.fill("[name=description]", "The card was charged twice.")
    desk.locator("select[name=language]").select_option(language)
    if not desk.locator("[name=owner]").is_visible():
        desk.locator("details", has=desk.locator("[name=owner]")).first.locator("summary").click()
    desk.locator("[name=owner]").select_option(str(cast.agent.pk))
    desk.locator(".form__foot button[type=submit]").click()
    desk.wait_for_url("**/complaints/AM-**")
    case = Complaint.objects.get(subject="Paid twice")
    desk.goto(case.get_absolute_url())
    clocks = desk.locator("#clocks > li")
    expect(clocks, "acknowledged by phone, to be resolved, and the law's").to_have_count(3)
    own = clocks.filter(has_text=NAMES[language])
    card = own.locator(".hovercard")
    expect(card).not_to_be_visible()
    own.locator("button").focus()
    card.wait_for(state="visible")
    words = card.inner_text()
    assert "2015/2366" in words and "15 " in words

    act(desk, "extension", reason="The other bank is silent.")
    after = packed.clock(case, REPLY)
    assert after.target_value == 35
    sent = Message.objects.get(complaint=case, direction="out")
    assert LETTER[language] in sent.body and "The other bank is silent." in sent.body
    expect(desk.locator("form[action*='/extension/']")).to_have_count(0)
    desk.locator(".message--out", has_text="The other bank is silent.").wait_for()

    later(70)
    for page in (desk, office):
        page.context.clear_cookies()
    sign_in(desk, cast.agent)
    desk.goto(case.get_absolute_url())
    form = desk.locator("form[action*='/resolution/']")
    if desk.locator("#act-resolve").get_attribute("open") is None:
        desk.locator("#act-resolve > summary").click()
    form.locator("[name=outcome][value=upheld]").check(force=True)
    form.locator("[name=root_cause]").select_option("people-mistake")
    form.locator("[name=summary]").fill("Paid back.")
    form.locator("button[title*=Enter]:not([name])").click()
    desk.locator("#act-resolve .field__error").first.wait_for()
    case.refresh_from_db()
    assert case.resolved_at is None, "neither the answer nor the reason is there"
    form.locator("[name=late_reason]").select_option("supplier")
    form.locator("[name=late_note]").fill("their ledger was shut")
    form.locator("[name=answer]").fill("You were right.")
    form.locator(f"[name=texts][value='{EU}.referral']").check()
    form.locator("button[title*=Enter]:not([name])").click()
    desk.locator(".timeline", has_text="their ledger was shut").wait_for()
    case.refresh_from_db()
    assert (case.late_reason, case.narrative.late_note) == ("supplier", "their ledger was shut")
    answer = Message.objects.get(complaint=case, purpose="final_answer").body
    assert answer.startswith("You were right.\n\n") and case.reference in answer
    breached = packed.clock(case, REPLY)
    assert breached.state == "breached" and breached.breached_at == after.due_at


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_pages_with_packs_are_sound(open_page: Any, cast: Cast, language: str, size: dict[str, int]) -> None:
    for code in (EU, DISP, LGSCO):
        packed.install(code, cast.admin, clock.now())
    case = cast.complaint(channel="phone", by=Actor.person(cast.agent))
    speak(cast, language)
    office = open_page(user=cast.admin, size=size)
    look(office, "/settings/packs/")
    desk = open_page(user=cast.agent, size=size)
    look(desk, case.get_absolute_url())
    last = desk.locator("#clocks > li").last
    expect(desk.locator("#clocks > li")).to_have_count(8)
    last.locator("button").focus()
    last.locator(".hovercard").wait_for(state="visible")
    desk.wait_for_timeout(400)
    box = last.locator(".hovercard").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"], "the card stays on the screen"
    assert box["y"] + box["height"] <= size["height"]
