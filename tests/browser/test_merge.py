"""Two cases become one with the keyboard alone, the customer answers by the old link, and they are parted again; an
incident from a case to the update that every customer gets (mission A8, D1; domain, Complaint 9)."""

from __future__ import annotations

from typing import Any

import pytest

from complaints.actions import incident_updates, incidents, merge
from complaints.models import Incident, Message
from core import clock
from core.actor import Actor
from core.references import status_token
from tests.browser.looks import SKINS, as_, look
from tests.browser.test_desk import tab_to
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_merged_answered_by_the_old_link_and_parted(open_page: Any, cast: Cast) -> None:
    older = cast.complaint(subject="Second lamp missing")
    newer = cast.complaint(subject="Where is my second lamp")
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{newer.reference}/")
    keys = page.keyboard
    page.locator("#related a", has_text="Compare and merge").wait_for()
    keys.press("d")
    page.wait_for_url(f"**/complaints/{newer.reference}/compare/{older.reference}/")
    page.get_by_text(f"Merge {newer.reference} into {older.reference}").first.wait_for()
    keys.press("1")  # no, the newer one shall stay
    page.wait_for_url("**keep=*")
    page.get_by_role("button", name=f"Merge {older.reference} into {newer.reference}").wait_for()
    keys.press("m")
    page.get_by_text(f"This case is part of {newer.reference} now.").wait_for()
    older.refresh_from_db()
    assert older.merged_into == newer

    customer = open_page()
    customer.goto(f"/status/{status_token(older.reference)}/")
    assert newer.reference in customer.inner_text("main")
    customer.fill("textarea[name=body]", "Here is a photo of the box.")
    customer.get_by_role("button", name="Send").click()
    customer.get_by_text("We have your message.").wait_for()

    page.get_by_role("link", name="To the joint case").focus()
    keys.press("Enter")
    page.wait_for_url(f"**/complaints/{newer.reference}/")
    said = page.locator(".message", has_text="Here is a photo of the box.")
    said.wait_for()
    assert f"in {older.reference}" in said.inner_text()

    page.goto(f"/complaints/{older.reference}/")
    tab_to(page, "#act-unmerge button", most=120)
    keys.press("Enter")
    page.get_by_text("It is a case of its own again").first.wait_for()
    older.refresh_from_db()
    assert older.status == "new" and older.in_queue
    assert Message.objects.get(body="Here is a photo of the box.").complaint == older
    page.goto(f"/complaints/{newer.reference}/")
    assert "Here is a photo of the box." not in page.inner_text("#timeline")


def test_not_a_duplicate_goes_from_the_panel(open_page: Any, cast: Cast) -> None:
    one, other = cast.complaint(), cast.complaint()
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{one.reference}/")
    row = page.locator("#related .related", has_text=other.reference)
    row.get_by_role("button", name="Not a duplicate").click()
    page.locator("#related", has_text="Nothing looks like this case.").wait_for()


def test_the_same_matter_is_found_while_it_is_written_down(open_page: Any, cast: Cast) -> None:
    known = cast.complaint(subject="Second lamp missing", order_number="10472")
    page = open_page(user=cast.agent)
    page.goto("/complaints/new/")
    page.fill("#id_order_number", "10472")
    page.fill("#id_subject", "A lamp")
    page.locator("#intake_same", has_text=known.reference).wait_for()


def test_an_incident_from_a_case_to_the_update(open_page: Any, cast: Cast) -> None:
    case = cast.complaint(subject="The base came off")
    page = open_page(user=cast.agent)
    page.goto(f"/complaints/{case.reference}/")
    page.locator("#fold-related > summary").click()
    page.get_by_role("link", name="Open an incident with this case").click()
    page.fill("#id_title", "The glue fails")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="The glue fails").wait_for()
    incident = Incident.objects.get()
    page.keyboard.press("w")
    page.fill("#id_text_en", "{{ greeting }} new glue is on its way.")
    page.get_by_role("button", name="Look at it for each case").click()
    page.get_by_text("Hello Dana, new glue is on its way.").wait_for()
    page.keyboard.press("s")
    page.locator("#sending progress").wait_for()
    incident_updates.advance()
    page.locator("#sending", has_text="Sent: 1 of 1").wait_for()
    assert Message.objects.get(author=cast.agent).complaint == case and case.pk
    assert incident.reference in page.inner_text("main")


@pytest.mark.parametrize("skin", SKINS)
def test_the_pages_look_right(skin: str, open_page: Any, cast: Cast) -> None:
    by = Actor.person(cast.agent)
    one, other, third, part = (cast.complaint(subject=f"Lamp {n}", product="Lamp") for n in range(4))
    merge.merge(part, into=third, by=by, at=clock.now())
    incident = incidents.open_incident(by=by, at=clock.now(), title="The glue fails", product="Lamp", complaints=[one])
    update = incident_updates.write(incident, {"en": "{{ order_number }} New glue."}, by=by, at=clock.now())
    page = as_(open_page, cast.agent, skin)
    for path in (
        f"/complaints/{one.reference}/compare/{other.reference}/",
        f"/complaints/{other.reference}/related/",
        f"/complaints/{part.reference}/",
        f"/complaints/{third.reference}/",
        "/incidents/",
        "/incidents/?state=closed",
        "/incidents/new/",
        f"/incidents/{incident.reference}/",
        f"/incidents/{incident.reference}/edit/",
        f"/incidents/{incident.reference}/updates/new/",
        f"/incidents/{incident.reference}/updates/{update.pk}/",
    ):
        look(page, path)
