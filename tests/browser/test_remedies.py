"""Remedies as an agent and their lead live them: the two charges, the gauge, the approval; every page on every skin."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from complaints.actions import remedies
from complaints.models import AuthorityLimit, Complaint, Payout, Remedy
from core import clock
from core.actor import Actor
from retention.actions import charges
from tests.authority import publish
from tests.browser.conftest import PHONE, WIDE, expect
from tests.browser.looks import SKINS, as_, look
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
D = Decimal


@pytest.fixture
def case(cast: Cast) -> Complaint:
    """Charged twice, told by phone; agents may refund 100 on one complaint, leads 300."""
    publish(
        AuthorityLimit(holder="role", role="agent", currency="EUR", per_complaint=D(100), per_period=D(2000)),
        AuthorityLimit(holder="role", role="lead", per_complaint=D(300)),
        AuthorityLimit(holder="role", role="manager"),
        AuthorityLimit(holder="cap", per_complaint=D(1000)),
    )
    at = clock.now()
    for days, amount, what in (
        (9, "64.90", "Hosting, November"),
        (7, "12.00", "Domain"),
        (6, "64.90", "Hosting, November"),
    ):
        charges.charge(
            cast.customer,
            amount=D(amount),
            currency="EUR",
            charged_on=(at - timedelta(days=days)).date(),
            by=Actor.system("test"),
            at=at,
            description=what,
        )
    return cast.complaint(channel="phone", subject="Charged twice for hosting", order_number="")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_an_overcharge_by_phone_is_refunded_on_the_spot(open_page: Any, cast: Cast, case: Complaint, size: Any) -> None:
    page = open_page(user=cast.agent, size=size)
    page.goto(case.get_absolute_url())
    twice = page.locator(".charges__twice")
    twice.wait_for()
    expect(twice.locator(".charge")).to_have_count(2)
    assert "Charged twice?" in twice.inner_text()
    twice.get_by_role("link", name="Refund this one").last.click()
    page.locator(".charge--chosen").wait_for()
    form = page.locator("#remedy_form")
    expect(form.locator("[name=amount]")).to_have_value("64.90")
    expect(form.locator("[name=kind][value=refund]")).to_be_checked()
    gauge = page.locator("#remedy_gauge")
    assert "€100.00 of €100.00 left on this complaint" in gauge.inner_text()
    form.locator("[name=amount]").fill("164.90")
    gauge.locator("[data-say=above]:visible", has_text="Lena Lead").wait_for()  # the server names who would approve
    expect(form.get_by_role("button", name="Ask for approval")).to_be_visible()
    form.locator("[name=amount]").fill("64.90")
    gauge.locator("[data-say=within]:visible").wait_for()
    form.get_by_role("button", name="Grant", exact=True).click()
    page.locator("#remedies .field__error", has_text="Say why").wait_for()
    expect(form.locator("[name=amount]")).to_have_value("64.90")  # kept
    form.locator("[name=reason]").fill("Charged twice for November")
    form.locator("[name=reason]").press("Control+Enter")
    page.locator("#remedies .given", has_text="€64.90").wait_for()
    page.locator("#talk", has_text="Granted: Refund").wait_for(state="attached")  # on the timeline without a reload
    assert "€64.90 given back" in page.locator(".charges").inner_text()
    assert "€35.10 of €100.00 left" in gauge.inner_text()
    assert (Remedy.objects.get().status, Payout.objects.count()) == ("granted", 1)


def test_above_ones_authority_the_lead_decides_in_another_browser(open_page: Any, cast: Cast, case: Complaint) -> None:
    agent = open_page(user=cast.agent)
    agent.goto(case.get_absolute_url())
    form = agent.locator("#remedy_form")
    form.wait_for()
    form.locator("[name=kind][value=credit]").check(force=True)
    form.locator("[name=description]").fill("Two months free")
    form.locator("[name=amount]").fill("129.80")
    form.locator("[name=reason]").fill("It was the second time")
    form.get_by_role("button", name="Ask for approval").click()
    agent.locator("#remedies .given", has_text="Awaiting approval").wait_for()
    expect(agent.locator("#remedies summary", has_text="Withdraw the request")).to_be_visible()

    lead = open_page(user=cast.lead)
    lead.goto("/complaints/")
    place = lead.locator(".sidebar .nav", has_text="Approvals")
    assert place.locator(".count").inner_text() == "1"
    place.click()
    lead.locator(".request").wait_for()
    assert "It was the second time" in lead.locator(".request").inner_text()
    lead.keyboard.press("KeyJ")
    lead.keyboard.press("KeyA")
    lead.keyboard.type("Fair")
    lead.get_by_role("button", name="Approve").click()
    lead.get_by_text("Nothing waits for approval").wait_for()
    remedy = Remedy.objects.get()
    assert (remedy.status, remedy.decided_by, remedy.decided_note) == ("granted", cast.lead, "Fair")

    agent.goto("/notifications/")
    agent.get_by_text("Lena Lead approved the remedy you asked for").first.click()
    agent.locator("#remedies .given", has_text="Granted").wait_for()


def test_without_javascript(open_page: Any, cast: Cast, case: Complaint) -> None:
    page = open_page(user=cast.agent, java_script_enabled=False)
    page.goto(case.get_absolute_url())
    page.locator("#remedies").get_by_role("link", name="Remedy").click()
    page.get_by_role("link", name="Refund this one").first.click()
    page.locator("[name=reason]").fill("Charged twice")
    page.get_by_role("button", name="Grant").first.click()
    page.locator(".given", has_text="Granted").wait_for()
    assert Remedy.objects.get().amount == D("64.90")
    page.locator(".given__revoke summary").click()
    page.locator(".given__revoke [name=reason]").fill("The wrong one")
    page.get_by_role("button", name="Take it back").click()
    page.locator(".given", has_text="Taken back").wait_for()


def test_points_ask_for_no_currency(open_page: Any, cast: Cast, case: Complaint) -> None:
    page = open_page(user=cast.manager)
    page.goto(case.get_absolute_url())
    form = page.locator("#remedy_form")
    form.wait_for()
    form.locator("[name=kind][value=points]").check(force=True)
    expect(form.locator("[name=currency]")).to_be_hidden()
    form.locator("[name=kind][value=apology]").check(force=True)
    expect(form.locator("[name=amount]")).to_be_hidden()
    page.locator("[data-say=within]:visible", has_text="Needs no authority").wait_for()


@pytest.mark.parametrize("skin", SKINS)
def test_every_page_of_remedies(open_page: Any, cast: Cast, case: Complaint, skin: str) -> None:
    for amount, by in (("20", cast.agent), ("150", cast.agent), ("120", cast.manager)):
        remedies.ask(
            case, by=Actor.person(by), at=clock.now(), kind="refund", amount=D(amount), currency="EUR", reason="Twice"
        )
    page = as_(open_page, cast.manager, skin)
    for path in (
        f"{case.get_absolute_url()}remedies/",
        "/remedies/",
        "/remedies/granted/",
        "/settings/authority/",
        "/settings/authority/versions/",
        case.get_absolute_url(),
    ):
        look(page, path)
    page.locator("#remedies .given").first.wait_for(state="attached")
    admin = as_(open_page, cast.admin, skin)
    look(admin, "/settings/authority/")
    admin.locator("form[action$='begin/'] button").click()
    admin.wait_for_url("**/draft/")
    look(admin, "/settings/authority/draft/")
    look(admin, "/settings/authority/draft/limits/new/")
