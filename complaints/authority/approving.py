"""Who may approve what somebody asked for (domain, Authority and money: four eyes)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db.models import BigIntegerField, BooleanField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Round
from django.db.models.lookups import LessThanOrEqual

from complaints.authority import lines, rooms, sums, versions
from complaints.authority.lines import Holder, Line
from complaints.models import Complaint, Remedy, RemedyStatus
from core import clock, dates
from core.models import User


def may_approve(user: User, remedy: Remedy, *, at: datetime | None = None) -> bool:
    """Whether somebody who sees the case could approve it now: not their own, within their limit counted anew.

    Caps are looked at when it is approved. Query cost: at most 4 and that of the roles; the complaint is loaded.
    """
    if remedy.status != RemedyStatus.AWAITING or remedy.requested_by_id == user.pk or not user.sees_cases:
        return False
    return authority_over(user, remedy, at=at).permits(remedy.amount)


def authority_over(
    user: User, remedy: Remedy, *, at: datetime | None = None, book: versions.Book | None = None
) -> rooms.Room:
    """The room somebody has for this remedy on its case."""
    if remedy.amount is None:
        return rooms.room_without_value(user, remedy.kind, book=book)
    return rooms.room(remedy.complaint, user, remedy.kind, remedy.currency, at=at, book=book)


def could_decide(user: User, remedy: Remedy, *, book: versions.Book | None = None) -> bool:
    """Whether it lies within what somebody may grant at all, were nothing granted yet: then they may reject it."""
    return within_reach(rooms.holder(user), remedy, book=book)


def within_reach(who: Holder, remedy: Remedy, *, book: versions.Book | None = None) -> bool:
    """The same of somebody whose roles are known already. No query."""
    book = versions.in_force() if book is None else book
    if remedy.amount is None:
        return remedy.kind in lines.FREE or lines.limit_without_value(book.lines, who, remedy.kind) is not None
    line = lines.limit_of(book.lines, who, remedy.kind, remedy.currency)
    return line is not None and _reaches(line, remedy.amount)


def decides(user: User, *, book: versions.Book | None = None) -> bool:
    """Whether somebody may grant anything at all, so that requests of others concern them. No query but the roles."""
    book = versions.in_force() if book is None else book
    who = rooms.holder(user)
    return user.sees_cases and any(who.has(line) and not line.is_nothing for line in book.lines)


def approvers(remedy: Remedy, complaint: Complaint, *, at: datetime, book: versions.Book | None = None) -> list[User]:
    """Everybody who sees the case and could approve it now, by their keys. Query cost: 2, and up to 3 for each who has
    a limit."""
    book = versions.in_force() if book is None else book
    users = {user.pk: user for user in _who_see(complaint).exclude(pk=remedy.requested_by_id).order_by("pk")}
    found = []
    for who in rooms.holders(users.values()):
        if remedy.amount is None:
            able = lines.limit_without_value(book.lines, who, remedy.kind) is not None
        else:
            line = lines.limit_of(book.lines, who, remedy.kind, remedy.currency)
            able = (
                line is not None
                and _reaches(line, remedy.amount)
                and rooms.room(complaint, who, remedy.kind, remedy.currency, at=at, book=book).permits(remedy.amount)
            )
        if able:
            found.append(users[who.id])
    return found


def awaiting_for(user: User, *, at: datetime | None = None) -> QuerySet[Remedy]:
    """The requests that `user` could approve now, the oldest first. Query cost: 1 and that of the roles; itself 1."""
    seen = Remedy.objects.filter(
        status=RemedyStatus.AWAITING, complaint__in=Complaint.objects.visible_to(user).values("pk")
    ).exclude(requested_by=user.pk)
    who, book, day = rooms.holder(user), versions.in_force(), dates.of_house(at or clock.now())
    within = Q(pk__in=())
    for kind, currency, unvalued in set(
        seen.order_by().values_list("kind", "currency", ExpressionWrapper(Q(amount__isnull=True), BooleanField()))
    ):
        if unvalued:
            if lines.limit_without_value(book.lines, who, kind) is not None:
                within |= Q(kind=kind, amount__isnull=True)
            continue
        line = lines.limit_of(book.lines, who, kind, currency)
        if line is not None:
            within |= Q(kind=kind, currency=currency, amount__isnull=False) & _fits(line, currency, who.id, day)
    head = Coalesce("complaint__merged_into", "complaint")
    return seen.annotate(head=head).filter(within).order_by("requested_at", "pk")


def _reaches(line: Line, amount: Decimal) -> bool:
    return all(limit is None or amount <= limit for limit in line.limits)


def _who_see(complaint: Complaint) -> QuerySet[User]:
    """The active people to whom `visible_to` shows the case."""
    sees = Q(is_manager=True) | Q(pk=complaint.owner_id) | Q(watches__complaint=complaint.pk)
    if complaint.team_id is not None:
        sees |= Q(is_agent=True, team=complaint.team_id) | Q(leads=complaint.team_id, leads__is_active=True)
    roles = Q(is_agent=True) | Q(is_manager=True) | Q(leads__is_active=True)
    return User.objects.active().filter(pk__in=User.objects.filter(sees).values("pk")).filter(roles).distinct()


def _fits(line: Line, currency: str, person: int, day: date) -> Q:
    """The condition that a row's amount still fits under the line."""
    found, granted = Q(), sums.granted(line, currency)
    if line.per_complaint is not None:
        on_case = Q(complaint=OuterRef("head")) | Q(complaint__merged_into=OuterRef("head"))
        found &= _room_left(granted.filter(on_case), line.per_complaint)
    if line.per_customer is not None:
        of_them = granted.filter(complaint__customer=OuterRef("complaint__customer"), **sums.within(line, day))
        found &= Q(complaint__customer__isnull=True) | _room_left(of_them, line.per_customer)
    if line.per_period is not None:
        found &= Q(amount__lte=line.per_period - sums.by_person(line, currency, person, day))
    return found


def _room_left(granted: QuerySet[Remedy], limit: Decimal) -> Q:
    used = Subquery(granted.order_by().values("currency").annotate(sum=sums.summed()).values("sum"))
    wanted = Cast(Round(F("amount") * sums.UNIT), BigIntegerField()) + Coalesce(used, 0)
    return Q(LessThanOrEqual(wanted, Value(int(limit * sums.UNIT))))
