"""Numbers of figures as people read them: units, signs, intervals, what changed (glossary, Voice). No query.

A missing value is a dash everywhere, never 0 % (case F34).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import get_currency_precision
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import languages
from metrics.figures.amends import POINTS_GIVEN
from metrics.figures.base import COUNT, DOWN, HOURS, MONEY, PERCENT, POINTS, UP, Figure, Measure, Number

HOUR = 3600
SHOWN_CURRENCIES = 3


@dataclass(frozen=True, slots=True)
class Change:
    """What differs from the value compared with. `tone`: better, worse or "" (neither); `direction`: up, down, flat."""

    text: str = ""
    direction: str = "flat"
    tone: str = ""


def number(value: Number | float | None, digits: int) -> str:
    return languages.number(value, digits=digits)


def signed(value: Number | float, digits: int = 0) -> str:
    """+7 · −3 · 0: with its sign whichever it is."""
    text = number(value, digits)
    if not any(digit in text for digit in "123456789"):
        return text.removeprefix("−")
    return f"+{text}" if value > 0 else text


def hours(value: Number | float) -> str:
    """A duration given in hours: 3 h 10 min, 14 d."""
    return languages.duration(round(value * HOUR)) if value else languages.duration(0)


def axis_hours(values: Sequence[float]) -> tuple[float, str]:
    """(hours in one unit of an axis, its name): days, hours or minutes by the greatest value."""
    speak, most = languages.voice(), max(values, default=0)
    if most >= 72:
        return 24, speak.days
    return (1, speak.hour) if most >= 2 else (1 / 60, speak.minute)


def bare(figure: Figure, value: Number | None) -> str:
    """The number without its unit, where the unit stands beside it (see `unit`)."""
    if value is None:
        return languages.DASH
    if figure.unit == PERCENT:
        return number(value, 1)
    if figure.unit == POINTS:
        return signed(value)
    if figure.unit == HOURS:
        return hours(value)
    if figure.unit == COUNT:
        return number(value, 0)
    return number(value, 2)


def unit(figure: Figure, value: Number | None) -> str:
    """What stands small behind the number."""
    return "%" if figure.unit == PERCENT and value is not None else ""


def whole(figure: Figure, value: Number | None) -> str:
    """The number with its unit, as it stands in running text and tables."""
    return languages.percent(value, digits=1) if figure.unit == PERCENT else bare(figure, value)


def amounts(measure: Measure) -> list[str]:
    """Money by currency in the figure's order, then points."""
    values = measure.values or {}
    found = [languages.money(_payable(amount, code), code) for code, amount in values.items() if code.isupper()]
    given = values.get(POINTS_GIVEN)
    return [*found, *([points(given)] if given else [])]


def points(value: Number) -> str:
    """Goodwill points: 1,200 points."""
    return ngettext("%(n)s point", "%(n)s points", int(value)) % {"n": languages.number(int(value))}


def headline(figure: Figure, measure: Measure) -> tuple[str, str, list[str]]:
    """(the number, its unit, what more there is to say): money has as many numbers as currencies."""
    if figure.unit == MONEY:
        shown = amounts(measure)
        more = shown[1:SHOWN_CURRENCIES]
        return (shown[0] if shown else languages.DASH), "", more
    return bare(figure, measure.value), unit(figure, measure.value), []


def aim(figure: Figure, target: float) -> str:
    """A target with its unit: 90 %, 92.5 %, +40, 2 d."""
    if figure.unit == PERCENT:
        return languages.percent(target, digits=0 if target == int(target) else 1)
    return bare(figure, Decimal(str(target)))


def text(figure: Figure, measure: Measure) -> str:
    """The whole value in one line."""
    if figure.unit == MONEY:
        return " · ".join(amounts(measure)) or languages.DASH
    return whole(figure, measure.value)


def between(figure: Figure, measure: Measure) -> str:
    """95 %: 88.2 to 91.7; nothing without an interval."""
    if measure.low is None or measure.high is None:
        return ""
    return _("%(share)s: %(low)s to %(high)s") % {
        "share": languages.percent(95),
        "low": bare(figure, measure.low),
        "high": bare(figure, measure.high),
    }


def change(figure: Figure, now: Measure, before: Measure | None) -> Change:
    """The difference to the value compared with; none where either side is missing."""
    new, old = _comparable(figure, now, before)
    if new is None or old is None:
        return Change()
    apart = new - old
    words = _apart(figure, apart, old)
    if not words:
        return Change()
    direction = "flat" if not apart else "up" if apart > 0 else "down"
    return Change(words, direction, _tone(figure, apart, words))


def _comparable(figure: Figure, now: Measure, before: Measure | None) -> tuple[Number | None, Number | None]:
    if before is None:
        return None, None
    if figure.unit != MONEY:
        return now.value, before.value
    new = [(code, value) for code, value in (now.values or {}).items() if code.isupper() and value is not None]
    return (new[0][1], (before.values or {}).get(new[0][0])) if new else (None, None)


def _apart(figure: Figure, apart: Number, old: Number) -> str:
    if figure.unit == PERCENT:
        return _("%(points)s pt") % {"points": signed(apart, 1)}
    if figure.unit == POINTS:
        return signed(apart)
    if not old:
        return ""
    return languages.voice().percent.format(n=signed(Decimal(apart) / Decimal(old) * 100))


def _tone(figure: Figure, apart: Number, words: str) -> str:
    """Better or worse by what the figure means; a change that rounds to nothing is neither."""
    if figure.better not in (UP, DOWN) or not apart or not any(c in words for c in "123456789"):
        return ""
    return "better" if (apart > 0) == (figure.better == UP) else "worse"


def _payable(amount: Number | None, currency: str) -> Decimal | None:
    """Averages have more digits than money of their currency."""
    digits = get_currency_precision(currency)
    return None if amount is None else Decimal(amount).quantize(Decimal(1).scaleb(-digits))
