"""How much somebody may still grant on a case, and why (the gauge on the case; the check under the lock)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from complaints.authority import lines, sums, versions
from complaints.authority.lines import Holder, Line
from complaints.models import Complaint
from core import clock, dates
from core.models import Team, User

COMPLAINT, CUSTOMER, PERSON = "complaint", "customer", "person"


@dataclass(frozen=True, slots=True)
class Gauge:
    """One limit and what of it is used. `of`: whose sum: of the complaint, the customer or the person."""

    of: str
    limit: Decimal
    used: Decimal
    line: Line

    @property
    def left(self) -> Decimal:
        return max(self.limit - self.used, Decimal(0))

    @property
    def period(self) -> str:
        """The calendar unit the sum is taken over; blank for that of the complaint."""
        return "" if self.of == COMPLAINT else self.line.period


@dataclass(frozen=True, slots=True)
class Room:
    """What somebody may still grant of one kind in one currency (blank: points) on one case.

    `line`: the limit that holds, None: nothing without approval; `because`: whose it is (person, team, role), blank
    without one. `gauges`: its limits, none: no limit; `caps`: what holds for everybody.
    """

    kind: str
    currency: str
    line: Line | None
    gauges: tuple[Gauge, ...]
    caps: tuple[Gauge, ...]

    @property
    def because(self) -> str:
        return self.line.holder if self.line is not None else ""

    @property
    def is_free(self) -> bool:
        return self.kind in lines.FREE

    @property
    def tightest(self) -> Gauge | None:
        """The limit or cap with the least left; None where there is none."""
        return min((*self.gauges, *self.caps), key=lambda gauge: gauge.left, default=None)

    @property
    def limit(self) -> Decimal | None:
        """Of the tightest; zero without any authority, None without any limit."""
        if self.line is None:
            return Decimal(0)
        return self.tightest.limit if self.tightest is not None else None

    @property
    def used(self) -> Decimal:
        return self.tightest.used if self.line is not None and self.tightest is not None else Decimal(0)

    @property
    def left(self) -> Decimal | None:
        """What may still be granted on the spot; None without any limit."""
        if self.line is None:
            return Decimal(0)
        return self.tightest.left if self.tightest is not None else None

    def of(self, name: str) -> Gauge | None:
        """The limit of the complaint, the customer or the person."""
        return next((gauge for gauge in self.gauges if gauge.of == name), None)

    @property
    def per_complaint(self) -> Gauge | None:
        return self.of(COMPLAINT)

    @property
    def per_customer(self) -> Gauge | None:
        return self.of(CUSTOMER)

    @property
    def per_period(self) -> Gauge | None:
        return self.of(PERSON)

    def permits(self, amount: Decimal | None) -> bool:
        """Whether they may grant it without asking (caps aside)."""
        if self.is_free:
            return True
        if self.line is None:
            return False
        return amount is None or all(gauge.used + amount <= gauge.limit for gauge in self.gauges)

    def capped(self, amount: Decimal | None) -> bool:
        """Whether nobody may grant it, as it exceeds a cap."""
        return amount is not None and any(gauge.used + amount > gauge.limit for gauge in self.caps)


def holder(user: User) -> Holder:
    """Query cost: that of the user's roles."""
    return Holder(user.pk, user.team_id, user.roles)


def holders(users: Iterable[User]) -> list[Holder]:
    """The same for many. Query cost: 1."""
    users = [user for user in users if user.is_active]
    leads = set(Team.objects.filter(is_active=True, lead__in=users).values_list("lead", flat=True))
    found = []
    for user in users:
        held = {"agent": user.is_agent, "lead": user.pk in leads, "manager": user.is_manager, "admin": user.is_admin}
        found.append(Holder(user.pk, user.team_id, frozenset(role for role, has in held.items() if has)))
    return found


def room(
    complaint: Complaint,
    user: User | Holder,
    kind: str,
    currency: str,
    *,
    at: datetime | None = None,
    book: versions.Book | None = None,
) -> Room:
    """What `user` may still grant. Without `book` by the limits as they are cached. Query cost: at most 7."""
    who = user if isinstance(user, Holder) else holder(user)
    book = versions.in_force() if book is None else book
    currency = "" if kind == lines.POINTS else currency
    day = dates.of_house(at or clock.now())
    line = lines.limit_of(book.lines, who, kind, currency)
    gauges = _gauges(line, complaint, currency, day, person=who.id) if line is not None else ()
    caps = [
        gauge for cap in lines.caps_for(book.lines, kind, currency) for gauge in _gauges(cap, complaint, currency, day)
    ]
    return Room(kind, currency, line, tuple(gauges), tuple(caps))


def room_without_value(user: User | Holder, kind: str, *, book: versions.Book | None = None) -> Room:
    """The same for a remedy that has no value: there is a line for it, or not. Query cost: 0 but for the limits."""
    who = user if isinstance(user, Holder) else holder(user)
    book = versions.in_force() if book is None else book
    return Room(kind, "", lines.limit_without_value(book.lines, who, kind), (), ())


def _gauges(
    line: Line, complaint: Complaint, currency: str, day: date, *, person: int | None = None
) -> tuple[Gauge, ...]:
    head = complaint.merged_into_id or complaint.pk
    found = []
    if line.per_complaint is not None:
        found.append(Gauge(COMPLAINT, line.per_complaint, sums.on_complaint(line, currency, head), line))
    if line.per_customer is not None and complaint.customer_id is not None:
        used = sums.of_customer(line, currency, complaint.customer_id, day)
        found.append(Gauge(CUSTOMER, line.per_customer, used, line))
    if line.per_period is not None and person is not None:
        found.append(Gauge(PERSON, line.per_period, sums.by_person(line, currency, person, day), line))
    return tuple(found)
