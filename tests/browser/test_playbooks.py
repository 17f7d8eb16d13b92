"""The playbook beside a case and knowledge, driven by the keyboard; every page of both looked at (mission A6, D1)."""

from __future__ import annotations

from typing import Any

import pytest

from complaints.actions import steps
from complaints.models import Complaint, Message, Playbook, Reading, StepDone
from complaints.playbooks import reading
from core import clock
from core.actor import Actor
from tests.browser.conftest import expect
from tests.browser.looks import SKINS, look
from tests.cast import Cast
from tests.played import make_article, make_playbook, no_playbooks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def written(cast: Cast) -> Cast:
    """A playbook of three steps and two articles."""
    no_playbooks()
    boss = Actor.person(cast.admin)
    make_playbook(boss, "listen", "look", "decide", customer="So it goes on:\n\n1. We look.\n2. We decide.")
    make_article(boss, "Lost parcels", "A parcel counts as lost after five days.\n\nThen we **send again**.",
                 types=("delivery-lost",), url="https://house.example/lost")  # fmt: skip
    make_article(boss, "Bank fees", "Ours to pay.", must_confirm=True)
    return cast


def open_case(open_page: Any, cast: Cast) -> tuple[Any, Complaint]:
    complaint = cast.complaint(type="delivery-lost", subject="No parcel", description="The parcel is lost.")
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    return page, complaint


def test_steps_are_ticked_with_the_keyboard_alone(open_page: Any, written: Cast) -> None:
    page, complaint = open_case(open_page, written)
    page.keyboard.press("b")
    expect(page.locator("#step-listen")).to_be_focused()
    page.keyboard.press("Space")
    page.wait_for_selector("#step-listen[aria-checked=true]")
    expect(page.locator("#step-listen")).to_be_focused()  # the panel was swapped, the place was kept
    page.keyboard.press("b")
    expect(page.locator("#step-look")).to_be_focused()
    page.keyboard.press("Tab")  # to the details, which stand open for the next step
    page.keyboard.press("Tab")
    page.keyboard.type("They sent a photograph")
    page.keyboard.press("Enter")
    page.wait_for_selector("#step-look[aria-checked=mixed]")
    assert "2 of 3" in page.inner_text("#playbook_panel")
    assert dict(StepDone.objects.values_list("key", "skipped")) == {"listen": "", "look": "They sent a photograph"}
    page.keyboard.press("b")
    page.focus("#step-listen")
    page.keyboard.press("Space")
    page.wait_for_selector("#step-listen[aria-checked=false]")
    assert not StepDone.objects.filter(complaint=complaint, key="listen").exists()


def test_what_the_customer_is_told_is_copied_or_sent(open_page: Any, written: Cast) -> None:
    page, complaint = open_case(open_page, written)
    page.click("#customer_part > summary")
    page.click("text=Copy into the reply")
    expect(page.locator("#body")).to_have_value("So it goes on:\n\n1. We look.\n2. We decide.")
    expect(page.locator("#body")).to_be_focused()
    page.fill("#body", "")
    page.click("text=Send as a message")
    page.wait_for_selector("#talk >> text=So it goes on:")
    assert Message.objects.get(complaint=complaint, purpose="reply").body.startswith("So it goes on:")


def test_an_article_is_found_from_within_the_case_and_quoted(open_page: Any, written: Cast) -> None:
    page, _complaint = open_case(open_page, written)
    page.keyboard.press("q")
    page.wait_for_selector("#knowledge_q")
    assert "Lost parcels" in page.inner_text("#case_knowledge")
    expect(page.locator("#knowledge_q")).to_be_focused()
    page.keyboard.type("lost parcel")
    page.keyboard.press("Enter")
    page.wait_for_selector("#case_knowledge >> text=1 article found")
    page.click("#case_knowledge summary")
    page.wait_for_selector(".finder__article >> text=send again")
    page.evaluate(
        "const b = document.querySelector('.finder__article b'); getSelection().selectAllChildren(b)"
    )  # what is selected is quoted
    page.click("text=Quote")
    expect(page.locator("#body")).to_have_value("“send again”")
    page.click("text=Insert the link")
    assert page.input_value("#body").endswith("\n\nLost parcels: https://house.example/lost")


def test_without_scripts_everything_is_still_there(open_page: Any, written: Cast) -> None:
    page = open_page(java_script_enabled=False, user=written.agent)
    complaint = written.complaint(type="delivery-lost", description="The parcel is lost.")
    page.goto(f"/complaints/{complaint.reference}/")
    page.click("#step-listen")
    expect(page.locator("#step-listen")).to_have_attribute("aria-checked", "true")
    page.goto(f"/complaints/{complaint.reference}/knowledge/")
    page.click("#case_knowledge summary")
    page.click("text=Read it")
    assert "A parcel counts as lost" in page.input_value("#quote")


def test_a_new_version_is_read_and_confirmed(open_page: Any, written: Cast) -> None:
    page = open_page(user=written.agent)
    page.goto("/complaints/")
    page.click("text=Read and confirm")
    for left in (1, 0):
        page.click("button:has-text('I have read it')")
        page.wait_for_load_state()
        expect(page.locator("button:has-text('I have read it')")).to_have_count(left)
    assert Reading.objects.filter(user=written.agent).count() == 2
    page.goto("/complaints/")
    expect(page.locator(".to-read-banner")).to_have_count(0)


@pytest.mark.parametrize("skin", SKINS)
def test_every_page_of_both(open_page: Any, written: Cast, skin: str) -> None:
    boss = Actor.person(written.admin)
    complaint = written.complaint(type="delivery-lost", description="The parcel is lost.")
    steps.tick(complaint, key="listen", by=Actor.person(written.agent), at=clock.now())
    steps.tick(complaint, key="look", skipped="They sent a photograph", by=Actor.person(written.agent), at=clock.now())
    book = make_playbook(boss, "decide", "listen", "call", what="Calling is new")
    policy = next(item.id for item in reading.demanded() if item.kind == "article")
    lost = make_article(boss, "A new answer", "Text.\n\n- one\n- two", kind="answer")
    page = open_page(user=written.manager, **SKINS[skin])
    for path in (
        f"/complaints/{complaint.reference}/",
        f"/complaints/{complaint.reference}/knowledge/",
        f"/complaints/{complaint.reference}/knowledge/{lost.pk}/",
        "/knowledge/",
        "/knowledge/?q=lost",
        "/knowledge/?q=zebra",
        "/knowledge/to-read/",
        f"/knowledge/articles/{policy}/",
        f"/knowledge/playbooks/{book.pk}/",
        f"/settings/playbooks/{book.pk}/readings/",
        "/settings/playbooks/",
        "/settings/playbooks/new/",
        f"/settings/playbooks/{book.pk}/",
        "/settings/knowledge/",
        "/settings/knowledge/new/",
        f"/settings/knowledge/{policy}/",
        f"/settings/knowledge/{policy}/texts/",
    ):
        look(page, path)
    page.goto(f"/settings/playbooks/{book.pk}/")
    page.click(".notice--draft button")  # begins a draft
    for path in ("", "steps/new/", "steps/call/", "texts/", "name/"):
        look(page, f"/settings/playbooks/{book.pk}/{path}")
    assert Playbook.objects.count() == 1
