"""From a query string to a scope (interface, Metrics). What it does not know it refuses (cases F02, F06).

Raises InvalidInput with `field` = the parameter: unknown_parameter, repeated_parameter, invalid, invalid_date,
from_after_to, unknown_time_zone, invalid_datetime, timezone_required, in_the_future, unknown_basis, unknown_kind,
invalid_horizon, unknown_code, invalid_id, invalid_month, too_many_groups.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _

from complaints.models import ChannelCode, LateReason, Outcome, RemedyKind, Severity
from complaints.reference import catalogue, themes
from core import clock
from core.errors import InvalidInput
from core.instants import FIRST_YEAR, LAST_YEAR, InstantError, parse_instant
from core.models import User
from core.money import CURRENCIES
from metrics import periods
from metrics.figures import amends, mending
from metrics.figures.base import Figure, Scope
from metrics.figures.dimensions import NONE, codes

PERIOD = ("from", "to", "time_zone", "as_of")
LONGEST = 200  # characters of one value
LONGEST_LIST = 2000  # where a value may name several codes
MOST_GROUPS = 4000
FARTHEST_HORIZON = 730  # days
CODES: Mapping[str, tuple[str, ...]] = {
    "channel": tuple(ChannelCode.values),
    "severity": tuple(Severity.values),
    "outcome": tuple(Outcome.values),
    "score": ("high", "middle", "low"),
    "acceptance": ("accepted", "declined"),
    "late_reason": tuple(LateReason.values),
    "remedy": tuple(mending.REMEDY_NAMES),
    "promises": tuple(mending.PROMISE_NAMES),
    "remedy_kind": tuple(RemedyKind.values),
    "authority": tuple(amends.AUTHORITIES),
}
ALWAYS_STATED = ("type", "main_type", "channel", "severity", "owner")
OWN_WORD = ("remedy", "promises", "remedy_kind", "authority")  # nothing stated has a code of its own, or cannot be
LISTS = frozenset({"type", "main_type", "root_cause"})
IDS = frozenset({"team", "owner", "survey", "policy", "pack", "agent", "macro"})


def names(figure: Figure | None, known: frozenset[str]) -> frozenset[str]:
    """The parameters a figure takes; `known`: the filters of all figures together, for pages that show several."""
    if figure is None:
        return frozenset(PERIOD) | known
    also = [
        name for name, has in (("basis", figure.bases), ("kind", figure.kinds), ("horizon", figure.horizons)) if has
    ]
    return frozenset((*PERIOD, *also)) | figure.filters


def shape_of(name: str) -> dict[str, Any]:
    """What a filter takes, as JSON Schema; which types and causes there are is in the database."""
    may_be_none = name not in ALWAYS_STATED and name not in OWN_WORD
    if name == "cohort":
        return {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
    if name in CODES:
        return {"type": "string", "enum": [*CODES[name], *([NONE] if may_be_none else [])]}
    shape: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": LONGEST_LIST if name in LISTS else LONGEST}
    if name in IDS:
        shape["pattern"] = f"^([0-9]{{1,18}}{'|' + NONE if may_be_none else ''})$"
    return shape


def scope_of(
    params: Mapping[str, str], viewer: User, figure: Figure | None = None, *, also: Iterable[str] = ()
) -> Scope:
    """The scope that `params` ask for. Without a figure: that of a page of figures, with the filters of them all.

    `also`: further parameters the caller reads. Raises InvalidInput, see above.
    """
    from metrics.figures import figures

    known = frozenset().union(*(one.filters for one in figures.values())) if figure is None else figure.filters
    taken = names(figure, known)
    for name in params:
        if name not in taken and name not in also:
            _refuse(name, "unknown_parameter", _("There is no such parameter."))
    said = {name: _value(params, name) for name in params if name in taken}
    zone = _zone(said["time_zone"]) if "time_zone" in said else default_zone()
    since = _day(said["from"], "from") if "from" in said else None
    until = _day(said["to"], "to") if "to" in said else None
    if since is not None and until is not None and since > until:
        _refuse("from", "from_after_to", _("The period ends before it begins."))
    return Scope(
        viewer=viewer,
        zone=zone,
        as_of=_as_of(said["as_of"], zone) if "as_of" in said else clock.now(),
        as_of_given="as_of" in said,
        since=since,
        until=until,
        basis=_one_of(said, "basis", figure.bases if figure else (), "unknown_basis"),
        kind=_one_of(said, "kind", figure.kinds if figure else (), "unknown_kind"),
        horizon=_horizon(said["horizon"]) if "horizon" in said else 90,
        filters={name: _filter(name, value) for name, value in said.items() if name in known},
    )


def grouping(params: Mapping[str, str], figure: Figure, scope: Scope) -> str:
    """The grouping asked for, "" for none. Raises InvalidInput unknown_grouping or too_many_groups."""
    if "group_by" not in params:
        return ""
    by = _value(params, "group_by")
    if by not in figure.groupings:
        text = _("This figure is grouped by one of: %(known)s.") % {"known": ", ".join(figure.groupings)}
        _refuse("group_by", "unknown_grouping", text)
    length = {periods.DAY: 1, periods.WEEK: 7, periods.MONTH: 28}.get(by)
    if length and scope.period is not None and scope.period.days > MOST_GROUPS * length:
        _refuse("group_by", "too_many_groups", _("The period is too long for groups this short."))
    return by


def comparison(params: Mapping[str, str], scope: Scope) -> Scope | None:
    """What to compare with, if anything. Raises InvalidInput unknown_comparison or period_required."""
    if "compare" not in params:
        return None
    wanted = _value(params, "compare")
    if wanted == "previous":
        return scope.previous()
    if wanted == "year":
        return scope.year_before()
    _refuse("compare", "unknown_comparison", _("Compare with one of: %(known)s.") % {"known": "previous, year"})
    return None


def default_zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> ZoneInfo:
    if name not in _zones():
        _refuse("time_zone", "unknown_time_zone", _("This is not the name of a time zone, such as Europe/Lisbon."))
    return ZoneInfo(name)


def _day(text: str, name: str) -> date:
    try:
        day = date.fromisoformat(text) if len(text) == 10 and text.isascii() else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR < day.year < LAST_YEAR:
        text = _("A date such as 2026-03-29 is expected, from %(first)d to %(last)d.")
        _refuse(name, "invalid_date", text % {"first": FIRST_YEAR + 1, "last": LAST_YEAR - 1})
        raise AssertionError
    return day


def _as_of(text: str, zone: ZoneInfo) -> datetime:
    """An instant, or the end of a local date; today's end is now."""
    now = clock.now()
    if len(text) == 10:
        day = _day(text, "as_of")
        at = periods.first_instant(day + timedelta(days=1), zone)
        return now if day == periods.local_day(now, zone) else _not_later(at, now)
    try:
        return _not_later(parse_instant(text[:10] + text[10:].replace(" ", "+") if "T" in text else text), now)
    except InstantError as error:
        message = _("A date, or a date and time such as 2026-03-29T14:30:00Z, is expected.")
        raise InvalidInput(message, code=error.code, field="as_of") from None


def _not_later(at: datetime, now: datetime) -> datetime:
    if at > now + settings.FUTURE_TOLERANCE:
        _refuse("as_of", "in_the_future", _("This lies in the future."))
    return at


def _horizon(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= FARTHEST_HORIZON):
        message = _("A number of days from 1 to %(last)d is expected.") % {"last": FARTHEST_HORIZON}
        _refuse("horizon", "invalid_horizon", message)
    return int(text)


def _one_of(said: Mapping[str, str], name: str, known: tuple[str, ...], code: str) -> str:
    if name not in said:
        return ""
    if said[name] not in known:
        _refuse(name, code, _("This is not one of: %(known)s.") % {"known": ", ".join(known)})
    return said[name]


def _filter(name: str, value: str) -> str:
    if name == "cohort" and periods.month_of(value) is None:
        _refuse(name, "invalid_month", _("A month such as 2026-03 is expected."))
    if value == NONE and name not in OWN_WORD:
        if name not in ALWAYS_STATED:
            return value
        _refuse(name, "unknown_code", _("Every complaint states this."))
    if name in IDS and not (value.isascii() and value.isdigit() and len(value) <= 18):
        _refuse(name, "invalid_id", _("This is not an id."))
    if name in CODES and value not in CODES[name]:
        _refuse(name, "unknown_code", _("This is not one of: %(known)s.") % {"known": ", ".join(CODES[name])})
    if name == "currency" and value not in CURRENCIES and value != amends.POINTS_GIVEN:
        _refuse(name, "unknown_code", _("This is no currency of ISO 4217, such as EUR."))
    if name in ("type", "main_type") and not set(codes(value)) <= set(catalogue().types):
        _refuse(name, "unknown_code", _("There is no complaint type with this code."))
    if name == "root_cause" and not set(codes(value)) <= set(catalogue().causes):
        _refuse(name, "unknown_code", _("There is no root cause with this code."))
    if name == "theme" and value not in themes():
        _refuse(name, "unknown_code", _("There is no theme with this code."))
    return value


def _value(params: Mapping[str, str], name: str) -> str:
    """The one value of a parameter, in NFC."""
    if isinstance(params, QueryDict) and len(params.getlist(name)) > 1:
        _refuse(name, "repeated_parameter", _("The parameter may appear only once."))
    value = str(params[name])
    longest = LONGEST_LIST if name in LISTS else LONGEST
    if not value or len(value) > longest or "\0" in value:
        text = _("A value of 1 to %(longest)d characters is expected.") % {"longest": longest}
        _refuse(name, "invalid", text)
    return unicodedata.normalize("NFC", value)


def _refuse(name: str, code: str, message: str) -> None:
    raise InvalidInput(message, code=code, field=name)
