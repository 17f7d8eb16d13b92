"""By what figures are narrowed and grouped: the same names as filters and as groupings (interface, Metrics).

A dimension is a column reached from the rows of a figure. `NONE` names what states nothing, as a key and as a filter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import DateField, F, Q, Value
from django.db.models.functions import Coalesce, Trunc
from django.utils.dates import MONTHS
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from complaints.models import CaseTheme, ChannelCode, ComplaintType, Outcome, RootCause, Severity
from complaints.reference import catalogue
from metrics import periods
from metrics.figures.base import Group, Measure, Scope
from metrics.figures.sql import BucketNumber, Row, day_of

NONE = "-"
ALONE = "="  # before the code of a type or root cause: it alone, without those below it
SEVERAL = ","  # between codes of types or root causes: any of them
Read = Callable[[Row, int], tuple[str, str]]
Buckets = tuple[Any, Callable[[Any], date | None]]  # an expression, and the first day of what it gives
LONG_AGO = date(1, 1, 1)
MOST_BUCKETS = {"postgresql": 4000, "sqlite": 62}  # SQLite compares with one after the other


@dataclass(frozen=True, slots=True)
class Dimension:
    """`expression`: the column that groups; `label`: a column with its words; `read`: key and label of a row.

    `narrow`: the condition for one value of the filter of that name.
    """

    expression: Any
    narrow: Callable[[str], Q]
    read: Read
    label: Any = None
    order: tuple[str, ...] = ()  # keys in their own order, where there is one


def _plain(row: Row, place: int) -> tuple[str, str]:
    key = row[f"g{place}"]
    return (NONE, _("Not stated")) if key in (None, "") else (str(key), str(key))


def _named(row: Row, place: int) -> tuple[str, str]:
    key = row[f"g{place}"]
    return (NONE, _("Not stated")) if key is None else (str(key), str(row[f"l{place}"] or key))


def _coded(choices: Any) -> Read:
    def read(row: Row, place: int) -> tuple[str, str]:
        key = row[f"g{place}"]
        return (NONE, _("Not stated")) if key in (None, "") else (str(key), str(choices(key).label))

    return read


def _catalogued(kind: str) -> Read:
    def read(row: Row, place: int) -> tuple[str, str]:
        key = row[f"g{place}"]
        if key is None:
            return NONE, _("Not stated")
        found = getattr(catalogue(), kind).get(key)
        if found is None:  # made by another process a moment ago
            catalogue.clear()
            found = getattr(catalogue(), kind)[key]
        return found.code, found.path

    return read


def text(column: str, *, nullable: bool = False) -> Dimension:
    """A word as it stands. `nullable`: the record that has it may be missing."""
    expression = Coalesce(F(column), Value("")) if nullable else F(column)
    return Dimension(expression, lambda value: _is(column, value), _plain)


def named(column: str, label: str) -> Dimension:
    """Another record by its id."""

    def narrow(value: str) -> Q:
        return Q(**{f"{column}__isnull": True}) if value == NONE else Q(**{column: int(value)})

    return Dimension(F(column), narrow, _named, F(label))


def coded(column: Any, choices: Any, *paths: str) -> Dimension:
    """One of a few codes, in their order. `paths`: where a filter looks, when `column` is an expression."""
    expression = F(column) if isinstance(column, str) else column
    columns = paths or (column,)

    def narrow(value: str) -> Q:
        found = Q()
        for path in columns:
            found |= _is(path, value)
        return found

    return Dimension(expression, narrow, _coded(choices), order=tuple(choices.values))


def complaint(prefix: str = "") -> dict[str, Dimension]:
    """The dimensions of a complaint, reached through `prefix` ("" from the complaint itself)."""

    def types(value: str) -> Q:
        """The types named and those below them."""
        return Q(**{f"{prefix}type__in": _families(catalogue().types, value)})

    def causes(value: str) -> Q:
        if value == NONE:
            return Q(**{f"{prefix}root_cause__isnull": True})
        return Q(**{f"{prefix}root_cause__in": _families(catalogue().causes, value)})

    top = Coalesce(F(f"{prefix}type__parent_id"), F(f"{prefix}type_id"))
    return {
        "type": Dimension(F(f"{prefix}type_id"), types, _catalogued("types_by_id")),
        "main_type": Dimension(top, types, _catalogued("types_by_id")),
        "channel": coded(f"{prefix}channel", ChannelCode),
        "source_channel": text(f"{prefix}source_channel"),
        "severity": coded(f"{prefix}severity", Severity),
        "team": named(f"{prefix}team_id", f"{prefix}team__name"),
        "owner": named(f"{prefix}owner_id", f"{prefix}owner__name"),
        "tier": text(f"{prefix}customer__tier", nullable=True),
        "source": text(f"{prefix}source"),
        "outcome": coded(f"{prefix}outcome", Outcome),
        "root_cause": Dimension(F(f"{prefix}root_cause_id"), causes, _catalogued("causes_by_id")),
        "product": text(f"{prefix}product"),
        "lot": text(f"{prefix}lot"),
    }


def tagged(value: str) -> Q:
    """The complaints with the theme of this code; NONE: those without any."""
    if value == NONE:
        return ~Q(pk__in=CaseTheme.objects.values("complaint"))
    return Q(pk__in=CaseTheme.objects.filter(theme__code=value).values("complaint"))


COMPLAINT = complaint()
THEME = {"theme": Dimension(None, tagged, _plain)}  # narrows; a case may have several, so parts by theme overlap
PAIRS = {
    "type_channel": ("type", "channel"),
    "main_type_channel": ("main_type", "channel"),
    "main_type_score": ("main_type", "score"),  # where there are scores
    "currency_authority": ("currency", "authority"),  # of remedies
}
BY_CHANNEL = ("type_channel", "main_type_channel")
COMPLAINT_GROUPINGS = (*COMPLAINT, *BY_CHANNEL, *periods.UNITS)
COMPLAINT_FILTERS = frozenset(COMPLAINT)


def narrowed(dimensions: Mapping[str, Dimension], filters: Mapping[str, str]) -> Q:
    """The condition of all filters together. Their names were checked by `asking`."""
    found = Q()
    for name, value in filters.items():
        found &= dimensions[name].narrow(value)
    return found


@dataclass(frozen=True, slots=True)
class Key:
    """How one grouping reads: columns to add to the facts, and what a row's key and label are."""

    columns: Mapping[str, Any]
    read: Callable[[Row], tuple[Any, str, str]]  # where it sorts, key, label
    unit: str = ""  # of a bucket of time

    @property
    def names(self) -> list[str]:
        return list(self.columns)


def key_of(by: str, dimensions: Mapping[str, Dimension], at: Any, scope: Scope) -> Key:
    """The grouping `by`; `at`: the column whose local date makes the bucket."""
    if by in periods.UNITS:
        expression, first_day = buckets_of(at, by, scope, scope.since, scope.until)
        return Key({"g0": expression}, lambda row: _bucket(first_day(row["g0"]), by), by)
    return key_over(PAIRS.get(by, (by,)), dimensions)


def key_over(names: Iterable[str], dimensions: Mapping[str, Dimension]) -> Key:
    """The grouping by several dimensions together, none of them a bucket of time."""
    chosen = [dimensions[name] for name in names]
    columns: dict[str, Any] = {}
    for place, dimension in enumerate(chosen):
        columns[f"g{place}"] = dimension.expression
        if dimension.label is not None:
            columns[f"l{place}"] = dimension.label

    def read(row: Row) -> tuple[Any, str, str]:
        found = [dimension.read(row, place) for place, dimension in enumerate(chosen)]
        sort = [_place(dimension, *pair) for dimension, pair in zip(chosen, found, strict=True)]
        return sort, "|".join(key for key, _label in found), " · ".join(label for _key, label in found)

    return Key(columns, read)


def buckets_of(at: str, unit: str, scope: Scope, since: date | None, until: date | None) -> Buckets:
    """The bucket of the instant `at`, and what reads its first day. With both ends known only those in between are
    told apart, all earlier ones are one (LONG_AGO), and none is cut to its local date."""
    if since is not None and until is not None and since <= until:
        days = [part.since for part in periods.Period(since, until).buckets(unit)]
        if len(days) <= MOST_BUCKETS[connection.vendor]:
            names = [LONG_AGO, *days]
            starts = [periods.first_instant(day, scope.zone) for day in days]
            return BucketNumber(at, starts), lambda value: None if value is None else names[int(value)]
    return Trunc(at, unit, output_field=DateField(), tzinfo=scope.zone), day_of


def in_order(scope: Scope, key: Key, found: Iterable[tuple[Row, Measure]], empty: Measure) -> list[Group]:
    """The groups in their order; two rows with one key cannot be. Buckets without a row stand there, empty."""
    placed = [(*key.read(row), measure) for row, measure in found]
    if key.unit:
        return filled(scope, key.unit, {place: measure for place, _key, _label, measure in placed}, empty)
    return [Group(name, label, measure) for _place, name, label, measure in sorted(placed, key=lambda one: one[0])]


def filled(scope: Scope, unit: str, found: Mapping[date | None, Measure], empty: Measure) -> list[Group]:
    """A group for each bucket of the period, or from the first to the last with a row; undated rows come last."""
    dated = sorted(day for day in found if day is not None)
    since = scope.since or (dated[0] if dated else None)
    until = scope.until or (dated[-1] if dated else None)
    groups = []
    if since is not None and until is not None and since <= until:
        for part in periods.Period(since, until).buckets(unit):
            _day, name, label = _bucket(part.since, unit)
            groups.append(Group(name, label, found.get(part.since, empty)))
    if None in found:
        groups.append(Group(NONE, _("Not stated"), found[None]))
    return groups


def _bucket(day: date | None, unit: str) -> tuple[Any, str, str]:
    if day is None:
        return None, NONE, _("Not stated")
    return day, periods.key(day, unit), bucket_label(day, unit)


def bucket_label(day: date, unit: str) -> str:
    """A bucket in words: 9 March 2026, Week 11, 2026, March 2026, Q1 2026, 2026."""
    if unit == periods.WEEK:
        year, week, _day = day.isocalendar()
        return _("Week %(week)d, %(year)d") % {"week": week, "year": year}
    if unit == periods.MONTH:
        return f"{MONTHS[day.month]} {day.year}"
    if unit == periods.QUARTER:
        return _("Q%(quarter)d %(year)d") % {"quarter": (day.month + 2) // 3, "year": day.year}
    return str(day.year) if unit == periods.YEAR else date_format(day, "DATE_FORMAT")


def _place(dimension: Dimension, key: str, label: str) -> tuple[Any, ...]:
    """Where a group stands: in the codes' own order, else numbers by size and words by the alphabet, nothing last."""
    if key == NONE:
        return (2, 0, "")
    if key in dimension.order:
        return (0, dimension.order.index(key), "")
    return (0, int(label), "") if label.isascii() and label.isdigit() and len(label) < 10 else (1, 0, label.casefold())


def _is(column: str, value: str) -> Q:
    """`value` in a column; NONE where nothing is stated."""
    return Q(**{f"{column}__isnull": True}) | Q(**{column: ""}) if value == NONE else Q(**{column: value})


def codes(value: str) -> list[str]:
    """The codes that a filter by type or root cause names."""
    return [part.removeprefix(ALONE) for part in value.split(SEVERAL)]


def _families(known: Mapping[str, ComplaintType] | Mapping[str, RootCause], value: str) -> list[int]:
    """The keys of the codes named and of those below them, unless a code stands `ALONE`."""
    found = set()
    for part in value.split(SEVERAL):
        own = known[part.removeprefix(ALONE)].pk
        found.add(own)
        if not part.startswith(ALONE):
            found |= {row.pk for row in known.values() if row.parent_id == own}
    return sorted(found)
