"""The desk with the keyboard alone: many rows at once, a phone call from first word to the next case, views, and back
to where one was (ux, Agent's desk 1, 2, 7, 8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from complaints.actions import bulk, manage, snooze, views
from complaints.models import BulkRun, Complaint, SavedView
from core import clock
from core.actor import Actor
from tests.browser.conftest import PHONE, expect
from tests.browser.looks import SKINS, as_, look, sound
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
FOCUSED = "document.activeElement.closest('.row')?.dataset.item ?? ''"


def tab_to(page: Any, selector: str, most: int = 60) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(most):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached with Tab")


def work() -> None:
    """What the job does, until nothing is left."""
    while bulk.advance():
        pass


def many(cast: Cast, number: int) -> list[Complaint]:
    at = clock.now()
    return [cast.complaint(subject=f"Lamp {n}", received_at=at - timedelta(minutes=number - n)) for n in range(number)]


def test_two_hundred_are_assigned_two_refuse_and_it_is_undone(open_page: Any, cast: Cast) -> None:
    cases = many(cast, 200)
    for one in cases[3:5]:
        manage.assign(one, by=Actor.person(cast.agent), at=clock.now(), owner=cast.colleague)
    page = open_page(user=cast.agent)
    page.goto("/complaints/?view=team")
    keys = page.keyboard
    keys.press("j")
    keys.press("x")
    page.locator("#bulk [data-bulk-count]", has_text="Selected: 1").wait_for()
    keys.press("Shift+J")
    keys.press("Shift+J")
    page.locator("#bulk [data-bulk-count]", has_text="Selected: 3").wait_for()
    keys.press("b")
    keys.press("a")
    expect(page.locator("#bulk_dialog[open] #id_bulk_owner")).to_be_focused()
    keys.type("Cole")
    keys.press("Control+Enter")
    page.wait_for_url("**/complaints/bulk/*/")
    page.locator("#bulk_run progress").wait_for()
    work()
    page.locator("#bulk_run", has_text="198 cases assigned").wait_for(timeout=60_000)
    assert "2 were refused" in page.inner_text("#bulk_run")
    for one in cases[3:5]:
        refused = page.locator("#bulk_run li", has_text=one.reference)
        assert "This person already owns the complaint." in refused.inner_text()
    assert Complaint.objects.filter(owner=cast.colleague).count() == 200
    page.reload()
    keys.press("u")
    page.locator("#bulk_run progress").wait_for()
    work()
    page.locator("#bulk_run", has_text="198 cases are as they were").wait_for(timeout=60_000)
    assert Complaint.objects.filter(owner=cast.agent).count() == 198
    keys.press("l")
    page.wait_for_url("**/complaints/?view=team")


def test_a_few_are_done_at_once_and_the_toast_takes_them_back(open_page: Any, cast: Cast) -> None:
    many(cast, 4)
    page = open_page(user=cast.colleague)
    page.goto("/complaints/?view=all")
    keys = page.keyboard
    keys.press("j")
    keys.press("Shift+X")
    page.locator("#bulk [data-bulk-count]", has_text="Selected: 4").wait_for()
    keys.press("Escape")
    expect(page.locator("#bulk")).not_to_be_visible()
    keys.press("x")
    keys.press("Shift+J")
    keys.press("t")
    page.locator(".toast", has_text="2 cases taken").wait_for()
    assert Complaint.objects.filter(owner=cast.colleague).count() == 2
    keys.press("u")
    page.locator(".toast", has_text="2 cases are as they were").wait_for()
    assert Complaint.objects.filter(owner=cast.agent).count() == 4 and BulkRun.objects.count() == 1


def test_a_range_by_shift_and_click_outlives_live_changes(open_page: Any, cast: Cast) -> None:
    many(cast, 5)
    page = open_page(user=cast.agent)
    page.goto("/complaints/")
    boxes = page.locator(".row__pick")
    boxes.nth(1).click()
    boxes.nth(3).click(modifiers=["Shift"])
    page.locator("#bulk [data-bulk-count]", has_text="Selected: 3").wait_for()
    cast.complaint(subject="A new one")
    page.locator(".row", has_text="A new one").wait_for()
    expect(page.locator(".row__pick:checked")).to_have_count(3)


def test_a_call_from_the_first_word_to_the_next_case(open_page: Any, cast: Cast) -> None:
    waiting = cast.complaint(subject="Waits its turn")
    page = open_page(user=cast.agent)
    page.goto("/complaints/")
    keys = page.keyboard
    keys.press("c")
    page.wait_for_url("**/complaints/new/")
    expect(page.locator("#id_customer_name")).to_be_focused()
    keys.type("912 345")
    page.get_by_role("option", name="Dana Whitlock").wait_for()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.locator("#id_customer")).to_have_value(str(cast.customer.pk))
    tab_to(page, "#id_subject")
    keys.type("The lamp flickers")
    keys.press("Tab")
    keys.type("Since yesterday it flickers, whatever bulb I try.")
    tab_to(page, "#id_owner")
    keys.type("Ana")
    keys.press("Control+Enter")
    page.wait_for_url(lambda url: "/complaints/AM-" in url)
    filed = Complaint.objects.latest("pk")
    assert (filed.customer, filed.owner, filed.channel) == (cast.customer, cast.agent, "phone")
    keys.press("e")
    page.locator("#act-resolve[open]").wait_for()
    tab_to(page, "#act-resolve input[name=outcome]")
    keys.press("Space")
    tab_to(page, "#act-resolve select[name=root_cause]")
    keys.press("ArrowDown")
    tab_to(page, "#act-resolve textarea[name=summary]")
    keys.type("Sent another lamp.")
    keys.press("Control+Shift+Enter")
    page.wait_for_url(lambda url: waiting.reference in url)
    page.locator(".toast", has_text=filed.reference).wait_for()
    filed.refresh_from_db()
    assert (filed.status, filed.outcome) == ("resolved", "upheld")
    keys.press("z")
    page.locator("#act-snooze[open]").wait_for()
    tab_to(page, "#act-snooze input[name=until]")
    keys.press("Control+Shift+Enter")
    page.wait_for_url(lambda url: filed.reference in url)
    keys.press("x")  # closes what was resolved
    page.locator("#case_header .chip", has_text="Closed").wait_for()
    keys.press("u")
    page.wait_for_url("**/complaints/**")
    page.locator("#empty", has_text="All done").wait_for()
    assert "Today: 1 complaint resolved." in page.inner_text("#empty")


@pytest.mark.parametrize("way", ["u", "Alt+ArrowLeft"])
def test_back_leads_to_the_same_row_filter_and_place(open_page: Any, cast: Cast, way: str) -> None:
    many(cast, 40)
    page = open_page(user=cast.agent)
    page.goto("/complaints/?view=all&channel=web")
    keys = page.keyboard
    for _ in range(31):
        keys.press("j")
    row, scrolled = page.evaluate(FOCUSED), page.evaluate("scrollY")
    assert row and scrolled > 0
    keys.press("Enter")
    page.wait_for_url(lambda url: f"/complaints/{row}/" in url)
    assert "channel=web" in page.url
    if way == "u":
        keys.press(way)
    else:
        page.go_back()
    page.wait_for_url("**/complaints/?view=all&channel=web")
    expect(page.locator(f".row[data-item='{row}']:focus-within")).to_be_attached()
    assert abs(page.evaluate("scrollY") - scrolled) < 80


def test_a_list_is_saved_as_a_view_and_removed_with_undo(open_page: Any, cast: Cast) -> None:
    phone = cast.complaint(channel="phone", subject="By phone")
    cast.complaint()
    page = open_page(user=cast.agent)
    page.goto("/complaints/?view=all&channel=phone")
    keys = page.keyboard
    keys.press("v")
    tab_to(page, "#view_name")
    keys.type("Calls")
    keys.press("Enter")
    view_link = page.locator(".sidebar .nav[title=Calls]")
    view_link.wait_for()
    assert "1" in view_link.inner_text() and view_link.get_attribute("aria-current") == "page"
    expect(page.locator(".row")).to_have_count(1)
    assert phone.reference in page.inner_text(".row")
    page.goto("/complaints/views/")
    tab_to(page, "button[aria-label='Remove: Calls']")
    keys.press("Enter")
    page.locator(".toast", has_text="View removed: Calls").wait_for()
    keys.press("u")
    page.locator(".views__name", has_text="Calls").wait_for()
    assert SavedView.objects.get().deleted_at is None


def test_the_list_beside_the_case_is_live(open_page: Any, cast: Cast) -> None:
    complaint = cast.complaint()
    page = open_page(user=cast.agent)
    page.clock.install()
    page.goto(f"/complaints/{complaint.reference}/")
    page.fill("#body", "A reply under way")
    cast.complaint(subject="Just come in")
    page.clock.fast_forward(16_000)
    page.locator("#strip .row", has_text="Just come in").wait_for()
    expect(page.locator("#body")).to_have_value("A reply under way")


@pytest.mark.parametrize("skin", SKINS)
def test_the_pages(open_page: Any, cast: Cast, skin: str) -> None:
    cases = many(cast, 3)
    manage.assign(cases[0], by=Actor.person(cast.agent), at=clock.now(), owner=cast.colleague)
    keys = [one.pk for one in cases]
    by = Actor.person(cast.agent)
    run = bulk.begin(
        by=by,
        at=clock.now(),
        action="assign",
        values={"owner": str(cast.colleague.pk)},
        complaints=keys,
        back="view=all",
    )
    bulk.carry_on(run)
    views.save(by=by, at=clock.now(), name="Calls", query={"view": "all", "channel": "phone"})
    snooze.snooze(cases[1], by=by, at=clock.now(), until=None)
    page = as_(open_page, cast.agent, skin)
    for path in (
        "/complaints/views/",
        f"/complaints/bulk/{run.pk}/",
        "/complaints/?view=snoozed",
        "/complaints/?view=team",
    ):
        look(page, path)
    if skin in ("light", "dark"):
        page.keyboard.press("j")
        page.keyboard.press("x")
        page.keyboard.press("z")
        page.locator("#bulk_dialog[open]").wait_for()
        sound(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_many_are_changed_on_a_phone(open_page: Any, cast: Cast, scheme: str) -> None:
    cases = many(cast, 3)
    page = open_page(user=cast.agent, size=PHONE, scheme=scheme, has_touch=True)
    look(page, "/complaints/?view=team")
    boxes = page.locator("#queue .row__pick")
    expect(boxes).to_have_count(3)
    for number in (0, 1):
        size = boxes.nth(number).bounding_box()
        assert size["width"] >= 24 and size["height"] >= 24
        boxes.nth(number).tap()
    page.locator("#bulk [data-bulk-count]", has_text="Selected: 2").wait_for()
    bar = page.locator("#bulk").bounding_box()
    assert bar["x"] >= 0 and bar["x"] + bar["width"] <= PHONE["width"]
    sound(page)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    last = boxes.nth(2).bounding_box()
    assert last["y"] + last["height"] <= page.locator("#bulk").bounding_box()["y"]  # not under the bar
    boxes.nth(2).tap()
    page.locator("#bulk button[value=assign]").tap()
    page.locator("#bulk_dialog[open] #id_bulk_owner").wait_for()
    page.select_option("#bulk_dialog #id_bulk_owner", str(cast.colleague.pk))
    page.locator("#bulk_dialog button[type=submit]").first.tap()
    page.locator("#bulk_dialog[open]").wait_for(state="detached")
    work()
    assert set(Complaint.objects.filter(pk__in=[one.pk for one in cases]).values_list("owner", flat=True)) == {
        cast.colleague.pk
    }
