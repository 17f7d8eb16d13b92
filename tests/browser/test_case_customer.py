"""Whose complaint it is, by find-as-you-type; a composer that follows what can be done (B3; ux, desk 6)."""

from __future__ import annotations

from typing import Any

import pytest

from complaints.actions import decide
from complaints.reference import catalogue
from core import clock
from core.actor import Actor
from tests.browser.conftest import expect
from tests.browser.looks import SKINS, as_, look
from tests.cast import Cast, make_customer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_the_card_links_who_was_found_as_one_typed_again_and_again(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint(owner=cast.agent)
    make_customer("Ольга Ким", email="olga@mail.example")
    make_customer("Maria Vaz", email="maria@mail.example")
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    page.fill("#body", "A reply under way")
    for typed, name in (("olga", "Ольга Ким"), ("Мария", "Maria Vaz")):
        page.locator("#act-customer summary").click()
        page.locator("#id_door_q").press_sequentially(typed)
        page.get_by_role("option", name=name).click()
        page.get_by_role("button", name="It is their complaint").click()
        page.locator("#who", has_text=name).wait_for()
        page.locator("#composer_modes", has_text=f"Reply to {name}").wait_for()
    expect(page.locator("#body")).to_have_value("A reply under way")


def test_after_closing_in_place_no_reply_is_offered_and_no_text_changes_its_mode(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint(owner=cast.agent)
    me = Actor.person(cast.agent)
    cause = catalogue().causes["people-mistake"]
    decide.resolve(complaint, outcome="upheld", root_cause=cause, summary="Sent again.", by=me, at=clock.now())
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{complaint.reference}/")
    page.fill("#body", "Dear customer")
    page.locator("#act-close").get_by_role("button", name="Close the case").click()
    reply = page.locator("#composer input[value=reply]")
    page.locator("#composer input[value=reply]:disabled").wait_for(state="attached")
    expect(page.locator("#composer input[value=note]")).to_be_checked()
    expect(page.locator("#body"), "what was meant for the customer is no note").to_have_value("")
    assert page.locator("#composer .button--primary.composer__reply-only").is_disabled()
    page.locator("#act-reopen summary").click()
    page.fill("#act-reopen input[name=reason]", "It broke again")
    page.locator("#act-reopen button[type=submit]").click()
    page.locator("#composer input[value=reply]:enabled").wait_for(state="attached")
    reply.check(force=True)
    expect(page.locator("#body")).to_have_value("Dear customer")


@pytest.mark.parametrize("skin", SKINS)
def test_the_new_pages(open_page: Any, cast: Cast, skin: str) -> None:
    complaint = cast.complaint(owner=cast.agent)
    make_customer("Dana Marsh", email="marsh@mail.example")
    page = as_(open_page, cast.agent, skin)
    look(page, f"/complaints/{complaint.reference}/customer/?q=dana")
    page = as_(open_page, cast.manager, skin)
    for path in ("/settings/surveys/new/?like=nps", "/settings/imports/"):
        look(page, path)
