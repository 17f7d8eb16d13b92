"""Dates, times, durations, money and numbers as people of five languages write them (glossary, Voice).

Pure functions over `core.formats.voice`; views, templates, mails and exports all call these, so that a date looks the
same everywhere. No query, no gettext: a few microseconds each. `language` and `zone` default to those active in
the thread (the viewer's); an aware datetime is shown in `zone`, a plain date as it is. Clock times are 14:30.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import get_currency_precision, get_currency_symbol
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, pgettext

from core.formats.voice import NBSP, VOICES, Voice

MINUTE, HOUR, DAY = 60, 3600, 86400
DASH = "–"  # no value: never 0 (domain, Figures)
SYMBOL_FIRST = {"BRL"}  # written before the amount in every language: R$ 12,30


def code(language: str | None = None) -> str:
    """One of our language codes: `pt-BR` is `pt`, unknown is the installation's, none is the active one."""
    wanted = (language or get_language() or settings.LANGUAGE_CODE).lower().replace("_", "-").split("-")[0]
    return wanted if wanted in VOICES else settings.LANGUAGE_CODE.split("-")[0]


def voice(language: str | None = None) -> Voice:
    return VOICES[code(language)]


def own_name(language: str) -> str:
    """The language's name in itself: Português."""
    return voice(language).name


@lru_cache(maxsize=512)
def _language_name(spoken: str, language: str) -> str:
    try:
        name = Locale.parse(language).languages.get(spoken.replace("-", "_"), "")
    except ValueError:
        name = ""
    return name or spoken


def quoted(text: str) -> str:
    """Somebody's own words, in the quotation marks of the active language."""
    return pgettext("quotation", "“%(text)s”") % {"text": text}


def language_name(spoken: str, language: str | None = None) -> str:
    """The name of `spoken` (a code) for a reader of `language`, as in running text."""
    return _language_name(spoken, code(language))


# --- days and moments -------------------------------------------------------------------------------------------------


def local(at: datetime, zone: tzinfo | None = None) -> datetime:
    """An aware instant in the viewer's zone; a naive one raises ValueError (nobody knows which zone it means)."""
    if at.tzinfo is None:
        raise ValueError("a naive datetime has no place here")
    return at.astimezone(zone or timezone.get_current_timezone())


def _date(value: date, zone: tzinfo | None) -> date:
    return local(value, zone).date() if isinstance(value, datetime) else value


def clock_time(at: datetime, *, zone: tzinfo | None = None) -> str:
    """14:30."""
    there = local(at, zone)
    return f"{there.hour:02}:{there.minute:02}"


def day(value: date, *, weekday: bool = False, language: str | None = None, zone: tzinfo | None = None) -> str:
    """5 March 2026 · 5 de marzo de 2026 · 1º de março de 2026 · 5 марта 2026 года; `weekday`: Thursday before it."""
    speak, on = voice(language), _date(value, zone)
    text = speak.day.format(d=_ordinal(on, speak), m=speak.months[on.month - 1], y=on.year)
    return speak.weekday_day.format(w=speak.weekdays[on.weekday()], d=text) if weekday else text


def day_month(value: date, *, weekday: bool = False, language: str | None = None, zone: tzinfo | None = None) -> str:
    """Thursday 19 November: a day whose year goes without saying."""
    speak, on = voice(language), _date(value, zone)
    text = speak.day_month.format(d=_ordinal(on, speak), m=speak.months[on.month - 1])
    return speak.weekday_day.format(w=speak.weekdays[on.weekday()], d=text) if weekday else text


def sentence_day(value: date, *, language: str | None = None, zone: tzinfo | None = None) -> str:
    """The {date} of the glossary's sentences: Italian needs the weekday, or il/l' breaks at 8 and 11."""
    return day(value, weekday=voice(language).sentence_weekday, language=language, zone=zone)


def moment(at: datetime, *, weekday: bool = False, language: str | None = None, zone: tzinfo | None = None) -> str:
    """5 March 2026, 14:30."""
    there = local(at, zone)
    return f"{day(there.date(), weekday=weekday, language=language)}, {there.hour:02}:{there.minute:02}"


def short_day(
    value: date,
    *,
    weekday: bool = False,
    now: datetime | None = None,
    language: str | None = None,
    zone: tzinfo | None = None,
) -> str:
    """19 Nov · Thu 19 Nov · чт, 19 нояб.; with its year unless that is the year of `now`."""
    speak, on = voice(language), _date(value, zone)
    text = f"{on.day} {speak.short_months[on.month - 1]}"
    if now is None or _date(now, zone).year != on.year:
        text = f"{text} {on.year}"
    return speak.short_weekday_day.format(w=speak.short_weekdays[on.weekday()], d=text) if weekday else text


def short_moment(
    at: datetime, *, now: datetime | None = None, language: str | None = None, zone: tzinfo | None = None
) -> str:
    """Thu 19 Nov, 09:12 · чт, 19 нояб., 09:12; the year as in short_day."""
    there = local(at, zone)
    text = short_day(there.date(), weekday=True, now=now and local(now, zone), language=language)
    return f"{text}, {there.hour:02}:{there.minute:02}"


def near(at: datetime, now: datetime, *, language: str | None = None, zone: tzinfo | None = None) -> str:
    """The nearest way to say it: today 15:45, tomorrow 09:00, Mon 11:30 (within six days), else short_moment."""
    speak, there, here = voice(language), local(at, zone), local(now, zone)
    apart = (there.date() - here.date()).days
    time = f"{there.hour:02}:{there.minute:02}"
    if apart in (-1, 0, 1):
        return (speak.today, speak.tomorrow, speak.yesterday)[apart].format(n=time)
    if -6 <= apart <= 6:
        return f"{speak.short_weekdays[there.weekday()]} {time}"
    return short_moment(there, now=here, language=language, zone=zone)


def ago(at: datetime, now: datetime, *, language: str | None = None) -> str:
    """19 min ago, 3 d ago (elapsed time); under a minute, or in the future by a clock's drift: just now."""
    speak, seconds = voice(language), (now - at) // timedelta(seconds=1)
    return speak.ago.format(t=duration(seconds, language=language)) if seconds >= MINUTE else speak.just_now


def _ordinal(on: date, speak: Voice) -> str:
    return speak.first if on.day == 1 else str(on.day)


# --- durations --------------------------------------------------------------------------------------------------------


def duration(seconds: int, *, day_seconds: int = DAY, clipped: bool = False, language: str | None = None) -> str:
    """35 min · 2 h 10 min · 1 d 6 h · 14 d, rounded down to the minute, at least 1 min.

    `day_seconds`: how long a day is; for working time pass the calendar's, for elapsed time leave it.
    `clipped` leaves "min" off after hours where the language allows it: 2 h 10.
    """
    speak, minutes = voice(language), max(1, int(seconds) // MINUTE)
    per_day = max(1, day_seconds // MINUTE)
    days, rest = divmod(minutes, per_day)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} {speak.days} {hours} {speak.hour}" if hours and days < 7 else f"{days} {speak.days}"
    if not hours:
        return f"{minutes} {speak.minute}"
    if not minutes:
        return f"{hours} {speak.hour}"
    if clipped and speak.clipped:
        return f"{hours} {speak.hour} {minutes:02}"
    return f"{hours} {speak.hour} {minutes} {speak.minute}"


def left(seconds: int, *, day_seconds: int = DAY, language: str | None = None) -> str:
    """35 min left: rounded up, so that a clock with seconds to go is not called 0."""
    upward = -(-int(seconds) // MINUTE) * MINUTE
    return voice(language).left.format(t=duration(upward, day_seconds=day_seconds, clipped=True, language=language))


def late(seconds: int, *, day_seconds: int = DAY, language: str | None = None) -> str:
    """1 h 20 late."""
    return voice(language).late.format(t=duration(seconds, day_seconds=day_seconds, clipped=True, language=language))


def paused(seconds: int, *, day_seconds: int = DAY, language: str | None = None) -> str:
    """paused 2 d."""
    return voice(language).paused.format(t=duration(seconds, day_seconds=day_seconds, clipped=True, language=language))


def met(seconds: int | None = None, *, day_seconds: int = DAY, language: str | None = None) -> str:
    """met in 19 min; without a duration: met."""
    speak = voice(language)
    if seconds is None:
        return speak.met
    return speak.met_in.format(t=duration(seconds, day_seconds=day_seconds, clipped=True, language=language))


# --- numbers and money ------------------------------------------------------------------------------------------------


def number(value: int | float | Decimal | None, *, digits: int | None = None, language: str | None = None) -> str:
    """12,345.67 · 12 345,67 · 12.345,67; `digits` after the comma (default: as they are). None is a dash."""
    if value is None:
        return DASH
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if digits is not None:
        exact = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    whole, _, fraction = f"{abs(exact):f}".partition(".")
    speak = voice(language)
    if len(whole) >= speak.group_from:
        head = len(whole) % 3
        parts = [whole[:head]] * bool(head) + [whole[i : i + 3] for i in range(head, len(whole), 3)]
        whole = speak.group.join(parts)
    minus = "−" if exact < 0 else ""
    return f"{minus}{whole}{speak.decimal}{fraction}" if fraction else f"{minus}{whole}"


def file_size(size: int, *, language: str | None = None) -> str:
    """A size in bytes as people say it: 340 kB, 2.4 MB, 25 MB (powers of ten)."""
    small, large = ("кБ", "МБ") if code(language) == "ru" else ("kB", "MB")
    if size < 1_000_000:
        return f"{number(max(1, round(size / 1000)), language=language)}{NBSP}{small}"
    digits = 0 if size >= 10_000_000 or size % 1_000_000 == 0 else 1
    return f"{number(size / 1_000_000, digits=digits, language=language)}{NBSP}{large}"


def percent(value: int | float | Decimal | None, *, digits: int = 0, language: str | None = None) -> str:
    """87 % (pt, it 87%), of a value between 0 and 100. None is a dash."""
    return DASH if value is None else voice(language).percent.format(n=number(value, digits=digits, language=language))


@lru_cache(maxsize=256)
def _symbol(currency: str, language: str) -> tuple[str, int]:
    return get_currency_symbol(currency, locale=language), get_currency_precision(currency)


def money(amount: Decimal | None, currency: str, *, language: str | None = None) -> str:
    """€12.30 · 12,30 € · R$ 12,30, exact: the currency's decimals, more where the amount has them.

    Raises TypeError for a float: money is exact. None is a dash.
    """
    if amount is None:
        return DASH
    if isinstance(amount, float):
        raise TypeError("money is exact: pass a Decimal")
    exact, lang = Decimal(amount), code(language)
    symbol, precision = _symbol(currency, lang)
    trimmed = exact.normalize().as_tuple().exponent
    figure = number(abs(exact), digits=max(precision, -trimmed if isinstance(trimmed, int) else 0), language=lang)
    minus = "−" if exact < 0 else ""
    if lang == "en":
        return f"{minus}{symbol}{NBSP}{figure}" if symbol[-1].isalpha() else f"{minus}{symbol}{figure}"
    return f"{minus}{symbol}{NBSP}{figure}" if currency in SYMBOL_FIRST else f"{minus}{figure}{NBSP}{symbol}"
