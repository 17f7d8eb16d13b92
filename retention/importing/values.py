"""Numbers and moments of files by the hundred thousand: each spelling is read once. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import money
from core.importing import values
from core.importing.values import Rejected

MOST_OF_A_LINE = Decimal(10) ** 10  # quantity times price lies below
REMEMBERED = 20_000
_BEGINNING, _MINUTE = datetime(1900, 1, 1, tzinfo=UTC), timedelta(minutes=1)


@lru_cache(maxsize=REMEMBERED)
def exact(text: str, places: int, column: str) -> str:
    """The decimal in one spelling (`2.50` and `2.5` are `2.5`). Raises Rejected."""
    try:
        number = money.decimal(text.strip(), places, below=MOST_OF_A_LINE, signed=True)
    except money.MoneyError as error:
        raise Rejected(str(_WHY[error.code]) % {"column": column, "text": text[:40], "places": places}) from None
    plain = f"{number.normalize():f}"
    return "0" if plain == "-0" else plain


_WHY = {
    "invalid_amount": gettext_lazy("%(column)s: “%(text)s” is no number such as 12.30."),
    "too_many_decimals": gettext_lazy("%(column)s: “%(text)s” has more than %(places)s decimals."),
    "amount_out_of_range": gettext_lazy("%(column)s: “%(text)s” is too large."),
}


class Moment(NamedTuple):
    """An instant (UTC), how it is written, and its minutes since 1900 as eight hexadecimal digits, which sort as it."""

    at: datetime
    text: str
    minutes: str


@lru_cache(maxsize=REMEMBERED)
def moment(text: str, zone: ZoneInfo, column: str) -> Moment:
    """A moment that has to be there. Raises Rejected."""
    at = values.instant(text, zone, column)
    if at is None:
        raise Rejected(_("%(column)s: blank.") % {"column": column})
    return Moment(at, at.isoformat(), f"{max((at - _BEGINNING) // _MINUTE, 0):08x}")


def limited(text: str, most: int, column: str) -> str:
    """The text without outer blanks. Raises Rejected when it is longer than `most` characters."""
    text = text.strip()
    if len(text) > most:
        raise Rejected(_("%(column)s: longer than %(most)s characters.") % {"column": column, "most": most})
    return text


def currency(text: str, column: str) -> str:
    """An ISO 4217 code. Raises Rejected."""
    code = text.strip().upper()
    if code not in money.CURRENCIES:
        raise Rejected(_("%(column)s: “%(text)s” is no ISO 4217 currency.") % {"column": column, "text": text[:40]})
    return code
