"""Figures by time say of each bucket what the same figure says of it as a period of its own; cohorts likewise."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from core import cached, clock
from metrics import periods
from metrics.figures import Scope, cohorts, figures
from retention.models import Tenure
from tests.figures import oracle, oracle_customers, oracle_rows
from tests.figures.world import NOW, ZONES, World, make_world

pytestmark = pytest.mark.django_db


DAYS = [date(2024, 12, 25) + timedelta(n) for n in range(900)]


@pytest.fixture
def world() -> Iterator[World]:
    cached.clear_all()
    with clock.frozen(NOW):
        yield make_world(11, size=60)


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("bounded", [True, False])
def test_buckets_are_periods(world: World, name: str, bounded: bool) -> None:
    since, until = (date(2025, 10, 1), date(2026, 4, 30)) if bounded else (None, None)
    scope = Scope(world.manager, ZoneInfo(name), NOW, since=since, until=until)
    for code in ("retention-rate", "churn-rate", "repeat-purchase-rate", "complaints-received", "nps"):
        figure = figures[code]
        for basis in figure.bases or ("",):
            if not bounded and (code == "churn-rate" or basis == "tenure"):
                continue
            for unit in ("month", "quarter") if code != "complaints-received" else ("week", "month", "year"):
                asked = scope.replace(basis=basis)
                for group in figure.groups(asked, unit):
                    if group.key == "-":
                        continue
                    first = next(day for day in DAYS if periods.key(day, unit) == group.key)
                    part = periods.bucket(first, unit)
                    inside = asked.replace(since=part.since, until=part.until)
                    if bounded and code not in ("retention-rate", "churn-rate"):
                        inside = asked.replace(since=max(part.since, since), until=min(part.until, until))  # type: ignore[type-var]
                    value, n = oracle.FIGURES[code](world, inside)
                    assert group.measure.n == n, (code, basis, unit, group.key)
                    assert (group.measure.value is None) == (value is None)
                    if value is not None:
                        assert float(group.measure.value or 0) == pytest.approx(value)


@pytest.mark.parametrize(("unit", "until"), [("day", date(2026, 1, 31)), ("week", date(2026, 3, 31))])
def test_stays_that_touch_and_overlap(world: World, unit: str, until: date) -> None:
    """Stays end on the day before the next begins, on the same day, later, or lie within one bucket."""
    draw = random.Random(unit)
    Tenure.objects.all().delete()
    for customer in world.customers:
        day = date(2025, 12, 1) + timedelta(draw.randrange(90))
        for _stay in range(draw.randrange(5)):
            last = day + timedelta(draw.choice((0, 1, 3, 7, 20, 40)))
            joined = None if draw.random() < 0.1 else day
            Tenure.objects.create(customer=customer, joined_on=joined, left_on=last)
            day = last + timedelta(draw.choice((-5, 0, 1, 1, 2, 9)))
        if draw.random() < 0.4:
            Tenure.objects.create(customer=customer, joined_on=day)
    scope = Scope(world.manager, ZoneInfo(ZONES[0]), NOW, since=date(2025, 12, 20), until=until)
    for code in ("retention-rate", "churn-rate"):
        same_as_periods(code, scope, unit)


@pytest.mark.parametrize(
    ("unit", "until"), [("day", date(2026, 1, 15)), ("day", date(2026, 3, 31)), ("week", NOW.date())]
)
@pytest.mark.parametrize("basis", ["purchases", "strict"])
def test_purchases_in_few_and_many_buckets(world: World, unit: str, until: date, basis: str) -> None:
    """Up to 62 buckets are the bits of a number on PostgreSQL, more are told apart in another way."""
    scope = Scope(world.manager, ZoneInfo(ZONES[2]), NOW, since=date(2025, 12, 20), until=until, basis=basis)
    same_as_periods("retention-rate", scope, unit)


def same_as_periods(code: str, scope: Scope, unit: str) -> None:
    figure = figures[code]
    parts = {periods.key(one.since, unit): one for one in periods.Period(scope.since, scope.until).buckets(unit)}  # type: ignore[arg-type]
    found = figure.groups(scope, unit)
    assert [group.key for group in found] == list(parts)
    for group in found:
        part = parts[group.key]
        alone = figure.measure(scope.replace(since=part.since, until=part.until))
        assert group.measure == alone, (code, group.key)


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("since", [None, date(2025, 11, 1)])
def test_cohorts(world: World, name: str, since: date | None) -> None:
    scope = Scope(world.manager, ZoneInfo(name), NOW, since=since, until=date(2026, 4, 30))
    first: dict[int, date] = {}
    months: dict[int, set[date]] = {}
    for one in oracle_customers.valid(world, scope):
        month = oracle_rows.local(one.purchased_at, scope).replace(day=1)
        months.setdefault(one.customer_id, set()).add(month)
        first[one.customer_id] = min(first.get(one.customer_id, month), month)
    found = {cohort.month: cohort for cohort in cohorts.purchase_cohorts(scope)}
    chosen = {month for month in first.values() if month <= date(2026, 4, 1) and (since is None or month >= since)}
    assert set(found) == chosen
    for month, cohort in found.items():
        mine = [who for who, begun in first.items() if begun == month]
        assert cohort.size == len(mine)
        for offset, cell in enumerate(cohort.cells):
            then = date(month.year + (month.month - 1 + offset) // 12, (month.month - 1 + offset) % 12 + 1, 1)
            wanted = None if then > date(2026, 4, 1) else sum(1 for who in mine if then in months[who])
            assert cell == wanted
    for cohort in cohorts.tenure_cohorts(scope):
        mine_too = [
            one for one in oracle_customers.stays(world, scope)
            if one.joined_on and one.joined_on.replace(day=1) == cohort.month and one.joined_on <= date(2026, 4, 30)
        ]  # fmt: skip
        assert cohort.size == len(mine_too)
        for offset, cell in enumerate(cohort.cells):
            month = cohort.month
            after = date(month.year + (month.month + offset) // 12, (month.month + offset) % 12 + 1, 1)
            wanted = sum(1 for one in mine_too if one.left_on is None or one.left_on >= after)
            assert cell == (None if after > date(2026, 5, 1) else wanted)
