"""The conversation with the keyboard: two at one case, drafts that survive, replies taken back (ux, desk 4-6)."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from complaints.actions import converse, pending
from complaints.models import Complaint, Pending, PendingState
from core import clock
from core.actor import Actor
from core.models import Draft, User
from tests import chromium
from tests.browser.conftest import expect, sign_in
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def open_case(page: Any, complaint: Complaint) -> None:
    page.goto(f"/complaints/{complaint.reference}/")
    page.locator("#body").wait_for()


def until(what: Callable[[], Any], seconds: float = 10) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
    return found


def said(complaint: Complaint) -> list[str]:
    return list(complaint.messages.filter(direction="out", purpose="reply").values_list("body", flat=True))


def test_two_agents_answer_the_same_case_and_nothing_is_lost(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    agent, colleague = open_page(user=cast.agent), open_page(user=cast.colleague)
    open_case(agent, complaint)
    open_case(colleague, complaint)
    agent.keyboard.press("KeyR")
    agent.keyboard.type("We are looking into it")
    colleague.locator("#writers", has_text=f"{cast.agent} is writing an answer").wait_for()
    colleague.locator(f'#viewers [aria-label="{cast.agent} is writing an answer"]').wait_for()

    colleague.keyboard.press("KeyR")
    colleague.keyboard.type("The courier comes on Monday")
    colleague.keyboard.press("Control+Enter")
    colleague.locator(".message--out", has_text="The courier comes").wait_for()

    agent.locator(".message--out", has_text="The courier comes").wait_for()  # by itself
    expect(agent.locator("#body")).to_be_focused()
    expect(agent.locator("#body")).to_have_value("We are looking into it")

    agent.keyboard.press("Control+Enter")
    panel = agent.locator("[data-meanwhile]")
    panel.wait_for()
    assert "The courier comes on Monday" in panel.inner_text()
    expect(agent.locator("#body")).to_have_value("We are looking into it")
    assert said(complaint) == ["The courier comes on Monday"]
    panel.locator("[data-anyway]").focus()
    agent.keyboard.press("Enter")
    agent.locator(".message--out", has_text="We are looking into it").wait_for()
    panel.wait_for(state="detached")
    expect(agent.locator("#body")).to_have_value("")
    assert said(complaint) == ["The courier comes on Monday", "We are looking into it"]


def test_keep_as_draft_lets_go_of_the_panel_and_keeps_the_text(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    page = open_page(user=cast.agent)
    open_case(page, complaint)
    page.fill("#body", "Mine")
    converse.message(complaint, by=Actor.person(cast.colleague), at=clock.now(), body="Theirs")
    page.locator("#body").press("Control+Enter")
    page.locator("[data-keep-draft]").click()
    page.locator("[data-meanwhile]").wait_for(state="detached")
    until(lambda: Draft.objects.filter(user=cast.agent, body="Mine").exists())
    page.reload()
    expect(page.locator("#body")).to_have_value("Mine")
    assert said(complaint) == ["Theirs"]


def test_a_reply_is_taken_back_with_the_keyboard_and_sent_better(open_page: Any, cast: Cast) -> None:
    User.objects.filter(pk=cast.agent.pk).update(take_back_seconds=30)
    complaint = cast.complaint()
    page = open_page(user=cast.agent)
    open_case(page, complaint)
    page.keyboard.press("KeyR")
    page.keyboard.type("To early")
    page.keyboard.press("Control+Enter")
    waiting = page.locator(".message--waiting", has_text="To early")
    waiting.wait_for()
    before = waiting.locator("[data-countdown]").inner_text()
    until(lambda: waiting.locator("[data-countdown]").inner_text() != before)  # the seconds run
    expect(page.locator("#body")).to_have_value("")
    assert said(complaint) == []

    page.locator("#body").focus()
    page.keyboard.press("Control+KeyZ")
    waiting.wait_for(state="detached")
    expect(page.locator("#body")).to_have_value("To early")
    assert Pending.objects.get().state == PendingState.CANCELLED
    expect(page.locator("#body")).to_be_focused()
    page.keyboard.type(", sorry")
    page.keyboard.press("Control+Enter")
    page.locator(".message--waiting", has_text="To early, sorry").wait_for()
    pending.send_due(at=clock.now() + timedelta(minutes=1))
    page.locator(".message--out:not(.message--waiting)", has_text="To early, sorry").wait_for()
    assert said(complaint) == ["To early, sorry"]
    until(lambda: not Draft.objects.exists())
    page.reload()
    expect(page.locator("#body")).to_have_value("")


def test_taking_back_by_its_own_key_and_without_javascript(open_page: Any, cast: Cast) -> None:
    User.objects.filter(pk=cast.agent.pk).update(take_back_seconds=30)
    complaint = cast.complaint()
    page = open_page(user=cast.agent)
    open_case(page, complaint)
    page.fill("#body", "One")
    page.locator("#body").press("Control+Enter")
    page.locator(".message--waiting").wait_for()
    page.locator("#body").evaluate("box => box.blur()")
    page.keyboard.press("Backspace")
    page.locator(".message--waiting").wait_for(state="detached")
    expect(page.locator("#body")).to_have_value("One")

    plain = open_page(user=cast.colleague, java_script_enabled=False)
    User.objects.filter(pk=cast.colleague.pk).update(take_back_seconds=30)
    open_case(plain, complaint)
    plain.fill("#body", "Two")
    plain.get_by_role("button", name="Send reply").click()
    plain.locator(".message--waiting", has_text="Two").get_by_role("button", name="Take back").click()
    plain.locator(".message--waiting").wait_for(state="detached")
    expect(plain.locator("#body")).to_have_value("Two")
    assert said(complaint) == []


def test_sending_later_from_the_menu(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    page = open_page(user=cast.agent)
    open_case(page, complaint)
    page.fill("#body", "Tomorrow then")
    page.locator("summary[aria-label='Send later']").click()
    page.get_by_role("button", name="Tomorrow morning").click()
    page.locator(".message--waiting", has_text="Tomorrow then").wait_for()
    expect(page.locator("#body")).to_have_value("")
    waits = Pending.objects.get()
    assert not waits.take_back and waits.due_at.hour == 9
    page.locator(".message--waiting").get_by_role("button", name="Send now").click()
    page.locator(".message--out:not(.message--waiting)", has_text="Tomorrow then").wait_for()
    assert said(complaint) == ["Tomorrow then"]


def test_the_acts_of_a_reply_stand_on_the_timeline(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    page = open_page(user=cast.agent)
    open_case(page, complaint)
    page.fill("#body", "We looked at it.")
    page.locator("#composer").get_by_label("Apology").focus()
    page.keyboard.press("Space")
    page.locator("summary", has_text="We cannot").click()
    page.fill("#composer_cannot", "come today")
    page.fill("#composer_because", "nobody is free")
    page.locator("#composer_because").press("Enter")  # sends nothing
    assert said(complaint) == []
    page.locator("#body").press("Control+Enter")
    page.locator(".message--out", has_text="We cannot come today, because nobody is free.").wait_for()
    page.locator(".event", has_text="Apologised to the customer").wait_for()
    page.locator(".event", has_text="Said what we cannot do").wait_for()
    assert not page.locator("#composer").get_by_label("Apology").is_checked()


# --- drafts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def doomed(chromium_browser: Any, live_server: Any, tmp_path: Path) -> Iterator[Callable[[User], Any]]:
    """A browser of its own whose process is killed by `page.kill()`, as by a crash."""
    started: list[subprocess.Popen[bytes]] = []

    def opened(user: User) -> Any:
        profile = tmp_path / "profile"
        flags = [*chromium.FLAGS, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        command = [str(chromium.find()), *flags, "about:blank"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, start_new_session=True, **quiet)
        started.append(process)
        port = until(lambda: (profile / "DevToolsActivePort").exists(), 30) and until(
            lambda: (profile / "DevToolsActivePort").read_text().split("\n")[0]
        )
        browser = chromium_browser.browser_type.connect_over_cdp(f"http://127.0.0.1:{port}")
        page = browser.new_context(base_url=live_server.url, locale="en-GB").new_page()
        page.kill = lambda: os.killpg(process.pid, signal.SIGKILL)
        sign_in(page, user)
        return page

    yield opened
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def test_a_draft_survives_kill_9_of_the_browser_and_opens_in_a_second_one(
    doomed: Any, open_page: Any, cast: Cast
) -> None:
    complaint = cast.complaint()
    page = doomed(cast.agent)
    open_case(page, complaint)
    page.keyboard.press("KeyR")
    page.keyboard.type("Half a sentence about the cour")
    typed = time.monotonic()
    draft = until(lambda: Draft.objects.filter(user=cast.agent, body="Half a sentence about the cour").first(), 5)
    assert time.monotonic() - typed < 4  # 2 s, and a busy machine
    page.kill()

    second = open_page(user=cast.agent)
    open_case(second, complaint)
    assert second.input_value("#body") == draft.body
    second.locator("#body").press("End")
    second.keyboard.type("ier")
    second.keyboard.press("Control+Enter")
    second.locator(".message--out", has_text="Half a sentence about the courier").wait_for()
    until(lambda: not Draft.objects.exists())


def test_two_devices_with_two_texts_are_both_offered(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    laptop, phone = open_page(user=cast.agent), open_page(user=cast.agent)
    open_case(laptop, complaint)
    open_case(phone, complaint)
    laptop.fill("#body", "From the laptop")
    until(lambda: Draft.objects.filter(body="From the laptop").exists())
    phone.fill("#body", "From the phone")
    offer = phone.locator("[data-draft-place] .meanwhile")
    offer.wait_for()
    assert "From the laptop" in offer.inner_text() and phone.input_value("#body") == "From the phone"
    assert Draft.objects.get().body == "From the laptop"
    offer.locator("[data-keep-both]").click()
    expect(phone.locator("#body")).to_have_value("From the phone\n\nFrom the laptop")
    until(lambda: Draft.objects.get().body == "From the phone\n\nFrom the laptop")


def test_reply_and_note_are_two_drafts(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    page = open_page(user=cast.agent)
    open_case(page, complaint)
    page.fill("#body", "for the customer")
    page.locator("#body").evaluate("box => box.blur()")
    page.keyboard.press("KeyN")
    expect(page.locator("#body")).to_have_value("")
    page.fill("#body", "for us")
    until(lambda: Draft.objects.count() == 2)
    page.reload()
    expect(page.locator("#body")).to_have_value("for the customer")
    page.keyboard.press("KeyN")
    expect(page.locator("#body")).to_have_value("for us")
    page.keyboard.press("Control+Enter")
    page.locator(".message--note", has_text="for us").wait_for()
    until(lambda: [one.body for one in Draft.objects.all()] == ["for the customer"])
