"""Webhooks and exports as an administrator uses them: added, seen to fail, written and fetched; every page sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core import cached, clock
from core.actions import webhook_delivery, webhooks
from core.actor import Actor
from core.models import Webhook, WebhookDelivery
from core.webhooks.courier import Outcome
from metrics import tasks
from metrics.models import Export
from tests.browser.conftest import expect
from tests.browser.looks import SKINS, as_, level, look, sound
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
URL = "https://93.184.215.14/a-long-address-of-the-shop-that-wants-to-know/hook"  # never called


@pytest.mark.parametrize("skin", SKINS)
def test_every_page(open_page: Any, cast: Cast, skin: str) -> None:
    hook, _secret = webhooks.create(URL, by=Actor.person(cast.admin), at=clock.now(), description="The shop")
    cast.complaint()
    webhook_delivery.run(send=lambda *_sent: Outcome(500, "refused", "", "out of order"))
    page = as_(open_page, cast.admin, skin)
    one = f"/settings/webhooks/{hook.pk}/"
    delivery = WebhookDelivery.objects.filter(webhook=hook).first()
    assert delivery is not None
    for path in ("/settings/webhooks/", "/settings/webhooks/new/", one, f"{one}edit/", "/settings/exports/"):
        look(page, path)
    page.goto(one)
    page.locator("main .table a").first.click()
    page.wait_for_url("**/deliveries/**")
    level(page)
    if skin != "russian":
        sound(page)


def test_a_webhook_from_the_form_to_the_log(open_page: Any, cast: Cast) -> None:
    page = open_page(user=cast.admin)
    page.goto("/settings/webhooks/new/")
    page.fill("[name=url]", URL)
    expect(page.locator("[name=events]").first, "nothing to tick where all are wanted").not_to_be_visible()
    page.get_by_text("those ticked").click()
    page.get_by_label("complaint.filed").check()
    page.get_by_role("button", name="Add it").click()
    secret = page.locator("input[readonly]").input_value()
    assert secret.startswith("whsec_")
    page.get_by_role("link", name="Done").click()
    page.goto(f"/settings/webhooks/{Webhook.objects.get().pk}/")
    with page.expect_navigation():
        page.get_by_role("button", name="Send a test event").click()
    assert secret not in page.content()
    cached.clear_all()  # who listens is remembered for seconds; what is filed in them is made good from the trail
    cast.complaint()
    webhook_delivery.run(send=lambda *_sent: Outcome(204, ""))
    page.reload()
    page.locator("main .chip", has_text="delivered").first.wait_for()
    page.goto(f"/settings/webhooks/{Webhook.objects.get().pk}/")
    page.locator("main .table", has_text="complaint.filed").wait_for()
    expect(page.locator("main .table", has_text="webhook.test")).to_have_count(1)
    expect(page.locator("main .table .chip", has_text="delivered")).to_have_count(2)


def test_an_export_is_written_while_one_looks_and_fetched(open_page: Any, cast: Cast) -> None:
    cast.complaint()
    page = open_page(user=cast.manager)
    page.goto("/settings/exports/")
    page.get_by_label("What it holds").select_option("complaints")
    page.get_by_role("button", name="Write the file").click()
    page.locator("#export_state").wait_for()
    assert tasks.run_exports() == 1
    link = page.get_by_role("link", name="Download")
    link.wait_for()  # by itself: the page asks how far it is
    with page.expect_download() as coming:
        link.click()
    text = Path(coming.value.path()).read_text(encoding="utf-8")
    assert Export.objects.get().lines == 1 and text.count("AM-") >= 1
