"""The pages of a customer in Chromium: axe, no scrolling sideways, the story read on, records merged (mission B3)."""

from __future__ import annotations

from typing import Any

import pytest

from core import clock
from core.actor import Actor
from metrics.actions.merge_customers import merge
from retention.models import Customer
from tests.browser.conftest import expect
from tests.browser.looks import SKINS, as_, look
from tests.cast import Cast, make_customer
from tests.test_customer_story import lively, many

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def busy(cast: Cast) -> Cast:
    """A customer with a long life, a second record merged into theirs, and a third one like them."""
    lively(cast)
    many(cast, 80)
    twin = make_customer("D. Whitlock", email="dana@mail.example")
    merge(twin, cast.customer, by=Actor.person(cast.agent), at=clock.now())
    make_customer("Whitlock, Dana", email="dana@mail.example")
    Customer.objects.filter(pk=cast.customer.pk).update(
        tier="Gold", language="pt", preferences="Rings back after six.\nNo small talk."
    )
    return cast


@pytest.mark.parametrize("skin", SKINS)
def test_every_page_of_a_customer(open_page: Any, busy: Cast, skin: str) -> None:
    page = as_(open_page, busy.agent, skin)
    own, other = busy.customer, Customer.objects.get(name="Whitlock, Dana")
    for path in ("", "edit/", "merge/", f"merge/{other.pk}/"):
        look(page, f"/customers/{own.pk}/{path}")
    for path in ("/customers/duplicates/", "/customers/?q=whit", "/customers/new/"):
        look(page, path)


def test_the_story_is_read_on_without_leaving_the_page(open_page: Any, busy: Cast) -> None:
    page = open_page(user=busy.agent)
    page.goto(f"/customers/{busy.customer.pk}/")
    before = page.locator("#story time").count()
    page.get_by_role("link", name="Show what came before").click()
    page.locator("#story time").nth(before).wait_for()
    assert page.url.endswith(f"/customers/{busy.customer.pk}/")
    expect(page.locator("#story .story__more")).to_have_count(1)
    page.get_by_role("button", name="Take back the merge").click()
    page.get_by_text("both records stand for themselves again").wait_for()
