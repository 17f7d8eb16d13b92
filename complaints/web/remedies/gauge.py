"""The authority gauge: what is left of one's limits, and what will happen to a remedy before it is sent (domain,
Authority and money). The numbers stand in data attributes, so that static/js/remedies.js follows the typing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from complaints import authority
from complaints.authority import lines
from complaints.authority.rooms import Gauge, Room
from complaints.models import Complaint, Remedy, RemedyStatus
from complaints.web.remedies import words
from core.models import User
from core.web.parts import Part

WITHIN, ABOVE, CAPPED = "within", "above", "capped"
UNIT = 10_000


@dataclass(frozen=True, slots=True)
class Meter(Part):
    """One limit as a bar of 100: used, then new, then what exceeds it. `limit_units`, `used_units`: ten-thousandths."""

    text: str
    said: str
    limit_units: int
    used_units: int
    used: str
    new: str
    over: bool
    cap: bool


@dataclass(frozen=True, slots=True)
class Face(Part):
    """What `complaints/_remedy_gauge.html` takes. `state`: within, above or capped; `says`: (state, icon, sentence)."""

    meters: list[Meter]
    state: str
    says: list[tuple[str, str, str]]
    has_line: bool
    free: bool
    valued: bool


def face(complaint: Complaint, user: User, kind: str, amount: Decimal | None, currency: str, *, at: datetime) -> Face:
    """Query cost: at most 7, and where it goes for approval 2, and up to 3 for each who could approve."""
    currency = "" if kind == lines.POINTS else currency
    if amount is None and kind in lines.UNVALUED:
        room = authority.room_without_value(user, kind)
    else:
        room = authority.room(complaint, user, kind, currency, at=at)
    state = state_of(room, amount)
    to = approvers(complaint, user, kind, amount, currency, at=at) if state == ABOVE else None
    return Face(
        meters=[] if room.is_free else meters(room, amount or Decimal(0), currency),
        state=state,
        says=_says(room, state, to),
        has_line=room.line is not None,
        free=room.is_free,
        valued=kind != "apology",
    )


def state_of(room: Room, amount: Decimal | None) -> str:
    if room.capped(amount):
        return CAPPED
    return WITHIN if room.permits(amount) else ABOVE


def approvers(
    complaint: Complaint, user: User, kind: str, amount: Decimal | None, currency: str, *, at: datetime
) -> list[str]:
    """The names of those who could approve it."""
    asked = Remedy(
        complaint=complaint,
        kind=kind,
        status=RemedyStatus.AWAITING,
        amount=amount,
        currency=currency if amount is not None else "",
        requested_by=user,
    )
    return [str(one) for one in authority.approvers(asked, complaint, at=at)]


def meters(room: Room, amount: Decimal, currency: str, *, of_whom: str = "") -> list[Meter]:
    own = [_meter(gauge, amount, currency, cap=False, of_whom=of_whom) for gauge in room.gauges]
    return own + [_meter(gauge, amount, currency, cap=True) for gauge in room.caps]


def _meter(gauge: Gauge, amount: Decimal, currency: str, *, cap: bool, of_whom: str = "") -> Meter:
    used = min(_share(gauge.used, gauge.limit), Decimal(100))
    new = min(_share(amount, gauge.limit), 100 - used)
    said = _("%(used)s used, %(new)s new, limit %(limit)s") % {
        "used": words.plain_value(gauge.used, currency),
        "new": words.plain_value(amount, currency),
        "limit": words.plain_value(gauge.limit, currency),
    }
    return Meter(
        text=words.left_of(gauge, currency, cap=cap, of_whom=of_whom),
        said=said,
        limit_units=int(gauge.limit * UNIT),
        used_units=int(gauge.used * UNIT),
        used=f"{used:.1f}",
        new=f"{new:.1f}",
        over=gauge.used + amount > gauge.limit,
        cap=cap,
    )


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return part * 100 / whole if whole else Decimal(100) if part else Decimal(0)


def _says(room: Room, state: str, to: Sequence[str] | None) -> list[tuple[str, str, str]]:
    """All three sentences: typing moves between them before the server says which."""
    within = _("Within your authority, granted at once")
    if room.is_free:
        within = _("Needs no authority, given at once")
    elif room.line is not None and not room.gauges:
        within = _("Without a limit of yours, granted at once")
    if to is None:
        above = _("Above what you may grant: goes for approval")
    elif to:
        above = _("Above what you may grant: goes to %(names)s for approval") % {"names": words.people(to)}
    else:
        above = _("Above what you may grant, and nobody who sees this case may approve as much")
    capped = _("More than may be given here in all: it will be refused")
    return [(WITHIN, "shield", within), (ABOVE, "send", above), (CAPPED, "breached", capped)]
