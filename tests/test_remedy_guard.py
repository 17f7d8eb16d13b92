"""What the database holds by itself: raw SQL that breaks a limit, a cap or a charge is refused (case F26)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from complaints.actions import remedies
from complaints.authority import guard
from complaints.authority.lines import bounds
from complaints.models import AuthorityLimit, AuthorityVersion, Complaint, Remedy
from core import clock
from core.actor import Actor
from core.models import User
from retention.actions.purchases import Item, record_purchase
from retention.models import Customer
from tests.authority import publish
from tests.cast import Cast, make_cast, make_customer
from tests.test_remedy_sums import charged

pytestmark = pytest.mark.django_db
D = Decimal
GRANT = (
    "UPDATE complaints_remedy SET status = 'granted', within_authority = %s, authority_id = %s, decided_by_id = %s, "
    "decided_at = requested_at, decided_on = %s WHERE id = %s"
)
INSERT = (
    "INSERT INTO complaints_remedy (complaint_id, kind, status, amount, currency, description, reason, charge_id, "
    "authority_id, within_authority, requested_by_id, requested_at, decided_by_id, decided_at, decided_on, "
    "decided_note, undone_note, updated_at, version) SELECT complaint_id, kind, 'granted', amount, currency, '', '', "
    "charge_id, %s, %s, requested_by_id, requested_at, requested_by_id, requested_at, %s, '', '', updated_at, 1 "
    "FROM complaints_remedy WHERE id = %s"
)
TODAY = date(2026, 11, 22)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def bought(customer: Customer, number: str, amount: str) -> None:
    lines, at = [Item(description="Lamp", quantity=D(1), unit_price=D(amount))], clock.now()
    signed = {"purchased_at": at, "by": Actor.system("tests"), "at": at}
    record_purchase(customer, order_number=number, currency="EUR", lines=lines, source="", **signed)


def run(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, list(values))


def refused(statement: str, *values: Any) -> str:
    """What the database refuses it with."""
    with pytest.raises(IntegrityError) as told:
        run(statement, *values)
    return str(told.value)


def ask(user: User, amount: str, complaint: Complaint, **more: Any) -> Remedy:
    about = {"kind": "refund", "currency": "EUR", "reason": "Charged twice", **more}
    return remedies.ask(complaint, by=Actor.person(user), at=clock.now(), amount=D(amount), **about)


def waiting(user: User, amount: str, complaint: Complaint, **more: Any) -> Remedy:
    made = ask(user, amount, complaint, **more)
    assert made.status == "awaiting_approval"
    return made


def test_triggers_are_up() -> None:
    assert guard.missing_triggers() == []
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'complaints_%%guard'")
            assert cursor.fetchone()[0] == 5


def test_above_the_limit_of_a_complaint(cast: Cast) -> None:
    [mine] = publish(AuthorityLimit(holder="role", role="agent", kind="refund", currency="EUR", per_complaint=D(100)))
    complaint = cast.complaint()
    assert ask(cast.agent, "60", complaint).status == "granted"
    waits = waiting(cast.agent, "40.01", complaint)
    assert "remedy_above_limit" in refused(GRANT, True, mine.pk, cast.agent.pk, TODAY, waits.pk)
    assert "remedy_above_limit" in refused(INSERT, mine.pk, True, TODAY, waits.pk)
    waits.refresh_from_db()
    assert waits.status == "awaiting_approval"
    run("UPDATE complaints_remedy SET amount = 40 WHERE id = %s", waits.pk)
    run(GRANT, True, mine.pk, cast.agent.pk, TODAY, waits.pk)


def test_many_rows_in_one_statement(cast: Cast) -> None:
    """Each fits alone; together they do not."""
    [mine] = publish(AuthorityLimit(holder="role", role="agent", per_complaint=D(100)))
    complaint = cast.complaint()
    one, two = waiting(cast.agent, "101", complaint), waiting(cast.agent, "101", complaint)
    run("UPDATE complaints_remedy SET amount = 60")
    statement = GRANT.replace("WHERE id = %s", "WHERE id IN (%s, %s)")
    assert "remedy_above_limit" in refused(statement, True, mine.pk, cast.agent.pk, TODAY, one.pk, two.pk)
    assert Remedy.objects.filter(status="granted").count() == 0


def test_above_the_limit_of_a_customer_and_of_a_person(cast: Cast) -> None:
    for fields in ({"per_customer": D(100)}, {"per_period": D(100)}):
        [mine] = publish(AuthorityLimit(holder="person", person=cast.agent, period="quarter", **fields))
        Remedy.objects.all().delete()
        complaint = cast.complaint() if "per_customer" in fields else cast.complaint(customer=make_customer("Other"))
        assert ask(cast.agent, "60", cast.complaint()).status == "granted"
        Remedy.objects.filter(status="granted")
        today = Remedy.objects.get().decided_on
        assert today is not None
        waits = waiting(cast.agent, "41", complaint)
        assert "remedy_above_limit" in refused(GRANT, True, mine.pk, cast.agent.pk, today, waits.pk)
        run(GRANT, True, mine.pk, cast.agent.pk, today + timedelta(days=100), waits.pk)  # in another quarter it fits


def test_of_merged_cases(cast: Cast) -> None:
    [mine] = publish(AuthorityLimit(holder="role", role="agent", per_complaint=D(100)))
    part, head = cast.complaint(), cast.complaint()
    assert ask(cast.agent, "60", part).status == "granted"
    waits = waiting(cast.agent, "101", head)
    run("UPDATE complaints_remedy SET amount = 41 WHERE id = %s", waits.pk)
    Complaint.objects.filter(pk=part.pk).update(status="merged", merged_into=head, in_queue=False)
    assert "remedy_above_limit" in refused(GRANT, True, mine.pk, cast.agent.pk, TODAY, waits.pk)


def test_above_a_cap(cast: Cast) -> None:
    _cap, _euro, boss = publish(
        AuthorityLimit(holder="cap", per_complaint=D(10)),
        AuthorityLimit(holder="cap", currency="EUR", per_complaint=D(100)),
        AuthorityLimit(holder="role", role="manager"),
    )
    complaint = cast.complaint()
    waits, dollars = waiting(cast.agent, "70", complaint), waiting(cast.agent, "10", complaint, currency="USD")
    assert ask(cast.manager, "40", complaint).status == "granted"
    assert "remedy_above_cap" in refused(GRANT, False, boss.pk, cast.manager.pk, TODAY, waits.pk)
    run(GRANT, False, boss.pk, cast.manager.pk, TODAY, dollars.pk)
    run("UPDATE complaints_remedy SET amount = 60 WHERE id = %s", waits.pk)
    run(GRANT, False, boss.pk, cast.manager.pk, TODAY, waits.pk)


def test_above_the_charge(cast: Cast) -> None:
    charge, complaint = charged(cast.customer, "100.00"), cast.complaint()
    mine = AuthorityLimit.objects.get(role="manager")
    one = waiting(cast.agent, "50", complaint, charge=charge)
    two = waiting(cast.agent, "50", cast.complaint(), charge=charge)
    run("UPDATE complaints_remedy SET amount = 50.01 WHERE id = %s", two.pk)
    run(GRANT, False, mine.pk, cast.manager.pk, TODAY, one.pk)
    assert "remedy_above_charge" in refused(GRANT, False, mine.pk, cast.manager.pk, TODAY, two.pk)
    run("UPDATE complaints_remedy SET amount = 1, currency = 'USD' WHERE id = %s", two.pk)
    assert "remedy_above_charge" in refused(GRANT, False, mine.pk, cast.manager.pk, TODAY, two.pk)


def test_above_the_order(cast: Cast) -> None:
    """What the case's order came to in that currency; of an order we know nothing of, nothing is said."""
    mine = AuthorityLimit.objects.get(role="manager")
    bought(cast.customer, "O-1", "100.00")
    complaint, other = cast.complaint(order_number="O-1"), cast.complaint(order_number="O-1")
    one, two = waiting(cast.agent, "60", complaint), waiting(cast.agent, "40", other)
    run("UPDATE complaints_remedy SET amount = 40.01 WHERE id = %s", two.pk)
    run(GRANT, False, mine.pk, cast.manager.pk, TODAY, one.pk)
    assert "remedy_above_order" in refused(GRANT, False, mine.pk, cast.manager.pk, TODAY, two.pk)
    [agents, mine] = publish(AuthorityLimit(holder="role", role="agent"), AuthorityLimit(holder="role", role="manager"))
    assert "remedy_above_order" in refused(INSERT, agents.pk, True, TODAY, two.pk)
    run("UPDATE complaints_remedy SET amount = 40 WHERE id = %s", two.pk)
    run(GRANT, False, mine.pk, cast.manager.pk, TODAY, two.pk)
    assert ask(cast.agent, "500", cast.complaint(order_number="O-2")).status == "granted"
    assert ask(cast.agent, "500", complaint, kind="credit").status == "granted"


def test_refunds_of_the_orders_charges_count_as_well(cast: Cast) -> None:
    mine = AuthorityLimit.objects.get(role="manager")
    bought(cast.customer, "O-1", "100.00")
    charge = charged(cast.customer, "70.00", order_number="O-1")
    assert ask(cast.manager, "70", cast.complaint(), charge=charge).status == "granted"
    waits = waiting(cast.agent, "30", cast.complaint(order_number="O-1"))
    run("UPDATE complaints_remedy SET amount = 31 WHERE id = %s", waits.pk)
    assert "remedy_above_order" in refused(GRANT, False, mine.pk, cast.manager.pk, TODAY, waits.pk)
    run("UPDATE complaints_remedy SET amount = 30 WHERE id = %s", waits.pk)
    run(GRANT, False, mine.pk, cast.manager.pk, TODAY, waits.pk)


def test_under_a_limit_that_is_not_theirs(cast: Cast) -> None:
    """Somebody else's, one of another kind or currency, one no longer in force: none of them is authority."""
    [old] = publish(AuthorityLimit(holder="role", role="agent"))
    role, person, team, dollars, credit = publish(
        AuthorityLimit(holder="role", role="manager"),
        AuthorityLimit(holder="person", person=cast.colleague),
        AuthorityLimit(holder="team", team=cast.other_team),
        AuthorityLimit(holder="role", role="agent", currency="USD"),
        AuthorityLimit(holder="role", role="agent", kind="credit"),
    )
    waits = waiting(cast.agent, "1", cast.complaint())
    for line in (old, role, person, team, dollars, credit):
        said = refused(GRANT, True, line.pk, cast.agent.pk, TODAY, waits.pk)
        assert "remedy_without_authority" in said, line
    run(GRANT, False, person.pk, cast.colleague.pk, TODAY, waits.pk)


def test_four_eyes(cast: Cast) -> None:
    boss = AuthorityLimit.objects.get(role="manager")
    User.objects.filter(pk=cast.agent.pk).update(is_manager=True)
    waits = waiting(cast.lead, "1", cast.complaint(owner=cast.agent))
    run("UPDATE complaints_remedy SET requested_by_id = %s", cast.agent.pk)
    said = refused(GRANT, False, boss.pk, cast.agent.pk, TODAY, waits.pk)
    assert "remedy_not_approved_by_who_asked" in said


def test_what_is_decided_stays_decided(cast: Cast) -> None:
    complaint = cast.complaint()
    given = ask(cast.manager, "50", complaint)
    for change in ("amount = 60", "currency = 'USD'", "decided_by_id = requested_by_id + 1", "kind = 'credit'"):
        assert "remedy_is_decided" in refused(f"UPDATE complaints_remedy SET {change} WHERE id = %s", given.pk)
    assert "remedy_is_decided" in refused(
        "UPDATE complaints_remedy SET status = 'awaiting_approval', decided_by_id = NULL"
    )
    run("UPDATE complaints_remedy SET undone_note = 'x', version = version + 1")
    remedies.revoke(given, by=Actor.person(cast.manager), at=clock.now(), reason="No")
    assert "remedy_is_decided" in refused("UPDATE complaints_remedy SET status = 'granted'")


def test_a_published_limit_is_not_changed(cast: Cast) -> None:
    [mine] = publish(AuthorityLimit(holder="role", role="agent", per_complaint=D(100)))
    for change in ("per_complaint = 101", "per_complaint = NULL", "role = 'manager'"):
        said = refused(f"UPDATE complaints_authoritylimit SET {change} WHERE id = %s", mine.pk)
        assert "limit_is_published" in said
    with pytest.raises(IntegrityError, match="authority_is_published"), transaction.atomic():
        AuthorityVersion.objects.filter(pk=mine.version_id).update(published_at=None)
    draft = AuthorityVersion.objects.create(number=99, created_at=clock.now())
    free = AuthorityLimit.objects.create(version=draft, holder="role", role="lead", per_complaint=D(1))
    AuthorityLimit.objects.filter(pk=free.pk).update(per_complaint=D(2))
    with pytest.raises(IntegrityError, match="limit_is_published"), transaction.atomic():
        AuthorityLimit.objects.filter(pk=free.pk).update(version=mine.version_id)  # slipped in afterwards


@pytest.mark.parametrize("period", ["day", "week", "month", "quarter", "year"])
def test_periods_begin_as_in_python(period: str) -> None:
    with connection.cursor() as cursor:
        for number in range(800):
            day = date(2023, 12, 20) + timedelta(days=number)
            if connection.vendor == "postgresql":
                cursor.execute("SELECT complaints_remedy_start(%s, %s)", [period, day])
                found = cursor.fetchone()[0]
            else:
                cursor.execute(f"SELECT {guard._start(repr(period), repr(day.isoformat()))}")
                found = date.fromisoformat(cursor.fetchone()[0])
            assert found == bounds(period, day)[0], day
