"""What lists can be filtered by: an allow-list per list, everything else is 400 (cases F02, F06).

filters = (
    choice("status", Status.values), text("source"), between("received_at"), SINCE,
    Filter("search", parse_search, lambda rows, words: rows.search(words)),
)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from core.api.fields import parse_day
from core.api.parsing import invalid_characters, storable
from core.api.problem import FieldError, bad_input, bad_parameter
from core.instants import InstantError, parse_instant
from core.money import CURRENCIES

Rows = models.QuerySet[Any]
LONGEST = 200  # characters of one value


class BadValue(ValueError):
    """A value that a filter cannot read; `code` and the message go to the caller."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


Told = dict[str, Any]  # what a list says beside its rows


class Narrowing(Protocol):
    """What a list takes as a filter."""

    def parameters(self) -> Iterable[tuple[str, Mapping[str, Any], str]]:
        """Name, OpenAPI schema and description of each parameter."""

    def narrow(self, rows: Rows, given: QueryDict, told: Told) -> Rows:
        """`rows` as far as the parameters say; what the answer has to say of it goes into `told`. Raises BadValue
        through `_read`."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One parameter. `many`: it may be repeated, meaning any of its values; `apply` gets the list of them."""

    name: str
    parse: Callable[[str], Any]
    apply: Callable[[Rows, Any], Rows]
    many: bool = False
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})

    def parameters(self) -> Iterable[tuple[str, Mapping[str, Any], str]]:
        schema = {"type": "array", "items": self.schema} if self.many else self.schema
        yield self.name, schema, self.description

    def narrow(self, rows: Rows, given: QueryDict, told: Told) -> Rows:
        texts = given.getlist(self.name)
        if not texts:
            return rows
        if self.many:
            return self.apply(rows, [_read(self.name, self.parse, text) for text in texts])
        return self.apply(rows, _read(self.name, self.parse, once(given, self.name)))


@dataclass(frozen=True, slots=True)
class Best:
    """A search: the best `most` matches, in the order of the list. Where there are more, the answer has `capped`: how
    many are shown. `find`: keys among `rows`, the best first, at most so many."""

    name: str
    find: Callable[[Rows, str, int], Sequence[int]]
    most: int
    description: str

    def parameters(self) -> Iterable[tuple[str, Mapping[str, Any], str]]:
        told = f"At most the {self.most} best matches, in the order of the list; `capped` says that there are more."
        yield self.name, {"type": "string"}, f"{self.description} {told}"

    def narrow(self, rows: Rows, given: QueryDict, told: Told) -> Rows:
        if self.name not in given:
            return rows
        found = self.find(rows, _read(self.name, str, once(given, self.name)), self.most + 1)
        if len(found) > self.most:
            told["capped"] = self.most
        return rows.filter(pk__in=found[: self.most])


INSTANT_OR_DATE = {
    "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}],
    "examples": ["2026-03-01", "2026-03-01T08:00:00Z"],
}


@dataclass(frozen=True, slots=True)
class Between:
    """`<name>_from`, `<name>_to`: instants (from <= x < to), or dates of TIME_ZONE, the last one included."""

    name: str
    column: str

    def parameters(self) -> Iterable[tuple[str, Mapping[str, Any], str]]:
        yield f"{self.name}_from", INSTANT_OR_DATE, "At or after this instant, or on or after this date."
        yield f"{self.name}_to", INSTANT_OR_DATE, "Before this instant, or on or before this date."

    def narrow(self, rows: Rows, given: QueryDict, told: Told) -> Rows:
        low, high = f"{self.name}_from", f"{self.name}_to"
        start = _read(low, moment, once(given, low)) if low in given else None
        end = _read(high, _end, once(given, high)) if high in given else None
        if start is not None and end is not None and _backwards(start, end, once(given, high)):
            raise bad_parameter(low, "from_after_to", _("The period ends before it begins."))
        if start is not None:
            rows = rows.filter(**{f"{self.column}__gte": start})
        if end is not None:
            rows = rows.filter(**{f"{self.column}__lt": end})
        return rows


@dataclass(frozen=True, slots=True)
class Days:
    """`<name>_from`, `<name>_to` of a column of local dates, both included."""

    name: str

    def parameters(self) -> Iterable[tuple[str, Mapping[str, Any], str]]:
        schema = {"type": "string", "format": "date"}
        yield f"{self.name}_from", schema, "On or after this date."
        yield f"{self.name}_to", schema, "On or before this date."

    def narrow(self, rows: Rows, given: QueryDict, told: Told) -> Rows:
        low, high = f"{self.name}_from", f"{self.name}_to"
        first = _read(low, _day, once(given, low)) if low in given else None
        last = _read(high, _day, once(given, high)) if high in given else None
        if first is not None and last is not None and first > last:
            raise bad_parameter(low, "from_after_to", _("The period ends before it begins."))
        if first is not None:
            rows = rows.filter(**{f"{self.name}__gte": first})
        if last is not None:
            rows = rows.filter(**{f"{self.name}__lte": last})
        return rows


def _day(value: str) -> date:
    if (day := parse_day(value)) is None:
        raise BadValue("invalid_date", _("A date such as 2026-03-29 is expected."))
    return day


def choice(name: str, values: Iterable[str], column: str = "") -> Filter:
    """Any of some codes; may be repeated."""
    known = tuple(values)

    def parse(value: str) -> str:
        if value not in known:
            raise BadValue("unknown_code", _("This is not one of: %(known)s.") % {"known": ", ".join(known)})
        return value

    schema = {"type": "string", "enum": list(known)}
    return Filter(name, parse, lambda rows, chosen: rows.filter(**{f"{column or name}__in": chosen}), True, "", schema)


def named(
    name: str,
    of: Callable[[Rows], Rows],
    column: str,
    unknown: tuple[str, Any],
    *,
    narrow: Callable[[Rows, list[int]], Rows] | None = None,
    description: str = "",
) -> Filter:
    """Related records by what `column` of theirs says, `of(rows)` being all there are; may be repeated. One that is not
    there is 400 with the code and message `unknown`. Query cost: 1.

    They are looked up first: by keys a list has an index to read, joined to names it reads all.
    """
    code, message = unknown

    def chosen(rows: Rows, names: list[str]) -> Rows:
        found: Mapping[str, int] = dict(of(rows).filter(**{f"{column}__in": names}).values_list(column, "pk"))
        if not found.keys() >= set(names):
            raise bad_parameter(name, code, str(message))
        keys = list(found.values())
        return narrow(rows, keys) if narrow is not None else rows.filter(**{f"{name}__in": keys})

    return Filter(name, str, chosen, True, description)


def text(name: str, column: str = "", description: str = "") -> Filter:
    """Exactly this text; may be repeated."""
    return Filter(name, str, lambda rows, chosen: rows.filter(**{f"{column or name}__in": chosen}), True, description)


def key(name: str, column: str = "", description: str = "") -> Filter:
    """The id of a related record; may be repeated."""

    def parse(value: str) -> int:
        if not (value.isascii() and value.isdigit() and len(value) <= 18):
            raise BadValue("invalid_id", _("This is not an id."))
        return int(value)

    schema = {"type": "string", "pattern": "^[0-9]{1,18}$"}

    def narrow(rows: Rows, chosen: list[int]) -> Rows:
        return rows.filter(**{f"{column or name}__in": chosen})

    return Filter(name, parse, narrow, True, description, schema)


def currency(column: str = "currency") -> Filter:
    """Any of some currencies; may be repeated."""
    return choice("currency", sorted(CURRENCIES), column)


def flag(name: str, column: str = "", description: str = "") -> Filter:
    """true or false."""

    def parse(value: str) -> bool:
        if value not in ("true", "false"):
            raise BadValue("not_a_boolean", _("true or false is expected."))
        return value == "true"

    return Filter(
        name,
        parse,
        lambda rows, wanted: rows.filter(**{column or name: wanted}),
        False,
        description,
        {"type": "boolean"},
    )


def between(name: str, column: str = "") -> Between:
    return Between(name, column or name)


def moment(value: str) -> datetime:
    """An instant, or the start of a date in TIME_ZONE; UTC."""
    if (day := parse_day(value)) is not None:
        return datetime.combine(day, time.min, ZoneInfo(settings.TIME_ZONE)).astimezone(UTC)
    return instant(value)


def instant(value: str) -> datetime:
    """An instant with its zone, UTC. A space stands for the "+" that the query string's rules made of it."""
    try:
        return parse_instant(value[:10] + value[10:].replace(" ", "+") if "T" in value else value)
    except InstantError as error:
        message = {
            "timezone_required": _("The time zone is missing: end with Z or an offset such as +01:00."),
            "invalid_datetime": _("A date and time such as 2026-03-29T14:30:00Z is expected."),
        }
        raise BadValue(error.code, message[error.code]) from None


def _end(value: str) -> datetime:
    """What `value` says lies before this: an instant itself, of a date the start of the day behind it."""
    if (day := parse_day(value)) is not None:
        return moment((day + timedelta(days=1)).isoformat())
    return instant(value)


def _backwards(start: datetime, end: datetime, until: str) -> bool:
    """Whether the period ends before it begins. The last day is part of it, so that one has a whole day at least."""
    return start > end or (start == end and parse_day(until) is not None)


def since(*columns: str, trail: bool = False) -> Filter:
    """`updated_since` of rows that tell by `columns` when something became of them; with `trail` also by what stands on
    their trail. Of rows that never change it is when they were written."""

    def narrow(rows: Rows, at: datetime) -> Rows:
        changed = Q()
        for column in columns:
            changed |= Q(**{f"{column}__gte": at})
        return rows.filter(changed | Q(_on_trail(rows, at))) if trail else rows.filter(changed)

    schema = {"type": "string", "format": "date-time"}
    return Filter("updated_since", instant, narrow, description="Changed at or after this instant.", schema=schema)


def _on_trail(rows: Rows, at: datetime) -> Exists:
    """Whether an entry was written about the row since."""
    from core.models import TrailEntry

    own = TrailEntry.objects.filter(subject_kind=rows.model._meta.model_name, subject_id=OuterRef("pk"))
    return Exists(own.filter(recorded_at__gte=at))


SINCE = since("updated_at")


def narrow(
    rows: Rows, given: QueryDict, filters: Sequence[Narrowing], *, also: Iterable[str] = (), told: Told | None = None
) -> Rows:
    """`rows` narrowed by all filters. Raises Refusal 400 for unknown, repeated and bad parameters.

    `told`: takes up what the answer has to say beside the rows.
    """
    known = {name for each in filters for name, _schema, _text in each.parameters()} | set(also)
    refuse_unknown(given, known)
    for name in also:
        if name in given:
            once(given, name)
    told = {} if told is None else told
    for each in filters:
        rows = each.narrow(rows, given, told)
    return rows


def refuse_unknown(given: QueryDict, known: Collection[str]) -> None:
    """Raises Refusal 400 for parameters that are not `known`, and for values no database holds."""
    errors = [
        FieldError(f"?{name[:80]}", "unknown_parameter", _("There is no such parameter."))
        for name in given
        if name not in known
    ]
    errors += [
        invalid_characters(f"?{name}")
        for name in given
        if name in known and not all(storable(value) for value in given.getlist(name))
    ]
    if errors:
        raise bad_input(errors)


def once(given: QueryDict, name: str) -> str:
    """The value of a parameter that may appear once."""
    values = given.getlist(name)
    if len(values) > 1:
        raise bad_parameter(name, "repeated_parameter", _("The parameter may appear only once."))
    return values[0]


def _read(name: str, parse: Callable[[str], Any], value: str) -> Any:
    if not value or len(value) > LONGEST:
        raise bad_parameter(
            name, "invalid", _("A value of 1 to %(longest)d characters is expected.") % {"longest": LONGEST}
        )
    try:
        return parse(unicodedata.normalize("NFC", value))
    except BadValue as error:
        raise bad_parameter(name, error.code, str(error)) from None
