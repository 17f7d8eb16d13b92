"""Whose limit holds, which caps, and over which days: a table of cases, without a database (domain, Authority)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.authority.lines import Holder, Line, bounds, caps_for, limit_of, limit_without_value

D = Decimal
ANA = Holder(7, 3, frozenset({"agent"}))
LENA = Holder(8, None, frozenset({"agent", "lead"}))
MARIA = Holder(9, 3, frozenset({"manager", "lead"}))
NOBODY = Holder(10, None, frozenset())


def role(id: int, role: str, per_complaint: int | None = None, **more: object) -> Line:
    amount = None if per_complaint is None else D(per_complaint)
    return Line(id, "role", role=role, per_complaint=amount, **more)  # type: ignore[arg-type]


LINES = [
    role(1, "agent", 50),
    role(2, "agent", 100, kind="refund"),
    role(3, "agent", 9_000, kind="refund", currency="JPY"),
    role(4, "agent", 40, currency="USD"),
    role(5, "lead", 300),
    role(6, "lead", 60, kind="refund"),
    Line(7, "team", team_id=3, kind="credit", per_complaint=D(75)),
    Line(8, "person", person_id=7, kind="discount", currency="EUR", per_complaint=D(20)),
    role(9, "manager"),
    Line(10, "cap", per_complaint=D(1000)),
    Line(11, "cap", currency="JPY", per_complaint=D(150_000)),
    Line(12, "cap", kind="refund", per_customer=D(800)),
    Line(13, "cap", kind="points", per_complaint=D(5_000)),
]


@pytest.mark.parametrize(
    ("who", "kind", "currency", "line"),
    [
        (ANA, "refund", "EUR", 2),  # that for the kind before that for all
        (ANA, "refund", "JPY", 3),  # that for the currency before that for any
        (ANA, "refund", "USD", 2),  # the kind counts more than the currency
        (ANA, "credit", "EUR", 7),  # the team before the role
        (ANA, "credit", "USD", 7),  # even where the role names the currency
        (ANA, "discount", "EUR", 8),  # the person before all
        (ANA, "discount", "USD", 4),  # the person's own is for another currency
        (ANA, "other", "EUR", 1),
        (ANA, "points", "", 1),  # points are of any currency's line
        (LENA, "refund", "EUR", 2),  # of two roles the larger, each by its own line: agent's 100, lead's 60
        (LENA, "other", "EUR", 5),
        (MARIA, "refund", "EUR", 9),  # without a limit is more than any
        (MARIA, "credit", "EUR", 7),  # the team's holds for her as well
        (NOBODY, "refund", "EUR", None),
        (Holder(11, 3, frozenset()), "refund", "EUR", None),
        (Holder(11, 4, frozenset({"admin"})), "credit", "EUR", None),
    ],
)
def test_whose_limit(who: Holder, kind: str, currency: str, line: int | None) -> None:
    for lines in (LINES, LINES[::-1]):
        found = limit_of(lines, who, kind, currency)
        assert (found.id if found else None) == line


@pytest.mark.parametrize(
    ("kind", "currency", "caps"),
    [
        ("refund", "EUR", [12, 10]),
        ("refund", "JPY", [12, 11]),  # that of the currency in place of that of any
        ("credit", "EUR", [10]),
        ("credit", "JPY", [11]),
        ("points", "", [13, 10]),
    ],
)
def test_which_caps(kind: str, currency: str, caps: list[int]) -> None:
    for lines in (LINES, LINES[::-1]):
        assert [line.id for line in caps_for(lines, kind, currency)] == caps


def test_of_equal_sums_on_a_complaint_that_of_the_customer_counts() -> None:
    first = role(1, "agent", 100, per_customer=D(150))
    second = role(2, "lead", 100, per_customer=D(200), per_period=D(1))
    third = role(3, "manager", 100)
    who = Holder(1, None, frozenset({"agent", "lead"}))
    assert limit_of([first, second], who, "refund", "EUR") == second
    assert limit_of([first, second, third], Holder(1, None, who.roles | {"manager"}), "refund", "EUR") == third


def test_a_limit_of_nothing_forbids() -> None:
    """The person's own line goes before the role's, also where it allows less."""
    none = Line(20, "person", person_id=7, kind="replacement", per_complaint=D(0))
    assert limit_without_value(LINES, ANA, "replacement") in (LINES[0], LINES[3])
    assert limit_without_value([*LINES, none], ANA, "replacement") is None
    assert limit_of([*LINES, none], ANA, "replacement", "EUR") == none
    assert limit_without_value(LINES, NOBODY, "replacement") is None


def test_without_value_any_currency_will_do() -> None:
    dollars = role(1, "agent", 10, kind="replacement", currency="USD")
    assert limit_without_value([dollars], ANA, "replacement") == dollars
    assert limit_without_value([dollars], ANA, "discount") is None


@pytest.mark.parametrize(
    ("period", "day", "first", "behind"),
    [
        ("day", date(2026, 12, 31), date(2026, 12, 31), date(2027, 1, 1)),
        ("week", date(2026, 11, 22), date(2026, 11, 16), date(2026, 11, 23)),  # a Sunday
        ("week", date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 30)),
        ("week", date(2027, 1, 1), date(2026, 12, 28), date(2027, 1, 4)),
        ("month", date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1)),
        ("month", date(2026, 12, 5), date(2026, 12, 1), date(2027, 1, 1)),
        ("quarter", date(2026, 3, 31), date(2026, 1, 1), date(2026, 4, 1)),
        ("quarter", date(2026, 12, 31), date(2026, 10, 1), date(2027, 1, 1)),
        ("year", date(2026, 7, 1), date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_periods(period: str, day: date, first: date, behind: date) -> None:
    assert bounds(period, day) == (first, behind)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.sampled_from(["day", "week", "month", "quarter", "year"]))
def test_periods_meet_without_gap(day: date, period: str) -> None:
    first, behind = bounds(period, day)
    assert first <= day < behind
    assert bounds(period, behind)[0] == behind
    assert bounds(period, first) == (first, behind)
