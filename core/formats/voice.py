"""The words and patterns of dates, times and time spans, one `Voice` per language (glossary, Plurals and Voice).

CLDR does not give what the glossary asks for (a form per language, agreed with people who speak it), so the tables
stand here. `{t}` is a duration, `{d}` a day, `{m}` a month, `{y}` a year, `{w}` a weekday, `{n}` a clock time.
"""

from __future__ import annotations

from dataclasses import dataclass

NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Voice:
    """One language. Months and weekdays (Monday first) stand as they are written inside a date."""

    name: str
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    weekdays: tuple[str, ...]
    short_weekdays: tuple[str, ...]
    first: str  # how the first of a month is written
    day: str
    day_month: str
    weekday_day: str  # weekday before a day
    short_weekday_day: str
    month_year: str
    sentence_weekday: bool  # a date inside a sentence carries its weekday
    hour: str
    minute: str
    days: str
    clipped: bool  # "1 h 20 late" rather than "1 h 20 min late"
    left: str
    late: str
    paused: str
    met: str
    met_in: str
    ago: str
    just_now: str
    today: str
    tomorrow: str
    yesterday: str
    decimal: str
    group: str
    group_from: int  # numbers with at least this many digits before the comma are grouped
    percent: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


VOICES: dict[str, Voice] = {
    "en": Voice(
        name="English",
        months=_words("January February March April May June July August September October November December"),
        short_months=_words("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
        weekdays=_words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
        short_weekdays=_words("Mon Tue Wed Thu Fri Sat Sun"),
        first="1",
        day="{d} {m} {y}",
        day_month="{d} {m}",
        weekday_day="{w} {d}",
        short_weekday_day="{w} {d}",
        month_year="{m} {y}",
        sentence_weekday=False,
        hour="h",
        minute="min",
        days="d",
        clipped=True,
        left="{t} left",
        late="{t} late",
        paused="paused {t}",
        met="met",
        met_in="met in {t}",
        ago="{t} ago",
        just_now="just now",
        today="today {n}",
        tomorrow="tomorrow {n}",
        yesterday="yesterday {n}",
        decimal=".",
        group=",",
        group_from=4,
        percent=f"{{n}}{NBSP}%",
    ),
    "es": Voice(
        name="Español",
        months=_words("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
        short_months=_words("ene feb mar abr may jun jul ago sept oct nov dic"),
        weekdays=_words("lunes martes miércoles jueves viernes sábado domingo"),
        short_weekdays=_words("lun mar mié jue vie sáb dom"),
        first="1",
        day="{d} de {m} de {y}",
        day_month="{d} de {m}",
        weekday_day="{w}, {d}",
        short_weekday_day="{w} {d}",
        month_year="{m} de {y}",
        sentence_weekday=False,
        hour="h",
        minute="min",
        days="d",
        clipped=False,
        left="Quedan {t}",
        late="{t} de retraso",
        paused="En pausa {t}",
        met="Cumplido",
        met_in="Cumplido en {t}",
        ago="hace {t}",
        just_now="ahora mismo",
        today="hoy {n}",
        tomorrow="mañana {n}",
        yesterday="ayer {n}",
        decimal=",",
        group=NBSP,
        group_from=5,
        percent=f"{{n}}{NBSP}%",
    ),
    "pt": Voice(
        name="Português",
        months=_words("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
        short_months=_words("jan fev mar abr mai jun jul ago set out nov dez"),
        weekdays=_words("segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo"),
        short_weekdays=_words("seg ter qua qui sex sáb dom"),
        first="1º",
        day="{d} de {m} de {y}",
        day_month="{d} de {m}",
        weekday_day="{w}, {d}",
        short_weekday_day="{w} {d}",
        month_year="{m} de {y}",
        sentence_weekday=False,
        hour="h",
        minute="min",
        days="d",
        clipped=False,
        left="Restam {t}",
        late="{t} de atraso",
        paused="Em pausa {t}",
        met="Cumprido",
        met_in="Cumprido em {t}",
        ago="há {t}",
        just_now="agora mesmo",
        today="hoje {n}",
        tomorrow="amanhã {n}",
        yesterday="ontem {n}",
        decimal=",",
        group=".",
        group_from=4,
        percent="{n}%",
    ),
    "it": Voice(
        name="Italiano",
        months=_words("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
        short_months=_words("gen feb mar apr mag giu lug ago set ott nov dic"),
        weekdays=_words("lunedì martedì mercoledì giovedì venerdì sabato domenica"),
        short_weekdays=_words("lun mar mer gio ven sab dom"),
        first="1º",
        day="{d} {m} {y}",
        day_month="{d} {m}",
        weekday_day="{w} {d}",
        short_weekday_day="{w} {d}",
        month_year="{m} {y}",
        sentence_weekday=True,
        hour="h",
        minute="min",
        days="g",
        clipped=False,
        left="Mancano {t}",
        late="{t} di ritardo",
        paused="Sospeso {t}",
        met="Rispettato",
        met_in="Rispettato in {t}",
        ago="{t} fa",
        just_now="adesso",
        today="oggi {n}",
        tomorrow="domani {n}",
        yesterday="ieri {n}",
        decimal=",",
        group=".",
        group_from=4,
        percent="{n}%",
    ),
    "ru": Voice(
        name="Русский",
        months=_words("января февраля марта апреля мая июня июля августа сентября октября ноября декабря"),
        short_months=_words("янв. февр. марта апр. мая июня июля авг. сент. окт. нояб. дек."),
        weekdays=_words("понедельник вторник среда четверг пятница суббота воскресенье"),
        short_weekdays=_words("пн вт ср чт пт сб вс"),
        first="1",
        day="{d} {m} {y} года",
        day_month="{d} {m}",
        weekday_day="{w}, {d}",
        short_weekday_day="{w}, {d}",
        month_year="{m} {y} года",
        sentence_weekday=False,
        hour="ч",
        minute="мин",
        days="дн.",
        clipped=False,
        left="Осталось {t}",
        late="Просрочено на {t}",
        paused="Приостановлен {t}",
        met="Соблюдён",
        met_in="Соблюдён за {t}",
        ago="{t} назад",
        just_now="только что",
        today="сегодня {n}",
        tomorrow="завтра {n}",
        yesterday="вчера {n}",
        decimal=",",
        group=NBSP,
        group_from=4,
        percent=f"{{n}}{NBSP}%",
    ),
}
