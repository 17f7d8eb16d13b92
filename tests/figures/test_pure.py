"""Scores, shares, intervals and periods, checked by what must hold for all of them (domain, Figures)."""

from __future__ import annotations

import csv
import io
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import sheets
from metrics import nps, periods, rates
from metrics.periods import Period, bucket

COUNTS = st.integers(0, 100_000)
DAYS = st.dates(date(1950, 1, 1), date(2100, 1, 1))
ZONES = st.sampled_from(
    ["UTC", "Europe/Lisbon", "America/New_York", "Pacific/Auckland", "America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo",
     "America/Havana", "Asia/Kathmandu", "Pacific/Apia"]
)  # fmt: skip


@given(st.lists(st.integers(0, 10)))
def test_the_score_is_promoters_less_detractors(scores: list[int]) -> None:
    groups = [nps.group(score) for score in scores]
    parts = [groups.count(name) for name in (nps.PROMOTER, nps.PASSIVE, nps.DETRACTOR)]
    found = nps.score(*parts)
    if not scores:
        assert found is None and nps.interval(*parts) is None
        return
    assert found == Decimal(100) * (parts[0] - parts[2]) / len(scores)
    low, high = nps.interval(*parts) or (Decimal(0), Decimal(0))
    assert -100 <= low <= found <= high <= 100


@given(COUNTS, COUNTS, COUNTS)
def test_the_interval_is_the_formula(promoters: int, passives: int, detractors: int) -> None:
    n = promoters + passives + detractors
    if not n:
        return
    net = (promoters - detractors) / n
    error = math.sqrt(((1 - net) ** 2 * promoters / n + net**2 * passives / n + (1 + net) ** 2 * detractors / n) / n)
    low, high = nps.interval(promoters, passives, detractors) or (Decimal(0), Decimal(0))
    assert float(low) == pytest.approx(max(-100, 100 * (net - 1.96 * error)), abs=1e-6)
    assert float(high) == pytest.approx(min(100, 100 * (net + 1.96 * error)), abs=1e-6)


@pytest.mark.parametrize("score", [-1, 11])
def test_off_the_scale(score: int) -> None:
    with pytest.raises(ValueError):
        nps.group(score)


@given(COUNTS, COUNTS)
def test_a_share_lies_within_its_interval(hits: int, others: int) -> None:
    n = hits + others
    value, interval = rates.percent(hits, n), rates.wilson(hits, n)
    if not n:
        assert value is None and interval is None
        return
    assert value is not None and interval is not None
    assert 0 <= interval[0] <= value <= interval[1] <= 100
    assert interval[0] < interval[1]


def test_a_known_interval() -> None:
    low, high = rates.wilson(8, 10) or (Decimal(0), Decimal(0))
    assert (round(low, 2), round(high, 2)) == (Decimal("49.02"), Decimal("94.33"))
    with pytest.raises(ValueError):
        rates.wilson(3, 2)


@given(DAYS, st.integers(0, 800))
def test_the_period_before_ends_where_this_one_begins(since: date, length: int) -> None:
    period = Period(since, since + timedelta(days=length))
    before = period.previous()
    assert before.until == period.since - timedelta(days=1)
    if not period.unit:
        assert before.days == period.days


@given(DAYS, st.sampled_from(["month", "quarter", "year"]))
def test_a_whole_unit_is_compared_with_whole_units(day: date, unit: str) -> None:
    period = bucket(day, unit)
    assert period.since <= day <= period.until and period.unit == unit
    assert period.previous() == bucket(period.since - timedelta(days=1), unit)
    assert period.year_before() == bucket(period.since.replace(year=period.since.year - 1), unit)


@given(DAYS, DAYS, st.sampled_from(periods.UNITS))
def test_buckets_share_out_the_period(one: date, other: date, unit: str) -> None:
    since, until = min(one, other), max(one, other)
    until = min(until, since + timedelta(days=900))
    parts = list(Period(since, until).buckets(unit))
    assert parts[0].since <= since <= parts[0].until and parts[-1].since <= until <= parts[-1].until
    for before, after in pairwise(parts):
        assert after.since == before.until + timedelta(days=1)
    assert len({periods.key(part.since, unit) for part in parts}) == len(parts)


@given(DAYS.filter(lambda day: day > date(1971, 1, 1)), ZONES)
def test_a_day_begins_at_its_first_instant(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    if (name, day) == ("Pacific/Apia", date(2011, 12, 30)):
        return  # the day that never was
    at = periods.first_instant(day, zone)
    assert periods.local_day(at, zone) == day
    assert periods.local_day(at - timedelta(seconds=1), zone) < day


def test_midnights_that_are_not_or_come_twice() -> None:
    sao_paulo, havana = ZoneInfo("America/Sao_Paulo"), ZoneInfo("America/Havana")
    assert periods.first_instant(date(2018, 11, 4), sao_paulo) == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert periods.first_instant(date(2023, 11, 5), havana) == datetime(2023, 11, 5, 4, tzinfo=UTC)


def test_leap_days_and_names() -> None:
    leap = Period(date(2024, 2, 29), date(2024, 3, 10))
    assert leap.year_before() == Period(date(2023, 2, 28), date(2023, 3, 10))
    assert [periods.key(date(2024, 12, 30), unit) for unit in periods.UNITS] == [
        "2024-12-30", "2025-W01", "2024-12", "2024Q4", "2024",
    ]  # fmt: skip
    with pytest.raises(ValueError):
        Period(date(2024, 1, 2), date(2024, 1, 1))


RISKY = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", '";=1+1', "'quoted", "plain", "", "a,b", 'say "x"', "-"]


@given(st.lists(st.one_of(st.sampled_from(RISKY), st.text(alphabet=st.characters(exclude_categories=["Cs"])))))
def test_a_file_read_back_gives_what_was_there(texts: list[str]) -> None:
    """F15: nothing that a spreadsheet would compute; a real negative number stays a number."""
    written = "".join(sheets.lines([[*texts, Decimal("-1.5"), -3, None, True]]))
    (cells,) = csv.reader(io.StringIO(written, newline=""))
    assert cells[len(texts) :] == ["-1.5", "-3", "", "true"]
    assert [sheets.value_of(cell) for cell in cells[: len(texts)]] == texts
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝")) for cell in cells[: len(texts)])
