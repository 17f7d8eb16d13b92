"""Dates, durations, numbers and money in five languages, to the letter of the glossary."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from core import languages

LISBON = ZoneInfo("Europe/Lisbon")
MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 20, 15, 10, tzinfo=UTC)
MARCH = date(2026, 3, 5)
FIRST = date(2026, 3, 1)
CODES = ("en", "es", "pt", "it", "ru")


def each(*texts: str) -> list[tuple[str, str]]:
    return list(zip(CODES, texts, strict=True))


@pytest.mark.parametrize(
    ("language", "text"),
    each("5 March 2026", "5 de marzo de 2026", "5 de março de 2026", "5 marzo 2026", "5 марта 2026 года"),
)
def test_a_day_has_the_months_name_in_lower_case_where_the_language_wants_it(language: str, text: str) -> None:
    assert languages.day(MARCH, language=language) == text


@pytest.mark.parametrize(
    ("language", "text"),
    each(
        "Thursday 5 March 2026",
        "jueves, 5 de marzo de 2026",
        "quinta-feira, 5 de março de 2026",
        "giovedì 5 marzo 2026",
        "четверг, 5 марта 2026 года",
    ),
)
def test_a_day_with_its_weekday(language: str, text: str) -> None:
    assert languages.day(MARCH, weekday=True, language=language) == text


@pytest.mark.parametrize(
    ("language", "text"),
    each("1 March 2026", "1 de marzo de 2026", "1º de março de 2026", "1º marzo 2026", "1 марта 2026 года"),
)
def test_the_first_of_a_month_is_ordinal_in_portuguese_and_italian(language: str, text: str) -> None:
    assert languages.day(FIRST, language=language) == text


def test_only_italian_sentences_carry_the_weekday() -> None:
    assert languages.sentence_day(date(2026, 3, 8), language="it") == "domenica 8 marzo 2026"
    assert languages.sentence_day(date(2026, 3, 8), language="ru") == "8 марта 2026 года"


@pytest.mark.parametrize(
    ("language", "text"),
    each("Thu 19 Nov, 09:12", "jue 19 nov, 09:12", "qui 19 nov, 09:12", "gio 19 nov, 09:12", "чт, 19 нояб., 09:12"),
)
def test_a_short_moment(language: str, text: str) -> None:
    at = datetime(2026, 11, 19, 9, 12, tzinfo=UTC)
    assert languages.short_moment(at, now=NOW, language=language, zone=LISBON) == text


def test_another_year_is_named_and_this_one_is_not() -> None:
    at = datetime(2025, 12, 7, 9, 12, tzinfo=UTC)
    assert languages.short_day(at, now=NOW, language="en", zone=LISBON) == "7 Dec 2025"
    assert languages.short_day(NOW, now=NOW, language="en", zone=LISBON) == "20 Nov"


def test_the_zone_decides_the_day_and_the_time() -> None:
    late_evening = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    assert languages.moment(late_evening, language="en", zone=LISBON) == "31 December 2026, 22:30"
    assert languages.moment(late_evening, language="ru", zone=MOSCOW) == "1 января 2027 года, 01:30"
    assert languages.clock_time(late_evening, zone=MOSCOW) == "01:30"


def test_the_active_language_and_zone_are_the_default() -> None:
    with translation.override("pt-br"), timezone.override(MOSCOW):
        assert languages.moment(NOW) == "20 de novembro de 2026, 18:10"


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        languages.clock_time(datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("apart", "text"),
    [
        (timedelta(minutes=35), "today 15:45"),
        (timedelta(days=1), "tomorrow 15:10"),
        (timedelta(days=-1), "yesterday 15:10"),
        (timedelta(days=3), "Mon 15:10"),
        (timedelta(days=4, hours=2), "Tue 17:10"),
        (timedelta(days=24), "Mon 14 Dec, 15:10"),
        (timedelta(days=60), "Tue 19 Jan 2027, 15:10"),
    ],
)
def test_near(apart: timedelta, text: str) -> None:
    assert languages.near(NOW + apart, NOW, language="en", zone=LISBON) == text


@pytest.mark.parametrize(
    ("language", "text"), each("today 15:45", "hoy 15:45", "hoje 15:45", "oggi 15:45", "сегодня 15:45")
)
def test_today(language: str, text: str) -> None:
    assert languages.near(NOW + timedelta(minutes=35), NOW, language=language, zone=LISBON) == text


@pytest.mark.parametrize(
    ("language", "text"), each("19 min ago", "hace 19 min", "há 19 min", "19 min fa", "19 мин назад")
)
def test_ago(language: str, text: str) -> None:
    assert languages.ago(NOW - timedelta(minutes=19, seconds=40), NOW, language=language) == text


def test_just_now_also_when_the_clocks_drift() -> None:
    assert languages.ago(NOW, NOW, language="en") == "just now"
    assert languages.ago(NOW + timedelta(seconds=3), NOW, language="es") == "ahora mismo"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 min"),
        (59, "1 min"),
        (2100, "35 min"),
        (3600, "1 h"),
        (7800, "2 h 10 min"),
        (86400, "1 d"),
        (108000, "1 d 6 h"),
        (14 * 86400 + 7200, "14 d"),
    ],
)
def test_durations(seconds: int, text: str) -> None:
    assert languages.duration(seconds, language="en") == text


@pytest.mark.parametrize(
    ("language", "text"), each("2 h 10 min", "2 h 10 min", "2 h 10 min", "2 h 10 min", "2 ч 10 мин")
)
def test_hours_and_minutes(language: str, text: str) -> None:
    assert languages.duration(7800, language=language) == text


@pytest.mark.parametrize(("language", "text"), each("3 d", "3 d", "3 d", "3 g", "3 дн."))
def test_days(language: str, text: str) -> None:
    assert languages.duration(3 * 86400, language=language) == text


def test_a_working_day_is_as_long_as_its_calendar_says() -> None:
    assert languages.duration(15 * 3600, day_seconds=9 * 3600, language="en") == "1 d 6 h"


@pytest.mark.parametrize(
    ("language", "text"), each("35 min left", "Quedan 35 min", "Restam 35 min", "Mancano 35 min", "Осталось 35 мин")
)
def test_left_is_rounded_up(language: str, text: str) -> None:
    assert languages.left(34 * 60 + 1, language=language) == text


@pytest.mark.parametrize(
    ("language", "text"),
    each(
        "1 h 20 late",
        "1 h 20 min de retraso",
        "1 h 20 min de atraso",
        "1 h 20 min di ritardo",
        "Просрочено на 1 ч 20 мин",
    ),
)
def test_late(language: str, text: str) -> None:
    assert languages.late(4800 + 59, language=language) == text


def test_met_and_paused() -> None:
    assert languages.met(19 * 60, language="en") == "met in 19 min"
    assert languages.met(language="it") == "Rispettato"
    assert languages.paused(2 * 86400, language="ru") == "Приостановлен 2 дн."


@pytest.mark.parametrize(
    ("language", "text"), each("12,345.67", "12\xa0345,67", "12.345,67", "12.345,67", "12\xa0345,67")
)
def test_numbers(language: str, text: str) -> None:
    assert languages.number(Decimal("12345.67"), language=language) == text


def test_spanish_leaves_four_digits_together() -> None:
    assert languages.number(1234, language="es") == "1234"
    assert languages.number(-1234567, language="en") == "−1,234,567"
    assert languages.number(None) == "–"


@pytest.mark.parametrize(("language", "text"), each("87\xa0%", "87\xa0%", "87%", "87%", "87\xa0%"))
def test_percent(language: str, text: str) -> None:
    assert languages.percent(Decimal("86.9"), language=language) == text


@pytest.mark.parametrize(("language", "text"), each("€12.30", "12,30\xa0€", "12,30\xa0€", "12,30\xa0€", "12,30\xa0€"))
def test_money(language: str, text: str) -> None:
    assert languages.money(Decimal("12.3"), "EUR", language=language) == text


def test_money_is_exact_and_never_a_float() -> None:
    assert languages.money(Decimal("0.0125"), "EUR", language="en") == "€0.0125"
    assert languages.money(Decimal("1500"), "JPY", language="en") == "¥1,500"
    assert languages.money(Decimal("12.30"), "BRL", language="pt") == "R$\xa012,30"
    assert languages.money(Decimal("-5"), "RUB", language="ru") == "−5,00\xa0₽"
    with pytest.raises(TypeError, match="exact"):
        languages.money(12.3, "EUR")  # type: ignore[arg-type]


def test_an_unknown_language_is_the_installations_own() -> None:
    assert languages.code("xx") == "en"
    assert languages.code("pt_PT") == "pt"
    assert languages.own_name("ru") == "Русский"
    assert languages.language_name("pt", "en") == "Portuguese"


def test_every_language_has_all_its_words() -> None:
    for code, speak in languages.VOICES.items():
        assert (len(speak.months), len(speak.short_months), len(speak.weekdays), len(speak.short_weekdays)) == (
            12,
            12,
            7,
            7,
        ), code
