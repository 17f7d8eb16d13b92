"""Offers and referrals in Chromium: axe, no scrolling sideways, answered and written down by keyboard (C2, C4)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core import clock, dates
from core.actor import Actor
from retention.actions import offers, referrals
from retention.actions.consent import consent
from retention.models import Offer, Referral
from tests.browser.looks import SKINS, as_, look
from tests.cast import Cast, make_customer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def offered(cast: Cast) -> Offer:
    """Three offers in different states, the open one answered for; two referrals."""
    by, at, customer = Actor.person(cast.manager), clock.now(), cast.customer
    consent(customer, purpose="offers", given=True, by=by, at=at)
    words = {"kind": "cross_sell", "channel": "phone", "by": by, "at": at}
    offers.decline(offers.make(customer, text="Lamps", **words), reason="Has enough", by=by, at=at)
    offers.accept(offers.make(customer, text="Bulbs", **words), by=by, at=at)
    until = dates.of_house(at) + timedelta(days=9)
    made = offers.make(
        customer, text="Filters for a year", amount=Decimal("59.90"), currency="EUR", valid_until=until, **words
    )
    friends = [make_customer(name) for name in ("Ada Friend", "Bo Friend")]
    referrals.refer(
        customer, friends[0], referred_on=dates.of_house(at), referrer_points=50, note="At the fair", by=by, at=at
    )
    referrals.refer(friends[1], customer, referred_on=dates.of_house(at), by=by, at=at)
    return made


@pytest.mark.parametrize("skin", SKINS)
def test_every_page(open_page: Any, cast: Cast, offered: Offer, skin: str) -> None:
    page, own, brought = as_(open_page, cast.manager, skin), f"/customers/{cast.customer.pk}/", Referral.objects.first()
    for path in (
        f"{own}offers/", f"{own}offers/new/", f"/offers/{offered.pk}/", f"/offers/{offered.pk}/acceptance/",
        f"/offers/{offered.pk}/refusal/", "/offers/", f"{own}referrals/", f"{own}referrals/new/",
        f"{own}referrer/new/", f"/referrals/{brought.pk}/withdrawal/", own,
    ):  # fmt: skip
        look(page, path)
    page.locator("#offered").get_by_role("link", name="Filters for a year", exact=True).wait_for()
    page.locator("#brought").get_by_role("link", name="Ada Friend", exact=True).wait_for()


def test_answered_from_the_card_and_brought_by_keyboard(open_page: Any, cast: Cast, offered: Offer) -> None:
    page = open_page(user=cast.agent)
    page.goto(f"/customers/{cast.customer.pk}/")
    page.locator(f"#offered a[href='/offers/{offered.pk}/refusal/']").click()
    page.get_by_label("Why they decline").fill("Too much")
    page.keyboard.press("Enter")
    page.locator("#offered").get_by_text("Too much").wait_for()
    make_customer("Cy Friend")
    page.locator("#brought").get_by_role("link", name="They brought somebody").click()
    page.get_by_label("Customer").first.press_sequentially("Cy Fr")
    page.get_by_role("option", name="Cy Friend").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Write it down").click()
    page.locator("#brought").get_by_role("link", name="Cy Friend", exact=True).wait_for()
    assert Referral.objects.filter(referrer=cast.customer, referred__name="Cy Friend").count() == 1
