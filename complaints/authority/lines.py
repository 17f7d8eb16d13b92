"""Which limit holds for somebody, which caps for everybody, and over which days sums are taken. Pure: no Django.

A limit of the person goes before one of their team, that before one of a role (of several roles the largest). Within
them a line for the kind of remedy goes before one for all kinds, then one for the currency before one for any. Caps add
up differently: that for the kind and that for all kinds both hold, each in its line for the currency, else for any.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

CAP, ROLE, TEAM, PERSON = "cap", "role", "team", "person"
DAY, WEEK, MONTH, QUARTER, YEAR = "day", "week", "month", "quarter", "year"
FREE = frozenset({"apology"})  # needs no authority
UNVALUED = frozenset({"apology", "replacement", "discount"})  # may be given without a value
POINTS = "points"


@dataclass(frozen=True, slots=True)
class Line:
    """One limit or cap. `kind` blank: all kinds together; `currency` blank: any, each by itself (and points).

    Sums of money, or of points: on one complaint, of one customer in the period, by one person in it. None: no such
    limit.
    """

    id: int
    holder: str
    role: str = ""
    team_id: int | None = None
    person_id: int | None = None
    kind: str = ""
    currency: str = ""
    period: str = MONTH
    per_complaint: Decimal | None = None
    per_customer: Decimal | None = None
    per_period: Decimal | None = None

    def fits(self, kind: str, currency: str) -> bool:
        return self.kind in ("", kind) and self.currency in ("", currency)

    @property
    def limits(self) -> tuple[Decimal | None, ...]:
        return self.per_complaint, self.per_customer, self.per_period

    @property
    def is_nothing(self) -> bool:
        """It allows nothing at all."""
        return any(limit == 0 for limit in self.limits)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody as the limits know them. `roles`: agent, lead, manager, admin."""

    id: int
    team_id: int | None
    roles: frozenset[str]

    def has(self, line: Line) -> bool:
        return (
            (line.holder == PERSON and line.person_id == self.id)
            or (line.holder == TEAM and line.team_id is not None and line.team_id == self.team_id)
            or (line.holder == ROLE and line.role in self.roles)
        )


def limit_of(lines: Iterable[Line], who: Holder, kind: str, currency: str) -> Line | None:
    """The line that says how much of this kind and currency (blank for points) somebody may grant; None: nothing."""
    return _first(who, [line for line in lines if who.has(line) and line.fits(kind, currency)])


def limit_without_value(lines: Iterable[Line], who: Holder, kind: str) -> Line | None:
    """The line by which somebody may give a remedy that has no value, whatever its currency; None: they may not."""
    own = [line for line in lines if who.has(line) and line.kind in ("", kind)]
    for holder in (PERSON, TEAM, ROLE):
        held = [line for line in own if line.holder == holder]
        for narrow in ([line for line in held if line.kind], held):
            if narrow:
                return _first(who, [line for line in narrow if not line.is_nothing])
    return None


def caps_for(lines: Iterable[Line], kind: str, currency: str) -> list[Line]:
    """The caps that hold for this kind and currency: at most that of the kind and that of all kinds."""
    fitting = [line for line in lines if line.holder == CAP and line.fits(kind, currency)]
    found = []
    for scope in ([line for line in fitting if line.kind], [line for line in fitting if not line.kind]):
        if scope:
            found.append(max(scope, key=lambda line: line.currency != ""))
    return found


def bounds(period: str, day: date) -> tuple[date, date]:
    """The calendar unit that `day` lies in: its first day, and the first day after it. Weeks begin on Monday."""
    if period == DAY:
        return day, day + timedelta(days=1)
    if period == WEEK:
        start = day - timedelta(days=day.weekday())
        return start, start + timedelta(days=7)
    months = {MONTH: 1, QUARTER: 3, YEAR: 12}[period]
    start = date(day.year, (day.month - 1) // months * months + 1, 1)
    behind = start.month + months
    return start, date(start.year + (behind > 12), behind - 12 if behind > 12 else behind, 1)


def _first(who: Holder, lines: list[Line]) -> Line | None:
    for holder in (PERSON, TEAM):
        if held := [line for line in lines if line.holder == holder]:
            return max(held, key=_narrow)
    by_role = [
        max(held, key=_narrow)
        for role in sorted(who.roles)
        if (held := [line for line in lines if line.holder == ROLE and line.role == role])
    ]
    return max(by_role, key=_size) if by_role else None


def _narrow(line: Line) -> tuple[bool, bool]:
    return line.kind != "", line.currency != ""


def _size(line: Line) -> tuple[tuple[bool, Decimal], ...]:
    """No limit is more than any; the sum on a complaint counts first, then that of a customer, then the person's."""
    return tuple((limit is None, limit or Decimal(0)) for limit in line.limits)
