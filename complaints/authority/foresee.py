"""What would happen to a remedy that nobody asks for: on a new complaint of an unknown customer (for the settings)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from complaints.authority import approving, rooms
from complaints.authority.lines import POINTS, UNVALUED, Line
from complaints.authority.rooms import Room
from complaints.authority.versions import Book
from complaints.models import Complaint, Remedy, RemedyStatus
from core.models import User

WITHIN, ABOVE, CAPPED = "within", "above", "capped"


@dataclass(frozen=True, slots=True)
class Answer:
    """`approvers`: who could approve it where they see the case, if it needs that."""

    state: str
    room: Room
    approvers: tuple[User, ...] = ()


def foresee(
    person: User, kind: str, amount: Decimal | None, currency: str, number: int, lines: Sequence[Line]
) -> Answer:
    """By these lines. What the person granted already in the period counts. Query cost: at most 5."""
    book = Book(number, tuple(lines))
    currency = "" if kind == POINTS or amount is None else currency
    if amount is None and kind in UNVALUED:
        room = rooms.room_without_value(person, kind, book=book)
    else:
        room = rooms.room(Complaint(pk=0), person, kind, currency, book=book)
    if room.capped(amount):
        return Answer(CAPPED, room)
    if room.permits(amount):
        return Answer(WITHIN, room)
    asked = Remedy(kind=kind, amount=amount, currency=currency, status=RemedyStatus.AWAITING)
    people = {one.pk: one for one in User.objects.active().exclude(pk=person.pk).order_by("name", "pk")}
    able = [who for who in rooms.holders(people.values()) if who.roles & {"agent", "lead", "manager"}]
    return Answer(ABOVE, room, tuple(people[who.id] for who in able if approving.within_reach(who, asked, book=book)))
