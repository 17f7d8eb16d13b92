"""What a refund may not exceed, and how sums follow merged cases and customers (mission A7; domain, Complaint 9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from complaints import authority
from complaints.actions import merge, remedies
from complaints.models import AuthorityLimit, Complaint, Remedy
from core import clock
from core.actor import Actor
from core.errors import DomainError
from core.models import User
from metrics.actions import merge_customers
from retention.actions import charges, correct
from retention.actions.purchases import Item, record_purchase
from retention.models import Charge, Customer
from tests.asking import ask, code, decide, read
from tests.authority import publish
from tests.cast import Cast, make_cast, make_customer

pytestmark = pytest.mark.django_db
D = Decimal
BY = Actor.system("test")


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def limits() -> None:
    publish(
        AuthorityLimit(holder="role", role="agent", per_complaint=D(100)), AuthorityLimit(holder="role", role="manager")
    )


def charged(customer: Customer, amount: str, currency: str = "EUR", **more: str) -> Charge:
    on = date(2026, 1, 5)
    return charges.charge(customer, amount=D(amount), currency=currency, charged_on=on, by=BY, at=clock.now(), **more)


def given(user: User, complaint: Complaint, amount: str, *, at: datetime | None = None, kind: str = "refund") -> str:
    """What became of it, or the code it was refused with."""
    try:
        made = remedies.ask(
            complaint,
            by=Actor.person(user),
            at=at or clock.now(),
            kind=kind,
            amount=D(amount),
            currency="EUR",
            reason="Charged twice",
        )
    except DomainError as refusal:
        return refusal.code
    return str(made.status)


class TestCharges:
    def test_of_the_same_customer_in_the_same_currency(self, cast: Cast, limits: None) -> None:
        complaint, charge = cast.complaint(), charged(cast.customer, "80.00")
        other = charged(make_customer("Somebody else"), "80.00")
        assert code(ask(cast.agent, complaint, "refund", "80.00", charge=str(other.pk))) == "unknown_charge"
        assert code(ask(cast.agent, complaint, "refund", "80.00", charge="987654")) == "unknown_charge"
        assert code(ask(cast.agent, complaint, "refund", "80.00", "USD", charge=str(charge.pk))) == "other_currency"
        assert code(ask(cast.agent, complaint, "credit", "80.00", charge=str(charge.pk))) == "not_a_refund"
        anonymous = cast.complaint(customer=None)
        assert code(ask(cast.agent, anonymous, "refund", "80.00", charge=str(charge.pk))) == "unknown_charge"
        status, told = ask(cast.agent, complaint, "refund", "80.00", charge=str(charge.pk))
        assert (status, told["charge"]) == (201, str(charge.pk))
        assert len(read(cast.agent, f"remedies/?charge={charge.pk}")[1]["results"]) == 1

    def test_never_more_than_was_charged(self, cast: Cast, limits: None) -> None:
        """Granted and awaiting together, on whatever complaint of the customer."""
        charge, complaint, other = charged(cast.customer, "150.00"), cast.complaint(), cast.complaint()
        key = {"charge": str(charge.pk)}
        assert code(ask(cast.manager, complaint, "refund", "150.01", **key)) == "above_order_value"
        assert ask(cast.agent, complaint, "refund", "60.00", **key)[1]["status"] == "granted"
        waits = ask(cast.agent, complaint, "refund", "50.00", **key)[1]
        assert waits["status"] == "awaiting_approval"
        assert code(ask(cast.agent, other, "refund", "40.01", **key)) == "above_order_value"
        assert ask(cast.agent, other, "refund", "40.00", **key)[1]["status"] == "granted"
        assert decide(cast.manager, complaint, waits["id"], "approval")[0] == 200
        assert code(ask(cast.manager, complaint, "refund", "0.01", **key)) == "above_order_value"
        decide(cast.manager, complaint, waits["id"], "revocation")
        assert ask(cast.manager, complaint, "refund", "50.00", **key)[1]["status"] == "granted"

    def test_corrected_before_it_is_approved(self, cast: Cast, limits: None) -> None:
        charge, complaint = charged(cast.customer, "150.00"), cast.complaint()
        waits = ask(cast.agent, complaint, "refund", "120.00", charge=str(charge.pk))[1]
        correct.correct_charge(charge, amount=D("110.00"), reason="Typed wrong", by=BY, at=clock.now())
        status, told = decide(cast.manager, complaint, waits["id"], "approval")
        assert (status, told["code"]) == (409, "above_order_value")

    def test_an_order_without_a_charge(self, cast: Cast, limits: None) -> None:
        lines = [Item(description="Lamp", quantity=D(2), unit_price=D("45.00"))]
        at = clock.now()
        record_purchase(
            cast.customer, order_number="O-1", currency="EUR", lines=lines, purchased_at=at, by=BY, at=at, source=""
        )
        complaint, other = cast.complaint(order_number="O-1"), cast.complaint(order_number="O-1")
        assert code(ask(cast.agent, complaint, "refund", "5.00", "USD")) == "other_currency"
        assert code(ask(cast.agent, complaint, "refund", "90.01")) == "above_order_value"
        assert ask(cast.agent, complaint, "refund", "50.00")[1]["status"] == "granted"
        assert code(ask(cast.agent, other, "refund", "40.01")) == "above_order_value"
        assert ask(cast.agent, other, "refund", "40.00")[1]["status"] == "granted"
        assert ask(cast.agent, other, "credit", "60.00")[1]["status"] == "granted"  # a credit gives nothing back
        unknown = cast.complaint(order_number="O-2")
        assert ask(cast.agent, unknown, "refund", "90.01")[1]["status"] == "granted"


class TestSums:
    def test_of_a_customer_in_the_period(self, cast: Cast) -> None:
        """A month of TIME_ZONE (Lisbon): in July an hour before midnight UTC is the next day there."""
        publish(AuthorityLimit(holder="role", role="agent", per_customer=D(100), period="month"))
        july = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
        assert given(cast.agent, cast.complaint(), "100", at=july - timedelta(hours=1)) == "granted"  # 30 June
        assert given(cast.agent, cast.complaint(), "100", at=july) == "granted"  # 1 July
        assert given(cast.agent, cast.complaint(), "0.01", at=july + timedelta(days=30)) == "awaiting_approval"
        assert given(cast.agent, cast.complaint(), "100", at=july + timedelta(days=31)) == "granted"
        other = cast.complaint(customer=make_customer("Somebody else"))
        assert given(cast.agent, other, "100", at=july) == "granted"
        unknown = cast.complaint(customer=None)
        assert [given(cast.agent, unknown, "100", at=july) for _number in range(2)] == ["granted", "granted"]

    def test_by_a_person_in_the_period(self, cast: Cast) -> None:
        publish(
            AuthorityLimit(holder="role", role="agent", per_period=D(100), period="week", kind="refund"),
            AuthorityLimit(holder="role", role="lead", per_period=D(100), period="day"),
        )
        sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
        assert given(cast.agent, cast.complaint(), "60", at=sunday) == "granted"
        assert given(cast.agent, cast.complaint(), "41", at=sunday) == "awaiting_approval"
        assert given(cast.colleague, cast.complaint(), "100", at=sunday) == "granted"
        assert given(cast.agent, cast.complaint(), "100", at=sunday + timedelta(days=1)) == "granted"
        waits = Remedy.objects.get(status="awaiting_approval")
        lead = Actor.person(cast.lead)
        remedies.approve(waits, by=lead, at=sunday)
        assert given(cast.lead, cast.complaint(owner=cast.agent), "59.01", at=sunday) == "awaiting_approval"
        assert given(cast.lead, cast.complaint(owner=cast.agent), "59", at=sunday) == "granted"  # approvals count

    def test_merged_cases_are_one(self, cast: Cast, limits: None) -> None:
        by, source, target = Actor.person(cast.agent), cast.complaint(), cast.complaint()
        assert given(cast.agent, source, "70") == "granted"
        waits = given(cast.agent, source, "31")
        assert waits == "awaiting_approval"
        merge.merge(source, into=target, by=by, at=clock.now())
        assert given(cast.agent, source, "1") == "already_ended"
        assert given(cast.agent, target, "30.01") == "awaiting_approval"
        assert given(cast.agent, target, "30") == "granted"
        assert authority.room(target, cast.agent, "refund", "EUR").left == 0
        asked = Remedy.objects.get(complaint=source, status="awaiting_approval")
        remedies.approve(asked, by=Actor.person(cast.manager), at=clock.now())  # as the joint case is live
        assert authority.room(target, cast.agent, "refund", "EUR").used == D(131)
        merge.unmerge(source, by=by, at=clock.now())
        assert authority.room(target, cast.agent, "refund", "EUR").used == D(30)
        assert given(cast.agent, target, "70") == "granted"

    def test_of_customers_that_are_one(self, cast: Cast) -> None:
        publish(AuthorityLimit(holder="role", role="agent", per_customer=D(100)))
        twin = make_customer("Dana Whitlok")
        mine, its = cast.complaint(), cast.complaint(customer=twin)
        assert given(cast.agent, mine, "60") == given(cast.agent, its, "30") == "granted"
        merge_customers.merge(twin, cast.customer, by=BY, at=clock.now())
        assert given(cast.agent, mine, "10.01") == "awaiting_approval"
        assert given(cast.agent, its, "10") == "granted"
        merge_customers.unmerge(twin, by=BY, at=clock.now())
        assert given(cast.agent, its, "60.01") == "awaiting_approval"
        assert given(cast.agent, its, "60") == given(cast.agent, mine, "40") == "granted"

    def test_new_limits_hold_at_once(self, cast: Cast, limits: None) -> None:
        """Whoever grants reads them anew, whatever is kept in memory."""
        from complaints.authority import versions

        complaint = cast.complaint()
        old = versions.in_force()
        publish(AuthorityLimit(holder="role", role="agent", per_complaint=D(5)))
        versions.in_force._value, versions.in_force._until = old, float("inf")
        assert given(cast.agent, complaint, "5.01") == "awaiting_approval"
        assert given(cast.agent, complaint, "5") == "granted"
