"""Payouts as a manager lives them: handed over, answered by finance, one that failed; points of a customer (A7, C3)."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from complaints.actions import payouts, remedies
from complaints.models import AuthorityLimit, Payout
from core import clock
from core.actor import Actor
from retention.actions import loyalty
from retention.models import Payment
from tests.authority import publish
from tests.browser.conftest import PHONE, WIDE, expect
from tests.browser.looks import SKINS, as_, look
from tests.cast import Cast
from tests.payouts import granted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def due(cast: Cast) -> list[Payout]:
    publish(AuthorityLimit(holder="role", role="manager"))
    return [granted(cast, amount) for amount in ("10.00", "20.50", "1064.90")]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_out_and_back(open_page: Any, cast: Cast, due: list[Payout], size: Any, tmp_path: Path) -> None:
    page = open_page(user=cast.manager, size=size)
    page.goto("/payouts/")
    page.get_by_role("button", name="Hand 3 payouts to finance").click()
    page.get_by_text("File 1 is ready for finance").wait_for()
    with page.expect_download() as fetched:
        page.get_by_role("link", name="File 1").last.click()
    rows = list(csv.reader(io.StringIO(Path(fetched.value.path()).read_text())))
    assert [row[7] for row in rows] == ["amount", "10.00", "20.50", "1064.90"]
    day = clock.now().date().isoformat()
    rows[1][-3:], rows[2][-3:], rows[3][7] = [day, "T-1", ""], ["", "", "No such account"], "1"
    rows[3][-3:] = [day, "T-3", ""]
    back = tmp_path / "back.csv"
    with back.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    page.locator("input[type=file]").set_input_files(str(back))
    page.get_by_role("button", name="Take it in").click()
    said = page.locator("#outcome")
    said.wait_for()
    assert "1 paid" in said.inner_text() and "Line 4: This is not the amount" in said.inner_text()
    expect(page.get_by_text("1 payout failed")).to_be_visible()
    page.get_by_role("link", name="Show them").click()
    page.get_by_text("No such account").wait_for()
    page.get_by_role("link", name="Paid: €20.50").click()
    page.get_by_label("Reference").fill("T-2")
    page.get_by_role("button", name="It was paid").click()
    page.get_by_text("Payment confirmed").wait_for()
    assert sorted(one.amount for one in Payment.objects.all()) == [Decimal("-20.5"), Decimal(-10)]


@pytest.mark.parametrize("skin", SKINS)
def test_every_page(open_page: Any, cast: Cast, due: list[Payout], skin: str) -> None:
    by, at = Actor.person(cast.manager), clock.now()
    payouts.export(by=by, at=at)
    payouts.confirm(due[0], by=by, at=at, paid_on=at.date(), reference="SEPA-2026-11-22-000017")
    payouts.fail(due[1], by=by, at=at, reason="The bank sent it back: account closed")
    granted(cast, "99999.99", currency="USD")
    customer = cast.customer.pk
    loyalty.earn(cast.customer, points=1_500, by=by, at=at, reason="A year with us, and a long reason for it")
    loyalty.redeem(cast.customer, points=250, by=by, at=at, reason="Voucher")
    remedies.ask(cast.complaint(), by=by, at=at, kind="points", amount=Decimal(300), reason="For the wait")
    page = as_(open_page, cast.manager, skin)
    for state in ("", "?state=due", "?state=exported", "?state=failed", "?state=paid", "?state=cancelled"):
        look(page, f"/payouts/{state}")
    for path in (f"/payouts/{due[2].pk}/confirmation/", f"/payouts/{due[2].pk}/failure/"):
        look(page, path)
    for path in ("", "new/", "redemption/", "correction/"):
        look(page, f"/customers/{customer}/points/{path}")


def test_the_balance_comes_with_the_customers_page(open_page: Any, cast: Cast) -> None:
    by, at = Actor.person(cast.manager), clock.now()
    loyalty.earn(cast.customer, points=1_500, by=by, at=at, reason="A year with us")
    page = open_page(user=cast.agent, size=WIDE)
    page.goto(f"/customers/{cast.customer.pk}/")
    panel = page.locator("#loyalty")
    panel.get_by_text("1,500 points").wait_for()
    panel.get_by_role("link", name="Redeem points").click()
    page.get_by_label("Points").fill("2000")
    page.get_by_label("Reason").fill("Voucher")
    page.get_by_role("button", name="Redeem").click()
    page.get_by_text("does not have so many points").first.wait_for()
    page.get_by_label("Points").fill("500")
    page.get_by_role("button", name="Redeem").click()
    page.locator("#loyalty").get_by_text("1,000 points").wait_for()
