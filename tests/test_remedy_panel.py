"""The panel "Remedy" beside a case: charges, gauge, asking, taking back; in the browser with and without htmx (A7)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from complaints.models import AuthorityLimit, Complaint, Payout, Remedy
from core import cached, clock
from core.actor import Actor
from core.models import Notification
from retention.actions import charges as money
from retention.models import Charge, Customer
from tests.authority import publish
from tests.cast import Cast, make_cast, make_customer

pytestmark = pytest.mark.django_db
D = Decimal
REFUND = {"kind": "refund", "amount": "64.90", "currency": "EUR", "reason": "Charged twice", "nonce": "n1"}


@pytest.fixture
def cast() -> Cast:
    cached.clear_all()
    made = make_cast()
    publish(
        AuthorityLimit(holder="role", role="agent", kind="refund", currency="EUR", per_complaint=D(100)),
        AuthorityLimit(holder="role", role="lead", per_complaint=D(300)),
        AuthorityLimit(holder="role", role="manager"),
        AuthorityLimit(holder="cap", per_complaint=D(1000)),
    )
    return made


def charged(customer: Customer, amount: str, days_ago: int, description: str = "Hosting, November") -> Charge:
    at = clock.now()
    return money.charge(
        customer,
        amount=D(amount),
        currency="EUR",
        charged_on=date(2026, 11, 20) - timedelta(days=days_ago),
        by=Actor.system("test"),
        at=max(at, clock.now()),
        description=description,
    )


def browser(user: Any, **headers: str) -> Client:
    client = Client(headers=headers)
    client.force_login(user)
    return client


def htmx(user: Any) -> Client:
    return browser(user, **{"HX-Request": "true"})


def url(complaint: Complaint, more: str = "") -> str:
    return f"/complaints/{complaint.reference}/remedies/{more}"


def test_the_case_leads_to_the_panel_and_loads_it_by_itself(cast: Cast) -> None:
    complaint = cast.complaint()
    page = browser(cast.agent).get(complaint.get_absolute_url()).content.decode()
    assert f'hx-get="{url(complaint)}"' in page and f'href="{url(complaint)}"' in page
    part = htmx(cast.agent).get(url(complaint))
    assert part.status_code == 200 and b"<html" not in part.content
    assert "€100.00 of €100.00 left on this complaint" in part.content.decode()
    assert b"<html" in browser(cast.agent).get(url(complaint)).content


def test_two_equal_charges_stand_together(cast: Cast) -> None:
    first = charged(cast.customer, "64.90", 8)
    charged(cast.customer, "12.00", 6, "Domain")
    second = charged(cast.customer, "64.90", 5)
    charged(cast.customer, "64.90", 60)  # another month
    money.pay(
        cast.customer,
        amount=D("64.90"),
        currency="EUR",
        paid_on=date(2026, 11, 16),
        charge=second.pk,
        by=Actor.system("test"),
        at=clock.now(),
    )
    shown = htmx(cast.agent).get(url(cast.complaint())).content.decode()
    twice = shown.partition("charges__twice")[2].partition("</ul>")[0]
    assert shown.count("Charged twice?") == 2  # its name and its words: one group
    assert f'id="charge-{first.pk}"' in twice and f'id="charge-{second.pk}"' in twice
    assert twice.count('class="charge"') == 2 and "€64.90 paid" in twice and "not paid" in twice
    assert "Domain" not in twice and "Domain" in shown


def test_a_charge_is_picked_and_refunded_once(cast: Cast) -> None:
    charge = charged(cast.customer, "64.90", 5)
    complaint, agent = cast.complaint(), browser(cast.agent)
    picked = agent.get(url(complaint, f"?charge={charge.pk}&reason=Twice")).content.decode()
    for filled in (f'name="charge" value="{charge.pk}"', 'value="64.90"', 'value="EUR"', ">\nTwice</textarea>"):
        assert filled in picked, filled
    for _again in range(2):
        assert agent.post(url(complaint), {**REFUND, "charge": charge.pk}).status_code == 302
    remedy = Remedy.objects.get()
    assert (remedy.status, remedy.amount, remedy.charge, remedy.currency) == ("granted", D("64.90"), charge, "EUR")
    assert Payout.objects.count() == 1
    shown = agent.get(url(complaint)).content.decode()
    assert "€64.90 given back" in shown and "Refund this one" not in shown  # nothing of it is left
    assert "€35.10 of €100.00 left on this complaint" in shown
    refused = agent.post(url(complaint), {**REFUND, "nonce": "n2", "amount": "1", "charge": charge.pk})
    assert refused.status_code == 422 and "more than was charged" in refused.content.decode()
    assert Remedy.objects.count() == 1


def test_the_charge_of_somebody_else_is_none(cast: Cast) -> None:
    other = charged(make_customer("Somebody Else"), "64.90", 5)
    complaint = cast.complaint()
    assert f"charge-{other.pk}" not in browser(cast.agent).get(url(complaint)).content.decode()
    answer = browser(cast.agent).post(url(complaint), {**REFUND, "charge": other.pk})
    assert answer.status_code == 422 and "no such charge" in answer.content.decode()
    for strange in ("x", "9" * 20, "-1"):
        assert browser(cast.agent).post(url(complaint), {**REFUND, "charge": strange}).status_code == 422
    assert Remedy.objects.count() == 0


def test_refused_input_keeps_what_was_typed(cast: Cast) -> None:
    complaint = cast.complaint()
    for client in (browser(cast.agent), htmx(cast.agent)):
        answer = client.post(url(complaint), {**REFUND, "amount": "12.345", "reason": "Overdraft fee"})
        said = answer.content.decode()
        assert answer.status_code == 422
        assert 'value="12.345"' in said and "Overdraft fee" in said and "At most 2 decimals" in said
        answer = client.post(url(complaint), {**REFUND, "reason": " ", "nonce": "n9"})
        assert answer.status_code == 422 and 'value="64.90"' in answer.content.decode()
        answer = client.post(url(complaint), {**REFUND, "amount": "1000.01"})
        assert answer.status_code == 409 and "whoever grants it" in answer.content.decode()
    assert Remedy.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"kind": "gift"}, 422),
        ({"kind": ""}, 422),
        ({"currency": "XXX"}, 422),
        ({"currency": ""}, 422),
        ({"amount": ""}, 422),
        ({"amount": "-1"}, 422),
        ({"amount": "0"}, 422),
        ({"amount": "NaN"}, 422),
        ({"amount": "1e2"}, 422),
        ({"currency": "JPY", "amount": "1.5"}, 422),
        ({"kind": "points", "amount": "1.5"}, 422),
        ({"kind": "other"}, 422),
        ({"kind": "apology"}, 422),  # it has no value
        ({"reason": "x" * 2001}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(cast: Cast, fields: dict[str, str], status: int) -> None:
    complaint = cast.complaint()
    answer = browser(cast.manager).post(url(complaint), {**REFUND, **fields})
    assert (answer.status_code, Remedy.objects.count()) == (status, 0), fields


def test_every_kind_is_asked_for(cast: Cast) -> None:
    complaint, boss = cast.complaint(), browser(cast.manager)
    for number, (kind, amount) in enumerate(
        (("apology", ""), ("credit", "5"), ("replacement", ""), ("discount", "2.5"), ("points", "500"), ("other", "9"))
    ):
        sent = {**REFUND, "kind": kind, "amount": amount, "description": "Flowers", "nonce": f"k{number}"}
        assert boss.post(url(complaint), sent).status_code == 302, kind
    assert list(Remedy.objects.order_by("pk").values_list("kind", "amount", "currency", "status")) == [
        ("apology", None, "", "granted"),
        ("credit", D(5), "EUR", "granted"),
        ("replacement", None, "", "granted"),
        ("discount", D("2.5"), "EUR", "granted"),
        ("points", D(500), "", "granted"),
        ("other", D(9), "EUR", "granted"),
    ]
    shown = boss.get(url(complaint)).content.decode()
    assert "500 points" in shown and "€16.50" in shown  # together, by currency


def test_above_ones_limit_it_says_to_whom_before_it_is_sent(cast: Cast) -> None:
    complaint, agent = cast.complaint(), browser(cast.agent)

    def said(**asked: str) -> str:
        page = agent.get(url(complaint, "gauge/"), {"kind": "refund", "currency": "EUR", **asked}).content.decode()
        shown = [part.partition("</p>")[0] for part in page.split("<p ")[1:] if "data-say" in part]
        return next(part for part in shown if " hidden" not in part.partition(">")[0])

    assert "granted at once" in said(amount="100")
    assert "goes to Lena Lead, Maria Manager for approval" in said(amount="100.01")
    assert "goes to Maria Manager for approval" in said(amount="300.01")
    assert "it will be refused" in said(amount="1000.01")
    assert "Needs no authority" in said(kind="apology")
    assert "goes to Maria Manager" in said(kind="points", amount="301")
    assert "granted at once" in said(amount="no number")  # what cannot be read is nothing yet
    assert Remedy.objects.count() == 0
    answer = htmx(cast.agent).post(url(complaint), {**REFUND, "amount": "150"})
    assert answer.status_code == 200 and "Asked for approval" in answer.headers["HX-Trigger"]
    assert 'id="timeline"' in answer.content.decode() or "hx-swap-oob" in answer.content.decode()
    assert Remedy.objects.get().status == "awaiting_approval"
    told = Notification.objects.filter(user=cast.lead).get()
    assert told.url == f"/remedies/#remedy-{Remedy.objects.get().pk}"


def test_ones_own_request_is_withdrawn(cast: Cast) -> None:
    complaint = cast.complaint()
    htmx(cast.agent).post(url(complaint), {**REFUND, "amount": "150"})
    remedy = Remedy.objects.get()
    where = url(complaint, f"{remedy.pk}/withdrawal/")
    assert where in browser(cast.agent).get(url(complaint)).content.decode()
    assert where not in browser(cast.colleague).get(url(complaint)).content.decode()
    refused = htmx(cast.colleague).post(where)
    assert refused.status_code == 403 and refused.headers["HX-Retarget"] == "#remedies"
    for status in (302, 302):  # sent twice
        assert browser(cast.agent).post(where, {"nonce": "w"}).status_code == status
    remedy.refresh_from_db()
    assert remedy.status == "withdrawn"
    assert browser(cast.agent).post(where, {"nonce": "w2"}).status_code == 409


def test_what_was_granted_is_taken_back_with_a_reason(cast: Cast) -> None:
    complaint = cast.complaint()
    browser(cast.agent).post(url(complaint), REFUND)
    remedy = Remedy.objects.get()
    where = url(complaint, f"{remedy.pk}/revocation/")
    assert browser(cast.agent).post(where, {"nonce": "r"}).status_code == 422
    answer = htmx(cast.agent).post(where, {"nonce": "r", "reason": "Wrong customer"})
    assert answer.status_code == 200 and "€100.00 of €100.00 left" in answer.content.decode()
    remedy.refresh_from_db()
    assert (remedy.status, remedy.undone_note, Payout.objects.get().state) == ("revoked", "Wrong customer", "cancelled")
    browser(cast.agent).post(url(complaint), {**REFUND, "nonce": "n5"})
    Payout.objects.filter(state="due").update(state="exported")
    given = Remedy.objects.get(status="granted")
    where = url(complaint, f"{given.pk}/revocation/")
    assert where not in browser(cast.agent).get(url(complaint)).content.decode()  # finance has it
    refused = browser(cast.agent).post(where, {"reason": "Too late", "nonce": "r3"})
    assert refused.status_code == 409 and "Finance has this amount" in refused.content.decode()


def test_foreign_and_missing_are_the_same(cast: Cast) -> None:
    complaint, other = cast.complaint(), cast.complaint()
    browser(cast.agent).post(url(complaint), {**REFUND, "amount": "150"})
    key = Remedy.objects.get().pk
    for more in ("", "gauge/"):
        assert browser(cast.stranger).get(url(complaint, more)).status_code == 404
    assert browser(cast.stranger).post(url(complaint), REFUND).status_code == 404
    for what in ("approval", "rejection", "withdrawal", "revocation"):
        assert browser(cast.stranger).post(url(complaint, f"{key}/{what}/")).status_code == 404
        assert browser(cast.manager).post(url(other, f"{key}/{what}/")).status_code == 404
        assert browser(cast.admin).post(url(complaint, f"{key}/{what}/")).status_code == 403
    assert Remedy.objects.get().status == "awaiting_approval"


def test_an_ended_case_gives_nothing_more(cast: Cast) -> None:
    complaint = cast.complaint()
    Complaint.objects.filter(pk=complaint.pk).update(status="withdrawn", in_queue=False)
    assert "remedy_form" not in browser(cast.agent).get(url(complaint)).content.decode()
    assert browser(cast.agent).post(url(complaint), REFUND).status_code == 409


def test_without_a_customer_there_are_no_charges(cast: Cast) -> None:
    complaint = cast.complaint(customer=None)
    shown = browser(cast.agent).get(url(complaint)).content.decode()
    assert "Charges and payments" not in shown and "remedy_form" in shown
    refused = browser(cast.manager).post(url(complaint), {**REFUND, "kind": "points", "amount": "50"})
    assert refused.status_code == 409 and "known customer" in refused.content.decode()


@pytest.mark.parametrize("number", [1, 12])
def test_the_panel_costs_the_same_whatever_was_given(
    cast: Cast, number: int, django_assert_max_num_queries: Any
) -> None:
    complaint = cast.complaint()
    for nth in range(number):
        charged(cast.customer, f"{10 + nth}.00", nth)
        browser(cast.manager).post(url(complaint), {**REFUND, "amount": "1", "nonce": f"q{nth}"})
    client = htmx(cast.agent)
    client.get(url(complaint))
    with django_assert_max_num_queries(20):
        assert client.get(url(complaint)).status_code == 200
    page = browser(cast.agent)
    page.get(complaint.get_absolute_url())
    with django_assert_max_num_queries(10):
        page.get(complaint.get_absolute_url())
